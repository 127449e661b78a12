"""Climbing the likelihood of latent classes from many starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impactmodel.clients.segments_em import (
    FLOOR,
    Indicators,
    Matrix,
    Mixture,
    Vector,
    maximise,
    weighed,
)

_PATIENCE = 3_000


def _step(data: Indicators, found: Mixture) -> tuple[Mixture, float]:
    """Return the next parameters and the log-likelihood of these."""
    weights, logs = weighed(found.log_joint(data))
    return maximise(data, weights), float(logs.sum())


def _beyond(data: Indicators, path: Sequence[Mixture]) -> Mixture:
    """Return where three parameters in a row lead, by squared extrapolation, made admissible."""
    flat = [np.concatenate([np.ravel(part) for part in _parts(m)]) for m in path]
    first = flat[1] - flat[0]
    bend = flat[2] - flat[1] - first
    size = float(np.linalg.norm(bend))
    length = max(float(np.linalg.norm(first)) / size, 1.0) if size > 0 else 1.0
    ahead = flat[0] + 2 * length * first + length**2 * bend
    pieces, start = [], 0
    for part in _parts(path[0]):
        pieces.append(ahead[start : start + part.size].reshape(part.shape))
        start += part.size
    shares, tables, means, variances = pieces
    shares, tables = np.maximum(shares, 1e-12), np.maximum(tables, 1e-15)
    start = 0
    for levels in data.sizes:
        block = slice(start, start + levels)
        tables[:, block] /= tables[:, block].sum(axis=1, keepdims=True)
        start += levels
    return Mixture(shares / shares.sum(), tables, means, np.maximum(variances, FLOOR))


def _parts(mixture: Mixture) -> tuple[Vector, Matrix, Matrix, Matrix]:
    return mixture.shares, mixture.tables, mixture.means, mixture.variances


def climb(
    data: Indicators, start: Mixture, *, steps: int = _PATIENCE, tolerance: float = 1e-10
) -> tuple[Mixture, float, bool]:
    """Return parameters, log-likelihood and whether it settled, by steps that never go down.

    Two steps are followed by an extrapolation (Varadhan and Roland 2008,
    doi:10.1111/j.1467-9469.2007.00585.x), which is dropped where it would go down.

    Parameters
    ----------
    start
        Where to begin.
    steps
        At most so many rounds.
    tolerance
        It has settled when a plain step adds less than this, relative to the log-likelihood.
    """
    found = start
    for _ in range(steps):
        one, here = _step(data, found)
        two, higher = _step(data, one)
        if higher - here <= tolerance * abs(higher):
            return one, higher, True
        ahead, reached = _step(data, _beyond(data, (found, one, two)))
        found = ahead if reached > higher else two
    return found, found.log_likelihood(data), False


def random_start(data: Indicators, classes: int, rng: np.random.Generator) -> Mixture:
    """Return a start: memberships drawn at random, from even to almost one class each."""
    drawn = rng.exponential(size=(len(data), classes)) ** rng.uniform(1.0, 6.0)
    return maximise(data, drawn / drawn.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Best:
    """The best of many starts.

    Parameters
    ----------
    mixture, log_likelihood
        The best found.
    settled
        Whether it was climbed to the end.
    finalists, agree
        Starts climbed far, and how many of them came within 1e-6 of the best relative to
        its log-likelihood: where only one does, more starts are needed.
    """

    mixture: Mixture
    log_likelihood: float
    settled: bool
    finalists: int
    agree: int


def best_of(
    data: Indicators,
    classes: int,
    starts: int,
    rng: np.random.Generator,
    *,
    also: Sequence[Mixture] = (),
    tolerance: float = 1e-10,
) -> Best:
    """Climb from many random starts: each a little, the best quarter far, the best to the end.

    Parameters
    ----------
    starts
        Random starts.
    also
        Further starts, which are all climbed far.
    tolerance
        Gain at which the best has settled; the others are left at a hundred times that.
    """
    begun = []
    for _ in range(1 if classes == 1 else starts):
        mixture, reached, _ = climb(data, random_start(data, classes, rng), steps=12)
        begun.append((reached, mixture))
    begun.sort(key=lambda item: -item[0])
    chosen = [mixture for _, mixture in begun[: max(1, -(-len(begun) // 4))]] + list(also)
    ended = [climb(data, mixture, tolerance=100 * tolerance) for mixture in chosen]
    leader = max(ended, key=lambda item: item[1])[0]
    mixture, reached, settled = climb(data, leader, tolerance=tolerance)
    agree = sum(abs(other - reached) <= 1e-6 * abs(reached) for _, other, _ in ended)
    return Best(mixture.ordered(), reached, settled, len(ended), agree)

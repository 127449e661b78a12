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
EXPLORED = 2_000
"""People, drawn at random, on whom starts are tried where there are more."""


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
    """Return a start: even shares, and each class begun from one, three or ten people.

    Everybody has a little weight in every class, so that no level is ruled out at the start.
    """
    begun = min(int(rng.choice((1, 3, 10))), len(data))
    weights = np.full((classes, len(data)), 0.2 * begun / len(data))
    for row in weights:
        row[rng.choice(len(data), begun, replace=False)] += 1.0
    found = maximise(data, weights)
    return Mixture(np.full(classes, 1 / classes), found.tables, found.means, found.variances)


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
    """Climb from many random starts: each a little, the better half far, the best to the end.

    Where there are many people the first climbs are on some of them.

    Parameters
    ----------
    starts
        Random starts.
    also
        Further starts, which are all climbed far.
    tolerance
        Gain at which the best has settled; the others are left at a hundred times that.
    """
    few = data
    if len(data) > EXPLORED:
        few = data.take(rng.choice(len(data), EXPLORED, replace=False))
    begun = []
    for _ in range(1 if classes == 1 else starts):
        mixture, reached, _ = climb(few, random_start(few, classes, rng), steps=12)
        begun.append((reached, mixture))
    begun.sort(key=lambda item: -item[0])
    chosen = [mixture for _, mixture in begun[: (len(begun) + 1) // 2]]
    if few is not data:
        near = [climb(few, mixture, tolerance=100 * tolerance) for mixture in chosen]
        near.sort(key=lambda item: -item[1])
        chosen = [mixture for mixture, _, _ in near[: (len(near) + 1) // 2]]
    ended = [climb(data, mixture, tolerance=100 * tolerance) for mixture in [*chosen, *also]]
    leader = max(ended, key=lambda item: item[1])[0]
    mixture, reached, settled = climb(data, leader, tolerance=tolerance)
    agree = sum(abs(other - reached) <= 1e-6 * abs(reached) for _, other, _ in ended)
    return Best(mixture.ordered(), reached, settled, len(ended), agree)

"""Posterior predictive checks of amounts: whether the fitted model would give such data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.effects.checks import Check

type Array = npt.NDArray[np.float64]

_REPLICATES = 1000
# Below this two-sided tail probability the model is said not to fit: with mean and tail of two
# arms checked, a right model fails in about one fit of fifty at most.
_LIMIT = 0.005
# Above so many people in an arm the sums of a replicate are taken as normal.
_SIMULATED = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class ArmSums:
    """What was observed in each cell: its arm, and sums of the amount and of its square."""

    treated: npt.NDArray[np.bool_]
    total: Array
    squares: Array


@dataclass(frozen=True, slots=True, eq=False)
class Replicate:
    """A hurdle-gamma model at each draw: people (cell), p, mu and k (draw, cell)."""

    people: Array
    p: Array
    mu: Array
    k: Array

    def sums(self, at: int, cells: npt.NDArray[np.bool_], rng: np.random.Generator) -> Array:
        """Return sum and sum of squares of one replicate of some cells at draw ``at``."""
        n = self.people[cells]
        p, mu, k = (values[at, cells] for values in (self.p, self.mu, self.k))
        if n.sum() > _SIMULATED:
            return _normal_sums(n, (p, mu, k), rng)
        counts = rng.binomial(n.astype(np.int64), p)
        y = rng.gamma(np.repeat(k, counts), np.repeat(mu / k, counts))
        return np.array([y.sum(), (y**2).sum()])


def compare(
    name: str, seen: ArmSums, model: Replicate, rng: np.random.Generator
) -> tuple[Check, ...]:
    """Check mean and mean square of each arm against replicated data.

    The mean square is the tail statistic that sums over cells still hold: it is carried by the
    largest amounts.
    """
    draws = len(model.p)
    picked = np.linspace(0, draws - 1, min(_REPLICATES, draws)).astype(np.intp)
    checks = []
    for arm, word in ((True, "treated"), (False, "comparison")):
        cells = seen.treated == arm
        observed = (seen.total[cells].sum(), seen.squares[cells].sum())
        replicated = np.array([model.sums(int(at), cells, rng) for at in picked])
        for i, statistic in enumerate(("mean", "tail")):
            tail = _two_sided(float(observed[i]), replicated[:, i])
            text = (
                f"{statistic} of '{name}' in the {word} arm: two-sided predictive probability "
                f"{tail:.3f} (limit {_LIMIT:g})"
            )
            checks.append(Check(f"predictive {statistic}, {word}: {name}", tail >= _LIMIT, text))
    return tuple(checks)


def _two_sided(observed: float, replicated: Array) -> float:
    above = float(np.mean(replicated >= observed))
    return min(1.0, 2 * min(above, 1 - above + float(np.mean(replicated == observed))))


def _normal_sums(n: Array, model: tuple[Array, Array, Array], rng: np.random.Generator) -> Array:
    """Draw the two sums from their joint normal limit; E[Y^r] = p mu^r prod_{i<r} (1 + i / k)."""
    p, mu, k = model
    m = [p * mu**r * np.prod([1 + i / k for i in range(r)], axis=0) for r in range(1, 5)]
    mean = np.array([n @ m[0], n @ m[1]])
    cross = float(n @ (m[2] - m[0] * m[1]))
    variance = (float(n @ (m[1] - m[0] ** 2)), float(n @ (m[3] - m[1] ** 2)))
    return rng.multivariate_normal(mean, [[variance[0], cross], [cross, variance[1]]])

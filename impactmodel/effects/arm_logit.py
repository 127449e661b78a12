r"""Chances under several arms with effects that differ between people, drawn towards each other.

.. math:: \operatorname{logit} P(y_i = 1 \mid a) = \beta_0 + x_i'\beta + 1[a > 0]\, z_i'\gamma
    + \alpha_a + z_i'\delta_a

over standardised columns *x* and modifiers *z*, with normal priors: one scale for what columns do
to the chance, one for what modifiers do to the effect of any arm, one for what they do to the
effect of one arm alone. The scales are those of the highest marginal likelihood, by Laplace.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from impactmodel.core.errors import InputError

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]

_ROUNDS = 12
_NEWTON = 40
_SETTLED = 1e-8
_SCALES_SETTLED = 0.02
_FREE, _ARMS = 10.0, 1.0
_SMALLEST = 1e-4
_BLOCK = 20_000


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ArmLogit:
    """A fitted model.

    Parameters
    ----------
    centre, spread
        Of columns and modifiers together.
    columns
        How many of them are columns.
    arms
        Number of arms, the comparison among them.
    mean, covariance
        Of the coefficients: intercept, columns, arms, columns by any arm, columns by each arm.
    scales
        Prior standard deviations: of columns, of columns by any arm, of columns by one arm.
    """

    centre: Array
    spread: Array
    columns: int
    arms: int
    mean: Array
    covariance: Array
    scales: Array

    def chances(self, x: Array, z: Array, coefficients: Array | None = None) -> Array:
        """Return the chance in each arm (person, arm), at the mode or at given coefficients."""
        both = (np.column_stack([x, z]) - self.centre) / self.spread
        beta = self.mean if coefficients is None else coefficients
        k = self.columns
        base, own = beta[0] + both[:, :k] @ beta[1 : 1 + k], beta[1 + k :]
        alpha, rest = own[: self.arms - 1], own[self.arms - 1 :].reshape(-1, z.shape[1])
        slopes = rest[0] + rest[1:] if self.arms > 2 else rest
        shift = alpha + both[:, k:] @ slopes.T
        made: Array = expit(np.column_stack([base, base[:, None] + shift]))
        return made

    def effects(self, x: Array, z: Array, coefficients: Array | None = None) -> Array:
        """Return what each arm adds to the chance (person, arm but the first)."""
        made = self.chances(x, z, coefficients)
        return np.asarray(made[:, 1:] - made[:, :1])

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw coefficients from the normal approximation (draw, coefficient)."""
        root = np.linalg.cholesky(self.covariance)
        return np.asarray(self.mean + rng.standard_normal((n, len(self.mean))) @ root.T)

    def __repr__(self) -> str:
        modifiers = len(self.centre) - self.columns
        return f"ArmLogit({self.arms} arms, {self.columns} columns, {modifiers} modifiers)"


def arm_logit(x: Array, z: Array, arm: Codes, y: Array) -> ArmLogit:
    r"""Fit the model.

    Scales are found by MacKay's rule :math:`\sigma^2 = |m|^2 / (K - \operatorname{tr} \Sigma /
    \sigma^2)`, in turn with the mode.

    Parameters
    ----------
    x
        Columns (person, column), without an intercept.
    z
        Modifiers of effects (person, modifier), without an intercept.
    arm
        Arm of each person, 0 the comparison.
    y
        Outcome of 0 and 1 (person).

    Raises
    ------
    InputError
        If there is no arm but the comparison, or everybody or nobody has the outcome.

    References
    ----------
    MacKay (1992), Neural Computation 4(3), doi:10.1162/neco.1992.4.3.415.

    Examples
    --------
    Without columns that vary it gives back the shares of the arms, but for weak priors.

    >>> arm = np.repeat([0, 1], 4000)
    >>> y = (np.arange(8000) % 4 < 1 + arm) * 1.0
    >>> found = arm_logit(np.zeros((8000, 1)), np.zeros((8000, 1)), arm, y)
    >>> found.chances(np.zeros((1, 1)), np.zeros((1, 1))).round(2).tolist()
    [[0.25, 0.5]]
    """
    arms = int(arm.max()) + 1
    if arms < 2 or y.min() == y.max():
        raise InputError("effects need an arm beside the comparison, and people with and without")
    both = np.column_stack([x, z])
    centre, spread = both.mean(axis=0), both.std(axis=0)
    spread = np.where(spread > 1e-12, spread, np.inf)
    both = (both - centre) / spread
    k, m = x.shape[1], z.shape[1]
    start = 1 + k + arms - 1
    blocks = [slice(1, 1 + k), slice(start, start + m), slice(start + m, start + m * arms)]
    blocks = blocks if arms > 2 else blocks[:2]
    scales = np.array([0.5, 0.3, 0.2])[: len(blocks)]
    beta = np.zeros(blocks[-1].stop)
    beta[0] = np.log(y.mean() / (1 - y.mean()))
    precision = np.full(len(beta), _FREE**-2)
    precision[1 + k : start] = _ARMS**-2
    design = _design(both, k, arm, arms)
    covariance = np.empty(0)
    for _ in range(_ROUNDS):
        for block, scale in zip(blocks, scales, strict=True):
            precision[block] = scale**-2
        beta, covariance = _mode(design, y, beta, precision)
        old = scales.copy()
        inside = np.diag(covariance)
        for j, block in enumerate(blocks):
            size = block.stop - block.start
            # Shrunk columns carry no information: at least a thousandth of one is assumed.
            known = max(size - float(inside[block].sum()) / scales[j] ** 2, 1e-3)
            scales[j] = max(float(np.sqrt(beta[block] @ beta[block] / known)), _SMALLEST)
        if np.abs(np.log(scales / old)).max() < _SCALES_SETTLED:
            break
    return ArmLogit(centre, spread, k, arms, beta, covariance, scales)


def _design(both: Array, k: int, arm: Codes, arms: int) -> list[Array]:
    """Return the columns of all coefficients, people in blocks."""
    made = []
    for i in range(0, len(both), _BLOCK):
        x, z = both[i : i + _BLOCK, :k], both[i : i + _BLOCK, k:]
        hot = (arm[i : i + _BLOCK, None] == np.arange(1, arms)).astype(np.float64)
        parts = [np.ones((len(x), 1)), x, hot, z * hot.sum(axis=1, keepdims=True)]
        if arms > 2:
            parts += [z * hot[:, [a]] for a in range(arms - 1)]
        made.append(np.concatenate(parts, axis=1))
    return made


def _mode(parts: list[Array], y: Array, beta: Array, precision: Array) -> tuple[Array, Array]:
    """Return the mode and the inverse curvature there."""
    outcomes = [y[i : i + _BLOCK] for i in range(0, len(y), _BLOCK)]

    def height(at: Array) -> float:
        total = -0.5 * float(precision @ at**2)
        for part, own in zip(parts, outcomes, strict=True):
            eta = part @ at
            total += float(own @ eta - np.logaddexp(0.0, eta).sum())
        return total

    value = height(beta)
    for _ in range(_NEWTON):
        gradient, curvature = -precision * beta, np.diag(precision)
        for part, own in zip(parts, outcomes, strict=True):
            p = expit(part @ beta)
            gradient = gradient + part.T @ (own - p)
            curvature = curvature + (part * (p * (1 - p))[:, None]).T @ part
        step = np.linalg.solve(curvature, gradient)
        size, moved = 1.0, height(beta + step)
        while moved < value - 1e-9 and size > 1e-6:
            size /= 2
            moved = height(beta + size * step)
        beta, gained, value = beta + size * step, moved - value, moved
        if gained < _SETTLED * max(1.0, abs(value)):
            return beta, np.linalg.inv(curvature)
    raise ArithmeticError("the logit of the arms does not settle")

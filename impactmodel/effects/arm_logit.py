r"""Chances under several arms with effects that differ between people, drawn towards each other.

.. math:: \operatorname{logit} P(y_i = 1 \mid a) = \beta_0 + x_i'\beta + 1[a > 0]\, x_i'\gamma
    + \alpha_a + x_i'\delta_a

over standardised columns, with normal priors: one scale for what columns do to the chance, one
for what they do to the effect of any arm, one for what they do to the effect of one arm alone. The
scales are those of the highest marginal likelihood, by Laplace's method.
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
        Of the columns.
    arms
        Number of arms, the comparison among them.
    mean, covariance
        Of the coefficients: intercept, columns, arms, columns by any arm, columns by each arm.
    scales
        Prior standard deviations: of columns, of columns by any arm, of columns by one arm.
    """

    centre: Array
    spread: Array
    arms: int
    mean: Array
    covariance: Array
    scales: Array

    def chances(self, x: Array, coefficients: Array | None = None) -> Array:
        """Return the chance in each arm (person, arm), at the mode or at given coefficients."""
        z = (x - self.centre) / self.spread
        beta = self.mean if coefficients is None else coefficients
        k = z.shape[1]
        base, own = beta[0] + z @ beta[1 : 1 + k], beta[1 + k :]
        alpha, rest = own[: self.arms - 1], own[self.arms - 1 :].reshape(-1, k)
        both = rest[0] + rest[1:] if len(rest) > 1 else rest
        shift = alpha + z @ np.broadcast_to(both, (self.arms - 1, k)).T
        made: Array = expit(np.column_stack([base, base[:, None] + shift]))
        return made

    def effects(self, x: Array, coefficients: Array | None = None) -> Array:
        """Return what each arm adds to the chance (person, arm but the first)."""
        made = self.chances(x, coefficients)
        return np.asarray(made[:, 1:] - made[:, :1])

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw coefficients from the normal approximation (draw, coefficient)."""
        root = np.linalg.cholesky(self.covariance)
        return np.asarray(self.mean + rng.standard_normal((n, len(self.mean))) @ root.T)

    def __repr__(self) -> str:
        return f"ArmLogit({self.arms} arms, {len(self.centre)} columns)"


def arm_logit(x: Array, arm: Codes, y: Array) -> ArmLogit:
    r"""Fit the model.

    Scales are found by MacKay's rule :math:`\sigma^2 = |m|^2 / (K - \operatorname{tr} \Sigma /
    \sigma^2)`, in turn with the mode.

    Parameters
    ----------
    x
        Columns (person, column), without an intercept.
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
    >>> found = arm_logit(np.zeros((8000, 1)), arm, y)
    >>> found.chances(np.zeros((1, 1))).round(2).tolist()
    [[0.25, 0.5]]
    """
    arms = int(arm.max()) + 1
    if arms < 2 or y.min() == y.max():
        raise InputError("effects need an arm beside the comparison, and people with and without")
    centre, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 1e-12, spread, np.inf)
    z = (x - centre) / spread
    k = z.shape[1]
    blocks = _blocks(k, arms)
    scales = np.array([0.5, 0.2, 0.1])[: len(blocks)]
    beta = np.zeros(1 + k + (arms - 1) + k * (1 + (arms - 1) * (arms > 2)))
    beta[0] = np.log(y.mean() / (1 - y.mean()))
    covariance = np.empty(0)
    for _ in range(_ROUNDS):
        precision = _precision(len(beta), k, arms, blocks, scales)
        beta, covariance = _mode(z, arm, y, beta, precision)
        old = scales.copy()
        inside = np.diag(covariance)
        for j, block in enumerate(blocks):
            size = block.stop - block.start
            # Shrunk columns carry no information: at least a thousandth of one is assumed.
            known = max(size - float(inside[block].sum()) / scales[j] ** 2, 1e-3)
            scales[j] = max(float(np.sqrt(beta[block] @ beta[block] / known)), _SMALLEST)
        if np.abs(np.log(scales / old)).max() < _SCALES_SETTLED:
            break
    return ArmLogit(centre, spread, arms, beta, covariance, scales)


def _blocks(k: int, arms: int) -> tuple[slice, ...]:
    """Return the coefficients of each prior scale."""
    start = 1 + k + arms - 1
    made = (slice(1, 1 + k), slice(start, start + k))
    return made if arms == 2 else (*made, slice(start + k, start + k * arms))


def _precision(size: int, k: int, arms: int, blocks: tuple[slice, ...], scales: Array) -> Array:
    precision = np.full(size, _FREE**-2)
    precision[1 + k : k + arms] = _ARMS**-2
    for block, scale in zip(blocks, scales, strict=True):
        precision[block] = scale**-2
    return precision


def _design(z: Array, arm: Codes, arms: int) -> Array:
    hot = (arm[:, None] == np.arange(1, arms)).astype(np.float64)
    served = hot.sum(axis=1, keepdims=True)
    parts = [np.ones((len(z), 1)), z, hot, z * served]
    if arms > 2:
        parts += [z * hot[:, [a]] for a in range(arms - 1)]
    return np.concatenate(parts, axis=1)


def _mode(z: Array, arm: Codes, y: Array, beta: Array, precision: Array) -> tuple[Array, Array]:
    """Return the mode and the inverse curvature there, people in blocks."""
    arms = int(arm.max()) + 1
    parts = [
        _design(z[i : i + _BLOCK], arm[i : i + _BLOCK], arms) for i in range(0, len(z), _BLOCK)
    ]
    outcomes = [y[i : i + _BLOCK] for i in range(0, len(z), _BLOCK)]

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

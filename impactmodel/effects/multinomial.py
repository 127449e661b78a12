"""Chances of several arms or outcomes: a multinomial logit with a ridge, by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax

from impactmodel.core.errors import NotIdentifiedError

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]

_ITERATIONS = 60
_GRADIENT = 1e-10
_SHORTEST = 1e-8
_FLAT = 1e-8


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Multinomial:
    """A fitted multinomial logit.

    Parameters
    ----------
    centre, spread
        Of the columns; the ridge acts on columns that are standardised by them.
    beta
        Coefficients (intercept and columns, level but the first) of the standardised columns.
    """

    centre: Array
    spread: Array
    beta: Array

    def chances(self, x: Array) -> Array:
        """Return the chance of each level (row, level)."""
        z = _design((x - self.centre) / self.spread)
        made: Array = softmax(_all_levels(z @ self.beta), axis=1)
        return made


def multinomial(x: Array, code: Codes, levels: int, ridge: float = 0.0) -> Multinomial:
    r"""Fit :math:`P(c = k \mid x) \propto e^{x'\beta_k}`, :math:`\beta_0 = 0`.

    Maximises :math:`\sum_i \log P(c_i \mid x_i) - \tfrac{\lambda}{2} \sum_k |\beta_k|^2` over the
    standardised columns; intercepts are free. Columns that do not vary get no coefficient.

    Parameters
    ----------
    x
        Columns (row, column) without an intercept.
    code
        Level of each row, 0 to ``levels - 1``.
    ridge
        The :math:`\lambda` above.

    Raises
    ------
    NotIdentifiedError
        If a level does not occur, or no maximum exists because the columns separate the levels.

    Examples
    --------
    With one yes-or-no column the fit is exact: a quarter and three quarters.

    >>> x = np.repeat([[0.0], [1.0]], 4, axis=0)
    >>> found = multinomial(x, np.array([1, 0, 0, 0, 1, 1, 1, 0]), 2)
    >>> found.chances(np.array([[0.0], [1.0]]))[:, 1].round(6).tolist()
    [0.25, 0.75]
    """
    counts = np.bincount(code, minlength=levels)
    if (counts == 0).any():
        raise NotIdentifiedError("a level that is to be predicted does not occur among the rows")
    centre, spread = x.mean(axis=0), x.std(axis=0)
    flat = spread <= 1e-12 * (1 + np.abs(centre))
    spread = np.where(flat, np.inf, spread)
    z = _design((x - centre) / spread)
    hot = np.eye(levels)[code][:, 1:]
    penalty = np.full(z.shape[1], ridge)
    penalty[0] = 0.0
    beta = np.zeros((z.shape[1], levels - 1))
    beta[0] = np.log(counts[1:] / counts[0])
    value = _value(z, code, beta, penalty)
    for _ in range(_ITERATIONS):
        p = softmax(_all_levels(z @ beta), axis=1)[:, 1:]
        gradient = z.T @ (hot - p) - penalty[:, None] * beta
        if np.abs(gradient).max() <= _GRADIENT * len(z):
            break
        step = _step(z, p, gradient, penalty)
        size, moved = 1.0, value
        while size > _SHORTEST:
            moved = _value(z, code, beta + size * step, penalty)
            if moved > value:
                break
            size /= 2
        else:
            break
        beta, value = beta + size * step, moved
    _require_curved(z[:, np.append(True, ~flat)], softmax(_all_levels(z @ beta), axis=1), ridge)
    return Multinomial(centre, spread, beta)


def _design(z: Array) -> Array:
    return np.column_stack([np.ones(len(z)), z])


def _all_levels(eta: Array) -> Array:
    return np.column_stack([np.zeros(len(eta)), eta])


def _value(z: Array, code: Codes, beta: Array, penalty: Array) -> float:
    fitted = log_softmax(_all_levels(z @ beta), axis=1)
    return float(fitted[np.arange(len(z)), code].sum() - 0.5 * (penalty @ beta**2).sum())


def _curvature(z: Array, p: Array) -> Array:
    """Return the information of the coefficients, level by level."""
    k, levels = z.shape[1], p.shape[1]
    hessian = np.empty((levels, k, levels, k))
    for a in range(levels):
        for b in range(a, levels):
            weight = p[:, a] * ((a == b) - p[:, b])
            block = (z * weight[:, None]).T @ z
            hessian[a, :, b], hessian[b, :, a] = block, block
    return hessian.reshape(levels * k, levels * k)


def _step(z: Array, p: Array, gradient: Array, penalty: Array) -> Array:
    """Return the Newton step (column, level)."""
    k, levels = gradient.shape
    hessian = _curvature(z, p) + np.diag(np.tile(penalty, levels))
    # Columns that do not vary have no curvature of their own.
    found = np.linalg.lstsq(hessian, gradient.T.ravel(), rcond=None)[0]
    step: Array = found.reshape(levels, k).T
    return step


def _require_curved(z: Array, p: Array, ridge: float) -> None:
    """Raise where a direction separates levels: there the curvature goes to 0 with the gradient."""
    if ridge > 0:
        return
    rates = p.mean(axis=0)
    flat = _FLAT * len(z) * float((rates * (1 - rates)).min())
    if np.linalg.eigvalsh(_curvature(z, p[:, 1:]))[0] <= flat < np.linalg.eigvalsh(z.T @ z)[0]:
        raise NotIdentifiedError(
            "the covariates separate the levels: some rows could only have had one of them; use a "
            "ridge, fewer covariates or fewer levels"
        )

r"""Least squares over the simplex, exactly: weights that are not negative and sum to one.

.. math:: \min_w \|a - c - B w\|^2 / T + \zeta^2 \|w\|^2, \quad w \ge 0,\ \sum_j w_j = 1

with *c* a free constant or 0. An active-set method on the conditions of Karush, Kuhn and Tucker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Array = npt.NDArray[np.float64]

_TOLERANCE = 1e-10
_ROUNDS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class SimplexFit:
    """Weights and what they reach.

    Parameters
    ----------
    weights
        Of each column.
    constant
        Best constant, 0 where there is none.
    loss
        Mean square of the residuals plus the penalty.
    """

    weights: Array
    constant: float
    loss: float


def simplex_loss(target: Array, columns: Array, weights: Array, penalty: float = 0.0) -> float:
    """Return mean squared residual plus ``penalty`` times the weights' sum of squares."""
    residual = target - columns @ weights
    return float(residual @ residual / len(target) + penalty * weights @ weights)


def simplex_weights(
    target: Array, columns: Array, *, penalty: float = 0.0, constant: bool = False
) -> SimplexFit:
    r"""Find the weights of least loss.

    Parameters
    ----------
    target, columns
        *a* (row) and *B* (row, column).
    penalty
        :math:`\zeta^2`.
    constant
        Whether a free constant is fitted.

    Raises
    ------
    ArithmeticError
        If the conditions of optimality cannot be met to rounding error.

    Examples
    --------
    >>> columns = np.array([[0.0, 4.0], [0.0, 8.0]])
    >>> simplex_weights(np.array([1.0, 2.0]), columns).weights.round(9).tolist()
    [0.75, 0.25]
    """
    a, b = target, columns
    if constant:
        a, b = a - a.mean(), b - b.mean(axis=0)
    hessian = b.T @ b / len(a) + penalty * np.eye(b.shape[1])
    linear = b.T @ a / len(a)
    weights = _active_set(hessian, linear)
    shift = float((target - columns @ weights).mean()) if constant else 0.0
    return SimplexFit(weights, shift, simplex_loss(a, b, weights, penalty))


def _active_set(hessian: Array, linear: Array) -> Array:
    """Minimise w'Hw/2 - l'w over the simplex: columns enter by their gradient, leave at zero."""
    weights = np.zeros(len(linear))
    weights[int(np.argmin(np.diag(hessian) / 2 - linear))] = 1.0
    free = weights > 0
    scale = float(np.abs(hessian).max()) or 1.0
    for _ in range(_ROUNDS):
        weights, free = _settle(hessian, linear, weights, free)
        gradient = hessian @ weights - linear
        excess = gradient - gradient @ weights
        if excess.min() >= -_TOLERANCE * scale:
            return weights
        free[int(np.argmin(excess))] = True
    raise ArithmeticError("the search for simplex weights did not settle")


def _settle(
    hessian: Array, linear: Array, weights: Array, free: npt.NDArray[np.bool_]
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Move to the best weights of the free columns, dropping each that reaches zero on the way."""
    while True:
        place = np.flatnonzero(free)
        k = len(place)
        system = np.ones((k + 1, k + 1))
        system[:k, :k] = hessian[np.ix_(place, place)]
        system[k, k] = 0.0
        best = np.linalg.lstsq(system, np.append(linear[place], 1.0), rcond=1e-13)[0][:k]
        if best.min() > 0:
            out = np.zeros_like(weights)
            out[place] = best / best.sum()
            return out, free
        now = weights[place]
        falling = best <= 0
        # A column that just entered at zero and would fall again leaves at once.
        room = now[falling] / np.maximum(now[falling] - best[falling], np.finfo(float).tiny)
        step = float(room.min())
        moved = now + step * (best - now)
        moved[np.flatnonzero(falling)[np.argmin(room)]] = 0.0
        weights = np.zeros_like(weights)
        weights[place] = np.maximum(moved, 0.0)
        free = free.copy()
        free[place[moved <= 0]] = False

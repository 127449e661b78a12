"""Entropy balancing: the weights nearest to equal ones that give stated means exactly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from impactmodel.core.errors import NotIdentifiedError

type Array = npt.NDArray[np.float64]

_ITERATIONS = 200
_CONVERGED = 1e-12
_EXACT = 1e-8


def balancing_weights(x: Array, people: Array, target: Array) -> Array:
    r"""Weight people so that the means of their covariates are the target's.

    Among all weights with :math:`\sum_c n_c w_c = 1` and :math:`\sum_c n_c w_c x_c = t` these have
    the least Kullback-Leibler divergence from equal weights. They are
    :math:`w_c \propto e^{\lambda'x_c}`, with :math:`\lambda` the minimum of the convex dual
    :math:`\log\sum_c n_c e^{\lambda'x_c} - \lambda't`, found by Newton's method.

    Parameters
    ----------
    x
        Covariates of comparison people (row, covariate).
    people
        Number of people in each row.
    target
        The means to reach (covariate).

    Returns
    -------
    numpy.ndarray
        Weight of one person of each row; they sum to 1 over people. Means are exact to 1e-8 of
        the covariates' standard deviations.

    Raises
    ------
    NotIdentifiedError
        If no weights reach the target: it lies outside what comparison people span.

    References
    ----------
    Hainmueller (2012), Political Analysis 20(1), doi:10.1093/pan/mpr025.

    Examples
    --------
    Two people at 0 and 1 have the mean .8 with the weights .2 and .8.

    >>> balancing_weights(np.array([[0.0], [1.0]]), np.ones(2), np.array([0.8])).round(6).tolist()
    [0.2, 0.8]
    """
    share = people / people.sum()
    centre = share @ x
    sd = np.sqrt(share @ (x - centre) ** 2)
    scale = np.where(sd > 0, sd, 1.0)
    z, goal = (x - centre) / scale, (target - centre) / scale
    dual, gap = np.zeros(z.shape[1]), np.inf
    for _ in range(_ITERATIONS):
        p = _shares(z, share, dual)
        difference = z.T @ p - goal
        gap = float(np.abs(difference).max(initial=0.0))
        if gap < _CONVERGED:
            break
        mean = z.T @ p
        hessian = (z * p[:, None]).T @ z - np.outer(mean, mean)
        step = np.linalg.lstsq(hessian, difference, rcond=None)[0]
        moved = _downhill(z, share, goal, (dual, step))
        if np.array_equal(moved, dual):
            break
        dual = moved
    if not gap < _EXACT:
        raise NotIdentifiedError(
            "no weights give the comparison people the means of the treated: the treated lie "
            "outside what comparison people span; balance fewer covariates or trim"
        )
    weights: Array = _shares(z, share, dual) / people
    return weights


def _shares(z: Array, share: Array, dual: Array) -> Array:
    exponent = z @ dual + np.log(share)
    out: Array = np.exp(exponent - logsumexp(exponent))
    return out


def _downhill(z: Array, share: Array, goal: Array, at: tuple[Array, Array]) -> Array:
    """Return the Newton step, halved until the dual does not rise."""
    dual, step = at

    def value(point: Array) -> float:
        return float(logsumexp(z @ point, b=share) - point @ goal)

    start, size = value(dual), 1.0
    while size > 1e-8:
        moved = dual - size * step
        if value(moved) <= start + 1e-14 * max(1.0, abs(start)):
            return moved
        size /= 2
    return dual

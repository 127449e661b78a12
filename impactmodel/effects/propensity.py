"""Propensity of treatment: logistic regression on counts, by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from impactmodel.core.errors import NotIdentifiedError

type Array = npt.NDArray[np.float64]

_ITERATIONS = 100
_GRADIENT = 1e-11
# Where a direction separates the arms the curvature along it goes to 0 together with the gradient.
_FLAT = 1e-8


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class LogisticFit:
    """A logistic regression by maximum likelihood.

    Parameters
    ----------
    beta, covariance
        Coefficients and their covariance, in the units of the columns.
    log_likelihood
        At the maximum.
    fitted
        Probability of each row.
    """

    beta: Array
    covariance: Array
    log_likelihood: float
    fitted: Array


def logistic(x: Array, events: Array, people: Array) -> LogisticFit:
    r"""Fit :math:`\operatorname{logit} p_c = x_c'\beta` to counts by maximum likelihood.

    Parameters
    ----------
    x
        Columns (row, column), the intercept among them.
    events, people
        Events among people of each row.

    Raises
    ------
    NotIdentifiedError
        If the columns separate events from non-events, so that no maximum exists.

    Examples
    --------
    With one row for each of two groups the fit is exact: log odds of 1/4 and 3/4.

    >>> found = logistic(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([1.0, 3.0]), np.full(2, 4.0))
    >>> bool(np.allclose(found.beta, [-np.log(3.0), 2 * np.log(3.0)]))
    True
    """
    scale = np.sqrt(people @ x**2 / people.sum())
    z = x / np.where(scale > 0, scale, 1.0)
    beta, value = np.zeros(z.shape[1]), -np.inf
    for _ in range(_ITERATIONS):
        p = expit(z @ beta)
        gradient = z.T @ (events - people * p)
        value = _log_likelihood(z @ beta, events, people)
        if np.abs(gradient).max() < _GRADIENT * people.sum():
            break
        hessian = (z * (people * p * (1 - p))[:, None]).T @ z
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        beta = _uphill(z, (events, people), (beta, step), value)
    p = expit(z @ beta)
    hessian = (z * (people * p * (1 - p))[:, None]).T @ z
    rate = float(events.sum() / people.sum())
    flat = _FLAT * people.sum() * rate * (1 - rate)
    if np.linalg.eigvalsh(hessian)[0] <= flat < np.linalg.eigvalsh((z * people[:, None]).T @ z)[0]:
        raise NotIdentifiedError(
            "the covariates separate the two arms: some people could only have been in one of "
            "them; leave people without counterparts out of the evidence"
        )
    back = 1.0 / np.where(scale > 0, scale, 1.0)
    covariance = np.linalg.pinv(hessian, hermitian=True) * np.outer(back, back)
    return LogisticFit(beta * back, covariance, value, p)


def _uphill(z: Array, counts: tuple[Array, Array], at: tuple[Array, Array], value: float) -> Array:
    """Return the Newton step, halved until the likelihood does not fall."""
    (beta, step), size = at, 1.0
    while size > 1e-6 and _log_likelihood(z @ (beta + size * step), *counts) < value - 1e-12:
        size /= 2
    moved: Array = beta + size * step
    return moved


def _log_likelihood(eta: Array, events: Array, people: Array) -> float:
    return float(events @ eta - people @ np.logaddexp(0.0, eta))

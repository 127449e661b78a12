"""Point estimates without priors: synthetic control, synthetic DiD and plain differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from impactmodel.effects.simplex import Array, simplex_weights

type Estimator = Callable[[Array, Array, int], float]


@dataclass(frozen=True, slots=True)
class PointEstimate:
    """An average effect after the start, in the outcome's unit.

    Parameters
    ----------
    estimator
        ``synthetic control``, ``synthetic DiD`` or ``DiD``.
    effect
        Mean over the periods from the start on.
    placebo_se
        Standard deviation of the same estimate over the donors, each taken as if it were treated
        and compared with the other donors.
    """

    estimator: str
    effect: float
    placebo_se: float


def synthetic_control_estimate(treated: Array, donors: Array, first: int) -> float:
    """Return the mean gap to the synthetic control of least squared error before the start.

    Parameters
    ----------
    treated, donors
        Series (period) and (period, donor).
    first
        The first treated period.

    Examples
    --------
    >>> donors = np.array([[0.0, 4.0], [0.0, 8.0], [0.0, 12.0]])
    >>> round(synthetic_control_estimate(np.array([1.0, 2.0, 5.0]), donors, 2), 9)
    2.0
    """
    return float(gaps(treated, donors, first)[first:].mean())


def gaps(treated: Array, donors: Array, first: int) -> Array:
    """Return the treated less its synthetic control (period)."""
    fit = simplex_weights(treated[:first], donors[:first])
    return np.asarray(treated - donors @ fit.weights)


def synthetic_did_estimate(treated: Array, donors: Array, first: int) -> float:
    r"""Return the estimate of Arkhangelsky et al. (2021), with exact weights.

    Donors are weighed with a constant and the penalty :math:`\zeta^2`, where
    :math:`\zeta = T_1^{1/4} \hat\sigma` for :math:`T_1` treated periods and the standard
    deviation :math:`\hat\sigma` of the donors' changes before the start; periods are weighed so
    that the donors' mean after the start is matched.
    """
    after = len(treated) - first
    noise = float(np.diff(donors[:first], axis=0).std(ddof=1))
    unit = simplex_weights(
        treated[:first], donors[:first], penalty=np.sqrt(after) * noise**2, constant=True
    ).weights
    time = simplex_weights(
        donors[first:].mean(axis=0), donors[:first].T, penalty=(1e-6 * noise) ** 2, constant=True
    ).weights
    change = donors[first:].mean(axis=0) - time @ donors[:first]
    return float(treated[first:].mean() - time @ treated[:first] - unit @ change)


def difference_estimate(treated: Array, donors: Array, first: int) -> float:
    """Return the change of the treated's mean less that of the donors' mean.

    Examples
    --------
    >>> difference_estimate(np.array([1.0, 5.0]), np.array([[0.0, 2.0], [1.0, 3.0]]), 1)
    3.0
    """
    return float(
        treated[first:].mean()
        - treated[:first].mean()
        - (donors[first:].mean() - donors[:first].mean())
    )


_ESTIMATORS: dict[str, Estimator] = {
    "synthetic control": synthetic_control_estimate,
    "synthetic DiD": synthetic_did_estimate,
    "DiD": difference_estimate,
}


def point_estimates(treated: Array, donors: Array, first: int) -> tuple[PointEstimate, ...]:
    """Return the three estimates with their placebo standard errors."""
    out = []
    for name, estimator in _ESTIMATORS.items():
        placebo = [
            estimator(donors[:, j], np.delete(donors, j, axis=1), first)
            for j in range(donors.shape[1])
        ]
        effect = estimator(treated, donors, first)
        out.append(PointEstimate(name, effect, float(np.std(placebo, ddof=1))))
    return tuple(out)


def placebo_errors(treated: Array, donors: Array, first: int) -> Array:
    r"""Return what donors miss from the start on, each compared with the other donors.

    The gaps of donor *j* are scaled to the treated's fit before the start,

    .. math:: g_{jt}\, r_1 / r_j, \quad r^2 = \tfrac1{T_0} \sum_{t \le T_0} g_t^2

    so that an interval made of them agrees with the ranks of Abadie, Diamond and Hainmueller
    (2010): if treated and donors are exchangeable, the treated's error is one more of these.

    Parameters
    ----------
    treated, donors
        Series (period) and (period, donor).
    first
        The first treated period.

    Returns
    -------
    Array
        Errors (donor, period from the start on); a donor that the others match exactly before
        the start tells no scale and is left out.
    """
    own = _size(gaps(treated, donors, first)[:first])
    out = []
    for j in range(donors.shape[1]):
        gap = gaps(donors[:, j], np.delete(donors, j, axis=1), first)
        size = _size(gap[:first])
        if size > 1e-9 * float(np.abs(donors[:, j]).max()):
            out.append(gap[first:] * own / size)
    return np.array(out)


def _size(gap: Array) -> float:
    return float(np.sqrt((gap**2).mean()))

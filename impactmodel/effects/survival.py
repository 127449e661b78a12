"""Survival curves from counts: Kaplan-Meier, Aalen-Johansen, restricted mean and median time.

The frequentist twins of `Durations`. All read people at risk and exits by period, and take an exit
in a period to be at its end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """A survival curve at the end of each period: probability and standard error (period)."""

    survival: Array
    se: Array

    def median(self) -> float:
        """Return the first period at whose end half have left; NaN where it is not reached."""
        reached = np.flatnonzero(self.survival <= 0.5)
        return float(reached[0] + 1) if reached.size else float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Cumulative incidence of each cause at the end of each period (period, cause), and error."""

    incidence: Array
    se: Array


def kaplan_meier(at_risk: npt.ArrayLike, exits: npt.ArrayLike) -> SurvivalCurve:
    r"""Estimate the probability of staying, with Greenwood's standard error.

    .. math:: S_t = \prod_{j \le t} (1 - d_j / n_j), \quad
        \widehat{var}\, S_t = S_t^2 \sum_{j \le t} \frac{d_j}{n_j (n_j - d_j)}

    With competing causes, exits of one cause against all at risk give a net survival: one minus
    it is **not** the probability of that exit, which `aalen_johansen` gives.

    Parameters
    ----------
    at_risk, exits
        People at risk and people who leave (period). Censored people leave after the exits of
        their last period.

    Raises
    ------
    InputError
        If more people leave than are at risk, or there is a period with nobody at risk before the
        last one with people.

    Examples
    --------
    >>> curve = kaplan_meier([10, 6], [2, 3])
    >>> curve.survival.round(6).tolist(), curve.median()
    ([0.8, 0.4], 2.0)
    >>> bool(np.isclose(curve.se[0] ** 2, 0.8 * 0.2 / 10))
    True
    """
    n, d = _counts(at_risk, exits)
    survival = np.cumprod(1 - d / np.where(n > 0, n, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = survival**2 * np.cumsum(np.where(d > 0, d / (n * (n - d)), 0.0))
    # Where everybody has left the curve is 0 without error.
    return SurvivalCurve(survival, np.sqrt(np.where(survival > 0, variance, 0.0)))


def aalen_johansen(at_risk: npt.ArrayLike, exits: npt.ArrayLike) -> Incidence:
    r"""Estimate the cumulative incidence of each cause of exit.

    .. math:: F_{kt} = \sum_{j \le t} S_{j-1}\, d_{kj} / n_j

    with *S* the Kaplan-Meier curve of all causes. The variance is that of the delta method for
    multinomial exits given those at risk, which the infinitesimal jackknife equals.

    Parameters
    ----------
    at_risk
        People at risk (period).
    exits
        People who leave, by cause (period, cause).

    References
    ----------
    Aalen and Johansen (1978), Scand. J. Statist. 5, 141-150.

    Examples
    --------
    Without censoring it is a share of people, with a share's error.

    >>> found = aalen_johansen([10, 7], [[2, 1], [3, 2]])
    >>> found.incidence.round(6).tolist()
    [[0.2, 0.1], [0.5, 0.3]]
    >>> np.allclose(found.se[1] ** 2, [0.5 * 0.5 / 10, 0.3 * 0.7 / 10])
    True
    """
    d = np.asarray(exits, dtype=float)
    n, total = _counts(at_risk, d.sum(axis=1))
    people = np.where(n > 0, n, 1.0)
    hazard = d / people[:, None]
    before = np.concatenate([[1.0], np.cumprod(1 - total / people)[:-1]])
    incidence = np.cumsum(before[:, None] * hazard, axis=0)
    variance = np.empty_like(incidence)
    stay = 1 - hazard.sum(axis=1)
    for t in range(len(n)):
        # What is still to come of each cause falls with every exit of any cause at period j.
        ahead = incidence[t] - incidence[: t + 1]
        loss = np.divide(ahead, stay[: t + 1, None], out=np.zeros_like(ahead), where=ahead > 0)
        slope = before[: t + 1, None, None] * np.eye(d.shape[1]) - loss[:, None, :]
        h = hazard[: t + 1]
        mean = np.einsum("jl,jlk->jk", h, slope)
        square = np.einsum("jl,jlk->jk", h, slope**2)
        variance[t] = ((square - mean**2) / people[: t + 1, None]).sum(axis=0)
    return Incidence(incidence, np.sqrt(np.maximum(variance, 0.0)))


def restricted_mean(
    at_risk: npt.ArrayLike, exits: npt.ArrayLike, horizon: int
) -> tuple[float, float]:
    r"""Estimate the mean time until an exit, up to a horizon, and its standard error.

    .. math:: \mu_h = \sum_{j=0}^{h-1} S_j, \quad
        \widehat{var}\,\mu_h = \sum_{j < h} \Big(\sum_{i=j}^{h-1} S_i\Big)^2
        \frac{d_j}{n_j (n_j - d_j)}

    Parameters
    ----------
    horizon
        In periods.

    Raises
    ------
    InputError
        If nobody is at risk in the last period before the horizon.

    Examples
    --------
    >>> mean, se = restricted_mean([10, 6], [2, 3], 2)
    >>> round(mean, 6), bool(np.isclose(se**2, 0.8 * 0.2 / 10))
    (1.8, True)
    """
    n, d = _counts(at_risk, exits)
    if not 1 <= horizon <= len(n) or not n[horizon - 1] > 0:
        raise InputError(
            "nobody is followed up to the horizon",
            key="horizon",
            seen=horizon,
            fix=f"use {int((n > 0).sum())} periods at most",
        )
    survival = np.concatenate([[1.0], kaplan_meier(n, d).survival])[:horizon]
    area = np.cumsum(survival[::-1])[::-1][1:]
    n, d = n[: horizon - 1], d[: horizon - 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where((d > 0) & (area > 0), area**2 * d / (n * (n - d)), 0.0)
    return float(survival.sum()), float(np.sqrt(terms.sum()))


def _counts(at_risk: npt.ArrayLike, exits: npt.ArrayLike) -> tuple[Array, Array]:
    n, d = np.asarray(at_risk, dtype=float), np.asarray(exits, dtype=float)
    if n.ndim != 1 or n.shape != d.shape or (d < 0).any() or (d > n).any():
        raise InputError(
            "people leave who are not at risk, or the periods differ",
            key="exits",
            seen=f"{d.shape} exits, {n.shape} at risk",
        )
    if (np.diff(n) > 0).any():
        raise InputError("more people are at risk later than before", key="at_risk")
    return n, d

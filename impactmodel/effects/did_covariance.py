r"""The covariance of effects after the start: cluster-robust, and steady with few clusters.

A robust covariance of *K* effects from *C* clusters is noisy where *K* is not far below *C*, and a
pooled model, which inverts it, would take that noise for precision. It is therefore mixed with the
covariance that a simple dependence over time implies,

.. math::
    V = (1 - k)\,V_{robust} + k\,c\,V_{time}, \qquad k = \frac{4K}{4K + C - A}

(*A* arms), where :math:`V_{time}` follows from the variogram
:math:`\tfrac12 Var(e_{t+h} - e_t) = n + s\,(1 - \rho^h)` of the units' deviations from their
cohort's means (a nugget and an AR(1), fitted to the data), and *c* gives the average effect its
robust variance. Independent errors over time are never assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from impactmodel.core.errors import InputError
from impactmodel.effects.did_group_time import GroupTime
from impactmodel.effects.did_options import TrendViolation
from impactmodel.effects.did_sample import Array, Codes, Sample

# Parts of the structured covariance in the mixture, per effect.
_SHARE = 4
_NEARLY_ONE = 1.0 - 1e-9
_RHOS = (*np.linspace(0.0, 0.95, 20), 0.97, 0.98, 0.99, 0.995)
# The quantile at which normal intervals get the width of those of Student's t.
_TAIL = 0.975


@dataclass(frozen=True, slots=True, eq=False)
class EffectCovariance:
    """Covariance of the effects after the start (cell, cell), in their order.

    Parameters
    ----------
    matrix
        With which the model works; widened by ``widening``.
    freedom
        Degrees of freedom of the average effect's variance (Welch and Satterthwaite).
    structured
        Share of the covariance that follows from dependence over time.
    rho, nugget
        AR(1) coefficient per period, and share of the variance that does not depend over time.
    alone
        Cohorts that consist of one cluster, whose error is taken to be that of a control cluster.
    """

    matrix: Array
    freedom: float
    structured: float
    rho: float
    nugget: float
    alone: tuple[int, ...]

    @property
    def widening(self) -> float:
        """Squared ratio of the quantiles of Student's t and the normal, in ``matrix``."""
        return _widening(self.freedom)


def effect_covariance(sample: Sample, cells: GroupTime, outcome: int) -> EffectCovariance:
    """Estimate the covariance of the effects after the start.

    Raises
    ------
    InputError
        If the controls are one cluster, or no unit deviates from its cohort's mean.
    """
    after = np.flatnonzero(cells.after)
    robust, parts, alone = robust_covariance(cells, after)
    average = cells.share[after] / cells.share[after].sum()
    variance = float(average @ robust @ average)
    if not variance > 0:
        raise InputError(
            "all units of an arm changed alike, so the error of the effect is unknown",
            key=cells.outcome,
            fix="give more units, or leave this outcome out",
        )
    shape, rho, nugget = _over_time(sample, outcome)
    load = cells.loading[:, after]
    times = (cells.period[after], cells.base[after])
    structured = (load.T @ load) * _contrast(shape, times)
    structured *= variance / float(average @ structured @ average)
    clusters, arms = int(cells.cluster.max()) + 1, len(sample.cohorts) + 1
    k = _SHARE * len(after) / (_SHARE * len(after) + max(clusters - arms, 1))
    freedom = welch_freedom(parts @ average, cells)
    mixed = (1 - k) * robust + k * structured
    return EffectCovariance(
        _widening(freedom) * mixed, freedom, k, rho, nugget, tuple(int(g) for g in alone)
    )


def violation_covariance(cells: GroupTime, violation: TrendViolation) -> Array:
    """Return the covariance of the biases of the effects after the start under a violation."""
    after = cells.after
    away = (cells.period - cells.base)[after].astype(np.float64)
    if violation.shape == "walk":
        shape = np.minimum(away[:, None], away[None, :])
    else:
        shape = np.outer(away, away)
    return np.asarray(violation.per_period**2 * shape)


def _widening(freedom: float) -> float:
    return float((special.stdtrit(freedom, _TAIL) / special.ndtri(_TAIL)) ** 2)


def robust_covariance(cells: GroupTime, after: Codes) -> tuple[Array, Array, Codes]:
    """Return the covariance corrected for leverage, its cluster sums, and cohorts of one cluster.

    With one cluster per unit and no weights this is the unbiased variance of Welch.
    """
    clusters = int(cells.cluster.max()) + 1
    load = cells.loading[:, after]
    psi, leverage, control = (np.zeros((clusters, len(after))) for _ in range(3))
    np.add.at(psi, cells.cluster, cells.influence[:, after] / len(load))
    np.add.at(leverage, cells.cluster, np.abs(load))
    np.add.at(control, cells.cluster, np.minimum(load, 0.0))
    single = leverage >= _NEARLY_ONE
    if (single & (control < 0)).any():
        raise InputError(
            "all controls of a cohort are in one cluster, so their error is unknown",
            key="cluster",
            fix="give more clusters of controls",
        )
    psi = psi / np.sqrt(np.where(single, 1.0, 1.0 - np.minimum(leverage, _NEARLY_ONE)))
    robust = psi.T @ psi
    # A cohort of one cluster shows no spread of its own.
    own = np.where(control < 0, psi, 0.0) / np.sqrt((control**2).sum(axis=0))
    lonely = single.any(axis=0)
    same = cells.cohort[after][:, None] == cells.cohort[after]
    robust = robust + np.where(same & lonely[:, None] & lonely, own.T @ own, 0.0)
    return robust, psi, np.unique(cells.cohort[after][lonely])


def welch_freedom(psi: Array, cells: GroupTime) -> float:
    """Return the degrees of freedom of a sum over clusters, from the squares of each arm."""
    start = np.full(len(psi), np.inf)
    own = np.where(np.isin(cells.start, cells.cohort), cells.start, np.inf)
    np.minimum.at(start, cells.cluster, own)
    parts = []
    for g in np.unique(start):
        here = start == g
        if here.sum() > 1:
            parts.append(((psi[here] ** 2).sum(), here.sum() - 1))
    square = np.array(parts)
    return float(max(square[:, 0].sum() ** 2 / (square[:, 0] ** 2 / square[:, 1]).sum(), 1.0))


def _over_time(sample: Sample, outcome: int) -> tuple[Array, float, float]:
    """Fit the variogram by lag; return it for lags 0, 1, ..., with rho and the nugget's share."""
    y = sample.y[:, :, outcome].copy()
    arms = [sample.members(g) for g in sample.cohorts]
    arms.append(~np.any(arms, axis=0))
    freedom = 0.0
    for here in arms:
        y[here] -= np.nanmean(y[here], axis=0)
        freedom += max(int(here.sum()) - 1, 0)
    count = y.shape[1]
    lags = np.arange(1, count)
    half = [0.5 * np.nanmean((y[:, h:] - y[:, :-h]) ** 2) for h in lags]
    seen = np.array(half) * sample.size / freedom
    if not (seen > 0).all():
        raise InputError(
            "no unit deviates from its cohort's mean, so errors cannot be estimated",
            key=sample.panel.outcomes[outcome].name,
            fix="give more units, or leave this outcome out",
        )
    weight = np.sqrt(count - lags) / seen
    fits = []
    for rho in _RHOS:
        columns = np.column_stack([np.ones(count - 1), 1.0 - rho**lags])
        found, loss = optimize.nnls(columns * weight[:, None], seen * weight)
        fits.append((loss, rho, found))
    _, rho, (nugget, sill) = min(fits, key=lambda fit: fit[0])
    shape = nugget * (np.arange(count) > 0) + sill * (1.0 - rho ** np.arange(count))
    return shape, float(rho), float(nugget / (nugget + sill))


def _contrast(variogram: Array, times: tuple[Codes, Codes]) -> Array:
    """Return Cov(e_t - e_b, e_s - e_c) for every pair of cells from the half variogram."""
    t, b = times

    def at(one: Codes, two: Codes) -> Array:
        return np.asarray(variogram[np.abs(one[:, None] - two[None, :])])

    return at(t, b) + at(b, t) - at(t, t) - at(b, b)

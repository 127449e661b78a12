"""Frequentist twins: two-way fixed effects and imputation, with cluster-robust errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impactmodel.effects.did_sample import Array, Codes, Sample


@dataclass(frozen=True, slots=True, eq=False)
class TwoWay:
    """Coefficients of a regression with unit and period effects.

    Parameters
    ----------
    coefficients
        In the order of the regressors.
    covariance
        Cluster-robust, without a factor for small samples.
    iid_se
        Standard errors under independent errors: wrong in panels, shown as a warning.
    observations, clusters, units, periods, regressors
        Counts that small-sample factors need.
    """

    coefficients: Array
    covariance: Array
    iid_se: Array
    observations: int
    clusters: int
    units: int
    periods: int
    regressors: int

    @property
    def se(self) -> Array:
        r"""Cluster-robust errors with the factor :math:`C/(C-1)`."""
        return np.sqrt(np.diag(self.covariance) * self.clusters / (self.clusters - 1))

    @property
    def se_hc1(self) -> Array:
        r"""With :math:`C/(C-1) \cdot (N-1)/(N-K)`, where *K* counts unit effects too."""
        k = self.regressors + self.units + self.periods - 1
        factor = (self.observations - 1) / (self.observations - k)
        return np.asarray(self.se * np.sqrt(factor))


@dataclass(frozen=True, slots=True)
class Imputation:
    """The average effect on the treated by imputation of untreated outcomes.

    Parameters
    ----------
    estimate
        Mean over all treated unit-periods, in the outcome's unit.
    se
        Conservative cluster-robust standard error.
    treated
        Number of treated unit-periods.
    """

    estimate: float
    se: float
    treated: int


def two_way(sample: Sample, outcome: int, regressors: Array) -> TwoWay:
    r"""Regress an outcome on regressors (unit, period, column) with unit and period effects.

    With staggered starts and effects that differ, its treatment coefficient weighs some effects
    negatively (Goodman-Bacon 2021): it stands in tables as what others report.
    """
    y, x = sample.y[:, :, outcome], np.asarray(regressors, dtype=np.float64)
    used = np.isfinite(y) & np.isfinite(x).all(axis=2)
    weight = used * sample.weight[:, None]
    periods = _period_dummies(x.shape[:2])
    columns = np.concatenate([x, periods, np.nan_to_num(y)[:, :, None]], axis=2)
    flat = _within(np.where(used[:, :, None], columns, 0.0), weight)
    k = x.shape[2]
    every, target = flat[:, :, :-1], flat[:, :, -1]
    rows, root = _rows(every), np.sqrt(weight).ravel()
    bread, rank = _inverse(rows * root[:, None])
    beta = bread @ (rows.T @ (weight * target).ravel())
    left = target - every @ beta
    rest = left * weight
    score = _cluster_sums(np.einsum("itk,it->ik", every, rest), sample.cluster)
    covariance = bread @ (score.T @ score) @ bread
    n, units = int(used.sum()), int(used.any(axis=1).sum())
    scale = float((rest * left).sum()) / (n - units - rank)
    return TwoWay(
        coefficients=beta[:k],
        covariance=covariance[:k, :k],
        iid_se=np.sqrt(scale * np.diag(bread)[:k]),
        observations=n,
        clusters=len(score),
        units=units,
        periods=int(used.any(axis=0).sum()),
        regressors=k,
    )


def treatment(sample: Sample) -> Array:
    """Return the treatment indicator as a regressor (unit, period, 1)."""
    return (np.arange(sample.y.shape[1]) >= sample.start[:, None])[:, :, None].astype(np.float64)


def event_dummies(sample: Sample) -> tuple[Codes, Array]:
    """Return event times other than -1, and their indicators (unit, period, event time)."""
    since = np.arange(sample.y.shape[1]) - sample.start[:, None]
    at = np.unique(since[np.isfinite(since)])
    at = at[at != -1]
    return at.astype(np.intp), (since[:, :, None] == at).astype(np.float64)


def impute(sample: Sample, outcome: int) -> Imputation:
    r"""Fit unit and period effects to untreated outcomes, impute, and average the differences.

    .. math:: \hat\tau = \frac{1}{N_1} \sum_{it: D_{it} = 1} (Y_{it} - \hat\alpha_i - \hat\gamma_t)

    The standard error lets errors depend within clusters; the spread of effects around their mean
    in a cohort and period counts as error, which is conservative. Unit-periods without a row are
    left out, and so are those from which on nobody is untreated.

    Source: Borusyak, K., Jaravel, X. and Spiess, J. (2024). Revisiting event-study designs. Review
    of Economic Studies 91(6), 3253-3285, doi:10.1093/restud/rdae007, theorems 2 and 3.
    """
    y = sample.y[:, :, outcome].copy()
    y[:, sample.end :] = np.nan
    used = np.isfinite(y)
    on = (np.arange(y.shape[1]) >= sample.start[:, None]) & used
    # A unit without an untreated row has no unit effect to impute from.
    on &= (used & ~on).any(axis=1)[:, None]
    free = used & (np.arange(y.shape[1]) < sample.start[:, None])
    y = np.where(used, y, 0.0)
    weight = sample.weight[:, None]
    share = weight * on / (weight * on).sum()
    periods = _period_dummies(y.shape)
    z = _within(periods * free[:, :, None], weight * free)
    bread, _ = _inverse(_rows(z * np.sqrt(weight * free)[:, :, None]))
    # Weights of untreated outcomes in the sum of imputed ones: by the unit's mean and the periods.
    size = (weight * free).sum(axis=1)
    own = np.divide(share.sum(axis=1), size, out=np.zeros(len(size)), where=size > 0)
    mean_period = (weight * free).T / np.where(size > 0, size, 1.0)
    shift = np.einsum("it,itk->k", share, periods) - (mean_period @ share.sum(axis=1))[1:]
    loading = share - weight * free * (own[:, None] + z @ (bread @ shift))
    estimate = float((loading * y).sum())
    gamma = bread @ np.einsum("itk,it->k", z, weight * free * y)
    unit = np.einsum("it,it->i", weight * free, y - periods @ gamma) / np.where(size > 0, size, 1.0)
    rest = y - unit[:, None] - periods @ gamma
    error = np.where(free, rest, 0.0) + np.where(on, rest - _cohort_means(sample, rest, share), 0.0)
    sums = _cluster_sums((loading * error).sum(axis=1)[:, None], sample.cluster)
    return Imputation(estimate, float(np.sqrt((sums**2).sum())), int(on.sum()))


def _cohort_means(sample: Sample, rest: Array, share: Array) -> Array:
    """Average effects within cohort and period by squared weights, as the source recommends."""
    out = np.zeros_like(rest)
    for g in sample.cohorts:
        here = sample.start == g
        square = share[here] ** 2
        total = square.sum(axis=0)
        mean = (square * rest[here]).sum(axis=0) / np.where(total > 0, total, 1.0)
        out[here] = mean
    return out


def _period_dummies(shape: tuple[int, ...]) -> Array:
    units, periods = shape[:2]
    return np.broadcast_to(np.eye(periods)[:, 1:], (units, periods, periods - 1)).copy()


def _within(columns: Array, weight: Array) -> Array:
    """Take the unit's mean over its rows from each column; rows not used are 0."""
    total = weight.sum(axis=1)
    mean = np.einsum("it,itk->ik", weight, columns) / np.where(total > 0, total, 1.0)[:, None]
    return np.where((weight > 0)[:, :, None], columns - mean[:, None], 0.0)


def _inverse(rows: Array) -> tuple[Array, int]:
    """Return the (pseudo-)inverse of X'X, columns put on one scale first, and its rank."""
    gram = rows.T @ rows
    scale = np.sqrt(np.diag(gram))
    scale = np.where(scale > 0, scale, 1.0)
    even = gram / np.outer(scale, scale)
    rank = int(np.linalg.matrix_rank(even, hermitian=True))
    inverse = np.linalg.pinv(even, hermitian=True, rcond=len(even) * np.finfo(float).eps)
    return inverse / np.outer(scale, scale), rank


def _rows(cube: Array) -> Array:
    return cube.reshape(-1, cube.shape[2])


def _cluster_sums(values: Array, cluster: Codes) -> Array:
    sums = np.zeros((int(cluster.max()) + 1, values.shape[1]))
    np.add.at(sums, cluster, values)
    return sums

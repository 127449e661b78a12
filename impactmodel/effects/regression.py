"""Least squares on sums and cross-products: the frequentist twin of an experiment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.evidence import Cells

type Array = npt.NDArray[np.float64]

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """The difference between the arms by ordinary least squares.

    Parameters
    ----------
    outcome
        Name of the outcome.
    effect
        Coefficient of treatment, in the outcome's unit.
    comparison_mean
        Unadjusted mean of the comparison arm.
    se
        Standard error under equal variances, with n - k degrees of freedom.
    se_hc1, se_hc2
        Standard errors that allow for unequal variances (MacKinnon and White 1985); None where
        the cells hold only sums of the covariates.
    people, coefficients
        n and k.
    """

    outcome: str
    effect: float
    comparison_mean: float
    se: float
    se_hc1: float | None
    se_hc2: float | None
    people: int
    coefficients: int


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Cross-products of [1, treatment, groups, covariates] and outcomes over some cells."""

    xx: Array
    xy: Array
    yy: Array


def regress(
    cells: Cells, covariates: tuple[str, ...], *, by_group: bool
) -> tuple[LeastSquares, ...]:
    """Regress each outcome on treatment, covariates and, if asked, group indicators.

    Raises
    ------
    InputError
        If a covariate is a combination of the others.
    """
    constant = _constant_columns(cells, by_group)
    everyone = np.ones(len(cells.n), dtype=bool)
    total = _moments(cells, covariates, constant, everyone)
    beta, inverse = _solve(total, covariates)
    n, k = cells.n.sum(), len(beta)
    results = []
    for i, outcome in enumerate(cells.outcomes):
        rss = float(total.yy[i, i] - total.xy[:, i] @ beta[:, i])
        hc1, hc2 = _robust(cells, covariates, constant, (beta[:, i], inverse, i))
        comparison = ~cells.treated
        results.append(
            LeastSquares(
                outcome=outcome.name,
                effect=float(beta[1, i]),
                comparison_mean=float(cells.y_sum[comparison, i].sum() / cells.n[comparison].sum()),
                se=float(np.sqrt(max(rss, 0.0) / (n - k) * inverse[1, 1])),
                se_hc1=hc1,
                se_hc2=hc2,
                people=int(n),
                coefficients=k,
            )
        )
    return tuple(results)


def arm_correlations(cells: Cells, covariates: tuple[str, ...]) -> Array:
    r"""Return the correlation of the outcomes within each arm (arm, outcome, outcome).

    With covariates, of the residuals of `regress`. In large samples the estimators of the arms'
    means are sums over people, so this is also the correlation of the estimators. NaN where the
    cells lack the sum of products of two outcomes. Arm 0 is treated.
    """
    constant = _constant_columns(cells, by_group=False)
    total = _moments(cells, covariates, constant, np.ones(len(cells.n), dtype=bool))
    beta, _ = _solve(total, covariates)
    out = []
    for arm in (cells.treated, ~cells.treated):
        m = _moments(cells, covariates, constant, arm)
        residual = m.yy - beta.T @ m.xy - m.xy.T @ beta + beta.T @ m.xx @ beta
        variance = np.diag(residual)
        # An outcome without spread in an arm, but for rounding, is not correlated with anything.
        spread = variance > _ROUNDING * np.diag(m.yy)
        sd = np.sqrt(np.where(spread, variance, np.inf))
        correlation = np.clip(residual / np.outer(sd, sd), -1.0, 1.0)
        np.fill_diagonal(correlation, 1.0)
        out.append(correlation)
    return np.stack(out)


def _constant_columns(cells: Cells, by_group: bool) -> Array:
    """Return the columns that are constant within cells: 1, treatment, all groups but one."""
    groups = [(cells.group == g) * 1.0 for g in range(1, len(cells.groups))] if by_group else []
    return np.column_stack([np.ones(len(cells.n)), cells.treated * 1.0, *groups])


def _moments(
    cells: Cells, covariates: tuple[str, ...], constant: Array, rows: npt.NDArray[np.bool_]
) -> _Moments:
    at = [cells.covariates.index(name) for name in covariates]
    z, n = constant[rows], cells.n[rows]
    x_sum, y_sum = cells.x_sum[rows][:, at], cells.y_sum[rows]
    corner = z.T @ x_sum
    x_cross = cells.x_cross[rows].sum(axis=0)[np.ix_(at, at)]
    return _Moments(
        xx=np.block([[z.T @ (n[:, None] * z), corner], [corner.T, x_cross]]),
        xy=np.concatenate([z.T @ y_sum, cells.xy[rows].sum(axis=0)[at]]),
        yy=cells.y_cross[rows].sum(axis=0),
    )


def _solve(total: _Moments, covariates: tuple[str, ...]) -> tuple[Array, Array]:
    """Return coefficients and the inverse of X'X, by equilibrated normal equations."""
    scale = 1.0 / np.sqrt(np.diag(total.xx))
    scaled = total.xx * np.outer(scale, scale)
    if np.linalg.matrix_rank(scaled, hermitian=True) < len(scaled):
        raise InputError(
            "a covariate is a combination of the others",
            key="covariates",
            seen=", ".join(covariates) or "groups",
            fix="leave one out",
        )
    inverse = np.linalg.inv(scaled) * np.outer(scale, scale)
    beta = scale[:, None] * np.linalg.solve(scaled, scale[:, None] * total.xy)
    return beta, inverse


def _robust(
    cells: Cells, covariates: tuple[str, ...], constant: Array, fit: tuple[Array, Array, int]
) -> tuple[float | None, float | None]:
    """Return HC1 and HC2 errors of the treatment; people of a cell share x, so sums suffice."""
    if any(name not in cells.by for name in covariates):
        return None, None
    beta, inverse, i = fit
    at = [cells.by.index(name) for name in covariates]
    x = np.column_stack([constant, cells.values[:, at]])
    fitted = x @ beta
    squares = cells.y_cross[:, i, i] - 2 * fitted * cells.y_sum[:, i] + cells.n * fitted**2
    weight = x @ inverse[1]
    leverage = np.einsum("cj,jk,ck->c", x, inverse, x)
    n, k = cells.n.sum(), len(beta)
    hc1 = np.sqrt(n / (n - k) * (weight**2 @ squares))
    hc2 = np.sqrt(weight**2 @ (squares / (1 - leverage)))
    return float(hc1), float(hc2)

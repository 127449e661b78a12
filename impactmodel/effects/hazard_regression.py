"""Maximum likelihood for discrete hazards on counts: person-period regression and Cox's model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit, xlogy

from impactmodel.core.errors import InputError

type Array = npt.NDArray[np.float64]
type Link = Literal["logit", "cloglog"]
type Ties = Literal["breslow", "efron"]

_STEPS = 100
_DONE = 1e-10
# A linear predictor beyond this is a coefficient on its way to infinity.
_DIVERGED = 25.0


@dataclass(frozen=True, slots=True, eq=False)
class HazardFit:
    """A fit by maximum likelihood: coefficients, their covariance and the log-likelihood.

    The log-likelihood is that of single people and periods, without binomial coefficients.
    """

    beta: Array
    covariance: Array
    log_likelihood: float

    @property
    def se(self) -> Array:
        """Standard errors of the coefficients."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def hazard_regression(
    at_risk: npt.ArrayLike, exits: npt.ArrayLike, x: npt.ArrayLike, link: Link = "logit"
) -> HazardFit:
    r"""Fit the probability of an exit in a period by a logit or complementary log-log model.

    .. math:: \operatorname{logit} h_i = x_i'\beta \quad\text{or}\quad
        \log(-\log(1 - h_i)) = x_i'\beta

    the second being proportional hazards in continuous time observed in periods. Fisher scoring
    on rows of counts, so that its cost does not depend on the number of people.

    Parameters
    ----------
    at_risk, exits
        People at risk and leaving (row); rows without people say nothing.
    x
        Regressors (row, column), an intercept or period indicators among them.

    Raises
    ------
    InputError
        If a column is a combination of others, or a maximum does not exist: a period without
        exits or an arm without them sends its coefficient to infinity.

    Examples
    --------
    >>> found = hazard_regression([100, 100], [20, 50], [[1, 0], [1, 1]])
    >>> found.beta.round(6).tolist()  # log odds of .2, and of .5 against it
    [-1.386294, 1.386294]
    """
    n, d, rows = _rows(at_risk, exits, x)
    share = (d.sum() + 0.5) / (n.sum() + 1)
    start = np.log(share / (1 - share)) if link == "logit" else np.log(-np.log1p(-share))
    beta = np.linalg.lstsq(rows, np.full(len(n), start), rcond=None)[0]
    if np.linalg.matrix_rank(rows) < rows.shape[1]:
        raise InputError("a column is a combination of the others", key="x", fix="leave it out")
    for _ in range(_STEPS):
        eta = rows @ beta
        p, slope = _response(eta, link)
        weight = n * slope**2 / (p * (1 - p))
        information = rows.T @ (weight[:, None] * rows)
        step = np.linalg.solve(information, rows.T @ ((d - n * p) * slope / (p * (1 - p))))
        # Half steps keep Fisher scoring from overshooting far from the maximum.
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(rows @ step).max()), 1e-300))
        if np.abs(rows @ beta).max() > _DIVERGED:
            break
        if np.abs(step).max() < _DONE * (1 + np.abs(beta).max()):
            p, _ = _response(rows @ beta, link)
            log = float((xlogy(d, p) + xlogy(n - d, 1 - p)).sum())
            return HazardFit(beta, np.linalg.inv(information), log)
    raise InputError(
        "the likelihood has no maximum: a period or an arm has no exits, or nobody stays",
        key="exits",
        fix="join periods, or use a model with priors",
    )


def cox_regression(
    at_risk: npt.ArrayLike, exits: npt.ArrayLike, x: npt.ArrayLike, ties: Ties = "efron"
) -> HazardFit:
    r"""Fit Cox's proportional hazards model by partial likelihood on counts.

    Parameters
    ----------
    at_risk, exits
        People at risk and leaving (cell, period).
    x
        Regressors of each cell (cell, column), without an intercept.
    ties
        How exits in one period are ordered: ``breslow`` or ``efron``.

    Raises
    ------
    InputError
        If the partial likelihood has no maximum.

    Examples
    --------
    Nothing speaks for an effect where both arms leave alike.

    >>> found = cox_regression([[10, 6], [10, 6]], [[4, 2], [4, 2]], [[0], [1]])
    >>> abs(float(found.beta[0])) < 1e-12
    True
    """
    n, d = np.asarray(at_risk, dtype=float), np.asarray(exits, dtype=float)
    z = np.asarray(x, dtype=float)
    z = z - z.mean(axis=0)
    beta = np.zeros(z.shape[1])
    for _ in range(_STEPS):
        log, score, information = _partial(n, d, z, beta, ties)
        step = np.linalg.solve(information, score)
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(z @ step).max()), 1e-300))
        if np.abs(z @ beta).max() > _DIVERGED:
            break
        if np.abs(step).max() < _DONE:
            return HazardFit(beta, np.linalg.inv(information), log)
    raise InputError("the partial likelihood has no maximum", key="exits", fix="use priors")


def _partial(n: Array, d: Array, z: Array, beta: Array, ties: Ties) -> tuple[float, Array, Array]:
    """Return log partial likelihood, score and information."""
    w = np.exp(z @ beta)
    pairs = z[:, :, None] * z[:, None, :]
    log = float(d.sum(axis=1) @ (z @ beta))
    score = d.sum(axis=1) @ z
    information = np.zeros((z.shape[1], z.shape[1]))
    for j in np.flatnonzero(d.sum(axis=0)):
        total = d[:, j].sum()
        # The l-th of the tied exits is compared with a risk set from which l / total have left.
        gone = np.arange(total) / total if ties == "efron" else np.zeros(int(total))
        left = w[:, None] * (n[:, j, None] - gone * d[:, j, None])
        s0 = left.sum(axis=0)
        mean = (left.T @ z) / s0[:, None]
        square = np.einsum("cl,cab->lab", left, pairs) / s0[:, None, None]
        log -= float(np.log(s0).sum())
        score = score - mean.sum(axis=0)
        information += (square - mean[:, :, None] * mean[:, None, :]).sum(axis=0)
    return log, score, information


def _response(eta: Array, link: Link) -> tuple[Array, Array]:
    """Return the probability and its slope in the linear predictor."""
    if link == "logit":
        p = expit(eta)
        return p, p * (1 - p)
    rate = np.exp(np.minimum(eta, 3.0))
    return -np.expm1(-rate), rate * np.exp(-rate)


def _rows(
    at_risk: npt.ArrayLike, exits: npt.ArrayLike, x: npt.ArrayLike
) -> tuple[Array, Array, Array]:
    n, d = np.ravel(np.asarray(at_risk, dtype=float)), np.ravel(np.asarray(exits, dtype=float))
    rows = np.asarray(x, dtype=float)
    if not len(n) == len(d) == len(rows) or (d < 0).any() or (d > n).any():
        raise InputError(
            "people leave who are not at risk, or the rows differ",
            key="exits",
            seen=f"{len(d)} exits, {len(n)} at risk, {len(rows)} rows",
        )
    kept = n > 0
    return n[kept], d[kept], rows[kept]

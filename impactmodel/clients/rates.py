"""Shares and errors of a score with their intervals: the arithmetic of audit and monitor."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import NotIdentifiedError
from impactmodel.effects.propensity import logistic

type Array = npt.NDArray[np.float64]

_CLIP = 1e-9


def shares(counts: npt.ArrayLike, people: npt.ArrayLike) -> Array:
    """Return counts / people, NaN where there is nobody."""
    k, n = np.asarray(counts, dtype=float), np.asarray(people, dtype=float)
    empty = np.full(np.broadcast(k, n).shape, np.nan)
    found: Array = np.divide(k, n, out=empty, where=n > 0)
    return found


def jeffreys(
    counts: npt.ArrayLike, people: npt.ArrayLike, prob: float = 0.9
) -> tuple[Array, Array]:
    """Return the ends of the Jeffreys interval of a share.

    Equal-tailed interval of Beta(k + ½, n − k + ½), from 0 where k = 0 and to 1 where k = n; NaN
    where there is nobody (Brown, Cai and DasGupta 2001, doi:10.1214/ss/1009213286).

    Parameters
    ----------
    counts, people
        k and n.
    prob
        Its probability.

    Examples
    --------
    >>> low, high = jeffreys(0, 10, 0.95)
    >>> float(low), round(float(high), 3)
    (0.0, 0.217)
    """
    from scipy import stats

    k, n = np.asarray(counts, dtype=float), np.asarray(people, dtype=float)
    k, n = np.broadcast_arrays(k, n)
    tail = (1 - prob) / 2
    low = np.where(k == 0, 0.0, stats.beta.ppf(tail, k + 0.5, n - k + 0.5))
    high = np.where(k == n, 1.0, stats.beta.ppf(1 - tail, k + 0.5, n - k + 0.5))
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def logit(chance: npt.ArrayLike) -> Array:
    """Return log(p / (1 − p)); chances are kept within 1e-9 of 0 and 1."""
    p = np.clip(np.asarray(chance, dtype=float), _CLIP, 1 - _CLIP)
    found: Array = np.log(p / (1 - p))
    return found


def recalibration(chance: Array, outcome: Array) -> tuple[Array, Array]:
    """Fit logit P(y = 1) = a + b logit(p) by maximum likelihood.

    A calibrated score has a = 0 and b = 1; b below 1 says that chances are too far apart.

    Parameters
    ----------
    chance, outcome
        p, and y of 0 and 1 (person).

    Returns
    -------
    tuple
        (a, b) and their covariance (2, 2) by the inverse information; NaN where outcomes or
        chances do not vary, or are parted completely.
    """
    x = logit(chance)
    nothing = np.full(2, np.nan), np.full((2, 2), np.nan)
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(outcome) == 0:
        return nothing
    design = np.column_stack([np.ones_like(x), x])
    try:
        found = logistic(design, outcome, np.ones_like(x))
    except NotIdentifiedError:
        return nothing
    return found.beta, found.covariance


def auc(score: npt.ArrayLike, outcome: npt.ArrayLike) -> float:
    """Return the area under the ROC curve: P(score of a 1 > score of a 0), ties one half.

    Examples
    --------
    >>> auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    """
    from scipy import stats

    y = np.asarray(outcome) == 1
    ones, zeros = int(y.sum()), int((~y).sum())
    if not ones or not zeros:
        return float("nan")
    ranks = stats.rankdata(np.asarray(score, dtype=float))
    return float((ranks[y].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def auc_sd(score: npt.ArrayLike, outcome: npt.ArrayLike) -> float:
    """Return the standard error of the area under the ROC curve.

    Variance of the placements of ones among zeros and of zeros among ones, each over its number
    (DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595); NaN with fewer than two of each.
    """
    from scipy import stats

    s, y = np.asarray(score, dtype=float), np.asarray(outcome) == 1
    ones, zeros = int(y.sum()), int((~y).sum())
    if ones < 2 or zeros < 2:
        return float("nan")
    ranks = stats.rankdata(s)
    of_ones = (ranks[y] - stats.rankdata(s[y])) / zeros
    of_zeros = 1 - (ranks[~y] - stats.rankdata(s[~y])) / ones
    return float(np.sqrt(of_ones.var(ddof=1) / ones + of_zeros.var(ddof=1) / zeros))

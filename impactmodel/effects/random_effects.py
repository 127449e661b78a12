"""Frequentist pooling of estimates: how much studies differ, the mean, and the next study."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, stdtr, stdtrit

from impactmodel.core.errors import InputError
from impactmodel.core.summary import check_prob
from impactmodel.effects.between_studies import (
    ERRORS,
    SPREADS,
    Array,
    Estimates,
    Method,
    log_likelihood,
    q_profile,
)

type Test = Literal["normal", "knapp_hartung", "knapp_hartung_at_least"]

METHODS: tuple[Method, ...] = ("fixed", "DL", "REML", "ML", "PM", "SJ", "HS", "HE")


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """The answer of one method.

    Parameters
    ----------
    method, test, prob
        How the spread was estimated, how the mean is tested, probability of the intervals.
    mean, se, lower, upper, statistic, p
        Mean effect with its standard error, interval, test statistic and two-sided p value.
    tau2, tau2_se, tau2_lower, tau2_upper
        Variance between studies with its standard error and its Q-profile interval.
    q, q_p, i2, h2
        Cochran's Q with its p value; share of the variance that is between studies in per cent,
        and total over typical sampling variance.
    next_lower, next_upper
        Prediction interval of the effect in another study, mean ± t(k - 2) sqrt(tau² + se²) with
        random effects (Higgins et al. 2009); the mean's interval with a fixed effect.
    log_likelihood
        Restricted for REML, ordinary otherwise.
    """

    method: Method
    test: Test
    prob: float
    mean: float
    se: float
    lower: float
    upper: float
    statistic: float
    p: float
    tau2: float
    tau2_se: float
    tau2_lower: float
    tau2_upper: float
    q: float
    q_p: float
    i2: float
    h2: float
    next_lower: float
    next_upper: float
    log_likelihood: float


def random_effects(
    y: npt.ArrayLike,
    s: npt.ArrayLike,
    method: Method = "REML",
    *,
    test: Test = "normal",
    prob: float = 0.95,
) -> RandomEffects:
    r"""Pool estimates by one frequentist method.

    .. math:: y_i \sim N(\mu, s_i^2 + \tau^2), \qquad
        \hat\mu = \frac{\sum_i w_i y_i}{\sum_i w_i}, \quad w_i = \frac{1}{s_i^2 + \hat\tau^2}

    Parameters
    ----------
    y, s
        Estimates and standard errors, on a scale on which they are normal (log for ratios).
    method
        ``fixed`` (tau² = 0), DerSimonian-Laird, REML, ML, Paule-Mandel (also called empirical
        Bayes), Sidik-Jonkman, Hunter-Schmidt or Hedges.
    test
        ``normal``; ``knapp_hartung`` (t with k - 1 degrees of freedom, the error from the
        weighted residuals); ``knapp_hartung_at_least`` (its error never below the normal one).
    prob
        Probability of the intervals.

    Raises
    ------
    InputError
        With fewer than two estimates, or a Knapp-Hartung test of a fixed effect.

    References
    ----------
    Viechtbauer (2010), J. Statistical Software 36(3), https://doi.org/10.18637/jss.v036.i03.

    Examples
    --------
    >>> found = random_effects([0.0, 2.0], [1.0, 1.0], "DL")
    >>> found.mean, found.tau2, found.q
    (1.0, 1.0, 2.0)
    """
    data = Estimates.of(y, s)
    if method == "fixed" and test != "normal":
        raise InputError("Knapp-Hartung is for random effects", key="test", seen=test)
    tau2 = SPREADS[method](data)
    se, freedom = _error(data, tau2, test), math.inf if test == "normal" else data.k - 1
    mean, half = data.mean(tau2), float(stdtrit(freedom, (1 + check_prob(prob)) / 2)) * se
    ahead = _ahead(data, method, math.hypot(math.sqrt(tau2), se), prob, half)
    low, high = (0.0, 0.0) if method == "fixed" else q_profile(data, prob)
    i2, h2 = _inconsistency(data, tau2, fixed=method == "fixed")
    return RandomEffects(
        method=method,
        test=test,
        prob=prob,
        mean=mean,
        se=se,
        lower=mean - half,
        upper=mean + half,
        statistic=mean / se,
        p=2 * float(stdtr(freedom, -abs(mean / se))),
        tau2=tau2,
        tau2_se=ERRORS[method](data, tau2),
        tau2_lower=low,
        tau2_upper=high,
        q=data.q(),
        q_p=float(chdtrc(data.k - 1, data.q())),
        i2=i2,
        h2=h2,
        next_lower=mean - ahead,
        next_upper=mean + ahead,
        log_likelihood=log_likelihood(data, tau2, restricted=method == "REML"),
    )


def shrunken(data: Estimates, tau2: float) -> tuple[Array, Array]:
    """Return each study's effect and standard error, drawn towards the mean (BLUP)."""
    own = tau2 / (tau2 + data.s**2)
    variance = own * data.s**2 + (1 - own) ** 2 / data.weights(tau2).sum()
    return own * data.y + (1 - own) * data.mean(tau2), np.sqrt(variance)


def small_studies(data: Estimates) -> tuple[float, float]:
    """Return t and p of Egger's regression of estimates on their errors, weighted by 1 / s².

    Raises
    ------
    InputError
        With fewer than three estimates or equal errors.
    """
    if data.k < 3 or np.ptp(data.s) == 0:
        raise InputError("Egger's test needs three estimates with unequal errors", seen=data.k)
    x, w = np.column_stack([np.ones(data.k), data.s]), data.weights(0.0)
    inverse = np.linalg.inv(x.T @ (w[:, None] * x))
    slope = inverse @ x.T @ (w * data.y)
    variance = float(w @ (data.y - x @ slope) ** 2) / (data.k - 2)
    t = float(slope[1] / math.sqrt(variance * inverse[1, 1]))
    return t, 2 * float(stdtr(data.k - 2, -abs(t)))


def _error(data: Estimates, tau2: float, test: Test) -> float:
    se = float(data.weights(tau2).sum() ** -0.5)
    if test == "normal":
        return se
    scale = math.sqrt(data.q(tau2) / (data.k - 1))
    return se * (max(1.0, scale) if test == "knapp_hartung_at_least" else scale)


def _ahead(data: Estimates, method: Method, sd: float, prob: float, half: float) -> float:
    if method == "fixed":
        return half
    if data.k < 3:
        return math.inf
    return float(stdtrit(data.k - 2, (1 + prob) / 2)) * sd


def _inconsistency(data: Estimates, tau2: float, *, fixed: bool) -> tuple[float, float]:
    """Return I² in per cent and H²."""
    if fixed:
        q, freedom = data.q(), data.k - 1
        return 100 * max(0.0, (q - freedom) / q) if q > 0 else 0.0, q / freedom
    typical = (data.k - 1) / data.traces(0.0)[0]
    return 100 * tau2 / (typical + tau2), tau2 / typical + 1

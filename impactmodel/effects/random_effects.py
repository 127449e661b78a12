"""Frequentist pooling of estimates: how much studies differ, the mean, and the next study."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from impactmodel.core.errors import InputError
from impactmodel.core.summary import check_prob

type Array = npt.NDArray[np.float64]
type Method = Literal["fixed", "DL", "REML", "ML", "PM", "SJ", "HS", "HE"]
type Test = Literal["normal", "knapp_hartung", "knapp_hartung_at_least"]

METHODS: tuple[Method, ...] = ("fixed", "DL", "REML", "ML", "PM", "SJ", "HS", "HE")
_STEPS = 1000
_SETTLED = 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates *y* with standard errors *s*, on a scale on which they are normal."""

    y: Array
    s: Array

    @classmethod
    def of(cls, y: npt.ArrayLike, s: npt.ArrayLike) -> Estimates:
        """Return estimates after checks.

        Raises
        ------
        InputError
            With fewer than two estimates, unequal lengths or an error that is not above 0.
        """
        made = cls(np.asarray(y, dtype=np.float64), np.asarray(s, dtype=np.float64))
        if made.y.ndim != 1 or made.y.shape != made.s.shape or made.y.size < 2:
            raise InputError(
                "pooling needs two estimates or more, each with its error",
                seen=f"{made.y.size} estimates, {made.s.size} errors",
            )
        if not (made.s > 0).all():
            raise InputError("a standard error is above 0", seen=float(made.s.min()))
        return made

    @property
    def k(self) -> int:
        """Number of estimates."""
        return int(self.y.size)

    def weights(self, tau2: float) -> Array:
        """Return 1 / (s² + tau²)."""
        return np.asarray(1.0 / (self.s**2 + tau2))

    def mean(self, tau2: float) -> float:
        """Return the weighted mean."""
        w = self.weights(tau2)
        return float(w @ self.y / w.sum())

    def q(self, tau2: float = 0.0) -> float:
        """Return the weighted sum of squares about the mean; Cochran's Q where tau² is 0."""
        return float(self.weights(tau2) @ (self.y - self.mean(tau2)) ** 2)

    def traces(self, tau2: float) -> tuple[float, float]:
        """Return the traces of P and PP, P the weights' projection off the mean."""
        w = self.weights(tau2)
        total, squares, cubes = (float((w**r).sum()) for r in (1, 2, 3))
        first = total - squares / total
        return first, squares - 2 * cubes / total + (squares / total) ** 2


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
    tau2 = _SPREADS[method](data)
    se = float(data.weights(tau2).sum() ** -0.5)
    if test != "normal":
        scale = math.sqrt(data.q(tau2) / (data.k - 1))
        se *= max(1.0, scale) if test == "knapp_hartung_at_least" else scale
    freedom = math.inf if test == "normal" else data.k - 1
    mean, half = data.mean(tau2), float(stats.t.ppf((1 + check_prob(prob)) / 2, freedom)) * se
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
        p=2 * float(stats.t.sf(abs(mean / se), freedom)),
        tau2=tau2,
        tau2_se=_ERRORS[method](data, tau2),
        tau2_lower=low,
        tau2_upper=high,
        q=data.q(),
        q_p=float(stats.chi2.sf(data.q(), data.k - 1)),
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


def log_likelihood(data: Estimates, tau2: float, *, restricted: bool) -> float:
    """Return the log-likelihood of tau² with the mean at its best, or integrated out."""
    w = data.weights(tau2)
    core = 0.5 * float(np.log(w).sum()) - 0.5 * data.q(tau2)
    if not restricted:
        return core - 0.5 * data.k * math.log(2 * math.pi)
    lost = 0.5 * math.log(data.k) - 0.5 * math.log(float(w.sum()))
    return core + lost - 0.5 * (data.k - 1) * math.log(2 * math.pi)


def q_profile(data: Estimates, prob: float) -> tuple[float, float]:
    """Return the Q-profile interval of tau²: where Q(tau²) meets the quantiles of chi²."""
    tail = (1 - prob) / 2
    low, high = (
        _solve_q(data, float(stats.chi2.ppf(p, data.k - 1))) for p in (1 - tail, tail)
    )
    return low, high


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
    return t, 2 * float(stats.t.sf(abs(t), data.k - 2))


def _ahead(data: Estimates, method: Method, sd: float, prob: float, half: float) -> float:
    if method == "fixed":
        return half
    if data.k < 3:
        return math.inf
    return float(stats.t.ppf((1 + prob) / 2, data.k - 2)) * sd


def _inconsistency(data: Estimates, tau2: float, *, fixed: bool) -> tuple[float, float]:
    """Return I² in per cent and H²."""
    if fixed:
        q, freedom = data.q(), data.k - 1
        return 100 * max(0.0, (q - freedom) / q) if q > 0 else 0.0, q / freedom
    typical = (data.k - 1) / data.traces(0.0)[0]
    return 100 * tau2 / (typical + tau2), tau2 / typical + 1


def _solve_q(data: Estimates, target: float) -> float:
    """Return the tau² at which the weighted sum of squares is as small as the target."""
    if data.q() <= target:
        return 0.0
    high = float(np.ptp(data.y) ** 2 + data.s.max() ** 2)
    while data.q(high) > target:
        high *= 4
    return float(optimize.brentq(lambda t: data.q(t) - target, 0.0, high, xtol=1e-300, rtol=1e-14))


def _moments(data: Estimates) -> float:
    return max(0.0, (data.q() - (data.k - 1)) / data.traces(0.0)[0])


def _hunter_schmidt(data: Estimates) -> float:
    return max(0.0, (data.q() - data.k) / float(data.weights(0.0).sum()))


def _hedges(data: Estimates) -> float:
    return max(0.0, float(data.y.var(ddof=1) - (data.s**2).mean()))


def _sidik_jonkman(data: Estimates) -> float:
    start = float(data.y.var())
    if start == 0:
        return 0.0
    w = 1 / (data.s**2 / start + 1)
    mean = w @ data.y / w.sum()
    return float(w @ (data.y - mean) ** 2) / (data.k - 1)


def _likeliest(*, restricted: bool) -> Callable[[Estimates], float]:
    def find(data: Estimates) -> float:
        widest = float(np.ptp(data.y) ** 2 + data.s.max() ** 2)
        trials = np.concatenate([[0.0], widest * np.logspace(-8, 0.5, 200)])
        heights = [log_likelihood(data, float(t), restricted=restricted) for t in trials]
        tau2 = float(trials[int(np.argmax(heights))])
        for _ in range(_STEPS):
            w = data.weights(tau2)
            curved = float((w**2) @ (data.y - data.mean(tau2)) ** 2)
            trace, information = (
                data.traces(tau2) if restricted else (float(w.sum()), float((w**2).sum()))
            )
            moved = max(0.0, tau2 + (curved - trace) / information)
            if abs(moved - tau2) <= _SETTLED * widest:
                return moved
            tau2 = moved
        raise ArithmeticError("the likelihood of tau² has no maximum that could be found")

    return find


def _error_of_moments(data: Estimates, tau2: float, scale: float) -> float:
    """Return the error of a tau² that is Q times a scale, less a constant (Q at tau² = 0)."""
    first, second = data.traces(0.0)
    inside = 2 * (data.k - 1) + 4 * tau2 * first + 2 * tau2**2 * second
    return math.sqrt(inside) * scale


def _error_by_matrix(data: Estimates, tau2: float, w: Array, scale: float) -> float:
    """Return the error of scale times the sum of squares about the mean with weights *w*."""
    p = np.diag(w) - np.outer(w, w) / w.sum()
    pv = p * data.s**2
    inside = 2 * (pv * pv.T).sum() + 4 * tau2 * (pv * p.T).sum() + 2 * tau2**2 * (p * p).sum()
    return float(math.sqrt(inside)) * scale


def _sidik_jonkman_error(data: Estimates, tau2: float) -> float:
    start = float(data.y.var())
    w = 1 / (data.s**2 + start)
    return _error_by_matrix(data, tau2, w, start / (data.k - 1))


_SPREADS: dict[Method, Callable[[Estimates], float]] = {
    "fixed": lambda _: 0.0,
    "DL": _moments,
    "REML": _likeliest(restricted=True),
    "ML": _likeliest(restricted=False),
    "PM": lambda data: _solve_q(data, data.k - 1.0),
    "SJ": _sidik_jonkman,
    "HS": _hunter_schmidt,
    "HE": _hedges,
}
_ERRORS: dict[Method, Callable[[Estimates, float], float]] = {
    "fixed": lambda *_: 0.0,
    "DL": lambda d, t: _error_of_moments(d, t, 1 / d.traces(0.0)[0]),
    "REML": lambda d, t: math.sqrt(2 / d.traces(t)[1]),
    "ML": lambda d, t: math.sqrt(2 / float((d.weights(t) ** 2).sum())),
    "PM": lambda d, t: math.sqrt(2 * d.k**2 / (d.k - 1)) / float(d.weights(t).sum()),
    "SJ": _sidik_jonkman_error,
    "HS": lambda d, t: _error_of_moments(d, t, 1 / float(d.weights(0.0).sum())),
    "HE": lambda d, t: _error_by_matrix(d, t, np.ones(d.k), 1 / (d.k - 1)),
}

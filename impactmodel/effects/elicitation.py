"""Priors from what a person can say: two quantiles of a number that the person knows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from impactmodel.core.distribution import Beta, LogNormal, Normal
from impactmodel.core.errors import InputError
from impactmodel.effects.pooling import HalfNormal
from impactmodel.effects.priors import LogitPriors
from impactmodel.evidence import Cells, Cohort

_SMALLEST, _LARGEST = -12.0, 18.0


@dataclass(frozen=True, slots=True)
class Between:
    """A statement: with probability ``prob`` the number lies between ``lower`` and ``upper``.

    As much probability is left below as above.

    Examples
    --------
    >>> normal_prior(Between(-1.959964, 1.959964, 0.95)).sd.__round__(6)
    1.0
    """

    lower: float
    upper: float
    prob: float = 0.9

    def __post_init__(self) -> None:
        if not self.upper > self.lower:
            raise InputError("the interval is empty", key="upper", seen=self.upper)
        if not 0 < self.prob < 1:
            raise InputError("a probability lies between 0 and 1", key="prob", seen=self.prob)

    @property
    def z(self) -> float:
        """Standard normal quantile of the upper end."""
        return float(special.ndtri((1 + self.prob) / 2))


def normal_prior(said: Between) -> Normal:
    """Return the normal distribution with these two quantiles.

    Examples
    --------
    >>> normal_prior(Between(0.0, 10.0)).mean
    5.0
    """
    return Normal((said.lower + said.upper) / 2, (said.upper - said.lower) / (2 * said.z))


def lognormal_prior(said: Between) -> LogNormal:
    """Return the lognormal distribution of a positive number with these two quantiles.

    Raises
    ------
    InputError
        If the lower end is not above 0.
    """
    if not said.lower > 0:
        raise InputError("a positive number has a lower end above 0", key="lower", seen=said.lower)
    low, high = math.log(said.lower), math.log(said.upper)
    middle, sd = (low + high) / 2, (high - low) / (2 * said.z)
    mean = math.exp(middle + sd**2 / 2)
    return LogNormal(mean, mean * math.sqrt(math.expm1(sd**2)))


def beta_prior(said: Between) -> Beta:
    """Return the beta distribution of a share with these two quantiles.

    Raises
    ------
    InputError
        If the ends are not inside (0, 1).

    Examples
    --------
    >>> uniform = beta_prior(Between(0.05, 0.95))
    >>> round(uniform.mean, 6), round(uniform.sd, 6)
    (0.5, 0.288675)
    """
    if not (said.lower > 0 and said.upper < 1):
        raise InputError(
            "the ends of a share lie between 0 and 1",
            key="lower",
            seen=f"{said.lower:g} to {said.upper:g}",
        )
    tail = (1 - said.prob) / 2

    def centre(total: float) -> float:
        """Return the mean at which the lower quantile is right for a + b = total."""
        return float(
            optimize.brentq(
                lambda m: special.betainc(m * total, (1 - m) * total, said.lower) - tail,
                1e-12,
                1 - 1e-12,
                xtol=1e-15,
            )
        )

    def above(log_total: float) -> float:
        total = math.exp(log_total)
        m = centre(total)
        return float(special.betainc(m * total, (1 - m) * total, said.upper)) - 1 + tail

    total = math.exp(_root(above, "no beta distribution has these quantiles"))
    mean = centre(total)
    return Beta(mean, math.sqrt(mean * (1 - mean) / (total + 1)))


def half_normal_prior(upper: float, prob: float = 0.9) -> HalfNormal:
    """Return the half-normal distribution of a spread that is below ``upper`` with ``prob``.

    Examples
    --------
    >>> round(half_normal_prior(1.959964, 0.95).scale, 6)
    1.0
    """
    if not upper > 0:
        raise InputError("this must be above 0", key="upper", seen=upper)
    if not 0 < prob < 1:
        raise InputError("a probability lies between 0 and 1", key="prob", seen=prob)
    return HalfNormal(upper / float(special.ndtri((1 + prob) / 2)))


def logit_priors(rate: Between, effect: Between, *, slope_sd: float = 1.0) -> LogitPriors:
    r"""Return priors of a logit model from what is believed on the scale of shares.

    Parameters
    ----------
    rate
        The share with the outcome without the programme.
    effect
        The effect in percentage points / 100, about no effect: ``Between(-d, d, prob)``.
    slope_sd
        Of standardised covariates, on the logit scale.

    Returns
    -------
    LogitPriors
        Intercept N(centre, sd²) with the rate's quantiles, in the comparison arm; treatment
        N(0, sd²) such that at the rate's centre an effect beyond *d* upwards has the probability
        that was stated. On the logit scale the prior is symmetric, on the scale of shares nearly.

    Raises
    ------
    InputError
        If the rate leaves (0, 1), or the effect is not symmetric or leads out of it.

    Examples
    --------
    >>> made = logit_priors(Between(0.2, 0.4), Between(-0.2, 0.2, 0.95))
    >>> round(made.base_rate, 3), round(made.intercept_sd, 3), round(made.treatment_sd, 3)
    (0.29, 0.298, 0.436)
    """
    if not (rate.lower > 0 and rate.upper < 1):
        raise InputError(
            "a rate lies between 0 and 1", key="rate", seen=f"{rate.lower:g} to {rate.upper:g}"
        )
    if not math.isclose(effect.lower, -effect.upper):
        raise InputError(
            "the prior of an effect is symmetric about no effect",
            key="effect",
            seen=f"{effect.lower:g} to {effect.upper:g}",
            fix="give -d and d; evidence in favour is data, not prior",
        )
    low, high = (float(special.logit(p)) for p in (rate.lower, rate.upper))
    base = float(special.expit((low + high) / 2))
    if not base + effect.upper < 1:
        raise InputError(
            "the effect leads out of [0, 1]", key="effect", seen=f"{base:.3g} + {effect.upper:g}"
        )
    largest = float(special.logit(base + effect.upper)) - (low + high) / 2
    return LogitPriors(
        base_rate=base,
        intercept_sd=(high - low) / (2 * rate.z),
        treatment_sd=largest / effect.z,
        slope_sd=slope_sd,
        intercept_at="control",
    )


def default_logit_priors(evidence: Cohort | Cells, outcome: str) -> LogitPriors:
    """Return logit priors with their intercept at the evidence's overall rate.

    The overall rate (half an event added to each side) says nothing of the effect; the sds are
    the library's defaults.

    Raises
    ------
    InputError
        If there is no such binary outcome.
    """
    cells = evidence.cells() if isinstance(evidence, Cohort) else evidence
    names = [m.name for m in cells.outcomes if m.kind == "binary"]
    if outcome not in names:
        raise InputError(
            "no such binary outcome", key="outcome", seen=outcome, fix=f"one of {', '.join(names)}"
        )
    at = [m.name for m in cells.outcomes].index(outcome)
    events, people = float(cells.y_sum[:, at].sum()), float(np.sum(cells.n))
    return LogitPriors(base_rate=(events + 0.5) / (people + 1.0))


def _root(f: Callable[[float], float], what: str) -> float:
    grid = np.linspace(_SMALLEST, _LARGEST, 121)
    values = []
    for x in grid:
        try:
            values.append(f(float(x)))
        except ValueError:
            values.append(math.nan)
    signs = np.sign(values)
    change = np.flatnonzero((signs[:-1] * signs[1:]) < 0)
    if not change.size:
        raise InputError(what, fix="widen or narrow the interval")
    at = int(change[-1])
    return float(optimize.brentq(f, float(grid[at]), float(grid[at + 1]), xtol=1e-13))

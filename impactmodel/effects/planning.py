"""The design stage: power, the smallest effect that shows, and how many people it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy import optimize, special

from impactmodel.core.errors import InputError
from impactmodel.effects.assurance import Assurance, Trigger, assurance
from impactmodel.effects.comparison import ComparedMeans, ComparedShares, degrees_of_freedom
from impactmodel.effects.interim import (
    SoFar,
    predictive_probability,
    predictive_probability_of_difference,
)
from impactmodel.effects.looks import Boundaries, Looks, sequential

__all__ = [
    "Assurance",
    "Boundaries",
    "Looks",
    "Sizes",
    "SoFar",
    "Trigger",
    "assurance",
    "minimum_detectable_effect",
    "power",
    "predictive_probability",
    "predictive_probability_of_difference",
    "sequential",
    "sizes",
]

type Sides = Literal[1, 2]

_MOST_PEOPLE = 100_000_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """People in each arm, and the power that they give."""

    treated: int
    comparison: int
    power: float


def power(
    plan: ComparedShares | ComparedMeans, effect: float, *, alpha: float = 0.05, sides: Sides = 2
) -> float:
    r"""Return the probability that a test of the difference finds an effect.

    .. math:: P(|T| > t_{1 - \alpha/2}), \quad T \sim t_\nu(\text{effect} / SE)

    with *T* noncentral t for means and for clusters. Shares are tested as normal, with the pooled
    share's error under no effect:
    :math:`\Phi\!\left(\frac{\text{effect} - z\,SE_0}{SE_1}\right)` and the opposite tail.

    Parameters
    ----------
    plan
        `ComparedShares` or `ComparedMeans`.
    effect
        The true difference, in the unit of the outcome.
    alpha
        Probability of a finding without an effect.
    sides
        2, or 1 for a test of effects above 0 only.

    Examples
    --------
    >>> round(power(ComparedMeans(1.0, 64, 64), 0.5), 4)
    0.8015
    >>> round(power(ComparedShares(0.3, 50, 50), 0.0), 4)
    0.05
    """
    _require_share(alpha, "alpha")
    null, real = plan.errors(effect)
    freedom = degrees_of_freedom(plan)
    tail = alpha / sides
    if math.isinf(freedom):
        z = float(special.ndtri(1 - tail))
        found = float(special.ndtr((effect - z * null) / real))
        opposite = float(special.ndtr((-effect - z * null) / real))
    else:
        t = -float(special.stdtrit(freedom, tail)) * null / real
        found = float(special.nctdtr(freedom, -effect / real, -t))
        opposite = float(special.nctdtr(freedom, effect / real, -t))
    return found + (opposite if sides == 2 else 0.0)


def minimum_detectable_effect(
    plan: ComparedShares | ComparedMeans,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    sides: Sides = 2,
) -> float:
    """Return the smallest effect above 0 that is found with a given probability.

    Raises
    ------
    InputError
        If no possible effect has this power.

    Examples
    --------
    >>> round(minimum_detectable_effect(ComparedMeans(1.0, 64, 64)), 3)
    0.499
    """
    _require_share(power, "power")

    def short(effect: float) -> float:
        return _power(plan, effect, alpha=alpha, sides=sides) - power

    if short(0.0) >= 0:
        raise InputError("the power is not above alpha", key="power", seen=power)
    high = min(4 * plan.standard_error(0.0), plan.largest_effect)
    while short(high) < 0:
        if high >= plan.largest_effect:
            raise InputError(
                "no possible effect has this power",
                key="power",
                seen=power,
                fix="plan more people",
            )
        high = min(2 * high, plan.largest_effect)
    return float(optimize.brentq(short, 0.0, high, xtol=1e-12 * high))


def sizes(
    plan: ComparedShares | ComparedMeans,
    effect: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    ratio: float = 1.0,
    fixed_treated: int | None = None,
) -> Sizes:
    """Return the fewest people with which a two-sided test has a given power.

    Parameters
    ----------
    plan
        Its sizes are replaced; clusters keep their size.
    effect
        The true difference.
    power, alpha
        Of the test.
    ratio
        People in the comparison per person treated.
    fixed_treated
        The cohort where it is given: only the comparison is then sought.

    Raises
    ------
    InputError
        If no number of people suffices: with a given cohort or with sites whose effects differ,
        the error does not fall to 0.

    Examples
    --------
    >>> sizes(ComparedMeans(1.0, 2, 2), 0.5).treated
    64
    """
    _require_share(power, "power")
    if not ratio > 0:
        raise InputError("this must be above 0", key="ratio", seen=ratio)
    least = 2 if not hasattr(plan.allotment, "size") else math.ceil(2 * plan.allotment.size)

    def at(n: int) -> ComparedShares | ComparedMeans:
        if fixed_treated is not None:
            return plan.resized(fixed_treated, n)
        return plan.resized(n, max(2, math.ceil(ratio * n)))

    def enough(n: int) -> bool:
        return _power(at(n), effect, alpha=alpha) >= power

    high = least
    while not enough(high):
        if high > _MOST_PEOPLE:
            raise InputError(
                "no number of people has this power",
                key="fixed_treated" if fixed_treated is not None else "plan.allotment",
                fix="treat more people or more sites, or accept a larger effect",
            )
        high *= 2
    low = max(least, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    made = at(high)
    return Sizes(made.treated, made.comparison, _power(made, effect, alpha=alpha))


# Under this name where `power` is an argument.
_power = power


def _require_share(value: float, key: str) -> None:
    if not 0 < value < 1:
        raise InputError("a probability lies between 0 and 1", key=key, seen=value)

"""The price that meets a target: finance sees payments as a function of the price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.finance.cashflows import CashFlows
from impactmodel.finance.returns import present_value, returns, years_of

type Criterion = Literal["expected_npv", "median_irr", "probability_of_loss"]


@dataclass(frozen=True, slots=True)
class SolvedPrice:
    """A price that meets a target.

    Parameters
    ----------
    price
        The price.
    achieved
        The criterion's value at the price, recomputed: the expected NPV at the target rate, the
        median rate, or the probability of loss.
    criterion, target
        What was asked for.
    evaluations
        How many times payments were computed.
    """

    price: float
    achieved: float
    criterion: Criterion
    target: float
    evaluations: int


def solve(
    flows_at: Callable[[float], CashFlows],
    *,
    target: float,
    criterion: Criterion = "expected_npv",
    highest: float = 1e9,
) -> SolvedPrice:
    r"""Return the lowest price that meets a target, with the same draws at every price.

    ``expected_npv`` (default): :math:`E[\sum_t c_t (1 + target)^{-t}] = 0`: investors earn the
    target rate on average. ``median_irr``: half of the draws reach the target rate.
    ``probability_of_loss``: at most the target share of draws loses money.

    Parameters
    ----------
    flows_at
        Cash flows at a price. Investors must not lose by a higher price.
    target
        A rate per year, or a probability.
    highest
        Highest price that is tried.

    Raises
    ------
    InputError
        If even the highest price does not meet the target (a cap, no effect), with the best value
        that was reached; or if a price of 0 meets it already.
    """
    count = 0
    # Where payments are linear in the price two evaluations give the answer; elsewhere they
    # start the bracket.

    def gap(price: float) -> float:
        nonlocal count
        count += 1
        flows = flows_at(price)
        if criterion == "expected_npv":
            return float(present_value(flows.investor, years_of(flows), target).mean())
        result = returns(flows)
        if criterion == "probability_of_loss":
            return target - result.probability_of_loss
        median = result.summary()["irr"]["median"]
        return (-1.0 if median is None else median) - target

    price = _root(gap, highest, criterion)
    achieved = gap(price)
    shown = {
        "expected_npv": achieved,
        "median_irr": achieved + target,
        "probability_of_loss": target - achieved,
    }[criterion]
    return SolvedPrice(price, shown, criterion, target, count)


def _root(gap: Callable[[float], float], highest: float, criterion: Criterion) -> float:
    from scipy.optimize import brentq

    at_zero = gap(0.0)
    if at_zero >= 0:
        raise InputError(
            "a price of 0 meets the target already",
            key="target",
            fix="the investors need no such payment",
        )
    high, at_high = 1.0, gap(1.0)
    while at_high < 0:
        guess = -at_zero / (at_high - at_zero) * high if at_high > at_zero else 0.0
        if criterion == "expected_npv" and high < guess <= highest:
            at_guess = gap(guess)
            if abs(at_guess) <= 1e-9 * abs(at_zero):
                return guess
            if at_guess > 0:
                high, at_high = guess, at_guess
                break
        if high >= highest:
            raise InputError(
                f"no price up to {highest:,.0f} meets the target; the best gap is {at_high:,.4g}",
                key="target",
                fix="raise the caps, lower the target, or check the effect",
            )
        high = min(max(high * 10, guess * 1.5 if guess < highest else 0.0), highest)
        at_high = gap(high)
    if criterion == "probability_of_loss":
        return _first_that_meets(gap, high)
    return float(brentq(gap, 0.0, high, xtol=1e-9, rtol=1e-12))


def _first_that_meets(gap: Callable[[float], float], high: float) -> float:
    """Bisect a criterion that moves in steps of one draw: the lowest price known to meet it."""
    low = 0.0
    while high - low > 1e-6 * max(1.0, high):
        middle = (low + high) / 2
        low, high = (low, middle) if gap(middle) >= 0 else (middle, high)
    return high

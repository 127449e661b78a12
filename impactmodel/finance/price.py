"""The price that meets a target: finance sees payments as a function of the price."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.finance.irr import year_fractions
from impactmodel.finance.pricing_targets import Target
from impactmodel.finance.returns import present_value

if TYPE_CHECKING:
    from impactmodel.finance.cashflows import CashFlows

type Draws = NDArray[np.float64]

EXACT = 1e-9
"""A gap below this share of the gap at price 0 is none."""
CLOSE = 1e-10
"""Relative accuracy of a price that is searched for."""
PATIENCE = 20
"""Steps of false position before intervals are halved."""


@dataclass(frozen=True, slots=True)
class SolvedPrice:
    """A price that meets a target.

    Parameters
    ----------
    price
        The price.
    achieved
        The criterion's value at the price, recomputed from cash flows at that price; see the
        target's ``achieved``.
    target
        What was asked for.
    evaluations
        How many times cash flows were computed.
    """

    price: float
    achieved: float
    target: Target
    evaluations: int


def solve(
    flows_at: Callable[[float], CashFlows],
    target: Target,
    *,
    start: float = 1.0,
    lowest: float = 0.0,
    highest: float = 1e9,
    accuracy: float = CLOSE,
) -> SolvedPrice:
    """Return the price that meets a target, with the same draws at every price.

    Of a target of investors the lowest price, of `PayerValue` the highest. Where flows are linear
    in the price, the line through two prices is the answer and a third evaluation confirms it;
    elsewhere the root is bracketed and searched for. A criterion that counts draws is bisected.

    Parameters
    ----------
    flows_at
        Cash flows at a price. Investors must not lose, and payers not gain, by a higher price.
    start
        A price of the right order.
    lowest, highest
        The prices that are tried lie between.
    accuracy
        Relative, of a price that is searched for.

    Raises
    ------
    InputError
        If even the highest price does not meet the target of investors (a cap, no effect), with
        the best value that was reached; if the lowest price meets it already, or does not
        leave a payer its value; or if the highest price still does.
    """
    search = _Search(flows_at, target, lowest, highest, accuracy)
    price = search.price(start)
    return SolvedPrice(price, search.seen[price], target, len(search.seen))


def linear_price(fixed: Draws, per_unit: Draws, dates: Sequence[dt.date], rate: float) -> float:
    r"""Return the price at which flows that are linear in it earn a rate on average.

    .. math:: p = -E\left[\sum_t a_t v^t\right] / E\left[\sum_t b_t v^t\right], \quad v = 1/(1+r)

    Parameters
    ----------
    fixed, per_unit
        The investors' flows are ``fixed + price * per_unit``, each of shape (draw, date).
    dates, rate
        Of the flows; the rate per year of 365 days.

    Raises
    ------
    InputError
        If a higher price brings investors nothing.

    Examples
    --------
    >>> days = [dt.date(2023, 1, 1), dt.date(2024, 1, 1)]
    >>> linear_price(np.array([[-100.0, 0.0]]), np.array([[0.0, 11.0]]), days, 0.1).__round__(9)
    10.0
    """
    years = year_fractions(dates)
    brings = float(present_value(per_unit, years, rate).mean())
    if not brings > 0:
        raise InputError("a higher price brings investors nothing", key="per_unit", seen=brings)
    return -float(present_value(fixed, years, rate).mean()) / brings


class _Search:
    """The prices that were tried; a gap rises with the price, from before to past the answer."""

    def __init__(
        self,
        flows_at: Callable[[float], CashFlows],
        target: Target,
        lowest: float,
        highest: float,
        accuracy: float,
    ) -> None:
        self.flows_at, self.target, self.lowest, self.highest = flows_at, target, lowest, highest
        self.accuracy = accuracy
        self.seen: dict[float, float] = {}

    def gap(self, price: float) -> float:
        """Return the target's gap, turned so that it rises with the price."""
        if price not in self.seen:
            self.seen[price] = self.target.achieved(self.flows_at(price))
        gap = self.target.gap(self.seen[price])
        return gap if self.target.rising else -gap

    def before(self, price: float) -> bool:
        """Return whether the answer lies above a price (a payer's lies above all it can pay)."""
        gap = self.gap(price)
        return gap < 0 if self.target.rising else gap <= 0

    def price(self, start: float) -> float:
        """Return the answer."""
        low = self.lowest
        if not self.before(low):
            what = f"a price of {low:g} meets the target already"
            fix = "the investors need no such payment"
            if not self.target.rising:
                what = f"even a price of {low:g} does not leave the payer its value"
                fix = "check the value"
            raise InputError(what, key="target", fix=fix)
        at_low, at_start = self.gap(low), self.gap(start)
        if not self.target.steps and at_start > at_low:
            guess = low - at_low / (at_start - at_low) * (start - low)
            if guess <= self.highest and abs(self.gap(guess)) <= EXACT * abs(at_low):
                return guess
        self._bracket()
        return self._bisected() if self.target.steps else self._searched()

    def _bracket(self) -> None:
        """Try higher prices until one is past the answer."""
        high = max(self.seen)
        while self.before(high):
            if high >= self.highest:
                raise InputError(
                    f"no price up to {self.highest:,.0f} meets the target; the best gap is "
                    f"{self.gap(high):,.4g}",
                    key="target",
                    fix="raise the caps, lower the target, or check the effect",
                )
            # Twice as far as the line through the last two, at most ten times the price.
            last = sorted(self.seen)[-2]
            slope = (self.gap(high) - self.gap(last)) / (high - last)
            ahead = high - 2 * self.gap(high) / slope if slope > 0 else np.inf
            high = min(max(ahead, high * 1.01), high * 10, self.highest)

    def _bounds(self) -> tuple[float, float]:
        low = max(price for price in self.seen if self.before(price))
        return low, min(price for price in self.seen if not self.before(price))

    def _searched(self) -> float:
        """Return the root between the bounds by false position, kept from stalling.

        The end that stays is given less weight (Anderson and Björck 1973,
        doi:10.1007/BF01951936): few evaluations where the gap bends, and the bracket holds.
        """
        (low, high), tiny = self._bounds(), EXACT * abs(self.gap(self.lowest))
        at_low, at_high = self.gap(low), self.gap(high)
        new, at_new = (low, at_low) if abs(at_low) < abs(at_high) else (high, at_high)
        moved, count = "", 0
        while abs(at_new) > tiny and high - low > self.accuracy * high:
            count += 1
            new = high - at_high * (high - low) / (at_high - at_low)
            # Where the gap jumps, as with whole people, only halving is sure.
            if not low < new < high or count > PATIENCE:
                new = (low + high) / 2
            at_new = self.gap(new)
            side = "low" if at_new < 0 else "high"
            keep = 1 - at_new / (at_low if side == "low" else at_high)
            weight = (keep if keep > 0 else 0.5) if moved == side else 1.0
            if side == "low":
                low, at_low, at_high = new, at_new, at_high * weight
            else:
                high, at_high, at_low = new, at_new, at_low * weight
            moved = side
        return new

    def _bisected(self) -> float:
        """Return the price next to where a criterion that counts draws moves past the target."""
        low, high = self._bounds()
        while high - low > self.accuracy * high:
            middle = (low + high) / 2
            low, high = (middle, high) if self.before(middle) else (low, middle)
        return high if self.target.rising else low

"""The waterfall: what is paid in each month, to whom, out of what."""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.finance.accounts import Account, Accounts
from impactmodel.finance.day_counts import year_fraction
from impactmodel.finance.outlays import Outlays, deferrable
from impactmodel.finance.protection import CostGuarantee, PrincipalGuarantee
from impactmodel.finance.structure import FundingStructure
from impactmodel.finance.tranches import PROVIDER

type Draws = NDArray[np.float64]

FILLED = ("service_costs", "unfunded", "surplus", "cash", "interest")
"""What is filled in month by month."""
CENT = 0.005
"""Half a cent: amounts below it are rounding."""


class Waterfall:
    """The months of one fund, for all draws at once; arrays are of shape (month, draw).

    Each month: outcome payments come in; amounts owed to payers are paid from cash, then fees and
    service costs from cash above the reserve, as far as recycling allows; what is left of all
    these from undrawn commitments, then from the reserve; a guarantee of costs pays what is
    missing, the rest is unfunded. On a day of distribution cash beyond what must be kept for
    planned costs goes to the tranches in their order. Of what they leave bonuses and performance
    fees take their shares; a tranche without a cap, or the receiver of the surplus, takes the
    rest. At the end guarantees of principal pay. Cash that is held may bear interest.
    """

    def __init__(
        self,
        structure: FundingStructure,
        dates: tuple[dt.date, ...],
        outlays: Outlays,
        net: Draws,
        paying: NDArray[np.int64],
    ) -> None:
        months, n_draws = net.shape
        self.structure, self.dates = structure, dates
        self.values = {name: np.zeros((months, n_draws)) for name in FILLED}
        # Mostly nothing is owed, and bills are the same in all draws: one column holds them.
        owes = bool((net[paying] < 0).any())
        self.values["received"] = np.maximum(net, 0.0) if owes else net
        self.values["owed"] = np.maximum(-net, 0.0) if owes else np.zeros((months, 1))
        self.accounts = Accounts(structure, months, n_draws)
        self.called = [np.zeros((months, n_draws)) for _ in structure.guarantees]
        self.bonuses = [np.zeros((months, n_draws)) for _ in structure.bonuses]
        self.costs, self.fees = outlays.costs, outlays.fees
        self.waits: list[tuple[Account, Draws]] = []
        self._deferral()
        self.need = self.costs + self.fees
        self.values["fees"] = self.fees
        self.limit = self._draw_limits()
        limit = structure.recycling.limit
        self.recyclable = np.array([np.inf if limit is None else limit])
        self.paying = np.isin(np.arange(months), paying)
        self.distributing = structure.distributions.open_on(dates)
        self.moving = self._moving()

    def run(self) -> None:
        """Fill in the months one after another."""
        later, later_owed, uncovered = (
            _sums_of_later(part)
            for part in (
                self.need + self.values["owed"],
                self.values["owed"],
                np.maximum(self.need + self.values["owed"] - self.limit, 0.0),
            )
        )
        received = self.values["received"]
        cash, years = np.zeros(1), 0.0
        for month, day in enumerate(self.dates):
            years += self._years(self.dates[month - 1], day) if month else 0.0
            if not self.moving[month]:
                self.values["cash"][month] = cash
                continue
            self.accounts.accrue(years)
            cash = cash + self._interest(month, cash, years)
            years = 0.0
            # Until somebody pays, what is the same in every draw is computed once.
            cash = self._pay_bills(month, cash + received[month] if self.paying[month] else cash)
            if not self.distributing[month]:
                self.values["cash"][month] = cash
                continue
            keep = np.maximum(later[month] - self.accounts.undrawn(), uncovered[month])
            keep = np.minimum(np.maximum(keep, 0.0), self.recyclable + later_owed[month])
            reserve = np.minimum(self.structure.recycling.reserve, self.recyclable)
            keep = np.maximum(keep, np.where(later[month] > CENT, reserve, 0.0))
            free = np.maximum(cash - keep, 0.0)
            if free.any():
                self._distribute(month, free)
                cash = cash - free
            self.values["cash"][month] = cash
        self._call_guarantees()

    def _deferral(self) -> None:
        """Take what payees wait for out of the bills; deferrals follow from the bills alone."""
        for account, terms in self.accounts.deferred:
            bills = self.costs if terms.of == PROVIDER else self.fees
            waits = deferrable(bills, terms.share, terms.commitment)
            self.waits.append((account, waits))
            if terms.of == PROVIDER:
                self.costs = np.maximum(self.costs - waits, 0.0)
            else:
                self.fees = np.maximum(self.fees - waits, 0.0)

    def _draw_limits(self) -> Draws:
        """Return the most that can be drawn in each month, shape (month, 1)."""
        terms = self.structure.drawdown
        most = np.inf if terms.per_month is None else terms.per_month
        closed = [terms.until is not None and day > terms.until for day in self.dates]
        return np.where(closed, 0.0, most)[:, None]

    def _moving(self) -> NDArray[np.bool_]:
        """Return whether money moves in a month; in others what is kept stays as it was."""
        moving = self.paying | self.need.any(axis=1)
        for _, waits in self.waits:
            moving |= waits.any(axis=1)
        if self.structure.idle_cash is not None:
            moving[:] = True
        # A month in which cash that was held may be paid out; without a calendar none is held.
        if not self.distributing.all():
            moving |= self.distributing
        moving[[0, -1]] = True
        return moving

    def _interest(self, month: int, cash: Draws, years: float) -> Draws:
        terms = self.structure.idle_cash
        if terms is None:
            return np.zeros(1)
        interest: Draws = cash * (terms.rate * years)
        self.values["interest"][month] = interest
        return interest

    def _years(self, before: dt.date, day: dt.date) -> float:
        return year_fraction(before, day, self.structure.payment_terms.day_count)

    def _pay_bills(self, month: int, cash: Draws) -> Draws:
        """Pay what falls due; return the cash that is left."""
        for account, waits in self.waits:
            account.draw(month, waits[month])
        owed, need = self.values["owed"][month], self.need[month]
        from_cash = np.minimum(cash, owed)
        cash = cash - from_cash
        above = np.maximum(cash - self.structure.recycling.reserve, 0.0)
        recycled = self._recycle(np.minimum(above, need))
        wanted = owed - from_cash + need - recycled
        drawn = self.accounts.draw(month, np.minimum(wanted, self.limit[month]))
        from_reserve = self._recycle(np.minimum(cash - recycled, wanted - drawn))
        short = wanted - drawn - from_reserve
        unfunded = np.minimum(short, self.costs[month])
        _require_fees_paid(short - unfunded, self.dates[month])
        unfunded = self._cover_costs(month, unfunded)
        self.values["unfunded"][month] = unfunded
        self.values["service_costs"][month] = self.costs[month] - unfunded
        return np.asarray(cash - recycled - from_reserve)

    def _recycle(self, amount: Draws) -> Draws:
        """Return how much of an amount of cash may pay for costs, and count it."""
        used: Draws = np.minimum(amount, self.recyclable)
        self.recyclable = self.recyclable - used
        return used

    def _cover_costs(self, month: int, unfunded: Draws) -> Draws:
        for guarantee, called in zip(self.structure.guarantees, self.called, strict=True):
            if isinstance(guarantee, CostGuarantee):
                left = guarantee.amount - called[:month].sum(axis=0)
                called[month] = np.minimum(unfunded, left)
                unfunded = unfunded - called[month]
        return unfunded

    def _distribute(self, month: int, free: Draws) -> None:
        rest = left = self.accounts.repay(month, free)
        terms = zip(self.structure.bonuses, self.bonuses, self.accounts.hurdles, strict=True)
        # Bonuses first: what they take does not count towards a hurdle.
        for bonus, paid, hurdle in sorted(terms, key=lambda one: one[2] is not None):
            shared = left if hurdle is None else np.maximum(rest - hurdle.missing, 0.0)
            most = np.inf if bonus.cap is None else bonus.cap - paid[:month].sum(axis=0)
            paid[month] = np.minimum(bonus.share * shared, most)
            rest = rest - paid[month]
        if self.accounts.residual is not None:
            self.accounts.residual.take(month, rest)
        else:
            self.values["surplus"][month] = rest

    def _call_guarantees(self) -> None:
        """Let guarantees of principal pay what their tranches have lost."""
        for guarantee, called in zip(self.structure.guarantees, self.called, strict=True):
            if isinstance(guarantee, PrincipalGuarantee):
                account = self.accounts.all[self.structure.tranche(guarantee.tranche).name]
                lost = np.maximum(account.lost() - guarantee.retention, 0.0)
                called[-1] = np.minimum(guarantee.share * lost, guarantee.amount)
                account.covered += called[-1]


def _sums_of_later(part: Draws) -> Draws:
    """Return for each month the sum over the months after it."""
    sums = np.zeros_like(part)
    sums[:-1] = np.cumsum(part[:0:-1], axis=0)[::-1]
    return sums


def _require_fees_paid(short: Draws, day: dt.date) -> None:
    if (short > 1e-6).any():
        share = float((short > 1e-6).mean())
        raise InputError(
            f"in {share:.0%} of draws the fund cannot pay its fees or what it owes on {day}",
            key="senior.commitment",
            fix="raise a commitment or lower the fees",
        )

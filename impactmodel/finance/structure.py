"""The funding structure: enrolment, costs, tranches, guarantees, and the order of payments."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from pathlib import Path
from typing import Literal

from impactmodel.core.calendars import Calendar, Roll
from impactmodel.core.errors import InputError
from impactmodel.core.money import check_currency
from impactmodel.core.spec import load_yaml, spec
from impactmodel.finance.bonuses import Bonus
from impactmodel.finance.costs import Fees, ServiceCosts
from impactmodel.finance.day_counts import DayCount
from impactmodel.finance.distributions import Distributions
from impactmodel.finance.idle_cash import IdleCash
from impactmodel.finance.protection import Guarantee, PrincipalGuarantee
from impactmodel.finance.referrals import Enrolment
from impactmodel.finance.tranches import (
    VEHICLE,
    Deferred,
    FirstLoss,
    Grant,
    Senior,
    Subordinate,
    Tranche,
    cap_of,
)


@spec
class Drawdown:
    """How commitments are drawn.

    Parameters
    ----------
    order
        Grants first, then first-loss capital, then the others: ``pro_rata`` to their commitments,
        or ``junior_first``: the last to be repaid is drawn first.
    per_month
        Most that all tranches together pay in in a month.
    until
        Nothing is drawn after this date.
    """

    order: Literal["pro_rata", "junior_first"] = "pro_rata"
    per_month: float | None = None
    until: dt.date | None = None

    def __post_init__(self) -> None:
        if self.per_month is not None and not self.per_month > 0:
            raise InputError("a limit is above 0", key="per_month", seen=self.per_month)


@spec
class Recycling:
    """How far outcome payments that come early pay for costs instead of being distributed.

    Parameters
    ----------
    limit
        Most that is used so; None: without limit, 0: nothing.
    reserve
        Cash that is kept back from distribution while costs are still to come; it pays for costs,
        under the same limit, when commitments no longer do.
    """

    limit: float | None = None
    reserve: float = 0.0

    def __post_init__(self) -> None:
        for key in ("limit", "reserve"):
            amount = getattr(self, key)
            if amount is not None and amount < 0:
                raise InputError("an amount is not negative", key=key, seen=amount)


@spec
class PaymentTerms:
    """When money moves.

    Parameters
    ----------
    lag_days
        Days from the due date of an outcome payment to its receipt: business days of the
        calendar, or calendar days under ``none``.
    calendar, roll
        A date on which no business is done is moved.
    day_count
        For what return caps accrue. Rates of return always use actual days / 365.
    """

    lag_days: int = 0
    calendar: Calendar = "none"
    roll: Roll = "modified_following"
    day_count: DayCount = "act/365"

    def __post_init__(self) -> None:
        if self.lag_days < 0:
            raise InputError("a lag is not negative", key="lag_days", seen=self.lag_days)


@spec
class FundingStructure:
    """Who funds the service before outcomes are paid for.

    Parameters
    ----------
    name, currency, price_base
        Title, currency and price level of every amount.
    start
        Day of the first planned referral and the first cost.
    senior, subordinate
        Tranches in the order of repayment; `FirstLoss` is always last.
    enrolment, service_costs, fees, drawdown, recycling, payment_terms
        See their own pages. Without ``enrolment`` only fixed costs and set-up are paid.
    guarantees
        Of principal or of costs.
    waterfall
        ``by_tranche``: each tranche gets principal and return before the next;
        ``principal_first``: principal of all in order, then returns of all in order.
    bonuses
        Shares of what is left, performance fees among them; then the tranche without a cap, if
        there is one, takes the rest.
    surplus_to
        Who receives the rest otherwise.
    distributions
        When cash is distributed; by default every month.
    idle_cash
        Interest on the cash that is held; None: none.
    termination
        Referrals, service and its costs stop at this date.
    assumed
        Whether the terms are assumptions that no source states.
    """

    name: str
    currency: str
    start: dt.date
    senior: Senior
    subordinate: tuple[Subordinate, ...] = ()
    enrolment: Enrolment | None = None
    service_costs: ServiceCosts = field(default_factory=ServiceCosts)
    fees: Fees = field(default_factory=Fees)
    guarantees: tuple[Guarantee, ...] = ()
    drawdown: Drawdown = field(default_factory=Drawdown)
    recycling: Recycling = field(default_factory=Recycling)
    waterfall: Literal["by_tranche", "principal_first"] = "by_tranche"
    bonuses: tuple[Bonus, ...] = ()
    surplus_to: str = "provider"
    distributions: Distributions = field(default_factory=Distributions)
    idle_cash: IdleCash | None = None
    payment_terms: PaymentTerms = field(default_factory=PaymentTerms)
    termination: dt.date | None = None
    price_base: str = ""
    source: str = ""
    assumed: bool = False

    def __post_init__(self) -> None:
        check_currency(self.currency)
        if self.termination is not None and self.termination <= self.start:
            raise InputError(
                "the fund ends before it starts", key="termination", seen=self.termination
            )
        names = [tranche.name for tranche in self.tranches]
        for name in names:
            if names.count(name) > 1 or name == VEHICLE:
                raise InputError(
                    "every tranche needs a name of its own", key="subordinate", seen=name
                )
        self._check_shares(names)

    def _check_shares(self, names: list[str]) -> None:
        free = [t.name for t in self.repaid if cap_of(t) is None]
        if len(free) > 1:
            raise InputError(
                "only one tranche can take what is left",
                key="return_cap",
                seen=", ".join(free),
                fix="give all but one a return cap",
            )
        if sum(bonus.share for bonus in self.bonuses) > 1 + 1e-12:
            raise InputError("the bonuses share out more than there is", key="bonuses")
        for place, bonus in enumerate(self.bonuses):
            if bonus.hurdle is not None and not free:
                raise InputError(
                    "a hurdle is what a tranche without a return cap must earn first, and every "
                    "tranche has one",
                    key=f"bonuses[{place}].hurdle",
                    fix="leave the hurdle out: a bonus waits for all return caps anyway",
                )
        for place, guarantee in enumerate(self.guarantees):
            protected = guarantee.tranche if isinstance(guarantee, PrincipalGuarantee) else ""
            if protected and protected not in names:
                raise InputError(
                    "no tranche has this name",
                    key=f"guarantees[{place}].tranche",
                    seen=protected,
                    fix="name one of " + ", ".join(names),
                )

    @classmethod
    def from_yaml(cls, path: str | Path) -> FundingStructure:
        """Read a structure; raise `InputError` with file, line and key of what cannot be used."""
        return load_yaml(cls, path)

    @property
    def tranches(self) -> tuple[Tranche, ...]:
        """Every tranche, as listed."""
        return (self.senior, *self.subordinate)

    @property
    def repaid(self) -> tuple[Tranche, ...]:
        """The tranches that are repaid, in their order."""
        last = [t for t in self.tranches if isinstance(t, FirstLoss)]
        return (*(t for t in self.tranches if not isinstance(t, (FirstLoss, Grant))), *last)

    @property
    def drawn(self) -> tuple[tuple[Tranche, ...], ...]:
        """The tranches that pay in cash, in the order of drawing; those of a group pro rata."""
        grants = [t for t in self.tranches if isinstance(t, Grant)]
        first = [t for t in self.tranches if isinstance(t, FirstLoss)]
        rest = [t for t in self.tranches if not isinstance(t, (Grant, FirstLoss, Deferred))]
        others = [tuple(rest)] if self.drawdown.order == "pro_rata" else [(t,) for t in rest[::-1]]
        return (*((t,) for t in (*grants, *first)), *others)

    def tranche(self, name: str = "") -> Tranche:
        """Return a tranche by name; the senior by default.

        Raises
        ------
        InputError
            If no tranche has the name.
        """
        found = [t for t in self.tranches if t.name == (name or self.senior.name)]
        if not found:
            known = ", ".join(t.name for t in self.tranches)
            raise InputError(
                "no tranche has this name", key="tranche", seen=name, fix=f"name one of {known}"
            )
        return found[0]

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Terms that no source states."""
        return (f"the terms of the fund '{self.name}' are assumed",) if self.assumed else ()

"""The funding structure: enrolment, costs, fees, a senior tranche and a guarantee."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from pathlib import Path

from impactmodel.core.distribution import Uncertain, mean
from impactmodel.core.errors import InputError
from impactmodel.core.money import check_currency
from impactmodel.core.spec import load_yaml, spec


@spec
class Enrolment:
    """How people come: referred month by month, taking up the service, dropping out of it.

    Parameters
    ----------
    referrals_per_month
        People assigned to the programme each month; one draw per draw of the outcomes.
    months
        Months of referrals, from the fund's start.
    take_up
        Share of the assigned who start.
    drop_out_per_month
        Share of the active who leave each month.
    service_months
        Months of service for who stays.
    """

    referrals_per_month: Uncertain
    months: int = 1
    take_up: Uncertain = 1.0
    drop_out_per_month: Uncertain = 0.0
    service_months: int = 1

    def __post_init__(self) -> None:
        for key in ("months", "service_months"):
            if getattr(self, key) < 1:
                raise InputError(
                    "there must be a month", key=key, seen=getattr(self, key), fix="give at least 1"
                )
        if not mean(self.referrals_per_month) > 0:
            raise InputError("nobody is referred", key="referrals_per_month")
        for key in ("take_up", "drop_out_per_month"):
            if not 0 <= mean(getattr(self, key)) <= 1:
                raise InputError(
                    "a share lies between 0 and 1",
                    key=key,
                    seen=mean(getattr(self, key)),
                    fix="write 40 % as 0.4",
                )


@spec
class ServiceCosts:
    """What the service costs, in the fund's currency.

    Parameters
    ----------
    set_up
        Once, at the fund's start.
    per_participant
        When a person starts.
    per_participant_month
        For each person and month of service.
    fixed_per_month
        For each month with service, or ``fixed_months`` where it is stated.
    """

    set_up: float = 0.0
    per_participant: Uncertain = 0.0
    per_participant_month: Uncertain = 0.0
    fixed_per_month: float = 0.0
    fixed_months: int | None = None

    def __post_init__(self) -> None:
        for key in ("set_up", "per_participant", "per_participant_month", "fixed_per_month"):
            if mean(getattr(self, key)) < 0:
                raise InputError("a cost is not negative", key=key, seen=mean(getattr(self, key)))
        if self.fixed_months is not None and self.fixed_months < 1:
            raise InputError("there must be a month", key="fixed_months", seen=self.fixed_months)


@spec
class Fees:
    """What the fund itself costs.

    Parameters
    ----------
    arrangement
        Share of the senior commitment, paid at the start.
    management_per_month
        Amount per month of the fund's life.
    evaluation
        Amount, paid with the first month after the last referral.
    """

    arrangement: float = 0.0
    management_per_month: float = 0.0
    evaluation: float = 0.0

    def __post_init__(self) -> None:
        for key in ("arrangement", "management_per_month", "evaluation"):
            if getattr(self, key) < 0:
                raise InputError("a fee is not negative", key=key, seen=getattr(self, key))
        if self.arrangement >= 1:
            raise InputError(
                "the arrangement fee is a share",
                key="arrangement",
                seen=self.arrangement,
                fix="write 2 % as 0.02",
            )


@spec
class Senior:
    """The senior tranche: drawn as costs need it, repaid from outcome payments.

    Parameters
    ----------
    commitment
        Most that is drawn.
    return_cap
        Highest internal rate of return per year that it may earn; None for no cap.
    name
        The investor's name in cash flows.
    """

    commitment: float
    return_cap: float | None = None
    name: str = "investors"

    def __post_init__(self) -> None:
        if not self.commitment > 0:
            raise InputError("a commitment is above 0", key="commitment", seen=self.commitment)
        if self.return_cap is not None and not self.return_cap > -1:
            raise InputError(
                "a return cap is above -100 %",
                key="return_cap",
                seen=self.return_cap,
                fix="write 5 % as 0.05",
            )


@spec
class Guarantee:
    """A guarantee of principal: at the end it pays what the senior tranche lost, up to a limit."""

    amount: float
    guarantor: str = "guarantor"

    def __post_init__(self) -> None:
        if not self.amount > 0:
            raise InputError("a guarantee is above 0", key="amount", seen=self.amount)


@spec
class FundingStructure:
    """Who funds the service before outcomes are paid for.

    Parameters
    ----------
    name, currency, price_base
        Title, currency and price level of every amount.
    start
        Day of the first referral and the first cost.
    senior
        The investors' tranche.
    enrolment, service_costs, fees, guarantee
        See their own pages. Without ``enrolment`` only fixed costs and set-up are paid.
    surplus_to
        Who receives what the return cap leaves.
    termination
        Referrals, service and its costs stop at this date.
    assumed
        Whether the terms are assumptions that no source states.
    """

    name: str
    currency: str
    start: dt.date
    senior: Senior
    enrolment: Enrolment | None = None
    service_costs: ServiceCosts = field(default_factory=ServiceCosts)
    fees: Fees = field(default_factory=Fees)
    guarantee: Guarantee | None = None
    surplus_to: str = "provider"
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

    @classmethod
    def from_yaml(cls, path: str | Path) -> FundingStructure:
        """Read a structure; raise `InputError` with file, line and key of what cannot be used."""
        return load_yaml(cls, path)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Terms that no source states."""
        return (f"the terms of the fund '{self.name}' are assumed",) if self.assumed else ()

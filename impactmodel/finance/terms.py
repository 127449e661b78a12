"""The parts of a funding structure: costs, fees, the senior tranche, the guarantee, receipts."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class DatedAmount:
    """An amount on a date."""

    date: dt.date
    amount: float

    def __post_init__(self) -> None:
        not_negative(self.amount, "amount")


@spec
class ServiceCosts:
    """What the service costs; every amount is due in advance, on the first day of its month.

    Parameters
    ----------
    set_up
        Once, on the start of the structure.
    per_participant
        For each person who starts, in the month of the start.
    per_participant_month
        For each person in service, each month.
    fixed_per_month
        Each month of service: from the start until the last person may be in service, or for
        ``fixed_months``.
    fixed_months
        Months with the fixed cost; needed without enrolment.
    on_dates
        Agreed amounts on dates, such as a provider's budget by year.
    """

    set_up: float = 0.0
    per_participant: float = 0.0
    per_participant_month: float = 0.0
    fixed_per_month: float = 0.0
    fixed_months: int | None = None
    on_dates: tuple[DatedAmount, ...] = ()

    def __post_init__(self) -> None:
        for key in ("set_up", "per_participant", "per_participant_month", "fixed_per_month"):
            not_negative(getattr(self, key), key)
        if self.fixed_months is not None and self.fixed_months < 1:
            raise InputError("this must be at least 1", key="fixed_months", seen=self.fixed_months)


@spec
class Fees:
    """What managing and evaluating costs.

    Parameters
    ----------
    arrangement
        Share of the commitment, paid on the start.
    management_per_year
        Amount a year, a twelfth on the first day of each month until the structure ends.
    evaluation
        Amount of the evaluation, paid on ``evaluation_date`` or else with the first payment.
    receiver, evaluator
        Who receives the fees, and who the cost of the evaluation.
    """

    arrangement: float = 0.0
    management_per_year: float = 0.0
    evaluation: float = 0.0
    evaluation_date: dt.date | None = None
    receiver: str = "fund manager"
    evaluator: str = "evaluator"

    def __post_init__(self) -> None:
        not_negative(self.management_per_year, "management_per_year")
        not_negative(self.evaluation, "evaluation")
        if not 0 <= self.arrangement < 1:
            raise InputError(
                "the arrangement fee is a share of the commitment",
                key="arrangement",
                seen=self.arrangement,
                fix="write 2 % as 0.02",
            )


@spec
class AsNeeded:
    """Money is called on the day on which costs exceed the vehicle's cash."""

    type: Literal["as_needed"] = field(default="as_needed", kw_only=True)


@spec
class Scheduled:
    """Money is called on agreed dates; what is not yet spent stays with the vehicle.

    Raises
    ------
    InputError
        If there is no date.
    """

    calls: tuple[DatedAmount, ...]
    type: Literal["scheduled"] = field(default="scheduled", kw_only=True)

    def __post_init__(self) -> None:
        if not self.calls:
            raise InputError("there is no drawdown date", key="calls", fix="give at least one")


type Drawdown = Annotated[AsNeeded | Scheduled, Field(discriminator="type")]


@spec
class Senior:
    """The senior tranche: a loan that outcome payments repay.

    Parameters
    ----------
    commitment
        The most that is drawn; what is repaid is not drawn again.
    drawdown
        When money is called.
    return_cap
        The highest return a year (ACT/365 Fixed, compounded); null for none. Each amount paid
        out lowers a balance that grows at this rate, and nothing is paid beyond it.
    maturity
        Final date, on which all cash is paid out and the guarantee falls due; by default the last
        date with a payment or cost.
    investor
        Name of the party.
    """

    commitment: float
    drawdown: Drawdown = AsNeeded()
    return_cap: float | None = None
    maturity: dt.date | None = None
    investor: str = "senior investor"

    def __post_init__(self) -> None:
        if not self.commitment > 0:
            raise InputError("this must be above 0", key="commitment", seen=self.commitment)
        if self.return_cap is not None and not 0 <= self.return_cap < 1:
            raise InputError(
                "a cap on the return is a rate a year, not below 0",
                key="return_cap",
                seen=self.return_cap,
                fix="write 5 % as 0.05",
            )
        if isinstance(self.drawdown, Scheduled):
            total = sum(call.amount for call in self.drawdown.calls)
            if total > self.commitment * (1 + 1e-12):
                raise InputError(
                    f"the scheduled drawdowns sum to {total:g}, more than the commitment",
                    key="drawdown.calls",
                    seen=self.commitment,
                    fix="raise the commitment or lower the drawdowns",
                )


@spec
class Guarantee:
    """A third party covers the senior tranche's loss of principal at maturity, up to an amount."""

    amount: float
    guarantor: str = "guarantor"

    def __post_init__(self) -> None:
        if not self.amount > 0:
            raise InputError("this must be above 0", key="amount", seen=self.amount)


@spec
class Distributed:
    """Receipts pay what is due on their date; the rest is paid out at once."""

    type: Literal["distributed"] = field(default="distributed", kw_only=True)

    def held_on(self, day: dt.date) -> bool:
        """Say whether receipts are kept on a date."""
        return False


@spec
class Recycled:
    """Receipts before ``until`` are kept for later costs; then what is left is paid out."""

    until: dt.date
    type: Literal["recycled"] = field(default="recycled", kw_only=True)

    def held_on(self, day: dt.date) -> bool:
        """Say whether receipts are kept on a date."""
        return day < self.until


type Receipts = Annotated[Distributed | Recycled, Field(discriminator="type")]


def not_negative(amount: float, key: str) -> None:
    """Raise `InputError` for a negative amount."""
    if amount < 0:
        raise InputError("this cannot be negative", key=key, seen=amount)

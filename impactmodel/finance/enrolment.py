"""Who enrols: the people referred, those who take part, those in service and those who complete."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.distribution import Uncertain
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class Referrals:
    """People referred month by month.

    Parameters
    ----------
    per_month
        People referred and assigned each month. One rate per draw; fractions of people are
        carried to the next month, so people are whole and 20 a month is 20 each month.
    months
        Months with referrals, from the start of the structure.
    service_months
        Length of service, in months.
    take_up
        Probability that an assigned person starts.
    drop_out
        Probability that a person in service leaves in a month.
    """

    per_month: Uncertain
    months: int
    service_months: int
    take_up: Uncertain = 1.0
    drop_out: Uncertain = 0.0
    type: Literal["referrals"] = field(default="referrals", kw_only=True)

    def __post_init__(self) -> None:
        check_count(self.months, "months")
        check_count(self.service_months, "service_months")
        if isinstance(self.per_month, (int, float)) and not self.per_month >= 0:
            raise InputError("people cannot be negative", key="per_month", seen=self.per_month)
        check_shares(self.take_up, self.drop_out)


@spec
class FixedCohort:
    """A cohort of known size.

    Parameters
    ----------
    people
        People assigned.
    service_months
        Length of service, in months.
    months
        Months over which they are assigned, evenly, from the start of the structure.
    take_up, drop_out
        As in `Referrals`.
    """

    people: int
    service_months: int
    months: int = 1
    take_up: Uncertain = 1.0
    drop_out: Uncertain = 0.0
    type: Literal["fixed_cohort"] = field(default="fixed_cohort", kw_only=True)

    def __post_init__(self) -> None:
        check_count(self.people, "people")
        check_count(self.months, "months")
        check_count(self.service_months, "service_months")
        check_shares(self.take_up, self.drop_out)


type EnrolmentPlan = Annotated[Referrals | FixedCohort, Field(discriminator="type")]


def check_count(count: int, key: str) -> None:
    """Raise `InputError` unless a count is at least 1."""
    if count < 1:
        raise InputError("this must be at least 1", key=key, seen=count)


def check_shares(take_up: Uncertain, drop_out: Uncertain) -> None:
    """Raise `InputError` if a known share lies outside [0, 1]."""
    for key, value in (("take_up", take_up), ("drop_out", drop_out)):
        if isinstance(value, (int, float)) and not 0 <= value <= 1:
            raise InputError(
                "a probability lies between 0 and 1", key=key, seen=value, fix="write 80 % as 0.8"
            )

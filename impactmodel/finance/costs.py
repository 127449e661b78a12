"""What a fund pays for: the service and the fund itself."""

from __future__ import annotations

from impactmodel.core.distribution import Uncertain, mean
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


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

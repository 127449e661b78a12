"""`FundingStructure`: who pays for a programme until its outcomes are paid for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Self

from impactmodel.core.errors import InputError
from impactmodel.core.money import check_currency
from impactmodel.core.spec import load_yaml, spec
from impactmodel.finance.enrolment import EnrolmentPlan
from impactmodel.finance.terms import (
    Distributed,
    Fees,
    Guarantee,
    Receipts,
    Recycled,
    Senior,
    ServiceCosts,
)


@spec
class FundingStructure:
    """A vehicle that pays for services with investors' money and repays it from outcome payments.

    Parameters
    ----------
    name
        Title in reports.
    currency, price_base
        Of every amount; payments must agree.
    start
        First day: set-up, arrangement fee, first month of enrolment.
    senior
        The senior tranche.
    service_costs, fees
        What the vehicle pays for.
    enrolment
        Who enrols; needed where a cost is per participant.
    guarantee
        Of the senior tranche's principal.
    receipts
        Whether outcome payments are paid out at once or first kept for later costs.
    terminated
        The programme stops on this date: nobody starts or is served, and nothing is drawn for
        services or management, from then on. Payments already earned are still distributed.
    surplus_to
        Who receives what exceeds the return cap.
    provider, vehicle
        Names of these parties.

    Raises
    ------
    InputError
        If parts do not fit together.

    Examples
    --------
    >>> FundingStructure("loan", "USD", dt.date(2012, 9, 1), Senior(9_600_000)).senior.commitment
    9600000
    """

    name: str
    currency: str
    start: dt.date
    senior: Senior
    service_costs: ServiceCosts = ServiceCosts()
    fees: Fees = Fees()
    enrolment: EnrolmentPlan | None = None
    guarantee: Guarantee | None = None
    receipts: Receipts = Distributed()
    terminated: dt.date | None = None
    surplus_to: str = "surplus holder"
    price_base: str = ""
    provider: str = "provider"
    vehicle: str = "vehicle"

    def __post_init__(self) -> None:
        check_currency(self.currency)
        costs = self.service_costs
        if self.enrolment is None:
            for key in ("per_participant", "per_participant_month"):
                if getattr(costs, key):
                    raise InputError(
                        "a cost per participant needs enrolment",
                        key=f"service_costs.{key}",
                        seen=getattr(costs, key),
                        fix="add 'enrolment', or leave this cost out",
                    )
            if costs.fixed_per_month and costs.fixed_months is None:
                raise InputError(
                    "without enrolment the number of months with the fixed cost must be stated",
                    key="service_costs.fixed_months",
                    fix="add it",
                )
        self._check_dates()
        others = {self.provider, self.surplus_to, self.senior.investor, self.fees.receiver}
        others |= {self.fees.evaluator}
        if self.guarantee is not None:
            others.add(self.guarantee.guarantor)
        if self.vehicle in others:
            raise InputError(
                "the vehicle is a party of its own", key="vehicle", seen=self.vehicle, fix="rename"
            )

    def _check_dates(self) -> None:
        for key, day in self._dates().items():
            if day < self.start:
                raise InputError(
                    f"this is before the start on {self.start}", key=key, seen=day.isoformat()
                )
        if isinstance(self.receipts, Recycled) and self.senior.maturity is not None:
            if self.receipts.until > self.senior.maturity:
                raise InputError(
                    "receipts cannot be kept beyond the maturity",
                    key="receipts.until",
                    seen=self.receipts.until.isoformat(),
                )

    def _dates(self) -> dict[str, dt.date]:
        given = {
            "senior.maturity": self.senior.maturity,
            "terminated": self.terminated,
            "fees.evaluation_date": self.fees.evaluation_date,
        }
        dates = {key: day for key, day in given.items() if day is not None}
        for i, item in enumerate(self.service_costs.on_dates):
            dates[f"service_costs.on_dates[{i}].date"] = item.date
        for i, item in enumerate(getattr(self.senior.drawdown, "calls", ())):
            dates[f"senior.drawdown.calls[{i}].date"] = item.date
        return dates

    @classmethod
    def from_yaml(cls, path: str | Path) -> Self:
        """Read a funding structure from a YAML file.

        Raises
        ------
        InputError
            With file, line and key of whatever cannot be used.
        """
        return load_yaml(cls, path)

"""Stated lines beside the rules: tax on consumption, and services for people out of work.

Statutes do not give these per person; both are assumptions and every output says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.distribution import Uncertain, draw, mean
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.spec import spec
from impactmodel.fiscal.ledger_data import ARMS, Line

type Draws = NDArray[np.float64]

CONSUMPTION_TAX = "consumption_tax"


@spec
class ServiceCost:
    """What a service costs a payer for a person's month out of work.

    Parameters
    ----------
    line
        Name of the line, such as ``employment_services``.
    payer
        Who bears it: ``municipality``, ``wellbeing_county``.
    per_month
        EUR for a month out of work: what is saved when that month is in work.
    source
        Where the cost is published; an assumption without one.
    """

    line: str
    payer: str
    per_month: Uncertain
    source: str = ""

    def __post_init__(self) -> None:
        for key in ("line", "payer"):
            if not getattr(self, key).strip():
                raise InputError("this is empty", key=key, fix="give a name")


@dataclass(frozen=True, slots=True)
class Extras:
    """Stated lines of a public side by rules.

    Parameters
    ----------
    consumption_tax
        Share of participants' extra net income that the state receives as tax on consumption.
    services
        Costs of services.
    seed
        Of uncertain values.
    """

    consumption_tax: Uncertain = 0.0
    services: tuple[ServiceCost, ...] = ()
    seed: int = 1

    @property
    def taxes_consumption(self) -> bool:
        """Whether any tax on consumption is stated."""
        return self.consumption_tax != 0.0

    def rate(self, n: int) -> Draws:
        """Return draws of the share; raise `InputError` if one is no share."""
        values = draw(self.consumption_tax, n, stream(self.seed, CONSUMPTION_TAX))
        if values.min() < 0 or values.max() >= 1:
            raise InputError(
                "this is a share of extra income",
                key=CONSUMPTION_TAX,
                seen=f"draws from {values.min():.3g} to {values.max():.3g}",
                fix="give a number or a distribution between 0 and 1, such as a beta",
            )
        return values

    def cost(self, service: ServiceCost, n: int) -> Draws:
        """Return draws of a monthly cost; raise `InputError` if one is negative."""
        values = draw(service.per_month, n, stream(self.seed, "service", service.line))
        if values.min() < 0:
            raise InputError(
                "a cost is not negative",
                key=f"services.{service.line}",
                seen=f"draws from {values.min():.3g}",
            )
        return values

    def lines(self, rules: Sequence[Line], idle: Draws, driver: str) -> Iterator[Line]:
        """Yield the stated lines beside those of the rules.

        Parameters
        ----------
        idle
            Months out of work, (draw, arm, group, year).
        """
        n = len(idle)
        if self.taxes_consumption:
            rate = self.rate(n)[:, None, None]
            paid = [
                rate * sum(getattr(line, arm).get("participant", 0.0) for line in rules)
                for arm in ARMS
            ]
            treated, without = ({"state": p, "participant": -p} for p in paid)
            yield Line(CONSUMPTION_TAX, "tax", driver, treated, without)
        for service in self.services:
            cost = -self.cost(service, n)[:, None, None]
            treated, without = ({service.payer: cost * idle[:, arm]} for arm in range(len(ARMS)))
            yield Line(service.line, "service", driver, treated, without, transfer=False)

    def statements(self) -> tuple[str, ...]:
        """Say every assumption."""
        said = []
        if self.taxes_consumption:
            said.append(
                f"assumed: {mean(self.consumption_tax):.0%} of participants' extra net income is "
                "tax on consumption"
            )
        for service in self.services:
            basis = f"source: {service.source}" if service.source else "an assumption"
            said.append(
                f"{service.line}: {mean(service.per_month):,.0f} EUR for a month out of work, "
                f"borne by the {service.payer} ({basis})"
            )
        return tuple(said)

    def sentence(self, line: str) -> str | None:
        """Return what explains a stated line; None for a line of the rules."""
        if line == CONSUMPTION_TAX:
            return f"{mean(self.consumption_tax):.3g} of the change of participants' net income"
        for service in self.services:
            if service.line == line:
                basis = service.source or "assumption"
                return f"{mean(service.per_month):,.2f} EUR for each month out of work ({basis})"
        return None

    def at_expected_months(
        self, sheet: Mapping[tuple[str, str], float], fewer_idle: float
    ) -> dict[tuple[str, str], float]:
        """Return the stated lines of a sheet that puts expected months through the rules."""
        found: dict[tuple[str, str], float] = {}
        if self.taxes_consumption:
            net = sum(value for (_, payer), value in sheet.items() if payer == "participant")
            paid = mean(self.consumption_tax) * net
            found |= {
                (CONSUMPTION_TAX, "state"): paid,
                (CONSUMPTION_TAX, "participant"): -paid,
            }
        for service in self.services:
            found[service.line, service.payer] = mean(service.per_month) * fewer_idle
        return found

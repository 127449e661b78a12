"""Observed public money: taxes and transfers that an evaluation measured, split to payers.

An alternative to modelling them: the effect on taxes and benefits is evidence itself, and only
who receives and who pays has to be said, by stated shares or by the rules for a stated person.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import field, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from impactmodel.core.distribution import Uncertain
from impactmodel.core.errors import InputError
from impactmodel.core.money import check_currency
from impactmodel.core.spec import load_yaml, spec
from impactmodel.fiscal.parameters import load_rules
from impactmodel.fiscal.unit_values import Status, UnitValue, UnitValues, check_rate

if TYPE_CHECKING:
    from pathlib import Path


@spec
class Shares:
    """Who receives a tax, or pays a benefit or a service, by stated shares that sum to 1."""

    shares: dict[str, float]
    source: str = ""
    locator: str = ""
    url: str = ""
    quote: str = ""
    status: Status = "assumption"
    type: Literal["shares"] = field(default="shares", kw_only=True)

    def __post_init__(self) -> None:
        total = sum(self.shares.values())
        if abs(total - 1.0) > 1e-6:
            raise InputError("the shares of the payers must sum to 1", key="shares", seen=total)
        for payer, share in self.shares.items():
            if share < 0:
                raise InputError("a share is not negative", key=f"shares.{payer}", seen=share)
        if self.status != "assumption" and not self.source:
            raise InputError("a split that is no assumption needs a source", key="source")

    def split(self) -> dict[str, float]:
        """Return the share of each payer."""
        return dict(self.shares)

    def said(self) -> str:
        """Say where the split comes from."""
        return self.source or "shares stated without a source"


@spec
class ByRules:
    """Who receives a tax or pays a benefit, by the rules of a date for a stated person.

    The share of a payer is the change of what it receives over the change of all of it, between
    two situations of the person: no income and a year in work, say, or a month on benefit and
    none. The observed amount stays as it was observed. Rules are not linear, so the mean incomes
    of two arms are nobody's situation: their changes may cancel, or run against each other, and
    then no split of them is a split of what was observed.

    Parameters
    ----------
    date
        Of the rules.
    person
        Inputs of the rules that do not change; see ``load_rules(country).inputs``.
    without, with_programme
        Inputs that change, such as ``wage`` and ``taxable_benefit`` of a year.
    results
        What was observed: results of the rules and the payer that each goes to.
    """

    date: dt.date
    person: dict[str, float | str]
    without: dict[str, float]
    with_programme: dict[str, float]
    results: dict[str, str]
    books: tuple[str, ...] = ("employee_contributions", "income_tax")
    country: str = "fi"
    type: Literal["rules"] = field(default="rules", kw_only=True)

    def __post_init__(self) -> None:
        if not self.results:
            raise InputError("no result of the rules is named", key="results", fix="name one")

    def changes(self) -> dict[str, float]:
        """Return the change of what each payer receives or pays, for the stated person."""
        rules = load_rules(self.country).at(self.date)
        arms = [
            rules.compute({**self.person, **given}, *self.books, only=tuple(self.results))
            for given in (self.with_programme, self.without)
        ]
        found: dict[str, float] = {}
        for result, payer in self.results.items():
            change = float(arms[0][result] - arms[1][result])
            found[payer] = found.get(payer, 0.0) + change
        return found

    def split(self) -> dict[str, float]:
        """Return the share of each payer.

        Raises
        ------
        InputError
            If the inputs do not fit the rules, nothing changes, or what one payer receives moves
            against what another does.
        """
        changes = self.changes()
        if not any(changes.values()):
            raise InputError("nothing changes for the stated person", key="with_programme")
        if min(changes.values()) < 0 < max(changes.values()):
            raise InputError(
                "payers move against each other: their changes are no shares of what was observed",
                key="with_programme",
                seen=_amounts(changes),
                fix="state two situations between which all move alike, such as no income and a "
                "year in work",
            )
        total = sum(changes.values())
        return {payer: change / total for payer, change in changes.items()}

    def said(self) -> str:
        """Say where the split comes from."""
        moved = "; ".join(
            f"{name} {self.without.get(name, 0.0):,.10g} → {value:,.10g}"
            for name, value in self.with_programme.items()
            if value != self.without.get(name, 0.0)
        )
        return (
            f"rules of {self.country} on {self.date} for a stated person ({moved}): "
            f"{_amounts(self.changes())}"
        )


def _amounts(changes: dict[str, float]) -> str:
    return ", ".join(f"{payer} {change:,.2f}" for payer, change in changes.items())


type Split = Annotated[Shares | ByRules, Field(discriminator="type")]


@spec
class ObservedFlow:
    """Money that was measured, and between whom it flows.

    Parameters
    ----------
    outcome
        The outcome, an amount.
    channel
        ``tax``: participants pay it to the payers of the split; ``benefit``: those payers pay it
        to participants; ``service``: those payers use it up; ``earnings``: participants receive it
        for work, before tax.
    split
        Between whom the public side of it is shared; earnings have none.
    line
        Name of the line; the outcome's where it is not given.
    """

    outcome: str
    channel: Literal["tax", "benefit", "service", "earnings"]
    split: Split | None = None
    line: str = ""

    def __post_init__(self) -> None:
        if (self.split is None) != (self.channel == "earnings"):
            raise InputError(
                "earnings go to participants alone, anything else is split between payers",
                key="split",
                seen=self.channel,
                fix="leave it out" if self.split else "say who receives or pays it",
            )

    @property
    def name(self) -> str:
        """Name of the line."""
        return self.line or self.outcome


@spec
class Observed:
    """A public side of observed money.

    Parameters
    ----------
    flows
        One for each channel that was measured.
    currency, price_base, discount_rate, displacement, deadweight, fade_out, horizon_years, private,
    label
        As in `UnitValues`.
    """

    flows: tuple[ObservedFlow, ...]
    currency: str
    price_base: str = ""
    discount_rate: float = 0.035
    displacement: Uncertain = 0.0
    deadweight: Uncertain = 0.0
    fade_out: Uncertain = 0.0
    horizon_years: float | None = None
    private: tuple[str, ...] = ()
    label: str = ""
    type: Literal["observed"] = field(default="observed", kw_only=True)

    def __post_init__(self) -> None:
        check_currency(self.currency)
        if not self.flows:
            raise InputError("nothing was observed", key="flows", fix="name an outcome")
        check_rate(self.discount_rate)
        for place, flow in enumerate(self.flows):
            split = flow.split
            if split is None:
                continue
            names = split.shares if isinstance(split, Shares) else split.results.values()
            if "participant" in names and flow.channel != "service":
                raise InputError(
                    "the participant is the other side of the split",
                    key=f"flows[{place}].split",
                    fix="name the payers that receive the tax or pay the benefit",
                )

    @classmethod
    def from_yaml(cls, path: str | Path) -> Observed:
        """Read it from a YAML file; see `impactmodel.core.spec.load_yaml`."""
        return load_yaml(cls, path)

    def unit_values(self) -> UnitValues:
        """Return the same as unit values: one unit of money is one unit of money."""
        values: list[UnitValue] = []
        for place, flow in enumerate(self.flows):
            if flow.split is None:
                values.append(_earned(flow))
                continue
            try:
                shares = flow.split.split()
            except InputError as error:
                raise error.located(key=f"flows[{place}].split") from None
            found = {payer: share for payer, share in shares.items() if share}
            values += [_value(flow, flow.split, payer, share) for payer, share in found.items()]
        return UnitValues(
            values=tuple(values),
            currency=self.currency,
            price_base=self.price_base,
            discount_rate=self.discount_rate,
            displacement=self.displacement,
            deadweight=self.deadweight,
            fade_out=self.fade_out,
            horizon_years=self.horizon_years,
            private=self.private,
            label=self.label,
        )


def _earned(flow: ObservedFlow) -> UnitValue:
    return UnitValue(
        line=flow.name,
        outcome=flow.outcome,
        value=1.0,
        payer="participant",
        channel="earnings",
        source="received by participants as observed",
        dated="with the evidence",
        locator="the evidence itself",
        status="estimated",
    )


def _value(flow: ObservedFlow, split: Shares | ByRules, payer: str, share: float) -> UnitValue:
    value = UnitValue(
        line=flow.name,
        outcome=flow.outcome,
        value=share if flow.channel == "tax" else -share,
        payer=payer,
        counterparty="" if flow.channel == "service" else "participant",
        channel=flow.channel,
        source=split.said(),
    )
    if isinstance(split, ByRules):
        return replace(value, status="estimated", dated=str(split.date))
    return replace(
        value, locator=split.locator, url=split.url, quote=split.quote, status=split.status
    )

"""Unit values: public flows as a share of, or an amount per unit of, an outcome.

The simplest public side: no tax rules, only stated values, each with its source. It serves
countries whose rules the library does not have, and MVPF-style tax shares.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.core.distribution import Uncertain, mean
from impactmodel.core.errors import InputError
from impactmodel.core.money import check_currency
from impactmodel.core.spec import spec

type Status = Literal["enacted", "estimated", "assumption"]


@spec
class UnitValue:
    """One public flow per unit of an outcome.

    Parameters
    ----------
    line
        What flows, such as ``income_tax``.
    outcome
        The outcome that drives it.
    value
        Amount per unit of the outcome's effect; a share where the outcome is an amount. Positive:
        more of the outcome makes ``payer`` better off.
    payer, counterparty
        Who gains, and who pays for it (``participant`` for a tax); without a counterparty it is a
        saving of real resources.
    source, locator, url, quote
        Where the value was read. Without a locator, or a url with the quote, it is unverified.
    status
        ``enacted``, ``estimated`` or ``assumption``.
    """

    line: str
    outcome: str
    value: Uncertain
    payer: str
    counterparty: str = ""
    source: str = ""
    locator: str = ""
    url: str = ""
    quote: str = ""
    status: Status = "assumption"

    def __post_init__(self) -> None:
        if self.status != "assumption" and not self.source:
            raise InputError("a value that is no assumption needs a source", key="source")
        if self.payer == self.counterparty:
            raise InputError(
                "payer and counterparty are the same", key="counterparty", seen=self.payer
            )

    @property
    def verified(self) -> bool:
        """Whether somebody can look the value up where it was read."""
        return bool(self.source and (self.locator or (self.url and self.quote)))

    def text(self) -> str:
        """Say the value, its source and its standing."""
        source = self.source or "no source"
        mark = "" if self.verified else ", unverified"
        return f"{mean(self.value):g} per unit of {self.outcome} ({source}; {self.status}{mark})"


@spec
class UnitValues:
    """A public side made of unit values.

    Parameters
    ----------
    values
        The flows; one line has one driving outcome for each pair of parties.
    currency, price_base
        Of every amount.
    discount_rate
        Per year, to the first period.
    displacement
        Share of the effect that others lose.
    label
        Said in every output, such as the country of the rules.
    """

    values: tuple[UnitValue, ...]
    currency: str
    price_base: str = ""
    discount_rate: float = 0.035
    displacement: Uncertain = 0.0
    label: str = ""
    type: Literal["unit_values"] = field(default="unit_values", kw_only=True)

    def __post_init__(self) -> None:
        check_currency(self.currency)
        if not self.values:
            raise InputError("a public side needs a value", key="values", fix="add one")
        if not self.discount_rate > -1:
            raise InputError(
                "a discount rate is above -100 %", key="discount_rate", seen=self.discount_rate
            )
        driver: dict[tuple[str, str, str], str] = {}
        for place, value in enumerate(self.values):
            key = (value.line, value.payer, value.counterparty)
            if key in driver:
                raise InputError(
                    f"the line '{value.line}' has two drivers between the same parties",
                    key=f"values[{place}]",
                    seen=f"{driver[key]} and {value.outcome}",
                    fix="keep one, or name the lines apart",
                )
            driver[key] = value.outcome


type PublicSide = UnitValues

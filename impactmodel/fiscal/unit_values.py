"""Unit values: public flows as a share of, or an amount per unit of, an outcome.

The simplest public side: no tax rules, only stated values, each with its source. It serves
countries whose rules the library does not have, and tax shares in the manner of the marginal value
of public funds (MVPF).
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.core.distribution import Uncertain, mean
from impactmodel.core.errors import InputError
from impactmodel.core.measures import Channel
from impactmodel.core.money import check_currency
from impactmodel.core.spec import spec
from impactmodel.fiscal.projection import Adjustments

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
        Amount per unit of the outcome; a share where the outcome is an amount. Positive: more of
        the outcome makes ``payer`` better off.
    payer, counterparty
        Who receives it, and who gives it (``participant`` for a tax); without a counterparty it is
        a saving of real resources.
    source, dated, locator, url, quote
        Where the value was read and of what date or edition it is. Without a locator, or a url
        with the quote, it is unverified.
    status
        ``enacted``, ``estimated`` or ``assumption``.
    channel
        What kind of flow it is; a channel other than ``other`` has one driving outcome.

    Examples
    --------
    >>> tax = UnitValue("income_tax", "earnings", 0.128, "state", "participant")
    >>> tax.verified
    False
    """

    line: str
    outcome: str
    value: Uncertain
    payer: str
    counterparty: str = ""
    source: str = ""
    dated: str = ""
    locator: str = ""
    url: str = ""
    quote: str = ""
    status: Status = "assumption"
    channel: Channel = "other"

    def __post_init__(self) -> None:
        for key in ("line", "outcome", "payer"):
            if not getattr(self, key).strip():
                raise InputError("this must be named", key=key, fix="give it a name")
        if self.status != "assumption" and not self.source:
            raise InputError(
                "a value that is no assumption needs a source",
                key="source",
                fix="name it, or give the status assumption",
            )
        if self.payer == self.counterparty:
            raise InputError(
                "payer and counterparty are the same", key="counterparty", seen=self.payer
            )

    @property
    def verified(self) -> bool:
        """Whether somebody can look the value up where it was read."""
        return bool(self.source and (self.locator or (self.url and self.quote)))

    def text(self) -> str:
        """Say the value, its date, its source and its standing."""
        place = self.locator or (f"{self.url}, “{self.quote}”" if self.url and self.quote else "")
        source = ", ".join(part for part in (self.source or "no source", self.dated, place) if part)
        mark = "" if self.verified else ", UNVERIFIED"
        number = mean(self.value)
        spread = "" if isinstance(self.value, (int, float)) else " on average"
        return f"{number:g}{spread} per unit of {self.outcome} ({source}; {self.status}{mark})"


@spec
class UnitValues:
    """A public side made of unit values.

    Parameters
    ----------
    values
        The flows; one line has one driving outcome.
    currency, price_base
        Of every amount.
    discount_rate
        Per calendar year, to the first.
    displacement, deadweight, fade_out, horizon_years
        See `impactmodel.fiscal.projection.Adjustments`.
    private
        Private parties beside participant and employer.
    label
        Said in every output, such as the country of the rules.
    """

    values: tuple[UnitValue, ...]
    currency: str
    price_base: str = ""
    discount_rate: float = 0.035
    displacement: Uncertain = 0.0
    deadweight: Uncertain = 0.0
    fade_out: Uncertain = 0.0
    horizon_years: float | None = None
    private: tuple[str, ...] = ()
    name: str = ""
    label: str = ""
    type: Literal["unit_values"] = field(default="unit_values", kw_only=True)

    def __post_init__(self) -> None:
        check_currency(self.currency)
        if not self.values:
            raise InputError("a public side needs a value", key="values", fix="add one")
        check_rate(self.discount_rate)
        driver: dict[str, str] = {}
        parties: set[tuple[str, str, str]] = set()
        for place, value in enumerate(self.values):
            key = (value.line, value.payer, value.counterparty)
            if driver.setdefault(value.line, value.outcome) != value.outcome or key in parties:
                raise InputError(
                    f"the line '{value.line}' stands twice: the same money would count twice",
                    key=f"values[{place}]",
                    seen=f"driven by {driver[value.line]} and {value.outcome}",
                    fix="keep one, or name the lines apart",
                )
            parties.add(key)

    @property
    def adjustments(self) -> Adjustments:
        """What of the effect counts."""
        return Adjustments(self.displacement, self.deadweight, self.fade_out, self.horizon_years)


def check_rate(rate: float) -> None:
    """Raise `InputError` unless a discount rate is above -100 %."""
    if not rate > -1:
        raise InputError(
            "a discount rate is above -100 %",
            key="discount_rate",
            seen=rate,
            fix="give it as a share, 0.035 for 3.5 %",
        )

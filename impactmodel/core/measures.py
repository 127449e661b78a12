"""What is measured: the definition of an outcome."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Kind = Literal["binary", "count", "days", "amount", "index"]
type Accrual = Literal["flow", "stock", "cumulative"]
type Channel = Literal["employment", "earnings", "benefit", "tax", "service", "other"]

_UNITS = {"binary": "share", "count": "number", "days": "days", "index": "index"}


@spec
class OutcomeMeasure:
    """An outcome as it is measured for one person.

    Parameters
    ----------
    name
        Its name in the data, the contract and every result.
    kind
        ``binary`` (0 or 1), ``count``, ``days``, ``amount`` (money, needs ``unit`` such as
        ``"EUR/year"``) or ``index``.
    unit
        Unit of the value; derived from the kind except for amounts.
    accrual
        ``flow`` over a period (sums over periods; an index is averaged), ``stock`` at its end,
        ``cumulative`` since the start (the last period counts).
    channel
        What the outcome means for public finances.

    Examples
    --------
    >>> OutcomeMeasure("employed", kind="binary").unit
    'share'
    >>> OutcomeMeasure("gross_wages", kind="amount", unit="EUR/year").currency
    'EUR'
    >>> OutcomeMeasure("gross_wages", kind="amount", unit="EUR/year").title
    'gross wages'
    """

    name: str
    kind: Kind
    unit: str = ""
    accrual: Accrual = "flow"
    channel: Channel = field(default="other")
    label: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("an outcome needs a name", key="name", fix="give it one")
        if self.kind == "amount" and not self.unit[:3].isupper():
            raise InputError(
                f"the amount '{self.name}' has no currency",
                key="unit",
                seen=self.unit,
                fix="give a unit such as EUR/year",
            )
        if not self.unit:
            object.__setattr__(self, "unit", _UNITS[self.kind])

    @property
    def currency(self) -> str:
        """The ISO code of an amount's currency, empty for other kinds."""
        return self.unit[:3] if self.kind == "amount" else ""

    @property
    def title(self) -> str:
        """The label, or the name where there is none, its underscores as spaces."""
        return self.label or self.name.replace("_", " ")


def moments(outcome: OutcomeMeasure) -> tuple[str, ...]:
    """Return the names of the columns that an outcome needs in an aggregated table.

    Examples
    --------
    >>> moments(OutcomeMeasure("visits", kind="count"))
    ('visits_sum', 'visits_sum_squares')
    """
    name = outcome.name
    if outcome.kind == "binary":
        return (f"{name}_sum",)
    if outcome.kind == "amount":
        return (f"{name}_sum", f"{name}_sum_squares", f"{name}_positive", f"{name}_sum_log")
    return (f"{name}_sum", f"{name}_sum_squares")


def product(one: OutcomeMeasure, other: OutcomeMeasure) -> str:
    """Return the name of the column of the sum of products of two outcomes."""
    return f"{one.name}_{other.name}_sum_products"

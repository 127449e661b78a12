"""Values that differ by group: one number per group, or a card by the strata of each group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from impactmodel.contract.phrases import spaced
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Constant
from impactmodel.core.rule.numbers import exact
from impactmodel.core.spec import spec

type ByGroup = float | dict[str, float]
"""One number, or one per group of the cohort."""


@spec
class CardRow:
    """A row of a card: the value where every named stratum matches; ``where`` empty matches all."""

    value: float
    where: dict[str, str]

    @property
    def name(self) -> str:
        """The row's strata in words."""
        return ", ".join(self.where.values()) or "all"

    def matches(self, strata: Mapping[str, str]) -> bool:
        """Whether a group with these strata belongs to the row."""
        return all(strata.get(key) == value for key, value in self.where.items())


@spec
class Card:
    """A card by several keys: rows by strata (age, education, ...) times coefficients (region).

    Which strata a group has is stated in the contract's ``strata``. The value of a group is that of
    the one row that matches it, times the coefficient of each key.

    Examples
    --------
    >>> card = Card((CardRow(100.0, {"age": "young"}), CardRow(80.0, {"age": "old"})),
    ...     {"region": {"north": 1.5, "south": 1.0}})
    >>> card.value({"age": "old", "region": "north"}, "g")
    120.0
    """

    rows: tuple[CardRow, ...]
    coefficients: dict[str, dict[str, float]] = field(default_factory=dict)
    type: Literal["card"] = field(default="card", kw_only=True)

    def __post_init__(self) -> None:
        if not self.rows:
            raise InputError("a card needs a row", key="rows", fix="add one")

    def row(self, strata: Mapping[str, str], group: str) -> CardRow:
        """Return the one row of a group; raise `InputError` where none or several match."""
        found = [row for row in self.rows if row.matches(strata)]
        if len(found) != 1:
            known = ", ".join(f"{k}: {v}" for k, v in strata.items()) or "no strata"
            what = "no row of the card matches" if not found else "several rows of the card match"
            raise InputError(
                f"{what} the group '{group}'",
                key="rows",
                seen=known,
                fix="let exactly one row match each group, and state the contract's 'strata'",
            )
        return found[0]

    def factors(self, strata: Mapping[str, str], group: str) -> dict[str, float]:
        """Return the coefficient of each key for a group, by ``key: stratum``."""
        found = {}
        for key, table in self.coefficients.items():
            place = strata.get(key)
            if place is None or place not in table:
                raise InputError(
                    f"the card has no coefficient of '{key}' for the group '{group}'",
                    key=f"coefficients.{key}",
                    seen=str(place),
                    fix="use one of " + ", ".join(table),
                )
            found[f"{key}: {place}"] = table[place]
        return found

    def value(self, strata: Mapping[str, str], group: str) -> float:
        """Return the value of a group."""
        value = self.row(strata, group).value
        for factor in self.factors(strata, group).values():
            value *= factor
        return value


type Values = float | dict[str, float] | Card
"""One number, one per group, or a card by strata."""


def stated(values: Values) -> list[float]:
    """Return every number of the values (coefficients apart)."""
    if isinstance(values, Card):
        return [row.value for row in values.rows]
    return list(values.values()) if isinstance(values, dict) else [float(values)]


def in_words(values: Values, unit: str = "", times: int = 1) -> str:
    """Say the values in words, each with its unit, ``times`` as large (100 for per cent)."""

    def one(value: float) -> str:
        return Constant(float(exact(value) * times), unit).text()

    match values:
        case Card():
            rows = ", ".join(f"{one(row.value)} ({spaced(row.name)})" for row in values.rows)
            tables = [
                f"times {Constant(f).text()} for {spaced(key)} {spaced(place)}"
                for key, table in values.coefficients.items()
                for place, f in table.items()
            ]
            return ", ".join([rows, *tables])
        case dict():
            return ", ".join(f"{one(v)} ({spaced(k)})" for k, v in values.items())
        case _:
            return one(values)

"""Declared register extracts: what a row is, which columns it has and in what unit.

Whatever its columns are called, a source gives a table with the same names: ``person`` (text) and

- `PersonRegister`: a row per person: attributes, and a day for every exit (death, emigration);
- `SpellRegister`: ``start``, ``end`` (the last day, empty while it goes on) and ``state``;
- `AmountRegister`: ``day`` and amounts; money in integer cents: sums agree on every engine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.registers.tables import TableChoice

type Content = Literal["text", "day", "number"]
_CONTENT: dict[str, Content] = {
    "category": "text",
    "number": "number",
    "flag": "number",
    "day": "day",
}
RESERVED = ("person", "start", "end", "state", "day", "month")


@spec
class Attribute:
    """A column that describes a person.

    Parameters
    ----------
    column
        Its name in the extract.
    kind
        ``category`` (text), ``number``, ``flag`` (0 or 1) or ``day``.
    unit
        Of a number.
    values
        The categories that may occur; empty for any.
    low, high
        The range that a number may have.
    missing
        Whether it may be empty.
    measured_at
        Day on which it was recorded; None for what never changes, such as a day of birth.
    """

    column: str
    kind: Literal["category", "number", "flag", "day"]
    unit: str = ""
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    missing: bool = False
    measured_at: dt.date | None = None

    def __post_init__(self) -> None:
        if self.values and self.kind != "category":
            raise InputError("only a category lists its values", key="values", seen=self.kind)
        if (self.low is not None or self.high is not None) and self.kind != "number":
            raise InputError("only a number has a range", key="low", seen=self.kind)


@spec
class Amount:
    """A column that is summed over a person's rows of a month.

    Parameters
    ----------
    column
        Its name in the extract.
    unit
        A currency (``EUR``), whose sums are kept in cents, or another unit such as ``days``.
    scale
        What one unit of the column is in ``unit``: 0.01 where an extract counts cents.
    low, high
        The range that one row may have, in ``unit``; negative corrections need a negative ``low``.
    missing
        Whether it may be empty, which counts as zero.
    """

    column: str
    unit: str
    scale: float = 1.0
    low: float = 0.0
    high: float = 1_000_000.0
    missing: bool = False

    @property
    def is_money(self) -> bool:
        """Whether the unit is a currency (three capital letters)."""
        return len(self.unit) == 3 and self.unit.isalpha() and self.unit.isupper()


@spec
class PersonRegister:
    """A register with one row per person, such as the population register.

    Parameters
    ----------
    table, key
        Where it is, and its column of the pseudonymous key.
    attributes
        By the name that the panel uses.
    extracted
        Day on which the extract was taken: nothing in it is later.
    exits
        Column of the day on which following a person ends, by reason: ``death``, ``emigration``.
    """

    table: TableChoice
    key: str
    extracted: dt.date
    attributes: dict[str, Attribute] = field(default_factory=dict)
    exits: dict[str, str] = field(default_factory=dict)
    type: Literal["persons"] = field(default="persons", kw_only=True)

    def __post_init__(self) -> None:
        _require_free(self.attributes, "attributes")
        _require_free(self.exits, "exits")
        both = sorted(set(self.attributes) & set(self.exits))
        if both:
            raise InputError("one name stands for two columns", key="exits", seen=both[0])


@spec
class SpellRegister:
    """A register of states that last from a day to a day, such as unemployment or a service.

    Parameters
    ----------
    table, key
        Where it is, and its column of the pseudonymous key.
    extracted
        Day on which the extract was taken: no spell starts later.
    start, end
        Columns of the first and the last day; an empty last day means that it goes on.
    state
        Column of the state; empty if every row is the state that ``states`` names alone.
    states
        Name of a state by what the column holds; what is not listed is refused.
    open_end
        A last day that stands for none, such as 9999-12-31.
    """

    table: TableChoice
    key: str
    extracted: dt.date
    start: str
    end: str
    states: dict[str, str]
    state: str = ""
    open_end: dt.date | None = None
    type: Literal["spells"] = field(default="spells", kw_only=True)

    def __post_init__(self) -> None:
        if not self.states or (not self.state and len(self.states) != 1):
            raise InputError(
                "without a column of the state there is one state, and with one at least one",
                key="states",
                seen=len(self.states),
                fix="name the column under 'state'",
            )


@spec
class AmountRegister:
    """A register of dated amounts, such as wages, benefits, taxes or costs of services.

    Parameters
    ----------
    table, key
        Where it is, and its column of the pseudonymous key.
    extracted
        Day on which the extract was taken: nothing in it is later.
    day
        Column of the day of payment, or of the first day of the month.
    amounts
        By the name that the panel uses.
    """

    table: TableChoice
    key: str
    extracted: dt.date
    day: str
    amounts: dict[str, Amount]
    type: Literal["amounts"] = field(default="amounts", kw_only=True)

    def __post_init__(self) -> None:
        if not self.amounts:
            raise InputError("no amount is named", key="amounts", fix="name at least one")
        _require_free(self.amounts, "amounts")


type Source = Annotated[
    PersonRegister | SpellRegister | AmountRegister, Field(discriminator="type")
]


def columns(source: Source) -> Iterator[tuple[str, str, Content]]:
    """Yield (key path, column of the extract, what it holds) for all that a source reads."""
    yield "key", source.key, "text"
    match source:
        case PersonRegister():
            for name, attribute in source.attributes.items():
                yield f"attributes.{name}.column", attribute.column, _CONTENT[attribute.kind]
            for reason, column in source.exits.items():
                yield f"exits.{reason}", column, "day"
        case SpellRegister():
            yield from (("start", source.start, "day"), ("end", source.end, "day"))
            if source.state:
                yield "state", source.state, "text"
        case AmountRegister():
            yield "day", source.day, "day"
            for name, amount in source.amounts.items():
                yield f"amounts.{name}.column", amount.column, "number"


def _require_free(names: Mapping[str, object], key: str) -> None:
    taken = sorted(set(names) & set(RESERVED))
    if taken:
        raise InputError(
            "this name is taken", key=key, seen=taken[0], fix=f"not one of {', '.join(RESERVED)}"
        )

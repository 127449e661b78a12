"""What is measured around a month of entry: outcomes after it, covariates before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.registers.counters import BenefitDays, PaidDays
from impactmodel.registers.months import (
    AmountMonths,
    StateDays,
    StateMonths,
    Window,
    by_month,
    first_day,
)
from impactmodel.registers.reading import CENT
from impactmodel.registers.sources import (
    AmountRegister,
    Attribute,
    PersonRegister,
    Source,
    SpellRegister,
)

if TYPE_CHECKING:
    from ibis.expr.types import Column, Table

_DAYS_OF_A_YEAR = 365.25
type Variable = Annotated[
    StateMonths | StateDays | AmountMonths | PaidDays | BenefitDays, Field(discriminator="type")
]
"""What a register says of each month of a person."""


@spec
class Around:
    """A variable over months counted from entry, whose month is 0.

    Parameters
    ----------
    variable
        Name of a variable.
    first, last
        The months: -12 to -1 is the year before entry, 1 to 12 the year after its month.
    how
        ``sum``, ``mean`` over all the months, or ``any`` (1 if above 0 in some month).
    """

    variable: str
    first: int
    last: int
    how: Literal["sum", "mean", "any"] = "sum"
    type: Literal["around"] = field(default="around", kw_only=True)

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InputError("the last month is before the first", key="last", seen=self.last)

    def summed(self, values: Table, entries: Table) -> Table:
        """Return (person, month, value) of the entries that have a row in these months.

        Parameters
        ----------
        values
            The variable's months: person, month and value.
        entries
            Entries: person and month.
        """
        at = entries.select("person", entry=entries.month)
        near = [
            at.person == values.person,
            values.month >= at.entry + self.first,
            values.month <= at.entry + self.last,
        ]
        rows = at.inner_join(values, near).select("person", "entry", "value")
        total = rows.value.sum()
        length = self.last - self.first + 1
        value = {
            "sum": total.cast("float64"),
            "mean": total.cast("float64") / length,
            "any": (rows.value.max() > 0).cast("float64"),
        }[self.how]
        return rows.group_by("person", "entry").agg(value=value).rename(month="entry")


@spec
class OfPerson:
    """An attribute of a `PersonRegister`: a number, a flag, or whether it is a category.

    Parameters
    ----------
    source, attribute
        The register and its attribute.
    is_
        The category for which this is 1, else 0; needed for a category.
    """

    source: str
    attribute: str
    is_: str = ""
    type: Literal["attribute"] = field(default="attribute", kw_only=True)

    def of(self, person: Table) -> Column:
        """Return the value of each row of the register."""
        column = person[self.attribute]
        if self.is_:
            return (column == self.is_).cast("float64")
        return column.cast("float64")


@spec
class AgeAtEntry:
    """Years from a day of birth to the first day of the month of entry."""

    source: str
    birth: str
    type: Literal["age"] = field(default="age", kw_only=True)

    def of(self, person: Table, entry: Column, months: range) -> Column:
        """Return the age at the first day of the month of entry."""
        day = by_month(entry, {m: first_day(m) for m in months})
        return day.delta(person[self.birth], unit="day").cast("float64") / _DAYS_OF_A_YEAR


type StudyMeasure = Annotated[Around | OfPerson | AgeAtEntry, Field(discriminator="type")]


def require_before(
    name: str, measure: StudyMeasure, sources: Mapping[str, Source], window: Window
) -> None:
    """Refuse a covariate that could be known only after the start.

    Raises
    ------
    InputError
        For months from that of entry on, an attribute recorded after the first month of entry, or
        one whose kind is no number.
    """
    if isinstance(measure, Around) and measure.last >= 0:
        raise InputError(
            "a covariate is known before the month of entry",
            key=f"covariates.{name}.last",
            seen=measure.last,
            fix="end at -1",
        )
    if isinstance(measure, OfPerson):
        attribute = attribute_of(measure.source, measure.attribute, sources)
        _require_number(name, measure, attribute)
        recorded = attribute.measured_at
        start = first_day(window.months.start)
        if recorded is not None and recorded >= start:
            raise InputError(
                f"'{measure.attribute}' was recorded after people started to enter",
                key=f"covariates.{name}",
                seen=recorded.isoformat(),
                fix=f"take its value of before {start}, or enter later",
            )
    if isinstance(measure, AgeAtEntry):
        attribute = attribute_of(measure.source, measure.birth, sources)
        if attribute.kind != "day":
            raise InputError(
                "an age is counted from a day", key=f"covariates.{name}.birth", seen=attribute.kind
            )


def _require_number(name: str, measure: OfPerson, attribute: Attribute) -> None:
    key = f"covariates.{name}.is_"
    if attribute.kind == "day":
        raise InputError("a day is no number", key=key, fix="use `type: age`")
    if attribute.kind != "category":
        if measure.is_:
            raise InputError("only a category is compared", key=key, seen=measure.is_)
    elif not measure.is_:
        raise InputError("a category is no number", key=key, fix="name the category that counts 1")
    elif attribute.values and measure.is_ not in attribute.values:
        raise InputError("this category is not declared", key=key, seen=measure.is_)


def attribute_of(source: str, name: str, sources: Mapping[str, Source]) -> Attribute:
    """Return an attribute of a register of persons.

    Raises
    ------
    InputError
        If there is no such register or attribute.
    """
    register = sources.get(source)
    if not isinstance(register, PersonRegister) or name not in register.attributes:
        raise InputError("no register of persons has this attribute", key=source, seen=name)
    return register.attributes[name]


def require_one_month(name: str, measure: Around, variable: Variable) -> None:
    """Raise `InputError` if the months of a counter would be summed."""
    counted = isinstance(variable, PaidDays | BenefitDays) and measure.how == "sum"
    if counted and measure.first != measure.last:
        raise InputError(
            "a counter holds the days of earlier months: its months do not add up",
            key=name,
            seen=f"{measure.first} to {measure.last}",
            fix="read it in one month, or take its mean",
        )


def require_variable(key: str, variable: Variable, sources: Mapping[str, Source]) -> None:
    """Raise `InputError` if the declared sources do not hold what a variable reads."""
    if isinstance(variable, AmountMonths | PaidDays):
        register = sources.get(variable.source)
        if not isinstance(register, AmountRegister) or variable.amount not in register.amounts:
            raise InputError("no register has this amount", key=key, seen=variable.amount)
        unit = register.amounts[variable.amount].unit
        if isinstance(variable, PaidDays) and unit != "days":
            raise InputError("a counter counts days", key=key, seen=unit)
    else:
        require_states(key, variable.source, variable.states, sources)
    if isinstance(variable, PaidDays | BenefitDays) and variable.restart is not None:
        restart = variable.restart
        require_states(f"{key}.restart", restart.source, restart.states, sources)


def require_states(
    key: str, source: str, states: tuple[str, ...], sources: Mapping[str, Source]
) -> None:
    """Raise `InputError` unless a register of spells declares these states."""
    register = sources.get(source)
    if not isinstance(register, SpellRegister):
        raise InputError("no register of spells has this name", key=key, seen=source)
    strange = sorted(set(states) - set(register.states.values()))
    if strange:
        raise InputError(
            "this state is not declared",
            key=key,
            seen=strange[0],
            fix=f"one of {', '.join(sorted(set(register.states.values())))}",
        )


def unit_of(variable: Variable, sources: Mapping[str, Source]) -> tuple[str, float]:
    """Return the unit of a variable, and what its values are divided by to be in it."""
    if variable.type == "amount":
        register = sources[variable.source]
        if isinstance(register, AmountRegister):
            amount = register.amounts[variable.amount]
            return amount.unit, CENT if amount.is_money else 1.0
    return ("months" if variable.type == "state" else "days"), 1.0

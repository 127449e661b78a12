"""Target groups of employment services, as conditions on registers.

A group is a condition on a person and a counting day (the month's last working day). Groups
overlap: their counts do not add up to the total, and a difference of two groups is no comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.registers.counters import Counter
from impactmodel.registers.months import StateMonths, Window, counting_day, in_months

if TYPE_CHECKING:
    from ibis.expr.types import Column, Table


@spec
class YoungerThan:
    """Persons under an age on the counting day.

    Parameters
    ----------
    source, birth
        A `PersonRegister` and its day of birth.
    years
        The age that they have not reached.
    """

    source: str
    birth: str
    years: int = 30
    type: Literal["younger_than"] = field(default="younger_than", kw_only=True)

    def members(self, tables: Mapping[str, Table], window: Window) -> Table:
        """Return (person, month) of members."""
        rows, day = _each_month(tables[self.source], window)
        return _chosen(rows, _years_later(rows[self.birth], self.years) > day)


@spec
class Since:
    """Persons for whom a day, such as that of a degree, is at most some years before.

    Parameters
    ----------
    source, day
        A `PersonRegister` and its day.
    years
        How long ago at most; the anniversary is no longer within.
    """

    source: str
    day: str
    years: int = 1
    type: Literal["since"] = field(default="since", kw_only=True)

    def members(self, tables: Mapping[str, Table], window: Window) -> Table:
        """Return (person, month) of members."""
        rows, day = _each_month(tables[self.source], window)
        event = rows[self.day]
        return _chosen(rows, (event <= day) & (_years_later(event, self.years) > day))


@spec
class WithAttribute:
    """Persons of a category, such as those with basic school alone."""

    source: str
    attribute: str
    is_: str
    type: Literal["attribute"] = field(default="attribute", kw_only=True)

    def members(self, tables: Mapping[str, Table], window: Window) -> Table:
        """Return (person, month) of members."""
        rows, _ = _each_month(tables[self.source], window)
        return _chosen(rows, rows[self.attribute] == self.is_)


@spec
class InState:
    """Persons in a state on the counting day, such as an integration plan in force."""

    source: str
    states: tuple[str, ...]
    type: Literal["in_state"] = field(default="in_state", kw_only=True)

    def members(self, tables: Mapping[str, Table], window: Window) -> Table:
        """Return (person, month) of members."""
        return StateMonths(self.source, self.states).read(tables, window).select("person", "month")


@spec
class InStateFor:
    """Persons in one unbroken spell of a state for some years, such as unemployed over a year.

    A spell counts from its own first day; spells that a break parts are not joined.
    """

    source: str
    states: tuple[str, ...]
    years: int = 1
    type: Literal["in_state_for"] = field(default="in_state_for", kw_only=True)

    def members(self, tables: Mapping[str, Table], window: Window) -> Table:
        """Return (person, month) of members."""
        spells = in_months(tables[self.source], self.states, window)
        day = counting_day(spells.month, window)
        whole = (_years_later(spells.start, self.years) <= day) & (spells.end >= day)
        return _chosen(spells, whole)


@spec
class WithPaidDays:
    """Persons whose counter of paid days has reached a number, such as 300 or 500.

    Parameters
    ----------
    counter
        Measured on the last working day, as groups are.
    days
        The least number of days.
    """

    counter: Counter
    days: int = 300
    type: Literal["with_paid_days"] = field(default="with_paid_days", kw_only=True)

    def __post_init__(self) -> None:
        if self.counter.measured_at != "last_working_day":
            raise InputError(
                "groups are those of the last working day",
                key="counter.measured_at",
                seen=self.counter.measured_at,
            )
        if self.days < 1:
            raise InputError("whoever has no paid days is in it", key="days", seen=self.days)

    @property
    def source(self) -> str:
        """The register of the counter."""
        return self.counter.source

    def members(self, tables: Mapping[str, Table], window: Window) -> Table:
        """Return (person, month) of members."""
        counted = self.counter.read(tables, window)
        return counted.filter(counted.value >= self.days).select("person", "month")


type TargetGroup = Annotated[
    YoungerThan | Since | WithAttribute | InState | InStateFor | WithPaidDays,
    Field(discriminator="type"),
]


def _each_month(persons: Table, window: Window) -> tuple[Table, Column]:
    import ibis

    months = ibis.range(window.months.start, window.months.stop).unnest()
    rows = persons.mutate(month=months)
    return rows, counting_day(rows.month, window)


def _years_later(day: Column, years: int) -> Column:
    import ibis

    return (day + ibis.interval(years=years)).cast("date")


def _chosen(rows: Table, is_member: Column) -> Table:
    return rows.filter(is_member.fill_null(False)).select("person", "month")

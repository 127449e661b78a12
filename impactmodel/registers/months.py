"""Months of persons: what registers say of each month, as expressions that an engine computes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from impactmodel.core.calendars import Calendar, adjusted
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

if TYPE_CHECKING:
    from ibis.expr.types import Column, Table

_DAY = dt.timedelta(days=1)


def month_number(day: dt.date) -> int:
    """Return months since the year 0.

    Examples
    --------
    >>> month_number(dt.date(2021, 3, 31)) - month_number(dt.date(2020, 12, 1))
    3
    """
    return day.year * 12 + day.month - 1


def first_day(month: int) -> dt.date:
    """Return the first day of a numbered month.

    Examples
    --------
    >>> first_day(month_number(dt.date(2021, 3, 31)))
    datetime.date(2021, 3, 1)
    """
    return dt.date(month // 12, month % 12 + 1, 1)


def month_name(month: int) -> str:
    """Return a numbered month as ``YYYY-MM``.

    Examples
    --------
    >>> month_name(month_number(dt.date(2021, 3, 31)))
    '2021-03'
    """
    return first_day(month).isoformat()[:7]


def last_working_day(month: int, calendar: Calendar = "finland") -> dt.date:
    """Return the last working day of a numbered month, on which registers count people.

    Examples
    --------
    >>> last_working_day(month_number(dt.date(2018, 3, 1)))  # 30 March was Good Friday
    datetime.date(2018, 3, 29)
    """
    return adjusted(first_day(month + 1) - _DAY, calendar, "preceding")


@spec
class Window:
    """Calendar months, one after another.

    Parameters
    ----------
    first
        Any day of the first month.
    count
        How many.
    calendar
        Whose working days decide the last one of a month.
    """

    first: dt.date
    count: int
    calendar: Calendar = "finland"

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InputError("there must be a month", key="count", seen=self.count)

    @property
    def months(self) -> range:
        """The numbers of the months."""
        start = month_number(self.first)
        return range(start, start + self.count)

    @property
    def end(self) -> dt.date:
        """The last day of the last month."""
        return first_day(self.months.stop) - _DAY


@spec
class StateMonths:
    """1 in months in which a person is in one of these states on the last working day, or on any.

    Parameters
    ----------
    source, states
        A `SpellRegister` and states of it.
    on
        ``last_working_day``, as official statistics count, or ``any_day``.
    """

    source: str
    states: tuple[str, ...]
    on: Literal["last_working_day", "any_day"] = "last_working_day"
    type: Literal["state"] = field(default="state", kw_only=True)

    def read(self, tables: Mapping[str, Table], window: Window) -> Table:
        """Return (person, month, value), months without the state left out."""
        spells = in_months(tables[self.source], self.states, window)
        if self.on == "last_working_day":
            day = counting_day(spells.month, window)
            spells = spells.filter((spells.start <= day) & (spells.end >= day))
        return spells.select("person", "month").distinct().mutate(value=1.0)


@spec
class StateDays:
    """Days of a month in one of these states; overlapping spells of two states count twice."""

    source: str
    states: tuple[str, ...]
    type: Literal["days"] = field(default="days", kw_only=True)

    def read(self, tables: Mapping[str, Table], window: Window) -> Table:
        """Return (person, month, value), months without such a day left out."""
        import ibis

        spells = in_months(tables[self.source], self.states, window)
        first = by_month(spells.month, {m: first_day(m) for m in window.months})
        last = by_month(spells.month, {m: first_day(m + 1) - _DAY for m in window.months})
        start = ibis.greatest(spells.start, first)
        end = ibis.least(spells.end, last)
        days = end.delta(start, unit="day") + 1
        return spells.group_by("person", "month").agg(value=days.sum().cast("float64"))


@spec
class AmountMonths:
    """The sum of an amount over a month's rows; money in cents."""

    source: str
    amount: str
    type: Literal["amount"] = field(default="amount", kw_only=True)

    def read(self, tables: Mapping[str, Table], window: Window) -> Table:
        """Return (person, month, value), months without a row left out."""
        table = tables[self.source]
        month = number_of(table.day)
        rows = table.mutate(month=month).filter(
            (month >= window.months.start) & (month < window.months.stop)
        )
        return rows.group_by("person", "month").agg(value=rows[self.amount].sum())


def in_months(spells: Table, states: tuple[str, ...], window: Window) -> Table:
    """Return the spells of these states once for every month of the window that they touch.

    Columns ``person, start, end, month``; a spell that goes on ends with the window.
    """
    import ibis

    months = window.months
    chosen = spells.filter(spells.state.isin(list(states))).mutate(
        end=spells.end.fill_null(window.end)
    )
    first = ibis.greatest(number_of(chosen.start), months.start)
    last = ibis.least(number_of(chosen.end), months.stop - 1)
    kept = chosen.filter(first <= last)
    numbers = ibis.range(
        ibis.greatest(number_of(kept.start), months.start),
        ibis.least(number_of(kept.end), months.stop - 1) + 1,
    )
    return kept.select("person", "start", "end", month=numbers.unnest())


def number_of(day: Column) -> Column:
    """Return the number of the month of a column of days."""
    return (day.year().cast("int64") * 12 + day.month() - 1).cast("int64")


def counting_day(month: Column, window: Window) -> Column:
    """Return the last working day of each month of a column of their numbers."""
    return by_month(month, {m: last_working_day(m, window.calendar) for m in window.months})


def by_month(month: Column, days: Mapping[int, dt.date]) -> Column:
    """Return the day that each numbered month of a column stands for."""
    import ibis

    return month.cases(*((number, ibis.literal(day)) for number, day in days.items()))

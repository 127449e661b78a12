"""Counters of paid days: how far a person's right to a benefit is used, month by month.

Finnish unemployment allowance is paid for five days a week up to 300, 400 or 500 days, after which
the counter starts anew only with a new work requirement (unemployment security act 1290/2002,
chapter 6), and municipalities bear a part of benefits from a number of paid days on.
`impactmodel.fiscal` takes such a number as ``paid_days``. Which days a law counts is for whoever
declares the register to see.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from impactmodel.core.spec import spec
from impactmodel.registers.months import Window, by_month, first_day, last_working_day

if TYPE_CHECKING:
    from ibis.expr.types import Column, IntegerColumn, Table

type MeasuredAt = Literal["month_end", "last_working_day"]
_MONDAY = dt.date(1900, 1, 1)
_DAY = dt.timedelta(days=1)


@spec
class Restart:
    """What starts a counter anew: the first day of a spell of one of these states.

    Parameters
    ----------
    source, states
        A `SpellRegister`, such as one of decisions that a work requirement is met, and states.
    """

    source: str
    states: tuple[str, ...]


@spec
class PaidDays:
    """Paid days so far since the last restart, at each month's end, from a register of payments.

    A row counts from its day on; one on the day of a restart counts in the new counter. A month
    without a payment keeps the counter of the month before.

    Parameters
    ----------
    source, amount
        An `AmountRegister`, and its amount in ``days``.
    restart
        What starts it anew; None for a counter that never does.
    measured_at
        The last day of a month, or its last working day, on which registers count people.
    """

    source: str
    amount: str
    restart: Restart | None = None
    measured_at: MeasuredAt = "month_end"
    type: Literal["paid_days"] = field(default="paid_days", kw_only=True)

    def read(self, tables: Mapping[str, Table], window: Window) -> Table:
        """Return (person, month, value), months of a counter at zero left out."""
        table = tables[self.source]
        paid = table.select("person", "day", days=table[self.amount])
        at = _each_month(paid, self.restart, self.measured_at, tables, window)
        counted = [at.person == paid.person, paid.day <= at.until, paid.day >= at.since]
        rows = at.inner_join(paid, counted).select("person", "month", "days")
        total = rows.group_by("person", "month").agg(value=rows["days"].sum().cast("float64"))
        return total.filter(total.value != 0)


@spec
class BenefitDays:
    """Paid days so far since the last restart, at each month's end, from spells on a benefit.

    Every day from Monday to Friday of a spell is taken as paid, holidays too; a day in spells of
    two states counts twice. Where days are paid in part, use `PaidDays`.

    Parameters
    ----------
    source, states
        A `SpellRegister`, and the states in which days are paid.
    restart, measured_at
        As for `PaidDays`.
    """

    source: str
    states: tuple[str, ...]
    restart: Restart | None = None
    measured_at: MeasuredAt = "month_end"
    type: Literal["benefit_days"] = field(default="benefit_days", kw_only=True)

    def read(self, tables: Mapping[str, Table], window: Window) -> Table:
        """Return (person, month, value), months of a counter at zero left out."""
        import ibis

        table = tables[self.source]
        spells = table.filter(table.state.isin(list(self.states)))
        spells = spells.select("person", "start", end=spells.end.fill_null(window.end))
        at = _each_month(spells, self.restart, self.measured_at, tables, window)
        counted = [at.person == spells.person, spells.start <= at.until, spells.end >= at.since]
        rows = at.inner_join(spells, counted).select(
            "person",
            "month",
            first=ibis.greatest(spells.start, at.since),
            last=ibis.least(spells.end, at.until),
        )
        days = _weekdays_before(rows["last"], 1) - _weekdays_before(rows["first"], 0)
        total = rows.mutate(days=days).group_by("person", "month")
        counters = total.agg(value=lambda t: t.days.sum().cast("float64"))
        return counters.filter(counters.value != 0)


type Counter = Annotated[PaidDays | BenefitDays, Field(discriminator="type")]


def _each_month(
    rows: Table,
    restart: Restart | None,
    measured_at: MeasuredAt,
    tables: Mapping[str, Table],
    window: Window,
) -> Table:
    """Return (person, month, since, until) of whoever has a row: the days that a counter covers."""
    import ibis

    ends = {
        month: first_day(month + 1) - _DAY
        if measured_at == "month_end"
        else last_working_day(month, window.calendar)
        for month in window.months
    }
    months = ibis.range(window.months.start, window.months.stop).unnest()
    grid = rows.select("person").distinct().mutate(month=months)
    grid = grid.mutate(until=by_month(grid.month, ends))
    if restart is None:
        return grid.mutate(since=ibis.literal(_MONDAY))
    events = tables[restart.source]
    events = events.filter(events.state.isin(list(restart.states)))
    events = events.select("person", "start")
    before = [grid.person == events.person, events.start <= grid.until]
    found = grid.left_join(events, before).select("person", "month", "until", "start")
    last = found.group_by("person", "month", "until").agg(since=found["start"].max())
    return last.mutate(since=last.since.fill_null(_MONDAY))


def _weekdays_before(day: Column, later: int) -> IntegerColumn:
    """Return how many days from Monday to Friday lie between a Monday long ago and a day."""
    import ibis

    days = day.delta(ibis.literal(_MONDAY), unit="day").cast("int64") + later
    weeks = (days / 7).floor().cast("int64")
    rest = days - 7 * weeks
    return weeks * 5 + ibis.least(rest, 5)

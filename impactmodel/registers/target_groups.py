"""The same indicators counted from months of persons, by target group.

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
from impactmodel.registers.months import (
    StateMonths,
    Window,
    counting_day,
    in_months,
    month_name,
)
from impactmodel.registers.reading import collect

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import Column, Table

EVERYONE = "everyone"


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


type TargetGroup = Annotated[
    YoungerThan | Since | WithAttribute | InState | InStateFor, Field(discriminator="type")
]


@spec
class GroupCounts:
    """What is counted of registers by month and target group.

    Parameters
    ----------
    unemployed, services
        States on the last working day. Who is in both is in services: people in services are
        not unemployed.
    window
        The months.
    groups
        By name; they may overlap.
    laid_off
        The fully laid off, if known; a part of the unemployed.
    minimum
        Counts from 1 to below this are withheld, and with them the rates of that row. 3 persons is
        the least that Statistics Finland's guide of 2017 asks for. It does not protect against
        differences of tables.
    """

    unemployed: StateMonths
    services: StateMonths
    window: Window
    groups: dict[str, TargetGroup] = field(default_factory=dict)
    laid_off: StateMonths | None = None
    minimum: int = 3

    def __post_init__(self) -> None:
        if self.minimum < 1:
            raise InputError("a cell has a least size", key="minimum", seen=self.minimum)
        if EVERYONE in self.groups:
            raise InputError("this name is taken", key="groups", seen=EVERYONE)
        for key in ("unemployed", "services", "laid_off"):
            variable = getattr(self, key)
            if variable is not None and variable.on != "last_working_day":
                raise InputError(
                    "official counts are those of the last working day",
                    key=f"{key}.on",
                    seen=variable.on,
                )


def count_groups(counts: GroupCounts, tables: Mapping[str, Table]) -> pd.DataFrame:
    """Return indicators by group and month, from standard tables of the extracts.

    Index (``group``, ``month``); columns ``unemployed``, ``in_services``,
    ``unemployed_and_in_services``, ``activation_rate`` (percent) and, if the laid off are known,
    ``laid_off`` and ``activation_rate_without_laid_off``. Missing is withheld (or a rate of
    nobody). The first group is ``everyone``.

    Raises
    ------
    InputError
        If a source is not given, or the engine fails.
    """
    import pandas as pd

    _require_sources(counts, tables)
    months = [month_name(m) for m in counts.window.months]
    names = [EVERYONE, *counts.groups]
    states = _states(counts, tables)
    rows = _of_group(states, EVERYONE)
    for name, group in counts.groups.items():
        members = group.members(tables, counts.window).distinct()
        rows = rows.union(_of_group(states.semi_join(members, ["person", "month"]), name))
    found = collect("groups", rows)
    found["month"] = [month_name(int(month)) for month in found["month"]]
    every = pd.MultiIndex.from_product([names, months], names=["group", "month"])
    table = found.set_index(["group", "month"]).astype(float).reindex(every, fill_value=0.0)
    return _with_rates(table, counts)


def _of_group(rows: Table, name: str) -> Table:
    """Return (group, month) with the counts of these rows."""
    import ibis

    summed = rows.group_by("month").agg(
        **{key: rows[key].sum().cast("int64") for key in ("unemployed", "in_services", "laid_off")}
    )
    return summed.mutate(group=ibis.literal(name))


def _states(counts: GroupCounts, tables: Mapping[str, Table]) -> Table:
    """Return (person, month, unemployed, in_services, laid_off), each 0 or 1."""
    window = counts.window
    served = counts.services.read(tables, window).select("person", "month")
    out = counts.unemployed.read(tables, window).select("person", "month")
    out = out.anti_join(served, ["person", "month"])
    if counts.laid_off is None:
        out = out.mutate(laid_off=0)
    else:
        off = counts.laid_off.read(tables, window).select("person", "month", off=1)
        joined = out.left_join(off, ["person", "month"])
        out = joined.select(
            person=out.person, month=out.month, laid_off=off.off.fill_null(0).cast("int8")
        )
    served = served.mutate(unemployed=0, in_services=1, laid_off=0)
    columns = ("person", "month", "unemployed", "in_services", "laid_off")
    counted = [
        rows.select("person", "month", **{name: rows[name].cast("int64") for name in columns[2:]})
        for rows in (out.mutate(unemployed=1, in_services=0), served)
    ]
    return counted[0].union(counted[1])


def _with_rates(table: pd.DataFrame, counts: GroupCounts) -> pd.DataFrame:
    kept = table.where((table == 0) | (table >= counts.minimum))
    if counts.laid_off is None:
        kept = kept.drop(columns="laid_off")
    both = kept["unemployed"] + kept["in_services"]
    result = kept.assign(
        unemployed_and_in_services=both,
        activation_rate=100 * kept["in_services"] / both.where(both > 0),
    )
    if counts.laid_off is not None:
        # A remainder below the least size would show who is not laid off.
        rest = kept["unemployed"] - kept["laid_off"]
        rest = rest.where((rest == 0) | (rest >= counts.minimum))
        result["laid_off"] = kept["laid_off"].where(rest.notna())
        whole = rest + kept["in_services"]
        result["activation_rate_without_laid_off"] = (
            100 * kept["in_services"] / whole.where(whole > 0)
        )
    return result


def _require_sources(counts: GroupCounts, tables: Mapping[str, Table]) -> None:
    named = {"unemployed": counts.unemployed.source, "services": counts.services.source}
    if counts.laid_off is not None:
        named["laid_off"] = counts.laid_off.source
    named |= {f"groups.{name}": group.source for name, group in counts.groups.items()}
    for key, source in named.items():
        if source not in tables:
            raise InputError(
                "there is no such extract",
                key=f"{key}.source",
                seen=source,
                fix=f"one of {', '.join(sorted(tables))}",
            )


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

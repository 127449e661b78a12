"""Official indicators counted from months of persons, by target group.

Groups overlap: their counts do not add up to the total, and a difference of two groups is no
comparison. A register counts everybody, so its counts have no sampling error; what they have is
errors of recording. The Labour Force Survey's rate is another quantity: see `survey_rate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.registers.definitions import DEFINITIONS, Definition, Unit
from impactmodel.registers.group_table import EVERYONE, OTHERS, protected
from impactmodel.registers.months import StateMonths, Window, first_day, month_name
from impactmodel.registers.purpose import Purpose
from impactmodel.registers.reading import collect
from impactmodel.registers.target_groups import TargetGroup, WithAttribute

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import Column, IntegerValue, Table

    from impactmodel.registers.disclosure import Release

_STATES = ("unemployed", "in_services", "employed", "laid_off")
_FLOWS = ("into_services", "out_of_services", "into_work", "out_of_work")


@spec
class GroupCounts:
    """What is counted of registers by month and target group.

    Parameters
    ----------
    unemployed, services
        States on the last working day. Who is in both is in services: people in services are
        not unemployed.
    window
        The months. Registers must reach back to the month before it, for flows.
    groups
        By name; they may overlap.
    laid_off
        The fully laid off, if known; a part of the unemployed.
    employed
        People in work, if known: who is also unemployed or in services is not counted here.
    minimum
        Counts from 1 to below this are withheld, and others until none can be worked out; 3
        persons is the least that Statistics Finland's guide of 2017 asks for. 1 withholds nothing:
        the counts must then stay where they were made.
    """

    unemployed: StateMonths
    services: StateMonths
    window: Window
    groups: dict[str, TargetGroup] = field(default_factory=dict)
    laid_off: StateMonths | None = None
    employed: StateMonths | None = None
    minimum: int = 3

    def __post_init__(self) -> None:
        if self.minimum < 1:
            raise InputError("a cell has a least size", key="minimum", seen=self.minimum)
        for name in self.groups:
            if name == EVERYONE or name.startswith(OTHERS):
                raise InputError("this name is taken", key="groups", seen=name)
        for key in ("unemployed", "services", "laid_off", "employed"):
            variable = getattr(self, key)
            if variable is not None and variable.on != "last_working_day":
                raise InputError(
                    "official counts are those of the last working day",
                    key=f"{key}.on",
                    seen=variable.on,
                )


@dataclass(frozen=True, slots=True, repr=False)
class GroupIndicators:
    """Indicators by target group and month.

    Parameters
    ----------
    frame
        Index (``group``, ``month``), the first group ``everyone``; a column per count and rate.
        Missing is withheld (or a rate of nobody).
    definitions
        Of each column.
    release
        The counts under disclosure control, for `export`; none if the least size is 1.
    purpose
        Under which the extracts were received.
    """

    frame: pd.DataFrame
    definitions: dict[str, Definition]
    release: Release | None
    purpose: Purpose | None = None

    def __repr__(self) -> str:
        groups, months = (len(self.frame.index.unique(name)) for name in ("group", "month"))
        return f"GroupIndicators({groups} groups, {months} months)"


def count_groups(
    counts: GroupCounts, tables: Mapping[str, Table], purpose: Purpose | None = None
) -> GroupIndicators:
    """Return indicators by group and month, from standard tables of the extracts.

    Columns ``unemployed``, ``in_services``, ``unemployed_and_in_services``, ``activation_rate``
    (percent); ``into_services``, ``out_of_services``: who was not in services on the counting day
    of the month before, or no longer is; with the laid off ``laid_off`` and
    ``activation_rate_without_laid_off``; with the employed ``employed``,
    ``register_unemployment_rate`` (percent), ``into_work`` and ``out_of_work``: from and to
    unemployment or services. Who comes is of the groups of the month, who leaves of those of the
    month before. The release carries the purpose under which the extracts were received.

    Raises
    ------
    InputError
        If a source is not given, the engine fails, or a small count cannot be protected.
    """
    import pandas as pd

    _require_sources(counts, tables)
    names = [name for name in (*_STATES, *_FLOWS) if _is_known(name, counts)]
    months = counts.window.months
    longer = replace(counts.window, first=first_day(months.start - 1), count=len(months) + 1)
    states = _with_flows(_states(counts, tables, longer))
    rows = _of_group(states, EVERYONE, names)
    for name, group in counts.groups.items():
        members = group.members(tables, longer).distinct()
        rows = rows.union(_of_group(states.semi_join(members, ["person", "month"]), name, names))
    found = collect("groups", rows)
    found["month"] = [int(month) for month in found["month"]]
    every = pd.MultiIndex.from_product(
        [[EVERYONE, *counts.groups], [months.start - 1, *months]], names=["group", "month"]
    )
    table = found.set_index(["group", "month"]).astype(float).reindex(every, fill_value=0.0)
    for name in ("out_of_services", "out_of_work"):
        if name in table:
            # Counted in the month before, when they were in the group.
            table[name] = table.groupby("group")[name].shift(1)
    table = table.drop(index=months.start - 1, level="month")
    table.index = pd.MultiIndex.from_tuples(
        [(group, month_name(month)) for group, month in table.index], names=["group", "month"]
    )
    table["unemployed_and_in_services"] = table["unemployed"] + table["in_services"]
    return _shown(table, counts, purpose)


def _is_known(name: str, counts: GroupCounts) -> bool:
    needed = {"laid_off": counts.laid_off, "employed": counts.employed}
    needed |= dict.fromkeys(("into_work", "out_of_work"), counts.employed)
    return needed.get(name, counts.unemployed) is not None


def _of_group(rows: Table, name: str, names: list[str]) -> Table:
    """Return (group, month) with the counts of these rows."""
    import ibis

    summed = rows.group_by("month").agg(**{key: rows[key].sum().cast("int64") for key in names})
    return summed.mutate(group=ibis.literal(name))


def _states(counts: GroupCounts, tables: Mapping[str, Table], window: Window) -> Table:
    """Return (person, month) and a column of 0 or 1 for each state; a person has one a month."""

    def members(variable: StateMonths) -> Table:
        return variable.read(tables, window).select("person", "month")

    served = members(counts.services)
    out = members(counts.unemployed).anti_join(served, ["person", "month"])
    parts = [(served, "in_services"), (out, "unemployed")]
    if counts.employed is not None:
        other = members(counts.employed).anti_join(served, ["person", "month"])
        parts.append((other.anti_join(out, ["person", "month"]), "employed"))
    rows = [
        part.mutate(**{key: int(key == name) for key in ("unemployed", "in_services", "employed")})
        for part, name in parts
    ]
    whole = rows[0]
    for more in rows[1:]:
        whole = whole.union(more)
    if counts.laid_off is None:
        return whole.mutate(laid_off=0)
    off = members(counts.laid_off).mutate(off=1)
    joined = whole.left_join(off, ["person", "month"])
    laid_off = joined.unemployed * joined.off.fill_null(0)
    return joined.select(*(joined[c] for c in whole.columns), laid_off=laid_off)


def _with_flows(states: Table) -> Table:
    """Return the rows with what a person comes from and, in the month before it, goes to."""
    import ibis

    by_person = ibis.window(group_by="person", order_by="month")

    def at(shift: int, *names: str) -> IntegerValue:
        def moved(name: str) -> Column:
            column = states[name]
            return (column.lag() if shift < 0 else column.lead()).over(by_person)

        there = moved("month") == states.month + shift
        return there.ifelse(sum(moved(name) for name in names), 0).fill_null(0)

    idle = ("unemployed", "in_services")
    return states.mutate(
        into_services=states.in_services * (1 - at(-1, "in_services")),
        out_of_services=states.in_services * (1 - at(1, "in_services")),
        into_work=states.employed * at(-1, *idle),
        out_of_work=states.employed * at(1, *idle),
    )


def _shown(table: pd.DataFrame, counts: GroupCounts, purpose: Purpose | None) -> GroupIndicators:
    release = None
    if counts.minimum > 1:
        fixed = (name for name, group in counts.groups.items() if isinstance(group, WithAttribute))
        release = protected(
            table.astype("int64"), counts.minimum, _POPULATION, (EVERYONE, *fixed), purpose
        )
        hidden = {
            key
            for key, is_hidden in zip(release.table.keys, release.hidden, strict=True)
            if is_hidden
        }
        for group, month, name in hidden:
            if (group, month) in table.index and name in table:
                table.loc[(group, month), name] = float("nan")
    services, out = table["in_services"], table["unemployed"]
    found = table.assign(activation_rate=_percent(services, out))
    if counts.laid_off is not None:
        rest = out - table["laid_off"]
        found["activation_rate_without_laid_off"] = _percent(services, rest)
    if counts.employed is not None:
        found["register_unemployment_rate"] = _percent(out, table["employed"])
    names = [name for name in _TEXTS if name in found]
    definitions = {name: _definition(name) for name in names}
    return GroupIndicators(found[names], definitions, release, purpose)


def _percent(part: pd.Series[float], others: pd.Series[float]) -> pd.Series[float]:
    whole = part + others
    return 100 * part / whole.where(whole > 0)


_POPULATION = "persons of the extracts, by target group"
_BEFORE = "on the counting day of the month before"
_TEXTS = {
    "unemployed": DEFINITIONS["unemployed_jobseekers"].text,
    "in_services": DEFINITIONS["services_total"].text,
    "unemployed_and_in_services": "unemployed jobseekers and people in services",
    "activation_rate": DEFINITIONS["activation_rate"].text,
    "laid_off": DEFINITIONS["laid_off_full_time"].text,
    "activation_rate_without_laid_off": "people in services of them and the unemployed without "
    "the fully laid off",
    "employed": "people in work who are neither unemployed nor in services",
    "register_unemployment_rate": "unemployed jobseekers of them and the employed of the same "
    "day; not the published rate, whose labour force is about two years older, and not that of "
    "the Labour Force Survey",
    "into_services": f"people in services who were not {_BEFORE}",
    "out_of_services": f"people who were in services {_BEFORE} and no longer are",
    "into_work": f"employed people who were unemployed or in services {_BEFORE}",
    "out_of_work": f"people unemployed or in services who were employed {_BEFORE}",
}


def _definition(name: str) -> Definition:
    unit: Unit = "percent" if "rate" in name else "persons"
    return Definition(name, _TEXTS[name], unit, population=_POPULATION)


def _require_sources(counts: GroupCounts, tables: Mapping[str, Table]) -> None:
    named = {"unemployed": counts.unemployed.source, "services": counts.services.source}
    for key in ("laid_off", "employed"):
        variable = getattr(counts, key)
        if variable is not None:
            named[key] = variable.source
    named |= {f"groups.{name}": group.source for name, group in counts.groups.items()}
    for key, source in named.items():
        if source not in tables:
            raise InputError(
                "there is no such extract",
                key=f"{key}.source",
                seen=source,
                fix=f"one of {', '.join(sorted(tables))}",
            )

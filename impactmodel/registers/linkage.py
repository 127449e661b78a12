"""The linkage report: how far extracts are of the same people, and what in them cannot be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from impactmodel.core.errors import InputError
from impactmodel.registers.reading import collect
from impactmodel.registers.small_counts import LEAST, is_small, shown_count
from impactmodel.registers.sources import AmountRegister, PersonRegister, Source, SpellRegister
from impactmodel.registers.validation import EARLIEST

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import BooleanValue, Column, Table

type Shown = int | str
"""A count, or in words why it is not shown."""

WITHHELD = "withheld"
_BIRTH = "before birth"


@dataclass(frozen=True, slots=True)
class RegisterLinkage:
    """Counts of one register against the population.

    Parameters
    ----------
    name, type, extracted
        Of the source, as declared.
    rows, persons
        In the register.
    matched, unmatched, without
        Persons of the register who are in the population and who are not, and persons of the
        population without a row. ``matched + unmatched`` are the persons, ``matched + without``
        the population: where one is small, none of the three is shown.
    unmatched_rows
        Rows of persons who are not in the population.
    duplicates
        Rows that equal another one in every column that is read; two equal payments may be right.
    impossible
        Rows whose day is missing, before 1900 or after the extract, or that end before they begin.
    outside
        Rows by what they are outside of: ``before birth``, and ``after`` each exit (a spell, where
        it goes on after it).
    """

    name: str
    type: str
    extracted: dt.date
    rows: Shown
    persons: Shown
    matched: Shown
    unmatched: Shown
    without: Shown
    unmatched_rows: Shown
    duplicates: Shown
    impossible: Shown
    outside: Mapping[str, Shown]


@dataclass(frozen=True, slots=True)
class LinkageReport:
    """How the registers of a study fit together; it may leave: no count is below the least size.

    Parameters
    ----------
    population, people
        The register of those who are studied, and how many they are.
    registers
        One for each source, the population first.
    least
        Counts of rows of 1 to fewer persons than this are shown as ``"<3"``.
    """

    population: str
    people: Shown
    registers: tuple[RegisterLinkage, ...]
    least: int = LEAST

    def frame(self) -> pd.DataFrame:
        """Return the counts, a row per register."""
        import pandas as pd

        rows = [
            {name: getattr(one, name) for name in RegisterLinkage.__slots__ if name != "outside"}
            | dict(one.outside)
            for one in self.registers
        ]
        return pd.DataFrame(rows)


def linkage(
    tables: Mapping[str, Table],
    sources: Mapping[str, Source],
    population: str,
    *,
    birth: str = "",
    least: int = LEAST,
) -> LinkageReport:
    """Count how registers are linked to a population, and rows that cannot be.

    Parameters
    ----------
    tables
        Standard tables of the extracts; sound ones of `impactmodel.registers.validation.read`, or
        any of `impactmodel.registers.reading.standard`, to see why they are refused.
    sources
        Their declarations.
    population
        Name of a `PersonRegister`.
    birth
        Its attribute that is the day of birth; empty if it has none.
    least
        The smallest count of persons that is shown.

    Raises
    ------
    InputError
        If there is no such register or attribute, or the engine fails.
    """
    register = sources.get(population)
    if not isinstance(register, PersonRegister):
        raise InputError("the population is a register of persons", key=population)
    if birth and birth not in register.attributes:
        raise InputError("the population has no such day of birth", key="birth", seen=birth)
    people = _people(tables[population], register, birth)
    count = int(collect(population, people.aggregate(n=people.count()))["n"].iloc[0])
    names = [population, *(name for name in sources if name != population)]
    found = [
        _of_register(name, sources[name], tables[name], people, (count, bool(birth), least))
        for name in names
    ]
    return LinkageReport(population, shown_count(count, least), tuple(found), least)


def _people(table: Table, register: PersonRegister, birth: str) -> Table:
    """Return each person once with birth and exits; of two rows of one person the first days."""
    days = {f"exit_{reason}": table[reason].min() for reason in register.exits}
    if birth:
        days["birth"] = table[birth].min()
    return table.group_by("person").agg(known=table.count() > 0, **days)


def _of_register(
    name: str, source: Source, table: Table, people: Table, about: tuple[int, bool, int]
) -> RegisterLinkage:
    count, has_birth, least = about
    first, last = _days(source, table)
    rows = table.mutate(first_=first, last_=last).left_join(people, "person")
    flags: dict[str, Any] = {
        "unmatched": rows.known.isnull(),
        "impossible": _impossible(source, rows),
    }
    exits = [c for c in people.columns if c.startswith("exit_")]
    if not isinstance(source, PersonRegister):
        if has_birth:
            flags[_BIRTH] = rows.first_ < rows.birth
        flags |= {f"after {c.removeprefix('exit_')}": rows.last_ > rows[c] for c in exits}
    found = _counted(name, rows, flags) | _repeated(name, table)
    persons, unmatched = found["persons"], found["unmatched persons"]
    three = (persons - unmatched, unmatched, count - persons + unmatched)

    def shown(flag: str) -> Shown:
        few = is_small(found[f"{flag} persons"], least)
        return f"<{least}" if few and found[flag] < least else WITHHELD if few else found[flag]

    matched, others, without = _together(three, least)
    return RegisterLinkage(
        name=name,
        type=source.type,
        extracted=source.extracted,
        rows=WITHHELD if is_small(persons, least) else found["rows"],
        persons=shown_count(persons, least),
        matched=matched,
        unmatched=others,
        without=without,
        unmatched_rows=shown("unmatched"),
        duplicates=shown("duplicates"),
        impossible=shown("impossible"),
        outside={flag: shown(flag) for flag in flags if flag.startswith(("before", "after"))},
    )


def _together(counts: tuple[int, int, int], least: int) -> tuple[Shown, Shown, Shown]:
    """Show counts that can be worked out from one another, or none of them."""
    if not any(is_small(count, least) for count in counts):
        return counts
    few, *rest = (shown_count(n, least) if is_small(n, least) else WITHHELD for n in counts)
    return few, rest[0], rest[1]


def _days(source: Source, table: Table) -> tuple[Column, Column]:
    """Return the first and the last day of each row; an open spell lasts to the extract."""
    import ibis

    if isinstance(source, SpellRegister):
        end = ibis.least(table.end.fill_null(source.extracted), ibis.literal(source.extracted))
        return table.start, end
    day = table.day if isinstance(source, AmountRegister) else ibis.null("date")
    return day, day


def _impossible(source: Source, rows: Table) -> BooleanValue:
    if isinstance(source, PersonRegister):
        days = [name for name, a in source.attributes.items() if a.kind == "day" and not a.missing]
        first, *rest = [rows[name].isnull() for name in days] or [rows.person.isnull()]
        for other in rest:
            first |= other
        return first
    wrong = rows.first_.isnull() | (rows.first_ < EARLIEST) | (rows.first_ > source.extracted)
    if isinstance(source, SpellRegister):
        wrong |= rows.end < rows.start
    return wrong


def _counted(name: str, rows: Table, flags: Mapping[str, Any]) -> dict[str, int]:
    """Return rows and persons, and for each flag its rows and the persons who have them."""
    marked = rows.select(
        "person",
        **{f"f{i}": flag.fill_null(False).cast("int64") for i, flag in enumerate(flags.values())},
    )
    sums = {f"f{i}": marked[f"f{i}"].sum() for i in range(len(flags))}
    each = marked.group_by("person").agg(n=marked.count(), **sums)
    totals: dict[str, Any] = {"persons": each.person.count(), "rows": each.n.sum()}
    for i, flag in enumerate(flags):
        totals[flag] = each[f"f{i}"].sum()
        totals[f"{flag} persons"] = (each[f"f{i}"] > 0).sum()
    return _whole(name, each.aggregate(**totals))


def _repeated(name: str, table: Table) -> dict[str, int]:
    """Return rows that stand again, and the persons who have them."""
    same = table.group_by(table.columns).agg(n_=table.count())
    again = same.filter(same.n_ > 1)
    counts = {"duplicates": (again.n_ - 1).sum(), "duplicates persons": again.person.nunique()}
    return _whole(name, again.aggregate(**counts))


def _whole(name: str, counts: Table) -> dict[str, int]:
    """Return the counts of a single row; a sum over no rows is zero."""
    row = collect(name, counts.mutate(**{c: counts[c].fill_null(0) for c in counts.columns}))
    return {column: int(row[column].iloc[0]) for column in row.columns}

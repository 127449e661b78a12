"""Whether an extract is sound: every fault is counted before a row is used, and none is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError, Problem
from impactmodel.registers.reading import (
    CENT,
    as_day,
    as_number,
    as_text,
    collect,
    decimal_of,
    in_units,
    known_state,
    open_source,
    standard,
)
from impactmodel.registers.sources import (
    Amount,
    AmountRegister,
    Attribute,
    PersonRegister,
    Source,
    SpellRegister,
)

if TYPE_CHECKING:
    from ibis.backends import BaseBackend
    from ibis.expr.types import BooleanValue, Column, Table

EARLIEST = dt.date(1900, 1, 1)
IDENTITY_CODE = r"^\d{6}[-+ABCDEFYXWVU]\d{3}[0-9A-Y]$"
"""A Finnish personal identity code: day of birth, sign of the century, number, check character."""
_ALWAYS = dt.date(9999, 12, 31)
_PART_OF_A_CENT = 1e-4
_MOST = 1e15


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault in rows of an extract.

    Parameters
    ----------
    key
        Where in the declaration of the source.
    what, fix
        As in an `InputError`.
    rows
        Whether a row has it.
    """

    key: str
    what: str
    fix: str
    rows: BooleanValue


def read(name: str, source: Source, connection: BaseBackend, folder: Path) -> Table:
    """Return the standard table of a sound extract.

    Raises
    ------
    InputError
        With every kind of fault, its column and the number of rows that have it; never a value.
    """
    raw = open_source(name, source, connection, folder)
    problems = list(_problems(name, source, raw))
    if problems:
        raise InputError.of(problems)
    return standard(source, raw)


def _problems(name: str, source: Source, raw: Table) -> Iterator[Problem]:
    faults = list(_faults(source, raw))
    counts = {f"f{i}": fault.rows.fill_null(False).sum() for i, fault in enumerate(faults)}
    found = collect(f"sources.{name}", raw.aggregate(rows=raw.count(), **counts)).iloc[0]
    if not found["rows"]:
        yield Problem("the extract has no rows", "export it again", key=f"sources.{name}")
        return
    for i, fault in enumerate(faults):
        if found[f"f{i}"]:
            key = f"sources.{name}.{fault.key}"
            yield Problem(f"{fault.what} in {_rows(found[f'f{i}'])}", fault.fix, key=key)
    yield from _repeated(name, source, standard(source, raw))


def _rows(count: float) -> str:
    return f"{int(count)} row{'s' if count > 1 else ''}"


def _faults(source: Source, raw: Table) -> Iterator[Fault]:
    key = as_text(raw[source.key])
    yield Fault("key", "no key", "every row needs a person", key.isnull())
    yield Fault(
        "key",
        "a personal identity code stands in place of a pseudonym",
        "replace it by a pseudonym at the source",
        key.re_search(IDENTITY_CODE),
    )
    match source:
        case PersonRegister():
            yield from _person_faults(source, raw)
        case SpellRegister():
            yield from _spell_faults(source, raw)
        case AmountRegister():
            yield from _day_faults(raw, source.day, "day", source.extracted, required=True)
            for name, amount in source.amounts.items():
                yield from _amount_faults(name, amount, raw, decimal_of(source))


def _day_faults(
    raw: Table, column: str, key: str, latest: dt.date | None, *, required: bool
) -> Iterator[Fault]:
    given, day = as_text(raw[column]), as_day(raw[column])
    if required:
        yield Fault(key, f"no day in '{column}'", "complete it", given.isnull())
    yield Fault(
        key,
        f"no day of the form YYYY-MM-DD in '{column}'",
        "convert it at the source",
        given.notnull() & day.isnull(),
    )
    yield Fault(key, f"a day before 1900 in '{column}'", "correct it", day < EARLIEST)
    if latest is not None:
        yield Fault(
            key,
            f"a day after the extract of {latest} in '{column}'",
            "correct it, or the day of the extract",
            day > latest,
        )


def _person_faults(source: PersonRegister, raw: Table) -> Iterator[Fault]:
    births = [
        a.column for a in source.attributes.values() if a.kind == "day" and a.measured_at is None
    ]
    for name, attribute in source.attributes.items():
        key = f"attributes.{name}"
        if attribute.kind == "day":
            required = not attribute.missing
            yield from _day_faults(raw, attribute.column, key, source.extracted, required=required)
        else:
            yield from _attribute_faults(key, attribute, raw, decimal_of(source))
    for reason, column in source.exits.items():
        yield from _day_faults(raw, column, f"exits.{reason}", source.extracted, required=False)
        for birth in births:
            yield Fault(
                f"exits.{reason}",
                f"'{column}' is before '{birth}'",
                "correct one of them",
                as_day(raw[column]) < as_day(raw[birth]),
            )


def _attribute_faults(key: str, attribute: Attribute, raw: Table, decimal: str) -> Iterator[Fault]:
    column, where = raw[attribute.column], f"'{attribute.column}'"
    given = as_text(column)
    if not attribute.missing:
        yield Fault(key, f"no value in {where}", "complete it or state `missing`", given.isnull())
    if attribute.kind == "category":
        if attribute.values:
            strange = given.notnull() & given.notin(list(attribute.values))
            yield Fault(key, f"a category that is not declared in {where}", "declare it", strange)
        return
    value = as_number(column, decimal)
    yield from _number_faults(key, where, given, value)
    if attribute.kind == "flag":
        yield Fault(key, f"neither 0 nor 1 in {where}", "recode it", value.notin([0.0, 1.0]))
    yield from _range_faults(key, where, value, (attribute.low, attribute.high))


def _number_faults(key: str, where: str, given: Column, value: Column) -> Iterator[Fault]:
    yield Fault(key, f"no number in {where}", "convert it", given.notnull() & value.isnull())
    endless = value.isnan() | value.isinf()
    yield Fault(key, f"no finite number in {where}", "correct it", endless)


def _range_faults(
    key: str, where: str, value: Column, ends: tuple[float | None, float | None]
) -> Iterator[Fault]:
    low, high = ends
    if low is not None:
        yield Fault(
            key,
            f"a value below {low:g} in {where}",
            "correct it or `low`",
            (value < low) & ~value.isinf(),
        )
    if high is not None:
        above = (value > high) & ~value.isinf() & ~value.isnan()
        yield Fault(key, f"a value above {high:g} in {where}", "correct it or `high`", above)


def _spell_faults(source: SpellRegister, raw: Table) -> Iterator[Fault]:
    yield from _day_faults(raw, source.start, "start", source.extracted, required=True)
    yield from _day_faults(raw, source.end, "end", None, required=False)
    yield Fault(
        "end",
        f"'{source.end}' is before '{source.start}'",
        "correct one of them",
        as_day(raw[source.end]) < as_day(raw[source.start]),
    )
    if source.state:
        given = as_text(raw[source.state])
        where = f"'{source.state}'"
        yield Fault("state", f"no state in {where}", "complete it", given.isnull())
        strange = given.notnull() & ~known_state(source, raw)
        yield Fault("states", f"a state that is not declared in {where}", "declare it", strange)


def _amount_faults(name: str, amount: Amount, raw: Table, decimal: str) -> Iterator[Fault]:
    key, where = f"amounts.{name}", f"'{amount.column}'"
    given = as_text(raw[amount.column])
    if not amount.missing:
        yield Fault(key, f"no amount in {where}", "complete it or state `missing`", given.isnull())
    number = partial(as_number, decimal=decimal)
    value = in_units(raw, amount, number)
    yield from _number_faults(key, where, given, value)
    yield from _range_faults(key, where, value, (amount.low, amount.high))
    if amount.is_money:
        # An engine rounds to 64-bit whole numbers: what has no place there has no cents to check.
        cents = (value.abs() < _MOST).ifelse(value, None) * CENT
        part = (cents - cents.round()).abs() > _PART_OF_A_CENT
        yield Fault(
            key,
            f"a part of a cent in {where}",
            "round it at the source, or state `scale`",
            part,
        )


def _repeated(name: str, source: Source, table: Table) -> Iterator[Problem]:
    """Yield what only several rows together show; impossible in amounts, which may repeat."""
    if isinstance(source, PersonRegister):
        twice = table.group_by("person").agg(n=table.count()).filter(lambda t: t.n > 1)
        count = int(collect(f"sources.{name}", twice.aggregate(n=twice.count()))["n"].iloc[0])
        if count:
            what = f"{count} key{'s' if count > 1 else ''} in more than one row"
            yield Problem(what, "one row per person", key=f"sources.{name}.key")
    elif isinstance(source, SpellRegister):
        import ibis

        window = ibis.window(group_by=["person", "state"], order_by=["start", "end"])
        last = table.end.fill_null(_ALWAYS).cummax().over(window)
        before = table.mutate(last=last).mutate(before=lambda t: t.last.lag().over(window))
        over = before.filter(before.before >= before.start)
        count = int(collect(f"sources.{name}", over.aggregate(n=over.count()))["n"].iloc[0])
        if count:
            yield Problem(
                f"{_rows(count)} overlap an earlier spell of the same person and state",
                "join them at the source",
                key=f"sources.{name}.start",
            )

"""Reforms: dated values laid over the rules of a country, and marked wherever they are used."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.core.spec import load_yaml, spec
from impactmodel.fiscal.parameter_files import Amount, Parameter, Source, Value, shape_faults


@spec
class Change:
    """Another value of one parameter.

    Parameters
    ----------
    parameter
        Its name in the rules, such as ``benefit.basic_daily_amount``.
    valid_from
        First day of the value. Values that the rules change later are replaced too, up to
        ``until``.
    value
        A number, or for a table rows of [threshold, value].
    until
        First day on which the rules hold again as they stand.
    known_from
        First day on which the value was known, for rules as signed; always by default.
    source, status
        Instead of those of the reform.
    """

    parameter: str
    valid_from: dt.date
    value: Amount
    until: dt.date | None = None
    known_from: dt.date | None = None
    source: str = ""
    status: Literal["proposed", "assumption"] | None = None

    def __post_init__(self) -> None:
        if self.until is not None and self.until <= self.valid_from:
            raise InputError(
                "the change ends before it begins",
                key="until",
                seen=f"{self.valid_from} until {self.until}",
                fix="give a later day, or leave it out",
            )


@spec
class Reform:
    """A set of changes with a name; without changes it leaves the rules as they are.

    Parameters
    ----------
    name
        Said wherever one of its values is used.
    source
        Where it is proposed; an assumption has none.
    status
        ``proposed`` by somebody, or an ``assumption``.
    """

    name: str
    status: Literal["proposed", "assumption"] = "assumption"
    source: str = ""
    changes: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("the reform has no name", key="name", fix="give one")
        for place, change in enumerate(self.changes):
            status = change.status or self.status
            if status == "proposed" and not (change.source or self.source):
                raise InputError(
                    "a proposed value names who proposes it",
                    key=f"changes[{place}].source",
                    fix="give a source, or the status assumption",
                )

    @classmethod
    def from_yaml(cls, path: str | Path) -> Reform:
        """Read a reform; `InputError` names file, line and key of a fault."""
        return load_yaml(cls, path)


@spec
class ReformValue(Value):
    """A value that a reform puts in the place of those of the rules."""

    reform: str = ""


type Dates = tuple[dt.date, dt.date]


def patched(
    parameters: Mapping[str, Parameter],
    covered: Mapping[str, Dates],
    reform: Reform,
    *,
    strict: bool,
) -> tuple[dict[str, Parameter], dict[str, Source]]:
    """Return parameters with the values of a reform, and the sources of these values.

    Parameters
    ----------
    covered
        First and last covered day of each parameter; a change begins between them, or, unless
        ``strict``, after them.

    Raises
    ------
    InputError
        See `impactmodel.fiscal.parameters.Rules.reformed`.
    """
    found, sources = dict(parameters), {}
    for place, change in enumerate(reform.changes):
        where = f"changes[{place}]"
        parameter = _found(found, change, where)
        _require_fit(covered[parameter.id], parameter, change, where, strict=strict)
        _require_apart(reform, place)
        key = f"reform {reform.name}: {change.source or reform.source or 'no source'}"
        sources[key] = Source(key, f"Reform “{reform.name}”", note=change.source or reform.source)
        values = _patched(parameter.values, _value(reform, change, key), change.until)
        found[parameter.id] = dataclasses.replace(parameter, values=values)
    return found, sources


def _value(reform: Reform, change: Change, key: str) -> ReformValue:
    return ReformValue(
        valid_from=change.valid_from,
        value=change.value,
        source=key,
        status=change.status or reform.status,
        confidence="low",
        retrieved=change.known_from or dt.date.min,
        locator=change.source or reform.source or None,
        verified=False,
        known_from=change.known_from or dt.date.min,
        reform=reform.name,
    )


def _patched(
    values: tuple[Value, ...], value: ReformValue, until: dt.date | None
) -> tuple[Value, ...]:
    """Return the values with one from its day on, and those of the rules again after it."""
    before = [v for v in values if v.valid_from < value.valid_from]
    if until is None:
        return (*before, value)
    due = [v for v in values if v.valid_from <= until]
    # Rules as signed may not know the last of them: every one that some day of signing would find.
    again: list[Value] = []
    for one in reversed(due):
        if not again or one.known < again[0].known:
            again.insert(0, _again(one, until))
    return (*before, value, *again, *(v for v in values if v.valid_from > until))


def _again(value: Value, until: dt.date) -> Value:
    if value.valid_from == until:
        return value
    note = f"in force from {value.valid_from}, and again after a reform"
    note = f"{note}; {value.note}" if value.note else note
    return dataclasses.replace(value, valid_from=until, known_from=value.known, note=note)


def _found(parameters: Mapping[str, Parameter], change: Change, where: str) -> Parameter:
    if change.parameter not in parameters:
        near = get_close_matches(change.parameter, list(parameters), 1)
        raise InputError(
            "the rules have no such parameter",
            key=f"{where}.parameter",
            seen=change.parameter,
            fix=f"did you mean '{near[0]}'?" if near else "remove the change",
        )
    return parameters[change.parameter]


def _require_fit(
    covered: Dates, parameter: Parameter, change: Change, where: str, *, strict: bool
) -> None:
    for _, what, seen, fix in shape_faults(parameter, change.value):
        raise InputError(what, key=f"{where}.value", seen=seen, fix=fix)
    first, last = covered
    if change.valid_from < first or (strict and change.valid_from > last):
        raise InputError(
            f"the change begins outside the covered dates, {first} to {last}",
            key=f"{where}.valid_from",
            seen=change.valid_from,
            fix="begin inside them" + ("" if change.valid_from < first else ", or carry forward"),
        )


def _require_apart(reform: Reform, place: int) -> None:
    change = reform.changes[place]
    for other in reform.changes[:place]:
        if other.parameter != change.parameter:
            continue
        ends = other.until or change.valid_from
        if not other.valid_from < change.valid_from or ends > change.valid_from:
            raise InputError(
                "two changes of one parameter overlap, or are not in the order of their dates",
                key=f"changes[{place}].valid_from",
                seen=f"{change.parameter} from {other.valid_from} and from {change.valid_from}",
                fix="sort them, and end the earlier one before the later one begins",
            )


def reform_of(value: Value) -> str:
    """Return the name of the reform that a value belongs to; empty for a value of the rules."""
    return value.reform if isinstance(value, ReformValue) else ""

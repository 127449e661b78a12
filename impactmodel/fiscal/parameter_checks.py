"""Checks of dated parameters, for a quality log and for whoever keeps the files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from impactmodel.fiscal.parameter_files import out_of_order
from impactmodel.fiscal.parameters import loose_names
from impactmodel.fiscal.reform import reform_of

if TYPE_CHECKING:
    from impactmodel.fiscal.parameter_files import Parameter, Value
    from impactmodel.fiscal.parameters import Rules

_OLD = 366


@dataclass(frozen=True, slots=True)
class ParameterCheck:
    """A check and what it found.

    Parameters
    ----------
    name
        What is checked.
    level
        ``error``: a finding makes the values unusable; ``warning``: it must be answered for.
    findings
        One sentence each; empty where the check passed.
    """

    name: str
    level: Literal["error", "warning"]
    findings: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """``passed``, ``warning`` or ``failed``."""
        if not self.findings:
            return "passed"
        return "failed" if self.level == "error" else "warning"


def check_parameters(rules: Rules, on: dt.date) -> tuple[ParameterCheck, ...]:
    """Check the dated parameters of a country.

    Parameters
    ----------
    on
        The day on which the rules are to be used: nothing may be stale then.

    Returns
    -------
    tuple of ParameterCheck
        In the order of the list: a place in a source, no value read before its source was
        published, no gap, no duplicate, every parameter read by a rule and every name that a rule
        reads given; stale-by date, values read long ago, values to verify.

    Examples
    --------
    >>> from impactmodel.fiscal.parameters import load_rules
    >>> checks = check_parameters(load_rules("fi"), dt.date(2026, 5, 1))
    >>> {check.verdict for check in checks if check.level == "error"}
    {'passed'}
    """
    checks: tuple[tuple[str, Literal["error", "warning"], Iterator[str]], ...] = (
        ("every value names the place in its source, or is marked", "error", _unplaced(rules)),
        ("no value was read before its source, or before it was known", "error", _early(rules)),
        ("no gap in the covered dates", "error", _gaps(rules)),
        ("no two values of one parameter for one day", "error", _twice(rules)),
        (
            "every parameter is read by a rule, every name that a rule reads is given",
            "error",
            _unread(rules),
        ),
        ("the covered dates reach the day of use (stale-by date)", "error", _stale(rules, on)),
        ("no value in force was last read more than a year ago", "warning", _old(rules, on)),
        ("every value in force is verified", "warning", _unverified(rules, on)),
    )
    return tuple(ParameterCheck(name, level, tuple(found)) for name, level, found in checks)


def _values(rules: Rules) -> Iterator[tuple[Parameter, Value]]:
    for parameter in rules.parameters.values():
        for value in parameter.values:
            yield parameter, value


def _unplaced(rules: Rules) -> Iterator[str]:
    for parameter, value in _values(rules):
        if value.source not in rules.sources:
            yield f"{parameter.id} from {value.valid_from}: no source '{value.source}'"
        elif not value.placed:
            yield f"{parameter.id} from {value.valid_from}: no place in '{value.source}'"


def _early(rules: Rules) -> Iterator[str]:
    for parameter, value in _values(rules):
        if reform_of(value):
            continue
        published = rules.sources[value.source].date if value.source in rules.sources else None
        for day, what in (
            (published, "its source was published"),
            (value.known_from, "it was known"),
        ):
            if day is not None and value.retrieved < day:
                yield (
                    f"{parameter.id} from {value.valid_from}: read on {value.retrieved}, {what} on "
                    f"{day}"
                )


def _gaps(rules: Rules) -> Iterator[str]:
    for parameter in rules.parameters.values():
        first, _ = rules.covered[parameter.id]
        if not parameter.values or parameter.values[0].valid_from > first:
            yield f"{parameter.id}: no value from {first}"


def _twice(rules: Rules) -> Iterator[str]:
    for parameter in rules.parameters.values():
        for before, after in pairwise(parameter.values):
            if out_of_order(before, after):
                yield f"{parameter.id}: {after.valid_from} after {before.valid_from}"


def _unread(rules: Rules) -> Iterator[str]:
    unread, strange = loose_names(rules.parameters, rules.books, rules.inputs)
    yield from (f"{name}: no rule reads it" for name in sorted(unread))
    yield from (f"{name}: a rule reads it, nothing gives it" for name in strange)


def _stale(rules: Rules, on: dt.date) -> Iterator[str]:
    for name, (_, last) in rules.covered.items():
        if on > last:
            yield f"{name}: covered to {last}, used on {on}"


def _in_force(rules: Rules, on: dt.date) -> Iterator[tuple[str, Value]]:
    for name, (first, last) in rules.covered.items():
        if first <= on <= last:
            yield name, rules.find(name, on).value


def _old(rules: Rules, on: dt.date) -> Iterator[str]:
    for name, value in _in_force(rules, on):
        if not reform_of(value) and (on - value.retrieved).days > _OLD:
            yield f"{name} from {value.valid_from}: read on {value.retrieved}"


def _unverified(rules: Rules, on: dt.date) -> Iterator[str]:
    for name, value in _in_force(rules, on):
        if reform_of(value):
            yield f"{name} from {value.valid_from}: REFORM “{reform_of(value)}”"
        elif not value.is_verified:
            yield f"{name} from {value.valid_from}: UNVERIFIED"

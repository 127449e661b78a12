"""What a computation with dated rules gives: values, the parameters used, explanations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.rule import Audit
from impactmodel.core.rule.numbers import plain
from impactmodel.fiscal.parameter_files import Parameter, Source, Value
from impactmodel.fiscal.reform import reform_of

_UNITS = {
    "eur_year": " € a year",
    "eur_month": " € a month",
    "eur_day": " € a day",
    "days": " days",
    "years": " years",
    "children": " children",
}


@dataclass(frozen=True, slots=True)
class RuleInput:
    """An input of the rules: what it is, its unit and range, or its possible texts."""

    label: str
    unit: str
    low: float = float("-inf")
    high: float = float("inf")
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A parameter value as found on a date.

    ``carried``: the date lies after the covered ones. ``frozen``: a later value is in force, but
    it was not known when the rules were frozen.
    """

    parameter: Parameter
    value: Value
    on: dt.date
    carried: bool
    frozen: bool

    @property
    def amount(self) -> float | tuple[tuple[float, float], ...]:
        """What the rules compute with; zero, or a table of zero, while not in force."""
        if self.value.value is not None:
            return self.value.value
        return 0.0 if self.parameter.shape == "number" else ((0.0, 0.0),)

    @property
    def reform(self) -> str:
        """The reform that the value belongs to; empty for a value of the rules."""
        return reform_of(self.value)

    @property
    def marks(self) -> tuple[str, ...]:
        """Everything that limits the value."""
        value = self.value
        if self.reform:
            return (
                f"REFORM “{self.reform}”",
                value.status,
                *([f"carried forward to {self.on}"] if self.carried else []),
            )
        return (
            *([] if value.is_verified else ["UNVERIFIED"]),
            *([value.status] if value.status != "enacted" else []),
            *([f"{value.confidence} confidence"] if value.confidence != "high" else []),
            *([f"carried forward to {self.on}"] if self.carried else []),
            *(["a later value was not known when the rules were frozen"] if self.frozen else []),
        )

    def sentence(self, sources: Mapping[str, Source]) -> str:
        """Say the value, its date, its source and everything that limits it."""
        value, source = self.value, sources[self.value.source]
        place = value.locator or (f"{value.url}, “{value.quote}”" if value.cited else "")
        basis = f"; legal basis {value.legal_basis}" if value.legal_basis else ""
        note = f" ({', '.join(self.marks)})" if self.marks else ""
        where = f"{source.title}: {place}" if place else source.title
        return (
            f"{self.parameter.label}: {amount_text(self.parameter, value)}, "
            f"from {value.valid_from}{note}; {where}{basis}."
        )


@dataclass(frozen=True, slots=True)
class Computed:
    """The results of rule books on one date and the parameter values that they used."""

    date: dt.date
    values: Mapping[str, NDArray[np.float64]]
    used: tuple[Found, ...]

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        if name not in self.values:
            near = get_close_matches(name, list(self.values), 1)
            fix = f"did you mean '{near[0]}'?" if near else "name a result of the books"
            raise InputError("no rule gives this", seen=name, fix=fix)
        return self.values[name]

    @property
    def unverified(self) -> tuple[Found, ...]:
        """The values used that must be verified before the result is relied on."""
        return tuple(one for one in self.used if not one.value.is_verified)

    @property
    def carried(self) -> tuple[Found, ...]:
        """The values used after the dates that they cover."""
        return tuple(one for one in self.used if one.carried)


def amount_text(parameter: Parameter, value: Value, rows: Sequence[int] | None = None) -> str:
    """Write a value with its unit, or some rows of a table.

    Examples
    --------
    >>> from impactmodel.fiscal.parameters import load_rules
    >>> found = load_rules("fi").at(dt.date(2025, 1, 1)).find("deduction.basic.maximum")
    >>> amount_text(found.parameter, found.value)
    '4,115 € a year'
    """
    units = [unit.strip() for unit in parameter.unit.split(",")]
    if value.value is None:
        return "not in force"
    if not isinstance(value.value, tuple):
        return _number(value.value, units[0])
    head = "from" if parameter.shape == "steps" else "above"
    return "; ".join(
        f"{head} {_number(a, units[0])} {_number(b, units[-1])}"
        for row, (a, b) in enumerate(value.value)
        if rows is None or row in rows
    )


def _number(number: float, unit: str) -> str:
    if unit == "share":
        return f"{plain(round(number * 100, 8))} %"
    if unit == "flag":
        return "yes" if number else "no"
    word = " child" if unit == "children" and number == 1 else _UNITS.get(unit, "")
    return f"{number:,.10g}{word}"


def check_inputs(
    inputs: Mapping[str, Any], needed: Iterable[str], known: Mapping[str, RuleInput]
) -> None:
    """Raise `InputError` for inputs that are missing, unknown or out of range.

    The message says how many values are at fault, never whose or which.
    """
    missing = sorted(set(needed) - set(inputs))
    if missing:
        what = known[missing[0]]
        raise InputError(
            f"the rules need {', '.join(missing)}",
            fix=f"give a value for each; {missing[0]} is: {what.label} ({what.unit})",
        )
    for name, given in inputs.items():
        if name not in known:
            near = get_close_matches(name, list(known), 1)
            fix = f"did you mean '{near[0]}'?" if near else "remove it"
            raise InputError("no rule reads this input", key=name, fix=fix)
        _check_range(name, given, known[name])


def _check_range(name: str, given: object, expected: RuleInput) -> None:
    if expected.options:
        strange = ~np.isin(np.asarray(given), expected.options)
        if strange.any():
            fix = f"use one of {', '.join(expected.options)}"
            raise InputError(f"{int(strange.sum())} unknown texts", key=name, fix=fix)
        return
    numbers = np.asarray(given, dtype=float)
    with np.errstate(invalid="ignore"):
        bad = ~((numbers >= expected.low) & (numbers <= expected.high) & np.isfinite(numbers))
    if bad.any():
        low, high = (f"{limit:g}" for limit in (expected.low, expected.high))
        raise InputError(
            f"{int(bad.sum())} values out of range",
            key=name,
            fix=f"give finite numbers from {low} to {high} ({expected.unit})",
        )


def explanation(
    name: str,
    audits: Mapping[str, Audit],
    used: tuple[Found, ...],
    sources: Mapping[str, Source],
) -> str:
    """Write one result, the steps to it and a sentence for every parameter used."""
    lines = [f"{name} = {plain(audits[name].value)}", "", "Steps:"]
    lines += [
        f"- {audit.lines[-1].what}: {audit.lines[-1].how} = {plain(audit.value)}"
        for audit in audits.values()
    ]
    lines += ["", f"In detail, {name}:", *(f"- {line}" for line in audits[name].text().split("\n"))]
    lines += ["", "Values used:", *(f"- {one.sentence(sources)}" for one in used)]
    return "\n".join(lines)

"""Dated parameters with a source: the types of a parameter file and the checks of its values."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from itertools import pairwise
from typing import Literal

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.spec import load, spec
from impactmodel.core.yaml import Document, key_text

type Amount = float | tuple[tuple[float, float], ...] | None
type Status = Literal["enacted", "proposed", "estimated", "assumption"]
type Confidence = Literal["high", "medium", "low"]


@spec
class Source:
    """A text that values are taken from."""

    key: str
    title: str
    publisher: str | None = None
    url: str | None = None
    date: dt.date | None = None
    note: str | None = None


@spec
class Citation:
    """A second place where a value stands."""

    source: str
    locator: str | None = None
    url: str | None = None
    quote: str | None = None


@spec
class Value:
    """A value from a date on, with its source.

    Parameters
    ----------
    valid_from
        First day on which the value holds; it holds until the next value.
    value
        A number, rows of (threshold, value), or nothing: the parameter is not in force.
    source, locator, url, quote
        The key of a source, and the place in it that was read: a locator, or an address and a
        quotation. A value without such a place carries ``verified: false``.
    known_from
        First day on which the value was known; the first day of validity where it is not given.
    legal_basis
        The statute that the source names; its text need not have been read.
    also
        Further places where the value stands.
    """

    valid_from: dt.date
    value: Amount
    source: str
    status: Status
    confidence: Confidence
    retrieved: dt.date
    locator: str | None = None
    url: str | None = None
    quote: str | None = None
    verified: bool | None = None
    verified_by: str | None = None
    verified_on: dt.date | None = None
    known_from: dt.date | None = None
    legal_basis: str | None = None
    also: tuple[Citation, ...] = ()
    note: str | None = None

    @property
    def known(self) -> dt.date:
        """First day on which the value was known."""
        return self.known_from or self.valid_from

    @property
    def cited(self) -> bool:
        """Whether a place that was read is named."""
        return bool(self.locator or (self.url and self.quote))

    @property
    def placed(self) -> bool:
        """Whether a place that was read is named, or the value is marked as not verified."""
        return self.cited or self.verified is False

    @property
    def is_verified(self) -> bool:
        """Whether the value can be relied on as it stands: cited, high confidence, not doubted."""
        return self.cited and self.verified is not False and self.confidence == "high"


@spec
class Parameter:
    """A dated parameter of the fiscal rules.

    Parameters
    ----------
    id
        Its name in the rules, with dots: ``deduction.basic.maximum``.
    unit
        One unit, or for a table the units of threshold and value.
    shape
        ``number``, ``steps`` (value from a threshold on) or ``bands`` (rate above a threshold).
    null_means
        What the rules compute with while the parameter is not in force.
    """

    id: str
    label: str
    unit: str
    shape: Literal["number", "steps", "bands"]
    values: tuple[Value, ...]
    payer: str | None = None
    note: str | None = None
    null_means: Literal["zero"] | None = None


@spec
class ParameterFile:
    """One subject: its parameters and the dates that they cover."""

    subject: str
    covered_from: dt.date
    covered_to: dt.date
    parameters: tuple[Parameter, ...] = field(default=())


@spec
class SourceFile:
    """The list of sources of a country."""

    sources: tuple[Source, ...]


def read_parameters(document: Document) -> ParameterFile:
    """Read and check one parameter file.

    Raises
    ------
    InputError
        With file, line and key of every fault: an unknown key, a gap at the start, dates out of
        order, two values for one date, a table that is no table, a value without a source.
    """
    found = load(ParameterFile, document)
    problems: list[Problem] = []
    for place, parameter in enumerate(found.parameters):
        path = ("parameters", place)
        problems += [
            _at(document, (*path, *where), what, seen, fix)
            for where, what, seen, fix in _faults(parameter, found)
        ]
    if problems:
        raise InputError.of(problems)
    return found


type _Fault = tuple[tuple[str | int, ...], str, str, str]


def _at(document: Document, path: tuple[str | int, ...], what: str, seen: str, fix: str) -> Problem:
    return Problem(what, fix, seen, key_text(path), document.file, document.line(path))


def _faults(parameter: Parameter, file: ParameterFile) -> list[_Fault]:
    faults: list[_Fault] = []
    if not parameter.values:
        return [(("values",), "the parameter has no value", "", "give one with its source")]
    first = parameter.values[0].valid_from
    if first > file.covered_from:
        faults.append(
            (
                ("values", 0, "valid_from"),
                f"gap: {parameter.id} has no value from {file.covered_from}",
                str(first),
                "give the earlier value, or null with its source",
            )
        )
    for place, value in enumerate(parameter.values):
        before = parameter.values[place - 1] if place else None
        faults += [
            (("values", place, *where), what, seen, fix)
            for where, what, seen, fix in (
                *_order_faults(parameter, value, before),
                *shape_faults(parameter, value.value),
                *_source_faults(value),
            )
        ]
    return faults


def out_of_order(before: Value, after: Value) -> bool:
    """Tell whether a value belongs before the one that it stands after, or in its place."""
    return (after.valid_from, after.known) <= (before.valid_from, before.known)


def _order_faults(parameter: Parameter, value: Value, before: Value | None) -> list[_Fault]:
    if before is None or not out_of_order(before, value):
        return []
    if value.valid_from < before.valid_from:
        what = f"the values of {parameter.id} are not in the order of their dates"
        seen, fix = f"{value.valid_from} after {before.valid_from}", "sort them"
    else:
        what, seen = f"{parameter.id} has two values for one date", str(value.valid_from)
        fix = "remove one, or give the later one a later known_from"
    return [(("valid_from",), what, seen, fix)]


def shape_faults(parameter: Parameter, value: Amount) -> list[_Fault]:
    """Return what keeps an amount from being a value of a parameter."""
    where = ("value",)
    if value is None:
        if parameter.null_means is None:
            fix = "give null_means: zero, or give a value"
            return [(where, "null needs the parameter's null_means", "null", fix)]
        return []
    if isinstance(value, tuple) == (parameter.shape == "number"):
        wanted = "one number" if parameter.shape == "number" else "rows of [threshold, value]"
        seen = "rows" if isinstance(value, tuple) else str(value)
        return [(where, f"a parameter of shape {parameter.shape} needs {wanted}", seen, "")]
    if isinstance(value, tuple):
        starts = [row[0] for row in value]
        rising = all(a < b for a, b in pairwise(starts))
        if not starts or not rising:
            seen = ", ".join(f"{s:g}" for s in starts) or "no rows"
            return [(where, "the thresholds of the rows must rise", seen, "sort the rows")]
    return []


def _source_faults(value: Value) -> list[_Fault]:
    faults: list[_Fault] = []
    if not value.placed:
        fix = "give a locator, or a url and a quote, that were read; otherwise verified: false"
        faults.append((("source",), "the value names no place in its source", value.source, fix))
    for place, cite in enumerate(value.also):
        if not (cite.locator or (cite.url and cite.quote)):
            fix = "give a locator, or a url and a quote, or leave the source out"
            faults.append((("also", place), "the source names no place", cite.source, fix))
    if value.known_from is not None and value.known_from > value.retrieved:
        seen = f"known from {value.known_from}, retrieved {value.retrieved}"
        faults.append((("known_from",), "the value was read before it was known", seen, ""))
    if value.verified and not (value.verified_by and value.verified_on):
        fix = "give verified_by and verified_on"
        faults.append((("verified",), "a verified value says by whom and when", "true", fix))
    return faults

"""Extracts to tables with the same names and types, whatever their columns are called."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impactmodel.core.errors import InputError
from impactmodel.registers.sources import (
    Amount,
    AmountRegister,
    Attribute,
    PersonRegister,
    Source,
    SpellRegister,
    columns,
)
from impactmodel.registers.tables import CsvFiles

if TYPE_CHECKING:
    import pandas as pd
    from ibis.backends import BaseBackend
    from ibis.expr.types import BooleanValue, Column, Table

CENT = 100
NUMBER = (
    r"^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?([iI]nf(inity)?|[nN]a[nN])$"
)
"""A number in text, the same on every engine: no sign of thousands, no suffix, no underscore."""


def open_source(name: str, source: Source, connection: BaseBackend, folder: Path) -> Table:
    """Return the rows of an extract as they are stored, with every column that is declared.

    Parameters
    ----------
    name
        Of the source, for errors.
    source, connection, folder
        The declaration, where it is computed, and where its path starts.

    Raises
    ------
    InputError
        If it cannot be read, or a column is missing or of a kind that cannot be what it is
        declared to be. No value is shown.
    """
    try:
        raw = _with_types(source.table.open(connection, folder))
        kinds = {column: raw[column].type() for column in raw.columns}
    except InputError as error:
        raise error.located(key=f"sources.{name}.table") from None
    except Exception as error:
        raise InputError(
            f"the extract cannot be read ({type(error).__name__})",
            key=f"sources.{name}.table",
            fix="check that it is a whole file of the stated type",
        ) from None
    for key, column, _ in columns(source):
        if column not in kinds:
            raise InputError(
                "the extract has no such column", key=f"sources.{name}.{key}", seen=column
            )
    _require_kinds(name, source, kinds)
    return raw


def _with_types(raw: Table) -> Table:
    """Return the rows with columns of text in place of those that are wholly empty."""
    import ibis

    kinds = {column: raw[column].type() for column in raw.columns}
    empty = [c for c, k in kinds.items() if k.is_null() or (k.is_unknown() and "NULL" in str(k))]
    return raw.mutate(**{column: ibis.null("string") for column in empty}) if empty else raw


def _require_kinds(name: str, source: Source, kinds: dict[str, Any]) -> None:
    """Refuse types that no conversion makes right; text is converted value by value."""
    for key, column, wanted in columns(source):
        kind = kinds[column]
        fits = {
            "text": kind.is_string() or kind.is_integer(),
            "day": kind.is_string() or kind.is_date() or kind.is_timestamp(),
            "number": kind.is_string() or kind.is_numeric() or kind.is_boolean(),
        }[wanted]
        if not fits:
            raise InputError(
                f"this column cannot hold a {wanted}: its type is {kind}",
                key=f"sources.{name}.{key}",
                seen=column,
                fix="export a key as text" if key == "key" else "correct the declaration",
            )


def standard(source: Source, raw: Table) -> Table:
    """Return the extract with the names and types of its kind; see `impactmodel.registers.sources`.

    Values that cannot be converted become empty: `impactmodel.registers.validation` has refused
    them before.
    """
    number = partial(as_number, decimal=decimal_of(source))
    person = {"person": as_text(raw[source.key])}
    read: dict[str, Column]
    match source:
        case PersonRegister():
            read = {name: _attribute(raw, a, number) for name, a in source.attributes.items()}
            read |= {name: as_day(raw[column]) for name, column in source.exits.items()}
        case SpellRegister():
            end = as_day(raw[source.end])
            if source.open_end is not None:
                end = end.nullif(source.open_end)
            read = {"start": as_day(raw[source.start]), "end": end, "state": _state(source, raw)}
        case AmountRegister():
            read = {"day": as_day(raw[source.day])}
            read |= {name: _amount(raw, a, number) for name, a in source.amounts.items()}
    return raw.select(**person, **read)


def as_text(column: Column) -> Column:
    """Return a key or category as text without blanks around it; empty text is missing."""
    return column.cast("string").strip().nullif("")


def as_day(column: Column) -> Column:
    """Return a column of days; text is read as YYYY-MM-DD, anything else becomes empty."""
    if not column.type().is_string():
        return column.cast("date")
    text = as_text(column)
    return text.re_search(r"^\d{4}-\d{2}-\d{2}$").ifelse(text, None).try_cast("date")


def as_number(column: Column, decimal: str) -> Column:
    """Return a column of numbers; text that is none becomes empty."""
    if not column.type().is_string():
        return column.cast("float64")
    text = as_text(column)
    if decimal == ",":
        text = text.contains(".").ifelse(None, text).replace(",", ".")
    return text.re_search(NUMBER).ifelse(text, None).try_cast("float64")


def in_units(raw: Table, amount: Amount, number: Callable[[Column], Column]) -> Column:
    """Return the values of an amount in its unit."""
    return number(raw[amount.column]) * amount.scale


def _amount(raw: Table, amount: Amount, number: Callable[[Column], Column]) -> Column:
    value = in_units(raw, amount, number).fill_null(0.0)
    return (value * CENT).round().cast("int64") if amount.is_money else value


def _attribute(raw: Table, attribute: Attribute, number: Callable[[Column], Column]) -> Column:
    column = raw[attribute.column]
    if attribute.kind == "category":
        return as_text(column)
    if attribute.kind == "day":
        return as_day(column)
    return number(column).cast("int64") if attribute.kind == "flag" else number(column)


def _state(source: SpellRegister, raw: Table) -> Column:
    import ibis

    if not source.state:
        return ibis.literal(next(iter(source.states.values())))
    return as_text(raw[source.state]).substitute(source.states, else_=None)


def known_state(source: SpellRegister, raw: Table) -> BooleanValue:
    """Return whether the state of a row is one of those declared."""
    return as_text(raw[source.state]).isin(list(source.states))


def decimal_of(source: Source) -> str:
    """Return the character of decimals in the text of an extract."""
    return source.table.decimal if isinstance(source.table, CsvFiles) else "."


def collect(name: str, expression: Table) -> pd.DataFrame:
    """Return the rows of a small result.

    Raises
    ------
    InputError
        If the engine fails, by the kind of its error alone: its own words may hold a person's
        values.
    """
    try:
        frame: pd.DataFrame = expression.to_pandas()
    except Exception as error:
        raise InputError(
            f"the engine could not compute this ({type(error).__name__})",
            key=name,
            fix="check memory, disk and that the files are whole",
        ) from None
    return frame

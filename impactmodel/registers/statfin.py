"""Published monthly tables, such as StatFin 12r5, read into validated series by area and month.

Nothing is downloaded: a user saves the table as CSV and declares its columns.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.schedule import add_months
from impactmodel.core.spec import spec
from impactmodel.registers.definitions import DEFINITIONS, Definition
from impactmodel.registers.tables import require_delimiter

if TYPE_CHECKING:
    import pandas as pd

_MONTH = re.compile(r"^(\d{4})(?:-|M)(\d{2})$")
_BLANKS = ("", ".", "..", "...", "-")
type _Cell = tuple[str, str, str, str, int]


@spec
class WideTable:
    """A CSV table with a row per area and month, and a column per series.

    Parameters
    ----------
    path
        The file, from the folder that it is read in.
    series
        Our name of a series by the column's header: ``{"AKTASTE": "activation_rate"}``.
    area, month
        Headers of the area and of the month (``2021-02`` or ``2021M02``).
    delimiter, decimal, encoding
        Of the file.
    """

    path: str
    series: dict[str, str]
    area: str = "area"
    month: str = "month"
    delimiter: str = ","
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8-sig"
    type: Literal["wide"] = field(default="wide", kw_only=True)

    def __post_init__(self) -> None:
        require_delimiter(self.delimiter, self.decimal)

    def cells(self, folder: Path) -> Iterator[_Cell]:
        """Yield (series, area, month, text, line)."""
        for line, row in _rows(self, folder, (self.area, self.month, *self.series)):
            for header, name in self.series.items():
                yield name, row[self.area], row[self.month], row[header], line


@spec
class LongTable:
    """A CSV table with a row per series, area and month.

    Parameters
    ----------
    path
        The file, from the folder that it is read in.
    series
        Our name of a series by the name in the table; other series are left out.
    area, month, name, value
        Headers of the columns.
    only
        Rows to read, by header and value: ``{"read_in_source": "true"}`` leaves derived ones out.
    delimiter, decimal, encoding
        Of the file.
    """

    path: str
    series: dict[str, str]
    area: str = "area"
    month: str = "month"
    name: str = "series"
    value: str = "value"
    only: dict[str, str] = field(default_factory=dict)
    delimiter: str = ","
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8-sig"
    type: Literal["long"] = field(default="long", kw_only=True)

    def __post_init__(self) -> None:
        require_delimiter(self.delimiter, self.decimal)

    def cells(self, folder: Path) -> Iterator[_Cell]:
        """Yield (series, area, month, text, line)."""
        needed = (self.area, self.month, self.name, self.value, *self.only)
        for line, row in _rows(self, folder, needed):
            name = self.series.get(row[self.name])
            if name and all(row[key] == wanted for key, wanted in self.only.items()):
                yield name, row[self.area], row[self.month], row[self.value], line


type StatFinTable = Annotated[WideTable | LongTable, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class IndicatorSeries:
    """One quantity by month and area, with its definition.

    Parameters
    ----------
    definition
        What is counted.
    values
        Months (``YYYY-MM``, ascending) by areas; missing where the table has none.
    source
        Publisher and table, to be cited.
    extracted
        Day on which the table was taken: later vintages revise it.

    Raises
    ------
    InputError
        If there is no value, a month is not one or comes twice, a number is negative or
        infinite, a percent is above 100, or persons are not whole.
    """

    definition: Definition
    values: pd.DataFrame
    source: str
    extracted: dt.date

    def __post_init__(self) -> None:
        name = self.definition.name
        if not self.source.strip():
            raise InputError("a published number has a source", key=name, fix="cite the table")
        if self.values.empty or not self.values.notna().any(axis=None):
            raise InputError("the series has no value", key=name, fix="check its name and the file")
        ordered = self.values.astype(float).sort_index()
        object.__setattr__(self, "values", ordered)
        if ordered.index.has_duplicates or ordered.columns.has_duplicates:
            raise InputError("a month or an area comes twice", key=name)
        for month in ordered.index:
            month_text(str(month), name)
        for area, month, value in self.cells():
            fault = fault_of(self.definition, value)
            if fault:
                key = f"{name}.{area}.{month}"
                raise InputError(fault, key=key, seen=value, fix="correct it at the source")

    def cells(self) -> Iterator[tuple[str, str, float]]:
        """Yield (area, month, value) of what is known, areas one after another."""
        for area in self.values.columns:
            column = self.values[area].dropna()
            for month, value in zip(column.index, column.to_numpy(dtype=float), strict=True):
                yield str(area), str(month), float(value)

    def of(self, area: str) -> pd.Series:
        """Return the months of an area.

        Raises
        ------
        InputError
            If there is no such area.
        """
        if area not in self.values.columns:
            known = ", ".join(map(str, self.values.columns))
            raise InputError(
                f"'{self.definition.name}' has no such area",
                key="area",
                seen=area,
                fix=f"one of {known}",
            )
        return self.values[area]

    def at(self, area: str, month: str) -> float:
        """Return the value of an area in a month.

        Raises
        ------
        InputError
            If there is none.
        """
        values = self.of(area)
        value = values.get(month, math.nan)
        if math.isnan(value):
            has = values.dropna().index
            raise InputError(
                f"'{self.definition.name}' has no value for {area} in this month",
                key="month",
                seen=month,
                fix=f"it has {len(has)} months from {has[0]} to {has[-1]}",
            )
        return float(value)


def fault_of(definition: Definition, value: float) -> str:
    """Return what is wrong with a value of this unit; empty if nothing."""
    if not math.isfinite(value) or value < 0:
        return f"{definition.unit} are finite and not negative"
    if definition.unit == "percent" and value > 100:
        return "a percent is at most 100"
    if definition.unit == "persons" and value != round(value):
        return "persons are whole"
    return ""


def month_text(text: str, key: str = "month") -> str:
    """Return a month as ``YYYY-MM``.

    Examples
    --------
    >>> month_text("2021M02")
    '2021-02'
    """
    found = _MONTH.match(text.strip())
    if not found or not 1 <= int(found[2]) <= 12:
        raise InputError("this is no month", key=key, seen=text, fix="write 2021-02 or 2021M02")
    return f"{found[1]}-{found[2]}"


def month_before(month: str, count: int = 12) -> str:
    """Return the month that is ``count`` months earlier.

    Examples
    --------
    >>> month_before("2022-02"), month_before("2021-01", 1)
    ('2021-02', '2020-12')
    """
    return add_months(dt.date.fromisoformat(f"{month}-01"), -count).isoformat()[:7]


def read_series(
    table: StatFinTable,
    *,
    source: str,
    extracted: dt.date,
    folder: Path = Path(),
    definitions: Mapping[str, Definition] = DEFINITIONS,
) -> dict[str, IndicatorSeries]:
    """Read the declared series of a saved table.

    Raises
    ------
    InputError
        With file, line and value: a header that is not there, a series without definition, a
        month or number that is none, a value of an impossible size, two values for one month.
    """
    import pandas as pd

    names = _names(table, definitions)
    found: dict[str, dict[tuple[str, str], float]] = {name: {} for name in names}
    problems: list[Problem] = []
    for name, area, raw_month, text, line in table.cells(folder):
        try:
            value = _number(text, table.decimal, definitions[name])
            at = (month_text(raw_month), area.strip())
            if value is not None and at in found[name]:
                raise InputError("there are two values for one area and month", seen=text)
            if value is not None:
                found[name][at] = value
        except InputError as error:
            problems += error.located(file=table.path, key=name, line=line).problems
    if problems:
        raise InputError.of(problems)
    result = {}
    for name, cells in found.items():
        if not cells:
            raise InputError("the table has no value of this series", key=name, file=table.path)
        index = pd.MultiIndex.from_tuples(list(cells), names=["month", "area"])
        values = pd.Series(list(cells.values()), index=index).unstack("area")
        result[name] = IndicatorSeries(definitions[name], values, source, extracted)
    return result


def _names(table: StatFinTable, definitions: Mapping[str, Definition]) -> list[str]:
    names = list(table.series.values())
    for name in names:
        if name not in definitions:
            raise InputError(
                "this series has no definition",
                key="series",
                seen=name,
                fix=f"give a Definition, or use one of {', '.join(sorted(definitions))}",
            )
    if len(set(names)) != len(names) or not names:
        raise InputError("each series is named once", key="series", fix="name at least one")
    return names


def _number(text: str, decimal: str, definition: Definition) -> float | None:
    plain = text.strip().replace("\u00a0", "").replace(" ", "")
    if plain in _BLANKS:
        return None
    try:
        value = float(plain.replace(decimal, "."))
    except ValueError:
        raise InputError("this is no number", seen=text, fix="see delimiter and decimal") from None
    fault = fault_of(definition, value)
    if fault:
        raise InputError(fault, seen=text, fix="correct it at the source")
    return value


def _rows(
    table: WideTable | LongTable, folder: Path, needed: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with (folder / table.path).open(encoding=table.encoding, newline="") as file:
            reader = csv.DictReader(file, delimiter=table.delimiter)
            for header in needed:
                if header not in (reader.fieldnames or ()):
                    raise InputError(
                        "the table has no such column", file=table.path, line=1, seen=header
                    )
            for row in reader:
                if None in row or None in row.values():
                    raise InputError(
                        "this row has another number of columns than the header",
                        file=table.path,
                        line=reader.line_num,
                    )
                yield reader.line_num, row
    except (OSError, UnicodeError, LookupError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or f"not {table.encoding} text"
        raise InputError(f"the table cannot be read: {reason}", file=table.path) from None

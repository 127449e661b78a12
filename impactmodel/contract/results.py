"""Realised results: read from a table, checked, exact."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impactmodel.core.errors import InputError
from impactmodel.core.rule.numbers import exact
from impactmodel.registers.gate import require_unmarked_or

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("total", "mean", "people", "comparison", "prediction", "quantity", "period")
_TEXTS = ("outcome", "group", "person")

type Key = tuple[str, int, str]
"""(outcome, period, group)."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was realised for one outcome, period and group.

    Parameters
    ----------
    total
        Units over the cohort.
    people
        People in the cohort; None where only a count was reported.
    comparison
        The comparison group's mean per person; None without one.
    """

    total: Decimal
    people: Decimal | None = None
    comparison: Decimal | None = None
    prediction: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """Realised results of a cohort; rows of single people stay out of every text.

    Parameters
    ----------
    cells
        One result per outcome, period and group.
    persons
        Per person: quantity by (outcome, period, group). Empty for aggregated results.
    """

    cells: Mapping[Key, Result]
    persons: Mapping[str, Mapping[Key, Decimal]] = field(default_factory=dict, repr=False)
    file: str = ""

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group, in order of appearance."""
        return tuple(dict.fromkeys(group for _, _, group in self.cells))

    @property
    def periods(self) -> tuple[int, ...]:
        """Every period, sorted."""
        return tuple(sorted({period for _, period, _ in self.cells}))


def joined(one: Results, two: Results) -> Results:
    """Return the results of two tables together, such as reported results and counted spells.

    Raises
    ------
    InputError
        If both have the same outcome, period and group.
    """
    twice = sorted(set(one.cells) & set(two.cells))
    if twice:
        outcome, period, group = twice[0]
        raise InputError(
            f"'{outcome}' of group '{group}' in period {period} is in both tables",
            file=one.file,
            key="outcome",
            fix="keep it in one",
        )
    persons = {
        person: {**one.persons.get(person, {}), **two.persons.get(person, {})}
        for person in dict.fromkeys([*one.persons, *two.persons])
    }
    return Results({**one.cells, **two.cells}, persons, one.file)


def read_results(source: str | Path | pd.DataFrame) -> Results:
    """Read results from a CSV file or a data frame.

    Aggregated rows have the columns ``outcome`` and ``total`` (units over the cohort) or ``mean``
    with ``people``, and where the contract needs them ``comparison`` or ``prediction`` (means per
    person), ``people``, ``period`` (0, 1, ...), ``group``. Rows of single people have ``person``,
    ``outcome`` and ``quantity``.

    Raises
    ------
    InputError
        With file, line and column of an unknown column, a cell that is not a number, a negative
        count, or a row that is there twice; or for a frame made of register data that were not
        received for payment (see `impactmodel.registers.gate.under`).
    """
    rows, file = read_rows(source)
    if not rows:
        raise InputError("there are no results", file=file, fix="give at least one row")
    columns = set(rows[0][1])
    strange = sorted(columns - set(_NUMBERS) - set(_TEXTS))
    if strange:
        raise InputError(
            "unknown column",
            file=file,
            line=1,
            key=strange[0],
            fix="use " + ", ".join((*_TEXTS, *_NUMBERS)),
        )
    if "outcome" not in columns:
        raise InputError("the column 'outcome' is missing", file=file, line=1, fix="add it")
    if "person" in columns:
        return _personal(rows, file)
    return Results(_cells(rows, file), file=file)


type Row = tuple[int, dict[str, Any]]


def read_rows(source: str | Path | pd.DataFrame) -> tuple[list[Row], str]:
    """Return the rows of a table with their lines, and the file's name."""
    if isinstance(source, (str, Path)):
        path = Path(source)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise InputError(
                f"the results cannot be read: {reason}", file=str(path), fix="check the path"
            ) from None
        reader = csv.DictReader(text.splitlines())
        rows = []
        for row in reader:
            if None in row or None in row.values():
                raise InputError(
                    "the row has another number of cells than the header",
                    file=str(path),
                    line=reader.line_num,
                    fix="correct the row",
                )
            rows.append((reader.line_num, {str(k).strip(): v for k, v in row.items()}))
        return rows, str(path)
    require_unmarked_or(source, "payment")
    records: Iterable[dict[Any, Any]] = source.to_dict("records")
    return [(i + 2, {str(k): v for k, v in r.items()}) for i, r in enumerate(records)], ""


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


class RowReader:
    """Reads the cells of one row."""

    def __init__(self, row: Row, file: str) -> None:
        self.line, self.values = row
        self.file = file

    def fault(self, what: str, column: str, fix: str = "", seen: object = None) -> InputError:
        """Return an error that says where the cell stands."""
        shown = {} if seen is None else {"seen": seen}
        return InputError(what, file=self.file, line=self.line, key=column, fix=fix, **shown)

    def text(self, column: str, default: str = "") -> str:
        """Read a text; raise `InputError` where it is empty and has no default."""
        value = self.values.get(column, default)
        text = "" if value is None or _is_nan(value) else str(value).strip()
        if not text and not default:
            raise self.fault("the cell is empty", column, "fill it in")
        return text or default

    def number(self, column: str) -> Decimal | None:
        """Read a number, exactly; None where the cell is empty."""
        value = self.values.get(column)
        if value is None or _is_nan(value) or str(value).strip() == "":
            return None
        try:
            number = Decimal(str(value).strip()) if isinstance(value, str) else exact(value)
        except (InvalidOperation, TypeError, ValueError):
            number = Decimal("NaN")
        if not number.is_finite():
            raise self.fault(
                "the cell is not a number",
                column,
                "write a number with a decimal point and no thousands separators",
                value if column != "quantity" else None,
            )
        if column in {"people", "period"} and (number < 0 or number != int(number)):
            raise self.fault("this must be a whole number of at least 0", column, seen=number)
        return number

    def key(self) -> Key:
        """Read what the row is about."""
        period = self.number("period")
        return self.text("outcome"), int(period or 0), self.text("group", "all")


def _cells(rows: list[Row], file: str) -> dict[Key, Result]:
    cells: dict[Key, Result] = {}
    for row in rows:
        cell = RowReader(row, file)
        key = cell.key()
        if key in cells:
            raise cell.fault(
                "this outcome, period and group are there twice", "outcome", "keep one row", key[0]
            )
        total, mean, people = cell.number("total"), cell.number("mean"), cell.number("people")
        if (total is None) == (mean is None):
            raise cell.fault("give exactly one of 'total' and 'mean'", "total")
        if mean is not None and people is None:
            raise cell.fault("a mean needs the number of people", "people", "add it")
        total = (mean or Decimal(0)) * (people or Decimal(0)) if total is None else total
        cells[key] = Result(total, people, cell.number("comparison"), cell.number("prediction"))
    return cells


def _personal(rows: list[Row], file: str) -> Results:
    if "quantity" not in rows[0][1]:
        raise InputError("rows of single people need the column 'quantity'", file=file, line=1)
    persons: dict[str, dict[Key, Decimal]] = {}
    for row in rows:
        cell = RowReader(row, file)
        key, quantity = cell.key(), cell.number("quantity")
        if quantity is None:
            raise cell.fault("the cell is empty", "quantity", "write 0 where nothing was achieved")
        own = persons.setdefault(cell.text("person"), {})
        if key in own:
            raise cell.fault("one person has this outcome and period twice", "person", "keep one")
        own[key] = quantity
    cells: dict[Key, Result] = {}
    for key in dict.fromkeys(k for own in persons.values() for k in own):
        total = sum((own.get(key, Decimal(0)) for own in persons.values()), Decimal(0))
        group = {p for p, own in persons.items() if any(k[2] == key[2] for k in own)}
        cells[key] = Result(total, Decimal(len(group)))
    return Results(cells, persons, file)

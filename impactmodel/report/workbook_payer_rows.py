"""Rows of the sheet Payers: headings, years, sums, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impactmodel.report.workbook_sheet import Cell, Content, Sheet

if TYPE_CHECKING:
    from impactmodel.report.workbook_calculation import Results

FIRST_YEAR = 2


@dataclass(slots=True)
class Shown:
    """Where the sheet shows what the checks add up.

    Parameters
    ----------
    years
        Of the columns.
    lines, public_lines
        First and last row of savings by payer and line: of all and of public payers.
    public_total, public_value
        The cell of what public payers save over all years, and its value in the run.
    paid_total
        The cell of all payments.
    names
        Cells that the workbook names.
    sheet
        What the sheet is called.
    """

    years: tuple[int, ...] = ()
    lines: tuple[int, int] = (0, 0)
    public_lines: tuple[int, int] = (0, 0)
    public_total: str = ""
    public_value: float = 0.0
    paid_total: str = ""
    names: dict[str, str] = field(default_factory=dict)
    sheet: str = ""


def sum_of(keys: Sequence[str], results: Results) -> Cell:
    """Return the sum of some results."""
    value = sum(results.values[key] for key in keys)
    return Cell(value, "money", "=" + "+".join(results.cells[key] for key in keys))


def header(sheet: Sheet, first: str, second: str, shown: Shown, *more: str) -> None:
    """Write the headings of a table with a column for each year."""
    years = (str(year) for year in shown.years)
    sheet.header(first, second, *years, "All years", *more)


def write_row(
    sheet: Sheet,
    heads: tuple[str, str],
    row: Sequence[Content],
    shown: Shown,
    mean: float | None = None,
) -> None:
    """Write a row of years with its sum, and a mean over draws beside it."""
    at, count = sheet.row + 1, len(shown.years)
    values = [float(cell.value) for cell in row if isinstance(cell, Cell) and cell.formula]
    ends = sheet.local(at, FIRST_YEAR), sheet.local(at, FIRST_YEAR + count - 1)
    cells: list[Content] = [Cell(sum(values), "money", f"=SUM({ends[0]}:{ends[1]})")]
    if mean is not None:
        both = sheet.local(at, FIRST_YEAR + count + 1), sheet.local(at, FIRST_YEAR + count)
        cells.append(Cell(mean, "value"))
        cells.append(Cell(mean - sum(values), "value", f"={both[0]}-{both[1]}"))
    strong, plain = heads
    sheet.add(Cell(strong, "strong"), Cell(plain, "text"), *row, *cells)

"""Sheets of a workbook: cells with their formats, rows written one below the other."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impactmodel.report.workbook_formats import FORMATS, TOP, WRAPPED, chance

if TYPE_CHECKING:
    from pathlib import Path

    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from impactmodel.report.translation import Translator

LONGEST_TEXT = 32_000
"""Excel holds 32,767 characters in a cell."""
_LETTERS = 1.12
"""Letters of the text font in a column of width 1, on the safe side."""
_AS_IT_IS = ("grey", "edit_text", "run")
LINE = 13.0
"""Points of a line of text."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: a text, a number, or a formula with the value that it has now."""

    value: str | float
    style: str = ""
    formula: str = ""


type Content = Cell | str | float | None


@dataclass(slots=True)
class Sheet:
    """A sheet that is written from the top."""

    name: str
    page: Worksheet
    formats: dict[str, Format]
    translator: Translator
    row: int = 0
    widths: tuple[float, ...] = ()
    numbers: dict[tuple[int, int], float] = field(default_factory=dict)

    def set_up(self, title: str, lead: str, widths: Sequence[float]) -> None:
        """Write title and lead, and set widths and printing."""
        self.widths = tuple(widths)
        for column, width in enumerate(widths):
            self.page.set_column(column, column, width)
        self.write(0, 0, Cell(title, "title"))
        self.page.set_row(0, 24)
        self.write(1, 0, Cell(lead, "lead"))
        self.row = 3
        self.page.hide_gridlines(2)
        self.page.set_landscape()
        self.page.set_paper(9)
        self.page.fit_to_pages(1, 0)
        self.page.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        self.page.set_footer("&L&8&F&C&8&A&R&8&P / &N")

    def write(self, row: int, column: int, content: Content) -> None:
        """Write a cell; a text is never a formula."""
        if content is None:
            return
        cell = self.said(content if isinstance(content, Cell) else Cell(content))
        style = cell.style or ("text" if isinstance(cell.value, str) else "money")
        look = self.formats[style]
        if not isinstance(cell.value, str):
            self.numbers[row + 1, column] = float(cell.value)
        if cell.formula:
            self.page.write_formula(row, column, cell.formula, look, cell.value)
        elif cell.value == "":
            self.page.write_blank(row, column, None, look)
        elif isinstance(cell.value, str):
            self.page.write_string(row, column, cell.value[:LONGEST_TEXT], look)
        else:
            self.page.write_number(row, column, float(cell.value), look)

    def said(self, cell: Cell) -> Cell:
        """Return a cell in the language of the workbook; keys, formulas and choices stay."""
        if not isinstance(cell.value, str) or cell.formula or cell.style in _AS_IT_IS:
            return cell
        return Cell(self.translator.text(cell.value), cell.style)

    def add(self, *contents: Content, level: int = 0, hidden: bool = False) -> int:
        """Write the next row, as high as its texts; return its number as formulas count (from 1).

        Parameters
        ----------
        level
            Depth in the outline; ``hidden``: folded away.
        """
        lines = 1
        for column, content in enumerate(contents):
            self.write(self.row, column, content)
            cell = self.said(content if isinstance(content, Cell) else Cell(content or ""))
            if cell.style in WRAPPED and isinstance(cell.value, str):
                lines = max(lines, lines_of(cell.value, self.widths[column]))
        look = {"level": level, "hidden": hidden}
        self.page.set_row(self.row, LINE * lines + 2, None, look)
        self.row += 1
        return self.row

    def across(self, text: str, first: int, last: int, style: str = "text") -> None:
        """Write a long text over several columns of the row that comes next, and make it fit."""
        self.page.merge_range(self.row, first, self.row, last, "", self.formats[style])
        self.write(self.row, first, Cell(text, style))
        width = sum(self.widths[first : last + 1])
        self.page.set_row(self.row, LINE * lines_of(self.translator.text(text), width) + 2)

    def section(self, title: str, *, note: str = "") -> int:
        """Write a heading over the width of the sheet, with a note under it; return its row."""
        if self.row > 3:
            self.row += 1
        for column in range(len(self.widths)):
            self.write(self.row, column, Cell("", "section"))
        self.write(self.row, 0, Cell(title, "section"))
        self.page.set_row(self.row, 20)
        self.row += 1
        at = self.row
        if note and lines_of(self.translator.text(note), sum(self.widths)) > 1:
            self.across(note, 0, len(self.widths) - 1, "note_lines")
            self.row += 1
        elif note:
            self.add(Cell(note, "note"))
        return at

    def header(self, *columns: str, words: Collection[int] = (0, 1)) -> int:
        """Write the headings of a table, columns of ``words`` flush left; return the row."""
        lines = 1
        for column, text in enumerate(columns):
            style = "head" if column in words else "head_number"
            self.write(self.row, column, Cell(text, style))
            said = self.translator.text(text)
            lines = max(lines, lines_of(said, self.widths[column] * 0.9))
        self.page.set_row(self.row, LINE * lines + 5)
        self.row += 1
        return self.row

    def total(self, column: int, span: tuple[int, int], style: str = "money") -> Cell:
        """Return the sum of a column over rows of this sheet, from what was written there."""
        first, last = span
        value = sum(self.numbers.get((row, column), 0.0) for row in range(first, last + 1))
        ends = f"{self.local(first, column)}:{self.local(last, column)}"
        return Cell(value, style, f"=SUM({ends})")

    def ref(self, row: int, column: int) -> str:
        """Return the reference of a cell from any sheet; rows count from 1, columns from 0."""
        return f"{self.name}!{self.local(row, column)}"

    @staticmethod
    def local(row: int, column: int) -> str:
        """Return the reference of a cell in its own sheet."""
        from xlsxwriter.utility import xl_rowcol_to_cell

        return str(xl_rowcol_to_cell(row - 1, column, row_abs=True, col_abs=True))


def open_book(
    path: Path, names: Sequence[str], translator: Translator
) -> tuple[Workbook, dict[str, Sheet]]:
    """Make a workbook with empty sheets, in order; they are called as the language calls them."""
    from xlsxwriter import Workbook

    book = Workbook(
        str(path),
        {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    looks = FORMATS | {"percent": FORMATS["percent"] | {"num_format": chance(translator.text)}}
    formats = {name: book.add_format(TOP[name] | look) for name, look in looks.items()}
    return book, {
        name: Sheet(said, book.add_worksheet(said), formats, translator)
        for name in names
        for said in [translator.text(name)]
    }


def quantile_names(prob: float) -> tuple[str, str]:
    """Return the names of the ends of an equal-tailed interval.

    Examples
    --------
    >>> quantile_names(0.9)
    ('P5', 'P95')
    """
    low, high = (f"P{100 * p:.3g}" for p in ((1 - prob) / 2, (1 + prob) / 2))
    return low, high


def lines_of(text: str, width: float) -> int:
    """Return the lines that a text needs in a column.

    Examples
    --------
    >>> lines_of("one line", 20), lines_of("a" * 50, 20)
    (1, 3)
    """
    return sum(
        max(1, math.ceil(len(part) / (width * _LETTERS))) for part in text.split("\n") or [""]
    )


def in_words(name: str) -> str:
    """Say a key in words.

    Examples
    --------
    >>> in_words("income_tax|state|2021")
    'income tax, state, 2021'
    """
    return name.replace("|", ", ").replace("_", " ")

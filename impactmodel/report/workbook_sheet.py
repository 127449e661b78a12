"""Sheets of a workbook: cells with their formats, rows written one below the other."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

LONGEST_TEXT = 32_000
"""Excel holds 32,767 characters in a cell."""

_MONEY = "[>=0.5]#,##0;[Red][<=-0.5]\u2212#,##0;0"
_CENTS = "[>=0.005]#,##0.00;[Red][<=-0.005]\u2212#,##0.00;0.00"
_CHANCE = '[>0.99]"over 99 %";[<0.01]"under 1 %";0%'
_BORDER = {"bottom": 4, "bottom_color": "#BFBFBF"}
_FORMATS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "font_color": "#1F3864"},
    "lead": {"font_color": "#595959"},
    "section": {"bold": True, "font_size": 12, "font_color": "#1F3864", "bottom": 2},
    "block": {"align": "left", "indent": 1, "bold": True, "bg_color": "#DDE6F2"},
    "head": {
        "bold": True,
        "align": "left",
        "indent": 1,
        "font_color": "#FFFFFF",
        "bg_color": "#1F3864",
        "text_wrap": True,
        "valign": "vcenter",
    },
    "head_number": {
        "bold": True,
        "font_color": "#FFFFFF",
        "bg_color": "#1F3864",
        "text_wrap": True,
        "valign": "vcenter",
        "align": "right",
    },
    "text": {"text_wrap": True, "align": "left", "indent": 1, **_BORDER},
    "mark": {
        "text_wrap": True,
        "align": "left",
        "indent": 1,
        "bold": True,
        "font_color": "#9C0006",
        **_BORDER,
    },
    "strong": {"text_wrap": True, "align": "left", "indent": 1, "bold": True, **_BORDER},
    "note": {"font_color": "#595959", "italic": True},
    "grey": {
        "align": "left",
        "indent": 1,
        "font_color": "#7F7F7F",
        "font_size": 8,
        "text_wrap": True,
        **_BORDER,
    },
    "link": {"font_color": "#0563C1", "underline": 1},
    "money": {"num_format": _MONEY, **_BORDER},
    "cents": {"num_format": _CENTS, **_BORDER},
    "total": {"num_format": _MONEY, "bold": True, "top": 1, "bg_color": "#F2F2F2"},
    "total_text": {
        "align": "left",
        "indent": 1,
        "bold": True,
        "top": 1,
        "bg_color": "#F2F2F2",
        "text_wrap": True,
    },
    "value": {"num_format": _MONEY, "italic": True, "font_color": "#595959", **_BORDER},
    "value_total": {
        "num_format": _MONEY,
        "italic": True,
        "font_color": "#595959",
        "top": 1,
        "bg_color": "#F2F2F2",
    },
    "percent": {"num_format": _CHANCE, "align": "right", **_BORDER},
    "year": {"num_format": "0", "align": "left", **_BORDER},
    "number": {"num_format": "#,##0.00####", **_BORDER},
    "whole": {"num_format": "#,##0", **_BORDER},
    "edit": {
        "num_format": "#,##0.00####",
        "bg_color": "#FFF2CC",
        "font_color": "#1F4E9E",
        "border": 1,
        "border_color": "#BF9000",
        "locked": False,
    },
    "edit_whole": {
        "num_format": "#,##0",
        "bg_color": "#FFF2CC",
        "font_color": "#1F4E9E",
        "border": 1,
        "border_color": "#BF9000",
        "locked": False,
    },
    "edit_text": {
        "bg_color": "#FFF2CC",
        "font_color": "#1F4E9E",
        "border": 1,
        "border_color": "#BF9000",
        "locked": False,
        "align": "right",
    },
    "run": {"num_format": "#,##0.00####", "font_color": "#7F7F7F", "align": "right", **_BORDER},
    "result": {"bold": True, "align": "center", **_BORDER},
    "verdict": {"bold": True, "font_size": 16, "align": "center", "border": 2},
    "good": {"font_color": "#00612E", "bg_color": "#C6EFCE"},
    "bad": {"font_color": "#9C0006", "bg_color": "#FFC7CE"},
    "changed": {"font_color": "#7F6000", "bg_color": "#FFEB9C"},
}
_WRAPPED = {name for name, look in _FORMATS.items() if look.get("text_wrap")}
_LETTERS = 1.12
"""Letters of the text font in a column of width 1, on the safe side."""
LINE = 13.0
"""Points of a line of text."""
_TOP = {name: {"valign": "top", "font_name": "Arial", "font_size": 10} for name in _FORMATS}


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
        self.page.set_footer("&L&8&F&C&8&A&R&8Page &P of &N")

    def write(self, row: int, column: int, content: Content) -> None:
        """Write a cell; a text is never a formula."""
        if content is None:
            return
        cell = content if isinstance(content, Cell) else Cell(content)
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
            cell = content if isinstance(content, Cell) else Cell(content or "")
            if cell.style in _WRAPPED and isinstance(cell.value, str):
                lines = max(lines, lines_of(cell.value, self.widths[column]))
        look = {"level": level, "hidden": hidden}
        self.page.set_row(self.row, LINE * lines + 2, None, look)
        self.row += 1
        return self.row

    def across(self, text: str, first: int, last: int) -> None:
        """Write a long text over several columns of the row that comes next, and make it fit."""
        self.page.merge_range(self.row, first, self.row, last, "", self.formats["text"])
        self.write(self.row, first, Cell(text, "text"))
        width = sum(self.widths[first : last + 1])
        self.page.set_row(self.row, LINE * lines_of(text, width) + 2)

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
        if note:
            self.add(Cell(note, "note"))
        return at

    def header(self, *columns: str, words: Collection[int] = (0, 1)) -> int:
        """Write the headings of a table, columns of ``words`` flush left; return the row."""
        lines = 1
        for column, text in enumerate(columns):
            style = "head" if column in words else "head_number"
            self.write(self.row, column, Cell(text, style))
            lines = max(lines, lines_of(text, self.widths[column] * 0.9))
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


def open_book(path: Path, names: Sequence[str]) -> tuple[Workbook, dict[str, Sheet]]:
    """Make a workbook with empty sheets, in order."""
    from xlsxwriter import Workbook

    book = Workbook(
        str(path),
        {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    formats = {name: book.add_format(_TOP[name] | look) for name, look in _FORMATS.items()}
    return book, {name: Sheet(name, book.add_worksheet(name), formats) for name in names}


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

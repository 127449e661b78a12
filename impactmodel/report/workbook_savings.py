"""Savings on the sheet Payers: by payer, and below by payer and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.report.workbook_parts import SAVINGS
from impactmodel.report.workbook_payer_rows import FIRST_YEAR, Shown, header, write_row
from impactmodel.report.workbook_sheet import Cell, Content, Sheet, in_words

if TYPE_CHECKING:
    from impactmodel.fiscal import Savings
    from impactmodel.report.workbook_calculation import Results
    from impactmodel.report.workbook_material import Material

_PRIVATE = "private"


def _cells_of(savings: Savings, material: Material) -> dict[str, dict[str, dict[int, str]]]:
    """Return the joined key of each cell of the ledger: by payer, line and year."""
    part = material.parts[SAVINGS]
    names = part.totals()
    known = sorted({*savings.ledger.payers, *(n for n in names if "|" not in n)}, key=len)
    cells: dict[str, dict[str, dict[int, str]]] = {}
    for name in names:
        head, _, year = name.rpartition("|")
        payer = next((p for p in reversed(known) if head.endswith(f"|{p}")), None)
        if payer is not None and year.isdigit():
            line = head.removesuffix(f"|{payer}")
            cells.setdefault(payer, {}).setdefault(line, {})[int(year)] = part.total(name)
    return cells


def write_savings(
    sheet: Sheet, savings: Savings, material: Material, results: Results, shown: Shown
) -> None:
    """Write both tables; ``shown`` learns where they stand."""
    cells = _cells_of(savings, material)
    public = [payer for payer in savings.ledger.public_payers if payer in cells]
    order = [*public, *(payer for payer in cells if payer not in public)]
    top = sheet.row
    # The lines stand below the table of payers, which adds them up: they are written first.
    sheet.row = top + 1 + 3 + len(order) + 2
    spans = _by_line(sheet, cells, order, results, shown)
    shown.public_lines = (spans[public[0]][0], spans[public[-1]][1]) if public else (0, 0)
    end, sheet.row = sheet.row, top
    sheet.section("Savings by payer", note=savings.label or "The sum of the lines below.")
    header(sheet, "Payer", "", shown, "Present value", "Mean over draws", "Mean less live")
    start = sheet.row + 1
    means = savings.by_payer()
    for place, payer in enumerate(order):
        if place == len(public):
            _sum_row(sheet, "All public payers", (start, sheet.row), shown)
        mean = float(np.mean(means[payer])) if payer in means else 0.0
        key = material.parts[SAVINGS].total(payer)
        _payer_row(sheet, payer, payer in public, spans[payer], (results.formula(key), mean), shown)
    if len(order) == len(public):
        _sum_row(sheet, "All public payers", (start, sheet.row), shown)
    sheet.row = end


def _payer_row(
    sheet: Sheet,
    payer: str,
    public: bool,
    span: tuple[int, int],
    present: tuple[Cell, float],
    shown: Shown,
) -> None:
    at, count = sheet.row + 1, len(shown.years)
    columns = range(FIRST_YEAR, FIRST_YEAR + count + 1)
    live, mean = present
    value = float(live.value)
    both = sheet.local(at, FIRST_YEAR + count + 2), sheet.local(at, FIRST_YEAR + count + 1)
    sheet.add(
        Cell(in_words(payer), "strong"),
        Cell("" if public else _PRIVATE, "text"),
        *(sheet.total(column, span) for column in columns),
        live,
        Cell(mean, "value"),
        Cell(mean - value, "value", f"={both[0]}-{both[1]}"),
    )


def _sum_row(sheet: Sheet, title: str, span: tuple[int, int], shown: Shown) -> None:
    last = FIRST_YEAR + len(shown.years) + 4
    looks = ["total"] * (last - FIRST_YEAR - 2) + ["value_total"] * 2
    sheet.add(
        Cell(title, "total_text"),
        Cell("", "total_text"),
        *(sheet.total(c, span, look) for c, look in enumerate(looks, start=FIRST_YEAR)),
    )
    shown.public_total = sheet.ref(sheet.row, last - 4)
    shown.public_value = sheet.numbers[sheet.row, last - 4]
    shown.names["public_saving"] = sheet.ref(sheet.row, last - 3)


def _by_line(
    sheet: Sheet,
    cells: Mapping[str, Mapping[str, Mapping[int, str]]],
    order: Sequence[str],
    results: Results,
    shown: Shown,
) -> dict[str, tuple[int, int]]:
    """Write what each payer gains by line; return the rows of each payer."""
    sheet.section("Savings by payer and line, undiscounted")
    header(sheet, "Payer", "Line", shown)
    spans: dict[str, tuple[int, int]] = {}
    start = sheet.row + 1
    for payer in order:
        first = sheet.row + 1
        for line, by_year in cells[payer].items():
            row: list[Content] = [
                results.formula(by_year[year]) if year in by_year else Cell("", "text")
                for year in shown.years
            ]
            write_row(sheet, (in_words(payer), in_words(line)), row, shown)
        spans[payer] = (first, sheet.row)
    shown.lines = (start, sheet.row)
    return spans

"""The sheet Payers: who gains, who pays and what is left, by payer, line and year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.report.workbook_parts import CONTRACT, NET, SAVINGS, payments_of
from impactmodel.report.workbook_sheet import Cell, Content, Sheet, in_words

if TYPE_CHECKING:
    from impactmodel.contract import OutcomePayments
    from impactmodel.fiscal import Savings
    from impactmodel.report.workbook_calculation import Results
    from impactmodel.report.workbook_material import Material

_FIRST_YEAR = 2
PRIVATE = "private"


@dataclass(slots=True)
class Shown:
    """Where the sheet shows what the checks add up.

    Parameters
    ----------
    years
        Of the columns.
    lines, public_lines
        First and last row of savings by payer and line: of all and of public payers.
    payers
        Cells of the sums over all years, by payer; ``public_total`` is that of public payers.
    paid_total
        The cell of all payments.
    names
        Cells that the workbook names.
    """

    years: tuple[int, ...] = ()
    lines: tuple[int, int] = (0, 0)
    payers: list[str] = field(default_factory=list)
    public_lines: tuple[int, int] = (0, 0)
    public_total: str = ""
    public_value: float = 0.0
    paid_total: str = ""
    names: dict[str, str] = field(default_factory=dict)


def write_payers(sheet: Sheet, material: Material, results: Results) -> Shown:
    """Write the sheet; return where its tables stand."""
    years = _years(material)
    count, base = len(years), material.price_base
    prices = ", current prices" if base == "current" else f", prices of {base}" if base else ""
    sheet.set_up(
        "Payers",
        f"Amounts in {material.currency or 'no currency'}"
        + prices
        + ". Positive: better off than without the programme. Upright figures are live; figures in "
        "grey italics are means over the draws, written as values.",
        (34, 30, *[14] * count, 16, 16, 16, 16),
    )
    sheet.page.freeze_panes(3, 2)
    shown = Shown(years)
    if NET in material.parts:
        _net(sheet, material, results)
    if material.savings is not None and SAVINGS in material.parts:
        _savings(sheet, material.savings, material, results, shown)
    if material.payments is not None and CONTRACT in material.parts:
        _payments(sheet, material.payments, material, results, shown)
    if not material.parts:
        sheet.add(Cell("Nothing is computed live; see Checks and Uncertainty.", "note"))
    return shown


def _years(material: Material) -> tuple[int, ...]:
    years: set[int] = set()
    if material.savings is not None and SAVINGS in material.parts:
        years |= set(material.savings.ledger.years)
    if material.payments is not None and CONTRACT in material.parts:
        part = material.parts[CONTRACT]
        years |= {one.day.year for one in payments_of(part, material.payments.contract)}
    return tuple(sorted(years))


def _net(sheet: Sheet, material: Material, results: Results) -> None:
    part = material.parts[NET]
    means = material.result.net.by_payer() if material.result and material.result.net else {}
    rate = material.savings.discount_rate if material.savings else 0.0
    sheet.section(
        "Net position by payer, present value",
        note=f"Savings less outcome payments, discounted at {rate:.2%} a year to the first year.",
    )
    sheet.header(
        "Payer",
        "",
        "Saves (live)",
        "Pays (live)",
        "Net (live)",
        "Net, mean over draws",
        "Mean less live",
        "P(pays more than it saves)",
    )
    for payer, draws in means.items():
        keys = [part.keys[f"totals/{what}|{payer}"] for what in ("saved", "paid", "net")]
        mean = float(np.mean(draws))
        at = sheet.row + 1
        difference = f"={sheet.local(at, 5)}-{sheet.local(at, 4)}"
        sheet.add(
            Cell(in_words(payer), "strong"),
            Cell("", "text"),
            *(results.formula(key) for key in keys),
            Cell(mean, "value"),
            Cell(mean - results.values[keys[2]], "value", difference),
            Cell(float((np.asarray(draws) < 0).mean()), "percent"),
        )


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


def _savings(
    sheet: Sheet, savings: Savings, material: Material, results: Results, shown: Shown
) -> None:
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
    _header(sheet, "Payer", "", shown, "Present value", "Mean over draws", "Mean less live")
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
    columns = range(_FIRST_YEAR, _FIRST_YEAR + count + 1)
    live, mean = present
    value = float(live.value)
    both = sheet.local(at, _FIRST_YEAR + count + 2), sheet.local(at, _FIRST_YEAR + count + 1)
    sheet.add(
        Cell(in_words(payer), "strong"),
        Cell("" if public else PRIVATE, "text"),
        *(sheet.total(column, span) for column in columns),
        live,
        Cell(mean, "value"),
        Cell(mean - value, "value", f"={both[0]}-{both[1]}"),
    )
    shown.payers.append(sheet.ref(at, _FIRST_YEAR + count))


def _sum_row(sheet: Sheet, title: str, span: tuple[int, int], shown: Shown) -> None:
    last = _FIRST_YEAR + len(shown.years) + 4
    looks = ["total"] * (last - _FIRST_YEAR - 2) + ["value_total"] * 2
    sheet.add(
        Cell(title, "total_text"),
        Cell("", "total_text"),
        *(sheet.total(c, span, look) for c, look in enumerate(looks, start=_FIRST_YEAR)),
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
    _header(sheet, "Payer", "Line", shown)
    spans: dict[str, tuple[int, int]] = {}
    start = sheet.row + 1
    for payer in order:
        first = sheet.row + 1
        for line, by_year in cells[payer].items():
            row: list[Content] = [
                results.formula(by_year[year]) if year in by_year else Cell("", "text")
                for year in shown.years
            ]
            _write_row(sheet, (in_words(payer), in_words(line)), row, shown)
        spans[payer] = (first, sheet.row)
    shown.lines = (start, sheet.row)
    return spans


def _payments(
    sheet: Sheet, payments: OutcomePayments, material: Material, results: Results, shown: Shown
) -> None:
    part = material.parts[CONTRACT]
    dues = payments_of(part, payments.contract)
    view = "what an evaluation would measure" if payments.view == "measured" else "the true effect"
    sheet.section(
        "Payments by payer and clause, undiscounted",
        note="Live: the rule at the expected outcomes. The mean over draws is taken at "
        f"{view} (view: {payments.view}); it differs where a floor, cap or step bends the rule.",
    )
    _header(sheet, "Payer", "Clause", shown, "Mean over draws", "Mean less live")
    means = payments.by_clause()
    start = sheet.row + 1
    for clause in payments.contract.clauses:
        row: list[Content] = []
        for year in shown.years:
            keys = [
                part.total(d.name) for d in dues if d.clause == clause.name and d.day.year == year
            ]
            row.append(_sum_of(keys, results) if keys else Cell("", "text"))
        mean = float(np.mean(means[clause.name]))
        _write_row(sheet, (in_words(clause.payer), in_words(clause.name)), row, shown, mean)
    span = (start, sheet.row)
    looks = ["total"] * (len(shown.years) + 1) + ["value_total"] * 2
    sheet.add(
        Cell("All payments", "total_text"),
        Cell("", "total_text"),
        *(sheet.total(c, span, look) for c, look in enumerate(looks, start=_FIRST_YEAR)),
    )
    shown.paid_total = sheet.ref(sheet.row, _FIRST_YEAR + len(shown.years))
    shown.names["all_payments"] = shown.paid_total


def _sum_of(keys: Sequence[str], results: Results) -> Cell:
    value = sum(results.values[key] for key in keys)
    return Cell(value, "money", "=" + "+".join(results.cells[key] for key in keys))


def _header(sheet: Sheet, first: str, second: str, shown: Shown, *more: str) -> None:
    years = (str(year) for year in shown.years)
    sheet.header(first, second, *years, "All years", *more)


def _write_row(
    sheet: Sheet,
    heads: tuple[str, str],
    row: Sequence[Content],
    shown: Shown,
    mean: float | None = None,
) -> None:
    """Write a row of years with its sum, and a mean over draws beside it."""
    at, count = sheet.row + 1, len(shown.years)
    values = [float(cell.value) for cell in row if isinstance(cell, Cell) and cell.formula]
    ends = sheet.local(at, _FIRST_YEAR), sheet.local(at, _FIRST_YEAR + count - 1)
    cells: list[Content] = [Cell(sum(values), "money", f"=SUM({ends[0]}:{ends[1]})")]
    if mean is not None:
        both = sheet.local(at, _FIRST_YEAR + count + 1), sheet.local(at, _FIRST_YEAR + count)
        cells.append(Cell(mean, "value"))
        cells.append(Cell(mean - sum(values), "value", f"={both[0]}-{both[1]}"))
    strong, plain = heads
    sheet.add(Cell(strong, "strong"), Cell(plain, "text"), *row, *cells)

"""The sheet Payers: who gains, who pays and what is left, by payer, line and year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impactmodel.report.workbook_parts import CONTRACT, NET, SAVINGS, payments_of
from impactmodel.report.workbook_payer_rows import FIRST_YEAR, Shown, header, sum_of, write_row
from impactmodel.report.workbook_savings import write_savings
from impactmodel.report.workbook_sheet import Cell, Content, Sheet, in_words

if TYPE_CHECKING:
    from impactmodel.contract import OutcomePayments
    from impactmodel.report.workbook_calculation import Results
    from impactmodel.report.workbook_material import Material


_NET = ("saved", "paid", "spent", "net")
_NET_COLUMNS = 8
"""Beside payer and a blank."""


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
        (34, 30, *[14] * count, *[16] * max(5, _NET_COLUMNS - count)),
    )
    sheet.page.freeze_panes(3, 2)
    shown = Shown(years, sheet=sheet.name)
    if NET in material.parts:
        _net(sheet, material, results)
    if material.savings is not None and SAVINGS in material.parts:
        write_savings(sheet, material.savings, material, results, shown)
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
        note=f"Savings less outcome payments and costs, discounted at {rate:.2%} a year to the "
        "first year.",
    )
    sheet.header(
        "Payer",
        "",
        "Saves (live)",
        "Pays (live)",
        "Other costs (live)",
        "Net (live)",
        "Net, mean over draws",
        "Mean less live",
        "P(pays more than it saves)",
        "Saved per unit spent (live)",
    )
    for payer, draws in means.items():
        keys = [part.keys[f"totals/{what}|{payer}"] for what in _NET]
        mean = float(np.mean(draws))
        at = sheet.row + 1
        difference = f"={sheet.local(at, 6)}-{sheet.local(at, 5)}"
        saved, *borne = (results.values[key] for key in keys[:3])
        spent = f"({sheet.local(at, 3)}+{sheet.local(at, 4)})"
        ratio = f'=IF({spent}>0,{sheet.local(at, 2)}/{spent},"")'
        sheet.add(
            Cell(in_words(payer), "strong"),
            Cell("", "text"),
            *(results.formula(key) for key in keys),
            Cell(mean, "value"),
            Cell(mean - results.values[keys[3]], "value", difference),
            Cell(float((np.asarray(draws) < 0).mean()), "percent"),
            Cell(saved / sum(borne) if sum(borne) > 0 else "", "number", ratio),
        )


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
    header(sheet, "Payer", "Clause", shown, "Mean over draws", "Mean less live")
    means = payments.by_clause()
    start = sheet.row + 1
    for clause in payments.contract.all_clauses:
        if clause.name not in means:
            continue
        row: list[Content] = []
        for year in shown.years:
            keys = [
                part.total(d.name) for d in dues if d.clause == clause.name and d.day.year == year
            ]
            row.append(sum_of(keys, results) if keys else Cell("", "text"))
        mean = float(np.mean(means[clause.name]))
        write_row(sheet, (in_words(clause.payer), in_words(clause.name)), row, shown, mean)
    span = (start, sheet.row)
    looks = ["total"] * (len(shown.years) + 1) + ["value_total"] * 2
    sheet.add(
        Cell("All payments", "total_text"),
        Cell("", "total_text"),
        *(sheet.total(c, span, look) for c, look in enumerate(looks, start=FIRST_YEAR)),
    )
    shown.paid_total = sheet.ref(sheet.row, FIRST_YEAR + len(shown.years))
    shown.names["all_payments"] = shown.paid_total

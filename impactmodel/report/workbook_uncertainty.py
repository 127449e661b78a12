"""The sheet Uncertainty: distributions over the draws, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.summary import KIND
from impactmodel.fiscal import at_expected_months
from impactmodel.fiscal.rule_explainer import RuleExplainer
from impactmodel.report.collapse import collapse
from impactmodel.report.sentences import VIEWS
from impactmodel.report.workbook_appraisal import write_appraisal
from impactmodel.report.workbook_drivers import write_drivers
from impactmodel.report.workbook_sheet import Cell, Content, Sheet, in_words, quantile_names

if TYPE_CHECKING:
    import xarray as xr

    from impactmodel.fiscal import Savings
    from impactmodel.report.workbook_material import Material

_BUDGET_HIGH = 0.95


def write_uncertainty(sheet: Sheet, material: Material) -> None:
    """Write what the draws say: effects, payments, savings, net positions, budgets."""
    draws = material.savings or (material.result.outcomes if material.result else None)
    count = f"{draws.n_draws:,} draws" if draws is not None else "the draws"
    low, high = quantile_names(material.prob)
    sheet.set_up(
        "Uncertainty",
        f"Values over {count}, not formulas: they do not follow changed inputs. "
        f"{low} and {high} bound the {material.prob:.0%} {KIND} "
        "interval.",
        (52, 20, 16, 16, 16, 16, 16, 24),
    )
    sheet.page.freeze_panes(2, 1)
    result = material.result
    if result is not None:
        _effects(sheet, material)
    if material.payments is not None:
        _payments(sheet, material)
    if material.savings is not None:
        _savings(sheet, material.savings, material.prob, "Public savings, present value")
    if result is not None and result.net is not None:
        sheet.section("Net position, present value: savings less payments and costs")
        _head(sheet, material.prob, "Payer", "P(pays more than it saves)")
        for payer, found in result.net.by_payer().items():
            loses = float((np.asarray(found) < 0).mean())
            _row(sheet, payer, result.net.currency, found, material.prob, Cell(loses, "percent"))
    if result is not None and result.budget is not None:
        _budget(sheet, result.budget)
    if result is not None:
        write_appraisal(sheet, result, material.prob)
    if material.savings is not None:
        _plugged(sheet, material.savings, "")
    for name, savings in (result.beside if result else {}).items():
        _savings(sheet, savings, material.prob, f"Beside it, present value: {name}")
        _plugged(sheet, savings, f": {name}")
    if result is not None:
        write_drivers(sheet, result)


def _head(sheet: Sheet, prob: float, first: str, last: str) -> None:
    low, high = quantile_names(prob)
    names = ("Mean", "Standard deviation", low, "P50", high, last)
    sheet.header(first, "Unit", *names)


def _row(sheet: Sheet, name: str, unit: str, draws: Any, prob: float, last: Content) -> None:
    values = np.asarray(draws, dtype=float)
    quantiles = np.quantile(values, [(1 - prob) / 2, 0.5, (1 + prob) / 2]).tolist()
    spread = float(values.std(ddof=1)) if values.size > 1 else 0.0
    numbers = [float(values.mean()), spread, *quantiles]
    style = "money" if max(abs(n) for n in numbers) >= 1000 else "number"
    sheet.add(
        Cell(in_words(name), "strong"),
        Cell(unit, "text"),
        *(Cell(n, style) for n in numbers),
        last,
    )


def _effects(sheet: Sheet, material: Material) -> None:
    assert material.result is not None  # noqa: S101  the caller looked
    outcomes = material.result.outcomes
    about = outcomes.provenance
    sheet.section(
        "Effect per person, whole cohort and whole time",
        note=f"Estimand: {about.estimand}; population: {about.population}.",
    )
    _head(sheet, material.prob, "Outcome", "P(above zero)")
    for part in collapse(outcomes):
        positive = float((part.effect > 0).mean())
        name = f"{part.measure.title}, {part.periods}"
        _row(sheet, name, part.unit, part.effect, material.prob, Cell(positive, "percent"))


def _payments(sheet: Sheet, material: Material) -> None:
    paid = material.payments
    assert paid is not None  # noqa: S101  the caller looked
    sheet.section("Outcome payments, undiscounted", note=f"View: {paid.view}; {VIEWS[paid.view]}.")
    _head(sheet, material.prob, "Payer", "P(nothing is paid)")
    parts: dict[str, Any] = {**paid.by_payer(), "all payers": paid.total()}
    for payer, found in parts.items():
        nothing = Cell(float((found == 0).mean()), "percent")
        _row(sheet, payer, paid.currency, found, material.prob, nothing)


def _savings(sheet: Sheet, savings: Savings, prob: float, title: str) -> None:
    sheet.section(title, note=savings.label)
    _head(sheet, prob, "Payer", "P(loses)")
    parts: dict[str, Any] = {**savings.by_payer(), "all public payers": savings.total()}
    for payer, found in parts.items():
        loses = Cell(float((found < 0).mean()), "percent")
        _row(sheet, payer, savings.currency, found, prob, loses)


def _budget(sheet: Sheet, table: xr.DataArray) -> None:
    items = [i for i in table["item"].values.tolist() if bool(table.sel(item=i).any())]
    sheet.section("Budget years, as they arise and fall due, undiscounted")
    sheet.header("Payer", "Year", "Item", "Mean", "P50", "P95", words=(0, 1, 2))
    for payer in table["payer"].values.tolist():
        for year in table["year"].values.tolist():
            for item in items:
                found = table.sel(payer=payer, year=year, item=item).values
                if found.any():
                    numbers = (float(found.mean()), *np.quantile(found, [0.5, _BUDGET_HIGH]))
                    sheet.add(
                        Cell(in_words(payer), "strong"),
                        Cell(float(year), "year"),
                        Cell(item, "text"),
                        *(Cell(float(number), "money") for number in numbers),
                    )


def _plugged(sheet: Sheet, savings: Savings, where: str) -> None:
    """Write f(E[x]) beside E[f(x)] for savings by rules."""
    if not isinstance(savings.explainer, RuleExplainer):
        return
    rows: Mapping[Any, Any]
    sheet.section(
        f"The rules at expected months beside the expected savings{where}",
        note="Undiscounted. A sheet that puts the mean number of months through the rules gives "
        "f(E[x]); the rules are not linear, and E[f(x)] is what payers should expect.",
    )
    sheet.header("Line", "Payer", "E[f(x)]", "f(E[x])", "Difference")
    for rows in at_expected_months(savings).to_dict("records"):
        names = ("expected_saving", "saving_of_expected_months", "difference")
        sheet.add(
            Cell(in_words(str(rows["line"])), "strong"),
            Cell(in_words(str(rows["payer"])), "text"),
            *(Cell(float(rows[name]), "money") for name in names),
        )

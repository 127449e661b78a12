"""The appraisal on the sheet Uncertainty: ratios as medians, all of it values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.fiscal.appraisal import ratio_summary
from impactmodel.report.assessment_tables import MVPF, assumption, perspective
from impactmodel.report.workbook_sheet import Cell, Content, Sheet, in_words

if TYPE_CHECKING:
    from impactmodel.report.result import RunResult
    from impactmodel.report.result_appraisal import Assessment, Decision

_NONE = "none"


def write_appraisal(sheet: Sheet, result: RunResult, prob: float) -> None:
    """Write limits, ratios, switching values, swings and values of information."""
    if result.limits:
        _limits(sheet, result)
    found = result.assessment
    if found is None or not found.decisions:
        return
    _ratios(sheet, result, found, prob)
    for one in found.decisions:
        _decision(sheet, result, one)


def _limits(sheet: Sheet, result: RunResult) -> None:
    sheet.section("Payments and costs against what is set aside, undiscounted")
    heads = ("Payer", "Limit", "Year", "Amount", "Mean", "P50", "P95", "P(exceeds)")
    sheet.header(*heads, words=(0, 1, 2))
    for one in result.limits:
        middle, high = (float(q) for q in np.quantile(one.spent, (0.5, 0.95)))
        sheet.add(
            Cell(in_words(one.payer), "strong"),
            Cell(one.kind, "mark" if one.exceeded else "text"),
            Cell("all years", "text") if one.year is None else Cell(float(one.year), "year"),
            Cell(one.limit, "money"),
            Cell(float(one.spent.mean()), "money"),
            Cell(middle, "money"),
            Cell(high, "money"),
            Cell(one.probability_exceeded, "percent"),
        )


def _ratios(sheet: Sheet, result: RunResult, found: Assessment, prob: float) -> None:
    sheet.section(
        "Ratios: median and interval over the draws in which they are defined",
        note="Benefit over cost by perspective, the marginal value of public funds, payback years "
        "and public spending per additional person or year in work.",
    )
    low, high = (f"P{(1 + sign * prob) / 2 * 100:.3g}" for sign in (-1, 1))
    heads = ("Ratio", "Of whom", "Median", low, high, "P(infinite)", "P(undefined)")
    sheet.header(*heads)
    for name, draws in found.benefit_cost.items():
        _ratio(sheet, "Benefit over cost", perspective(name), draws, prob)
    if found.value is not None:
        _ratio(sheet, MVPF, "", found.value.mvpf, prob)
    for name, draws in found.payback.items():
        _ratio(sheet, "Payback year", in_words(name), draws, prob, "year")
    for name, draws in found.cost_per_job.items():
        what = result.outcomes.measure(name).title
        _ratio(sheet, "Public spending per additional person or year in work", what, draws, prob)


def _ratio(
    sheet: Sheet, what: str, whose: str, draws: Any, prob: float, look: str = "number"
) -> None:
    d = ratio_summary(np.asarray(draws), prob)
    sheet.add(
        Cell(what, "strong"),
        Cell(whose, "text"),
        *(_number(d[key], look) for key in ("median", "lower", "upper")),
        Cell(d["p_infinite"], "percent"),
        Cell(d["p_undefined"], "percent"),
    )


def _number(value: float, look: str) -> Content:
    if np.isnan(value):
        return Cell(_NONE, "text")
    return Cell(value, look) if np.isfinite(value) else Cell("∞", "text")


def _decision(sheet: Sheet, result: RunResult, one: Decision) -> None:
    sheet.section(
        f"What the net position of a payer hangs on: {in_words(one.payer)}",
        note="Switching value: where its mean is zero. Effects and wages are multiples of what is "
        "stated. Worth: of knowing the quantity before deciding.",
    )
    sheet.header(
        "Assumption",
        "Stated",
        "Switching value",
        "Low",
        "High",
        "Net at low",
        "Net at high",
        "Worth",
    )
    swings = {swing.name: swing for swing in one.swings.swings} if one.swings else {}
    for switch in one.switches:
        swing, worth = swings.get(switch.key), one.known_of.get(switch.key)
        moved: list[Content] = [Cell("", "text")] * 4
        if swing is not None:
            ends = (float(swing.at_low.mean()), float(swing.at_high.mean()))
            moved = [
                Cell("as stated", "text") if v is None else Cell(v, "number")
                for v in (swing.low, swing.high)
            ]
            moved += [Cell(v, "money") for v in ends]
        sheet.add(
            Cell(assumption(switch.key, result), "strong"),
            Cell(switch.stated, "number"),
            Cell(_NONE, "text") if switch.value is None else Cell(switch.value, "number"),
            *moved,
            Cell("", "text") if worth is None else Cell(worth.value, "money"),
        )
    if one.known is not None:
        gap = [Cell("", "text")] * 6
        sheet.add(Cell("Everything", "strong"), *gap, Cell(one.known.value, "money"))

"""The appraisal in tables: for whom it pays, when, at what cost, and what that hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.fiscal.appraisal import ratio_summary
from impactmodel.report.blocks import Block, FoldedTables, Marked, Tabled
from impactmodel.report.languages import english
from impactmodel.report.numbers import money, number, percent, probability
from impactmodel.report.tables import Table, interval_words

if TYPE_CHECKING:
    from impactmodel.fiscal import LimitTest, ValueOfInformation
    from impactmodel.report.result import RunResult
    from impactmodel.report.result_appraisal import Assessment, Decision

MVPF = "Marginal value of public funds"
NEVER = "never"
SHARES = ("displacement", "deadweight", "fade_out", "discount_rate")


def assessment_blocks(result: RunResult, prob: float) -> tuple[Block, ...]:
    """Return the appraisal; nothing where no payer pays or spends anything."""
    found = result.assessment
    if found is None or not found.decisions:
        return ()
    blocks: tuple[Block, ...] = (
        *(Marked("Assumption", found.assumptions),) * bool(found.assumptions),
        Tabled(worth_table(found, prob)),
        Tabled(payback_table(found, prob)),
    )
    if found.cost_per_job:
        blocks += (Tabled(job_table(result, found, prob)),)
    return (
        *blocks,
        Tabled(switch_table(result, found)),
        FoldedTables(
            "How far each assumption moves the net position",
            tuple(swing_table(result, one) for one in found.decisions if one.swings),
        ),
        Tabled(information_table(result, found)),
    )


def worth_table(found: Assessment, prob: float) -> Table:
    """Tabulate benefit over cost by perspective, and the marginal value of public funds."""
    unit = money("")
    rows = []
    for name, draws in found.benefit_cost.items():
        gains, costs = sides(found.parts[name])
        written = [unit.write(float(d.mean()), float(d.std())) for d in (gains, costs)]
        rows.append((perspective(name), *written, *ratio_cells(draws, prob)))
    if found.value is not None:
        pair = found.value.willingness_to_pay, found.value.net_cost
        written = [unit.write(float(d.mean()), float(d.std())) for d in pair]
        rows.append((MVPF, *written, *ratio_cells(found.value.mvpf, prob)))
    left = f" {MVPF}: not shown, {found.no_value}." if found.value is None else ""
    return Table(
        title=f"Benefit over cost by perspective, in {found.currency}, present value",
        columns=(
            "Perspective",
            "Benefit, mean",
            "Cost, mean",
            "Benefit over cost, median",
            interval_words(prob).capitalize(),
            "P(undefined)",
        ),
        rows=tuple(rows),
        note="A line that gains on average is a benefit, one that loses is a cost; transfers "
        "cancel for society. Of the marginal value of public funds the benefit is what "
        "participants, employers and investors gain, the cost what public payers spend less what "
        "they save; it is infinite where the programme pays for itself. Employers' work is valued "
        "at the wage. "
        f"Ratios are medians, never means.{left}",
    )


def payback_table(found: Assessment, prob: float) -> Table:
    """Tabulate the year in which each payer has back what it spent."""
    rows = []
    for name, draws in found.payback.items():
        d = ratio_summary(np.asarray(draws), prob)
        rows.append((english(name), *_years(draws, prob), probability(d["p_undefined"])))
    return Table(
        title="Payback year by payer",
        columns=("Payer", "Median", interval_words(prob).capitalize(), "P(never)"),
        rows=tuple(rows),
        note="The first year from which on savings so far are never below payments and costs so "
        "far, undiscounted, within the years counted; a draw without one counts as never.",
    )


def job_table(result: RunResult, found: Assessment, prob: float) -> Table:
    """Tabulate public spending per additional person or year in work."""
    unit, rows = money(""), []
    for name, draws in found.cost_per_job.items():
        measure = result.outcomes.measure(name)
        what = "year in work" if measure.accrual == "flow" else "person in work"
        d = ratio_summary(np.asarray(draws), prob)
        spread = float(np.nanstd(draws)) if np.isfinite(draws).any() else 0.0
        cells = [unit.write(d[k], _narrow(d, spread)) for k in ("median", "lower", "upper")]
        undefined = probability(d["p_undefined"])
        rows.append((measure.title, what, cells[0], f"{cells[1]} to {cells[2]}", undefined))
    return Table(
        title=f"Public spending per additional person or year in work, in {found.currency}",
        columns=("Outcome", "Per", "Median", interval_words(prob).capitalize(), "P(undefined)"),
        rows=tuple(rows),
        note="Payments and costs of all public payers, undiscounted, over what the programme adds; "
        "savings are not taken off. Undefined where it adds nothing.",
        words=(0, 1),
    )


def switch_table(result: RunResult, found: Assessment) -> Table:
    """Tabulate the values of assumptions at which a payer's net position is zero."""
    keys = {s.key: s for one in found.decisions for s in one.switches}
    by_payer = [{s.key: s.value for s in one.switches} for one in found.decisions]
    rows = tuple(
        (
            assumption(key, result),
            value_said(key, one.stated),
            *(
                "none" if part[key] is None else value_said(key, float(part[key] or 0.0))
                for part in by_payer
            ),
        )
        for key, one in keys.items()
    )
    return Table(
        title="Switching values: where the mean net position of a payer is zero",
        columns=("Assumption", "Stated", *(english(one.payer) for one in found.decisions)),
        rows=rows,
        note="One assumption is changed at a time, the draws stay the same. Effects and wages are "
        "multiples of what is stated. None: no value from zero to ten times what is stated (wages: "
        "a quarter to four times; shares: 0 to 100 %; rates: 0 to 30 %) makes it zero.",
    )


def swing_table(result: RunResult, decision: Decision) -> Table:
    """Tabulate how far a payer's net position moves with each assumption."""
    assert decision.swings is not None  # noqa: S101  the caller looked
    unit, spread = money(""), float(np.std(decision.net))
    rows = tuple(
        (
            assumption(swing.name, result),
            f"{value_said(swing.name, swing.low)} to {value_said(swing.name, swing.high)}",
            unit.write(float(swing.at_low.mean()), spread),
            unit.write(float(swing.at_high.mean()), spread),
            unit.write(swing.size, spread),
        )
        for swing in decision.swings.swings
    )
    return Table(
        title=f"Net position of a payer under other assumptions: {english(decision.payer)}",
        columns=("Assumption", "Range", "Net at the low end", "Net at the high end", "Moves by"),
        rows=rows,
        note="Uncertain quantities: the ends of their interval. Stated prices and wages: ten per "
        "cent less and more; stated shares: ten points; the discount rate: one point.",
        words=(0, 1),
    )


def information_table(result: RunResult, found: Assessment) -> Table:
    """Tabulate what it is worth to know more before deciding."""
    rows: list[tuple[str, ...]] = []
    for one in found.decisions:
        if one.known is None:
            continue
        better = "programme" if one.known.decision == "programme" else "no programme"
        rows.append((english(one.payer), better, "everything", *_worth(one.known)))
        rows += [
            (english(one.payer), better, assumption(key, result), *_worth(worth))
            for key, worth in one.known_of.items()
        ]
    return Table(
        title=f"What it is worth to know more before deciding, in {found.currency}",
        columns=("Payer", "Better as known now", "What is known", "Worth", "Error", "P(changes)"),
        rows=tuple(rows),
        note="Expected value of perfect information (everything) and of one quantity alone, "
        "against the same payer's choice to do nothing; error: of the finite number of draws. "
        "P(changes): the probability that knowing it changes the choice.",
        words=(0, 1, 2),
    )


def limits_table(limits: tuple[LimitTest, ...], currency: str) -> Table:
    """Tabulate what payers spend against appropriations and commitments."""
    unit = money("")
    rows = []
    for one in limits:
        spread = float(one.spent.std())
        numbers = (one.spent.mean(), *np.quantile(one.spent, (0.5, 0.95)))
        rows.append(
            (
                english(one.payer),
                one.kind,
                "all years" if one.year is None else str(one.year),
                unit.write(one.limit, 0.0),
                *(unit.write(float(value), spread) for value in numbers),
                probability(one.probability_exceeded),
                "P95 EXCEEDS IT" if one.exceeded else "within it",
            )
        )
    return Table(
        title=f"Payments and costs against what is set aside, in {currency}, undiscounted",
        columns=("Payer", "Limit", "Year", "Amount", "Mean", "P50", "P95", "P(exceeds)", "P95"),
        rows=tuple(rows),
        note="Appropriations are of a budget year, commitments of all years together.",
        words=(0, 1, 2, 8),
    )


def assumption(key: str, result: RunResult) -> str:
    """Name an assumption that can be changed."""
    kind, _, name = key.partition("|")
    if kind == "effect" and name:
        return f"Effect on {result.outcomes.measure(name).title}"
    if kind == "price":
        return f"Price of {name.replace('_', ' ')}"
    return {
        "effect": "Effect on all outcomes",
        "displacement": "Displacement",
        "deadweight": "Deadweight",
        "fade_out": "Fade-out a year",
        "discount_rate": "Discount rate",
        "wage": "Wages of the profile",
    }[kind]


def value_said(key: str, value: float | None) -> str:
    """Write the value of an assumption in its own unit."""
    if value is None:
        return "as stated"
    kind = key.partition("|")[0]
    if kind in SHARES:
        return percent(value, 1)
    return number(value, 2) if kind == "price" else f"{number(value, 2)}×"


def perspective(name: str) -> str:
    """Name a perspective."""
    own = {"public": "Public purse", "society": "Society"}
    return own.get(name) or english(name)[:1].upper() + english(name)[1:]


def sides(lines: Any) -> tuple[Any, Any]:
    """Return what lines gain and what they cost, draws."""
    values = [np.asarray(draws) for draws in lines.values()]
    nothing = np.zeros(values[0].shape)
    gains = sum((v for v in values if v.mean() > 0), nothing)
    return gains, -sum((v for v in values if v.mean() < 0), nothing)


def ratio_cells(draws: Any, prob: float) -> tuple[str, str, str]:
    """Write a ratio as median, interval and the share of draws in which it is undefined."""
    d = ratio_summary(np.asarray(draws), prob)
    middle, low, high = (number(d[key], 2) for key in ("median", "lower", "upper"))
    span = f"{low} to {high}" if d["p_undefined"] < 1 else middle
    return middle, span, probability(d["p_undefined"])


def _years(draws: Any, prob: float) -> tuple[str, str]:
    """Write median and interval of a year; a draw without one is later than every year."""
    later = np.where(np.isnan(draws), np.inf, draws)
    places = [0.5, (1 - prob) / 2, (1 + prob) / 2]
    found = np.quantile(later, places, method="inverted_cdf")
    middle, low, high = (f"{year:.0f}" if np.isfinite(year) else NEVER for year in found)
    return middle, NEVER if low == NEVER else f"{low} to {high}"


def _narrow(d: dict[str, Any], spread: float) -> float:
    """Return a spread that the interval bears out: a ratio may have draws without bound."""
    width = d["upper"] - d["lower"]
    return min(spread, width / 3) if np.isfinite(width) and width > 0 else spread


def _worth(worth: ValueOfInformation) -> tuple[str, str, str]:
    unit, error = money(""), max(worth.error, 1e-9)
    written = unit.write(worth.value, error), unit.write(worth.error, error)
    return (*written, probability(worth.p_change))

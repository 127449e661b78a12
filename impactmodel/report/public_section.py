"""The public side of a run: who saves, when, by what, and what stands behind each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.report.assessment_tables import limits_table
from impactmodel.report.blocks import Block, Folded, Marked, Paragraph, Picture, Points, Tabled
from impactmodel.report.languages import english
from impactmodel.report.money_figures import plot_net_position, plot_savings
from impactmodel.report.money_tables import net_position_table
from impactmodel.report.numbers import number
from impactmodel.report.public_tables import (
    WHY_THEY_DIFFER,
    beside_table,
    budget_table,
    cells,
    discounting,
    expected_months,
    expected_months_table,
    lines_table,
    party_name,
    savings_table,
)
from impactmodel.report.style import inline_svg
from impactmodel.report.tables import interval_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from impactmodel.fiscal import Savings
    from impactmodel.report.result import RunResult

UNLIKE = "; values: "


def public_blocks(result: RunResult, prob: float) -> tuple[Block, ...]:
    """Return what the report shows of the public side; nothing where the case has none."""
    savings = result.savings
    if savings is None:
        return ()
    marks = f"Dot: mean; bar: {interval_words(prob)}; right of zero is better off."
    caption = f"Discounted at {discounting(savings)}. {marks}"
    figure = plot_savings(savings, prob)
    blocks: tuple[Block, ...] = (
        Tabled(savings_table(savings, prob)),
        _picture(figure, "savings", "Public savings", caption),
        Tabled(lines_table(savings, prob)),
        Folded("What stands behind each cell", explanations(savings)),
    )
    if result.net is not None:
        figure = plot_net_position(result.net, prob)
        blocks += (
            Tabled(net_position_table(result.net, prob, discounting(savings))),
            _picture(figure, "net", "Savings less payments", caption),
        )
    if result.budget is not None:
        blocks += (Tabled(budget_table(result.budget, savings)),)
    if result.limits:
        blocks += (Tabled(limits_table(result.limits, savings.currency)),)
    return blocks + _expected("this case", savings) + _beside(result, savings, prob)


def _picture(figure: Figure, name: str, title: str, caption: str) -> Picture:
    return Picture(inline_svg(figure, name, title, caption), caption)


def _beside(result: RunResult, savings: Savings, prob: float) -> tuple[Block, ...]:
    if not result.beside:
        return ()
    labels = (("This case", savings.label), *((n, s.label) for n, s in result.beside.items()))
    blocks: tuple[Block, ...] = (
        Tabled(beside_table(savings, result.beside, prob)),
        Points(tuple((name, label or "no label is stated") for name, label in labels)),
    )
    for name, side in result.beside.items():
        blocks += _expected(f"“{name}”", side)
        blocks += _also_assumed(name, side, result.assumptions)
    return blocks


def _also_assumed(name: str, side: Savings, said: tuple[str, ...]) -> tuple[Block, ...]:
    """Show what another side assumes beside the run: what is unverified stays in sight."""
    more = [text for text in side.assumptions if text not in (*said, side.label)]
    weak = tuple(text for text in more if "UNVERIFIED" in text)
    rest = tuple(("", text) for text in more if text not in weak)
    blocks: tuple[Block, ...] = ()
    if weak:
        blocks += (Paragraph(f"“{name}” stands on:"), Marked("Assumption", weak))
    if rest:
        blocks += (Folded(f"What “{name}” assumes", rest),)
    return blocks


def _expected(name: str, savings: Savings) -> tuple[Block, ...]:
    found = expected_months(savings)
    if found is None:
        return ()
    said = f"For {name}, public savings are computed by rules. {WHY_THEY_DIFFER}"
    return (Paragraph(said), Tabled(expected_months_table(savings, found)))


def explanations(savings: Savings) -> tuple[tuple[str, str], ...]:
    """Say what stands behind each cell; years with the same explanation are said together.

    Returns
    -------
    tuple of (str, str)
        Payer, line and years; and the mean amounts with value, date and source behind them.
    """
    said = []
    for payer, line in cells(savings):
        groups: dict[str, list[tuple[int, str]]] = {}
        for year in savings.ledger.years:
            head, found, values = savings.explainer.sentence(payer, line, year).partition(UNLIKE)
            body = f"Values: {values}" if found else head
            amount = number(float(savings.ledger.cell(payer, line, year).mean()), 2)
            why = f" ({head})" if found else ""
            groups.setdefault(body, []).append((year, f"{year}: {amount}{why}"))
        for body, years in groups.items():
            name = f"{party_name(payer, savings)}, {english(line)}, {_years(years)}"
            amounts = "; ".join(text for _, text in years)
            means = f"On average, in {savings.currency}, undiscounted, whole cohort: {amounts}."
            said.append((name, f"{means}\n{body}"))
    return tuple(said)


def _years(years: list[tuple[int, str]]) -> str:
    found = [year for year, _ in years]
    run = found == list(range(found[0], found[-1] + 1))
    if len(found) > 1 and run:
        return f"{found[0]} to {found[-1]}"
    return ", ".join(str(year) for year in found)

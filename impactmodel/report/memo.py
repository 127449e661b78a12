"""The investment memo: a contract's terms and what the investors earn, on one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.contract import describe
from impactmodel.report.blocks import Marked, Page, Picture, Points, Section, Tabled
from impactmodel.report.money_figures import plot_returns
from impactmodel.report.money_tables import returns_table
from impactmodel.report.sentences import returns_sentence
from impactmodel.report.style import inline_svg
from impactmodel.report.tables import interval_words

if TYPE_CHECKING:
    from impactmodel.contract import OutcomesContract
    from impactmodel.finance.returns import Returns


def investment_memo(
    contract: OutcomesContract, returns: Returns, *, path: str | Path, prob: float = 0.9
) -> Path:
    """Write a one-page memo on a contract and the returns of its investors.

    Parameters
    ----------
    contract, returns
        The terms and the returns per draw.
    path
        The HTML file to write.
    prob
        Probability of every interval.

    Returns
    -------
    Path
        The file.
    """
    caption = f"Draws of the internal rate of return. Dot: median; bar: {interval_words(prob)}."
    figure = inline_svg(plot_returns(returns, prob), "returns", "Investor returns", caption)
    marked = (Marked("Assumption", returns.assumptions),) if returns.assumptions else ()
    warned = (Marked("Warning", returns.warnings),) if returns.warnings else ()
    terms = Points(tuple(("", line) for line in describe(contract).splitlines()))
    shown = (Tabled(returns_table(returns, prob)), Picture(figure, caption))
    page = Page(
        title=f"Investment memo: {contract.name}",
        lead=returns_sentence(returns, prob)[1],
        facts=(("Draws", f"{len(returns.irr):,}"), ("Intervals", interval_words(prob))),
        sections=(
            Section("terms", "The contract", (terms,)),
            Section("returns", "Returns", shown),
            Section("assumptions", "Assumptions and warnings", (*warned, *marked)),
        ),
    )
    return page.write(path)

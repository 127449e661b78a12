"""The investment memo: a contract's terms and what the investors earn, on one page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.contract import describe
from impactmodel.report.blocks import Marked, Page, Paragraph, Picture, Points, Section, Tabled
from impactmodel.report.drivers_section import driven_sentence
from impactmodel.report.drivers_words import Words
from impactmodel.report.money_figures import plot_returns
from impactmodel.report.money_tables import returns_table
from impactmodel.report.sentences import returns_sentence
from impactmodel.report.speaking import translator
from impactmodel.report.style import inline_svg
from impactmodel.report.tables import interval_words

if TYPE_CHECKING:
    from impactmodel.contract import OutcomesContract
    from impactmodel.finance.returns import Returns
    from impactmodel.report.languages import Code, Language
    from impactmodel.report.result import RunResult


def investment_memo(
    contract: OutcomesContract,
    returns: Returns,
    *,
    path: str | Path,
    prob: float = 0.9,
    result: RunResult | None = None,
    language: Code = "en",
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
    result
        The run that they are of: the memo then says what moves the investors' result most, and
        has the case's words for names.
    language
        What is typed stays as it is typed, or as the case translates it.

    Returns
    -------
    Path
        The file.
    """
    caption = f"Draws of the internal rate of return. Dot: median; bar: {interval_words(prob)}."
    figure = inline_svg(plot_returns(returns, prob), "returns", "Investor returns", caption)
    marked = (Marked("Assumption", returns.assumptions),) if returns.assumptions else ()
    warned = (Marked("Warning", returns.warnings),) if returns.warnings else ()
    measures = () if result is None else result.paid_on.measures
    terms = Points(tuple(("", line) for line in describe(contract, measures).splitlines()))
    shown = (Tabled(returns_table(returns, prob)), Picture(figure, caption))
    speaker = translator(result, language)
    page = Page(
        title=f"Investment memo: {contract.name}",
        lead=returns_sentence(returns, prob)[1],
        facts=(("Draws", f"{len(returns.irr):,}"), ("Intervals", interval_words(prob))),
        sections=(
            Section("terms", "The contract", (terms,)),
            Section("returns", "Returns", shown),
            Section("assumptions", "Assumptions and warnings", (*warned, *marked)),
        ),
        language=language,
    )
    spoken: Page = speaker.blocks(page)
    # What drives the result is written in its language at once: what is translated is English.
    *shown_first, assumed = spoken.sections
    sections = (*shown_first, _drivers(result, speaker.language), assumed)
    return replace(spoken, sections=sections).write(path)


def _drivers(result: RunResult | None, language: Language) -> Section:
    """Say what moves the investors' result most, with its interval; empty without a run."""
    heading = language.say("head_drivers")
    drivers = None if result is None else result.drivers
    first = None if drivers is None else next((d for d in drivers.driven if d.gain == "npv"), None)
    if result is None or drivers is None or first is None:
        return Section("drivers", heading, ())
    said = driven_sentence(first, Words.of(result, drivers, language))
    return Section("drivers", heading, (Paragraph(said),))

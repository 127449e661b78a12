"""How an effect was found: the design in plain words, its own evidence, and its checks."""

from __future__ import annotations

import math
from functools import singledispatch
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.effects import (
    DesignStage,
    DifferenceInDifferences,
    Durations,
    EffectFit,
    HistoricalControls,
    InterruptedTimeSeries,
    MatchedComparison,
    MetaAnalysis,
    SyntheticControl,
    Transitions,
)
from impactmodel.effects.durations import endings
from impactmodel.report.balance_figures import plot_balance
from impactmodel.report.blocks import Block, FoldedTables, Paragraph, Picture, Points, Tabled
from impactmodel.report.borrowing_figures import borrowing_table, plot_borrowing
from impactmodel.report.design_words import design_words
from impactmodel.report.difference_figures import methods_table, plot_event_study
from impactmodel.report.duration_figures import plot_durations
from impactmodel.report.numbers import count, number, percent
from impactmodel.report.pooling_figures import plot_forest, pooled_table
from impactmodel.report.sentences import per_member
from impactmodel.report.series_figures import plot_series
from impactmodel.report.state_figures import plot_states
from impactmodel.report.style import inline_svg
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from impactmodel.core.outcomes import Outcomes
    from impactmodel.effects import Check, Diagnostics
    from impactmodel.evidence import Panel

_VERDICTS = {True: "Passed", False: "Failed", None: "For information"}


def picture(figure: Figure, name: str, title: str, caption: str) -> Picture:
    """Return a figure as a block of a page."""
    return Picture(inline_svg(figure, name, title, caption), caption)


def design_points(outcomes: Outcomes, *, units: bool = False) -> Points:
    """Say the design, what is estimated, and what must hold, in plain words."""
    about = outcomes.provenance
    words = design_words(about.design)
    said = [
        ("Design", about.design or "not stated"),
        ("What is estimated", f"{_estimand(about.estimand)}; {per_member(outcomes, units=units)}"),
    ]
    if words is not None:
        said += [("What must hold", words.assumes), ("When it does not", words.fails)]
    return Points(tuple((word, _sentence(text)) for word, text in said))


_ESTIMANDS = {
    "ITT": "the effect of being assigned, whether taken up or not (intention to treat, ITT)",
    "ATT": "the average effect on the treated (ATT)",
    "CACE": "the effect on those who take part because of the offer (CACE)",
}


def _estimand(estimand: str) -> str:
    """Return an estimand in words; what follows its short name stays."""
    name, comma, rest = estimand.partition(",")
    return _ESTIMANDS.get(name, name or "not stated") + comma + rest


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


@singledispatch
def design_blocks(design: object, fit: EffectFit | None, prob: float) -> tuple[Block, ...]:
    """Return the evidence of a design; a new design registers its own here.

    Parameters
    ----------
    design, fit
        The design with its evidence, and its fit; None where nothing was fitted.
    prob
        Probability of every interval.
    """
    del design, fit, prob
    return ()


@design_blocks.register
def _(design: DifferenceInDifferences, fit: EffectFit, prob: float) -> tuple[Block, ...]:
    del fit
    caption = (
        "Before the start: the change from one period to the next among the treated less that "
        "among the controls; where it is zero, trends are parallel. From the start on: the effect "
        f"by periods since the start, as estimated and as pooled. Bars: {percent(prob)} "
        "intervals, with errors that may depend within clusters."
    )
    figure = plot_event_study(design, prob)
    return (
        picture(figure, "event-study", "Effect by periods since the start", caption),
        Tabled(methods_table(design, prob)),
    )


@design_blocks.register
def _(design: MetaAnalysis, fit: EffectFit, prob: float) -> tuple[Block, ...]:
    del fit
    caption = (
        "Each study as published (blue) and drawn towards the mean of all (thin grey); the mean "
        "over studies (black), and where the effect in another cohort is expected (orange). Bars: "
        f"{percent(prob)} intervals; the broken line is no effect."
    )
    return (
        picture(plot_forest(design, prob), "forest", "Studies and pooled effect", caption),
        Tabled(pooled_table(design, prob)),
    )


@design_blocks.register
def _(design: HistoricalControls, fit: EffectFit, prob: float) -> tuple[Block, ...]:
    del fit
    caption = (
        "Earlier comparison groups and the own one (grey), what the earlier ones foretell of one "
        "more group (blue), the comparison that is used (black) and the treated (orange). Bars: "
        f"{percent(prob)} intervals."
    )
    return (
        picture(plot_borrowing(design, prob), "borrowing", "Levels by group", caption),
        Tabled(borrowing_table(design, prob)),
    )


@design_blocks.register
def _(design: MatchedComparison, fit: EffectFit, prob: float) -> tuple[Block, ...]:
    del fit, prob
    if not isinstance(design.stage, DesignStage):
        return ()
    caption = (
        "How far the treated and the comparison differ in each covariate, in standard deviations: "
        "before weighting (hollow) and after (filled). Shaded: the limit of the balance check."
    )
    return (picture(plot_balance(design.stage), "balance", "Balance of covariates", caption),)


@design_blocks.register
def _(design: Durations, fit: EffectFit, prob: float) -> tuple[Block, ...]:
    caption = (
        "How many have found a job by when in both arms, and the difference. Lines: medians of "
        f"draws; shades: {percent(prob)} intervals."
    )
    if len(fit.outcomes.dataset["group"]) > 1:
        return ()
    figure = plot_durations(endings(design, fit), design.job, prob=prob)
    return (picture(figure, "durations", "Time to a job", caption),)


@design_blocks.register
def _(design: Transitions, fit: EffectFit, prob: float) -> tuple[Block, ...]:
    del design
    caption = (
        "Shares of people in each state with and without the programme, and the time gained in "
        f"each. Bars: {percent(prob)} intervals."
    )
    return (picture(plot_states(fit.outcomes, prob), "states", "Shares by state", caption),)


@design_blocks.register
def _(design: SyntheticControl, fit: EffectFit, prob: float) -> tuple[Block, ...]:
    return (_series(design.panel, fit, prob),)


@design_blocks.register
def _(design: InterruptedTimeSeries, fit: EffectFit, prob: float) -> tuple[Block, ...]:
    return (_series(design.panel, fit, prob),)


def _series(panel: Panel, fit: EffectFit, prob: float) -> Block:
    caption = (
        "The treated series and what it would have been without the programme, and below it the "
        f"effect. Shaded: {percent(prob)} intervals, the error of prediction included."
    )
    return picture(plot_series(fit.outcomes, panel, prob=prob), "series", "The series", caption)


def checks_blocks(diagnostics: Diagnostics | None) -> tuple[Block, ...]:
    """Tabulate every check: failed ones first, the rows behind each folded away."""
    if diagnostics is None:
        return (Paragraph("Nothing was fitted: the evidence is published or saved draws."),)
    checks = sorted(diagnostics.checks, key=lambda check: _ORDER[check.passed])
    failed = sum(check.passed is False for check in checks)
    passed = sum(check.passed is True for check in checks)
    said = (
        f"{count(len(checks), 'check')}: {number(passed)} passed, {number(failed)} failed, "
        f"{number(len(checks) - passed - failed)} for information. A failed check stops payments, "
        "returns and savings unless the case accepts it by name and says why."
    )
    table = Table(
        title="Checks of the design and the fit",
        columns=("Check", "Verdict", "What was seen"),
        rows=tuple((check.name, *_verdict(check, diagnostics)) for check in checks),
        words=(0, 1, 2),
    )
    behind = tuple(_rows(check) for check in checks if check.table)
    folded = (FoldedTables("The rows behind the checks", behind),) if behind else ()
    return (Paragraph(said), Tabled(table), *folded)


_ORDER = {False: 0, True: 1, None: 2}


def _verdict(check: Check, diagnostics: Diagnostics) -> tuple[str, str]:
    """Return the verdict, and what was seen with the reason for which a failure is accepted."""
    reason = diagnostics.accepted.get(check.name) or diagnostics.overridden
    if check.passed is False and reason:
        return "Failed, accepted", f"{check.text}. Accepted: {reason}"
    return _VERDICTS[check.passed], check.text


def _rows(check: Check) -> Table:
    head, *rows = check.table
    words = tuple(
        i for i in range(len(head)) if i == 0 or any(isinstance(row[i], str) for row in rows)
    )
    return Table(
        title=check.name,
        columns=tuple(str(cell) for cell in head),
        rows=tuple(tuple(_cell(cell) for cell in row) for row in rows),
        words=words,
    )


def _cell(cell: str | float | bool) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    value = float(cell)
    return number(value) if value.is_integer() else number(value, _decimals(value))


def _decimals(value: float, digits: int = 4) -> int:
    """Return the decimals that show so many significant digits, six at most."""
    if not math.isfinite(value):
        return 0
    return min(max(digits - 1 - math.floor(math.log10(abs(value))), 0), 6)

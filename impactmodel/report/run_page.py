"""The report of a run: key results first, then what stands behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from impactmodel.report.assessment_tables import assessment_blocks
from impactmodel.report.blocks import (
    Block,
    FoldedTables,
    Marked,
    Page,
    Paragraph,
    Points,
    Section,
    Tabled,
)
from impactmodel.report.design_section import (
    checks_blocks,
    design_blocks,
    design_points,
    picture,
)
from impactmodel.report.design_words import members_are_units
from impactmodel.report.drivers_section import drivers_blocks
from impactmodel.report.effect_figures import plot_effect
from impactmodel.report.evidence_reports import evidence_sections
from impactmodel.report.evidence_tables import sensitivity_table, verdict_sentences
from impactmodel.report.money_figures import plot_cash_flows, plot_payments, plot_returns
from impactmodel.report.money_tables import returns_table
from impactmodel.report.numbers import count, number
from impactmodel.report.payment_tables import payments_table, schedule_table
from impactmodel.report.public_section import public_blocks
from impactmodel.report.quality_log import quality_tables
from impactmodel.report.sentences import key_results, noise_sentence
from impactmodel.report.speaking import translator
from impactmodel.report.tables import (
    Table,
    effects_table,
    groups_table,
    interval_words,
    periods_table,
)

if TYPE_CHECKING:
    from impactmodel.report.languages import Code, Language
    from impactmodel.report.result import RunResult

# A table of more rows than this is read on demand.
_LONG = 12


def run_page(result: RunResult, language: Code = "en") -> Page:
    """Return the page of a run.

    Parameters
    ----------
    result
        A run of a case.
    language
        What the case and its sources say stays as it is typed, or as the case translates it.

    Returns
    -------
    Page
        Every interval on it names its probability; assumptions and warnings are marked.
    """
    prob = result.case.settings.interval
    outcomes = result.outcomes
    people = float(outcomes.cohort_size.values.sum(axis=1).mean())
    member = ("unit",) if members_are_units(result.design) else ("person", "people")
    first = (Points(key_results(result)), *_marked("Warning", result.warnings))
    speaker = translator(result, language)
    page = Page(
        title=result.case.settings.name,
        lead=f"What the programme achieves, what the contract pays and who gains, for a cohort of "
        f"{count(people, *member)} on average.",
        facts=(
            ("Draws", number(outcomes.n_draws)),
            ("Intervals", interval_words(prob)),
            ("Design", outcomes.provenance.design),
            ("Estimand", outcomes.provenance.estimand),
        ),
        sections=(
            Section("results", "Key results", first),
            Section("verdicts", "What was promised and what changed", _verdicts(result)),
            Section("notes", "What this is", tuple(Paragraph(note) for note in result.notes)),
            Section("effect", "What the evidence says", _effect(result, prob)),
            Section("checks", "Checks of the effect", _checks(result)),
            *evidence_sections(result.evidence_report, result),
            Section("contract", "The contract and what it pays", _payments(result, prob)),
            Section("investors", "Investors", _investors(result, prob)),
            Section("public", "The public side", public_blocks(result, prob)),
            Section("appraisal", "For whom it pays", assessment_blocks(result, prob)),
            Section("sensitivity", "Other assumptions about the evidence", _varied(result)),
            Section("assumptions", "Assumptions", _marked("Assumption", result.assumptions)),
            Section("quality", "Quality log", _quality(result)),
            Section("source", "Where this comes from", _source(result)),
        ),
        language=language,
    )
    return _with_drivers(speaker.blocks(page), result, speaker.language)


def _with_drivers(page: Page, result: RunResult, language: Language) -> Page:
    """Put in what is written in its language at once: what is translated must be English."""
    drivers = Section("drivers", language.say("head_drivers"), drivers_blocks(result, language))
    place = [section.name for section in page.sections].index("sensitivity")
    return replace(page, sections=(*page.sections[:place], drivers, *page.sections[place:]))


def _marked(mark: str, items: tuple[str, ...]) -> tuple[Block, ...]:
    return (Marked(mark, items),) if items else ()


def _verdicts(result: RunResult) -> tuple[Block, ...]:
    said = verdict_sentences(result)
    return (Points(said),) if said else ()


def _varied(result: RunResult) -> tuple[Block, ...]:
    table = sensitivity_table(result)
    return () if table is None else (Tabled(table),)


def _effect(result: RunResult, prob: float) -> tuple[Block, ...]:
    figure, caption = plot_effect(result.outcomes, prob), _caption(result, prob)
    units = members_are_units(result.design)

    def several(dim: str) -> bool:
        return result.outcomes.dataset.sizes[dim] > 1

    return (
        design_points(result.outcomes, units=units),
        Tabled(effects_table(result.outcomes, prob, units=units)),
        *((Tabled(groups_table(result.outcomes, prob)),) if several("group") else ()),
        *((_unfolded(periods_table(result.outcomes, prob)),) if several("period") else ()),
        picture(figure, "effect", "Effect of the programme", caption),
        *design_blocks(result.design, result.fit, prob),
    )


def _checks(result: RunResult) -> tuple[Block, ...]:
    """Return the checks of a design; evidence with sections of its own tells its own there."""
    if result.diagnostics is None and result.evidence_report is not None:
        return ()
    return checks_blocks(result.diagnostics)


def _caption(result: RunResult, prob: float) -> str:
    titles = ", ".join(f"“{measure.title}”" for measure in result.outcomes.measures)
    drawn = f"The effect on {titles}: draws, their mean (dot) and {interval_words(prob)} (bar)"
    if result.outcomes.periods.count > 1:
        drawn = (
            f"The effect on {titles} over time: median (line), middle half (dark) and "
            f"{interval_words(prob)} (light)"
        )
    return f"{drawn}; the broken line is no effect."


def _unfolded(table: Table) -> Block:
    """Return a table as it is, or folded away where it is long."""
    return Tabled(table) if len(table.rows) <= _LONG else FoldedTables(table.title, (table,))


def _payments(result: RunResult, prob: float) -> tuple[Block, ...]:
    paid = result.payments
    if paid is None:
        return ()
    from impactmodel.contract import describe

    terms = tuple(
        ("", line) for line in describe(paid.contract, result.paid_on.measures).splitlines()
    )
    noise = () if result.noise is None else (Paragraph(noise_sentence(result.noise)),)
    caption = f"Draws of the total payment. Dot: mean; bar: {interval_words(prob)}."
    return (
        Points(terms),
        Tabled(payments_table(paid, prob)),
        Tabled(schedule_table(paid, prob)),
        picture(plot_payments(paid, prob), "payments", "Outcome payments", caption),
        *noise,
    )


def _investors(result: RunResult, prob: float) -> tuple[Block, ...]:
    if result.returns is None or result.flows is None:
        return ()
    rates = f"Draws of the internal rate of return. Dot: median; bar: {interval_words(prob)}."
    flows = (
        "What each party has received less paid so far: median, middle half and "
        f"{interval_words(prob)}."
    )
    return (
        Tabled(returns_table(result.returns, prob)),
        picture(plot_returns(result.returns, prob), "returns", "Investor returns", rates),
        picture(plot_cash_flows(result.flows, prob), "flows", "Cash flows by party", flows),
    )


def _quality(result: RunResult) -> tuple[Block, ...]:
    logs = quality_tables(result, result.savings)
    return tuple(FoldedTables(table.title, (table,)) for table in logs)


def _source(result: RunResult) -> tuple[Block, ...]:
    record = result.record
    packages = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    files = tuple((name, f"SHA-256 {digest}") for name, digest in record.inputs.items())
    return (
        Paragraph(f"Evidence: {result.outcomes.provenance.source or 'no source stated'}"),
        Paragraph(f"Seed {record.seed}; run on {record.started}; {packages}."),
        Points(files),
    )

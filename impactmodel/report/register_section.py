"""The section of a page on registers: purpose, linkage, who was followed, official indicators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impactmodel.registers.evidence_report import RegistersReport
from impactmodel.registers.linkage import RegisterLinkage
from impactmodel.report.blocks import (
    Block,
    Folded,
    FoldedTables,
    Marked,
    Paragraph,
    Points,
    Section,
    Tabled,
)
from impactmodel.report.design_section import picture
from impactmodel.report.evidence_section import evidence_sections, evidence_summary
from impactmodel.report.indicator_figures import plot_indicators
from impactmodel.report.register_tables import (
    flow_table,
    group_table,
    groups_of,
    hidden_table,
    latest_tables,
    linkage_table,
    shown,
)

if TYPE_CHECKING:
    import pandas as pd

    from impactmodel.registers import GroupIndicators, Purpose, Release
    from impactmodel.report.result import RunResult

_AIMS = {
    "research": "research",
    "statistics": "statistics",
    "evaluation": "evaluation",
    "payment": "payment under a contract",
    "client_work": "work with clients",
}
_OUTPUTS = {
    "indicators": "indicators",
    "cells": "tables of cells",
    "effect": "effects",
    "savings": "savings",
    "payment": "payments",
    "client_decision": "decisions about clients",
}


@evidence_sections.register(RegistersReport)
def _(report: RegistersReport, result: RunResult) -> tuple[Section, ...]:
    del result
    blocks: tuple[Block, ...] = (
        *_synthetic(report),
        Points(_purpose(report)),
        Tabled(linkage_table(report.linkage)),
        Paragraph(_eligible(report)),
        Tabled(flow_table(report.flow)),
    )
    sections = [Section("registers", "Registers", blocks)]
    if report.indicators is not None:
        told = (*_synthetic(report), *_indicators(report.indicators))
        sections.append(Section("indicators", "Official indicators by target group", told))
    return tuple(sections)


def _synthetic(report: RegistersReport) -> tuple[Block, ...]:
    if not report.synthetic:
        return ()
    return (Marked("Synthetic data", (f"Nobody in these registers exists: {report.synthetic}.",)),)


def _purpose(report: RegistersReport) -> tuple[tuple[str, str], ...]:
    purpose = report.purpose
    outputs = ", ".join(_OUTPUTS[output] for output in purpose.allowed_outputs)
    log = "Each use left a line in the audit log."
    log = log if report.audited else "No log is kept of synthetic data."
    days = sorted({day.isoformat() for day in report.extracted.values()})
    taken = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return (
        ("Purpose", f"The data were received for {_AIMS[purpose.purpose]}."),
        ("Permit", purpose.permit or "None is stated."),
        ("Legal basis", purpose.legal_basis),
        ("Controller", purpose.controller),
        ("Allowed outputs", outputs),
        ("End of use", f"The last day of use is {purpose.expires}."),
        ("Retention", f"The data are to be destroyed or archived by {purpose.retention}."),
        ("Extracts", f"Taken on {taken}."),
        ("Audit", log),
    )


def _eligible(report: RegistersReport) -> str:
    first, last = (day.isoformat()[:7] for day in report.entry)
    return (
        f"People could enter from {first} to {last}. In the month before one of these months "
        f"{shown(report.eligible)} persons were in the state from which people enter."
    )


def _indicators(indicators: GroupIndicators) -> tuple[Block, ...]:
    caption = (
        "Everyone's counts and the activation rate of each target group, month by month. "
        "Activation rises when services grow and also when unemployment falls. A change over time "
        "is a description, not an effect. Where a count is not shown, the line has a gap; a group "
        "of which nobody is in services has none."
    )
    figure = plot_indicators(indicators)
    months = tuple(group_table(indicators, group) for group in groups_of(indicators))
    meant = tuple(
        (name.replace("_", " "), definition.text)
        for name, definition in indicators.definitions.items()
    )
    hidden = hidden_table(indicators)
    return (
        *(Tabled(table) for table in latest_tables(indicators)),
        picture(figure, "indicators", "Official indicators by month", caption),
        Folded("What the indicators count", meant),
        FoldedTables("Indicators by target group and month", months),
        *(
            ()
            if hidden is None
            else (FoldedTables("Cells that are not shown, and why", (hidden,)),)
        ),
    )


@evidence_summary.register(RegistersReport)
def _(report: RegistersReport, result: RunResult) -> dict[str, Any]:
    del result
    return {
        "kind": "registers",
        "synthetic": report.synthetic or None,
        "purpose": _facts(report.purpose),
        "extracted": {name: day.isoformat() for name, day in report.extracted.items()},
        "linkage": {
            "population": report.linkage.population,
            "people": report.linkage.people,
            "registers": {one.name: _register(one) for one in report.linkage.registers},
        },
        "eligible": report.eligible,
        "flow": _released(report.flow),
        "indicators": None if report.indicators is None else _by_group(report.indicators),
    }


def _facts(purpose: Purpose) -> dict[str, Any]:
    from impactmodel.core.spec import dump

    facts: dict[str, Any] = dump(purpose)
    return facts


def _register(one: RegisterLinkage) -> dict[str, Any]:
    facts = {name: getattr(one, name) for name in RegisterLinkage.__slots__ if name != "name"}
    return facts | {"extracted": one.extracted.isoformat(), "outside": dict(one.outside)}


def _records(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the rows by their index; what is empty is null."""
    kept = frame.astype(object).where(frame.notna(), None)
    return {str(key): row for key, row in kept.to_dict("index").items()}


def _released(release: Release) -> list[Any]:
    return list(_records(release.frame()).values())


def _by_group(indicators: GroupIndicators) -> dict[str, Any]:
    frame = indicators.frame
    return {
        "definitions": {name: d.text for name, d in indicators.definitions.items()},
        "groups": {
            group: _records(
                frame[frame.index.get_level_values("group") == group].droplevel("group")
            )
            for group in groups_of(indicators)
        },
        "hidden": 0 if indicators.release is None else int(indicators.release.hidden.sum()),
    }

"""Model card, data sheet and monitoring report as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.report.blocks import Block, Marked, Page, Points, Section, Tabled
from impactmodel.report.client_groups import audit_table, rate
from impactmodel.report.numbers import NBSP, count, number, percent
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from impactmodel.clients.cards import DataSheet, ModelCard
    from impactmodel.clients.monitor import Monitoring, Test

SMALLEST = 3
"""Counts from 1 to below this are written as such."""
_TYPES = {"number": "a number", "flag": "yes or no"}
LEAST_P = 0.0001
"""A p value below this is written as such: none is zero."""
_MADE_UP = "All people are made up; no figure is about a real person."
_WATCHED = {
    "base_rate": "share that reached the target",
    "calibration_level": "mean outcome less chance",
    "calibration_slope": "calibration slope",
    "scores": "stability index of the chances",
    "missing": "share of missing values",
}


def model_card_page(card: ModelCard) -> Page:
    """Return the page of a model card."""
    sections = (
        Section("synthetic", "Made-up people", _synthetic(card.data)),
        Section("use", "What it is for", (_purpose(card),)),
        Section("not-for", "What it is not for", (Marked("Not for", card.not_for),)),
        Section("oversight", "Who decides", (_oversight(card),)),
        Section("performance", "Performance", (_performance(card),)),
        Section("groups", "Calibration and errors by group", (audit_table(card.audit),)),
        Section("data", "Data", _data(card.data)),
        Section("limits", "Limits", (Marked("Limit", card.limits),)),
    )
    return Page(
        title=f"Model card: {card.name}",
        lead=f"The chance of {card.target}, {card.policy}. It informs a person who decides; it "
        "never decides.",
        facts=(
            ("Made", card.made.isoformat()),
            ("Version (SHA-256)", card.fingerprint),
            ("Use", card.use.name.replace("_", " ")),
        ),
        sections=sections,
    )


def data_sheet_page(data: DataSheet, name: str) -> Page:
    """Return the page of a data sheet.

    Parameters
    ----------
    data
        Its content.
    name
        Of the data.
    """
    people = count(data.people, "person", "people")
    return Page(
        title=f"Data sheet: {name}",
        lead=f"{data.population}: {people} with index dates from {data.first} to {data.last}.",
        facts=(("Destroyed or archived by", data.retention.isoformat()),),
        sections=(
            Section("synthetic", "Made-up people", _synthetic(data)),
            Section("data", "Data", _data(data)),
        ),
    )


def monitoring_page(monitoring: Monitoring, name: str) -> Page:
    """Return the report of a look of monitoring.

    Parameters
    ----------
    monitoring
        See `impactmodel.clients.monitor.watch`.
    name
        Of the model.
    """
    alarms, rules = monitoring.alarms, monitoring.rules
    rows = tuple(
        (
            _watched(t),
            _value(t, t.reference),
            _value(t, t.current),
            _p_value(t.p_value),
            number(t.level, 6),
            "alarm" if t.alarm else "none",
        )
        for t in monitoring.tests
    )
    note = (
        "An alarm is a p value at or below the level. Without any change, an alarm of any kind "
        f"comes in at most {percent(rules.alpha)} of quarters."
    )
    columns = ("Watched", "Reference", "This quarter", "p value", "Level", "Alarm")
    said = tuple(f"Changed: {_watched(t)}." for t in alarms)
    marked: tuple[Block, ...] = (Marked("Alarm", said),) if alarms else ()
    people = count(monitoring.people, "person", "people")
    return Page(
        title=f"Monitoring: {name}",
        lead=f"{count(len(alarms), 'alarm')} at look {monitoring.look + 1} of {len(rules.looks)}: "
        f"{people} this quarter, {number(monitoring.known)} with a known outcome.",
        facts=(),
        sections=(
            Section(
                "tests",
                "What was tested",
                (*marked, Tabled(Table("Tests", columns, rows, note, words=(0, 5)))),
            ),
        ),
    )


def _purpose(card: ModelCard) -> Points:
    use = card.use
    grounds = tuple((f"Ground to rank by {k}", v) for k, v in use.ranking_grounds.items())
    return Points(
        (
            ("Intended use", use.assesses),
            ("Legal basis", use.purpose.legal_basis),
            ("Controller", use.purpose.controller),
            ("Purpose of the data", use.purpose.purpose.replace("_", " ")),
            ("May be used until", use.purpose.expires.isoformat()),
            ("Declared variables", ", ".join(use.variables)),
            *grounds,
            ("Target", card.target),
            ("Reference policy", card.policy),
        )
    )


def _oversight(card: ModelCard) -> Points:
    oversight = card.use.oversight
    return Points(
        (
            ("Decides", oversight.role),
            ("Also uses", ", ".join(oversight.also_uses)),
            ("May deviate", "yes, and says why in the log of decisions"),
            ("Objections and corrections", oversight.contact),
        )
    )


def _performance(card: ModelCard) -> Tabled:
    rows = tuple(
        (p.name, number(p.value, 3), number(p.lower, 3), number(p.upper, 3), p.kind)
        for p in card.performance
    )
    columns = ("Measure", "Value", "From", "To", "Kind of interval")
    note = f"{percent(card.prob)} intervals; people of a later window than the model was fitted to."
    return Tabled(Table("Performance on a later window", columns, rows, note, words=(0, 4)))


def _synthetic(data: DataSheet) -> tuple[Block, ...]:
    return (Marked("Synthetic data", (_MADE_UP,)),) if data.synthetic else ()


def _data(data: DataSheet) -> tuple[Block, ...]:
    features = tuple(
        (
            f.name,
            _TYPES.get(f.type, f.type),
            _safe(f.missing),
            "yes" if f.protected else "no",
            "ranks" if f.ranks else "calibrates and audits",
        )
        for f in data.features
    )
    columns = ("Feature", "Type", "People without a value", "Protected", "Role")
    targets = tuple((title, _safe(known), _safe(hits)) for title, known, hits in data.targets)
    services = tuple((name, _safe(people)) for name, people in data.services)
    return (
        Points(
            (
                ("Population", data.population),
                ("Index dates", f"{data.first} to {data.last}"),
                ("People", number(data.people)),
                ("Retention", f"destroyed or archived by {data.retention}"),
            )
        ),
        Tabled(Table("Features", columns, features, words=(0, 1, 3, 4))),
        Tabled(Table("Targets", ("Target", "Outcome known", "Reached"), targets)),
        Tabled(Table("Services on the index date", ("Service", "People"), services)),
    )


def _safe(people: int) -> str:
    return f"<{NBSP}{SMALLEST}" if 0 < people < SMALLEST else number(people)


def _p_value(value: float) -> str:
    return f"<{NBSP}{number(LEAST_P, 4)}" if value < LEAST_P else number(value, 4)


def _watched(test: Test) -> str:
    return f"{_WATCHED[test.watched]}{f', {test.of}' if test.of else ''}"


def _value(test: Test, value: float) -> str:
    return rate(value) if test.watched in {"base_rate", "missing"} else number(value, 3)

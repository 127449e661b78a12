"""INDIGO records of outcome contracts: reading a project and saying what in it cannot be right.

INDIGO is the data standard of the Government Outcomes Lab, University of Oxford. A project is JSON
in which a figure is ``{"value": ..., "source_ids": ...}``. Public records hold errors (planned
payments above the cap, amounts typed twice or in another currency): reading never repairs them, it
reports each with its place. What cannot be read is left empty.
Source: INDIGO data standard, schema ``project.json`` of April 2024.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.yaml import Document, key_text

type Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class IndigoMetric:
    """An outcome metric: what is measured, how it is validated, for how many people."""

    id: str
    definition: str
    target: str
    validation: str
    place: str


@dataclass(frozen=True, slots=True)
class IndigoPricing:
    """The price of a metric: per unit, at most in all, and in words."""

    metric: str
    currency: str
    price: float | None
    maximum: float | None
    increases: str
    description: str
    place: str


@dataclass(frozen=True, slots=True)
class IndigoCommitment:
    """What one outcome payer committed at most and has paid."""

    payer: str
    currency: str
    maximum: float | None
    paid: float | None
    place: str


@dataclass(frozen=True, slots=True)
class IndigoPayment:
    """An outcome payment, planned or actual."""

    kind: Literal["Planned", "Actual", ""]
    metric: str
    plan: str
    payer: str
    start: dt.date | None
    end: dt.date | None
    currency: str
    amount: float | None
    amount_usd: float | None
    place: str


@dataclass(frozen=True, slots=True)
class IndigoResult:
    """A result of a metric: people engaged and people with the outcome."""

    metric: str
    kind: str
    start: dt.date | None
    end: dt.date | None
    engaged: float | None
    achieved: float | None
    place: str


@dataclass(frozen=True, slots=True)
class IndigoInvestment:
    """What one investor committed, and the return and loss agreed at most."""

    investor: str
    currency: str
    committed: float | None
    maximum_loss: str
    maximum_return: str
    place: str


@dataclass(frozen=True, slots=True)
class IndigoProject:
    """A project as published.

    Parameters
    ----------
    id, name, stage
        Identifier such as ``INDIGO-POJ-0123``, title, stage of development.
    signed, start, end
        When the contract was signed, and when the service starts and ends; None where unknown.
    currency, cap, paid
        Currency, highest outcome payment in all ("contract cap"), outcome payments made.
    metrics, pricings, commitments, payments, results, investments
        The records, in the order of the file.
    sources
        Identifiers of the sources that the record lists.
    problems
        What could not be read, each with its place in the file.
    """

    id: str
    name: str
    stage: str
    signed: dt.date | None
    start: dt.date | None
    end: dt.date | None
    currency: str
    cap: float | None
    paid: float | None
    metrics: tuple[IndigoMetric, ...]
    pricings: tuple[IndigoPricing, ...]
    commitments: tuple[IndigoCommitment, ...]
    payments: tuple[IndigoPayment, ...]
    results: tuple[IndigoResult, ...]
    investments: tuple[IndigoInvestment, ...]
    sources: tuple[str, ...]
    problems: tuple[Problem, ...]


def read_indigo(path: str | Path) -> IndigoProject:
    """Read a project file: the answer of the INDIGO interface, or its data alone.

    Raises
    ------
    InputError
        If the file is absent, is no JSON, or holds no project. Faults inside a project are
        ``problems`` of the result; see also `indigo_findings`.

    Examples
    --------
    >>> import json, tempfile
    >>> record = {"name": {"value": "Trial"}, "outcome_metrics": [{"id": "m1"}],
    ...     "outcome_pricings": [{"outcome_metric_id": {"value": "m1"},
    ...         "currency": {"value": "GBP"}, "price_per_unit": {"amount": {"value": "1,500"}}}]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "project.json"
    ...     _ = path.write_text(json.dumps(record))
    ...     project = read_indigo(path)
    >>> project.pricings[0].price, project.problems[0].what
    (None, 'an amount is a number without signs, commas or words')
    """
    document = Document.read(path)
    found = document.data
    whole: Path_ = ()
    if isinstance(found, dict) and isinstance(found.get("project"), dict):
        whole = ("project",)
        found = found["project"]
        if isinstance(found.get("data"), dict):
            whole = (*whole, "data")
    record = document.at(*whole) if whole else document
    if not isinstance(record.data, dict) or not {"name", "outcome_metrics"} & set(record.data):
        raise InputError(
            "this is no INDIGO project",
            file=document.file,
            fix="give the JSON of one project, with 'name' and 'outcome_metrics'",
        )
    identifier = found.get("id", "") if whole else ""
    return _Reader(record).project(str(identifier or ""))


_DATE = re.compile(r"^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$")


@dataclass(slots=True)
class _Reader:
    """Reads a record and notes what cannot be read."""

    document: Document
    problems: list[Problem] = field(default_factory=list)

    def project(self, identifier: str) -> IndigoProject:
        finance: Path_ = ("overall_project_finance",)
        cap = (*finance, "maximum_potential_outcome_payment_v2")
        dates: Path_ = ("dates",)
        return IndigoProject(
            id=identifier,
            name=self.text(("name",)),
            stage=self.text(("stage_development",)),
            signed=self.date((*dates, "outcomes_contract_signed")),
            start=self.date((*dates, "start_date_of_service_provision")),
            end=self.date((*dates, "anticipated_end_date_of_service_provision")),
            currency=self.text((*cap, "currency")),
            cap=self.number((*cap, "amount")),
            paid=self.number((*finance, "total_outcome_payments_made", "amount")),
            metrics=tuple(self.metric(at) for at in self.items("outcome_metrics")),
            pricings=tuple(self.pricing(at) for at in self.items("outcome_pricings")),
            commitments=tuple(
                self.commitment(at) for at in self.items("outcome_payment_commitments")
            ),
            payments=tuple(self.payment(at) for at in self.items("outcome_payments")),
            results=tuple(self.result(at) for at in self.items("results")),
            investments=tuple(self.investment(at) for at in self.items("investments")),
            sources=tuple(self.text((*at, "id")) for at in self.items("sources")),
            problems=tuple(self.problems),
        )

    def metric(self, at: Path_) -> IndigoMetric:
        return IndigoMetric(
            id=self.text((*at, "id")),
            definition=self.text((*at, "definition")),
            target=self.text((*at, "outcome_metric_target")),
            validation=self.text((*at, "outcome_validation_method")),
            place=key_text(at),
        )

    def pricing(self, at: Path_) -> IndigoPricing:
        most = (*at, "maximum_price_if_all_targets_achieved", "amount")
        return IndigoPricing(
            metric=self.text((*at, "outcome_metric_id")),
            currency=self.text((*at, "currency")),
            price=self.number((*at, "price_per_unit", "amount")),
            maximum=self.number(most),
            increases=self.text((*at, "contracted_increases_to_outcome_pricing")),
            description=self.text((*at, "price_description")),
            place=key_text(at),
        )

    def commitment(self, at: Path_) -> IndigoCommitment:
        return IndigoCommitment(
            payer=self.text((*at, "organisation_id")),
            currency=self.text((*at, "maximum_potential_outcome_payment", "currency")),
            maximum=self.number((*at, "maximum_potential_outcome_payment", "amount")),
            paid=self.number((*at, "total_outcome_payments", "amount")),
            place=key_text(at),
        )

    def payment(self, at: Path_) -> IndigoPayment:
        kind = self.text((*at, "type"))
        if kind not in {"Planned", "Actual", ""}:
            self.note(at, "type", "a payment is 'Planned' or 'Actual'", kind)
        start, end = self.period(at)
        return IndigoPayment(
            kind=kind if kind in {"Planned", "Actual"} else "",  # type: ignore[arg-type]
            metric=self.text((*at, "outcome_metric_id")),
            plan=self.text((*at, "outcome_payment_plan_id")),
            payer=self.text((*at, "payer_organisation_id")),
            start=start,
            end=end,
            currency=self.text((*at, "money", "currency")),
            amount=self.number((*at, "money", "amount")),
            amount_usd=self.number((*at, "money", "amount_usd")),
            place=key_text(at),
        )

    def result(self, at: Path_) -> IndigoResult:
        start, end = self.period(at)
        return IndigoResult(
            metric=self.text((*at, "outcome_metric_id")),
            kind=self.text((*at, "result_type")),
            start=start,
            end=end,
            engaged=self.number((*at, "number_engaged_in_impact_bond")),
            achieved=self.number((*at, "number_with_positive_social_outcomes")),
            place=key_text(at),
        )

    def investment(self, at: Path_) -> IndigoInvestment:
        return IndigoInvestment(
            investor=self.text((*at, "organisation_id")),
            currency=self.text((*at, "investment_commitment", "currency")),
            committed=self.number((*at, "investment_commitment", "amount", "exact")),
            maximum_loss=self.text((*at, "maximum_potential_loss")),
            maximum_return=self.text((*at, "maximum_potential_return")),
            place=key_text(at),
        )

    def period(self, at: Path_) -> tuple[dt.date | None, dt.date | None]:
        return (
            self.date((*at, "period", "start_date")),
            self.date((*at, "period", "end_date")),
        )

    def items(self, name: str) -> Iterator[Path_]:
        found = self.document.data.get(name)
        if found is None:
            return
        if not isinstance(found, list):
            self.note((), name, "this is a list of records", type(found).__name__)
            return
        for place, item in enumerate(found):
            if isinstance(item, dict):
                yield (name, place)
            else:
                self.note((name,), place, "this is a record with named fields", item)

    def value(self, path: Path_) -> Any:
        """Return the value at a path, out of its ``{"value": ...}``; None where there is none."""
        found = self.document.data
        for key in path:
            if isinstance(key, int):
                found = found[key]
                continue
            if not isinstance(found, dict) or found.get(key) is None:
                return None
            found = found[key]
        if isinstance(found, dict):
            found = found.get("value")
        return found if not isinstance(found, list | dict) else None

    def text(self, path: Path_) -> str:
        found = self.value(path)
        return "" if found is None else str(found).strip()

    def number(self, path: Path_) -> float | None:
        found = self.value(path)
        if found is None or found == "":
            return None
        if isinstance(found, str):
            try:
                found = float(found) if re.fullmatch(r"-?\d+(\.\d+)?", found.strip()) else None
            except ValueError:
                found = None
        usable = isinstance(found, int | float) and not isinstance(found, bool)
        if not usable or not math.isfinite(found) or found < 0:
            what = "an amount is a number without signs, commas or words"
            self.note(path[:-1], path[-1], what, self.value(path))
            return None
        return float(found)

    def date(self, path: Path_) -> dt.date | None:
        """Read YYYY, YYYY-MM or YYYY-MM-DD; an imprecise date is its first day."""
        found = self.text(path)
        match = _DATE.match(found)
        try:
            if match:
                year, month, day = (int(part or 1) for part in match.groups())
                return dt.date(year, month, day)
        except ValueError:
            pass
        if found:
            self.note(path[:-1], path[-1], "a date is YYYY, YYYY-MM or YYYY-MM-DD", found)
        return None

    def note(self, at: Path_, key: str | int, what: str, seen: object) -> None:
        path = (*self.document.path, *at, key)
        self.problems.append(
            Problem(
                what=what,
                fix="correct the record at its publisher",
                seen=repr(seen),
                key=key_text((*at, key)),
                file=self.document.file,
                line=self.document.line(path),
            )
        )

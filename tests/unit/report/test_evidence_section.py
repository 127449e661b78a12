"""Evidence of any kind puts its own sections and numbers into a run's outputs."""

import dataclasses
from dataclasses import dataclass

import pytest

from impactmodel.case_tables import Material
from impactmodel.report.blocks import Points, Section
from impactmodel.report.brief import brief
from impactmodel.report.evidence_section import evidence_sections, evidence_summary
from impactmodel.report.run_page import run_page
from impactmodel.report.summary import summary
from impactmodel.running import CaseResult
from tests.unit.report.given import Run


@dataclass(frozen=True, slots=True)
class Counted:
    people: int


@evidence_sections.register
def _(report: Counted, result: CaseResult) -> tuple[Section, ...]:
    draws = result.outcomes.n_draws
    said = Points((("Quality log", f"{report.people} and {draws}"),))
    return (Section("counted", "Quality log", (said,)),)


@evidence_summary.register
def _(report: Counted, result: CaseResult) -> dict[str, object]:
    return {"people": report.people, "draws": result.outcomes.n_draws}


@pytest.fixture
def result(run: Run) -> CaseResult:
    return dataclasses.replace(run(), evidence_report=Counted(7))


def test_sections_of_the_evidence_stand_after_the_checks_of_the_effect(result: CaseResult) -> None:
    names = [section.name for section in run_page(result).sections]
    assert names[names.index("checks") + 1] == "counted"
    assert "7 and 4" in run_page(result).html()


def test_they_are_translated_with_the_page(result: CaseResult) -> None:
    sections = {s.name: s.heading for s in run_page(result, "fi").sections}
    assert sections["counted"] == "Laatuloki"


def test_the_summary_has_its_numbers_and_null_without_any(result: CaseResult, run: Run) -> None:
    assert summary(result)["evidence"] == {"people": 7, "draws": 4}
    assert summary(run())["evidence"] is None


def test_material_brings_notes_that_every_output_repeats(result: CaseResult) -> None:
    said = dataclasses.replace(result, notes=(*result.notes, "the rows are made up"))
    assert "the rows are made up" in run_page(said).html()
    assert "The rows are made up" in brief(said).html()
    assert Material(None).notes == ()

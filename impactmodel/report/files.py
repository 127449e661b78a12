"""The files of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.clients.decision_opening import LOG, MODEL, require_no_decisions
from impactmodel.report.blocks import Page
from impactmodel.report.brief import brief
from impactmodel.report.evidence_reports import evidence_pages, write_evidence
from impactmodel.report.run_page import run_page
from impactmodel.report.speaking import translator
from impactmodel.report.summary import summary, write_json
from impactmodel.report.workbook import workbook

if TYPE_CHECKING:
    from impactmodel.report.evidence_section import Writable
    from impactmodel.report.result import RunResult
    from impactmodel.report.translation import Translator

RUN_FILES = (
    "report.html",
    "brief.html",
    "workbook.xlsx",
    "summary.json",
    "outcomes.nc",
    "run.json",
)
"""What every run writes."""

MODEL_PAGES = (
    "model_card.html",
    "data_sheet.html",
    "fairness.html",
    "monitoring.html",
    "letter_fi.html",
    "letter_sv.html",
    "letter_en.html",
)
"""What a run on clients may write beside, of its model of chances."""

DESK_FILES = (MODEL, LOG)
"""What a run on clients leaves for whoever decides: the saved model, and the log opened for it."""


def spoken_pages(result: RunResult, speaker: Translator) -> dict[str, Writable]:
    """Return the pages that the evidence brings, in the language of the run.

    A page that is no `Page` of blocks, such as a letter, stands in the language it was written in.
    """
    return {
        name: replace(speaker.blocks(page), language=speaker.language.code)
        if isinstance(page, Page)
        else page
        for name, page in evidence_pages(result.evidence_report).items()
    }


def write_run(result: RunResult, folder: str | Path) -> None:
    """Write report, brief, workbook, summary, draws of outcomes and run record into a folder.

    The draws are cohort means; no file holds a row of any person.

    Raises
    ------
    InputError
        If the folder has a log of decisions that holds more than its opening; nothing is written.
    """
    require_no_decisions(folder)
    folder, language = Path(folder), result.case.settings.language
    run_page(result, language).write(folder / "report.html")
    brief(result).write(folder / "brief.html")
    for name, page in spoken_pages(result, translator(result, language)).items():
        (folder / name).write_text(page.html(), encoding="utf-8", newline="\n")
    workbook(result, path=folder / "workbook.xlsx", language=language)
    write_json(summary(result), folder / "summary.json")
    result.outcomes.to_netcdf(folder / "outcomes.nc")
    write_json(result.record.as_dict(), folder / "run.json")
    write_evidence(result.evidence_report, folder)

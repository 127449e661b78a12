"""Running a case into a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.cli.folder import replaced
from impactmodel.cli.terminal import progress, say, say_json, show
from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from impactmodel.report.languages import Code
    from impactmodel.running import CaseResult

_WRITING = 0.9
"""Share of a run's work that is done when writing begins."""


def run_to_folder(
    path: Path, out: Path, *, seed: int | None, quiet: bool, language: str | None = None
) -> CaseResult:
    """Run a case and put its results in the place of ``out``, whole or not at all."""
    from impactmodel.case import Case
    from impactmodel.case_refusals import note_refusal
    from impactmodel.clients.decision_opening import require_no_decisions
    from impactmodel.report.files import DESK_FILES, MODEL_PAGES, RUN_FILES, write_run
    from impactmodel.running import run_case

    try:
        case = Case.from_yaml(path)
    except InputError as error:
        note_refusal(path, error)
        raise
    if seed is not None:
        case = replace(case, settings=replace(case.settings, seed=seed))
    if language is not None:
        case = replace(case, settings=replace(case.settings, language=_code(language)))
    require_no_decisions(out)
    names = (*RUN_FILES, *MODEL_PAGES, *DESK_FILES)
    with replaced(out, names) as stage, progress(case.settings.name, quiet=quiet) as report:
        result = run_case(case, progress=lambda step, share: report(step, share * _WRITING))
        report("writing the report", _WRITING)
        write_run(result, stage)
        # A desk may have decided in the meantime.
        require_no_decisions(out)
        report("done", 1.0)
    return result


def _code(language: str) -> Code:
    from impactmodel.report.languages import CODES

    for code in CODES:
        if code == language:
            return code
    raise InputError(
        "the report does not speak this language",
        key="--language",
        seen=language,
        fix=f"use one of {', '.join(CODES)}",
    )


def show_result(result: CaseResult, out: Path, *, as_json: bool) -> None:
    """Write the key results to the output stream and say where the report is."""
    from impactmodel.report.sentences import key_results
    from impactmodel.report.summary import summary

    if as_json:
        say_json(summary(result))
        return
    for word, text in key_results(result):
        say(f"{word}. {text}")
    say(f"Report: {out / 'report.html'}")
    say(f"Workbook: {out / 'workbook.xlsx'}")


__all__ = ["run_to_folder", "show", "show_result"]

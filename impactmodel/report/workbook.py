"""The workbook of a run: the central scenario in live formulas, for a reader who checks it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.report.evidence_reports import evidence_sheets
from impactmodel.report.speaking import translator
from impactmodel.report.workbook_calculation import write_calculation
from impactmodel.report.workbook_checks import write_checks
from impactmodel.report.workbook_inputs import Inputs, write_assumptions, write_parameters
from impactmodel.report.workbook_material import gather
from impactmodel.report.workbook_payers import write_payers
from impactmodel.report.workbook_quality import write_quality
from impactmodel.report.workbook_sheet import open_book
from impactmodel.report.workbook_sources import write_sources
from impactmodel.report.workbook_uncertainty import write_uncertainty

if TYPE_CHECKING:
    from impactmodel.fiscal import Savings
    from impactmodel.report.languages import Code
    from impactmodel.report.result import RunResult

SHEETS = (
    "Sources",
    "Parameters",
    "Assumptions",
    "Calculation",
    "Payers",
    "Uncertainty",
    "Checks",
    "Quality log",
)
_MORE = SHEETS.index("Checks")


def workbook(
    result: RunResult | Savings,
    *,
    path: str | Path,
    prob: float | None = None,
    language: Code = "en",
) -> Path:
    """Write the workbook of a run, or of public savings alone.

    Sheets: Sources, Parameters, Assumptions, Calculation, Payers, Uncertainty, those that the
    evidence brings, Checks, Quality log. The central scenario (every input at its stated point,
    every outcome at the mean of its draws) is live: its formulas are read from the rules that the
    library computes with, and follow the yellow cells. Distributions are values.

    Parameters
    ----------
    result
        A run of a case, or `impactmodel.fiscal.Savings`.
    path
        The file to write, ``.xlsx``.
    prob
        Probability of the equal-tailed intervals; by default the case's, or 0.9.
    language
        Of sheet names, headings and labels; the formulas are the same.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the probability is not inside (0, 1).
    """
    path = Path(path)
    material = gather(result, prob)
    brought = None if material.result is None else material.result.evidence_report
    more = evidence_sheets(brought)
    names = (*SHEETS[:_MORE], *more, *SHEETS[_MORE:])
    book, sheets = open_book(path, names, translator(material.result, language))
    inputs = Inputs()
    write_parameters(sheets["Parameters"], material, inputs)
    write_assumptions(sheets["Assumptions"], material, inputs)
    results = write_calculation(sheets["Calculation"], material, inputs)
    shown = write_payers(sheets["Payers"], material, results)
    write_uncertainty(sheets["Uncertainty"], material)
    for name, write in more.items():
        write(sheets[name], material)
    write_checks(sheets["Checks"], material, inputs, results, shown)
    write_sources(sheets["Sources"], material)
    write_quality(sheets["Quality log"], material)
    verdict = f"{sheets['Checks'].name}!$B$5"
    for name, cell in {"overall_check": verdict, **shown.names}.items():
        book.define_name(name, f"={cell}")
    book.set_properties({"title": material.title, "subject": "Central scenario in live formulas"})
    book.close()
    return path

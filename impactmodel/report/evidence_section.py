"""What evidence brings beside the effect: a page's own sections, and their numbers.

A kind of evidence whose `Material` has a ``report`` (any value: a frozen dataclass of one's room)
registers two functions here, one for each output::

    @evidence_sections.register(MyReport)
    def _(report: MyReport, result: RunResult) -> tuple[Section, ...]: ...

    @evidence_summary.register(MyReport)
    def _(report: MyReport, result: RunResult) -> dict[str, Any]: ...

The module that registers them is imported by `impactmodel.report.evidence_reports`.
Sections are written in English and translated with the page, by ``[texts]`` of ``phrases.toml``.
"""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from impactmodel.report.blocks import Section
    from impactmodel.report.result import RunResult
    from impactmodel.report.workbook_material import Material
    from impactmodel.report.workbook_sheet import Sheet

    type SheetWriter = Callable[[Sheet, Material], None]


class Writable(Protocol):
    """A page that can be put into a file."""

    def html(self) -> str:
        """Return the page as one HTML document."""
        ...


@singledispatch
def evidence_sections(report: object, result: RunResult) -> tuple[Section, ...]:
    """Return the sections that a page shows after the checks of the effect.

    Parameters
    ----------
    report
        What the evidence brings; None brings nothing.
    result
        The whole run, for what stands on this evidence.
    """
    del report, result
    return ()


@singledispatch
def evidence_summary(report: object, result: RunResult) -> dict[str, Any] | None:
    """Return what ``summary.json`` says under ``evidence``; None without anything."""
    del report, result
    return None


@singledispatch
def evidence_pages(report: object) -> dict[str, Writable]:
    """Return the pages that stand beside the report, by file name."""
    del report
    return {}


@singledispatch
def evidence_sheets(report: object) -> dict[str, SheetWriter]:
    """Return the sheets that the workbook has more, by name, each with what writes it."""
    del report
    return {}


@singledispatch
def write_evidence(report: object, folder: Path) -> None:
    """Write what else a run leaves of its evidence, such as a saved model, into a folder."""
    del report, folder

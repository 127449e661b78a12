"""The sheet Quality log: what the run knows of its own quality, and lines to sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.report.quality_log import RED, quality_tables
from impactmodel.report.workbook_sheet import Cell, Sheet

if TYPE_CHECKING:
    from impactmodel.report.workbook_material import Material

_MARKED = (RED, "failed")


def write_quality(sheet: Sheet, material: Material) -> None:
    """Write every table of the log below the other."""
    sheet.set_up(
        "Quality log",
        "Assumptions, data, checks and the run, as the run itself knows them; owners and "
        "signatures are for people to fill in.",
        (44, 62, 46, 22, 22, 34),
    )
    sheet.page.freeze_panes(2, 0)
    for table in quality_tables(material.result, material.savings):
        sheet.section(table.title, note=table.note)
        sheet.header(*table.columns, words=range(len(table.columns)))
        for row in table.rows:
            sheet.add(*(Cell(text, "mark" if text in _MARKED else "text") for text in row))

"""Recalculation by LibreOffice: the independent engine for every formula that is exported."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Mapping
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_cell_to_rowcol

# Without this setting LibreOffice shows the values that a new xlsx stores, and computes nothing.
RECALCULATE = (
    '<?xml version="1.0"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    '<item oor:path="/org.openoffice.Office.Calc/Formula/Load">'
    '<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>'
)


def convert(program: str, folder: Path, kind: str, *paths: Path) -> None:
    """Convert documents in one go with a LibreOffice profile that always recalculates."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(RECALCULATE)
    subprocess.run(
        [
            program,
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            str(folder),
            *map(str, paths),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )


def recalculate(program: str, folder: Path, cells: Mapping[str, float | str]) -> dict[str, float]:
    """Return what LibreOffice computes for cells with numbers and formulas."""
    path = folder / "sheet.xlsx"
    book = Workbook(str(path))
    sheet = book.add_worksheet()
    for cell, value in cells.items():
        row, column = xl_cell_to_rowcol(cell)
        if isinstance(value, str):
            sheet.write_formula(row, column, value)
        else:
            sheet.write_number(row, column, value)
    book.close()
    convert(
        program, folder, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false", path
    )
    with (folder / "sheet.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    return {
        cell: float(rows[row][column])
        for cell in cells
        for row, column in [xl_cell_to_rowcol(cell)]
    }

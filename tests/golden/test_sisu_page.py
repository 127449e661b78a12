"""The tables of agreement on the page are what the library and the grids give."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests import sisu

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "sisu_page.py"
PAGE = ROOT / "docs" / "fiscal_parameters.md"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(SCRIPT))


def test_the_page_is_what_the_script_writes(script):
    text = PAGE.read_text(encoding="utf-8")
    written = text.split(script["BEGIN"])[1].split(script["END"])[0]
    assert written == script["listing"](), "run `make agreement`"
    assert written.startswith("24,631 cases, ")
    assert ", 0 without one." in written


def test_every_share_is_that_of_the_goal(script):
    found = script["grids"]()
    least = min(
        1 - (years.off / years.cases.clip(lower=1)).max()
        for grid in found
        for column in grid.lines
        for years in [script["shares"](grid, column)]
    )
    assert least >= 0.995


def test_a_difference_is_counted_and_shown(script):
    rows = pd.DataFrame({"year": [2019] * 4, "theirs": [1.0, 1.0, 1.0, 5.0]})
    ours = pd.DataFrame({"mine": [1.0, 2.0, 9.0, 5.0]})
    named = {"theirs": {"by_name": pd.Series([False, False, True, False])}}
    grid = sisu.Grid("example", rows, ours, {"theirs": "mine"}, named)
    assert "| `mine` | 66.67 (1) |" in script["table"](grid)
    assert "4 results compared: 2 agree within 0.01 €, 1 are apart by name, 1 without one." in (
        script["summary"]([grid])
    )
    assert len(script["unexplained"]([grid]).splitlines()) == 3


def test_another_folder_of_grids_is_counted(tmp_path):
    rows = sisu.employers().rows.head(40).copy()
    rows.loc[0, "employer_total_eur_month"] += 0.05
    rows.to_csv(tmp_path / "employer_grid_other.csv", index=False)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("40 cases, 240 results compared: 239 agree")
    assert "employer contributions, employer_total_eur_month:" in done.stdout

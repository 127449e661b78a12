"""Sensitive cells as another tool finds them, on that tool's own test data."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from impactmodel.registers import DisclosureRules, tabulate

HERE = Path(__file__).parent / "acro"
RULES = DisclosureRules(threshold=10, dominance_n=2, dominance_k=90.0, p_percent=10.0, zeros="hide")
WORDS = {
    "MinimumThresholdCheck": "threshold",
    "NKCheck": "dominance",
    "PPercentCheck": "p_percent",
    "ok": "",
}
DATA = pd.read_csv(HERE / "contributions.csv", dtype={"year": str})
OUTCOME = pd.read_csv(HERE / "outcome.csv", keep_default_na=False, dtype=str)
TABLES = list(OUTCOME.groupby(["rows", "columns", "value"]).groups)


@pytest.mark.parametrize(("row", "column", "value"), TABLES)
def test_each_cell_has_the_reasons_that_acro_gives(row: str, column: str, value: str) -> None:
    table = tabulate(DATA, [row, column], population="charities", value=value)
    ours = dict(zip(table.keys, RULES.reasons(table), strict=True))
    theirs = OUTCOME[
        (OUTCOME["rows"] == row) & (OUTCOME["columns"] == column) & (OUTCOME["value"] == value)
    ]
    assert len(theirs) >= 8
    for line in theirs.itertuples():
        words = {WORDS[word.strip()] for word in str(line.outcome).split(";")} - {""}
        # acro counts an empty cell as one below the threshold; here it has a word of its own.
        found = ours[str(line.row), str(line.column)].replace("zero", "threshold")
        assert set(found.split(";")) - {""} == words, line


def test_the_frozen_tables_hold_every_kind_of_finding() -> None:
    found = {word.strip() for text in OUTCOME["outcome"] for word in text.split(";")}
    assert found == set(WORDS)

"""What leaves a closed environment: files, names, checksums."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.record import file_hash
from impactmodel.registers import DisclosureRules, Release, export, protect, tabulate

FRAME = pd.DataFrame({"region": ["a"] * 5 + ["b"] * 4 + ["c"] * 2, "wage": [98765.0] + [10.0] * 10})


def release() -> Release:
    table = tabulate(FRAME, ["region"], population="clients_2021", value="wage", unit="EUR")
    return protect(table, DisclosureRules())


def test_a_bundle_holds_tables_and_says_what_they_are(tmp_path: Path) -> None:
    sums = export({"wages_by_region": release()}, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(sums)
    assert all(file_hash(tmp_path / "out" / name) == value for name, value in sums.items())
    entry = json.loads((tmp_path / "out" / "contents.json").read_text(encoding="utf-8"))[0]
    assert entry["result"] == "sums with counts of people"
    assert entry["sha256"] == sums["wages_by_region.csv"]
    assert entry["rules"]["threshold"] == 3
    assert entry["unit"] == "EUR"
    found = pd.read_csv(tmp_path / "out" / "wages_by_region.csv", keep_default_na=False)
    assert list(found.columns) == ["region", "count", "wage", "reason"]
    assert (found.loc[found["reason"] != "", ["count", "wage"]] == "").all(axis=None)
    assert "98765" not in (tmp_path / "out" / "wages_by_region.csv").read_text(encoding="utf-8")


def test_what_could_not_be_checked_by_hand_is_refused(tmp_path: Path) -> None:
    one = release()
    export({f"table_{i}": one for i in range(49)}, tmp_path / "most")
    assert len(list((tmp_path / "most").iterdir())) == 50
    with pytest.raises(InputError, match="at most 50 files"):
        export({f"table_{i}": one for i in range(50)}, tmp_path / "many")
    for name in ("010190-123X", "x", "../up", "id_123456"):
        with pytest.raises(InputError, match="a table's name"):
            export({name: one}, tmp_path / "name")
    with pytest.raises(InputError, match="the folder is not empty"):
        export({"wages": one}, tmp_path / "most")

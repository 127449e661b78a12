"""What leaves a closed environment: files, names, checksums."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.record import file_hash
from impactmodel.registers import (
    AuditLog,
    DisclosureRules,
    Gate,
    Purpose,
    Release,
    export,
    protect,
    tabulate,
    under,
)

DAY = dt.date(2099, 1, 1)
PURPOSE = Purpose("act", "P-1", "office", "statistics", ("cells",), DAY, DAY)
GATE = Gate(PURPOSE, "wages", None)
ROWS = pd.DataFrame({"region": ["a"] * 5 + ["b"] * 4 + ["c"] * 2, "wage": [98765.0] + [10.0] * 10})
FRAME = under(ROWS, PURPOSE)


def release() -> Release:
    table = tabulate(FRAME, ["region"], population="clients_2021", value="wage", unit="EUR")
    return protect(table, DisclosureRules())


def test_a_bundle_holds_tables_and_says_what_they_are(tmp_path: Path) -> None:
    sums = export({"wages_by_region": release()}, tmp_path / "out", GATE)
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(sums)
    assert all(file_hash(tmp_path / "out" / name) == value for name, value in sums.items())
    entry = json.loads((tmp_path / "out" / "contents.json").read_text(encoding="utf-8"))[0]
    assert entry["result"] == "sums with counts of people"
    assert entry["sha256"] == sums["wages_by_region.csv"]
    assert entry["rules"]["threshold"] == 3
    assert entry["unit"] == "EUR"
    assert entry["purpose"]["permit"] == "P-1"
    assert entry["purpose"]["retention"] == "2099-01-01"
    found = pd.read_csv(tmp_path / "out" / "wages_by_region.csv", keep_default_na=False)
    assert list(found.columns) == ["region", "count", "wage", "reason"]
    assert (found.loc[found["reason"] != "", ["count", "wage"]] == "").all(axis=None)
    assert "98765" not in (tmp_path / "out" / "wages_by_region.csv").read_text(encoding="utf-8")


def test_what_could_not_be_checked_by_hand_is_refused(tmp_path: Path) -> None:
    one = release()
    export({f"table_{i}": one for i in range(49)}, tmp_path / "most", GATE)
    assert len(list((tmp_path / "most").iterdir())) == 50
    with pytest.raises(InputError, match="at most 50 files"):
        export({f"table_{i}": one for i in range(50)}, tmp_path / "many", GATE)
    for name in ("010190-123X", "x", "../up", "id_123456"):
        with pytest.raises(InputError, match="a table's name"):
            export({name: one}, tmp_path / "name", GATE)
    with pytest.raises(InputError, match="the folder is not empty"):
        export({"wages": one}, tmp_path / "most", GATE)


def test_a_table_leaves_under_the_purpose_of_its_rows_or_not_at_all(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    client_work = Purpose("act", "", "city", "client_work", ("indicators",), DAY, DAY)
    unmarked = protect(tabulate(ROWS, ["region"], population="all"), DisclosureRules())
    for gate, one, words in (
        (Gate(PURPOSE, "wages", log), unmarked, "without a purpose"),
        (Gate(client_work, "wages", log), release(), "under another purpose"),
    ):
        with pytest.raises(InputError, match=words):
            export({"wages": one}, tmp_path / "out", gate)
    with pytest.raises(InputError, match="the permit does not list this output"):
        export({"wages": release()}, tmp_path / "out", Gate(PURPOSE, "wages", log), "indicators")
    assert not (tmp_path / "out").exists()
    lines = [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]
    assert [line["allowed"] for line in lines] == [False] * 3
    assert lines[0]["purpose"] is None

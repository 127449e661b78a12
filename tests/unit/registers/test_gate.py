"""Register data carry their purpose, and nothing is made of them without it or against it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest

from impactmodel.contract import read_results
from impactmodel.core.errors import InputError
from impactmodel.registers import (
    AuditLog,
    Gate,
    Purpose,
    StudyData,
    payment_results,
    purpose_of,
    require_unmarked_or,
    tabulate,
    under,
)

LATE = dt.date(2099, 12, 31)
RESEARCH = Purpose("act", "P-1", "office", "research", ("effect", "cells"), LATE, LATE)
ROWS = pd.DataFrame({"treated": [1, 1, 0, 0], "site": ["a", "b", "a", "b"], "wage": [1.0, 2, 3, 4]})


def study(purpose: Purpose | None) -> StudyData:
    return StudyData(ROWS, ROWS, {}, purpose)


def lines(log: AuditLog) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]


def test_what_pandas_makes_of_marked_rows_is_marked_too(tmp_path: Path) -> None:
    marked = under(ROWS, RESEARCH)
    assert purpose_of(ROWS) is None
    made = {
        "rows": marked[marked["wage"] > 1],
        "columns": marked[["wage"]].rename(columns={"wage": "pay"}),
        "sums": marked.groupby("site", as_index=False)["wage"].sum(),
        "two": pd.concat([marked, marked]),
        "one column": marked["wage"],
    }
    assert {name: purpose_of(frame) for name, frame in made.items()} == dict.fromkeys(
        made, RESEARCH
    )
    marked.to_parquet(tmp_path / "panel.parquet")
    assert purpose_of(pd.read_parquet(tmp_path / "panel.parquet")) == RESEARCH
    assert tabulate(marked, ["site"], population="all").purpose == RESEARCH


def test_a_use_is_let_through_with_a_line(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    gate = Gate(RESEARCH, "trial", log, {"people": "0" * 64})
    gate.use("effect", study(RESEARCH), {"treated": 120, "comparison": 2})
    (line,) = lines(log)
    assert line["allowed"] is True
    assert line["counts"] == {"treated": 120, "comparison": "<3"}
    assert line["sources"] == {"people": "0" * 64}


def test_a_use_without_or_against_the_purpose_is_refused_with_a_line(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    gate = Gate(RESEARCH, "trial", log)
    other = Purpose("act", "P-2", "office", "research", ("effect",), LATE, LATE)
    with pytest.raises(InputError, match="used without a purpose"):
        gate.use("effect", study(None))
    with pytest.raises(InputError, match="under another purpose than they were received for"):
        gate.use("effect", study(other))
    for output in ("payment", "client_decision"):
        with pytest.raises(InputError, match="data received for research cannot serve this"):
            gate.use(output, study(RESEARCH))  # type: ignore[arg-type]
    found = lines(log)
    assert [line["allowed"] for line in found] == [False] * 4
    assert [line["permit"] for line in found] == [None, "P-2", "P-1", "P-1"]


def test_without_a_log_the_purpose_still_holds() -> None:
    gate = Gate(RESEARCH, "synthetic", None)
    gate.use("effect", study(RESEARCH))
    with pytest.raises(InputError, match="cannot serve this"):
        gate.use("client_decision", study(RESEARCH))


def test_after_the_permit_and_after_retention_nothing_is_made() -> None:
    day = dt.date(2020, 1, 1)
    over = Purpose("act", "P", "office", "research", ("effect",), day, LATE)
    with pytest.raises(InputError, match="expires: the permit expired before"):
        Gate(over, "old", None).use("effect", study(over))
    gone = Purpose("act", "P", "office", "research", ("effect",), day, day)
    with pytest.raises(InputError, match=r"retention: these data were to be destroyed"):
        Gate(gone, "old", None).use("effect", study(gone))


def test_what_carries_no_purpose_is_not_of_registers() -> None:
    require_unmarked_or(ROWS, "payment")
    with pytest.raises(InputError, match="it needs data received for payment"):
        require_unmarked_or(under(ROWS, RESEARCH).groupby("site").mean(), "payment")


def test_a_research_panel_feeds_no_settlement_and_a_paying_one_does(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    rows = ROWS.rename(columns={"site": "group"})
    units = {"wage": "EUR"}
    research = StudyData(under(rows, RESEARCH), ROWS, units, RESEARCH)
    with pytest.raises(InputError, match="data received for research cannot serve this"):
        payment_results(research, Gate(RESEARCH, "settlement", log))
    by_hand = research.frame.groupby("group", as_index=False)["wage"].sum()
    results = by_hand.rename(columns={"wage": "total"}).assign(outcome="wage")
    with pytest.raises(InputError, match="it needs data received for payment"):
        read_results(results)
    paying = Purpose("act", "P-9", "city", "payment", ("payment",), LATE, LATE)
    data = StudyData(under(rows, paying), ROWS, units, paying)
    found = read_results(payment_results(data, Gate(paying, "settlement", log)))
    # Treated: 1 in a and 2 in b; in comparison 3 and 4.
    assert {key: (r.total, r.people, r.comparison) for key, r in found.cells.items()} == {
        ("wage", 0, "a"): (1, 1, 3),
        ("wage", 0, "b"): (2, 1, 4),
    }
    assert [(line["permit"], line["allowed"]) for line in lines(log)] == [
        ("P-1", False),
        ("P-9", True),
    ]

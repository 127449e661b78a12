"""A refused use of clients' data in a case leaves a line in the audit log, and no output."""

import json

import pytest

from impactmodel.cli.main import status
from tests.stranger_case import people, written

BASIS = "legal_basis: section 2 of an act"


def refused(folder, *changes, table=None, audit="audit.jsonl"):
    path = written(folder, *changes, table=people(300) if table is None else table)
    assert status(["run", str(path), "--out", str(folder / "out"), "--quiet"]) == 2
    assert not (folder / "out").exists()
    log = folder / audit
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.mark.parametrize(
    ("change", "output", "reason"),
    [
        ((BASIS, 'legal_basis: ""'), "client_decision", "legal_basis"),
        (("legal_basis: section 1 of an act", 'legal_basis: ""'), "effect", "legal_basis"),
        (("expires: 2099-06-30", "expires: 2021-06-30"), "client_decision", "permit expired"),
        (("purpose: client_work", "purpose: research"), "client_decision", "research"),
        (("variables: [skola, veckor, kvinna]", "variables: [skola, kvinna]"), "client_decision",
         "veckor: this variable is not declared"),
        (("also_uses: [the interview]", "also_uses: []"), "client_decision", "score alone"),
    ],
)  # fmt: skip
def test_a_use_that_must_not_be_leaves_a_line_and_nothing_else(tmp_path, change, output, reason):
    (line,) = refused(tmp_path, change)
    assert line["allowed"] is False
    assert line["output"] == output
    assert reason in line["reason"]


def test_an_expired_purpose_of_the_data_is_refused(tmp_path):
    (line,) = refused(
        tmp_path,
        (
            "expires: 2099-12-31\n    retention: 2099-12-31\n  use",
            "expires: 2020-01-01\n    retention: 2099-12-31\n  use",
        ),
    )
    assert line["allowed"] is False
    assert line["output"] == "effect"


def test_a_feature_after_the_index_date_is_refused(tmp_path):
    table = people(300).assign(seen="2027-01-01")
    *allowed, line = refused(
        tmp_path,
        ("veckor: {type: number, unit: weeks}", "veckor: {type: number, recorded: seen}"),
        table=table,
    )
    assert all(one["allowed"] for one in allowed)
    assert line["allowed"] is False
    assert "recorded after the index date" in line["reason"]


def test_a_protected_attribute_does_not_rank_without_a_ground(tmp_path):
    aware = "policy: {type: without_service}, ranking: {type: aware, legal_ground: an act}"
    (line,) = refused(tmp_path, ("policy: {type: without_service}", aware))
    assert line["reason"] == "evidence.use.kvinna: a protected attribute would rank people " \
        "without a legal ground"  # fmt: skip


def test_the_line_goes_where_the_case_says(tmp_path):
    named = ("evidence:\n  type: clients\n", "evidence:\n  type: clients\n  audit: diary.jsonl\n")
    (line,) = refused(tmp_path, named, (BASIS, 'legal_basis: ""'), audit="diary.jsonl")
    assert line["purpose"] is None
    assert not (tmp_path / "audit.jsonl").exists()


def test_a_fault_that_is_no_refused_use_leaves_no_line(tmp_path):
    assert refused(tmp_path, ("later: 2026-07-01", "later: soon")) == []


def test_the_line_holds_no_value_of_a_client(tmp_path):
    table = people(300)
    table.loc[3, "skola"] = "010190-123X"
    lines = refused(tmp_path, table=table)
    assert lines[-1]["allowed"] is False
    assert "010190" not in json.dumps(lines)

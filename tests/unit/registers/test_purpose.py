"""For what data may be used: what is refused, logged and assessed."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.record import file_hash
from impactmodel.core.spec import dump, load
from impactmodel.registers import (
    AuditLog,
    CsvFiles,
    PersonRegister,
    Purpose,
    assessment,
)

PLAIN: dict[str, object] = {
    "legal_basis": "act on statistics",
    "permit": "P-1",
    "controller": "the office",
    "purpose": "research",
    "allowed_outputs": ["effect", "cells"],
    "expires": "2099-12-31",
    "retention": "2100-12-31",
}
DAY = dt.date(2030, 1, 1)


def purpose(**change: object) -> Purpose:
    return load(Purpose, PLAIN | change)


def test_a_purpose_is_read_and_written() -> None:
    assert load(Purpose, dump(purpose())) == purpose()
    assert purpose().allowed_outputs == ("effect", "cells")


@pytest.mark.parametrize("aim", ["research", "statistics", "evaluation"])
@pytest.mark.parametrize("output", ["payment", "client_decision"])
def test_statistics_never_decide_about_people_or_money(aim: str, output: str) -> None:
    with pytest.raises(InputError, match=f"data received for {aim} cannot serve this"):
        purpose(purpose=aim).require(output, on=DAY)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="allowed_outputs: data received for"):
        purpose(purpose=aim, allowed_outputs=[output])


def test_payment_and_client_work_do_not_stand_in_for_each_other() -> None:
    paying = purpose(purpose="payment", allowed_outputs=["payment"])
    paying.require("payment", on=DAY)
    with pytest.raises(InputError, match="it needs data received for client_work"):
        paying.require("client_decision", on=DAY)
    with pytest.raises(InputError, match="it needs data received for payment"):
        purpose(purpose="client_work", allowed_outputs=["client_decision"]).require(
            "payment", on=DAY
        )


def test_an_output_must_be_listed_and_the_permit_in_force() -> None:
    purpose().require("effect", on=DAY)
    with pytest.raises(InputError, match="the permit does not list this output"):
        purpose().require("savings", on=DAY)
    until = purpose(expires="2030-01-01")
    until.require("effect", on=DAY)
    with pytest.raises(InputError, match="the permit expired before 2030-01-02"):
        until.require("effect", on=DAY + dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"permit": " "}, "permit: data for research come with a permit"),
        ({"legal_basis": ""}, "legal_basis: this is not stated"),
        ({"controller": ""}, "controller: this is not stated"),
        ({"allowed_outputs": []}, "no output is allowed"),
        ({"retention": "2000-01-01"}, "destroyed before their use ends"),
    ],
)
def test_what_is_not_stated_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        purpose(**change)


def test_every_use_leaves_a_line_and_so_does_a_refused_one(tmp_path: Path) -> None:
    extract = tmp_path / "persons.csv"
    extract.write_text("key\nsecret-1\n", encoding="utf-8")
    log = AuditLog(tmp_path / "audit.jsonl")
    given = {"what": "trial_2021", "sources": {"persons": extract}}
    log.use(purpose(), "effect", counts={"treated": 120, "left": 2, "none": 0}, **given)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="data received for research"):
        log.use(purpose(), "payment", counts={"treated": 120}, **given)  # type: ignore[arg-type]
    text = log.path.read_text(encoding="utf-8")
    first, second = map(json.loads, text.splitlines())
    assert first["allowed"] is True
    assert first["counts"] == {"treated": 120, "left": "<3", "none": 0}
    assert first["sources"] == {"persons": file_hash(extract)}
    assert dt.datetime.fromisoformat(first["when"]).tzinfo is not None
    assert second["allowed"] is False
    assert second["reason"] == "data received for research cannot serve this"
    assert str(tmp_path) not in text
    assert "secret" not in text


@pytest.mark.parametrize("name", ["010190-123X", "person_12345", "Two words", ""])
def test_a_name_that_could_be_an_identifier_is_not_logged(tmp_path: Path, name: str) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    with pytest.raises(InputError, match="a name in the audit log") as caught:
        log.use(purpose(), "effect", what=name, sources={}, counts={})
    assert not name or name not in str(caught.value)
    assert not log.path.exists()


def test_the_assessment_states_what_is_declared_and_asks_the_rest() -> None:
    source = PersonRegister(CsvFiles("p.csv"), "key", dt.date(2024, 1, 1), exits={"death": "died"})
    text = assessment(purpose(controller="a | b"), {"persons": source})
    assert "| Controller | a \\| b |" in text
    assert "| Outputs that this purpose can never serve | payment, client_decision |" in text
    assert "| persons | persons | 2024-01-01 | key, died |" in text
    assert text.count("*To be answered.*") == 8

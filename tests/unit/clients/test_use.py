"""A use without a ground leaves one line in the log and no output."""

import datetime as dt
import json
import traceback

import numpy as np
import pandas as pd
import pytest

from impactmodel.clients import ClientTable, Flag, Number, Target
from impactmodel.clients.desk import Desk
from impactmodel.clients.keyed import Key
from impactmodel.clients.model_record import ModelRecord
from impactmodel.clients.use import ClientGate, ClientUse, declared_use
from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from impactmodel.registers import AuditLog

KEY = Key(b"a key of a test, not of an office")
WORK = Target("work", event="work", horizon_days=210)
TABLE = ClientTable(
    index="entry",
    features={"age": Number(), "health": Flag(recorded="seen"), "past": Number()},
    protected=("age", "health"),
)
PLAIN = {
    "name": "support_2027",
    "assesses": "the need of support",
    "purpose": {
        "legal_basis": "act on services, section 1",
        "permit": "",
        "controller": "the city",
        "purpose": "client_work",
        "allowed_outputs": ["client_decision"],
        "expires": "2099-12-31",
        "retention": "2100-12-31",
    },
    "variables": ["age", "health", "past"],
    "oversight": {
        "role": "employment adviser",
        "also_uses": ["the interview"],
        "contact": "the registry office",
    },
}


def people(seen="2027-01-01", past=77431.0):
    days = pd.to_datetime(["2027-01-02"] * 4)
    return pd.DataFrame(
        {
            "entry": days,
            "age": [20.0, 30.0, 40.0, 50.0],
            "health": [0.0, 1.0, 0.0, 1.0],
            "seen": pd.to_datetime([seen] * 4),
            "past": [past] * 4,
            "work": [0.0, 1.0, 0.0, 1.0],
        }
    )


def changed(plain=PLAIN, **change):
    return plain | change


def purpose(**change):
    return changed(purpose=PLAIN["purpose"] | change)


@pytest.fixture
def log(tmp_path):
    return AuditLog(tmp_path / "audit.jsonl")


def lines(log):
    return [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]


def test_a_use_is_read_and_written():
    use = load(ClientUse, PLAIN)
    assert load(ClientUse, dump(use)) == use


def test_an_allowed_use_leaves_one_line_and_the_clients(log):
    found = ClientGate(load(ClientUse, PLAIN), log).clients(
        TABLE, people(), [WORK], ranking=["past"]
    )
    assert found.size == 4
    (line,) = lines(log)
    assert line["allowed"] is True
    assert line["counts"] == {"people": 4}
    assert (line["what"], line["output"]) == ("support_2027", "client_decision")


REFUSED = {
    "wrong purpose": (
        purpose(purpose="research", permit="P-1", allowed_outputs=["effect"]), {}, ["past"],
        "purpose: data received for research cannot serve this",
    ),
    "not listed": (
        purpose(allowed_outputs=["indicators"]), {}, ["past"],
        "allowed_outputs: the permit does not list this output",
    ),
    "expired": (purpose(expires="2026-01-01"), {}, ["past"], "expires: the permit expired before"),
    "undeclared variable": (
        changed(variables=["age", "health"]), {}, ["age"],
        "past: this variable is not declared for the use",
    ),
    "after the index date": (
        PLAIN, {"seen": "2027-01-03"}, ["past"],
        "health: recorded after the index date for 4 of 4 people",
    ),
    "protected": (
        PLAIN, {}, ["past", "health"],
        "health: a protected attribute would rank people without a legal ground",
    ),
    "unknown": (PLAIN, {}, ["income"], "income: there is no such feature to rank by"),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_use_leaves_one_line_and_no_output(log, why):
    plain, data, ranking, words = REFUSED[why]
    with pytest.raises(InputError) as caught:
        ClientGate(load(ClientUse, plain), log).clients(
            TABLE, people(**data), [WORK], ranking=ranking
        )
    (line,) = lines(log)
    assert line["allowed"] is False
    assert line["reason"].startswith(words)
    said = "".join(traceback.format_exception(caught.value)) + json.dumps(line)
    assert "77431" not in said


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        (purpose(legal_basis=" "), "purpose.legal_basis: this is not stated"),
        (purpose(controller=""), "purpose.controller: this is not stated"),
        (changed(assesses=""), "assesses: this is not stated"),
        (changed(variables=[]), "variables: no variable is declared"),
        (
            changed(oversight=PLAIN["oversight"] | {"also_uses": [""]}),
            "oversight.also_uses: a decision rests on the score alone",
        ),
        (
            changed(oversight=PLAIN["oversight"] | {"may_deviate": False}),
            "oversight.may_deviate: a score that must be followed is an automated decision",
        ),
        (changed(ranking_grounds={"income": "act"}), "ranking_grounds: a ground is given for"),
        (changed(ranking_grounds={"age": ""}), "ranking_grounds.age: this ground is not stated"),
    ],
)
def test_a_declaration_that_cannot_stand_leaves_one_line(log, plain, words):
    with pytest.raises(InputError, match=words):
        declared_use(plain, log, what="support_2027")
    (line,) = lines(log)
    assert line["allowed"] is False
    assert line["reason"].startswith(words.split(":", maxsplit=1)[0])


def model(*features):
    return ModelRecord("m", "work", "as usual", features, features, np.zeros(2),
                       np.ones((2, len(features))), np.zeros(len(features)))  # fmt: skip


@pytest.mark.parametrize("why", [w for w in REFUSED if w != "after the index date"])
def test_no_desk_opens_for_a_refused_use(log, why):
    plain, _, ranking, words = REFUSED[why]
    with pytest.raises(InputError):
        Desk(ClientGate(load(ClientUse, plain), log), TABLE, model(*ranking), KEY)
    (line,) = lines(log)
    assert line["allowed"] is False
    assert line["reason"].startswith(words)


def test_a_crossed_pair_ranks_by_both(log):
    gate = ClientGate(load(ClientUse, PLAIN), log)
    with pytest.raises(InputError, match="health: a protected attribute would rank"):
        Desk(gate, TABLE, model("past × health"), KEY)


def test_no_proposal_comes_after_the_permission_ends(log):
    desk = Desk(ClientGate(load(ClientUse, PLAIN), log), TABLE, model("past"), KEY)
    assert desk.propose([1.0], pseudonym="A", suggests="none").use == "support_2027"
    ended = load(ClientUse, purpose(expires="2026-01-01"))
    object.__setattr__(desk, "gate", ClientGate(ended, log))
    with pytest.raises(InputError, match="the permit expired"):
        desk.propose([1.0], pseudonym="A", suggests="none")
    assert [line["allowed"] for line in lines(log)] == [True, False]
    assert repr(desk) == "Desk of support_2027 with model m"


def test_a_stated_ground_lets_a_protected_attribute_rank(log):
    use = load(ClientUse, changed(ranking_grounds={"age": "act on youth services, section 2"}))
    assert ClientGate(use, log).clients(TABLE, people(), [WORK], ranking=["age"]).size == 4


def test_a_name_that_could_be_an_identifier_is_not_logged(log):
    with pytest.raises(InputError, match="a name in the audit log"):
        log.refuse(None, "client_decision", what="010190-123X", reason="x")
    assert not log.path.exists()


def test_the_day_of_use_is_today(log):
    today = dt.datetime.now(dt.UTC).date()
    use = load(ClientUse, purpose(expires=today.isoformat()))
    assert ClientGate(use, log).clients(TABLE, people(), [WORK], ranking=[]).size == 4

"""What was shown and decided: replayed to the bit, bound in a chain, nobody named."""

import datetime as dt
import json
import traceback

import numpy as np
import pytest

from impactmodel.clients.decision_log import Decision, DecisionLog
from impactmodel.clients.kept_inputs import KeptInputs
from impactmodel.clients.keyed import Key, require_no_identity
from impactmodel.clients.model_record import ModelRecord
from impactmodel.core.errors import InputError
from tests.client_desk import desk

KEY = Key(b"a key of a test, not of an office")
CODE = "010190-123X"
UNTIL = dt.date(2028, 12, 31)


def model(seed=1):
    rng = np.random.default_rng(seed)
    return ModelRecord(
        "chance-1", "work", "without service", ("age", "past_work"), ("age", "past_work"),
        rng.normal(-0.4, 0.1, 500), rng.normal(size=(500, 2)), np.zeros(2),
    )  # fmt: skip


@pytest.fixture
def office(tmp_path):
    return DecisionLog(tmp_path / "log.jsonl", KEY), KeptInputs(tmp_path / "kept.jsonl", KEY)


def shown(office, x=(77431.25e-5, 1 / 3), pseudonym=CODE):
    log, kept = office
    kept.keep(model().columns, x, until=UNTIL)
    return log.show(desk(model(), KEY).propose(x, pseudonym=pseudonym, suggests="coaching"))


def test_a_logged_score_replays_to_the_bit(office, tmp_path):
    """Acceptance, with a model that was saved and loaded."""
    log, kept = office
    model().save(tmp_path / "model.npz")
    numbers = [shown(office, x) for x in np.random.default_rng(3).normal(size=(20, 2)) ** 3]
    again = ModelRecord.load(tmp_path / "model.npz")
    scores = [log.replay(n, again, kept) for n in numbers]
    logged = [e.score for e in log.entries()]
    assert scores == logged
    assert len({s.chance for s in scores}) == 20


def test_another_model_or_other_inputs_do_not_replay(office):
    log, kept = office
    number = shown(office)
    with pytest.raises(InputError, match="this is not the model that was used; load 'chance-1'"):
        log.replay(number, model(2), kept)
    line = json.loads(kept.path.read_text())
    line["values"][0] = np.nextafter(float.fromhex(line["values"][0]), 1.0).hex()
    kept.path.write_text(json.dumps(line) + "\n")
    with pytest.raises(InputError, match="the inputs are not those that were used"):
        log.replay(number, model(), kept)
    with pytest.raises(InputError, match="nothing was shown under this number"):
        log.replay(9, model(), kept)


def test_a_score_that_was_forged_with_the_key_does_not_replay(office):
    log, kept = office
    shown(office)
    held = json.loads(log.path.read_text())
    held.pop("digest")
    held["body"]["score"]["chance"] = float(np.nextafter(held["body"]["score"]["chance"], 1))
    log.path.write_text(json.dumps(held | {"digest": log._digest(held, "0" * 64)}) + "\n")
    with pytest.raises(InputError, match="does not replay to the bit"):
        log.replay(1, model(), kept)


def test_erased_inputs_leave_the_log_whole(office):
    log, kept = office
    number = shown(office)
    assert kept.erase(on=UNTIL) == 0
    assert kept.erase(on=UNTIL + dt.timedelta(days=1)) == 1
    assert len(log.entries()) == 1
    with pytest.raises(InputError, match="not kept, or no longer"):
        log.replay(number, model(), kept)


def three(office):
    log = office[0]
    first, second = shown(office), shown(office, pseudonym="B")
    log.decide(first, Decision("adviser", "coaching"))
    log.decide(second, Decision("adviser", "none", "agreed in the interview"))
    return log


def test_what_was_decided_and_what_was_not(office):
    log = three(office)
    shown(office)
    assert log.undecided() == (5,)
    kinds = [(e.kind, e.body.get("override")) for e in log.entries()]
    assert kinds[2:4] == [("decided", False), ("decided", True)]
    with pytest.raises(InputError, match="why: the decision differs from the suggestion"):
        log.decide(5, Decision("adviser", "none"))
    with pytest.raises(InputError, match="nothing was shown under this number"):
        log.decide(3, Decision("adviser", "none", "x"))


def edited(lines):
    line = json.loads(lines[1])
    line["body"]["suggests"] = "none"
    return [lines[0], json.dumps(line), *lines[2:]]


TAMPERED = {
    "edited": (2, edited),
    "taken out": (2, lambda lines: [lines[0], *lines[2:]]),
    "moved": (1, lambda lines: [lines[1], lines[0], *lines[2:]]),
    "doubled": (2, lambda lines: [lines[0], *lines]),
    "emptied": (3, lambda lines: [*lines[:2], "", *lines[3:]]),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_tampering_is_found_where_it_is(office, how):
    log = three(office)
    line, change = TAMPERED[how]
    log.path.write_text("\n".join(change(log.path.read_text().splitlines())) + "\n")
    with pytest.raises(InputError, match=f"line {line}: the log was tampered with here"):
        log.entries()
    with pytest.raises(InputError, match="tampered"):
        shown(office)


def test_a_cut_end_is_found_by_the_head_kept_elsewhere(office):
    log = three(office)
    head = log.head()
    log.path.write_text("\n".join(log.path.read_text().splitlines()[:2]) + "\n")
    assert len(log.entries()) == 2
    with pytest.raises(InputError, match="the log lacks lines that it had"):
        log.entries(head=head)


def test_nobody_without_the_key_makes_a_line_that_fits(office):
    log = three(office)
    other = DecisionLog(log.path, Key(b"another key of the test"))
    with pytest.raises(InputError, match="tampered"):
        other.entries()


@pytest.mark.parametrize(
    "text",
    [
        "hän on 010190-123X",
        "010190A123x",
        "010190 123X",
        "call 040 123 4567",
        "3.5.2027 12345",
        "a.b@city.example",
    ],
)
def test_texts_that_tell_who_it_is_are_refused_unseen(text):
    with pytest.raises(InputError, match="why: the text holds") as caught:
        Decision("adviser", "none", text)
    said = "".join(traceback.format_exception(caught.value))
    assert text not in said


def test_plain_reasons_pass():
    require_no_identity("Sovittu 3.5.2027: kurssi alkaa klo 9.30, kesto 120 h", "why")


def test_nothing_shows_a_person(office):
    log, kept = office
    number = shown(office)
    proposal = desk(model(), KEY).propose((1.5, 2.5), pseudonym=CODE, suggests="coaching")
    entry = log.entries()[0]
    objects = (log, kept, proposal, entry, entry.score, model(), KEY)
    texts = [repr(o) + str(o) for o in objects]
    texts += [log.path.read_text(), str(number)]
    assert CODE not in "".join(texts) + kept.path.read_text()
    chance = repr(entry.score.chance)
    assert all(chance not in text for text in texts[:-2])
    assert "a key of a test" not in repr(KEY)


def test_a_short_key_is_refused():
    with pytest.raises(InputError, match="a key has at least 16 bytes"):
        Key(b"short")

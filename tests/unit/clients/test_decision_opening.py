"""A run leaves a log of decisions that a desk continues, and never writes over one."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from impactmodel.cli.main import status
from impactmodel.clients.chances import chances
from impactmodel.clients.decision_log import Decision
from impactmodel.clients.decision_opening import LOG, MODEL, require_no_decisions
from impactmodel.clients.desk_folder import open_desk
from impactmodel.clients.kept_inputs import KeptInputs
from impactmodel.clients.keyed import Key
from impactmodel.clients.model_record import ModelRecord
from impactmodel.core.errors import InputError
from impactmodel.registers import AuditLog
from tests.stranger_case import people, stranger, written

KEY = Key(b"a key of a test, 32 bytes or more")
UNTIL = dt.date(2099, 12, 31)


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """Return the folder that a run of the command line left."""
    folder = tmp_path_factory.mktemp("log")
    path = written(folder, table=people(1200))
    assert status(["run", str(path), "--out", str(folder / "out"), "--quiet"]) == 0
    return folder / "out"


@pytest.fixture
def out(left, tmp_path):
    """Return a copy of it."""
    folder = tmp_path / "out"
    folder.mkdir()
    for path in left.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def at(out):
    return open_desk(out, KEY, AuditLog(out.parent / "desk_audit.jsonl"))


def raw(size):
    """Return clients as an adviser's system has them: no target is known yet."""
    table = people(size).drop(columns="arbete")
    return table.assign(inskriven=pd.to_datetime(table["inskriven"]).dt.date)


def lines(out):
    return [json.loads(line) for line in (out / LOG).read_text().splitlines()]


def decided(out):
    """Decide on two clients, one of them against the suggestion; return desk, kept and numbers."""
    made = at(out)
    kept = KeptInputs(out.parent / "kept.jsonl", KEY)
    numbers = []
    for place, row in enumerate(made.inputs(raw(2))):
        kept.keep(made.desk.model.columns, row, until=UNTIL)
        shown = made.propose(row, pseudonym=f"A{place}", suggests="stod")
        numbers.append(made.log.show(shown))
    made.log.decide(numbers[0], Decision("adviser", "stod"))
    made.log.decide(numbers[1], Decision("adviser", "ingen", "starts a job on 3 May"))
    return made, kept, numbers


def test_a_run_leaves_an_opening_with_the_terms_and_no_decision(left):
    (line,) = lines(left)
    body = line["body"]
    assert line["kind"] == "opened"
    model = ModelRecord.load(left / MODEL)
    assert body["model"]["fingerprint"] == model.fingerprint
    assert body["legal_basis"] == "section 2 of an act"
    assert body["expires"] == "2099-06-30"
    assert body["retention"]["until"] == "2099-12-31"
    assert body["decides"]["role"] == "adviser"
    assert any("why" in one for one in body["must_record"]["decided"])
    assert body["synthetic"] is False
    page = (left / "report.html").read_text(encoding="utf-8")
    assert "decides about nobody" in page
    said = json.loads((left / "summary.json").read_text())["evidence"]
    assert said["decisions"]["decided"] == 0
    assert said["decisions"]["opened_for"]["fingerprint"] == said["model"]["fingerprint"]


def test_no_value_of_any_client_is_in_what_a_desk_gets(left):
    text = (left / LOG).read_text()
    # The column that varies most is nowhere listed: at most its four knots are.
    weeks = {f"{v:.1f}" for v in people(1200)["veckor"]}
    numbers = text.replace("[", " ").replace("]", " ").replace(",", " ").split()
    assert len([t for t in numbers if t in weeks]) <= 8
    assert "2026-0" not in text
    header = np.load(left / MODEL)["header"].tobytes().decode()
    assert set(np.load(left / MODEL).files) == {"header", "intercept", "coefficients", "centre"}
    assert "2026-0" not in header


def test_a_desk_scores_raw_clients_as_the_run_did(tmp_path):
    from impactmodel.running import run_case

    result = run_case(stranger(tmp_path, table=people(1200)))
    story = result.evidence_report
    opening = story.documents.opening
    (tmp_path / "out").mkdir()
    opening.write(tmp_path / "out")
    made = at(tmp_path / "out")
    inputs = made.inputs(raw(50))
    clients = opening.table.read(raw(50), ())
    own = story.anticipated.ranking.encoded.matrix(clients)
    np.testing.assert_array_equal(inputs, own)
    expected = chances(story.anticipated.ranking, clients).expected()
    scored = [made.propose(row, pseudonym="x", suggests="stod").score.chance for row in inputs]
    np.testing.assert_allclose(scored, expected, rtol=1e-9)


def test_a_desk_continues_the_runs_own_log_and_it_replays_to_the_bit(out):
    first = lines(out)[0]
    made, kept, numbers = decided(out)
    assert lines(out)[0] == first
    assert [line["kind"] for line in lines(out)] == [
        "opened",
        "shown",
        "shown",
        "decided",
        "decided",
    ]
    assert [line["body"].get("override") for line in lines(out)[3:]] == [False, True]
    later = at(out)
    model = ModelRecord.load(out / MODEL)
    for number in numbers:
        again = later.log.replay(number, model, kept)
        assert again == made.log.entries()[number - 1].score
    assert later.log.undecided() == ()
    audit = (out.parent / "desk_audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["output"] for line in audit] == ["client_decision"] * 2


def test_tampering_is_found_at_every_line_of_a_runs_log(out):
    decided(out)
    whole = (out / LOG).read_text().splitlines()
    for number in range(len(whole)):
        for old, new in (("adviser", "nobody1"), ("stod", "kurs")):
            if old not in whole[number]:
                continue
            changed = [*whole[:number], whole[number].replace(old, new, 1), *whole[number + 1 :]]
            (out / LOG).write_text("\n".join(changed) + "\n")
            with pytest.raises(InputError, match="tampered with here"):
                at(out)
        (out / LOG).write_text("\n".join([*whole[:number], *whole[number + 1 :]]) + "\n")
        if number < len(whole) - 1:
            with pytest.raises(InputError, match=r"tampered with here|no run opened"):
                at(out)


def test_an_opening_made_anew_does_not_fit_what_follows(out):
    from impactmodel.clients.decision_opening import opening_line

    decided(out)
    whole = (out / LOG).read_text().splitlines()
    body = json.loads(whole[0])["body"] | {"expires": "2199-12-31"}
    (out / LOG).write_text("\n".join([opening_line(body), *whole[1:]]) + "\n")
    with pytest.raises(InputError, match="tampered with here"):
        at(out)
    # Nor may a line without a key be put behind one with it.
    extra = json.loads(opening_line(body)) | {"number": len(whole) + 1}
    (out / LOG).write_text("\n".join([*whole, json.dumps(extra)]) + "\n")
    with pytest.raises(InputError, match="tampered with here"):
        at(out)


def test_another_key_or_another_model_does_not_continue_it(out):
    made, _, _ = decided(out)
    with pytest.raises(InputError, match="tampered with here"):
        open_desk(out, Key(b"another key of another office"), AuditLog(out / "a.jsonl"))
    other = replace(made.desk.model, intercept=made.desk.model.intercept + 0.1)
    strange = made.propose(made.inputs(raw(1))[0], pseudonym="a", suggests="stod")
    with pytest.raises(InputError, match="opened for another model"):
        made.log.show(replace(strange, fingerprint=other.fingerprint))
    with pytest.raises(InputError, match="opened for another use"):
        made.log.show(replace(strange, use="other_use"))
    other.save(out / MODEL)
    with pytest.raises(InputError, match="not the model that the log was opened for"):
        at(out)


def test_a_run_into_a_folder_whose_log_holds_decisions_is_refused(out, capfd):
    decided(out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    case = written(out.parent, table=people(600))
    assert status(["run", str(case), "--out", str(out), "--quiet"]) == 2
    assert "never writes over it" in capfd.readouterr().err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    with pytest.raises(InputError, match="holds 5 lines, more than its opening"):
        require_no_decisions(out)


def test_decisions_made_while_a_run_computes_are_kept(out, monkeypatch):
    from impactmodel.report import files

    real = files.write_run

    def slow(result, folder):
        real(result, folder)
        decided(out)

    monkeypatch.setattr(files, "write_run", slow)
    case = written(out.parent, table=people(1200))
    assert status(["run", str(case), "--out", str(out), "--quiet"]) == 2
    assert len(lines(out)) == 5
    assert at(out).log.undecided() == ()


def test_a_log_that_is_no_log_is_kept_too(tmp_path):
    require_no_decisions(tmp_path)
    (tmp_path / LOG).write_bytes(b"\xff\xfe\n")
    with pytest.raises(InputError, match="never writes over it"):
        require_no_decisions(tmp_path)


def test_a_run_again_opens_a_fresh_log_where_nothing_was_decided(out):
    case = written(out.parent, ("seed: 5", "seed: 6"), table=people(1200))
    before = lines(out)[0]["body"]["model"]["fingerprint"]
    assert status(["run", str(case), "--out", str(out), "--quiet"]) == 0
    (line,) = lines(out)
    assert line["body"]["model"]["fingerprint"] == ModelRecord.load(out / MODEL).fingerprint
    assert line["body"]["model"]["fingerprint"] != before

"""A fitted chance is saved, shown, logged and replayed, and says what the model says."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.clients import SyntheticClients
from impactmodel.clients.anticipation import Anticipation, anticipate
from impactmodel.clients.anticipation_reasons import reasons
from impactmodel.clients.anticipation_record import inputs_of, record_of
from impactmodel.clients.chances import chances
from impactmodel.clients.decision_log import DecisionLog
from impactmodel.clients.kept_inputs import KeptInputs
from impactmodel.clients.keyed import Key
from impactmodel.clients.model_record import ModelRecord
from impactmodel.core.errors import InputError
from tests.client_desk import desk

KEY = Key(b"a key of a test, not of an office")


@pytest.fixture(scope="module")
def fitted():
    world = SyntheticClients(2000, seed=3).draw()
    clients = world.clients()
    model = anticipate(Anticipation("work_7m"), clients.before(world.later)).ranking
    return model, clients.since(world.later)


def test_a_record_says_what_the_model_says(fitted):
    model, clients = fitted
    record = record_of(model, "chance-1")
    few = clients.take(np.arange(20))
    expected, why = chances(model, few).expected(), reasons(model, few).expected()[1]
    for i in range(20):
        score = record.score(inputs_of(model, few, i))
        # Sums in another order: 1e-12 is a thousand times their rounding.
        assert score.chance == pytest.approx(expected[i], abs=1e-12)
        assert [r.effect for r in score.reasons] == pytest.approx(why[i], abs=1e-10)
        # Acceptance: reasons add up to the logit to 1e-10.
        logit = record.logits(inputs_of(model, few, i)).mean()
        assert score.base + sum(r.effect for r in score.reasons) == pytest.approx(logit, abs=1e-10)
    assert tuple(r.feature for r in score.reasons) == model.encoded.names
    assert (record.target, record.policy) == (model.target.title, model.policy.title)


def test_what_was_shown_replays_from_files(fitted, tmp_path):
    model, clients = fitted
    record_of(model, "chance-1").save(tmp_path / "model.npz")
    log, kept = DecisionLog(tmp_path / "log", KEY), KeptInputs(tmp_path / "kept", KEY)
    record = ModelRecord.load(tmp_path / "model.npz")
    at = desk(record, KEY, clients.table)
    for i in range(5):
        x = inputs_of(model, clients, i)
        kept.keep(record.columns, x, until=dt.date(2029, 12, 31))
        number = log.show(at.propose(x, pseudonym=f"p{i}", suggests="none"))
        again = log.replay(number, ModelRecord.load(tmp_path / "model.npz"), kept)
        assert again == record.score(x)


def test_there_is_no_row_beyond_the_last(fitted):
    with pytest.raises(InputError, match="there is no such row"):
        inputs_of(*fitted, fitted[1].size)

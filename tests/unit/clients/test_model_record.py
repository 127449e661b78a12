"""A saved model scores as it did, to the bit, whoever is scored beside."""

import numpy as np
import pytest

from impactmodel.clients.model_record import ModelRecord
from impactmodel.core.errors import InputError


def record(draws=400, seed=1):
    rng = np.random.default_rng(seed)
    columns = ("age", "edu_upper", "edu_higher")
    features = ("age", "education", "education")
    beta = rng.normal([0.4, 0.3, -0.7], 0.1, (draws, 3))
    return ModelRecord(
        "m1", "work", "without service", columns, features, rng.normal(-1, 0.1, draws), beta,
        np.array([0.2, 0.5, 0.3]),
    )  # fmt: skip


def test_the_score_is_that_of_the_formula():
    model, x = record(), np.array([1.3, 0.0, 1.0])
    logit = model.intercept + model.coefficients @ x
    score = model.score(x, prob=0.8)
    p = 1 / (1 + np.exp(-logit))
    # Sums in another order: the last bits differ.
    assert score.chance == pytest.approx(p.mean(), abs=1e-14)
    assert (score.lower, score.upper) == pytest.approx(np.quantile(p, [0.1, 0.9]), abs=1e-14)
    assert score.base + sum(r.effect for r in score.reasons) == pytest.approx(
        logit.mean(), abs=1e-12
    )
    assert [r.feature for r in score.reasons] == ["age", "education"]


def test_a_score_does_not_depend_on_who_is_beside():
    model = record()
    many = np.random.default_rng(2).normal(size=(257, 3))
    together = model.logits(many)
    for i in (0, 100, 256):
        assert (model.logits(many[i])[:, 0] == together[:, i]).all()


def test_a_saved_model_is_the_same_to_the_bit(tmp_path):
    model = record()
    fingerprint = model.save(tmp_path / "m.npz")
    again = ModelRecord.load(tmp_path / "m.npz")
    x = [0.1, 1.0, 0.0]
    assert again.fingerprint == fingerprint == model.fingerprint
    assert again.score(x) == model.score(x)
    assert record(seed=2).fingerprint != fingerprint


def test_a_file_that_was_changed_is_refused(tmp_path):
    model, path = record(), tmp_path / "m.npz"
    model.save(path)
    with np.load(path) as held:
        arrays = dict(held)
    arrays["intercept"] = arrays["intercept"] + np.eye(1, len(model.intercept))[0] * 1e-12
    np.savez(path, **arrays)
    with pytest.raises(InputError, match=r"m.npz: the model was changed"):
        ModelRecord.load(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04junk", b"\x80\x04\x95"])
def test_what_is_no_model_is_refused(tmp_path, content):
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(InputError, match="this is no saved model"):
        ModelRecord.load(tmp_path / "m.npz")


def test_a_file_with_objects_is_never_opened(tmp_path):
    np.savez(tmp_path / "m.npz", header=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="this is no saved model"):
        ModelRecord.load(tmp_path / "m.npz")


def test_faults_show_no_value():
    with pytest.raises(InputError, match="edu_upper: 1 of 1 inputs are missing") as caught:
        record().score([77431.0, np.nan, 1.0])
    assert "77431" not in str(caught.value)
    assert "77431" not in repr(record().score([77431.0, 0.0, 1.0]))
    with pytest.raises(InputError, match="the model has 3 columns"):
        record().score([1.0, 2.0])

import numpy as np
import pytest
from scipy.special import expit

from impactmodel.clients import (
    Anticipation,
    Bins,
    Encoding,
    PooledGaps,
    PooledLevels,
    anticipate,
    chances,
    reasons,
    record_of,
)
from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from impactmodel.effects import Importance
from impactmodel.effects.propensity import logistic
from tests.unit.clients.anticipated import TABLE, WORK, clients, simulated

QUICK = Importance(seed=1, draws=600)


def test_a_missing_answer_has_the_mean_answer_and_a_mark():
    people, table = clients(), simulated()[0]
    terms = Encoding(
        numbers={"months": Bins((3.0, 12.0))},
        categories={"education": PooledLevels()},
        gaps=PooledGaps(),
    )
    learnt = terms.learn(people)
    x, places = learnt.matrix(people), learnt.places()
    for name, width in (("education", 4), ("months", 3)):
        own, gone = x[:, places[name]], table[name].isna().to_numpy()
        assert own.shape[1] == width
        np.testing.assert_array_equal(own[:, -1], gone)
        mean = own[~gone].mean(axis=0)
        np.testing.assert_allclose(own[gone], [[*mean[:-1], 1.0]] * gone.sum(), atol=1e-12)
    school = table["education"].dropna()
    levels = np.eye(3)[school.map({"basic": 0, "upper": 1, "higher": 2})]
    known = table["education"].notna().to_numpy()
    np.testing.assert_array_equal(x[known][:, places["education"]][:, :-1], levels)
    # A spline is 0 at its mean as it is; who is served later is read with the same numbers.
    plain = Encoding(gaps=PooledGaps()).learn(people)
    months = plain.matrix(people)[:, plain.places()["months"]]
    assert np.abs(months[table["months"].isna().to_numpy()][:, :-1]).max() < 1e-12
    few = people.take(np.arange(50))
    np.testing.assert_array_equal(learnt.matrix(few), x[:50])
    owners = [b.shared for b in learnt.blocks if b.name.endswith(" missing")]
    assert owners == ["missing answers"] * 2
    assert learnt.names == ("age", "months", "origin", "health", "education", "region")


def test_without_a_prior_it_is_the_level_of_its_own():
    """The columns span the same space: fits of maximum likelihood are one."""
    people = clients()
    y, ones = people.target("work"), np.ones(people.size)
    fits = []
    for encoding in (Encoding(), Encoding(gaps=PooledGaps())):
        rows = np.column_stack([ones, encoding.learn(people).matrix(people)])
        fits.append(logistic(rows, y, ones))
    np.testing.assert_allclose(fits[0].fitted, fits[1].fitted, atol=1e-8)
    assert fits[0].log_likelihood == pytest.approx(fits[1].log_likelihood, abs=1e-8)


def silent(share, lower, n=6000):
    """Return clients of whom some do not tell their education, and their true mean chance."""
    table, chance = (part.copy() for part in simulated(n, 4, 0.0))
    rng = np.random.default_rng(9)
    known = table["education"].notna().to_numpy()
    gone = known & (rng.random(n) < share)
    table = table[known].assign(education=table["education"].where(~gone))
    chance = expit(np.log(chance / (1 - chance)) - lower * gone)[known]
    table["work"] = (rng.random(len(table)) < chance) * 1.0
    return TABLE.read(table, [WORK]), chance[gone[known]].mean(), gone[known]


@pytest.mark.parametrize(("share", "lower"), [(0.02, 0.0), (0.3, 1.5)])
def test_few_are_drawn_to_the_mean_answer_and_many_speak_for_themselves(share, lower):
    people, truth, gone = silent(share, lower)
    spread = {}
    for name, encoding in (("own", Encoding()), ("pooled", Encoding(gaps=PooledGaps()))):
        model = anticipate(Anticipation("work", encoding=encoding), people, QUICK).aware
        drawn = chances(model, people).group_means(np.where(gone, 0, -1), 1)[:, 0]
        assert abs(drawn.mean() - truth) < 3 * drawn.std()
        spread[name] = drawn.std()
    ratio = spread["pooled"] / spread["own"]
    assert ratio < 0.85 if lower == 0 else 0.9 < ratio < 1.1


def test_reasons_records_and_specs_go_with_it():
    people = clients()
    asked = Anticipation("work", encoding=Encoding(gaps=PooledGaps(0.1)))
    assert load(Anticipation, dump(asked)) == asked
    model = anticipate(asked, people, QUICK).aware
    assert "missing answers pooled (spread half-normal 0.1)" in model.statement
    few = people.take(np.flatnonzero(np.isnan(people.values["months"]))[:20])
    why = reasons(model, few)
    eta = model.beta[:, :1] + model.beta[:, 1:] @ model.encoded.matrix(few).T
    np.testing.assert_allclose(why.logits(), eta, atol=1e-10)
    record = record_of(model, "gaps")
    assert len(record.columns) == model.beta.shape[1] - 1
    assert {"months: missing", "education: missing"} <= set(record.columns)


def test_what_nobody_answered_is_refused():
    table = simulated()[0].assign(education=None)
    with pytest.raises(InputError, match="nobody answered"):
        Encoding(gaps=PooledGaps()).learn(TABLE.read(table, [WORK]))
    with pytest.raises(InputError, match="above 0"):
        PooledGaps(0.0)

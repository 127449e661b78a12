"""Effects by group: known truths, overlap, hidden knowledge, lock-in, and their refusals."""

from dataclasses import replace

import numpy as np
import pytest

from impactmodel.clients.effect_bias import HiddenBias, with_hidden_bias
from impactmodel.clients.effect_draws import EffectDraws, pooled
from impactmodel.clients.effect_groups import EffectDesign, effects_by_group
from impactmodel.clients.effect_hidden import benchmark_priors, hidden_knowledge
from impactmodel.clients.effect_inputs import Served
from impactmodel.clients.effect_months import effects_by_month
from impactmodel.clients.effect_persons import person_effects
from impactmodel.clients.membership import Membership
from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.effects import BenchmarkBias, BiasPrior
from tests.golden.clients.effects_data import GROUPS, SERVICES, people

COLUMNS = ("age", "months", "health", "B", "C")


def served(n=6000, seed=1, hidden=0.0, clusters=()):
    x, service, y, group, chance = people(n, seed, hidden)
    made = Served(x.astype(float), COLUMNS, service, SERVICES, y[:, None], ("job",), clusters)
    truth = chance[:, 1:] - chance[:, :1]
    groups = Membership.of_codes(group, GROUPS)
    return made, groups, truth.T @ groups.weights / groups.weights.sum(axis=0)


@pytest.fixture(scope="module")
def sample():
    return served()


@pytest.fixture(scope="module")
def found(sample):
    (made,) = effects_by_group(sample[0], sample[1])
    return made


def test_effects_are_near_the_truth_within_their_errors(sample, found):
    z = (found.effect - sample[2]) / found.se
    # The sum of squares of six correlated normal deviates.
    assert np.abs(z).max() < 3.5
    assert found.overlap.outside.max() < 0.01
    assert found.covariance.shape == (9, 9)


def test_intervals_cover_as_often_as_they_say():
    """Twenty-five data sets, six effects each; the study under calibration has 200 worlds."""
    hits = []
    for seed in range(25):
        made, groups, truth = served(2500, seed + 100)
        (one,) = effects_by_group(made, groups, EffectDesign(folds=3))
        hits.append(np.abs(one.effect - truth) < 1.96 * one.se)
    # Binomial with 25 independent data sets at least: four standard errors of .95.
    assert 0.95 - 4 * (0.95 * 0.05 / 25) ** 0.5 < np.mean(hits) <= 1


def test_pooled_draws_keep_the_joint_distribution_of_effect_and_comparison(found):
    drawn = pooled(found, draws=8000)
    # An unlucky comparison lowers the chance without service and raises every effect.
    share = found.people / found.people.sum()
    without, effect = drawn.without @ share, drawn.effect @ share
    assert np.corrcoef(without, effect[:, 0])[0, 1] < -0.2
    assert np.corrcoef(effect[:, 0], effect[:, 1])[0, 1] > 0.05
    spread = drawn.effect.std(axis=0)
    assert (spread < found.se).all()
    assert drawn.assumptions[0].startswith("whatever decided on service")


def test_with_known_groups_membership_by_chance_gives_the_same(sample, found):
    soft = Membership(GROUPS, sample[1].weights.copy())
    (again,) = effects_by_group(sample[0], soft)
    np.testing.assert_array_equal(again.effect, found.effect)


def test_uncertain_membership_mixes_the_groups(sample):
    even = Membership(GROUPS, np.full((sample[0].size, 3), 1 / 3))
    (mixed,) = effects_by_group(sample[0], even)
    assert np.ptp(mixed.effect, axis=1).max() < 1e-12


def test_clusters_widen_errors_that_hang_together():
    """Copies of people are no new people: clustered errors say so."""
    made, groups, _ = served(1500, 3)
    rows = np.repeat(np.arange(1500), 4)
    copied = made.take(rows)
    (naive,) = effects_by_group(copied, groups.take(rows))
    clustered = Served(copied.x, COLUMNS, copied.service, SERVICES, copied.y, ("job",), (rows,))
    (honest,) = effects_by_group(clustered, groups.take(rows))
    (once,) = effects_by_group(made, groups)
    np.testing.assert_allclose(honest.se, once.se, rtol=0.15)
    np.testing.assert_allclose(naive.se, once.se / 2, rtol=0.15)


def test_a_service_with_few_people_in_a_group_has_no_estimate_of_its_own(sample):
    made, groups, _ = sample
    scarce = ~((made.service == 1) & (groups.weights[:, 2] > 0))
    scarce[np.flatnonzero(~scarce)[:10]] = True
    (one,) = effects_by_group(made.take(scarce), groups.take(scarce), EffectDesign(tolerated=0.99))
    assert np.isnan(one.effect[0, 2])
    drawn = pooled(one, draws=2000)
    assert np.isfinite(drawn.effect).all()
    assert drawn.effect[:, 0, 2].std() > 1.3 * drawn.effect[:, 0, 1].std()


def test_without_overlap_it_stops_and_says_where(sample):
    made, groups, _ = sample
    kept = (made.x[:, 2] == 0) | (made.service != 2)
    with pytest.raises(NotIdentifiedError, match=r"no overlap: 'course' in group '.'"):
        effects_by_group(made.take(kept), groups.take(kept))
    (trimmed,) = effects_by_group(made.take(kept), groups.take(kept), EffectDesign(trim=True))
    assert trimmed.left_out > 1000


def test_hidden_knowledge_biases_and_is_reported():
    """Caseworkers choose by a trait that also finds work: effects are too high, and it is said."""
    made, groups, truth = served(6000, 4, hidden=0.8)
    (one,) = effects_by_group(made, groups)
    assert (one.effect - truth).mean() > 0.03
    drawn = pooled(one, draws=2000)
    report = hidden_knowledge(made, drawn)
    assert (report.e_mean > 1).all()
    assert (report.e_interval <= report.e_mean).all()
    assert (report.robustness_interval <= report.robustness).all()
    assert ((report.robustness > 0) & (report.robustness < 0.5)).all()
    share = drawn.people / drawn.people.sum()
    np.testing.assert_allclose(report.needed, np.median(drawn.effect @ share, axis=0))
    priors = benchmark_priors(made, BenchmarkBias("age"))
    np.testing.assert_allclose([p.sd for p in priors], report.benchmark[:, 0])
    prior = HiddenBias(BenchmarkBias("age"), "motivation is seen by caseworkers only")
    wide = with_hidden_bias(drawn, prior.sized(made))
    grown = wide.effect.var(axis=0) - drawn.effect.var(axis=0)
    # Variances of 2,000 draws have a relative error of 3 %, and the two are nearly independent.
    wanted = np.array([prior.sd**2 for prior in priors])[:, None]
    assert (np.abs(grown - wanted) < 0.25 * (wanted + drawn.effect.var(axis=0))).all()
    assert "motivation" in wide.assumptions[-1]


def test_lock_in_is_found_month_by_month():
    """A course that keeps people out of work for two months and brings ten points later."""
    rng = np.random.default_rng(2)
    n, months = 4000, 6
    x, service = rng.normal(size=(n, 2)), rng.integers(0, 2, n)
    late = np.arange(months) >= 2
    chance = 0.25 + 0.03 * x[:, [0]] + service[:, None] * np.where(late, 0.1, -0.1)
    y = (rng.random((n, months)) < chance) * 1.0
    names = tuple(f"month {m + 1}" for m in range(months))
    found = effects_by_month(Served(x, ("a", "b"), service, ("none", "course"), y, names))
    assert found.lock_in().tolist() == [[True, True, False, False, False, False]]
    mean, sd = found.effect.mean(axis=0)[0], found.effect.std(axis=0)[0]
    np.testing.assert_array_less(np.abs(mean - np.where(late, 0.1, -0.1)), 4 * sd)
    np.testing.assert_allclose(found.added_months.mean(), 0.2, atol=4 * found.added_months.std())


def test_person_effects_tell_groups_apart(sample):
    made, groups, truth = sample
    model = person_effects(made, groups.weights)
    expected = model.expected(made.x, groups.weights)
    by_group = expected.T @ groups.weights / groups.weights.sum(axis=0)
    np.testing.assert_allclose(by_group, truth, atol=0.06)
    drawn = np.stack(list(model.draws(made.x[:50], groups.weights[:50], 200)))
    assert drawn.shape == (200, 50, 2)
    np.testing.assert_allclose(drawn.mean(axis=0), expected[:50], atol=0.03)
    with pytest.raises(InputError, match="other columns"):
        model.expected(made.x[:, :2], groups.weights)
    alone = [fitted.effects(made.x, groups.weights) for fitted in model.models]
    evidence = [fitted.posterior.log_evidence for fitted in model.models]
    share = 1 / (1 + np.exp(evidence[1] - evidence[0]))
    np.testing.assert_allclose(expected, share * alone[0] + (1 - share) * alone[1], atol=1e-12)
    with pytest.raises(InputError, match="a service multiplies something"):
        person_effects(made, groups.weights, multiplied=())


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"y": np.full((6, 1), 0.5)}, "an outcome is 0 or 1"),
        ({"x": np.full((6, 1), np.nan)}, "6 of 6 people have a gap"),
        ({"service": np.zeros(6, dtype=int)}, "a service has nobody"),
        ({"x": np.zeros((5, 1))}, "wrong shape"),
    ],
)
def test_people_that_cannot_be_used_are_refused(changed, what):
    parts = {
        "x": np.zeros((6, 1)),
        "columns": ("a",),
        "service": np.arange(6) % 2,
        "services": ("none", "course"),
        "y": np.zeros((6, 1)),
        "outcomes": ("job",),
    }
    with pytest.raises(InputError, match=what):
        Served(**(parts | changed))


def test_other_refusals(sample, found):
    with pytest.raises(InputError, match="add up to 1"):
        Membership(("A", "B"), np.full((3, 2), 0.4))
    with pytest.raises(InputError, match="differ in number"):
        effects_by_group(sample[0], sample[1].take(np.arange(10)))
    drawn = pooled(found, draws=10)
    one = replace(sample[0], services=("none", "other", "third"))
    with pytest.raises(InputError, match="the prior is of other services"):
        with_hidden_bias(drawn, HiddenBias(BiasPrior(0.01), "why").sized(one))
    for bias, what in (
        (BenchmarkBias("height"), "no such column"),
        (BenchmarkBias("age", 99.0), "so many"),
    ):
        with pytest.raises(InputError, match=what):
            benchmark_priors(sample[0], bias)
    twice = np.column_stack([sample[0].x, sample[0].x[:, 0]])
    doubled = Served(twice, (*COLUMNS, "again"), sample[0].service, SERVICES, sample[0].y, ("job",))
    with pytest.raises(InputError, match="combinations of each other"):
        hidden_knowledge(doubled, drawn)
    with pytest.raises(InputError, match="no such service"):
        drawn.service("none")
    with pytest.raises(InputError, match="two months or more"):
        effects_by_month(sample[0])
    with pytest.raises(InputError, match="out of its range") as caught:
        EffectDesign(folds=1)
    assert caught.value.problems[0].key == "folds"
    with pytest.raises(InputError, match=r"shape \(draw, service, group\)"):
        EffectDraws(("a",), ("g",), "job", np.zeros((2, 1, 2)), np.zeros((2, 1)), np.ones(1), ())


def test_reprs_hold_counts_and_no_person(sample, found):
    text = " ".join(map(repr, (*sample[:2], found, found.overlap, pooled(found, draws=10))))
    assert "6000 people" in text
    assert len(text) < 600

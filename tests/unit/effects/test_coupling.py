"""Outcomes of the same people err together after pairing, and no draw is changed."""

import numpy as np
import pandas as pd
import pytest

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import ClosedForm, Experiment, fit
from impactmodel.effects.coupling import pair
from impactmodel.evidence import Cells, Cohort

EMPLOYED = OutcomeMeasure("employed", kind="binary", channel="employment")
RE78 = OutcomeMeasure("re78", kind="amount", unit="USD/year", channel="earnings")
RE75 = OutcomeMeasure("re75", kind="amount", unit="USD/year", channel="earnings")


def independent(count, n=4000, seed=1, between=0.3):
    """Draws of treated and comparison arm per outcome, correlated within an outcome only."""
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal([0, 0], [[1, between], [between, 1]], (count, n))


def paired(means, correlation, seed=2):
    orders = pair(
        means,
        np.stack([np.asarray(c, float) for c in correlation]),
        rng=np.random.default_rng(seed),
    )
    return orders, np.stack([m[o] for m, o in zip(means, orders, strict=True)])


def test_pairing_reaches_the_correlation_in_each_arm():
    means = independent(2, between=0.0)
    _, done = paired(means, ([[1, 0.8], [0.8, 1]], [[1, -0.5], [-0.5, 1]]))
    # Matching in slices of 63 draws and four errors of a correlation of 4,000 pairs.
    assert np.corrcoef(done[0, :, 0], done[1, :, 0])[0, 1] == pytest.approx(0.8, abs=0.03)
    assert np.corrcoef(done[0, :, 1], done[1, :, 1])[0, 1] == pytest.approx(-0.5, abs=0.03)
    assert np.corrcoef(done[0, :, 0], done[1, :, 1])[0, 1] == pytest.approx(0.0, abs=0.03)


def test_pairing_changes_no_draw_and_keeps_arms_together():
    means = independent(2)
    orders, done = paired(means, ([[1, 0.6], [0.6, 1]],) * 2)
    assert orders[0].tolist() == list(range(4000))
    assert sorted(orders[1].tolist()) == list(range(4000))
    assert (done[1] == means[1][orders[1]]).all()


def test_three_outcomes_reach_all_their_correlations():
    target = [[1, 0.7, 0.4], [0.7, 1, 0.2], [0.4, 0.2, 1]]
    _, done = paired(independent(3, between=0.0), (target, target))
    for arm in (0, 1):
        np.testing.assert_allclose(np.corrcoef(done[:, :, arm]), target, atol=0.04)


def test_the_same_outcome_twice_is_paired_draw_by_draw():
    means = independent(1)[[0, 0]]
    _, done = paired(means, ([[1, 1], [1, 1]],) * 2)
    # Slices of the first axis are the only loss.
    assert np.corrcoef(done[0, :, 0], done[1, :, 0])[0, 1] > 0.995


def test_effects_of_the_trial_have_the_correlation_of_their_estimators():
    table = datasets.load("nsw")
    cohort = Cohort.from_frame(table, treatment="treat", outcomes=[EMPLOYED, RE78])
    found = fit(Experiment(cohort), ClosedForm(seed=1, draws=8000))
    effect = found.outcomes.effect().values[:, 0, :, 0]
    # Differences in means: cov = s1 / n1 + s0 / n0 for each pair of outcomes.
    cov = sum(
        part[["employed", "re78"]].cov().to_numpy() / len(part)
        for _, part in table.groupby("treat")
    )
    expected = cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1])
    # Priors and a rank correlation instead of a linear one move it slightly.
    assert np.corrcoef(effect.T)[0, 1] == pytest.approx(expected, abs=0.05)
    assert expected == pytest.approx(0.52, abs=0.02)


def test_marginals_are_those_of_separate_fits():
    table = datasets.load("nsw")
    both = Cohort.from_frame(table, treatment="treat", outcomes=[EMPLOYED, RE78])
    alone = Cohort.from_frame(table, treatment="treat", outcomes=[RE78])
    joint = fit(Experiment(both), ClosedForm(seed=1)).outcomes.effect().sel(outcome="re78")
    single = fit(Experiment(alone), ClosedForm(seed=1)).outcomes.effect()
    np.testing.assert_array_equal(np.sort(joint.values.ravel()), np.sort(single.values.ravel()))


def test_without_sums_of_products_independence_is_recorded():
    counts = pd.DataFrame(
        {"treat": [0, 1], "n": [260, 185], "a_sum": [168, 140], "b_sum": [90, 80]}
    )
    measures = [OutcomeMeasure(name, kind="binary") for name in "ab"]
    cells = Cells.from_frame(counts, treatment="treat", outcomes=measures)
    found = fit(Experiment(cells), ClosedForm(seed=1))
    assert (
        "errors of different outcomes are taken as independent: the cells lack the sums of products"
        in found.outcomes.provenance.assumptions
    )
    effect = found.outcomes.effect().values[:, 0, :, 0]
    assert abs(np.corrcoef(effect.T)[0, 1]) < 4 / np.sqrt(4000)
    covariance = found.outcomes.dataset["covariance"].values
    assert np.isfinite(covariance).all()
    assert (covariance[:, :, 0, 0, 0, 1, 0] == 0).all()


def test_an_outcome_equal_for_everybody_in_an_arm_can_be_paired():
    rng = np.random.default_rng(5)
    table = pd.DataFrame(
        {"treat": np.arange(60) % 2, "employed": np.arange(60) % 2, "re75": rng.gamma(1, 900, 60)}
    )
    cohort = Cohort.from_frame(table, treatment="treat", outcomes=[EMPLOYED, RE75])
    assert fit(Experiment(cohort), ClosedForm(seed=1)).diagnostics.divergences == 0

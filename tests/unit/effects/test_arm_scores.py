"""Scores of several arms: their parts against closed forms and other engines of this house."""

import numpy as np
import pytest
from scipy import optimize

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.effects.arm_scores import arm_scores, folds_of
from impactmodel.effects.clustered import clustered_covariance
from impactmodel.effects.multinomial import multinomial
from impactmodel.effects.propensity import logistic


def draws(n=400, arms=3, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    arm = np.asarray(rng.integers(0, arms, n))
    y = (rng.random(n) < 1 / (1 + np.exp(-x[:, 0] - 0.5 * (arm > 0)))) * 1.0
    return x, arm, y


def test_two_levels_are_an_ordinary_logit():
    x, _, y = draws()
    found = multinomial(x, y.astype(int), 2).chances(x)[:, 1]
    other = logistic(np.column_stack([np.ones(len(y)), x]), y, np.ones(len(y))).fitted
    # Both stop at gradients of 1e-10 of the people.
    np.testing.assert_allclose(found, other, atol=1e-8)


def test_the_ridge_is_at_the_maximum_of_its_own_objective():
    x, arm, _ = draws()
    found = multinomial(x, arm, 3, ridge=5.0)
    z = np.column_stack([np.ones(len(x)), (x - found.centre) / found.spread])

    def lost(flat):
        eta = np.column_stack([np.zeros(len(x)), z @ flat.reshape(4, 2)])
        beta = flat.reshape(4, 2)[1:]
        fitted = eta[np.arange(len(x)), arm] - np.log(np.exp(eta).sum(axis=1))
        return -fitted.sum() + 2.5 * (beta**2).sum()

    other = optimize.minimize(lost, np.zeros(8), method="BFGS", options={"gtol": 1e-6}).x
    # BFGS stops at gradients of 1e-6 with curvatures of some dozens.
    np.testing.assert_allclose(found.beta, other.reshape(4, 2), atol=1e-6)


def test_a_column_that_does_not_vary_changes_nothing():
    x, arm, _ = draws()
    wide = np.column_stack([x, np.full(len(x), 7.0)])
    np.testing.assert_allclose(
        multinomial(wide, arm, 3).chances(wide), multinomial(x, arm, 3).chances(x), atol=1e-9
    )


def test_levels_that_columns_separate_or_nobody_has_are_refused():
    x = np.linspace(-1, 1, 40)[:, None]
    with pytest.raises(NotIdentifiedError, match="separate the levels"):
        multinomial(x, (x[:, 0] > 0).astype(int), 2)
    with pytest.raises(NotIdentifiedError, match="does not occur"):
        multinomial(x, np.zeros(40, dtype=int), 2)


def test_scores_are_right_if_one_of_the_two_models_is():
    """The outcome is not a logit of x here; assignment is, so that scores still find the truth."""
    rng = np.random.default_rng(5)
    n = 20_000
    x = rng.normal(size=(n, 1))
    arm = (rng.random(n) < 1 / (1 + np.exp(0.5 - x[:, 0]))).astype(np.intp)
    chance = 0.3 + 0.3 * (x[:, 0] > 1) + 0.1 * arm
    y = (rng.random(n) < chance) * 1.0
    made = arm_scores(x, arm, y[:, None], folds_of(arm, 5, rng, None))
    effect = made.contrasts[:, 0, 0]
    se = effect.std() / np.sqrt(n)
    assert abs(effect.mean() - 0.1) < 4 * se
    raw = y[arm == 1].mean() - y[arm == 0].mean()
    assert abs(raw - 0.1) > 4 * se


def test_folds_keep_clusters_together_and_arms_even():
    rng = np.random.default_rng(1)
    arm = np.repeat([0, 1], [90, 10])
    fold = folds_of(arm, 5, rng, None)
    assert np.bincount(fold[arm == 1]).tolist() == [2] * 5
    cluster = np.arange(100) // 4
    fold = folds_of(arm, 5, rng, cluster)
    assert all(len(np.unique(fold[cluster == c])) == 1 for c in range(25))
    with pytest.raises(InputError, match="fewer people than folds"):
        folds_of(np.array([0] * 9 + [1]), 5, rng, None)


def test_clustered_covariance_of_a_mean_is_that_of_its_clusters():
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(20), 5)
    values = rng.normal(size=20)[cluster] + rng.normal(size=100)
    influence = ((values - values.mean()) / 100)[:, None]
    sums = np.bincount(cluster, values - values.mean()) / 100
    wanted = 20 / 19 * (sums**2).sum()
    np.testing.assert_allclose(clustered_covariance(influence, (cluster,)), [[wanted]], rtol=1e-12)
    # Twice the same way is that way once.
    np.testing.assert_allclose(
        clustered_covariance(influence, (cluster, cluster)), [[wanted]], rtol=1e-12
    )
    with pytest.raises(InputError, match="too few clusters"):
        clustered_covariance(influence, (cluster // 4,))


def test_two_ways_cover_a_shock_in_either():
    """Offices and months both have shocks: the error of a mean is that of their sizes."""
    rng = np.random.default_rng(3)
    office, month = np.arange(2400) % 40, np.arange(2400) // 40 % 60
    found = []
    means = []
    for _ in range(200):
        values = rng.normal(size=40)[office] + rng.normal(size=60)[month] + rng.normal(size=2400)
        means.append(values.mean())
        influence = ((values - values.mean()) / 2400)[:, None]
        found.append(clustered_covariance(influence, (office, month))[0, 0])
    true = 1 / 40 + 1 / 60 + 1 / 2400
    # The mean of 200 estimates; their spread is a fifth of them.
    assert abs(np.mean(found) / true - 1) < 0.07
    assert abs(np.var(means) / true - 1) < 0.4

"""Threshold clustering: exact sizes of the test, and bunching that was put there is found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from impactmodel.contract import threshold_clustering
from impactmodel.core.errors import InputError


def test_the_probability_is_scipys_one_sided_binomial_test():
    weeks = np.repeat([21, 24, 27, 30], [40, 25, 45, 30])
    found = threshold_clustering(weeks, 26, 3)
    share = 30 ** (1 / 3) / (30 ** (1 / 3) + 40 ** (1 / 3))
    test = stats.binomtest(45, 70, share, alternative="greater")
    assert found.probability == pytest.approx(test.pvalue, rel=1e-12)
    assert found.excess == pytest.approx(45 - 70 * share)


def test_a_log_linear_density_has_its_share_and_seldom_alarms():
    # Exponential durations: the true ratio of neighbouring windows of 4 weeks is exp(-4/30).
    rng = np.random.default_rng(5)
    truth = np.exp(-4 / 30) / (1 + np.exp(-4 / 30))
    found = [threshold_clustering(rng.exponential(30, 4000), 26, 4) for _ in range(400)]
    assert np.mean([f.expected_share for f in found]) == pytest.approx(truth, abs=0.005)
    alarms = np.mean([f.probability < 0.05 for f in found])
    # The outer counts are taken as exact, which adds a little noise: 5 % becomes at most 10 %.
    assert alarms < 0.10
    moved = rng.exponential(30, 4000)
    late = (moved >= 24) & (moved < 26) & (rng.random(4000) < 0.5)
    moved[late] += 2
    assert threshold_clustering(moved, 26, 4).probability < 0.001


@pytest.mark.parametrize(
    ("results", "window", "message"),
    [([1.0, 2.0], 1.0, "no results on both sides"), ([1.0], 0.0, "a window has a width")],
)
def test_what_says_nothing_is_refused(results, window, message):
    with pytest.raises(InputError, match=message):
        threshold_clustering(results, 26, window)

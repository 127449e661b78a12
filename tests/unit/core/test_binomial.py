"""Quantiles of counts against SciPy's distribution."""

import numpy as np
import pytest
from scipy import stats

from impactmodel.core.binomial import binomial_quantile


@pytest.mark.parametrize(
    ("n", "p"), [(1, 0.3), (5, 0.5), (20, 0.05), (185, 0.7), (2636, 0.64), (1e5, 0.001), (1e6, 0.3)]
)
def test_same_counts_as_scipy(n, p):
    rng = np.random.default_rng(1)
    q = stats.norm.cdf(rng.normal(0.0, 1.5, 20_000))
    share = np.clip(p + 0.02 * rng.normal(size=20_000), 0.0, 1.0)
    # Counts are whole: no tolerance.
    assert np.array_equal(binomial_quantile(q, n, share), stats.binom.ppf(q, n, share))


def test_ends_and_certain_outcomes():
    q = np.array([0.0, 1e-300, 0.5, 1 - 1e-12, 1.0])
    assert binomial_quantile(q, 1e6, 0.3).tolist() == [0.0, *stats.binom.ppf(q[1:], 1e6, 0.3)]
    assert binomial_quantile(q, 5, 0.0).tolist() == [0.0] * 5
    assert binomial_quantile(q[1:], 5, 1.0).tolist() == [5.0] * 4


def test_no_count_from_what_is_no_probability():
    found = binomial_quantile([np.nan, 0.5, 0.5, 1.5], [5, 5, 5, 5], [0.5, np.nan, -0.1, 0.5])
    assert np.isnan(found).all()


def test_shapes_broadcast():
    found = binomial_quantile(np.full((3, 1), 0.5), [10.0, 20.0], 0.5)
    assert found.tolist() == [[5.0, 10.0]] * 3

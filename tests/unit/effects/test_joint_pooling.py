"""Joint pooling against the exact pooling of independent estimates and conjugate normals."""

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.effects.between_studies import Estimates
from impactmodel.effects.joint_pooling import JointPrior, pool_jointly
from impactmodel.effects.pooling import HalfNormal, Pooled, PoolingPrior


def test_independent_estimates_of_one_service_are_pooled_as_studies_are():
    y, s = np.array([0.02, 0.05, 0.11, 0.0, 0.08]), np.array([0.02, 0.03, 0.02, 0.04, 0.015])
    exact = Pooled(Estimates.of(y, s), PoolingPrior(0.0, 0.2, HalfNormal(0.05)))
    found = pool_jointly(y[None], np.diag(s**2), JointPrior(both=0.05))
    # Two quadratures; this one has 400 equal steps of the prior's quantiles.
    for ours, theirs in zip(found.moments(), exact.study_moments(), strict=True):
        np.testing.assert_allclose(ours[0], theirs, atol=1e-6)


def test_with_hardly_any_spread_everything_is_one_mean():
    rng = np.random.default_rng(1)
    y = rng.normal(0.05, 0.02, (2, 3))
    root = rng.normal(size=(6, 6)) * 0.01
    v = root @ root.T + np.eye(6) * 1e-4
    found = pool_jointly(y, v, JointPrior(services=1e-6, groups=1e-6, both=1e-6))
    precision = np.linalg.inv(v).sum() + 0.2**-2
    wanted = np.linalg.inv(v).sum(axis=0) @ y.ravel() / precision
    mean, sd = found.moments()
    np.testing.assert_allclose(mean, wanted, atol=1e-6)
    np.testing.assert_allclose(sd, precision**-0.5, atol=1e-6)


def test_a_shared_comparison_moves_services_together():
    """Errors that services share cannot be averaged away over them."""
    y = np.array([[0.1], [0.1], [0.1]])
    shared = np.full((3, 3), 0.03**2) + np.eye(3) * 0.01**2
    alone = np.diag(np.diag(shared))
    _, together = pool_jointly(y, shared, JointPrior(services=0.02)).moments()
    _, apart = pool_jointly(y, alone, JointPrior(services=0.02)).moments()
    assert (together > 1.2 * apart).all()


def test_a_group_without_an_estimate_is_told_by_the_others():
    y = np.array([[0.05, 0.06, np.nan], [0.02, 0.03, 0.02]])
    v = np.eye(6) * 0.01**2
    v[2], v[:, 2] = np.nan, np.nan
    mean, sd = pool_jointly(y, v, JointPrior()).moments()
    assert 0.02 < mean[0, 2] < 0.07
    assert sd[0, 2] > 1.2 * sd[0, 1]


def test_draws_have_the_moments_of_the_mixture():
    rng = np.random.default_rng(2)
    y = rng.normal(0.05, 0.04, (2, 3))
    found = pool_jointly(y, np.eye(6) * 0.02**2, JointPrior())
    drawn = found.draw(20_000, rng)
    mean, sd = found.moments()
    assert drawn.shape == (20_000, 2, 3)
    # Four standard errors of a mean of 20,000, and three hundredths of a standard deviation.
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=4 * sd.max() / np.sqrt(20_000))
    np.testing.assert_allclose(drawn.std(axis=0), sd, rtol=0.03)


@pytest.mark.parametrize(
    ("y", "v", "what"),
    [
        (np.full((1, 2), np.nan), np.eye(2), "no estimate to pool"),
        (np.zeros((1, 2)), np.array([[1.0, 2.0], [2.0, 1.0]]), "not a covariance"),
    ],
)
def test_what_cannot_be_pooled_is_refused(y, v, what):
    with pytest.raises(InputError, match=what):
        pool_jointly(y, v, JointPrior())

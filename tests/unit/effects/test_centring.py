"""Groups are sampled in coordinates that suit what the data know of them."""

import numpy as np

from impactmodel.effects.centring import well_known


def test_groups_that_differ_by_more_than_chance_are_sampled_as_themselves():
    # Twenty groups with spread .5 in level and none in effect; errors of .05.
    rng = np.random.default_rng(1)
    level = rng.normal(0, 0.5, 20)
    estimate = np.stack([level + 0.2, level], axis=1) + rng.normal(0, 0.05, (20, 2))
    found = well_known(estimate, np.full((20, 2), 0.05**2))
    assert found[:, 0].tolist() == [1.0] * 20
    assert found[:, 1].tolist() == [0.0] * 20


def test_groups_with_large_errors_are_held_by_the_prior():
    rng = np.random.default_rng(2)
    estimate = rng.normal(0, 0.5, (20, 2))
    assert (well_known(estimate, np.full((20, 2), 0.5**2)) == 0).all()


def test_a_small_group_among_large_ones_is_judged_by_itself():
    rng = np.random.default_rng(3)
    level = rng.normal(0, 0.5, 20)
    variance = np.full((20, 2), 0.05**2)
    variance[4] = 1.0
    found = well_known(np.stack([level, level], axis=1), variance)
    assert found[4, 0] == 0
    assert found[:, 0].sum() == 19


def test_a_group_without_one_arm_is_not_known_and_does_not_harm():
    estimate = np.array([[0.0, 0.9], [1.0, 1.1], [-1.0, -0.9]])
    variance = np.array([[np.inf, 0.01], [0.01, 0.01], [0.01, 0.01]])
    found = well_known(estimate, variance)
    assert found[0].tolist() == [0.0, 0.0]
    assert found[1:, 0].tolist() == [1.0, 1.0]
    assert (well_known(estimate, np.full((3, 2), np.inf)) == 0).all()

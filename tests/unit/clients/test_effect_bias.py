"""A pooled prior of hidden bias: what it shares, and what it does to effects and gains."""

import numpy as np
import pytest

from impactmodel.clients.allocation_gain import PolicyGain, gain_draws
from impactmodel.clients.effect_bias import HiddenBias, SizedBias, less_bias, with_hidden_bias
from impactmodel.clients.effect_draws import NOTHING_HIDDEN, EffectDraws
from impactmodel.core.errors import InputError
from impactmodel.effects import BiasPrior

SERVICES, GROUPS, DRAWS = ("coach", "course", "wages"), ("A", "B"), 40_000


def sized(**shares):
    how = HiddenBias(BiasPrior(sd=0.02), "motivation", **shares)
    return SizedBias(how, SERVICES, np.array([0.0, 0.01, 0.0]), np.array([0.02, 0.02, 0.04]))


def test_draws_have_the_covariance_that_is_stated():
    bias = sized()
    drawn = bias.draw(2, DRAWS, seed=3).reshape(DRAWS, -1)
    wanted = bias.covariance(2)
    sd = np.sqrt(np.diag(wanted))
    np.testing.assert_allclose(sd, np.repeat([0.02, 0.02, 0.04], 2))
    # Four standard errors of a correlation of 40,000 draws.
    gap = (np.cov(drawn.T) - wanted) / np.outer(sd, sd)
    assert np.abs(gap).max() < 4 * np.sqrt(2 / DRAWS)
    np.testing.assert_allclose(drawn.mean(axis=0), np.repeat([0, 0.01, 0], 2), atol=1e-15)


def test_correlations_are_the_shares_that_two_effects_have_in_common():
    sd = np.repeat([0.02, 0.02, 0.04], 2)
    found = sized(shared=0.5, services=0.2, groups=0.1).covariance(2) / np.outer(sd, sd)
    # Same service, other group .7; same group, other service .6; neither .5.
    assert found[0, 1] == pytest.approx(0.7)
    assert found[0, 2] == pytest.approx(0.6)
    assert found[0, 3] == pytest.approx(0.5)


def test_a_shared_bias_does_not_average_out():
    """The mean over all effects keeps half of the variance; of independent ones a sixth."""
    one = np.full(6, 1 / 6)

    def variance(bias):
        return one @ bias.covariance(2) @ one

    def alike(**shares):
        how = HiddenBias(BiasPrior(sd=0.02), "motivation", **shares)
        return SizedBias(how, SERVICES, np.zeros(3), np.full(3, 0.02))

    apart = variance(alike(shared=0.0, services=0.0, groups=0.0))
    assert apart == pytest.approx(0.02**2 / 6)
    assert variance(alike(shared=0.5, services=0.0, groups=0.0)) == pytest.approx(
        0.02**2 * (0.5 + 0.5 / 6)
    )


def test_the_gain_of_a_policy_loses_what_draws_of_the_bias_say():
    """Closed form against the gain of 40,000 draws of the bias as effects."""
    rng = np.random.default_rng(1)
    people, bias = 400, sized()
    group = np.eye(2)[rng.integers(0, 2, people)]
    one, two = (rng.dirichlet(np.ones(4), people)[:, 1:] for _ in range(2))
    moved = (one - two).T @ group / people
    found = less_bias(PolicyGain("one", "two", 30.0, 2.0, people), moved, bias)
    taken = gain_draws(one, two, bias.draw(2, DRAWS, seed=5), group)
    assert found.gain == pytest.approx(30.0 - taken.mean(), abs=1e-9)
    assert found.se**2 - 4.0 == pytest.approx(taken.var(), rel=4 * np.sqrt(2 / DRAWS))


def test_the_prior_stands_in_place_of_the_assumption():
    drawn = EffectDraws(
        SERVICES, GROUPS, "job", np.full((500, 3, 2), 0.1), np.full((500, 2), 0.4),
        np.array([30.0, 70.0]), (NOTHING_HIDDEN, "another"),
    )  # fmt: skip
    made = with_hidden_bias(drawn, sized(), seed=2)
    np.testing.assert_allclose(made.effect, 0.1 - sized().draw(2, 500, seed=2))
    np.testing.assert_array_equal(made.without, drawn.without)
    assert made.assumptions[0] == "another"
    assert "course: mean 1, sd 2" in made.assumptions[1]
    assert "50 % of its variance shared" in made.assumptions[1]


def test_what_is_no_prior_is_refused():
    for shares, key in (({"shared": -0.1}, "shared"), ({"groups": 0.5}, "shared")):
        with pytest.raises(InputError) as caught:
            HiddenBias(BiasPrior(sd=0.02), "motivation", **shares)
        assert caught.value.problems[0].key == key
    with pytest.raises(InputError, match="needs a reason"):
        HiddenBias(BiasPrior(sd=0.02), " ")
    with pytest.raises(InputError, match="this must be above 0"):
        BiasPrior(sd=-0.02)

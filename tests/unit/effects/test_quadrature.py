"""Two arms by quadrature: against brute force, closed forms and hard cases."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import (
    ClosedForm,
    Experiment,
    HurdleGammaPriors,
    LogitPriors,
    Priors,
    exact_effects,
    fit,
)
from impactmodel.effects.quadrature import PairPrior
from impactmodel.evidence import Cells

JOB = OutcomeMeasure("job", kind="binary")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year")


def counts(n, events):
    table = pd.DataFrame({"treat": [1, 0], "n": n, "job_sum": events})
    return Cells.from_frame(table, treatment="treat", outcomes=[JOB])


def design(n, events, **priors):
    return Experiment(counts(n, events), priors=Priors(binary=LogitPriors(**priors)))


def test_the_pair_prior_is_that_of_its_coefficients():
    prior = PairPrior(0.3, 1.5, 1.0, 0.4)
    one, zero = np.array([0.2, -1.0]), np.array([0.7, 0.1])
    a, b = 0.4 * one[:, None] + 0.6 * zero, one[:, None] - zero
    expected = stats.norm.logpdf(a, 0.3, 1.5) + stats.norm.logpdf(b, 0.0, 1.0)
    found = prior.log(one, zero)
    np.testing.assert_allclose(found - found[0, 0], expected - expected[0, 0], atol=1e-12)
    pair = prior.coefficients(one, zero)
    np.testing.assert_allclose(pair, np.stack([0.4 * one + 0.6 * zero, one - zero], axis=-1))


def brute_force(n, events, priors, start):
    """Mean and sd of the risk difference by a sum over intercept and effect on a fine grid."""
    a, b = np.linspace(-16, 16, 3001)[:, None], np.linspace(-16, 16, 3001)
    eta = a + b * (1 - start), a - b * start
    log = stats.norm.logpdf(a, special.logit(priors["base_rate"]), priors["intercept_sd"])
    log = log + stats.norm.logpdf(b, 0, priors["treatment_sd"])
    for y, m, e in zip(events, n, eta, strict=True):
        log = log + y * e - m * np.logaddexp(0, e)
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    difference = special.expit(eta[0]) - special.expit(eta[1])
    mean = float((weights * difference).sum())
    return mean, math.sqrt(float((weights * (difference - mean) ** 2).sum()))


@pytest.mark.parametrize(
    ("n", "events", "priors"),
    [
        ((12, 9), (7, 3), {"base_rate": 0.5, "intercept_sd": 1.5, "treatment_sd": 1.0}),
        ((10, 15), (0, 15), {"base_rate": 0.2, "intercept_sd": 1.0, "treatment_sd": 2.0}),
    ],
)
def test_small_arms_agree_with_brute_force(n, events, priors):
    ((_, mean, sd),) = exact_effects(design(n, events, **priors))
    expected = brute_force(n, events, priors, n[0] / sum(n))
    assert (mean, sd) == pytest.approx(expected, rel=1e-6)


def test_a_prior_far_from_the_data_is_found():
    # The prior says 1 % with great certainty, 50 of 100 say otherwise.
    ((_, mean, sd),) = exact_effects(
        design((100, 100), (50, 50), base_rate=0.01, intercept_sd=0.05, treatment_sd=0.05)
    )
    assert abs(mean) < 1e-12
    assert 0 < sd < 0.01


def test_ten_million_people_cost_no_more_and_agree_with_the_normal_limit():
    # 1e7 people: the sd is sqrt(p q / n) in each arm and the prior says nothing.
    n, events = (5_000_000, 5_000_000), (1_600_000, 1_500_000)
    ((_, mean, sd),) = exact_effects(design(n, events))
    assert mean == pytest.approx(0.02, rel=1e-4)
    assert sd == pytest.approx(math.sqrt((0.32 * 0.68 + 0.3 * 0.7) / 5e6), rel=1e-3)


def test_the_base_rate_moves_a_small_trial():
    # Ten people say little: where work is rare a doubled logit moves the rate less.
    effects = [exact_effects(design((5, 5), (4, 3), base_rate=b))[0][1] for b in (0.05, 0.5)]
    assert abs(effects[0] - effects[1]) > 0.004


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_swapped_arms_give_the_opposite_effect(n1, n0, data):
    y1, y0 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n0))
    ((_, mean, sd),) = exact_effects(design((n1, n0), (y1, y0)))
    ((_, swapped, same),) = exact_effects(design((n0, n1), (y0, y1)))
    assert swapped == pytest.approx(-mean, abs=1e-9)
    assert same == pytest.approx(sd, abs=1e-9)


def amounts(treated, control):
    y = [np.asarray(treated, float), np.asarray(control, float)]
    table = pd.DataFrame(
        {
            "treat": [1, 0],
            "n": [len(v) for v in y],
            "wage_sum": [v.sum() for v in y],
            "wage_sum_squares": [(v**2).sum() for v in y],
            "wage_positive": [(v > 0).sum() for v in y],
            "wage_sum_log": [np.log(v[v > 0]).sum() for v in y],
        }
    )
    return Cells.from_frame(table, treatment="treat", outcomes=[WAGE])


def test_moments_are_those_of_a_four_dimensional_sum():
    # Every product of matrices is written out as one sum over a grid of four parameters.
    rng = np.random.default_rng(1)
    cells = amounts(rng.gamma(2, 3, 25), rng.gamma(2, 2, 30))
    priors = Priors(amount=HurdleGammaPriors(positive=LogitPriors(), typical_amount=5.0))
    from impactmodel.effects.designs import prepare

    model = prepare(Experiment(cells, priors=priors)).models[0]
    axes = [
        np.linspace(c - w, c + w, 41) for c, w in ((1.8, 0.9), (1.4, 0.9), (0.7, 1.6), (0.7, 1.6))
    ]
    m1, m0, k1, k0 = np.meshgrid(*axes, indexing="ij", sparse=True)
    share = 25 / 55
    sums = [(model.sums[:, model.arm == arm]).sum(axis=1) for arm in (1, 0)]
    log = sum(
        n * (np.exp(k) * (k - m) - special.gammaln(np.exp(k)))
        + (np.exp(k) - 1) * lg
        - np.exp(k - m) * s
        for (n, s, lg), m, k in zip(sums, (m1, m0), (k1, k0), strict=True)
    )
    log = log + stats.norm.logpdf(share * m1 + (1 - share) * m0, math.log(5), 1.0)
    log = log + stats.norm.logpdf(m1 - m0) + stats.norm.logpdf(share * k1 + (1 - share) * k0)
    log = log + stats.norm.logpdf(k1 - k0, 0, 0.5)
    w = np.exp(log - log.max())
    table = model.two_arms().moments(np.exp)
    for i, j in ((1, 0), (0, 1), (1, 1), (2, 0)):
        expected = float((w * np.exp(i * m1 + j * m0)).sum() / w.sum())
        # The box of the coarse grid cuts off about 1e-5 of the mass.
        assert table[i, j] == pytest.approx(expected, rel=1e-4)


def test_an_arm_without_positive_amounts_is_held_by_the_prior():
    cells = amounts([0.0, 0.0, 0.0], [5.0, 0.0, 9.0])
    ((_, mean, sd),) = exact_effects(Experiment(cells))
    assert math.isfinite(mean)
    assert sd > 0


def test_draws_have_the_exact_moments():
    rng = np.random.default_rng(2)
    cells = amounts(rng.gamma(1, 900, 80), rng.gamma(1, 700, 90) * (rng.random(90) < 0.7))
    made = Experiment(cells)
    ((_, mean, sd),) = exact_effects(made)
    drawn = fit(made, ClosedForm(seed=4, draws=40_000)).outcomes.effect().values.ravel()
    assert drawn.mean() == pytest.approx(mean, abs=4 * sd / 200)
    # The error of an sd of 40,000 nearly normal draws is sd / sqrt(80,000).
    assert drawn.std() == pytest.approx(sd, rel=4 / math.sqrt(80_000) + 0.001)


@settings(max_examples=25)
@given(st.floats(1e-6, 1e6))
def test_the_unit_of_money_does_not_matter(unit):
    rng = np.random.default_rng(3)
    one, zero = rng.gamma(1, 900, 60), rng.gamma(1, 700, 50)
    ((_, mean, sd),) = exact_effects(Experiment(amounts(one, zero)))
    ((_, scaled, scaled_sd),) = exact_effects(Experiment(amounts(one * unit, zero * unit)))
    assert (scaled / unit, scaled_sd / unit) == pytest.approx((mean, sd), rel=1e-6)

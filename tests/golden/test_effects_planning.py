"""The design stage against statsmodels, published tables and closed forms; see oracles/looks.md."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from impactmodel.effects.arms import CountedArm
from impactmodel.effects.comparison import ComparedMeans, ComparedShares
from impactmodel.effects.planning import (
    Looks,
    SoFar,
    minimum_detectable_effect,
    power,
    predictive_probability,
    sequential,
    sizes,
)
from impactmodel.effects.priors import BetaPriors


@pytest.mark.parametrize("effect", [0.0, 0.05, -0.1, 0.2])
@pytest.mark.parametrize(("treated", "comparison"), [(50, 50), (200, 100), (80, 400)])
@pytest.mark.parametrize("sides", [1, 2])
def test_power_of_shares_is_that_of_statsmodels(effect, treated, comparison, sides):
    theirs = power_proportions_2indep(
        effect,
        0.3,
        treated,
        ratio=comparison / treated,
        alternative="two-sided" if sides == 2 else "larger",
        return_results=False,
    )
    ours = power(ComparedShares(0.3, treated, comparison), effect, sides=sides)
    assert ours == pytest.approx(float(theirs), rel=1e-9)


@pytest.mark.parametrize("effect", [0.1, 0.5, -0.8])
@pytest.mark.parametrize(("treated", "comparison"), [(5, 5), (64, 64), (30, 90)])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_power_of_means_is_that_of_statsmodels(effect, treated, comparison, alpha):
    theirs = TTestIndPower().power(
        effect / 2.0, treated, alpha, ratio=comparison / treated, alternative="two-sided"
    )
    ours = power(ComparedMeans(2.0, treated, comparison), effect, alpha=alpha)
    assert ours == pytest.approx(float(theirs), rel=1e-9)


def test_smallest_effects_and_sizes_are_those_of_statsmodels():
    theirs = TTestIndPower().solve_power(None, 64, 0.05, 0.8)
    ours = minimum_detectable_effect(ComparedMeans(3.0, 64, 64))
    assert ours == pytest.approx(3.0 * float(theirs), rel=1e-6)
    n = TTestIndPower().solve_power(0.2, None, 0.05, 0.9, ratio=2.0)
    found = sizes(ComparedMeans(1.0, 2, 2), 0.2, power=0.9, ratio=2.0)
    assert (found.treated, found.comparison) == (math.ceil(n), 2 * math.ceil(n))


def test_a_hundred_people_tell_little():
    """50 against 50 at a rate of .3: the sd of a difference is about .09 (and MDE about .26)."""
    plan = ComparedShares(0.3, 50, 50)
    assert plan.standard_error(0.0) == pytest.approx(math.sqrt(2 * 0.21 / 50))
    assert round(plan.standard_error(0.0), 2) == 0.09
    rng = np.random.default_rng(1)
    drawn = rng.binomial(50, 0.3, (2, 200_000)) / 50
    assert (drawn[0] - drawn[1]).std() == pytest.approx(plan.standard_error(0.0), rel=0.01)
    assert minimum_detectable_effect(plan) == pytest.approx(2.8 * 0.095, abs=0.01)


POCOCK = {2: 2.178, 3: 2.289, 4: 2.361, 5: 2.413, 10: 2.555}
OBRIEN = {2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040, 10: 2.087}
INFLATION = {
    ("pocock", 2): (1.110, 1.100),
    ("pocock", 3): (1.166, 1.151),
    ("pocock", 5): (1.229, 1.207),
    ("pocock", 10): (1.301, 1.271),
    ("obrien_fleming", 2): (1.008, 1.007),
    ("obrien_fleming", 3): (1.017, 1.016),
    ("obrien_fleming", 5): (1.028, 1.026),
    ("obrien_fleming", 10): (1.040, 1.037),
}


@pytest.mark.parametrize("looks", sorted(POCOCK))
def test_classical_boundaries_as_published(looks):
    times = tuple(float(k) / looks for k in range(1, looks + 1))
    pocock = sequential(Looks(times, "pocock"))
    assert [round(float(c), 3) for c in pocock.critical] == [POCOCK[looks]] * looks
    obrien = sequential(Looks(times, "obrien_fleming"))
    # The table has three decimals; the last one is rounded from 2.0865 at ten looks.
    assert float(obrien.critical[-1]) == pytest.approx(OBRIEN[looks], abs=0.00051)
    assert float(obrien.critical[0]) == pytest.approx(float(obrien.critical[-1]) * looks**0.5)
    for made in (pocock, obrien):
        assert float(made.spent[-1]) == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize(("rule", "looks"), sorted(INFLATION))
def test_inflation_of_the_largest_sample_as_published(rule, looks):
    times = tuple(float(k) / looks for k in range(1, looks + 1))
    made = sequential(Looks(times, rule))
    one = sequential(Looks((1.0,)))
    found = tuple(round((made.drift(p) / one.drift(p)) ** 2, 3) for p in (0.8, 0.9))
    assert found == INFLATION[rule, looks]


def test_one_sided_boundaries_as_in_rpact():
    thirds = (1 / 3, 2 / 3, 1.0)
    made = sequential(Looks(thirds, "obrien_fleming", alpha=0.025, sides=1))
    assert made.critical == pytest.approx([3.4710914, 2.4544323, 2.0040356], abs=2e-7)
    assert made.spent == pytest.approx([0.00025917372, 0.0071600594, 0.025], abs=2e-8)


def test_spending_boundaries_as_published():
    five = (0.2, 0.4, 0.6, 0.8, 1.0)
    obrien = sequential(Looks(five)).critical
    assert obrien == pytest.approx([4.8769, 3.3569, 2.6803, 2.2898, 2.0310], abs=2e-4)
    pocock = sequential(Looks(five, "spend_pocock")).critical
    assert pocock == pytest.approx([2.4380, 2.4268, 2.4101, 2.3966, 2.3859], abs=2e-4)
    four = sequential(Looks((0.25, 0.5, 0.75, 1.0))).critical
    assert four == pytest.approx([4.3326, 2.9631, 2.3590, 2.0141], abs=1e-4)
    one_sided = sequential(Looks((0.25, 0.5, 0.75, 1.0), alpha=0.025, sides=1)).critical
    assert one_sided == pytest.approx([4.3326, 2.9631, 2.3590, 2.0141], abs=1e-4)


def test_predictive_probability_as_published():
    """Lee and Liu (2008): a single arm, so the comparison has nobody to come."""
    seen = SoFar(CountedArm("treated", 23, 16), CountedArm("none", 1, 0), 17, 0)

    def success(treated, _):
        return stats.beta.sf(0.6, 0.6 + treated, 0.4 + 40 - treated) > 0.9

    found = predictive_probability(seen, success, priors=(BetaPriors(0.6, 0.4), BetaPriors()))
    assert round(found, 4) == 0.5656
    assert round(found, 7) == 0.5655589

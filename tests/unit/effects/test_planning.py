"""The design stage: refusals, closed forms, simulations of what is promised."""

import datetime as dt
import math

import numpy as np
import pytest
from scipy import stats

from impactmodel.core.distribution import Normal
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.effects.arms import CountedArm
from impactmodel.effects.comparison import (
    Clusters,
    ComparedMeans,
    ComparedShares,
    Individuals,
    Sites,
    degrees_of_freedom,
)
from impactmodel.effects.planning import (
    Looks,
    SoFar,
    Trigger,
    assurance,
    minimum_detectable_effect,
    power,
    predictive_probability,
    predictive_probability_of_difference,
    sequential,
    sizes,
)
from impactmodel.effects.priors import BetaPriors

JOB = OutcomeMeasure("job", kind="binary", channel="employment")
PAY = OutcomeMeasure("pay", kind="amount", unit="EUR/year", channel="earnings")
YEAR = Periods(dt.date(2024, 1, 1), "year", 1)


def message(make):
    with pytest.raises(InputError) as error:
        make()
    return str(error.value)


def outcomes(effect, base, spread, measure=PAY, people=100, groups=("all",)):
    """Draws of an effect on a known base, with a variance between people in both arms."""
    base = np.broadcast_to(np.asarray(base, float), effect.shape)
    covariance = np.full((2, len(groups), 1, 1, 1, 1), spread)
    return Outcomes.from_draws(
        (base + effect)[..., None, None],
        base[..., None, None],
        measures=[measure],
        periods=YEAR,
        cohort_size=people,
        provenance=Provenance(),
        groups=groups,
        covariance=covariance,
    )


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: ComparedShares(0.0, 9, 9), "base: a share lies between 0 and 1 (seen: 0.0)"),
        (lambda: ComparedShares(0.3, 1, 9), "treated: an arm needs two people (seen: 1)"),
        (lambda: ComparedMeans(0.0, 9, 9), "sd: this must be above 0 (seen: 0.0)"),
        (
            lambda: ComparedMeans(1.0, 9, 9, treated_sd=-1.0),
            "treated_sd: this must be above 0 (seen: -1.0)",
        ),
        (lambda: Clusters(0.5, 0.1), "size: a cluster has people (seen: 0.5)"),
        (
            lambda: Clusters(20, 1.0),
            "icc: an intra-cluster correlation lies between 0 and 1 (seen: 1.0)",
        ),
        (lambda: Clusters(20, 0.1, -1.0), "cv: this must not be negative (seen: -1.0)"),
        (lambda: Sites(1), "count: there are two sites or more (seen: 1)"),
        (
            lambda: Sites(5, 1.5),
            "icc: the share of variance between sites lies between 0 and 1 (seen: 1.5)",
        ),
        (lambda: Sites(5, 0.1, -0.1), "effect_sd: this must not be negative (seen: -0.1)"),
        (
            lambda: ComparedShares(0.3, 20, 20, Clusters(20, 0.1)),
            "allotment: there are too few clusters or people to tell chance from effect; plan "
            "three clusters or more",
        ),
        (
            lambda: power(ComparedShares(0.3, 9, 9), 0.8),
            "effect: the effect leads out of [0, 1] (seen: '0.3 + 0.8')",
        ),
        (
            lambda: power(ComparedShares(0.3, 9, 9), 0.1, alpha=0.0),
            "alpha: a probability lies between 0 and 1 (seen: 0.0)",
        ),
        (
            lambda: minimum_detectable_effect(ComparedShares(0.9, 9, 9)),
            "power: no possible effect has this power (seen: 0.8); plan more people",
        ),
        (
            lambda: minimum_detectable_effect(ComparedShares(0.3, 9, 9), power=0.04),
            "power: the power is not above alpha (seen: 0.04)",
        ),
        (
            lambda: sizes(ComparedMeans(1.0, 9, 9), 0.2, ratio=0.0),
            "ratio: this must be above 0 (seen: 0.0)",
        ),
        (
            lambda: sizes(ComparedMeans(1.0, 9, 9), 0.2, fixed_treated=20),
            "fixed_treated: no number of people has this power; treat more people or more sites, "
            "or accept a larger effect",
        ),
        (
            lambda: sizes(ComparedMeans(1.0, 9, 9, Sites(4, 0.0, 0.5)), 0.2),
            "plan.allotment: no number of people has this power; treat more people or more sites, "
            "or accept a larger effect",
        ),
        (lambda: Looks((0.5, 0.4, 1.0)), "times: the times of looks rise from above 0 to 1"),
        (lambda: Looks((0.5, 0.9)), "times: the times of looks rise from above 0 to 1"),
        (lambda: Looks((1.0,), alpha=1.0), "alpha: a probability lies between 0 and 1 (seen: 1.0)"),
        (
            lambda: sequential(Looks((1.0,))).drift(0.01),
            "power: the power lies between alpha and 1 (seen: 0.01)",
        ),
        (
            lambda: SoFar(CountedArm("t", 9, 1), CountedArm("c", 9, 1), -1, 0),
            "treated_to_come: this must not be negative (seen: -1)",
        ),
        (
            lambda: predictive_probability(
                SoFar(CountedArm("t", 9, 1), CountedArm("c", 9, 1), 2, 3), lambda t, c: t - c
            ),
            "trigger: a trigger says yes or no for every final table (seen: 'float64 of shape "
            "(3, 4)')",
        ),
        (
            lambda: predictive_probability_of_difference(0.1, 0.05, 0.05, 0.1),
            "final_error: the final error is above 0 and below the error so far (seen: 0.05)",
        ),
        (
            lambda: assurance(Normal(0.1, 0.1), 100, 0.1),
            "plan: a normal prior needs a planned comparison and a threshold; give ComparedShares "
            "or ComparedMeans, and a number",
        ),
        (
            lambda: assurance(outcomes(np.zeros((200, 1)), 5.0, 1.0), 100, 0.1),
            "plan: outcomes need the size of the comparison group and a trigger; give a number of "
            "people, and a Trigger or a function of outcomes",
        ),
        (
            lambda: assurance(outcomes(np.zeros((200, 1)), 5.0, 1.0), 100, lambda _: np.ones(3)),
            "trigger: a trigger says yes or no for every draw (seen: 'float64 of shape (3,)'); "
            "return 200 booleans",
        ),
        (
            lambda: assurance(
                outcomes(np.zeros((200, 1)), 5.0, 1.0), 100, Trigger("job", at_least=0.1)
            ),
            "outcome: no such outcome (seen: 'job'); use one of pay",
        ),
    ],
)
def test_bad_input_is_refused_in_words(make, text):
    assert message(make) == text


def test_the_test_keeps_its_error_rate_and_two_sides_halve_it():
    for plan in (ComparedShares(0.3, 80, 50), ComparedMeans(2.0, 8, 12)):
        assert power(plan, 0.0) == pytest.approx(0.05, abs=1e-12)
        assert power(plan, 0.0, sides=1, alpha=0.025) == pytest.approx(0.025, abs=1e-12)
        assert power(plan, 0.1) > power(plan, 0.05)


def test_the_smallest_effect_has_the_power():
    for plan in (
        ComparedShares(0.3, 80, 50),
        ComparedMeans(2.0, 8, 12),
        ComparedMeans(2.0, 80, 120, Clusters(10, 0.05, 0.4)),
        ComparedShares(0.3, 200, 200, Sites(8, 0.1, 0.03)),
    ):
        found = minimum_detectable_effect(plan, power=0.9)
        assert power(plan, found) == pytest.approx(0.9, abs=1e-9)


def test_sizes_are_the_fewest():
    for plan, effect in (
        (ComparedShares(0.3, 2, 2), 0.1),
        (ComparedMeans(1.0, 2, 2), 0.3),
        (ComparedShares(0.3, 60, 60, Clusters(20, 0.02)), 0.1),
    ):
        found = sizes(plan, effect, ratio=1.5)
        assert found.power >= 0.8
        n = found.treated - 1
        assert power(plan.resized(n, math.ceil(1.5 * n)), effect) < 0.8
    cohort = sizes(ComparedShares(0.3, 2, 2), 0.1, fixed_treated=400)
    assert cohort.treated == 400
    smaller = ComparedShares(0.3, 400, cohort.comparison - 1)
    assert power(smaller, 0.1) < 0.8 <= cohort.power


def test_clusters_lose_what_their_means_say():
    """The error of cluster means by simulation: 40 clusters of 25, icc .1."""
    plan = ComparedMeans(1.0, 500, 500, Clusters(25, 0.1))
    assert degrees_of_freedom(plan) == 38
    rng = np.random.default_rng(2)
    site = rng.normal(0, math.sqrt(0.1), (4000, 2, 20))
    noise = rng.normal(0, math.sqrt(0.9 / 25), (4000, 2, 20))
    means = (site + noise).mean(axis=2)
    assert (means[:, 0] - means[:, 1]).std() == pytest.approx(plan.standard_error(0.0), rel=0.05)
    assert Clusters(25, 0.0).design_effect == 1.0
    # Unequal sizes cost more.
    assert Clusters(25, 0.1, 0.5).design_effect > Clusters(25, 0.1).design_effect


def test_sites_take_out_their_level_and_add_the_spread_of_effects():
    plain = ComparedMeans(1.0, 500, 500)
    within = ComparedMeans(1.0, 500, 500, Sites(10, 0.2))
    assert within.standard_error(0.0) == pytest.approx(plain.standard_error(0.0) * math.sqrt(0.8))
    spread = ComparedMeans(1.0, 500, 500, Sites(10, 0.2, 0.3))
    assert spread.standard_error(0.0) ** 2 == pytest.approx(
        within.standard_error(0.0) ** 2 + 0.09 / 10
    )
    assert (degrees_of_freedom(within), degrees_of_freedom(spread)) == (989, 9)


def test_plans_survive_their_own_text_and_say_what_they_are():
    plan = ComparedShares(0.3, 100, 200, Clusters(20, 0.05))
    assert load(ComparedShares, dump(plan)) == plan
    assert plan.allotment.text() == ("clusters of 20 are allotted, intra-cluster correlation 0.05")
    assert Individuals().text() == "people are allotted one by one"
    assert Sites(4, 0.1, 0.02).text() == "people are allotted within 4 sites, effect sd 0.02"
    looks = Looks((0.5, 1.0), "pocock")
    assert load(Looks, dump(looks)) == looks
    assert load(Trigger, dump(Trigger("job", 0.1))) == Trigger("job", 0.1)


def test_assurance_of_a_normal_prior_is_its_integral():
    """Against quadrature of the power of a one-sided threshold over the prior."""
    prior, plan, threshold = Normal(0.08, 0.05), ComparedMeans(1.0, 300, 200), 0.1
    error = plan.standard_error(0.0)
    x = np.linspace(-1, 1, 40_001)
    density = stats.norm.pdf(x, 0.08, 0.05)
    expected = np.trapezoid(density * stats.norm.sf(threshold, x, error), x)
    found = assurance(prior, plan, threshold)
    assert found.probability == pytest.approx(expected, rel=1e-8)
    assert found.without_effect == pytest.approx(stats.norm.sf(threshold / error))
    assert found.without_noise == pytest.approx(stats.norm.sf(0.4))


def test_assurance_of_draws_is_the_closed_form():
    """Normal draws of an effect on pay, measured in 300 against 200 people."""
    draws = 40_000
    effect = np.random.default_rng(3).normal(800.0, 500.0, (draws, 1))
    prior = outcomes(effect, 9000.0, 4000.0**2, people=300)
    found = assurance(prior, 200, Trigger("pay", 1000.0), seed=1)
    plan = ComparedMeans(4000.0, 300, 200)
    exact = assurance(Normal(800.0, 500.0), plan, 1000.0)
    assert found.error == pytest.approx(math.sqrt(0.4 * 0.6 / draws), rel=0.1)
    assert found.probability == pytest.approx(exact.probability, abs=4 * found.error)
    assert found.without_effect == pytest.approx(exact.without_effect, abs=4 * found.error)
    assert found.without_noise == pytest.approx(exact.without_noise, abs=4 * found.error)


def test_any_function_of_measured_outcomes_can_be_the_trigger():
    effect = np.full((5000, 1), 0.1)
    prior = outcomes(effect, 0.3, 0.21, JOB, people=150)

    def pays(measured):
        return (measured.effect().values[:, 0, 0, 0] >= 0.1) & (
            measured.level("treated", "job").values[:, 0, 0] >= 0.35
        )

    joint = assurance(prior, 150, pays, seed=1)
    alone = assurance(prior, 150, Trigger("job", 0.1), seed=1)
    assert joint.probability <= alone.probability
    assert joint.without_noise is None
    assert alone.without_noise == 1.0
    # Half of all measurements of an effect at the threshold reach it.
    assert alone.probability == pytest.approx(0.5, abs=0.06)


def test_a_relative_trigger_and_groups():
    effect = np.full((2000, 2), 1000.0)
    prior = outcomes(effect, 10_000.0, 1e-6, people=[300, 100], groups=("a", "b"))
    assert assurance(prior, 400, Trigger("pay", 0.099, "relative")).probability == 1.0
    assert assurance(prior, 400, Trigger("pay", 0.101, "relative")).probability == 0.0
    nobody = outcomes(np.zeros((200, 1)), 0.0, 0.0, JOB)
    assert assurance(nobody, 50, Trigger("job", 0.1, "relative")).probability == 0.0


def test_looks_keep_the_error_rate_in_simulated_data():
    made = sequential(Looks((0.3, 0.6, 1.0), "spend_pocock"))
    rng = np.random.default_rng(4)
    steps = np.array([0.3, 0.3, 0.4])
    n = 200_000
    for drift in (0.0, 2.5):
        scores = np.cumsum(rng.normal(drift * steps, np.sqrt(steps), (n, 3)), axis=1)
        z = scores / np.sqrt(np.cumsum(steps))
        crossed = z >= made.critical if drift else np.abs(z) >= made.critical
        by_look = np.maximum.accumulate(crossed, axis=1).mean(axis=0)
        expected = made.power(drift) if drift else made.spent
        # Four binomial errors; at a drift of 2.5 hardly anyone crosses downwards.
        band = 4 * np.sqrt(expected * (1 - expected) / n) + 1e-4
        assert (np.abs(by_look - expected) <= band).all()
    assert made.nominal == pytest.approx(2 * stats.norm.sf(made.critical))
    assert made.looks.spent(1.0) == pytest.approx(0.025)


def test_predictive_probability_weighs_every_final_table():
    """Against simulation of the posterior predictive; and certain once nobody is to come."""
    seen = SoFar(CountedArm("t", 40, 18), CountedArm("c", 30, 9), 20, 30)
    priors = (BetaPriors(2.0, 3.0), BetaPriors(1.0, 2.0))
    found = predictive_probability(seen, 0.15, priors=priors)
    rng = np.random.default_rng(5)
    n = 400_000
    t = 18 + rng.binomial(20, rng.beta(20, 25, n))
    c = 9 + rng.binomial(30, rng.beta(10, 23, n))
    simulated = (t / 60 - c / 60 >= 0.15 - 1e-12).mean()
    assert found == pytest.approx(simulated, abs=4 * math.sqrt(0.25 / n))
    over = SoFar(CountedArm("t", 60, 27), CountedArm("c", 60, 18), 0, 0)
    assert predictive_probability(over, 0.15) == 1.0


def test_predictive_probability_of_a_difference_by_simulation():
    prior = Normal(0.05, 0.04)
    found = predictive_probability_of_difference(0.12, 0.06, 0.04, 0.1, prior=prior)
    rng = np.random.default_rng(6)
    n = 400_000
    precision = 0.06**-2 + 0.04**-2
    mean = (0.12 / 0.06**2 + 0.05 / 0.04**2) / precision
    effect = rng.normal(mean, precision**-0.5, n)
    # The rest has the information that is missing.
    rest = rng.normal(effect, (0.04**-2 - 0.06**-2) ** -0.5)
    share = (0.04 / 0.06) ** 2
    final = share * 0.12 + (1 - share) * rest
    assert found == pytest.approx((final >= 0.1).mean(), abs=4 * math.sqrt(0.25 / n))
    flat = predictive_probability_of_difference(0.12, 0.06, 0.04, 0.1)
    wide = predictive_probability_of_difference(0.12, 0.06, 0.04, 0.1, prior=Normal(0, 1e4))
    assert flat == pytest.approx(wide, rel=1e-6)


def test_a_contracts_payment_can_be_the_trigger(tmp_path):
    """A contract pays from 5 points; its own payment on measured outcomes is the condition."""
    from impactmodel import contract
    from impactmodel.contract import OutcomesContract

    path = tmp_path / "contract.yaml"
    path.write_text(
        "name: jobs\ncurrency: EUR\nstart: 2024-01-01\nend: 2026-12-31\npopulation: assigned\n"
        "evaluation: {comparison_size: 400, lag_months: 0, estimator: difference_in_means}\n"
        "clauses:\n"
        "  - name: additional_jobs\n    outcome: job\n    basis: {type: measured_impact}\n"
        "    payment: {type: steps, scale: per_person, table: [[0.05, 1000]]}\n    payer: state\n",
        encoding="utf-8",
    )
    terms = OutcomesContract.from_yaml(path)
    effect = np.random.default_rng(8).normal(0.06, 0.04, (4000, 1))
    prior = outcomes(np.clip(effect, -0.2, 0.3), 0.3, 0.21, JOB, people=300)

    def pays(measured):
        return contract.payments(terms, measured, view="expected").total() > 0

    by_contract = assurance(prior, 400, pays, seed=2)
    by_threshold = assurance(prior, 400, Trigger("job", 0.05), seed=2)
    # The same measurements, the same threshold.
    assert by_contract.probability == pytest.approx(by_threshold.probability, abs=1e-12)
    assert by_contract.without_effect == pytest.approx(by_threshold.without_effect, abs=1e-12)
    assert 0.05 < by_contract.without_effect < by_contract.probability < 0.9

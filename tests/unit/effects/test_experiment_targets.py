"""Population, realised cohort and new cohort against closed forms, and each apart from the others.

Monte Carlo tolerances are four errors; the error of a variance of n draws is variance x sqrt(2/n).
"""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.effects import (
    BetaPriors,
    ClosedForm,
    CohortPart,
    Experiment,
    ExperimentChoice,
    GaussianPriors,
    MissingShift,
    NewCohort,
    Population,
    Priors,
    RealisedCohort,
    TargetLevel,
    exact_effects,
    fit,
    prior_outcomes,
)
from impactmodel.effects.designs import prepare
from impactmodel.evidence import Cells, Cohort, RepeatedMeasure

JOB = OutcomeMeasure("job", kind="binary", channel="employment")
SCORE = OutcomeMeasure("score", kind="index")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year")
FLAT = Priors(binary=BetaPriors(2.0, 3.0))
DRAWS = 20_000
EVERYBODY, TREATED = RealisedCohort(), RealisedCohort("treated")


def trial(n=(40, 60), jobs=(25, 24)):
    """Cells of a small trial: (treated, comparison)."""
    table = pd.DataFrame({"t": [1, 0], "n": n, "job_sum": jobs})
    return Cells.from_frame(table, treatment="t", outcomes=[JOB])


def people(n=240, seed=2):
    rng = np.random.default_rng(seed)
    t, age, site = np.arange(n) % 2, rng.integers(0, 3, n) * 10.0 + 20, (np.arange(n) // 2) % 4
    p = expit(-0.3 + 0.6 * t + 0.03 * (age - 30) + 0.3 * (site - 1.5))
    return pd.DataFrame(
        {
            "t": t,
            "age": age,
            "site": [f"s{i}" for i in site],
            "job": rng.binomial(1, p),
            "score": rng.normal(2.0 + 0.5 * t, 1.0 + t),
            "wage": rng.binomial(1, p) * rng.gamma(2.0, 900.0, n),
        }
    )


def read(*outcomes, table=None, **more):
    table = people() if table is None else table
    return Cohort.from_frame(table, treatment="t", outcomes=list(outcomes), **more)


def drawn(evidence, target, priors=FLAT, **more):
    design = Experiment(evidence, priors=priors, target=target, **more)
    return fit(design, ClosedForm(seed=1, draws=DRAWS)).outcomes


def arm(outcomes, name, outcome="job"):
    return outcomes.level(name, outcome).values.ravel()


def assert_distributed(counts, law):
    """Draws of a count follow a law: their distribution function within four errors everywhere."""
    grid = np.arange(law.support()[0], law.support()[1] + 1)
    below = (np.round(counts)[:, None] <= grid).mean(axis=0)
    cdf = law.cdf(grid)
    assert (np.abs(below - cdf) <= 4 * np.sqrt(cdf * (1 - cdf) / DRAWS) + 1e-9).all()


def test_what_was_not_seen_of_everybody_is_beta_binomial():
    found = drawn(trial(), EVERYBODY)
    assert_distributed(100 * arm(found, "treated") - 25, stats.betabinom(60, 2 + 25, 3 + 15))
    assert_distributed(100 * arm(found, "counterfactual") - 24, stats.betabinom(40, 2 + 24, 3 + 36))
    effect = found.effect().values.ravel()
    one, zero = stats.betabinom(60, 27, 18), stats.betabinom(40, 26, 39)
    mean = (25 + one.mean() - 24 - zero.mean()) / 100
    variance = (one.var() + zero.var()) / 100**2
    assert effect.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / DRAWS))
    assert effect.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / DRAWS))


def test_what_the_treated_had_is_fixed_and_the_rest_beta_binomial():
    found = drawn(trial(), TREATED)
    assert set(arm(found, "treated")) == {25 / 40}
    assert_distributed(40 * arm(found, "counterfactual"), stats.betabinom(40, 26, 39))


def test_people_who_were_not_seen_are_drawn_in_both_arms():
    table = pd.DataFrame(
        {"t": [1] * 40 + [0] * 60, "job": ([1] * 25 + [0] * 15) + [1] * 24 + [0] * 36}
    )
    table.loc[[0, 1, 2, 30, 50, 90], "job"] = np.nan  # of jobs: three treated, one in comparison
    evidence = read(JOB, table=table, missing_outcomes=True)
    found = drawn(evidence, EVERYBODY)
    assert_distributed(100 * arm(found, "treated") - 22, stats.betabinom(64, 2 + 22, 3 + 14))
    assert_distributed(100 * arm(found, "counterfactual") - 23, stats.betabinom(42, 2 + 23, 3 + 35))
    shifted = drawn(evidence, EVERYBODY, missing=(MissingShift("job", treated=-0.5),))
    moved = arm(shifted, "treated") - arm(found, "treated")
    np.testing.assert_allclose(moved, -0.5 * 4 / 40)


def test_the_variance_is_neymans_and_that_of_the_population_his_bound():
    table = people(500)
    table["t"] = np.arange(500) % 5 < 2
    cohort = read(SCORE, table=table)
    # Priors so wide that they weigh less than a hundredth of a person.
    priors = Priors(number=GaussianPriors(intercept_sd=100.0, treatment_sd=100.0, spread_sd=10.0,
                                          spread_treatment_sd=10.0))  # fmt: skip
    s1, s0 = (table.loc[table["t"] == t, "score"].var() for t in (1, 0))
    n1, n0 = 200, 300
    # Of independent potential outcomes the variance of the effects is s1 + s0.
    finite = s1 / n1 + s0 / n0 - (s1 + s0) / 500
    # The posterior is Student's: n - 1 degrees of freedom add a hundredth.
    for target, variance in ((EVERYBODY, finite), (Population(), s1 / n1 + s0 / n0)):
        effect = drawn(cohort, target, priors).effect().values
        assert effect.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / DRAWS) + 0.01)
    treated = drawn(cohort, TREATED, priors).effect().values
    assert treated.var() == pytest.approx(s0 / n0 + s0 / n1, rel=4 * np.sqrt(2 / DRAWS) + 0.01)


def test_sums_of_amounts_have_the_moments_of_people_drawn_one_by_one():
    model = prepare(Experiment(read(WAGE))).models[0]
    one = {name: values[:1] for name, values in model.exact(100, np.random.default_rng(1)).items()}
    many = {name: np.repeat(values, DRAWS, axis=0) for name, values in one.items()}
    levels = model.levels(one)
    for place in (0, 1):
        total = model.totals(many, np.array([30.0]), place, np.random.default_rng(3))[:, 0]
        mean, variance = (30 * part[place, 0, 0] for part in (levels.mean, levels.variance))
        assert total.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / DRAWS))
        # Sums of thirty skewed amounts: the error of a variance is larger than a normal one's.
        assert total.var() == pytest.approx(variance, rel=6 * np.sqrt(2 / DRAWS))
    assert (model.totals(many, np.array([0.0]), 0, np.random.default_rng(3)) == 0).all()


def test_a_realised_amount_keeps_what_the_treated_earned():
    table = people()
    found = drawn(read(WAGE, table=table), TREATED)
    seen = table.loc[table["t"] == 1, "wage"].mean()
    np.testing.assert_allclose(arm(found, "treated", "wage"), seen)
    assert arm(found, "counterfactual", "wage").std() > 0


def test_a_realised_cohort_has_no_further_spread_and_its_prior_sees_no_outcome():
    design = Experiment(trial(), priors=FLAT, target=EVERYBODY)
    found = fit(design, ClosedForm(seed=1)).outcomes
    with pytest.raises(InputError, match="a measured view needs the spread of outcomes"):
        found.measured(60, seed=1)
    before = prior_outcomes(design, draws=500, seed=3)
    people_like_them = dataclasses.replace(design, target=Population())
    same = prior_outcomes(people_like_them, draws=500, seed=3)
    np.testing.assert_array_equal(before.effect().values, same.effect().values)
    with pytest.raises(InputError, match="there are no exact moments of a realised cohort"):
        exact_effects(design)


def test_the_record_says_whose_effect_it_is():
    said = {}
    for target in (Population(), EVERYBODY, TREATED, NewCohort(50)):
        record = drawn(trial(), target).provenance
        said[record.estimand] = record.assumptions
    assert list(said) == [
        "ITT",
        "ITT, effect in the realised cohort (everybody)",
        "ITT, effect in the realised cohort (treated)",
        "ITT, effect in a new cohort (predictive)",
    ]
    fixed = "what was seen is fixed, what was not is drawn for each person"
    assert [any(fixed in line for line in lines) for lines in said.values()] == [
        False, True, True, False
    ]  # fmt: skip


def test_a_new_cohort_of_the_same_people_differs_in_its_size_only():
    new, old = drawn(trial(), NewCohort(75)), drawn(trial(), Population())
    np.testing.assert_array_equal(new.effect().values, old.effect().values)
    assert (float(new.cohort_size[0, 0]), float(old.cohort_size[0, 0])) == (75, 40)
    assert exact_effects(Experiment(trial(), target=NewCohort(75))) == exact_effects(
        Experiment(trial())
    )


def test_every_period_of_a_realised_cohort_is_completed():
    table = people().assign(later=lambda d: (d["job"] + d["t"]) // 2)
    twice = RepeatedMeasure(JOB, ("job", "later"))
    years = Periods(dt.date(2020, 1, 1), "year", 2)
    found = drawn(read(twice, table=table), TREATED, periods=years)
    seen = table.loc[table["t"] == 1, ["job", "later"]].mean()
    treated = found.level("treated", "job").values[:, 0]
    np.testing.assert_allclose(treated, np.broadcast_to(seen, treated.shape))
    assert found.effect().values[:, 0, 0].std(axis=0).min() > 0


SITES = (CohortPart(0.3, {"age": 25.0}, "s1"), CohortPart(0.2, {"age": 40.0}, "s1"),
         CohortPart(0.5, {"age": 40.0}))  # fmt: skip
POOLED = {"adjust": True, "pool_groups": True}


@pytest.fixture(scope="module")
def parameters():
    """Any draws of a model with a covariate and pooled groups: here those of its priors."""
    cohort = read(JOB, covariates=["age"], group="site")
    (model,) = prepare(Experiment(cohort, **POOLED)).models
    return cohort, model.prior(2000, np.random.default_rng(1))


def levels(parameters, target):
    cohort, values = parameters
    ready = prepare(Experiment(cohort, target=target, **POOLED))
    return ready, ready.models[0].levels(values).mean


def test_a_new_cohort_is_computed_at_its_own_covariates_and_groups(parameters):
    ready, found = levels(parameters, NewCohort(200, parts=SITES))
    assert ready.groups == ("s1", "new group")
    assert ready.cohort_size.tolist() == [100, 100]
    cohort, values = parameters
    age = cohort.x[:, 0]
    beta, own = values["job_beta"], values["job_group"][:, 1]
    for place, treated in enumerate((1, 0)):
        eta = own[:, 0] + own[:, 1] * (treated - 0.5)
        at = [expit(eta + beta[:, 2] * (a - age.mean()) / age.std(ddof=1)) for a in (25.0, 40.0)]
        np.testing.assert_allclose(found[place, :, 0], 0.6 * at[0] + 0.4 * at[1])


def test_a_new_group_carries_the_spread_between_groups(parameters):
    """On the logit scale: variance of the mean of groups, and mean of the variance of groups."""
    _, values = parameters
    _, found = levels(parameters, NewCohort(200, parts=(CohortPart(1.0, {"age": 30.0}),)))
    age = parameters[0].x[:, 0]
    beta, sd = values["job_beta"], values["job_group_sd"]
    centre = beta[:, 0] + beta[:, 2] * (30.0 - age.mean()) / age.std(ddof=1)
    logits = np.log(found[:, :, 0] / (1 - found[:, :, 0]))
    for drawn_, mean, spread in (
        (logits[0] - logits[1], beta[:, 1], sd[:, 1]),
        (logits.mean(axis=0), centre, sd[:, 0]),
    ):
        noise = drawn_ - mean
        assert noise.mean() == pytest.approx(0, abs=4 * noise.std() / np.sqrt(len(noise)))
        # Spreads vary from draw to draw: the error comes from the fourth moment.
        error = np.sqrt(np.var(noise**2) / len(noise))
        assert (noise**2).mean() == pytest.approx((spread**2).mean(), abs=4 * error)
    _, known = levels(parameters, Population())
    assert (found[0] - found[1]).std() > (known[0] - known[1]).mean(axis=1).std()


def test_realised_groups_keep_what_was_seen_of_them(parameters):
    ready, found = levels(parameters, TREATED)
    table = people()
    seen = table[table["t"] == 1].groupby("site")["job"].mean()
    np.testing.assert_allclose(found[0], np.broadcast_to(seen, found[0].shape))
    assert ready.groups == ("s0", "s1", "s2", "s3")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: NewCohort(5, parts=(CohortPart(0.5),)), "the parts' shares do not sum to 1"),
        (lambda: CohortPart(0.0), "share: a share lies between 0 and 1"),
        (
            lambda: drawn(trial(), NewCohort(5, (TargetLevel("job", 0.3),))),
            "target.levels: this is for published studies, an experiment has its levels",
        ),
        (
            lambda: drawn(trial(), NewCohort(5, outside="cap")),
            "target.outside: this is for published studies",
        ),
        (
            lambda: drawn(trial(), NewCohort(5, parts=(CohortPart(1.0, {"age": 30.0}),))),
            "target.parts[0].covariates.age: the analysis has no such covariate; give every",
        ),
        (
            lambda: drawn(trial(), NewCohort(5, parts=(CohortPart(1.0, group="s1"),))),
            "target.parts[0].group: groups are merged here (seen: 's1'); pool them",
        ),
    ],
)
def test_cohorts_that_cannot_be_are_refused(make, text):
    with pytest.raises(InputError) as error:
        make()
    assert text in str(error.value)


def test_parts_of_a_pooled_cohort_name_every_covariate_and_known_groups():
    cohort = read(JOB, covariates=["age"], group="site")
    for part, text in (
        (CohortPart(1.0), "target.parts[0].covariates.age: this covariate has no value"),
        (CohortPart(1.0, {"age": 30.0}, "s9"), "use s0, s1, s2, s3, or leave it out for a group"),
    ):
        with pytest.raises(InputError) as error:
            prepare(Experiment(cohort, target=NewCohort(5, parts=(part,)), **POOLED))
        assert text in str(error.value)
    choice = ExperimentChoice(target=RealisedCohort("treated"))
    assert load(ExperimentChoice, dump(choice)).design(cohort).target == TREATED
    assert load(NewCohort, dump(NewCohort(200, parts=SITES))) == NewCohort(200, parts=SITES)

"""Checks of priors: conflict with the data, and how much they decide."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from impactmodel import datasets
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.effects import (
    BetaPriors,
    ClosedForm,
    Experiment,
    GaussianPriors,
    LogitPriors,
    NewCohort,
    Population,
    Priors,
    RealisedCohort,
    Sampler,
    exact_effects,
    fit,
    least_squares,
)
from impactmodel.effects.experiment_priors import (
    experiment_prior_conflict,
    experiment_prior_sensitivity,
    power_scaled_experiment,
)
from impactmodel.effects.prior_checks import (
    Answer,
    power_scaled,
    prior_data_conflict,
    prior_sensitivity,
    two_sided,
)
from impactmodel.evidence import Cells, Cohort, RepeatedMeasure

EMPLOYED = OutcomeMeasure("employed", kind="binary", channel="employment")
RE78 = OutcomeMeasure("re78", kind="amount", unit="USD/year", channel="earnings")
JOB = OutcomeMeasure("job", kind="binary")


def nsw(*outcomes, **more):
    return Cohort.from_frame(datasets.load("nsw"), treatment="treat", outcomes=outcomes, **more)


def counts(treated, comparison, people=50):
    table = pd.DataFrame({"treat": [1, 0], "n": [people, people], "job_sum": [treated, comparison]})
    return Cells.from_frame(table, treatment="treat", outcomes=[JOB])


def logit(sd):
    return Priors(binary=LogitPriors(treatment_sd=sd))


def test_the_priors_share_of_the_published_answer():
    """NSW: N(0, 1) gives .1059, N(0, .5) shrinks it to .094."""
    (check,) = experiment_prior_sensitivity(Experiment(nsw(EMPLOYED)))
    rows = {row[0]: row[1] for row in check.table[1:]}
    assert round(rows["as used"], 4) == 0.1059
    assert round(rows["effect's prior sd times 0.5"], 3) == 0.094
    assert check.passed
    shift = (rows["as used"] - rows["effect's prior sd times 0.5"]) / check.table[1][2]
    assert f"{shift:.2f} posterior sds" in check.text


def test_a_prior_that_decides_the_answer_is_said_to():
    (check,) = experiment_prior_sensitivity(Experiment(counts(25, 10), priors=logit(0.25)))
    assert check.passed is False
    (enough,) = experiment_prior_sensitivity(
        Experiment(counts(25_000, 10_000, 50_000), priors=logit(1.0))
    )
    assert enough.passed


def test_beta_priors_and_amounts_are_scaled_too():
    beta = Experiment(nsw(EMPLOYED), priors=Priors(binary=BetaPriors(2.0, 2.0)))
    (check,) = experiment_prior_sensitivity(beta)
    wide = Priors(binary=BetaPriors(0.5, 0.5))
    ((_, mean, sd),) = exact_effects(Experiment(nsw(EMPLOYED), priors=wide))
    assert check.table[3][1:] == pytest.approx((mean, sd))
    found = experiment_prior_sensitivity(Experiment(nsw(RE78)))[0]
    means = [row[1] for row in found.table[1:]]
    assert means[1] < means[0] < means[2]


def test_designs_without_a_closed_form_are_refused():
    design = Experiment(nsw(EMPLOYED, covariates=["age"]), adjust=True)
    with pytest.raises(InputError) as error:
        experiment_prior_sensitivity(design)
    assert str(error.value) == (
        "there is no closed form: the model adjusts for covariates; use fit with a Sampler"
    )
    beta = Experiment(nsw(EMPLOYED), priors=Priors(binary=BetaPriors()))
    with pytest.raises(InputError) as error:
        power_scaled_experiment(beta, fit(beta))
    assert str(error.value) == (
        "the model of 'employed' has no treatment coefficient; use experiment_prior_sensitivity"
    )


def test_a_sceptical_prior_conflicts_with_a_large_effect():
    large = counts(400, 200, 1000)
    (conflict,) = experiment_prior_conflict(Experiment(large, priors=logit(0.02)))
    assert conflict.passed is False
    assert conflict.text.startswith("effect on 'job': two-sided prior predictive probability 0.00")
    (agree,) = experiment_prior_conflict(Experiment(large, priors=logit(1.0)))
    assert agree.passed
    both = experiment_prior_conflict(Experiment(nsw(EMPLOYED, RE78)))
    assert [c.passed for c in both] == [True, True]


def test_conflict_is_rare_where_the_prior_is_right():
    """False alarms at the limit of .005: 400 data sets from the prior."""
    rng = np.random.default_rng(1)
    failed = 0
    for _ in range(400):
        effect = rng.normal(0.0, 1.0)
        observed = effect + rng.normal(0.0, 0.5)
        replicated = rng.normal(0.0, math.hypot(1.0, 0.5), 4000)
        failed += prior_data_conflict("x", observed, replicated).passed is False
    # Expected 2; P(> 8) is below one in a thousand.
    assert failed <= 8


def test_power_scaling_of_a_normal_model_is_its_closed_form():
    """Prior N(0, 1) and one observation 1 with sd 1: N(.5, .5); power 2 is prior N(0, 1/2)."""
    theta = stats.norm(0.5, math.sqrt(0.5)).ppf((np.arange(100_000) + 0.5) / 100_000)
    check = power_scaled("x", theta, -0.5 * theta**2)
    rows = {row[0]: row[1:] for row in check.table[1:]}
    assert rows["power 2"] == pytest.approx((1 / 3, math.sqrt(1 / 3)), abs=2e-3)
    assert rows["power 0.5"] == pytest.approx((2 / 3, math.sqrt(2 / 3)), abs=5e-3)
    assert check.passed
    tight = power_scaled("x", theta, -0.5 * theta**2, limit=0.1)
    assert tight.passed is False


def test_power_scaling_says_when_draws_do_not_reach():
    theta = np.linspace(-3, 3, 1000)
    check = power_scaled("x", theta, -0.5 * (theta / 0.01) ** 2)
    assert check.passed is None
    assert "too few draws under other priors to judge" in check.text
    with pytest.raises(InputError) as error:
        power_scaled("x", theta, theta[:5])
    assert str(error.value) == "log_prior: each draw needs its log prior (seen: '(5,)')"


def test_power_scaling_of_an_experiment_agrees_with_fitting_anew():
    design = Experiment(nsw(EMPLOYED))
    found = fit(design, ClosedForm(seed=1, draws=40_000))
    (check,) = power_scaled_experiment(design, found)
    rows = {row[0]: row[1:] for row in check.table[1:]}
    for power, label in ((0.5, "power 0.5"), (2.0, "power 2")):
        # A normal prior to a power is one with its sd over the root of the power.
        priors = logit(1 / math.sqrt(power))
        ((_, mean, sd),) = exact_effects(Experiment(nsw(EMPLOYED), priors=priors))
        assert rows[label] == pytest.approx((mean, sd), abs=4 * sd / math.sqrt(30_000))


@pytest.mark.sampler
def test_power_scaling_works_with_covariates():
    design = Experiment(nsw(EMPLOYED, RE78, covariates=["age", "educ"]), adjust=True)
    found = fit(design, Sampler(seed=1, chains=2, draws=500, tune=500))
    checks = power_scaled_experiment(design, found)
    assert [c.name for c in checks] == [
        "prior sensitivity: effect on 'employed'",
        "prior sensitivity: effect on 're78'",
    ]
    assert all(c.passed for c in checks)


def test_small_pieces():
    assert two_sided(5.0, np.zeros(10)) == 0.0
    assert two_sided(0.0, np.zeros(10)) == 1.0
    with pytest.raises(InputError) as error:
        prior_sensitivity("x", [Answer("a", 0.0, 1.0)])
    assert str(error.value) == "answers: a comparison of priors needs two or more"


def test_priors_of_scores_are_scaled_and_their_sensitivity_is_that_of_a_normal_mean():
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"treat": np.arange(2000) % 2, "score": rng.normal(size=2000)})
    table["score"] += 0.1 * table["treat"]
    score = OutcomeMeasure("score", kind="index")
    cohort = Cohort.from_frame(table, treatment="treat", outcomes=[score])
    priors = Priors(number=GaussianPriors(treatment_sd=0.04))
    (check,) = experiment_prior_sensitivity(Experiment(cohort, priors=priors))
    means = [row[1] for row in check.table[1:]]
    assert means[1] < means[0] < means[2]
    sd = table["score"].std(ddof=0)
    s2 = sum(part["score"].var() / 1000 for _, part in table.groupby("treat"))
    gap = table.groupby("treat")["score"].mean().diff().iloc[1]
    for scale, mean in zip((0.04, 0.02, 0.08), means, strict=True):
        shrunk = gap / (1 + s2 / (scale * sd) ** 2)
        # Of 2,000 people the variance is as good as known.
        assert mean == pytest.approx(shrunk, rel=0.01)
    design = Experiment(cohort, priors=priors)
    (power,) = power_scaled_experiment(design, fit(design, ClosedForm(seed=1, draws=40_000)))
    rows = {row[0]: row[1] for row in power.table[1:]}
    half, double = (gap / (1 + p * s2 / (0.04 * sd) ** 2) for p in (0.5, 2.0))
    assert rows["power 0.5"] == pytest.approx(half, rel=0.01)
    assert rows["power 2"] == pytest.approx(double, rel=0.01)


def test_checks_of_priors_work_with_missing_outcomes_periods_and_targets():
    table = datasets.load("nsw").assign(later=lambda d: d["employed"] * (d["age"] > 20))
    table["later"] = table["later"].where(table["age"] < 40)
    twice = RepeatedMeasure(EMPLOYED, ("employed", "later"))
    cohort = Cohort.from_frame(table, treatment="treat", outcomes=[twice], missing_outcomes=True)
    years = Periods(dt.date(1978, 1, 1), "year", 2)
    for target in (Population(), RealisedCohort(), NewCohort(50)):
        design = Experiment(cohort, periods=years, target=target)
        for checks in (
            experiment_prior_conflict(design),
            experiment_prior_sensitivity(design),
            power_scaled_experiment(design, fit(design, ClosedForm(seed=1))),
        ):
            assert [check.passed for check in checks] == [True, True]
            assert "'employed'" in checks[0].name
            assert "'later'" in checks[1].name
    seen = table.dropna()
    gap = seen.groupby("treat")["later"].mean().diff().iloc[1]
    assert least_squares(design)[1].effect == pytest.approx(gap)
    assert least_squares(design)[1].people == len(seen)

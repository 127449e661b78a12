"""Groups that are estimated apart: each is what its people alone give."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import (
    BetaPriors,
    CohortPart,
    Experiment,
    ExperimentChoice,
    NewCohort,
    Priors,
    RealisedCohort,
    Sampler,
    build_model,
    default_method,
    exact_effects,
    fit,
)
from impactmodel.evidence import Cells, Cohort

JOB = OutcomeMeasure("job", kind="binary")
DAYS = OutcomeMeasure("days", kind="days")
COUNTS = {("a", 1): (80, 50), ("a", 0): (90, 40), ("b", 1): (30, 9), ("b", 0): (25, 10)}


def counts(only=("a", "b")):
    rows = [
        {"t": arm, "site": site, "n": n, "job_sum": y}
        for (site, arm), (n, y) in COUNTS.items()
        if site in only
    ]
    return Cells.from_frame(pd.DataFrame(rows), treatment="t", outcomes=[JOB], group="site")


def people(size=1800, seed=3):
    rng = np.random.default_rng(seed)
    site, t = np.arange(size) % 3, np.arange(size) // 3 % 2
    job = (rng.random(size) < 0.3 + 0.1 * t + 0.15 * (site == 1)).astype(int)
    days = np.maximum(rng.normal(100 + 60 * job + 8 * t, 20 + 10 * site), 0)
    # In the third site days say nothing of jobs.
    days = np.where(site == 2, np.maximum(rng.normal(120 + 8 * t, 40), 0), days)
    names = np.array(["north", "south", "west"])[site]
    return pd.DataFrame({"t": t, "site": names, "job": job, "days": days})


def cohort(table=None):
    table = people() if table is None else table
    return Cohort.from_frame(table, treatment="t", outcomes=[JOB, DAYS], group="site")


def message(make):
    with pytest.raises(InputError) as error:
        make()
    return str(error.value)


def test_two_proportions_with_beta_priors_are_beta_binomial_in_each_group():
    design = Experiment(counts(), separate_groups=True, priors=Priors(binary=BetaPriors()))
    found = fit(design)
    assert found.diagnostics.passed
    assert found.outcomes.cohort_size.values[0].tolist() == [80, 30]
    effect = found.outcomes.effect().values[:, :, 0, 0]
    for place, site in enumerate("ab"):
        arms = [stats.beta(1 + y, 1 + n - y) for n, y in (COUNTS[site, 1], COUNTS[site, 0])]
        mean, sd = arms[0].mean() - arms[1].mean(), np.hypot(arms[0].std(), arms[1].std())
        # Four standard errors of a mean, and of an sd, of 4,000 independent draws.
        assert effect[:, place].mean() == pytest.approx(mean, abs=4 * sd / 4000**0.5)
        assert effect[:, place].std() == pytest.approx(sd, rel=4 / 8000**0.5)
    assert abs(np.corrcoef(effect.T)[0, 1]) < 4 / 4000**0.5


def test_the_whole_is_the_groups_by_their_treated_people():
    priors = Priors(binary=BetaPriors())
    ((_, mean, sd),) = exact_effects(Experiment(counts(), separate_groups=True, priors=priors))
    ((_, a, sa),) = exact_effects(Experiment(counts("a"), priors=priors))
    ((_, b, sb),) = exact_effects(Experiment(counts("b"), priors=priors))
    assert mean == pytest.approx((80 * a + 30 * b) / 110, rel=1e-12)
    assert sd == pytest.approx(np.hypot(80 * sa, 30 * sb) / 110, rel=1e-12)


def test_means_are_those_of_welch_in_each_group():
    table = people()
    effect = fit(Experiment(cohort(table), separate_groups=True)).outcomes.effect()
    for site, rows in table.groupby("site"):
        one, zero = (rows.loc[rows["t"] == arm, "days"] for arm in (1, 0))
        error = np.sqrt(one.var() / len(one) + zero.var() / len(zero))
        drawn = effect.sel(group=site, outcome="days").values.ravel()
        # The prior (one sd of everybody) draws by a hundredth of the error at 300 people an arm.
        assert drawn.mean() == pytest.approx(one.mean() - zero.mean(), abs=0.1 * error)
        assert drawn.std() == pytest.approx(error, rel=0.05)


def test_outcomes_of_one_person_go_together_within_each_group():
    table = people()
    found = fit(Experiment(cohort(table), separate_groups=True)).outcomes
    within = {}
    for site, rows in table.groupby("site"):
        treated = rows[rows["t"] == 1]
        seen = np.corrcoef(treated["job"], treated["days"])[0, 1]
        pair = found.dataset["treated"].sel(group=site).values[..., 0]
        # A rank correlation of 4,000 draws, against that of the arm.
        assert np.corrcoef(pair.T)[0, 1] == pytest.approx(seen, abs=0.06)
        spread = found.dataset["covariance"].sel(group=site).isel(arm=0).mean("draw").values
        matrix = spread[:, 0, :, 0]
        assert matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1]) == pytest.approx(seen, abs=0.02)
        within[site] = seen
    assert within["north"] > 0.6
    assert abs(within["west"]) < 0.15
    assert found.measured(600, seed=1).effect().shape == (4000, 3, 2, 1)


def test_each_target_works_by_group():
    own = fit(Experiment(cohort(), separate_groups=True)).outcomes.effect().std("draw")
    here = fit(Experiment(cohort(), separate_groups=True, target=RealisedCohort())).outcomes
    # Neyman: half of everybody is seen in each arm, so the variance of the effect among these very
    # people is half that of the population.
    ratio = here.effect().std("draw").sel(outcome="job") / own.sel(outcome="job")
    assert ratio.values.ravel() == pytest.approx([0.5**0.5] * 3, rel=0.05)
    parts = (CohortPart(0.25, group="west"), CohortPart(0.75, group="north"))
    new = fit(Experiment(cohort(), separate_groups=True, target=NewCohort(200, parts=parts)))
    assert new.outcomes.dataset["group"].values.tolist() == ["north", "west"]
    assert new.outcomes.cohort_size.values[0].tolist() == [150, 50]


def test_what_is_assumed_is_said():
    said = fit(Experiment(counts(), separate_groups=True)).outcomes.provenance.assumptions
    assert said[0].endswith("treatment N(0, 1); in each group by itself")
    assert said[1] == (
        "the 2 groups are estimated apart, each from its own people: small groups are noisy, and "
        "the best and the worst of several are so in part by chance (smallest arm: 25 people, in b)"
    )
    assert not any("merged" in text for text in said)


def test_with_covariates_the_groups_stand_side_by_side_in_one_model():
    rows = people().assign(age=lambda d: np.arange(len(d)) % 7)
    seen = Cohort.from_frame(rows, treatment="t", outcomes=[JOB], covariates=["age"], group="site")
    design = Experiment(seen, separate_groups=True, adjust=True)
    assert isinstance(default_method(design), Sampler)
    names = [rv.name for rv in build_model(design).free_RVs]
    assert names == [f"group{n}::job_beta" for n in range(3)]


def test_what_cannot_be_is_refused_in_words():
    assert message(lambda: Experiment(counts(), pool_groups=True, separate_groups=True)) == (
        "separate_groups: groups are pooled or separate, not both; keep one"
    )
    assert message(lambda: fit(Experiment(counts("a"), separate_groups=True))) == (
        "separate_groups: there is one group only, nothing to tell apart; name the column of "
        "groups in the evidence, or leave this out"
    )
    assert "say nothing of a group outside the evidence" in message(
        lambda: Experiment(counts(), separate_groups=True, target=NewCohort(100))
    )
    table = people().query("site != 'west' or t == 1")
    assert "nobody in group 'west' is in comparison" in message(
        lambda: fit(Experiment(cohort(table), separate_groups=True))
    )
    table = people().query("site != 'west' or index < 120")
    assert message(lambda: fit(Experiment(cohort(table), separate_groups=True))) == (
        "outcomes: an arm has too few people for a normal model of 'days' in 'west' (seen: '20 "
        "people'); give at least 30, or a binary outcome"
    )


def test_a_sampler_is_never_asked_for_chains_too_short_to_agree():
    # At 500 draws a chain the spread between four groups has some 500 effective draws, and R-hat
    # passes 1.01 by chance; at 1,000 it stays below 1.006.
    design = Experiment(counts(), pool_groups=True)
    assert default_method(design, draws=2000) == Sampler(draws=1000)
    assert default_method(design, draws=10_001) == Sampler(draws=2501)


def test_the_choice_of_a_case_passes_it_on():
    made = ExperimentChoice(separate_groups=True).design(counts())
    assert made.separate_groups
    assert made.by_group

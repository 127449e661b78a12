"""What a matched comparison refuses, freezes, checks and leaves unchanged."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError, JoinError, NotIdentifiedError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.effects import ClosedForm, Sampler, build_model, fit, prior_outcomes
from impactmodel.effects.candidates import Candidates
from impactmodel.effects.design_stage import design_stage
from impactmodel.effects.matched_comparison import MatchedComparison, doubly_robust
from impactmodel.effects.sensitivity import (
    BenchmarkBias,
    BiasPrior,
    Regression,
    e_value,
    omitted_variable_bias,
    robustness_value,
)
from impactmodel.effects.weighting import EntropyBalancing, PropensityOdds
from impactmodel.evidence import Cells, Cohort, Covariate

JOB = OutcomeMeasure("job", kind="binary", channel="employment")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year", channel="earnings")


def people(seed=1, n=600):
    """People whose age decides on treatment and on outcomes; the effect on jobs is 10 points."""
    rng = np.random.default_rng(seed)
    age, school = rng.integers(20, 60, n).astype(float), rng.integers(0, 2, n).astype(float)
    treat = (rng.random(n) < 1 / (1 + np.exp(0.05 * (age - 35) + 0.3 * school))) * 1
    job = (rng.random(n) < 0.7 - 0.01 * (age - 20) + 0.1 * treat) * 1
    wage = job * rng.gamma(2.0, 100.0 * (age + 20 * treat))
    site = rng.choice(["north", "south"], n)
    return pd.DataFrame(
        {"treat": treat, "age": age, "school": school, "job": job, "wage": wage, "site": site}
    )


def cohort(table=None, outcomes=(JOB, WAGE), covariates=("age", "school"), **more):
    table = people() if table is None else table
    return Cohort.from_frame(
        table, treatment="treat", outcomes=outcomes, covariates=covariates, **more
    )


def message(make, error=InputError):
    with pytest.raises(error) as caught:
        make()
    return str(caught.value)


def check(found, name):
    return next(c for c in found if c.name == name)


def test_outcomes_are_not_read_by_the_design_stage():
    made = cohort()
    stage = design_stage(made)
    blind = dataclasses.replace(made, y=np.full_like(made.y, np.nan))
    before = Candidates.from_frame(
        people().drop(columns=["job", "wage"]), treatment="treat", covariates=["age", "school"]
    )
    for other in (design_stage(blind), design_stage(before)):
        assert other.hash == stage.hash
        assert (other.weights == stage.weights).all()


def test_the_order_of_people_does_not_matter():
    table = people()
    shuffled = table.sample(frac=1, random_state=3)
    first, second = (design_stage(cohort(t)) for t in (table, shuffled))
    assert first.hash == second.hash
    by_person = pd.Series(first.weights_of(cohort(table)), index=table.index)
    assert second.weights_of(cohort(shuffled)) == pytest.approx(by_person[shuffled.index])


def test_a_frozen_design_refuses_other_people():
    stage = design_stage(cohort())
    other = cohort(people(seed=2))
    assert message(lambda: fit(MatchedComparison(other, stage)), JoinError) == (
        "the design stage was made for other people or covariates than this evidence: make it anew "
        "and look at its checks first"
    )
    changed = dataclasses.replace(cohort(), y=cohort().y * 0)
    assert doubly_robust(MatchedComparison(changed, stage))[0].treated == 0


def test_entropy_weights_are_exact_and_by_hand():
    # One yes-or-no covariate: weights are the ratio of shares, whatever the method.
    table = pd.DataFrame(
        {"treat": [1, 1, 1, 0, 0, 0, 0], "woman": [1, 1, 0, 1, 0, 0, 0], "job": [1, 0] * 3 + [1]}
    )
    made = cohort(table, (JOB,), ["woman"])
    for weighting in (EntropyBalancing(), PropensityOdds()):
        weights = design_stage(made, weighting).weights_of(made)
        assert weights == pytest.approx([1, 1, 1, 2, 1 / 3, 1 / 3, 1 / 3], rel=1e-8)


def test_cells_give_what_people_give():
    table = people()
    jobs = cohort(table, (JOB,))
    cells = jobs.cells(by=["age", "school"])
    one, other = (MatchedComparison(e, PropensityOdds()) for e in (jobs, cells))
    assert doubly_robust(one) == doubly_robust(other)
    means = [float(fit(d, ClosedForm(seed=4)).outcomes.effect().mean()) for d in (one, other)]
    assert means[0] == pytest.approx(means[1], abs=4 * 0.04 * np.sqrt(2 / 4000))
    assert design_stage(cells).hash == design_stage(jobs).hash


def test_cells_without_the_covariates_values_are_refused():
    cells = cohort(outcomes=(JOB,)).cells(by=["age"])
    assert message(lambda: fit(MatchedComparison(cells))) == (
        "by: these cells hold only sums of a covariate, the weights need its values (seen: "
        "'school'); make the cells by it (in bins if it has many values)"
    )
    wages = cohort(outcomes=(WAGE,)).cells(by=["age", "school"])
    assert message(lambda: fit(MatchedComparison(wages))) == (
        "outcomes: the bootstrap of an outcome that is not binary needs people, and cells hold "
        "sums (seen: 'wage'); give a Cohort, or a binary outcome"
    )


def test_bad_designs_are_refused():
    made = cohort()
    assert message(lambda: design_stage(cohort(covariates=[]))) == (
        "covariates: a matched comparison stands on covariates, and there are none; name them in "
        "the evidence"
    )
    assert message(lambda: design_stage(made, EntropyBalancing(held_out=("ages",)))) == (
        "weighting.held_out: only a covariate of the evidence can be held out (seen: 'ages'); use "
        "age, school"
    )
    everything = EntropyBalancing(held_out=("age", "school"))
    assert message(lambda: design_stage(made, everything)) == (
        "weighting.held_out: every covariate is held out, nothing is left to balance"
    )
    assert message(lambda: EntropyBalancing(moments=3)) == (
        "moments: weights balance first moments, or first and second (seen: 3)"
    )
    assert message(lambda: PropensityOdds(trim_above=1.0)) == (
        "trim_above: a propensity lies between 0 and 1 (seen: 1.0)"
    )
    assert message(lambda: fit(MatchedComparison(made, bias={"jobs": BiasPrior(0.1)}))) == (
        "bias: a bias is stated for an outcome that is not there (seen: 'jobs'); use job, wage"
    )
    assert message(lambda: fit(MatchedComparison(made, bias={"job": BenchmarkBias("x")}))) == (
        "bias.job.covariate: the benchmark of a bias is a covariate of the evidence (seen: 'x'); "
        "use age, school"
    )
    two = Periods(dt.date(2020, 1, 1), count=2)
    assert message(lambda: fit(MatchedComparison(made, periods=two))) == (
        "periods: a matched comparison has its outcomes measured in one period (seen: 2); give "
        "each later measurement as an outcome of its own"
    )
    assert message(lambda: prior_outcomes(MatchedComparison(made))) == (
        "prior_outcomes: the Bayesian bootstrap has no prior to draw outcomes from; look at the "
        "checks of the design stage, or state a bias prior"
    )
    double = people().assign(twice=lambda d: 2 * d["age"] + d["school"])
    assert message(lambda: design_stage(cohort(double, covariates=["age", "school", "twice"]))) == (
        "covariates: a covariate is a combination of the others (seen: 'age, school, twice'); "
        "leave one out"
    )


def test_people_who_cannot_be_compared_are_no_evidence():
    apart = people().assign(age=lambda d: d["age"] + 100 * d["treat"])
    assert message(lambda: design_stage(cohort(apart)), NotIdentifiedError) == (
        "the covariates separate the two arms: some people could only have been in one of them; "
        "leave people without counterparts out of the evidence"
    )
    # Treated means outside the span of comparison people, though single people overlap.
    table = pd.DataFrame(
        {
            "treat": [1] * 30 + [0] * 30,
            "x": [0.0] * 5 + [3.0] * 25 + [0.0, 1.0] * 14 + [2.0, 2.0],
            "job": [0, 1] * 30,
        }
    )
    assert message(lambda: design_stage(cohort(table, (JOB,), ["x"])), NotIdentifiedError) == (
        "no weights give the comparison people the means of the treated: the treated lie outside "
        "what comparison people span; balance fewer covariates or trim"
    )


def test_a_covariate_measured_after_assignment_is_refused():
    late = [Covariate("age", dt.date(2020, 1, 1)), Covariate("school", dt.date(2020, 3, 1))]
    day = dt.date(2020, 2, 1)
    text = (
        "school: measured after assignment for 600 of 600 people; a covariate must be known on the "
        "day of assignment"
    )
    assert message(lambda: cohort(covariates=late, index_date=day)) == text
    table = people()

    def early(covariates):
        return Candidates.from_frame(
            table, treatment="treat", covariates=covariates, index_date=day
        )

    assert message(lambda: early(late)) == text
    timed = design_stage(early([late[0], Covariate("school", day)]))
    assert check(timed.checks, "timing").passed is True
    assert check(design_stage(cohort()).checks, "timing").passed is None


def test_a_failed_overlap_or_balance_stops_the_money_step():
    table = people(n=300).assign(age=lambda d: d["age"] - 12.0 * d["treat"])
    found = fit(MatchedComparison(cohort(table), PropensityOdds()), ClosedForm(draws=200))
    failed = {c.name for c in found.diagnostics.checks if c.passed is False}
    assert "overlap" in failed
    assert found.outcomes.provenance.diagnostics.startswith("failed: ")


def test_trimming_changes_the_estimand_and_says_so():
    weighting = PropensityOdds(trim_above=0.6)
    stage = design_stage(cohort(), weighting)
    treated, compared = stage.trimmed
    assert treated > 0
    assert compared > 0
    found = fit(MatchedComparison(cohort(), stage), ClosedForm(draws=200)).outcomes
    assert float(found.cohort_size[0, 0]) == cohort().treated.sum() - treated
    assert any(
        a.startswith(f"{treated} treated and {compared} comparison people without counterparts")
        for a in found.provenance.assumptions
    )
    assert message(lambda: design_stage(cohort(), PropensityOdds(trim_above=0.01))) == (
        "weighting.trim_above: trimming leaves nobody in one arm (seen: 0.01); raise it"
    )


def test_groups_are_weighted_on_their_own():
    made = cohort(group="site")
    stage = design_stage(made, by_group=True)
    found = fit(MatchedComparison(made, stage), ClosedForm(seed=1)).outcomes
    assert found.dataset["group"].values.tolist() == ["north", "south"]
    table = people()
    for label in ("north", "south"):
        alone = cohort(table[table["site"] == label])
        expected = doubly_robust(MatchedComparison(alone))
        mine = [e for e in doubly_robust(MatchedComparison(made, stage)) if e.group == label]
        assert [e.effect for e in mine] == pytest.approx([e.effect for e in expected])
    merged = design_stage(made)
    assert check(merged.checks, "balance of groups").passed is True


def test_units_scale_and_relabelled_covariates_do_nothing():
    table = people()
    cents = table.assign(wage=100 * table["wage"], age=table["age"] * 12 + 5)
    for weighting in (EntropyBalancing(), PropensityOdds(), EntropyBalancing(moments=2)):
        one, other = (
            doubly_robust(MatchedComparison(cohort(t), weighting)) for t in (table, cents)
        )
        assert one[0].effect == pytest.approx(other[0].effect, rel=1e-7)
        assert 100 * one[1].effect == pytest.approx(other[1].effect, rel=1e-7)
        assert 100 * one[1].se == pytest.approx(other[1].se, rel=1e-7)


def test_one_seed_gives_one_answer_and_outcomes_of_one_person_go_together():
    draws = [
        fit(MatchedComparison(cohort()), ClosedForm(seed=s, draws=500)).outcomes.effect().values
        for s in (1, 1, 2)
    ]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()
    # Nobody has a wage without a job, so the two effects err together.
    assert np.corrcoef(draws[0][:, 0, :, 0].T)[0, 1] > 0.4


def test_the_spread_between_people_is_that_of_the_arms():
    made = cohort()
    found = fit(MatchedComparison(made), ClosedForm(draws=200)).outcomes
    between = found.dataset["covariance"].values[:, 0, :, 0, :, 0]
    treated = made.y[made.treated]
    assert between[0] == pytest.approx(np.cov(treated.T, bias=True))
    w = design_stage(made).weights_of(made)[~made.treated]
    compared = made.y[~made.treated]
    assert between[1] == pytest.approx(np.cov(compared.T, aweights=w, bias=True))
    assert found.measured(300, seed=1).n_draws == 200


def test_a_bias_prior_widens_and_is_named():
    plain = fit(MatchedComparison(cohort()), ClosedForm(seed=1, draws=20_000)).outcomes
    bias = {"job": BiasPrior(sd=0.04, mean=0.02), "wage": BenchmarkBias("age", times=0.5)}
    wide = fit(MatchedComparison(cohort(), bias=bias), ClosedForm(seed=1, draws=20_000)).outcomes
    before, after = (o.effect().values[:, 0, :, 0] for o in (plain, wide))
    variance = after.var(axis=0) - before.var(axis=0)
    assert np.sqrt(variance[0]) == pytest.approx(0.04, rel=0.05)
    assert (before - after)[:, 0].mean() == pytest.approx(0.02, abs=4 * 0.04 / np.sqrt(20_000))
    said = " ".join(wide.provenance.assumptions)
    assert (
        "bias of the estimated effect on 'job' ~ N(0.02, 0.04) share, taken off every draw" in said
    )
    assert "(a confounder 0.5 times as strong as age)" in said
    assert "no bias from hidden confounding is allowed for" not in said
    assert (
        "no bias from hidden confounding is allowed for in job, wage"
        in plain.provenance.assumptions
    )
    assert (plain.level("treated", "job") == wide.level("treated", "job")).all()


def test_a_bias_never_leaves_probabilities():
    bias = {"job": BiasPrior(sd=0.5)}
    found = fit(MatchedComparison(cohort(outcomes=(JOB,)), bias=bias), ClosedForm(seed=1))
    without = found.outcomes.level("counterfactual", "job")
    assert float(without.min()) == 0.0
    assert any("of draws were held at 0 or 1" in a for a in found.outcomes.provenance.assumptions)


def test_sensitivity_values_inform():
    found = fit(MatchedComparison(cohort()), ClosedForm(draws=500)).diagnostics
    for name in ("E-value", "robustness value", "estimates beside each other", "denominator"):
        assert check(found.checks, name).passed is None
    assert (
        "a hidden confounder tied to treatment and outcome" in check(found.checks, "E-value").text
    )
    assert len(check(found.checks, "robustness value").table) == 1 + 2 * 2


def test_sensitivity_formulas_at_their_ends():
    assert e_value(1.0) == 1.0
    assert message(lambda: e_value(0.0)) == "ratio: a risk ratio is above 0 (seen: 0.0)"
    assert robustness_value(0.0, 100) == robustness_value(1.0, 100, alpha=0.05) == 0.0
    # RV solves RV² / (1 - RV) = f²: at f = 1 it is (sqrt 5 - 1) / 2.
    assert robustness_value(10.0, 100) == pytest.approx((5**0.5 - 1) / 2)
    strong = Regression(1.0, 0.1, 100.0, np.array([0.1]), np.array([0.6]))
    assert message(lambda: omitted_variable_bias(strong, 0)) == (
        "times: no confounder can be so many times as strong as this covariate (seen: 1.0); lower "
        "it, or choose a weaker covariate"
    )


def test_whose_effect_it_is():
    took = fit(MatchedComparison(cohort()), ClosedForm(draws=200)).outcomes.provenance
    assert (took.estimand, took.population) == ("ATT", "participants")
    made = MatchedComparison(cohort(), population="assigned")
    assert fit(made, ClosedForm(draws=200)).outcomes.provenance.population == "assigned"


def test_specs_survive_a_file():
    for spec in (
        EntropyBalancing(moments=2, held_out=("age",)),
        PropensityOdds(trim_above=0.9),
        BiasPrior(0.1),
        BenchmarkBias("age", 2.0),
    ):
        assert load(type(spec), dump(spec)) == spec


def test_nothing_of_a_person_is_shown():
    made = MatchedComparison(cohort())
    found = fit(made, ClosedForm(draws=200))
    assert repr(design_stage(cohort())).startswith(
        "DesignStage(Candidates(600 people, 232 treated and 368 in comparison, covariates age, "
        "school), entropy_balancing, passed, "
    )
    assert set(found.posterior["posterior"].dataset) == {"treated", "counterfactual"}


def test_missing_outcomes_are_refused():
    table = people()
    table.loc[3, "wage"] = np.nan
    gaps = cohort(table, missing_outcomes=True)
    assert message(lambda: fit(MatchedComparison(gaps))) == (
        "outcomes: people without a known outcome cannot be summed; take those whose outcome is "
        "known: cohort.observed(...)"
    )


@pytest.mark.sampler
def test_the_sampler_draws_the_same_bootstrap():
    counts = pd.DataFrame(
        {
            "treat": [1, 1, 0, 0],
            "woman": [1, 0, 1, 0],
            "n": [40, 20, 20, 40],
            "job_sum": [30, 10, 10, 10],
        }
    )
    cells = Cells.from_frame(counts, treatment="treat", outcomes=[JOB], by=["woman"])
    design = MatchedComparison(cells)
    assert [rv.name for rv in build_model(design).free_RVs] == ["people_job_weight"]
    sampled = fit(design, Sampler(seed=1, draws=2000, chains=2, cores=1)).outcomes.effect().values
    exact = fit(design, ClosedForm(seed=1, draws=40_000)).outcomes.effect().values
    error = exact.std() / np.sqrt(1000)
    assert sampled.mean() == pytest.approx(exact.mean(), abs=4 * error)
    assert sampled.std() == pytest.approx(exact.std(), rel=0.1)

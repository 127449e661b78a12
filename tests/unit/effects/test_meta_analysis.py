"""What pooled evidence refuses, records, keeps apart and leaves unchanged."""

import dataclasses
import datetime as dt
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from impactmodel.core.distribution import Normal
from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.effects import ClosedForm, build_model, fit, prior_outcomes
from impactmodel.effects.between_studies import Estimates
from impactmodel.effects.meta_analysis import MetaAnalysis, pooling_table
from impactmodel.effects.meta_targets import (
    CohortPart,
    EachStudy,
    MeanEffect,
    MetaPriors,
    NewCohort,
    TargetLevel,
)
from impactmodel.effects.pooling import HalfCauchy, HalfNormal, Pooled, PoolingPrior
from impactmodel.effects.random_effects import random_effects, small_studies
from impactmodel.evidence import (
    Interval,
    Level,
    PublishedEstimate,
    PublishedEvidence,
    StandardError,
    Study,
)

YEAR = Periods(dt.date(2020, 1, 1), "year", 1)
JOB = OutcomeMeasure("job", kind="binary", channel="employment")
PAY = OutcomeMeasure("pay", kind="amount", unit="EUR/year", channel="earnings")
EFFECTS = ((0.05, 0.03), (0.11, 0.04), (0.02, 0.05), (0.08, 0.02))


def study(name="A", *, population="assigned", estimand="ITT"):
    return Study(name, estimand, population, "randomised trial", locator="table 1")


def evidence(name, *estimates, periods=YEAR, people=100, **more):
    return PublishedEvidence(study(name, **more), estimates, periods, people)


def estimate(effect, se, outcome=JOB, **more):
    return PublishedEstimate(outcome, StandardError(se), effect, **more)


def studies(outcome=JOB, scale=1.0, **more):
    return tuple(
        evidence(name, estimate(scale * effect, scale * se, outcome, **more))
        for name, (effect, se) in zip("ABCD", EFFECTS, strict=True)
    )


def ratio(name, value, low, high, level=None):
    return evidence(
        name,
        PublishedEstimate(JOB, Interval(low, high, 0.95), value, scale="ratio", level=level),
    )


def message(make):
    with pytest.raises(InputError) as error:
        make()
    return str(error.value)


def refused(design):
    return message(lambda: fit(design))


def test_studies_that_differ_in_kind_are_refused():
    a, b = studies()[:2]
    new = NewCohort(50)
    assert refused(MetaAnalysis((a,), new)) == (
        "studies: pooling needs two studies or more (seen: 1); use Outcomes.from_published for "
        "one study"
    )
    treated = evidence("B", estimate(0.1, 0.1), population="participants")
    assert refused(MetaAnalysis((a, treated), new)) == (
        "studies[1].study.population: effects of another population are not pooled (seen: "
        "'assigned and participants'); pool studies of one kind"
    )
    other = evidence("B", estimate(0.1, 0.1), estimand="ATT")
    assert refused(MetaAnalysis((a, other), new)) == (
        "studies[1].study.estimand: effects of another estimand are not pooled (seen: 'ITT and "
        "ATT'); pool studies of one kind"
    )
    months = evidence("B", estimate(0.1, 0.1), periods=Periods(dt.date(2020, 1, 1), "month", 1))
    assert refused(MetaAnalysis((a, months), new)) == (
        "studies[1].periods: the periods have another length or clock (seen: '1 year "
        "(since_start) and 1 month (since_start)'); bring the estimates to the same periods"
    )
    based = [dataclasses.replace(s, price_base=p) for s, p in ((a, "2019"), (b, "2021"))]
    with pytest.raises(JoinError, match="unlike price base: the first study has 2019, study 2"):
        fit(MetaAnalysis(tuple(based), new))
    labelled = OutcomeMeasure("job", kind="binary", channel="employment", label="in work")
    assert refused(MetaAnalysis((a, evidence("B", estimate(0.1, 0.1, labelled))), new)) == (
        "studies[1].estimates: 'job' is defined in two ways"
    )
    assert refused(MetaAnalysis((a, ratio("B", 1.5, 1.2, 1.875)), new)) == (
        "studies: 'job' in period 1 is a ratio in one study and a difference in another; bring "
        "the estimates to one scale"
    )
    paid = evidence("B", estimate(0.1, 0.1), estimate(900.0, 300.0, PAY))
    assert refused(MetaAnalysis((a, paid), new)) == (
        "studies: one study only has 'pay' in period 1; leave it out, or use "
        "Outcomes.from_published for one study"
    )


def test_strata_of_one_study_must_be_stated_and_are_recorded():
    strata = tuple(evidence("German training", estimate(*e)) for e in EFFECTS)
    assert refused(MetaAnalysis(strata, NewCohort(50))) == (
        "same_study: 4 of the studies are one: strata of one study are subgroups, not studies "
        "(seen: 'German training'); set same_study to state it, or pool one estimate per study"
    )
    found = fit(MetaAnalysis(strata, EachStudy(), same_study=True)).outcomes
    assert found.dataset["group"].values.tolist() == [f"German training ({i})" for i in range(1, 5)]
    assert any("subgroups, not independent studies" in s for s in found.provenance.assumptions)
    assert found.provenance.source == "German training"
    plain = fit(MetaAnalysis(studies(), NewCohort(50))).outcomes.provenance
    assert not any("subgroups" in s for s in plain.assumptions)


def test_other_impossible_wishes_are_refused():
    a = studies()
    assert refused(MetaAnalysis(a, NewCohort(50), labels=("x",))) == (
        "labels: 4 studies need as many labels (seen: 1)"
    )
    assert refused(MetaAnalysis(a, NewCohort(50), correlation=1.0)) == (
        "correlation: a correlation lies between -1 and 1 (seen: 1.0)"
    )
    assert refused(MetaAnalysis(a, NewCohort(50, (TargetLevel("jobs", 0.3),)))) == (
        "target.levels: no such outcome (seen: 'jobs')"
    )
    assert refused(MetaAnalysis(a, NewCohort(50, parts=(CohortPart(1.0),)))) == (
        "target.parts: published estimates do not tell apart the people of a cohort; leave it out"
    )
    twice = (TargetLevel("job", 0.3), TargetLevel("job", 0.4, periods=(1, 1)))
    assert refused(MetaAnalysis(a, NewCohort(50, twice))) == (
        "target.levels: 'job' in period 1 has two levels"
    )
    assert message(lambda: NewCohort(0)) == "size: a cohort has people (seen: 0)"
    assert message(lambda: MeanEffect(-1.0)) == "size: a cohort has people (seen: -1.0)"
    assert message(lambda: MetaPriors(mean_sd=0.0)) == "mean_sd: this must be above 0 (seen: 0.0)"
    assert message(lambda: HalfNormal(0.0)) == "scale: this must be above 0 (seen: 0.0)"
    assert message(lambda: HalfCauchy(-1.0)) == "scale: this must be above 0 (seen: -1.0)"
    assert message(lambda: TargetLevel("job", 0.3, person_sd=0.0)) == (
        "person_sd: this must be above 0 (seen: 0.0)"
    )
    two = Periods(dt.date(2020, 1, 1), "year", 2)
    short = evidence("A", estimate(0.1, 0.1))
    long = [
        evidence(n, estimate(0.1, 0.1), estimate(0.1, 0.1, periods=(2, 2)), periods=two)
        for n in "BC"
    ]
    assert refused(MetaAnalysis((short, *long), EachStudy())) == (
        "studies: each study needs 'job' in period 2 (seen: 'none in A')"
    )
    whole = [evidence(n, estimate(0.1, 0.1, periods=(1, 2)), periods=two) for n in "DE"]
    assert refused(MetaAnalysis((*long, *whole), NewCohort(5))) == (
        "studies: the pooled horizons of 'job' must cover each of 2 periods once (seen: 'periods "
        "1, 1, 2, 2'); pool estimates over the same periods"
    )


def test_frequentist_functions_refuse_what_cannot_be_pooled():
    assert message(lambda: random_effects([1.0], [1.0])) == (
        "pooling needs two estimates or more, each with its error (seen: '1 estimates, 1 errors')"
    )
    assert message(lambda: random_effects([1.0, 2.0], [1.0, 0.0])) == (
        "a standard error is above 0 (seen: 0.0)"
    )
    assert message(
        lambda: random_effects([1.0, 2.0], [1.0, 1.0], "fixed", test="knapp_hartung")
    ) == ("test: Knapp-Hartung is for random effects (seen: 'knapp_hartung')")
    assert message(lambda: small_studies(Estimates.of([1.0, 2.0], [1.0, 2.0]))) == (
        "Egger's test needs three estimates with unequal errors (seen: 2)"
    )
    exact = Pooled(Estimates.of([1.0, 2.0], [1.0, 1.0]), PoolingPrior(0.0, 1.0, HalfNormal(1.0)))
    assert message(lambda: exact.mean_quantile(1.0)) == (
        "a quantile is of a probability between 0 and 1 (seen: 1.0)"
    )


def test_two_studies_have_no_prediction_interval_of_their_own():
    found = random_effects([0.0, 1.0], [0.1, 0.1], "REML")
    assert found.next_upper == np.inf
    assert found.tau2 == pytest.approx(0.5 - 0.01)


def test_estimates_that_agree_show_no_spread():
    for method in ("DL", "REML", "ML", "PM", "SJ", "HS", "HE"):
        assert random_effects([1.0, 1.0, 1.0], [0.1, 0.2, 0.3], method).tau2 == 0.0


def test_a_ratio_needs_a_level():
    pair = (ratio("A", 1.5, 1.2, 1.875), ratio("B", 1.3, 1.0, 1.69))
    assert refused(MetaAnalysis(pair, NewCohort(50))) == (
        "target.levels: the effect on 'job' in period 1 is a ratio of an unknown level; give the "
        "level without the programme"
    )
    assert refused(MetaAnalysis(pair, EachStudy())) == (
        "studies: the effect on 'job' in period 1 is a ratio of an unknown level; give the level "
        "without the programme"
    )
    level = (TargetLevel("job", 0.2),)
    found = fit(MetaAnalysis(pair, MeanEffect(50, level, outside="cap")), ClosedForm(seed=1))
    drawn = found.posterior["posterior"]["job_mean"].values.ravel()
    treated = found.outcomes.level("treated", "job").values.ravel()
    np.testing.assert_allclose(treated, np.minimum(0.2 * np.exp(drawn), 1.0))
    assert (found.outcomes.level("counterfactual", "job").values == 0.2).all()


def test_probabilities_outside_their_bounds_are_refused_or_capped_on_record():
    pair = (ratio("A", 6.0, 4.0, 9.0), ratio("B", 7.0, 4.0, 12.25))
    level = (TargetLevel("job", 0.3),)
    text = refused(MetaAnalysis(pair, MeanEffect(50, level)))
    assert text.startswith("target.outside: in ")
    assert text.endswith(
        "% of draws the probability of 'job' in period 1 leaves [0, 1]; check the level, pool "
        "differences instead of ratios, or set it to cap"
    )
    found = fit(MetaAnalysis(pair, MeanEffect(50, level, outside="cap"))).outcomes
    assert float(found.level("treated", "job").max()) == 1.0
    assert "left [0, 1] and was set to the bound" in found.provenance.assumptions[-1]


def test_the_three_estimands_are_kept_apart():
    exact = Pooled(
        Estimates.of(*np.array(EFFECTS).T),
        PoolingPrior(0.0, 10.0, HalfNormal(0.05)),
    )
    priors = MetaPriors(0.0, 10.0, HalfNormal(0.05))
    found = {
        type(target): fit(MetaAnalysis(studies(), target, priors), ClosedForm(1, 40_000)).outcomes
        for target in (NewCohort(50), MeanEffect(50), EachStudy())
    }
    new, mean, each = (found[t].effect().values for t in (NewCohort, MeanEffect, EachStudy))
    assert new.std() == pytest.approx(exact.new_moments()[1], rel=0.03)
    assert mean.std() == pytest.approx(exact.mean_moments()[1], rel=0.03)
    assert new.std() > 1.3 * mean.std()
    # Each study is drawn towards the mean, the less exact ones more.
    shrunk = each[:, :, 0, 0].mean(axis=0)
    centre = exact.mean_moments()[0]
    for (effect, _), own in zip(EFFECTS, shrunk, strict=True):
        assert abs(own - centre) < abs(effect - centre)
    assert [found[t].provenance.estimand for t in (NewCohort, MeanEffect, EachStudy)] == [
        "ITT, effect in a new cohort (predictive)",
        "ITT, mean effect over studies",
        "ITT, effect of each study (shrunken)",
    ]
    assert found[EachStudy].dataset["group"].values.tolist() == list("ABCD")
    assert found[EachStudy].cohort_size.values[0].tolist() == [100.0] * 4


def test_another_unit_of_money_gives_the_same_answer():
    one, other = (
        fit(MetaAnalysis(studies(PAY, scale), NewCohort(50)), ClosedForm(seed=1))
        for scale in (1000.0, 1_000_000.0)
    )
    np.testing.assert_allclose(
        1000 * one.outcomes.effect().values, other.outcomes.effect().values, rtol=1e-9
    )


def test_a_flipped_sign_flips_the_answer_and_the_order_of_studies_does_not_matter():
    data = Estimates.of(*np.array(EFFECTS).T)
    prior = PoolingPrior(0.0, 1.0, HalfNormal(0.05))
    mean, sd = Pooled(data, prior).new_moments()
    flipped = Pooled(Estimates(-data.y, data.s), prior).new_moments()
    assert flipped == pytest.approx((-mean, sd), rel=1e-12)
    turned = Pooled(Estimates(data.y[::-1], data.s[::-1]), prior).new_moments()
    assert turned == pytest.approx((mean, sd), rel=1e-12)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e5])
@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e3])
def test_the_quadrature_holds_at_every_scale(scale, spread):
    """Against the trapezoid rule in log tau, with 40,001 points over 26 decades."""
    y, s = scale * np.array([0.3, -0.1, 0.2]), scale * np.array([0.1, 0.2, 0.15])
    sd = 1e4 * scale
    exact = Pooled(Estimates.of(y, s), PoolingPrior(0.0, sd, HalfNormal(spread * scale)))
    assert exact.weights.sum() == pytest.approx(1.0, abs=1e-12)
    log_tau = np.linspace(-35, 25, 40_001) + np.log(scale)
    tau = np.exp(log_tau)
    v = s**2 + tau[:, None] ** 2
    precision = sd**-2 + (1 / v).sum(axis=1)
    m = (y / v).sum(axis=1) / precision
    log = log_tau - 0.5 * (tau / (spread * scale)) ** 2
    log += -0.5 * np.log(v).sum(axis=1) - 0.5 * np.log(precision)
    log += -0.5 * ((y**2 / v).sum(axis=1) - m**2 * precision)
    w = np.exp(log - log.max())
    w /= w.sum()
    assert exact.mean_moments()[0] == pytest.approx(w @ m, rel=1e-8)
    assert exact.spread_moments()[0] == pytest.approx(w @ tau, rel=1e-8)
    quantiles = exact.spread_quantile([0.1, 0.5, 0.9])
    assert np.interp(np.log(quantiles), log_tau, np.cumsum(w) - w / 2) == pytest.approx(
        [0.1, 0.5, 0.9], abs=1e-5
    )


def test_horizons_are_pooled_apart_and_runs_of_periods_are_spread_evenly():
    four = Periods(dt.date(2020, 1, 1), "year", 4)
    made = tuple(
        evidence(
            name,
            estimate(a, 10.0, PAY),
            estimate(b, 30.0, PAY, periods=(2, 4)),
            periods=four,
        )
        for name, a, b in (("A", 100.0, 900.0), ("B", 120.0, 870.0), ("C", 80.0, 930.0))
    )
    found = fit(MetaAnalysis(made, MeanEffect(10)), ClosedForm(seed=1))
    effect = found.outcomes.effect().mean("draw").values[0, 0]
    assert effect[0] == pytest.approx(100.0, abs=5.0)
    assert effect[1:].tolist() == pytest.approx([300.0] * 3, abs=10.0)
    assert (effect[1:] == effect[1]).all()
    assert sorted(found.posterior["posterior"].data_vars) == [
        "pay_1_mean", "pay_1_new", "pay_1_spread", "pay_1_study",
        "pay_2_mean", "pay_2_new", "pay_2_spread", "pay_2_study",
    ]  # fmt: skip
    table = pooling_table(MetaAnalysis(made, MeanEffect(10)))
    assert table["periods"].unique().tolist() == ["1", "2-4"]


def test_horizons_correlate_as_stated_and_no_draw_is_changed():
    two = Periods(dt.date(2020, 1, 1), "year", 2)
    made = tuple(
        evidence(n, estimate(e, s, PAY), estimate(2 * e, s, PAY, periods=(2, 2)), periods=two)
        for n, (e, s) in zip("ABCD", EFFECTS, strict=True)
    )
    apart = fit(MetaAnalysis(made, NewCohort(10)), ClosedForm(seed=1, draws=20_000))
    paired = fit(MetaAnalysis(made, NewCohort(10), correlation=0.6), ClosedForm(1, 20_000))
    a, b = (f.outcomes.effect().values[:, 0, 0, :] for f in (apart, paired))
    np.testing.assert_array_equal(np.sort(a, axis=0), np.sort(b, axis=0))
    # Error of a rank correlation at n = 20,000: below 1 / sqrt(n) = .007.
    assert stats.spearmanr(a[:, 0], a[:, 1])[0] == pytest.approx(0.0, abs=0.03)
    target = 6 / np.pi * np.arcsin(0.6 / 2)
    assert stats.spearmanr(b[:, 0], b[:, 1])[0] == pytest.approx(target, abs=0.03)
    said = [f.outcomes.provenance.assumptions for f in (apart, paired)]
    assert any("are taken as independent: their correlation is not known" in s for s in said[0])
    assert any("horizons correlate with 0.6" in s for s in said[1])


def test_without_a_level_only_the_effect_is_known():
    found = fit(MetaAnalysis(studies(), NewCohort(50))).outcomes
    assert message(lambda: found.level("treated", "job")) == (
        "only the effect on 'job' is known, not its level; give the counterfactual level, or use "
        "a basis that needs no level"
    )


def test_levels_give_the_evaluators_measured_view():
    level = (TargetLevel("job", Normal(0.3, 0.01)),)
    found = fit(MetaAnalysis(studies(), NewCohort(5000, level)), ClosedForm(seed=1)).outcomes
    spread = found.dataset["covariance"].values[1, 0, 0, 0, 0, 0]
    assert spread == pytest.approx(0.3 * 0.7, rel=0.01)
    measured = found.measured(5000, seed=1).effect().values
    # Two arms of 5,000 add about .3 * .7 * 2 / 5,000 to the variance of the effect.
    expected = np.sqrt(found.effect().values.var() + 0.43 / 5000)
    assert measured.std() == pytest.approx(expected, rel=0.05)
    assert found.level("counterfactual", "job").values.std() == pytest.approx(0.01, rel=0.1)


def test_each_study_keeps_its_own_level_and_spread():
    made = tuple(
        evidence(n, estimate(500.0, 90.0, PAY, level=Level(9000.0 + i, person_sd=2000.0 + i)))
        for i, n in enumerate("ABC")
    )
    found = fit(MetaAnalysis(made, EachStudy())).outcomes
    assert found.level("counterfactual", "pay").values[0, :, 0].tolist() == [9000.0, 9001.0, 9002.0]
    spread = found.dataset["covariance"].values[0, :, 0, 0, 0, 0]
    assert np.sqrt(spread).tolist() == pytest.approx([2000.0, 2001.0, 2002.0])


def test_the_record_says_what_was_pooled_and_how():
    design = MetaAnalysis(studies(), NewCohort(50), MetaPriors(0.0, 1.0, HalfCauchy(0.1)))
    record = fit(design, ClosedForm(seed=7)).outcomes.provenance
    assert record.assumptions == (
        "'job' in period 1: 4 estimates pooled with random effects as differences; mean N(0, 1), "
        "spread half-Cauchy 0.1",
        "the studies' effects are exchangeable: before the estimates, nothing tells which is "
        "larger",
        "the new cohort is one more of the kind that the studies are of",
        "no correction is made for studies that were not published",
        *(f"{name}: standard error of 'job' in period 1 as published" for name in "ABCD"),
    )
    assert (record.design, record.source, record.seed) == (
        "random-effects meta-analysis",
        "A; B; C; D",
        7,
    )
    assert record.population == "assigned"
    assert record.diagnostics == "passed"


def test_priors_that_the_data_contradict_stop_the_money_step():
    narrow = MetaPriors(0.0, 0.001, HalfNormal(0.001))
    found = fit(MetaAnalysis(studies(), NewCohort(50), narrow))
    assert not found.diagnostics.passed
    assert "pooled mean of 'job' in period 1" in found.diagnostics.status
    assert fit(MetaAnalysis(studies(), NewCohort(50))).diagnostics.passed


def test_checks_show_single_studies_and_priors():
    checks = {c.name: c for c in fit(MetaAnalysis(studies(), NewCohort(50))).diagnostics.checks}
    left_out = checks["leave one out: 'job' in period 1"]
    assert [row[0] for row in left_out.table[1:]] == ["all", *(f"without {n}" for n in "ABCD")]
    assert left_out.passed is None
    tried = checks["prior sensitivity: 'job' in period 1"].table
    assert len(tried) == 4
    # A wider prior of the spread makes the next cohort less certain.
    assert tried[2][2] < tried[1][2] < tried[3][2]
    two = fit(MetaAnalysis(studies()[:2], NewCohort(50))).diagnostics.checks
    texts = [c.text for c in two]
    assert "'job' in period 1: two studies only, none can be left out" in texts
    assert not any("Egger" in text for text in texts)


def test_the_model_can_be_looked_at_before_sampling():
    model = build_model(MetaAnalysis(studies(), NewCohort(50)))
    assert [rv.name for rv in model.free_RVs] == ["job_mean", "job_spread"]
    logp = model.compile_logp()({"job_mean": 0.06, "job_spread_log__": np.log(0.02)})
    y, s = np.array(EFFECTS).T
    typical = np.sqrt((y**2).mean())
    expected = (
        stats.norm.logpdf(y, 0.06, np.hypot(s, 0.02)).sum()
        + 2 * np.log(2 * np.pi)  # constants of the likelihood are left out
        + stats.norm.logpdf(0.06, 0.0, 4 * typical)
        + stats.halfnorm.logpdf(0.02, scale=typical / 2)
        + np.log(0.02)  # the sampler moves in log spread
    )
    assert float(logp) == pytest.approx(expected, rel=1e-9)


def test_prior_outcomes_have_the_priors_spread():
    priors = MetaPriors(0.0, 0.03, HalfNormal(0.04))
    drawn = prior_outcomes(MetaAnalysis(studies(), NewCohort(50), priors), draws=40_000, seed=1)
    # Var = sd² + scale² for a half-normal spread; error of an sd: about sd / sqrt(n).
    assert drawn.effect().values.std() == pytest.approx(0.05, rel=4 / np.sqrt(40_000) * 1.5)
    assert "drawn from the priors, before the data" in drawn.provenance.assumptions
    with_level = NewCohort(50, (TargetLevel("job", 0.01),))
    capped = prior_outcomes(MetaAnalysis(studies(), with_level, priors), seed=1)
    assert float(capped.level("treated", "job").min()) == 0.0


def test_one_seed_gives_one_answer_and_another_seed_another():
    design = MetaAnalysis(studies(), NewCohort(50))
    one, same, other = (fit(design, ClosedForm(seed=s)).outcomes.effect().values for s in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_targets_and_priors_survive_their_own_text():
    target = NewCohort(50, (TargetLevel("job", 0.3, periods=(1, 1)),), "cap")
    assert load(NewCohort, dump(target)) == target
    priors = MetaPriors(0.0, 2.0, HalfCauchy(0.5))
    assert load(MetaPriors, dump(priors)) == priors


def test_the_closed_form_loads_no_sampler():
    script = (
        "import sys\n"
        "sys.path.insert(0, '.')\n"
        "import datetime as dt\n"
        "from impactmodel.core.measures import OutcomeMeasure as O\n"
        "from impactmodel.core.schedule import Periods\n"
        "from impactmodel.effects import fit\n"
        "from impactmodel.effects.meta_analysis import MetaAnalysis\n"
        "from impactmodel.effects.meta_targets import NewCohort\n"
        "from impactmodel.evidence import PublishedEstimate as E, PublishedEvidence as P\n"
        "from impactmodel.evidence import StandardError as S, Study\n"
        "year = Periods(dt.date(2020, 1, 1), 'year', 1)\n"
        "made = [P(Study(n, 'ITT', 'assigned', 'trial', locator='1'),\n"
        "    (E(O('job', 'binary'), S(.1), .1),), year, 9) for n in 'AB']\n"
        "fit(MetaAnalysis(tuple(made), NewCohort(9)))\n"
        "print(sorted({'pymc', 'pytensor', 'nutpie', 'arviz', 'arviz_stats'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

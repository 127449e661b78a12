"""Difference-in-differences: what it refuses, its closed forms, and what must not change it."""

import dataclasses
import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes
from impactmodel.effects import ClosedForm, build_model, fit, prior_outcomes
from impactmodel.effects.designs import prepare
from impactmodel.effects.did_aggregate import aggregate
from impactmodel.effects.did_covariance import effect_covariance, violation_covariance
from impactmodel.effects.did_exact import ExactEffects
from impactmodel.effects.did_model import EffectPrior
from impactmodel.effects.did_options import Comparison, DifferencePriors, TrendViolation
from impactmodel.effects.did_prepared import pair_averages
from impactmodel.effects.did_sample import take_sample
from impactmodel.effects.did_table import average_weights, difference_table
from impactmodel.effects.did_twins import impute, treatment, two_way
from impactmodel.effects.difference_in_differences import (
    DifferenceInDifferences,
    difference_checks,
    group_time_effects,
    pretrend_scale,
)
from impactmodel.evidence.cohort import Covariate
from impactmodel.evidence.panel import Panel

JOBS = OutcomeMeasure("jobs", kind="index")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year")
EMPLOYED = OutcomeMeasure("employed", kind="binary")


def simulate(seed, starts, periods=6, effect=0.0, rho=0.6):
    """A panel of units with AR(1) errors; ``starts`` maps a start (None: never) to units."""
    rng = np.random.default_rng(seed)
    rows = []
    unit = 0
    for start, count in starts.items():
        for _ in range(count):
            level, e = rng.normal(0, 2), rng.normal()
            for t in range(periods):
                e = rho * e + math.sqrt(1 - rho**2) * rng.normal()
                on = start is not None and t >= start
                y = 10 + level + 0.3 * t + e + effect * on
                first = np.nan if start is None else 2000.0 + start
                rows.append((f"u{unit:04d}", 2000 + t, first, y, level))
            unit += 1
    return pd.DataFrame(rows, columns=["unit", "year", "first", "jobs", "z"])


def panel(table, outcomes=(JOBS,), **more):
    return Panel.from_frame(
        table, unit="unit", period="year", start="first", outcomes=outcomes, **more
    )


def design(table, comparison=None, **more):
    extra = {"outcomes": more.pop("outcomes")} if "outcomes" in more else {}
    comparison = comparison or Comparison()
    return DifferenceInDifferences(panel(table, **extra), comparison, **more)


STAGGERED = simulate(1, {3: 15, 4: 10, None: 25}, effect=1.0)


# What is not identified


def test_a_naive_before_after_comparison_is_refused_with_its_reason():
    with pytest.raises(NotIdentifiedError) as error:
        fit(design(simulate(1, {3: 20}), Comparison("not_yet")))
    assert str(error.value) == (
        "every unit is treated from 2003 on: a change from before to after mixes the effect with "
        "whatever else changed (trend, season, business cycle, recovery from a dip), and nothing "
        "in this panel tells them apart; add units that are not treated then, or use "
        "InterruptedTimeSeries and state what the series would have done"
    )
    with pytest.raises(NotIdentifiedError, match="every unit is treated from 2003 on"):
        difference_checks(design(simulate(1, {3: 1})))


def test_nobody_treated_and_nobody_seen_before_are_refused():
    with pytest.raises(NotIdentifiedError) as error:
        group_time_effects(design(simulate(1, {None: 9})))
    assert str(error.value) == (
        "no unit starts treatment in these periods, so there is no effect to estimate"
    )
    with pytest.raises(NotIdentifiedError) as error:
        group_time_effects(design(simulate(1, {0: 4, None: 9})))
    assert str(error.value) == (
        "no treated unit is observed before its start (and before any anticipation), so its "
        "change is not seen; add earlier periods"
    )
    with pytest.raises(NotIdentifiedError, match="before any anticipation"):
        group_time_effects(design(simulate(1, {1: 4, None: 9}), Comparison(anticipation=1)))


def test_never_treated_controls_must_exist():
    with pytest.raises(InputError) as error:
        group_time_effects(design(simulate(1, {2: 5, 4: 5})))
    assert str(error.value) == (
        "controls: no unit is never treated (seen: 'never'); use Comparison(controls=\"not_yet\")"
    )
    later = simulate(1, {2: 5, 9: 5, None: 5})
    with pytest.raises(InputError, match="5 units that would be controls start treatment after"):
        group_time_effects(design(later))
    assert len(group_time_effects(design(later, Comparison("not_yet")))[0].estimate) == 5


def test_the_last_cohort_is_only_a_control_where_nobody_is_never_treated():
    made = group_time_effects(design(simulate(1, {2: 5, 4: 5}), Comparison("not_yet")))[0]
    assert set(made.cohort.tolist()) == {2}
    assert made.period.tolist() == [1, 2, 3]
    outcomes = fit(design(simulate(1, {2: 5, 4: 5}), Comparison("not_yet"))).outcomes
    assert outcomes.dataset["group"].values.tolist() == ["2002"]
    assert outcomes.periods.count == 2


def test_units_treated_from_the_start_are_left_out_and_that_is_said():
    made = prepare(design(simulate(1, {0: 4, 3: 6, None: 9})))
    assert made.sample.size == 15
    assert "4 units treated from the first period on are left out" in made.provenance.assumptions


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Comparison(anticipation=-1),
            "anticipation: anticipation counts periods (seen: -1)",
        ),
        (lambda: TrendViolation(0.0), "per_period: this must be above 0 (seen: 0.0)"),
        (lambda: DifferencePriors(scale=-1.0), "scale: this must be above 0 (seen: -1.0)"),
        (
            lambda: Comparison("later"),
            "controls: Comparison needs 'never' or 'not_yet' here (seen: 'later')",
        ),
        (
            lambda: DifferenceInDifferences(panel(STAGGERED), clock="event"),
            "clock: the clock is 'calendar' or 'since_start' (seen: 'event')",
        ),
        (
            lambda: group_time_effects(design(STAGGERED, Comparison(adjust=True))),
            "adjust: there are no covariates to adjust for; name them in the panel",
        ),
        (
            lambda: group_time_effects(design(STAGGERED, Comparison(cluster="group"))),
            "cluster: there is one group only to cluster by; use unit",
        ),
        (
            lambda: aggregate(group_time_effects(design(STAGGERED))[0], "median"),
            "kind: there is no such aggregation (seen: 'median')",
        ),
        (
            lambda: difference_table(design(STAGGERED), prob=1.0),
            "prob: a probability lies between 0 and 1 (seen: 1.0)",
        ),
        (
            lambda: aggregate(group_time_effects(design(STAGGERED))[0], "simple").critical(0.0),
            "prob: a probability lies between 0 and 1 (seen: 0.0)",
        ),
    ],
)
def test_bad_options_say_what_and_where(make, message):
    with pytest.raises(InputError) as error:
        make()
    assert str(error.value) == message


def test_a_missing_period_that_an_effect_needs_is_refused_by_name():
    table = STAGGERED[~((STAGGERED["first"] == 2003) & (STAGGERED["year"] == 2005))]
    thin = DifferenceInDifferences(panel(table, unbalanced=True))
    with pytest.raises(InputError) as error:
        group_time_effects(thin)
    assert str(error.value) == (
        "unbalanced: the effect of starting in 2003 cannot be estimated in 2005: it needs a unit "
        "and two controls with rows then and in 2002; add the rows, or leave the period or cohort "
        "out"
    )


def test_units_that_change_alike_have_no_error_to_estimate():
    table = STAGGERED.assign(jobs=STAGGERED["year"] * 1.0)
    with pytest.raises(InputError) as error:
        fit(design(table, priors=DifferencePriors(scale=1.0)))
    assert str(error.value) == (
        "jobs: all units of an arm changed alike, so the error of the effect is unknown; give "
        "more units, or leave this outcome out"
    )


def test_covariates_that_separate_the_arms_are_refused():
    table = STAGGERED.assign(z=STAGGERED["first"].notna() * 5.0 + STAGGERED["z"] / 100)
    with pytest.raises(InputError) as error:
        group_time_effects(
            DifferenceInDifferences(
                panel(table, covariates=[Covariate("z", dt.date(1999, 1, 1))]),
                Comparison(adjust=True),
            )
        )
    assert str(error.value) == (
        "covariates: the covariates separate the treated from the controls; leave out what tells "
        "them apart, or compare units that overlap"
    )


# Closed forms


def test_two_periods_are_a_difference_of_mean_changes_with_welch_error():
    table = simulate(3, {1: 12, None: 30}, periods=2)
    wide = table.pivot(index="unit", columns="year", values="jobs")
    change = wide[2001] - wide[2000]
    treated = table.drop_duplicates("unit").set_index("unit")["first"].notna()
    test = stats.ttest_ind(change[treated], change[~treated], equal_var=False)
    made = design(table)
    cells, sample = group_time_effects(made)[0], take_sample(made.panel, made.comparison)
    assert cells.estimate[0] == pytest.approx(change[treated].mean() - change[~treated].mean())
    covariance = effect_covariance(sample, cells, 0)
    assert covariance.freedom == pytest.approx(test.df)
    se = math.sqrt(covariance.matrix[0, 0] / covariance.widening)
    assert cells.estimate[0] / se == pytest.approx(test.statistic)
    # All four estimators are this difference.
    assert two_way(sample, 0, treatment(sample)).coefficients[0] == pytest.approx(cells.estimate[0])
    assert impute(sample, 0).estimate == pytest.approx(cells.estimate[0])
    assert impute(sample, 0).se == pytest.approx(cells.se[0])
    assert aggregate(cells, "simple").overall_se == pytest.approx(cells.se[0])


def test_one_unit_in_a_cohort_errs_as_a_control_does():
    table = simulate(3, {1: 1, None: 30}, periods=2)
    made = design(table)
    cells, sample = group_time_effects(made)[0], take_sample(made.panel, made.comparison)
    wide = table.pivot(index="unit", columns="year", values="jobs")
    variance = (wide[2001] - wide[2000])[1:].var(ddof=1)
    covariance = effect_covariance(sample, cells, 0)
    assert covariance.alone == (1,)
    found = covariance.matrix[0, 0] / covariance.widening
    assert found == pytest.approx(variance * (1 + 1 / 30))
    failed = {c.name for c in difference_checks(made) if c.passed is False}
    assert "few clusters" in failed


def test_the_posterior_by_quadrature_is_that_of_direct_integration():
    rng = np.random.default_rng(5)
    root = rng.normal(size=(4, 4))
    covariance, estimate = root @ root.T + np.eye(4), rng.normal(size=4) * 3
    prior = EffectPrior.of(np.array([1, 1, 2, 2]), np.array([0, 1, 0, 1]), (1.5, 0.8))
    a, b, alike = 1.5, 0.8, prior.likeness
    assert prior.columns.tolist() == [[1, -0.5], [1, 0.5], [1, -0.5], [1, 0.5]]
    model = ExactEffects((estimate, covariance), prior.columns, alike, (a, b), pooled=True)

    def given(tau):
        prior_covariance = tau**2 * alike + a**2 * prior.columns @ prior.columns.T
        total = prior_covariance + covariance
        density = stats.multivariate_normal(np.zeros(4), total).pdf(estimate)
        density *= stats.halfnorm(scale=b).pdf(tau)
        gain = prior_covariance @ np.linalg.inv(total)
        return density, gain @ estimate, prior_covariance - gain @ prior_covariance

    def integral(f):
        return integrate.quad(f, 0, 12, epsabs=1e-14, epsrel=1e-12, limit=400)[0]

    total = integral(lambda t: given(t)[0])
    means = np.array([integral(lambda t, k=k: given(t)[0] * given(t)[1][k]) for k in range(4)])
    means /= total
    found, spread = model.moments(np.eye(4))
    assert found == pytest.approx(means, rel=1e-9)
    for k in (0, 3):
        square = integral(lambda t, k=k: given(t)[0] * (given(t)[2][k, k] + given(t)[1][k] ** 2))
        assert spread[k, k] == pytest.approx(square / total - means[k] ** 2, rel=1e-8)


def test_draws_have_the_exact_moments():
    model = prepare(design(STAGGERED)).models[0]
    n = 40_000
    drawn = model.effects(model.exact(n, np.random.default_rng(2)))
    mean, covariance = model.moments(np.eye(drawn.shape[1]))
    sd = np.sqrt(np.diag(covariance))
    # Four standard errors of a mean and of a standard deviation of near-normal draws.
    assert (np.abs(drawn.mean(axis=0) - mean) < 4 * sd / math.sqrt(n)).all()
    assert np.abs(drawn.std(axis=0) / sd - 1).max() < 4 * math.sqrt(0.75 / n)
    assert np.corrcoef(drawn, rowvar=False) == pytest.approx(
        covariance / np.outer(sd, sd), abs=4 / math.sqrt(n)
    )


def test_wide_priors_without_pooling_return_the_estimates():
    wide = DifferencePriors(pool=False, scale=1e5)
    made = prepare(design(STAGGERED, priors=wide))
    cells, model = made.cells[0], made.models[0]
    mean, covariance = model.moments(np.eye(len(model.estimate)))
    assert mean == pytest.approx(cells.estimate[cells.after], rel=1e-6)
    assert covariance == pytest.approx(model.covariance, rel=1e-6, abs=1e-9)
    kinds = ("simple", "dynamic", "group", "calendar")
    for kind in kinds:
        weights = average_weights(made, kind)
        expected = aggregate(cells, kind).overall
        assert weights @ cells.estimate[cells.after] == pytest.approx(expected)


def test_the_variance_of_a_trend_violation_grows_with_time():
    cells = group_time_effects(design(STAGGERED))[0]
    away = (cells.period - cells.base)[cells.after]
    walk = violation_covariance(cells, TrendViolation(0.5))
    assert np.diag(walk) == pytest.approx(0.25 * away)
    slope = violation_covariance(cells, TrendViolation(0.5, "slope"))
    assert np.diag(slope) == pytest.approx(0.25 * away**2)
    # Cohorts share it: the same time since the start has the same bias.
    assert walk[0, 3] == pytest.approx(0.25 * 1)


def test_a_trend_violation_widens_the_interval():
    sds = []
    for priors in (
        DifferencePriors(scale=2.0),
        DifferencePriors(scale=2.0, violation=TrendViolation(0.2)),
        DifferencePriors(scale=2.0, violation=TrendViolation(0.2, "slope")),
    ):
        made = prepare(design(STAGGERED, priors=priors))
        _, covariance = made.models[0].moments(made.average[:, None])
        sds.append(float(covariance[0, 0]) ** 0.5)
    assert sds[0] < sds[1] < sds[2]
    said = made.provenance.assumptions
    assert "bias prior: trends part after the start as a slope of 0.2 a period" in said


# What must not change the answer


def summary(made):
    return fit(made, ClosedForm(seed=3, draws=500)).outcomes.effect().values


def test_another_unit_of_measurement_scales_the_effect():
    base = summary(design(STAGGERED))
    scaled = summary(design(STAGGERED.assign(jobs=STAGGERED["jobs"] * 1000)))
    assert scaled == pytest.approx(1000 * base, rel=1e-6)


def test_unit_and_period_effects_do_not_matter():
    shift = STAGGERED["unit"].str[1:].astype(int) ** 1.5 + np.sin(STAGGERED["year"]) * 7
    moved = STAGGERED.assign(jobs=STAGGERED["jobs"] + shift)
    before, after = (prepare(design(t)) for t in (STAGGERED, moved))
    assert after.cells[0].estimate == pytest.approx(before.cells[0].estimate)
    assert after.models[0].covariance == pytest.approx(before.models[0].covariance)


def test_the_order_and_names_of_units_do_not_matter():
    rng = np.random.default_rng(4)
    names = {u: f"v{i}" for i, u in enumerate(rng.permutation(STAGGERED["unit"].unique()))}
    renamed = STAGGERED.assign(unit=STAGGERED["unit"].map(names)).sample(frac=1, random_state=2)
    assert summary(design(renamed)) == pytest.approx(summary(design(STAGGERED)))


def test_permuted_starts_give_no_effect():
    rng = np.random.default_rng(6)
    first = STAGGERED.drop_duplicates("unit").set_index("unit")["first"]
    z = []
    for _ in range(200):
        shuffled = pd.Series(rng.permutation(first.to_numpy()), index=first.index)
        made = prepare(design(STAGGERED.assign(first=STAGGERED["unit"].map(shuffled))))
        mean, covariance = made.models[0].moments(made.average[:, None])
        z.append(mean[0] / math.sqrt(covariance[0, 0]))
    # The true effect of 1 in the data widens the permutation distribution and is centred on 0.
    assert abs(np.mean(z)) < 4 / math.sqrt(200)
    share = np.mean(np.abs(z) > stats.norm.ppf(0.95))
    assert share == pytest.approx(0.10, abs=4 * math.sqrt(0.09 / 200))


def test_a_unit_of_weight_two_counts_as_two_equal_units():
    double = STAGGERED[STAGGERED["unit"] == "u0000"].assign(unit="w")
    both = pd.concat([STAGGERED, double])
    table = STAGGERED.assign(size=1.0 + (STAGGERED["unit"] == "u0000"))
    weighted = group_time_effects(DifferenceInDifferences(panel(table, weights="size")))[0]
    assert weighted.estimate == pytest.approx(group_time_effects(design(both))[0].estimate)


def test_repeating_a_unit_in_its_cluster_does_not_sharpen_the_error():
    copies = [STAGGERED.assign(unit=STAGGERED["unit"] + s, area=STAGGERED["unit"]) for s in "abc"]
    table = pd.concat(copies)
    by_area = DifferenceInDifferences(panel(table, group="area"), Comparison(cluster="group"))
    one, many = group_time_effects(design(STAGGERED))[0], group_time_effects(by_area)[0]
    assert many.se == pytest.approx(one.se)
    sample = take_sample(by_area.panel, by_area.comparison)
    single = take_sample(panel(STAGGERED), Comparison())
    assert effect_covariance(sample, many, 0).freedom == pytest.approx(
        effect_covariance(single, one, 0).freedom
    )


# Outcomes


def test_outcomes_keep_the_start_on_the_group_and_have_no_effect_before_it(tmp_path):
    made = fit(design(STAGGERED, source="simulated"), ClosedForm(seed=1, draws=200))
    data = made.outcomes.dataset
    assert data["group"].values.tolist() == ["2003", "2004"]
    starts = data["start"].values.astype("datetime64[D]").tolist()
    assert starts == [dt.date(2003, 1, 1), dt.date(2004, 1, 1)]
    assert made.outcomes.periods.clock == "calendar"
    assert made.outcomes.periods.start == dt.date(2003, 1, 1)
    effect = made.outcomes.effect().values
    assert effect.shape == (200, 2, 1, 3)
    assert (effect[:, 1, 0, 0] == 0).all()
    assert (effect[:, 1, 0, 1] != 0).all()
    assert data["cohort_size"].values[0].tolist() == [15, 10]
    assert made.outcomes.provenance.estimand == "ATT"
    assert made.outcomes.provenance.population == "participants"
    assert made.outcomes.provenance.source == "simulated"
    observed = STAGGERED[(STAGGERED["first"] == 2003) & (STAGGERED["year"] == 2004)]["jobs"].mean()
    assert data["treated"].values[:, 0, 0, 1] == pytest.approx(observed)
    made.outcomes.to_netcdf(tmp_path / "o.nc")
    again = Outcomes.from_netcdf(tmp_path / "o.nc")
    assert again.dataset["start"].equals(data["start"])
    assert again.measured(100, seed=1).dataset["treated"].shape == effect.shape


def test_periods_since_the_start_are_those_that_every_cohort_has():
    made = fit(design(STAGGERED, clock="since_start"), ClosedForm(seed=1, draws=200)).outcomes
    assert (made.periods.clock, made.periods.count) == ("since_start", 2)
    calendar = fit(design(STAGGERED), ClosedForm(seed=1, draws=200)).outcomes.effect().values
    assert made.effect().values[:, 0] == pytest.approx(calendar[:, 0, :, :2])
    assert made.effect().values[:, 1] == pytest.approx(calendar[:, 1, :, 1:])


def test_the_spread_between_units_is_theirs():
    data = fit(design(STAGGERED), ClosedForm(seed=1, draws=100)).outcomes.dataset
    rows = STAGGERED[STAGGERED["first"] == 2003].pivot(index="unit", columns="year", values="jobs")
    expected = np.cov(rows[[2003, 2004, 2005]].to_numpy(), rowvar=False)
    assert data["covariance"].values[0, 0, 0, :, 0, :] == pytest.approx(expected)
    weighted = panel(STAGGERED.assign(size=2.0), weights="size")
    made = fit(DifferenceInDifferences(weighted), ClosedForm(seed=1, draws=100)).outcomes
    assert "covariance" not in made.dataset
    assert made.cohort_size.values[0].tolist() == [30, 20]


def test_several_outcomes_err_together_as_their_estimates_do():
    table = STAGGERED.assign(wage=lambda d: 20_000 + 500 * d["jobs"])
    made = fit(design(table, outcomes=(JOBS, WAGE)), ClosedForm(seed=1, draws=4000)).outcomes
    effect = made.effect().values
    # The second outcome is a multiple of the first.
    first, second = effect[:, 0, 0, 0], effect[:, 0, 1, 0]
    assert second.mean() == pytest.approx(500 * first.mean(), rel=0.1)
    average = (effect.sum(axis=-1) * np.array([[15], [10]])).sum(axis=1)
    assert np.corrcoef(average[:, 0], average[:, 1])[0, 1] > 0.9


def test_pairing_gives_the_wanted_rank_correlation_and_changes_no_draw():
    rng = np.random.default_rng(1)
    draws = rng.gamma(2.0, size=(3, 5000))
    wanted = np.array([[1.0, 0.7, -0.4], [0.7, 1.0, 0.1], [-0.4, 0.1, 1.0]])
    orders = pair_averages(draws, wanted, rng)
    scores = [
        stats.norm.ppf(stats.rankdata(d[o]) / 5001) for d, o in zip(draws, orders, strict=True)
    ]
    assert np.corrcoef(scores) == pytest.approx(wanted, abs=0.01)
    assert orders[0].tolist() == list(range(5000))
    assert all(sorted(o.tolist()) == list(range(5000)) for o in orders)


def test_a_probability_that_leaves_its_range_fails_a_check():
    rng = np.random.default_rng(2)
    table = STAGGERED.assign(employed=(rng.random(len(STAGGERED)) < 0.02).astype(float))
    made = fit(design(table, outcomes=(EMPLOYED,)), ClosedForm(seed=1, draws=500))
    assert made.outcomes.dataset["counterfactual"].values.min() >= 0
    check = next(c for c in made.diagnostics.checks if c.name == "probabilities: employed")
    assert check.passed is False
    assert check.text.endswith("were set to the bound (limit 1%)")
    assert made.outcomes.provenance.diagnostics.startswith("failed: ")


def test_the_prior_is_centred_on_no_effect_and_scaled_to_the_data():
    made = prior_outcomes(design(STAGGERED), draws=4000, seed=2)
    effect = made.effect().values[:, 0, 0, 2]
    prior = prepare(design(STAGGERED)).models[0].effect_prior
    # The third cell is the first cohort's third period.
    level = prior.column_sd * np.sqrt((prior.columns[2] ** 2).sum())
    sd = math.hypot(level, prior.spread_sd)
    assert abs(effect.mean()) < 4 * sd / math.sqrt(4000)
    assert effect.std() == pytest.approx(sd, rel=0.06)
    change = STAGGERED[STAGGERED["first"].isna()].pivot(index="unit", columns="year", values="jobs")
    scale = (change[2005] - change[2000]).std(ddof=1)
    assert (prior.column_sd, prior.spread_sd) == pytest.approx((2.5 * scale, scale))
    assert "drawn from the priors, before the data" in made.provenance.assumptions


def test_the_model_can_be_looked_at():
    made = build_model(design(STAGGERED))
    names = [rv.name for rv in made.free_RVs]
    assert names == ["jobs_mean", "jobs_spread", "jobs_effect_group_raw"]
    separate = build_model(design(STAGGERED, priors=DifferencePriors(pool=False)))
    assert [rv.name for rv in separate.free_RVs] == ["jobs_effect_group_raw"]


def test_its_density_is_that_of_the_stated_model():
    made, model = build_model(design(STAGGERED)), prepare(design(STAGGERED)).models[0]
    prior, data, tau = model.effect_prior, model.data, 0.3
    raw, mean = np.linspace(-1, 1, len(model.estimate)), np.array([0.4, -0.2])
    values = {
        "jobs_mean": mean,
        "jobs_spread_log__": math.log(tau),
        "jobs_effect_group_raw": raw,
    }
    basis, (seen, variance) = data["jobs_basis"], data["jobs_seen"]
    assert basis @ basis.T == pytest.approx(prior.likeness)
    assert basis * variance @ basis.T == pytest.approx(model.covariance)
    line = np.linalg.solve(basis, prior.columns @ mean)
    pull = tau**2 / (tau**2 + variance)
    effect = basis @ (line + pull * (seen - line) + np.sqrt(pull * variance) * raw)
    error = model.estimate - effect
    expected = -0.5 * error @ np.linalg.solve(model.covariance, error)
    expected += stats.norm(0, prior.column_sd).logpdf(mean).sum()
    expected += stats.halfnorm(scale=prior.spread_sd).logpdf(tau) + math.log(tau)
    spread = stats.multivariate_normal(prior.columns @ mean, tau**2 * prior.likeness)
    expected += spread.logpdf(effect)
    # The volume of the change from raw coordinates to effects.
    expected += np.linalg.slogdet(basis)[1] + 0.5 * np.log(pull * variance).sum()
    # A constant that the model leaves out.
    expected -= 0.5 * np.log(variance).sum()
    assert float(made.compile_logp()(values)) == pytest.approx(expected, rel=1e-8)


# Checks


def test_checks_read_nothing_after_the_start():
    spoilt = STAGGERED.assign(
        jobs=STAGGERED["jobs"].where(
            ~(STAGGERED["year"] >= STAGGERED["first"]), STAGGERED["jobs"] + 99
        )
    )
    assert difference_checks(design(spoilt)) == difference_checks(design(STAGGERED))


def test_a_sound_design_passes_and_its_tables_are_by_lead():
    checks = {c.name: c for c in difference_checks(design(STAGGERED))}
    assert list(checks) == [
        "untreated controls",
        "few clusters",
        "pre-trends: jobs",
        "trend before the start: jobs",
        "placebo dates: jobs",
        "dip before the start: jobs",
    ]
    assert all(c.passed is not False for c in checks.values())
    assert [row[0] for row in checks["pre-trends: jobs"].table[1:]] == [-3.0, -2.0, -1.0]
    assert checks["untreated controls"].text == "25 of 50 units are never treated"
    assert checks["few clusters"].table[-1] == ("controls", 25.0, 25.0)


def test_a_diverging_trend_and_a_dip_are_seen():
    treated, year = STAGGERED["first"].notna(), STAGGERED["year"]
    drift = STAGGERED.assign(jobs=STAGGERED["jobs"] + treated * (year - 2000) * 1.0)
    failed = {c.name for c in difference_checks(design(drift)) if c.passed is False}
    assert {"pre-trends: jobs", "trend before the start: jobs", "placebo dates: jobs"} <= failed
    dipped = STAGGERED.assign(jobs=STAGGERED["jobs"] - 3.0 * (year == STAGGERED["first"] - 1))
    failed = {c.name for c in difference_checks(design(dipped)) if c.passed is False}
    assert "dip before the start: jobs" in failed
    # Comparing with the period before the dip removes it.
    anticipated = group_time_effects(design(dipped, Comparison(anticipation=1)))[0]
    plain = group_time_effects(design(dipped))[0]
    assert plain.estimate[plain.after].mean() > 3.0
    assert abs(anticipated.estimate[anticipated.after].mean() - 1.0) < 0.7


def test_one_period_before_the_start_leaves_nothing_to_test():
    made = design(simulate(3, {1: 12, None: 30}, periods=2))
    text = {c.name: (c.passed, c.text) for c in difference_checks(made)}
    assert text["pre-trends: jobs"] == (
        None,
        "'jobs': no cohort is seen in two periods before its start",
    )
    assert math.isnan(pretrend_scale(made)[0])


def test_the_scale_of_changes_before_the_start_is_the_true_one():
    table = simulate(8, {4: 400, None: 400}, periods=6)
    wobble = {2001: 0.5, 2002: 0.0, 2003: 0.5}
    moved = table["jobs"] + table["first"].notna() * table["year"].map(wobble).fillna(0.0)
    (found,) = pretrend_scale(design(table.assign(jobs=moved)))
    assert found == pytest.approx(0.5, abs=0.06)


def test_a_failed_check_reaches_the_outcomes():
    year = STAGGERED["year"]
    drift = STAGGERED.assign(jobs=STAGGERED["jobs"] + STAGGERED["first"].notna() * (year - 2000.0))
    made = fit(design(drift), ClosedForm(seed=1, draws=200))
    assert made.outcomes.provenance.diagnostics.startswith("failed: ")
    assert any(c.name == "sensitivity to the trend: jobs" for c in made.diagnostics.checks)


def test_the_band_holds_at_all_event_times_at_once():
    made = aggregate(group_time_effects(design(STAGGERED))[0], "dynamic")
    pointwise, band = stats.norm.ppf(0.95), made.critical(0.9)
    bonferroni = stats.norm.ppf(1 - 0.05 / len(made.at))
    assert pointwise < band < bonferroni
    independent = dataclasses.replace(made, influence=np.eye(len(made.cluster))[:, :3])
    expected = stats.norm.ppf((1 + 0.9 ** (1 / 2)) / 2)
    # Two independent estimates; 100,000 draws.
    assert independent.critical(0.9) == pytest.approx(expected, abs=0.02)


def test_its_parts_show_no_unit():
    named = STAGGERED.assign(unit="Virtanen-" + STAGGERED["unit"])
    made = fit(design(named), ClosedForm(seed=1, draws=100))
    text = repr(made) + repr(made.outcomes.provenance) + repr(made.diagnostics)
    assert "Virtanen" not in text + str(made.outcomes.dataset)

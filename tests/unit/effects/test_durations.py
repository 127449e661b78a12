"""Durations: estimands, covariances, models, checks and refusals, against what is known exactly."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods
from impactmodel.effects.choices_spells import DurationsChoice
from impactmodel.effects.designs import prepare
from impactmodel.effects.duration_checks import few_events, predictive_survival, proportionality
from impactmodel.effects.durations import Durations, endings, exact_incidence
from impactmodel.effects.endings import Endings, leaving
from impactmodel.effects.fitting import build_model, default_method, fit, prior_outcomes
from impactmodel.effects.hazard_priors import (
    Constant,
    DirichletPriors,
    HazardPriors,
    PooledPeriods,
    RandomWalk,
    base_level,
)
from impactmodel.effects.methods import ClosedForm
from impactmodel.effects.survival import aalen_johansen
from impactmodel.evidence.spell_cells import SpellCells

MONTHS = Periods(dt.date(2024, 1, 1), "month", 6)
CAUSES = ("job", "training", "inactive")
HAZARD = np.array([[0.12, 0.03, 0.02], [0.08, 0.03, 0.03]])


def simulate(rng, n=1000, hazard=HAZARD, lost=0.05, periods=MONTHS, extra=None):
    """Cells of n people in each arm (treated, comparison) with hazards (arm, cause), constant."""
    rows = []
    for arm in (0, 1):
        left = n
        for t in range(1, periods.count + 1):
            gone = rng.multinomial(left, [*hazard[arm], 1 - hazard[arm].sum()])
            out = gone[-1] if t == periods.count else rng.binomial(gone[-1], lost)
            rows.append({"treat": 1 - arm, "period": t, "censored": out,
                         **dict(zip(CAUSES, gone[:-1], strict=True)), **(extra or {})})  # fmt: skip
            left = gone[-1] - out
    return pd.DataFrame(rows)


def cells(table, **options):
    return SpellCells.from_frame(table, "treat", causes=CAUSES, periods=MONTHS, **options)


def design(evidence=None, **options):
    evidence = evidence or cells(simulate(np.random.default_rng(1)))
    given = {"job": ("job",), "horizons": (3, 6), "priors": DirichletPriors()}
    return Durations(evidence, **{**given, **options})


def test_endings_of_a_constant_hazard_are_geometric():
    h = np.broadcast_to([0.2, 0.1], (1, 2, 1, 24, 2))
    found = Endings(leaving(h), ("job", "other"), ("all",), dataclasses.replace(MONTHS, count=24))
    t = np.arange(1, 25)
    expected = 0.2 / 0.3 * (1 - 0.7**t)
    np.testing.assert_allclose(found.incidence(("job",))[0, 0, 0], expected, rtol=1e-12)
    np.testing.assert_allclose(found.incidence(("job", "other"))[0, 1, 0], 1 - 0.7**t, rtol=1e-12)
    # Sum of a geometric series; time to any exit within h periods.
    months = found.months_without(("job", "other"), 24)
    np.testing.assert_allclose(months, (1 - 0.7**24) / 0.3, rtol=1e-12)
    # One minus the survival of this cause alone goes to 1; the incidence ends at 2/3.
    assert found.incidence(("job",)).max() < 2 / 3
    assert found.median(("job",))[0, 0, 0] == np.ceil(np.log(1 - 0.75) / np.log(0.7))
    with pytest.raises(InputError, match="outside the periods"):
        found.months_without(("job",), 25)
    with pytest.raises(InputError, match="no such cause of exit"):
        found.incidence(("holiday",))


def test_a_median_that_is_not_reached_is_not_a_number():
    h = np.full((1, 2, 1, 6, 1), 0.05)
    found = Endings(leaving(h), ("job",), ("all",), MONTHS)
    assert np.isnan(found.median(("job",))).all()


def test_outcomes_are_those_of_the_endings_and_covariances_those_of_people():
    made = design()
    result = fit(made, ClosedForm(seed=1, draws=200))
    outcomes = result.outcomes
    assert [m.name for m in outcomes.measures] == ["job_by_3", "job_by_6", "months_without_job"]
    assert [m.kind for m in outcomes.measures] == ["binary", "binary", "count"]
    assert outcomes.periods.bounds()[0] == (dt.date(2024, 1, 1), dt.date(2024, 7, 1))
    found = endings(made, result)
    for arm, name in enumerate(("treated", "counterfactual")):
        data = outcomes.dataset[name].isel(group=0, period=0)
        incidence = found.incidence(("job",))[:, arm, 0]
        np.testing.assert_allclose(data.sel(outcome="job_by_3"), incidence[:, 2], rtol=1e-12)
        np.testing.assert_allclose(data.sel(outcome="job_by_6"), incidence[:, 5], rtol=1e-12)
        months = found.months_without(("job",), 6)[:, arm, 0]
        np.testing.assert_allclose(data.sel(outcome="months_without_job"), months, rtol=1e-12)
    # Covariance of a million simulated people at one draw, four Monte Carlo errors.
    p = found.probability[7, 0, 0]
    rng = np.random.default_rng(5)
    n = 1_000_000
    ending = rng.choice(19, n, p=[*p.ravel(), 1 - p.sum()])
    period, job = ending // 3 + 1, (ending % 3 == 0) & (ending < 18)
    people = np.stack([job & (period <= 3), job, np.where(job, period, 6)]).astype(float)
    covariance = outcomes.dataset["covariance"].isel(draw=7, arm=0, group=0).values.squeeze()
    spread = people - people.mean(axis=1, keepdims=True)
    products = spread[:, None] * spread
    error = products.std(axis=-1) / np.sqrt(n)
    assert (np.abs(products.mean(axis=-1) - covariance) < 4 * error).all()
    assert outcomes.measured(500, seed=1).n_draws == 200


def test_without_a_prior_the_conjugate_mean_is_aalen_johansen():
    evidence = cells(simulate(np.random.default_rng(2)))
    made = design(evidence, priors=DirichletPriors(weight=1e-9))
    exact = exact_incidence(made)
    for arm, treated in ((0, True), (1, False)):
        found = aalen_johansen(*evidence.arm(treated=treated))
        np.testing.assert_allclose(exact[arm, 0], found.incidence, rtol=1e-7)
    drawn = fit(made, ClosedForm(seed=3, draws=4000)).outcomes
    sd = drawn.level("treated", "job_by_6").values.std()
    # The sd of 4,000 draws has an error of 1.1 %; a Dirichlet posterior has n + 1 for n.
    assert sd == pytest.approx(aalen_johansen(*evidence.arm(treated=True)).se[5, 0], rel=0.05)


def test_covariates_are_averaged_over_everybody():
    rng = np.random.default_rng(4)
    young = simulate(rng, 3000, HAZARD * 1.5, extra={"old": 0})
    old = simulate(rng, 1000, HAZARD * 0.5, extra={"old": 1})
    old.loc[old.treat == 0, ["censored", *CAUSES]] *= 4
    both = cells(pd.concat([young, old]), covariates=("old",))
    made = design(both, adjust=True, priors=DirichletPriors(weight=1e-9))
    apart = [
        exact_incidence(design(cells(part), priors=DirichletPriors(weight=1e-9)))
        for part in (young, old)
    ]
    people = np.array([6000, 5000]) / 11000
    expected = people[0] * apart[0] + people[1] * apart[1]
    np.testing.assert_allclose(exact_incidence(made), expected, rtol=1e-9)
    crude = exact_incidence(dataclasses.replace(made, adjust=False))
    assert abs(crude[1, 0, 5, 0] - expected[1, 0, 5, 0]) > 0.02


def test_arms_swapped_flip_the_sign():
    evidence = cells(simulate(np.random.default_rng(6)))
    swapped = dataclasses.replace(evidence, treated=~evidence.treated)
    one, other = (exact_incidence(design(e)) for e in (evidence, swapped))
    np.testing.assert_allclose(one, other[::-1], rtol=1e-12)


@pytest.mark.parametrize("over", [Constant(), RandomWalk(0.4), PooledPeriods(0.3)])
def test_priors_over_time_have_the_stated_spread(over):
    shape = over.shape((1, 2, 3, 6))
    if isinstance(over, RandomWalk):
        # Middles .5, 1.5, 2.5, 4.5: steps of 1, 1 and 2 periods; mean zero over the follow-up.
        steps = np.diff(shape, axis=0)
        np.testing.assert_allclose((steps**2).sum(axis=1), [1, 1, 2], rtol=1e-12)
        np.testing.assert_allclose(np.array([1, 1, 1, 3]) @ shape, 0, atol=1e-12)
    priors = HazardPriors(baseline=over, effect=over, bands=(1, 2, 3))
    model = prepare(design(priors=priors)).model
    drawn = model.prior(200_000, np.random.default_rng(1))
    assert model.ends == (1, 2, 3, 6)
    assert base_level(priors, 3) == pytest.approx(np.log(0.05 / 0.85))
    deviation = (shape**2).sum(axis=1) * (over.scale or 0.0) ** 2
    baseline, effect = drawn["hazard_baseline"], drawn["hazard_effect"]
    # Variances of 200,000 draws whose kurtosis is that of a normal times a half-normal (9).
    error = 4 * np.sqrt(8 / 200_000)
    np.testing.assert_allclose(baseline[..., 1].var(axis=0), 1.5**2 + deviation, rtol=error)
    np.testing.assert_allclose(effect[..., 2].var(axis=0), 1.0 + deviation, rtol=error)


GROUPED = HazardPriors(bands=(1, 3), effect=RandomWalk(0.2))


def grouped():
    rng = np.random.default_rng(8)
    parts = [
        simulate(rng, 300, HAZARD, extra={"site": s, "old": o}) for s in "ab" for o in (0.0, 1.0)
    ]
    evidence = cells(pd.concat(parts), group="site", covariates=("old",))
    return design(evidence, adjust=True, pool_groups=True, priors=GROUPED)


@pytest.mark.slow
def test_the_model_in_pymc_is_the_model_in_numpy():
    made = grouped()
    model = build_model(made)
    ready = prepare(made).model
    point = model.initial_point()
    rng = np.random.default_rng(9)
    point = {k: v + 0.3 * rng.standard_normal(np.shape(v)) for k, v in point.items()}
    names = ["hazard_likelihood", *(v.name for v in model.deterministics)]
    outputs = [model[name] for name in names]
    free = model.replace_rvs_by_values(outputs)
    values = model.compile_fn(free, inputs=model.value_vars, mode="FAST_COMPILE")(point)
    drawn = {name: np.asarray(v)[None] for name, v in zip(names[1:], values[1:], strict=True)}
    drawn["hazard_slope"] = point["hazard_slope"][None]
    log = 0.0
    for arm in (0, 1):
        h = ready.hazards(drawn, slice(0, 1), arm)[0]
        exits, at_risk = ready.layout.exits[arm], ready.layout.at_risk[arm]
        log += special.xlogy(exits, h).sum()
        log += special.xlogy(at_risk - exits.sum(axis=-1), 1 - h.sum(axis=-1)).sum()
    assert float(values[0]) == pytest.approx(log, rel=1e-10)


def test_the_conjugate_model_in_pymc_is_its_dirichlet():
    made = design(horizons=(2,))
    model, ready = build_model(made), prepare(made).model
    p = ready.exact(1, np.random.default_rng(2))["hazard_probability"][0]
    likelihood = model.replace_rvs_by_values([model["hazard_likelihood"]])
    (variable,) = model.value_vars
    forward = model.rvs_to_transforms[model["hazard_probability"]].forward
    point = {variable.name: forward(p).eval(mode="FAST_COMPILE")}
    found = model.compile_fn(likelihood, inputs=model.value_vars, mode="FAST_COMPILE")(point)
    assert float(found[0]) == pytest.approx(special.xlogy(ready.counts, p).sum(), rel=1e-10)
    posterior = ready.exact(40_000, np.random.default_rng(3))["hazard_probability"]
    alpha = DirichletPriors().alpha(3) + ready.counts
    # Four Monte Carlo errors of 40,000 draws of a share.
    mean = alpha / alpha.sum(axis=-1, keepdims=True)
    error = 4 * np.sqrt(mean * (1 - mean) / (alpha.sum(axis=-1, keepdims=True) + 1) / 40_000)
    assert (np.abs(posterior.mean(axis=0) - mean) < error).all()


def test_prior_outcomes_are_symmetric_between_the_arms():
    for priors in (HazardPriors(), DirichletPriors(), GROUPED):
        drawn = prior_outcomes(design(priors=priors), draws=4000, seed=2)
        effect = drawn.effect().sel(outcome="job_by_6").values
        assert abs(effect.mean()) < 4 * effect.std() / np.sqrt(4000)
        assert "drawn from the priors, before the data" in drawn.provenance.assumptions
    made = prior_outcomes(grouped(), draws=50, seed=2)
    assert made.dataset.sizes["group"] == 2
    assert made.cohort_size.values[0].tolist() == [600.0, 600.0]


def layout(made):
    return prepare(made).model.layout


def test_the_effect_of_constant_odds_is_called_proportional_and_another_is_not():
    odds = special.expit(special.logit(np.array([0.10, 0.06])))
    flat = np.column_stack([odds, [0.0, 0.0], [0.0, 0.0]])
    rejected = 0
    for seed in range(100):
        table = simulate(np.random.default_rng(seed), 2000, flat, lost=0.02)
        found = proportionality(layout(design(cells(table))), (0,), "job", assumed=True)
        rejected += not found.passed
    # A right model fails in half a per cent of cases; six of a hundred have probability 1e-5.
    assert rejected < 6
    first = simulate(np.random.default_rng(1), 2000, flat)
    first.loc[(first.treat == 1) & (first.period == 1), "job"] += 400
    made = layout(design(cells(first)))
    found = proportionality(made, (0,), "job", assumed=True)
    assert found.passed is False
    assert "p " in found.text
    assert proportionality(made, (0,), "job", assumed=False).passed is None


def test_the_test_of_proportionality_is_the_likelihood_ratio_of_a_contingency_table():
    # Two periods, saturated in both: the ratio against one odds ratio is a 2 x 2 x 2 table's.
    table = pd.DataFrame(
        {
            "treat": [1, 1, 0, 0],
            "period": [1, 2, 1, 2],
            "job": [60, 20, 30, 30],
            "censored": [0, 120, 0, 140],
            "training": 0,
            "inactive": 0,
        }
    )
    made = design(cells(table), horizons=(2,))
    found = proportionality(layout(made), (0,), "job", assumed=True)
    ratios = [row[1] for row in found.table[1:]]
    by_hand = [np.log(60 / 140 / (30 / 170)), np.log(20 / 120 / (30 / 140))]
    np.testing.assert_allclose(ratios, by_hand, rtol=1e-6)
    se = np.sqrt([1 / 60 + 1 / 140 + 1 / 30 + 1 / 170, 1 / 20 + 1 / 120 + 1 / 30 + 1 / 140])
    np.testing.assert_allclose([row[2] for row in found.table[1:]], se, rtol=1e-6)
    wald = (by_hand[0] - by_hand[1]) ** 2 / (se**2).sum()
    ratio = float(found.text.split("chi-square ")[1].split(" on 1")[0])
    # Wald and likelihood-ratio statistics agree to a few per cent at such counts.
    assert ratio == pytest.approx(wald, rel=0.05)
    assert stats.chi2.sf(ratio, 1) < 0.005
    assert found.passed is False


def test_few_exits_and_few_at_risk_fail():
    rng = np.random.default_rng(3)
    few = layout(design(cells(simulate(rng, 20))))
    assert few_events(few, (0,), "job").passed is False
    many = few_events(layout(design()), (0,), "job")
    assert many.passed is True
    assert many.table[0] == ("arm", "exits", "at risk in the last period")


def test_survival_as_predicted_by_the_right_hazards_and_not_by_others():
    made = layout(design(cells(simulate(np.random.default_rng(12), 2000))))

    def constant(factor):
        h = np.broadcast_to(factor * HAZARD[:, None, None, :], (2, 1, 6, 3))
        return lambda part, arm: np.broadcast_to(h[arm], (part.stop - part.start, 1, 6, 3))

    right = predictive_survival(made, constant(1.0), 500, np.random.default_rng(1))
    wrong = predictive_survival(made, constant(1.3), 500, np.random.default_rng(1))
    assert [check.passed for check in right] == [True, True]
    assert [check.passed for check in wrong] == [False, False]
    assert right[0].name == "predictive survival, treated"
    assert len(right[0].table) == 7


def test_a_fit_carries_its_checks_and_its_assumptions():
    made = design()
    assert isinstance(default_method(made), ClosedForm)
    result = fit(made)
    assert result.diagnostics.passed
    said = " ".join(result.outcomes.provenance.assumptions)
    assert "who is censored would have gone on like those who stayed" in said
    assert "training, inactive compete with it" in said
    with pytest.raises(InputError, match="there is no closed form: the hazards of different"):
        fit(design(priors=HazardPriors()), ClosedForm())
    with pytest.raises(InputError, match="use DirichletPriors"):
        exact_incidence(design(priors=HazardPriors()))


def test_nothing_after_the_last_horizon_is_read():
    table = simulate(np.random.default_rng(7))
    later = table.copy()
    later.loc[later.period > 3, "job"] = later.loc[later.period > 3, CAUSES].sum(axis=1)
    later.loc[later.period > 3, ["training", "inactive"]] = 0
    one, two = (exact_incidence(design(cells(t), horizons=(3,))) for t in (table, later))
    np.testing.assert_array_equal(one, two)


def test_where_all_have_left_nothing_is_missing():
    hazard = np.array([[0.7, 0.1, 0.1], [0.7, 0.1, 0.1]])
    table = simulate(np.random.default_rng(1), 100, hazard, lost=0.0)
    evidence = cells(table)
    assert evidence.arm(treated=True)[0][5] == 0
    found = exact_incidence(design(evidence))
    assert found[:, 0, 5].sum(axis=-1) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizons": (3, 7)}, "follow-up is shorter than the horizon of 7 periods"),
        ({"horizons": (3, 3)}, "horizons are counted in periods and rise"),
        ({"horizons": (0, 3)}, "horizons are counted in periods and rise"),
        ({"horizons": ()}, "horizons are counted in periods and rise"),
        ({"job": ("holiday",)}, "a job is one or more of the causes of exit"),
        ({"job": ()}, "a job is one or more of the causes of exit"),
        ({"adjust": True}, "no covariates to adjust for"),
        ({"pool_groups": True}, "one group only to pool"),
        ({"priors": DirichletPriors(hazard=0.4)}, "3 causes leave nobody to stay"),
        ({"priors": HazardPriors(base_hazard=0.4)}, "3 causes leave nobody to stay"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(InputError, match=message):
        prior_outcomes(design(**options), draws=100)


def test_a_horizon_after_the_last_are_censored_is_refused():
    table = simulate(np.random.default_rng(1))
    table = table[(table.period <= 4) | (table.treat == 1)]
    with pytest.raises(InputError, match="nobody of the comparison arm is at risk after period 4"):
        fit(design(cells(table)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level_sd": 0.0}, "level_sd: this must be above 0"),
        ({"bands": (2, 2)}, "bands are given by their last periods"),
        ({"bands": (0, 2)}, "bands are given by their last periods"),
    ],
)
def test_impossible_priors(options, message):
    with pytest.raises(InputError, match=message):
        HazardPriors(**options)


def test_a_choice_makes_the_design():
    evidence = cells(simulate(np.random.default_rng(1)))
    choice = DurationsChoice(job=("job",), horizons=(3, 6), priors=DirichletPriors(weight=2.0))
    made = choice.design(evidence, source="somewhere")
    assert made == dataclasses.replace(
        design(evidence, priors=DirichletPriors(weight=2.0)), source="somewhere"
    )

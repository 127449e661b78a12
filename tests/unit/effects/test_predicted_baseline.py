"""Predicted baselines: refusals, closed forms, calibration and what a contract fixed."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.effects import ClosedForm, Sampler, build_model, fit, prior_outcomes
from impactmodel.effects.calibration import HeldOut, calibrate
from impactmodel.effects.designs import prepare
from impactmodel.effects.given_prediction import GivenPrediction
from impactmodel.effects.linear_prediction import LinearPrediction, LinearPriors
from impactmodel.effects.logit_prediction import LogitPrediction
from impactmodel.effects.predicted_baseline import PredictedBaseline, PredictionPriors
from impactmodel.effects.prediction_layout import Served
from impactmodel.effects.priors import LogitPriors
from impactmodel.effects.sensitivity import robustness_value
from impactmodel.evidence import Cohort

DAYS = OutcomeMeasure("days", kind="days", channel="benefit")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year", channel="earnings")
JOB = OutcomeMeasure("job", kind="binary", channel="employment")


def people(seed=1, n=1200, effect=-12.0):
    """Days on benefit by age and schooling; a quarter are served and have 12 days fewer."""
    rng = np.random.default_rng(seed)
    age, school = rng.integers(20, 60, n).astype(float), rng.integers(0, 3, n).astype(float)
    served = (rng.random(n) < 0.15 + 0.005 * (age - 20)) * 1
    days = 100 + 2.0 * (age - 40) - 10.0 * school + effect * served + rng.normal(0, 25, n)
    wage = 30_000 - 100 * days + rng.normal(0, 2000, n)
    job = (rng.random(n) < 1 / (1 + np.exp(0.05 * (age - 35) - 0.5 * served))) * 1
    site = rng.choice(["north", "south"], n)
    table = {"served": served, "age": age, "school": school, "days": np.maximum(days, 0)}
    return pd.DataFrame({**table, "wage": np.maximum(wage, 0), "job": job, "site": site})


def cohort(table=None, outcomes=(DAYS,), covariates=("age", "school"), **more):
    table = people() if table is None else table
    return Cohort.from_frame(
        table, treatment="served", outcomes=outcomes, covariates=covariates, **more
    )


def message(make):
    with pytest.raises(InputError) as caught:
        make()
    return str(caught.value)


def check(found, name):
    return next(c for c in found.diagnostics.checks if c.name == name)


def closed(design, draws=20_000, seed=1):
    return fit(design, ClosedForm(seed=seed, draws=draws))


# Priors so flat that the posterior is that of least squares.
FLAT = PredictionPriors(number=LinearPriors(1e6, 1e6, 1e-6, 1e-6))


def test_with_flat_priors_it_is_the_prediction_interval_of_least_squares():
    table = people()
    found = closed(PredictedBaseline(cohort(table), priors=FLAT), 100_000)
    rows, served = table[table["served"] == 0], table[table["served"] == 1]

    def columns(part):
        return np.column_stack([np.ones(len(part)), part[["age", "school"]]])

    x, y, x1 = columns(rows), rows["days"].to_numpy(), columns(served)
    beta, rss, _, _ = np.linalg.lstsq(x, y, rcond=None)
    df = len(y) - 3
    at = x1.mean(axis=0)
    se = np.sqrt(rss[0] / df * (at @ np.linalg.inv(x.T @ x) @ at + 1 / len(x1)))
    drawn = found.outcomes.level("counterfactual", "days").values.ravel()
    for q in (0.05, 0.5, 0.95):
        expected = at @ beta + se * stats.t.ppf(q, df)
        # Error of a quantile of n draws: sqrt(q (1 - q) / n) / density.
        error = np.sqrt(q * (1 - q) / 100_000) * se / stats.norm.pdf(stats.norm.ppf(q))
        assert np.quantile(drawn, q) == pytest.approx(expected, abs=4 * error)
    observed = found.outcomes.level("treated", "days").values
    assert np.unique(observed) == pytest.approx([served["days"].mean()])


def test_leaving_out_one_by_one_is_what_the_sums_say():
    table = people(n=80)
    made = cohort(table, (DAYS, JOB))
    cells = made.cells(by=["age", "school"])
    layout = Served.of(cells, ("age", "school"))
    unserved = ~cells.treated
    total, squares = cells.y_sum[unserved, 0], cells.y_cross[unserved, 0, 0]
    held = LinearPrediction.of(DAYS, layout, (total, squares), LinearPriors()).held_out()
    rows = table[table["served"] == 0]
    x = np.column_stack([np.ones(len(rows)), rows[["age", "school"]]])
    x[:, 1:] = (x[:, 1:] - x[:, 1:].mean(axis=0)) / x[:, 1:].std(axis=0)
    y, centre, scale = rows["days"].to_numpy(), rows["days"].mean(), rows["days"].std()
    prior = np.diag([1e-2, 1.0, 1.0])
    predictions = []
    for i in range(len(y)):
        other = np.arange(len(y)) != i
        matrix = x[other].T @ x[other] + prior
        beta = np.linalg.solve(matrix, x[other].T @ ((y[other] - centre) / scale))
        predictions.append(centre + scale * x[i] @ beta)
    p = np.array(predictions)
    assert held.predicted.sum() == pytest.approx(p.sum())
    assert held.predicted_squares.sum() == pytest.approx(p @ p)
    assert held.products.sum() == pytest.approx(p @ y)
    # The logit's one step is near the mode without the person.
    jobs = LogitPrediction(JOB, layout, cells.y_sum[unserved, 1], LogitPriors()).held_out()
    z, exact = rows["job"].to_numpy(), []
    for i in range(len(z)):
        other = np.arange(len(z)) != i
        exact.append(1 / (1 + np.exp(-x[i] @ mode(x[other], z[other]))))
    assert jobs.predicted.sum() == pytest.approx(np.sum(exact), rel=2e-3)
    assert jobs.products.sum() == pytest.approx(np.array(exact) @ z, rel=2e-3)


def mode(x, y):
    """Mode of a logit with priors N(0, 1.5) and N(0, 1), by Newton's method."""
    beta, precision = np.zeros(3), np.diag([1.5**-2, 1.0, 1.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ beta))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + precision
        beta = beta + np.linalg.solve(curvature, x.T @ (y - p) - precision @ beta)
    return beta


def test_cells_give_what_people_give():
    made = cohort(outcomes=(DAYS, WAGE))
    designs = (made, made.cells(by=["age", "school"]))
    one, other = (closed(PredictedBaseline(e), 500).outcomes.effect().values for e in designs)
    assert (one == other).all()


def test_a_new_cohort_is_less_certain_of_the_served_and_can_be_measured():
    made = cohort(outcomes=(DAYS, WAGE))
    realised, new = (closed(PredictedBaseline(made, cohort=c)) for c in ("realised", "new"))
    assert float(realised.outcomes.level("treated", "days").std()) < 1e-9
    n1 = made.treated.sum()
    sd = made.y[made.treated, 0].std(ddof=1) / np.sqrt(n1)
    assert float(new.outcomes.level("treated", "days").std()) == pytest.approx(sd, rel=0.03)
    assert "covariance" not in realised.outcomes.dataset
    measured = new.outcomes.measured(300, seed=1)
    assert float(measured.effect().sel(outcome="days").std()) > float(
        new.outcomes.effect().sel(outcome="days").std()
    )
    # Wages fall with days: errors of the two effects go against each other in both views.
    for found in (realised, new):
        assert np.corrcoef(found.outcomes.effect().values[:, 0, :, 0].T)[0, 1] < -0.5


def test_groups_are_reported_and_held_against_the_data():
    made = cohort(group="site")
    found = closed(PredictedBaseline(made))
    assert found.outcomes.dataset["group"].values.tolist() == ["north", "south"]
    size = np.bincount(made.group[made.treated])
    assert found.outcomes.cohort_size.values[0].tolist() == size.tolist()
    assert check(found, "calibration: days").passed
    rows = [row[0] for row in check(found, "calibration: days").table]
    assert rows[:4] == ["who", "all", "group north", "group south"]
    # A site where the unserved have 30 days more: the model without the site is wrong in both.
    table = people()
    table["days"] += 30.0 * (table["site"] == "north")
    moved = closed(PredictedBaseline(cohort(table, group="site")))
    assert check(moved, "calibration: days").passed is False
    assert moved.outcomes.provenance.diagnostics.startswith("failed: ")


def test_a_curve_that_the_model_lacks_is_seen():
    table = people(n=3000)
    table["days"] = np.maximum(table["days"] + 0.25 * (table["age"] - 40) ** 2, 0)
    found = closed(PredictedBaseline(cohort(table)), 500)
    assert check(found, "calibration: days").passed is False


def test_served_people_who_are_farther_out_are_seen():
    table = people()
    table["age"] += 40.0 * table["served"]
    found = closed(PredictedBaseline(cohort(table)), 500)
    assert check(found, "extrapolation").passed is False
    assert check(closed(PredictedBaseline(cohort()), 500), "extrapolation").passed


def given(table=None, correlation=0.02, slope=1.0):
    table = people() if table is None else table
    table = table.assign(
        p=100 + slope * (2.0 * (table["age"] - 40) - 10.0 * table["school"]),
        e=25.0 + (np.arange(len(table)) % 2),
    )
    made = cohort(table, covariates=["p", "e"])
    return PredictedBaseline(made, (GivenPrediction("days", "p", "e", correlation),)), table


@pytest.mark.parametrize("correlation", [0.0, 0.02, 1.0])
def test_given_predictions_carry_their_error(correlation):
    design, table = given(correlation=correlation)
    served = table[table["served"] == 1]
    drawn = closed(design, 50_000).outcomes.level("counterfactual", "days").values.ravel()
    e = served["e"].to_numpy()
    # Var(mean) = (sum of variances + rho times the sum of covariances) / n².
    variance = (e @ e * (1 - correlation) + correlation * e.sum() ** 2) / len(e) ** 2
    assert drawn.mean() == pytest.approx(served["p"].mean(), abs=4 * np.sqrt(variance / 50_000))
    assert drawn.std() == pytest.approx(np.sqrt(variance), rel=4 / np.sqrt(2 * 50_000))


def test_given_predictions_are_tested_on_the_unserved():
    design, _ = given()
    found = closed(design, 500)
    assert found.diagnostics.passed
    row = check(found, "correlation of given predictions").table[1]
    assert row[:3] == ("days", "all", 0.02)
    assert row[3] < row[4] < row[5]
    steep, _ = given(slope=1.6)
    assert check(closed(steep, 500), "calibration: days").passed is False


def test_the_contracts_own_prediction_is_carried_along():
    found = closed(PredictedBaseline(cohort(), baseline={"days": 110.0}), 500)
    assert found.outcomes.dataset["prediction"].values.ravel().tolist() == [110.0]
    assert found.outcomes.replace().dataset["prediction"].dims == ("group", "outcome", "period")
    assert "the contract's own prediction of 'days' is 110 per person, fixed" in (
        found.outcomes.provenance.assumptions
    )
    (_, row) = check(found, "the contract's own prediction").table
    counterfactual = float(found.outcomes.level("counterfactual", "days").mean())
    assert row[1:3] == (110.0, pytest.approx(counterfactual))
    plain = closed(PredictedBaseline(cohort()), 500).outcomes
    assert (plain.effect().values == found.outcomes.effect().values).all()


def test_bad_designs_are_refused():
    made = cohort()
    assert message(lambda: closed(PredictedBaseline(cohort(covariates=[])))) == (
        "covariates: a prediction stands on covariates, and there are none; name them in the "
        "evidence"
    )
    assert message(lambda: closed(PredictedBaseline(made, baseline={"day": 1.0}))) == (
        "baseline: a prediction is stated for an outcome that is not there (seen: 'day'); use days"
    )
    missing = (GivenPrediction("days", "p", "age", 0.1),)
    assert message(lambda: closed(PredictedBaseline(made, missing))) == (
        "given.days.value: a given prediction is read from a covariate of the evidence (seen: "
        "'p'); use age, school"
    )
    assert message(lambda: GivenPrediction("days", "p", "e", 1.5)) == (
        "correlation: a correlation between errors lies between 0 and 1 (seen: 1.5)"
    )
    only = (GivenPrediction("days", "age", "school", 0.1),)
    both = cohort(outcomes=(DAYS, WAGE))
    assert message(lambda: closed(PredictedBaseline(both, only))) == (
        "covariates: there is no covariate to predict 'wage' by; name one, or give the prediction"
    )
    jobs = cohort(outcomes=(JOB,))
    assert message(lambda: closed(PredictedBaseline(jobs))) == (
        "sampler: there is no closed form: the logit prediction of 'job' has none; use Sampler"
    )
    rates = (GivenPrediction("job", "age", "school", 0.1),)
    assert message(lambda: closed(PredictedBaseline(jobs, rates))) == (
        "age: a predicted probability lies between 0 and 1"
    )
    two = Periods(dt.date(2020, 1, 1), count=2)
    assert message(lambda: closed(PredictedBaseline(made, periods=two))) == (
        "periods: a predicted baseline has its outcomes measured in one period (seen: 2); give "
        "each later measurement as an outcome of its own"
    )
    assert message(lambda: LinearPriors(slope_sd=0.0)) == (
        "slope_sd: this must be above 0 (seen: 0.0)"
    )
    flat = people().assign(school=lambda d: d["school"] * d["served"])
    assert message(lambda: closed(PredictedBaseline(cohort(flat)))) == (
        "school: all unserved people have one value of this covariate, nothing can be learnt of "
        "it; leave it out"
    )
    sums = cohort().cells(by=["age"])
    assert message(lambda: closed(PredictedBaseline(sums))) == (
        "by: these cells hold only sums of a covariate, the prediction needs its values (seen: "
        "'school'); make the cells by it (in bins if it has many values)"
    )


def test_units_scale_and_labels_do_nothing():
    table = people()
    hours = table.assign(days=8 * table["days"], age=12 * table["age"] + 1)
    one, other = (closed(PredictedBaseline(cohort(t)), 500).outcomes for t in (table, hours))
    assert 8 * one.effect().values == pytest.approx(other.effect().values, rel=1e-9)


def test_calibration_by_hand():
    prediction, people_ = np.array([10.0, 20.0, 30.0, 40.0, 50.0]), np.full(5, 4.0)
    group = np.zeros(5, dtype=np.intp)
    observed = np.array([12.0, 22.0, 32.0, 42.0, 52.0])
    sums = (people_ * observed, people_ * observed**2)
    found = calibrate(HeldOut.constant(prediction, people_, group, sums), ("all",))
    assert (found.slope, found.slope_se) == pytest.approx((1.0, 0.0), abs=1e-6)
    assert [row[4] for row in found.rows] == pytest.approx([-2.0] * 6)
    assert [row[0] for row in found.rows][1] == "fifth 1 by prediction"


def test_priors_are_drawn_and_specs_survive():
    drawn = prior_outcomes(PredictedBaseline(cohort()), draws=2000, seed=1)
    assert (drawn.effect().values == 0).all()
    assert drawn.provenance.seed == 1
    for spec in (PredictionPriors(), LinearPriors(2.0), GivenPrediction("a", "b", "c", 0.1)):
        assert load(type(spec), dump(spec)) == spec


@pytest.mark.slow
@pytest.mark.sampler
def test_the_sampler_agrees_with_the_conjugate_posterior_and_fits_jobs():
    made = cohort(outcomes=(DAYS, JOB))
    design = PredictedBaseline(made)
    names = [rv.name for rv in build_model(design).free_RVs]
    assert names == ["days_variance", "days_beta", "job_beta"]
    sampled = fit(design, Sampler(seed=1, draws=2000, chains=2, cores=1))
    assert sampled.diagnostics.passed
    exact = closed(PredictedBaseline(cohort()), 40_000).outcomes.effect().values.ravel()
    mine = sampled.outcomes.effect().sel(outcome="days").values.ravel()
    error = exact.std() / np.sqrt(1000)
    assert mine.mean() == pytest.approx(exact.mean(), abs=4 * error)
    assert mine.std() == pytest.approx(exact.std(), abs=4 * error)
    # Jobs beside importance sampling of the same model around its mode.
    jobs = sampled.outcomes.level("counterfactual", "job").values.ravel()
    expected, sd = importance(made)
    assert jobs.mean() == pytest.approx(expected, abs=4 * sd / np.sqrt(1000))
    assert jobs.std() == pytest.approx(sd, rel=0.1)


def importance(made, n=200_000):
    """Mean and sd of the predicted share of the served with a job, residuals included."""
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(made.size), made.x])
    mean, sd = x[~made.treated, 1:].mean(axis=0), x[~made.treated, 1:].std(axis=0)
    x[:, 1:] = (x[:, 1:] - mean) / sd
    x0, y, x1 = x[~made.treated], made.y[~made.treated, 1], x[made.treated]
    beta = mode(x0, y)
    p = 1 / (1 + np.exp(-x0 @ beta))
    curvature = (x0 * (p * (1 - p))[:, None]).T @ x0 + np.diag([1.5**-2, 1, 1])
    root = np.linalg.cholesky(np.linalg.inv(curvature))
    t = rng.standard_t(5, (n, 3))
    drawn = beta + t @ root.T
    values, place = np.unique(np.column_stack([x0, y]), axis=0, return_counts=True)
    eta = drawn @ values[:, :3].T
    log = (place * (values[:, 3] * eta - np.logaddexp(0, eta))).sum(axis=1)
    log -= 0.5 * (drawn**2 / np.array([1.5, 1.0, 1.0]) ** 2).sum(axis=1)
    log -= stats.t.logpdf(t, 5).sum(axis=1)
    w = np.exp(log - log.max())
    w /= w.sum()
    served, count = np.unique(x1, axis=0, return_counts=True)
    rates = 1 / (1 + np.exp(-(drawn @ served.T)))
    share = rates @ count / count.sum()
    noise = (rates * (1 - rates)) @ count / count.sum() ** 2
    centre = w @ share
    return centre, np.sqrt(w @ (share - centre) ** 2 + w @ noise)


def test_what_hidden_confounding_would_have_to_explain_is_said():
    table = people()
    found = closed(PredictedBaseline(cohort(table)), 500)
    said = check(found, "robustness value")
    assert said.passed is None
    x = np.column_stack([np.ones(len(table)), table[["served", "age", "school"]]])
    beta, rss, _, _ = np.linalg.lstsq(x, table["days"].to_numpy(), rcond=None)
    df = len(table) - 4
    t = beta[1] / np.sqrt(rss[0] / df * np.linalg.inv(x.T @ x)[1, 1])
    assert float(said.table[1][1]) == pytest.approx(robustness_value(t, df))
    given = table.assign(value=table["days"], se=1.0 + 0.001 * table["age"])
    made = cohort(given, covariates=("value", "se"))
    stated = (GivenPrediction("days", "value", "se", 0.5),)
    names = [c.name for c in closed(PredictedBaseline(made, stated), 500).diagnostics.checks]
    assert "robustness value" not in names


def test_covariates_that_say_nothing_are_no_failure_of_calibration():
    """What they seem to say is noise of the coefficients: a prediction without a person leans
    away from this person's outcome, and its slope is far below 1."""
    failed = {"days": 0, "job": 0}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        table = pd.DataFrame(rng.normal(size=(260, 8)), columns=list("abcdefgh"))
        table["served"] = np.arange(260) % 4 == 0
        table["days"], table["job"] = rng.normal(100, 20, 260), rng.integers(0, 2, 260)
        made = cohort(table.astype(float), (DAYS, JOB), list("abcdefgh"))
        for one in prepare(PredictedBaseline(made)).checks()[:2]:
            failed[one.name.split(": ")[1]] += one.passed is False
    # Five in a hundred at most by design; four binomial errors above 3 of 60.
    assert max(failed.values()) <= 3 + 4 * 1.7


def test_people_with_one_prediction_stay_in_one_fifth_whatever_their_outcome():
    table = people(n=2000).assign(age=lambda d: np.where(d["age"] > 40, 50.0, 30.0))
    made = cohort(table, (JOB,), ["age"])
    (one, _) = prepare(PredictedBaseline(made)).checks()
    rows = [row for row in one.table if str(row[0]).startswith("fifth")]
    counts = table[table["served"] == 0].groupby("age")["job"].agg(["size", "mean"])
    assert sorted(row[1] for row in rows) == sorted(counts["size"])
    # The predictions are the shares, but for the prior's and the left-out person's part.
    for row in rows:
        assert counts.loc[counts["size"] == row[1], "mean"].item() == pytest.approx(
            row[2], abs=0.01
        )

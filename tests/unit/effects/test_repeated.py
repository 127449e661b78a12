"""Outcomes in several periods: marginals of separate fits, joined as the same people make them."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.effects import (
    BetaPriors,
    ClosedForm,
    Experiment,
    MissingShift,
    Priors,
    Sampler,
    fit,
    prior_outcomes,
)
from impactmodel.evidence import Cells, Cohort, RepeatedMeasure

JOB = OutcomeMeasure("job", kind="binary", accrual="stock", channel="employment")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year", channel="earnings")
JOBS = RepeatedMeasure(JOB, ("job_6", "job_12", "job_24"))
WAGES = RepeatedMeasure(WAGE, ("wage_6", "wage_12", "wage_24"))
FOLLOW_UPS = Periods(dt.date(2020, 1, 1), "month", ends=(6, 12, 24))
FLAT = Priors(binary=BetaPriors())


def people(n=300, seed=3):
    """A persistent share in work with an effect that fades, and wages of those in work."""
    rng = np.random.default_rng(seed)
    t, age, site = np.arange(n) % 2, rng.normal(size=n), rng.integers(0, 4, n)
    steady = rng.normal(size=n) + 0.3 * age + 0.2 * (site - 1.5)
    table = pd.DataFrame({"t": t, "age": age, "site": site})
    for column, effect in zip(("6", "12", "24"), (0.5, 0.3, 0.15), strict=True):
        work = steady + effect * t + 0.7 * rng.normal(size=n) > 0
        table[f"job_{column}"] = work.astype(float)
        table[f"wage_{column}"] = np.where(work, rng.gamma(2.0, 9000 + 1500 * t), 0.0)
    return table


def read(table, *outcomes, **more):
    return Cohort.from_frame(table, treatment="t", outcomes=list(outcomes or (JOBS,)), **more)


def design(evidence, **more):
    return Experiment(evidence, periods=FOLLOW_UPS, **more)


def message(make):
    with pytest.raises(InputError) as error:
        make()
    return str(error.value)


def test_one_fit_gives_one_outcome_in_every_period():
    found = fit(design(read(people(), JOBS, WAGES)), ClosedForm(seed=1)).outcomes
    assert [m.name for m in found.measures] == ["job", "wage"]
    assert found.periods == FOLLOW_UPS
    assert found.effect().shape == (4000, 1, 2, 3)
    ends = found.dataset["period_end"].values.astype("datetime64[D]")
    assert [str(day) for day in ends] == ["2020-07-01", "2021-01-01", "2022-01-01"]
    assert found.dataset["covariance"].shape == (4000, 2, 1, 2, 3, 2, 3)


def test_marginals_are_those_of_separate_fits():
    table = people()
    joint = fit(design(read(table, JOBS, WAGES)), ClosedForm(seed=1)).outcomes.effect()
    for outcome in (JOBS, WAGES):
        for period, measure in enumerate(outcome.measures):
            alone = fit(Experiment(read(table, measure)), ClosedForm(seed=1)).outcomes.effect()
            mine = joint.sel(outcome=outcome.outcome.name, period=period)
            np.testing.assert_array_equal(np.sort(mine.values.ravel()), np.sort(alone.values, None))


def dirichlet(table, first, last, draws=400_000):
    """Effects at two horizons by the conjugate model of the four joint shares of each arm.

    Dirichlet(1/2) over the four combinations has uniform marginals: Beta(1, 1) in each period.
    """
    rng = np.random.default_rng(9)
    shares = []
    for treated in (1, 0):
        arm = table[table["t"] == treated]
        counts = [((arm[first] == i) & (arm[last] == j)).sum() for i in (0, 1) for j in (0, 1)]
        p = rng.dirichlet(np.array(counts) + 0.5, draws)
        shares.append(np.stack([p[:, 2] + p[:, 3], p[:, 1] + p[:, 3]]))
    return shares[0] - shares[1]


@pytest.mark.parametrize(("first", "last"), [(0, 2), (0, 1), (1, 2)])
def test_joint_probabilities_are_those_of_the_conjugate_joint_model(first, last):
    table = people()
    found = fit(design(read(table), priors=FLAT), ClosedForm(seed=1, draws=16_000))
    mine = found.outcomes.effect().sel(outcome="job").values[:, 0]
    exact = dirichlet(table, JOBS.columns[first], JOBS.columns[last])
    # Four errors of a share of 16,000 draws, and of a correlation (1 - r²) / sqrt(n) with the
    # slices of the pairing (126 draws).
    assert np.corrcoef(mine[:, first], mine[:, last])[0, 1] == pytest.approx(
        np.corrcoef(exact)[0, 1], abs=0.03
    )
    middle = np.median(exact, axis=1)
    for limit in (np.zeros(2), middle):
        both = (mine[:, [first, last]] > limit).all(axis=1).mean()
        expected = (limit < exact.T).all(axis=1).mean()
        assert both == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(16_000))
    # Independent effects would be above both medians in a quarter of the draws.
    assert both > 0.25 + 8 * 0.5 / np.sqrt(16_000)


def test_effects_on_amounts_correlate_as_differences_in_means_do():
    table = people()
    found = fit(design(read(table, WAGES)), ClosedForm(seed=1, draws=8000)).outcomes
    effect = found.effect().values[:, 0, 0]
    cov = sum(
        part[list(WAGES.columns)].cov().to_numpy() / len(part) for _, part in table.groupby("t")
    )
    sd = np.sqrt(np.diag(cov))
    # Priors and a rank correlation instead of a linear one move it slightly, as between outcomes.
    np.testing.assert_allclose(np.corrcoef(effect.T), cov / np.outer(sd, sd), atol=0.05)
    assert abs(cov[0, 2] / (sd[0] * sd[2])) > 0.1


def test_people_hang_together_over_time_as_in_the_data():
    table = people(2000)
    found = fit(design(read(table), priors=FLAT), ClosedForm(seed=1)).outcomes
    covariance = found.dataset["covariance"].mean("draw").values[:, 0, 0, :, 0, :]
    for arm, treated in enumerate((1, 0)):
        sample = table.loc[table["t"] == treated, list(JOBS.columns)].cov().to_numpy()
        # The prior's two people among 1,000.
        np.testing.assert_allclose(covariance[arm], sample, atol=0.002)


def test_later_periods_may_miss_more_people():
    """The correlation of estimators falls with the people they share, as in a bootstrap."""
    table, rng = people(600), np.random.default_rng(4)
    for column, share in zip(JOBS.columns, (0.0, 0.2, 0.5), strict=True):
        table.loc[rng.random(600) < share, column] = np.nan
    cohort = read(table, missing_outcomes=True)
    found = fit(design(cohort, priors=FLAT), ClosedForm(seed=1, draws=8000)).outcomes
    effect = found.effect().values[:, 0, 0]
    y, t = table[list(JOBS.columns)].to_numpy(), table["t"].to_numpy() == 1
    again = []
    for _ in range(4000):
        one, zero = (rng.choice(np.flatnonzero(arm), arm.sum()) for arm in (t, ~t))
        again.append(np.nanmean(y[one], axis=0) - np.nanmean(y[zero], axis=0))
    # Four errors of correlations of 4,000 and 8,000 pairs are .063 and .045 at most.
    np.testing.assert_allclose(np.corrcoef(effect.T), np.corrcoef(np.array(again).T), atol=0.07)
    spread = effect.std(axis=0)
    np.testing.assert_allclose(spread, np.std(again, axis=0), rtol=0.07)
    assert spread[0] < spread[1] < spread[2]


def test_missing_people_are_shifted_in_the_period_they_are_missing_from():
    table = people()
    table.loc[:59, "job_24"] = np.nan
    cohort = read(table, missing_outcomes=True)
    shift = MissingShift("job_24", treated=-0.3)
    base = fit(design(cohort, priors=FLAT)).outcomes.level("treated", "job")
    moved = fit(design(cohort, priors=FLAT, missing=(shift,))).outcomes.level("treated", "job")
    change = (moved - base).values[:, 0]
    np.testing.assert_allclose(change, np.broadcast_to([0, 0, -0.3 * 30 / 150], change.shape))
    assert "there is no such outcome" in message(
        lambda: fit(design(cohort, missing=(MissingShift("job"),)))
    )


def test_without_common_people_estimators_are_independent():
    table = people()
    half = np.arange(300) % 4 < 2
    table.loc[half, "job_6"] = np.nan
    table.loc[~half, "job_12"] = np.nan
    found = fit(design(read(table, missing_outcomes=True), priors=FLAT)).outcomes
    effect = found.effect().values[:, 0, 0]
    assert abs(np.corrcoef(effect[:, 0], effect[:, 1])[0, 1]) < 4 / np.sqrt(4000)
    assert (found.dataset["covariance"].values[:, :, 0, 0, 0, 0, 1] == 0).all()


def test_people_and_their_cells_give_the_same_draws():
    cohort = read(people(), JOBS, WAGES)
    table = cohort.cells().to_frame()
    cells = Cells.from_frame(table, treatment="treated", outcomes=[JOBS, WAGES])
    one, other = (fit(design(e), ClosedForm(seed=1)).outcomes for e in (cohort, cells))
    np.testing.assert_allclose(one.effect().values, other.effect().values)


def test_what_priors_imply_has_every_period():
    assert prior_outcomes(design(read(people())), draws=100).effect().shape == (100, 1, 1, 3)


def test_the_record_names_the_pairing_and_periods_must_be_said():
    cohort = read(people())
    said = fit(design(cohort)).outcomes.provenance.assumptions
    assert (
        "draws of different outcomes and periods are paired to have the correlation of their "
        "estimators"
    ) in said
    assert message(lambda: fit(Experiment(cohort))) == (
        "periods: it is not said when the outcomes were measured again; give Periods, such as step "
        "month with ends 6, 12 and 24"
    )
    years = Periods(dt.date(2020, 1, 1), "year", 2)
    assert message(lambda: fit(Experiment(cohort, periods=years))) == (
        "periods: an outcome needs a column for each period (seen: '2 periods, 3 columns'); name "
        "them with RepeatedMeasure, in a case under evidence.columns"
    )


@pytest.mark.sampler
def test_covariates_pooled_groups_and_missing_people_together():
    table = people(600)
    table.loc[np.arange(600) % 5 == 0, "job_24"] = np.nan
    more = {"covariates": ["age"], "group": "site", "missing_outcomes": True}
    options = {"adjust": True, "pool_groups": True}
    twice = RepeatedMeasure(JOB, ("job_6", "job_24"))
    ends = Periods(dt.date(2020, 1, 1), "month", ends=(6, 24))
    run = Sampler(seed=1, draws=500, tune=500)
    joint = fit(Experiment(read(table, twice, **more), periods=ends, **options), run)
    alone = fit(Experiment(read(table, twice.measures[1], **more), **options), run)
    for found in (joint, alone):
        assert found.diagnostics.divergences == 0
        assert found.diagnostics.rhat_max < 1.02
    mine = joint.outcomes.effect().values[:, :, 0, 1]
    theirs = alone.outcomes.effect().values[:, :, 0, 0]
    # Four errors of means of as few effective draws as there are.
    error = 4 * theirs.std(axis=0) * np.sqrt(2 / joint.diagnostics.ess_min)
    assert (np.abs(mine.mean(axis=0) - theirs.mean(axis=0)) < error).all()
    assert (np.abs(mine.std(axis=0) - theirs.std(axis=0)) < error).all()
    size = joint.outcomes.cohort_size.values[0]
    whole = joint.outcomes.effect().values[:, :, 0].transpose(0, 2, 1) @ (size / size.sum())
    # Of people's residual correlation near .5, with four fifths of them in both periods.
    assert 0.3 < np.corrcoef(whole.T)[0, 1] < 0.7

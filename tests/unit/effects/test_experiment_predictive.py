"""Posterior predictive checks by arm, group and period find what a model leaves out."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.effects import BetaPriors, ClosedForm, Experiment, Priors, RealisedCohort, fit
from impactmodel.effects.designs import prepare
from impactmodel.effects.experiment_predictive import experiment_predictive
from impactmodel.evidence import Cells, Cohort, RepeatedMeasure

JOB = OutcomeMeasure("job", kind="binary", accrual="stock")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year")
SCORE = OutcomeMeasure("score", kind="index")
FLAT = Priors(binary=BetaPriors())


def people(n=800, seed=1):
    """Sites alike, but for the second period, in which one site loses its jobs."""
    rng = np.random.default_rng(seed)
    t, site = np.arange(n) % 2, (np.arange(n) // 2) % 4
    table = pd.DataFrame({"t": t, "site": site, "first": rng.binomial(1, 0.4 + 0.1 * t)})
    table["second"] = rng.binomial(1, np.where(site == 3, 0.15, 0.4 + 0.1 * t))
    table["wage"] = rng.binomial(1, 0.6, n) * rng.gamma(2.0, 900.0, n)
    table["score"] = rng.normal(0.5 * t, 1.0, n)
    return table


def read(*outcomes, table=None, **more):
    table = people() if table is None else table
    return Cohort.from_frame(table, treatment="t", outcomes=outcomes, group="site", **more)


def checked(design, **more):
    return experiment_predictive(design, fit(design, ClosedForm(seed=1)), **more)


def test_without_groups_replicated_counts_are_beta_binomial():
    counts = pd.DataFrame({"t": [1, 0], "n": [40, 60], "job_sum": [25, 24]})
    cells = Cells.from_frame(counts, treatment="t", outcomes=[JOB])
    (check,) = checked(Experiment(cells, priors=FLAT))
    assert check.passed
    for row, (n, law) in zip(
        check.table[1:],
        ((40, stats.betabinom(40, 26, 16)), (60, stats.betabinom(60, 25, 37))),
        strict=True,
    ):
        seen = dict(zip(check.table[0], row, strict=True))
        # Of 1,000 replicates a quantile errs by one or two people.
        for name, q in (("2.5 %", 0.025), ("median", 0.5), ("97.5 %", 0.975)):
            assert n * seen[name] == pytest.approx(law.ppf(q), abs=2)
        distance = (n * seen["observed"] - law.mean()) / law.std()
        assert seen["sds away"] == pytest.approx(distance, abs=0.15)


def test_a_site_that_differs_in_one_period_fails_in_that_period_only():
    twice = RepeatedMeasure(JOB, ("first", "second"))
    years = Periods(dt.date(2020, 1, 1), "year", 2)
    first, second = checked(Experiment(read(twice), periods=years))
    assert (first.passed, second.passed) == (True, False)
    assert first.name == "predictive by arm and group: first"
    assert "in 3 is -" in second.text
    assert len(second.table) == 1 + 2 * 4


def test_pooled_groups_fit_what_merged_ones_do_not():
    """The sampler is not needed: draws near each site's own log odds stand for its posterior."""
    design = Experiment(read(OutcomeMeasure("second", kind="binary")), pool_groups=True)
    (model,) = prepare(design).models
    table = people()
    share = table.groupby(["site", "t"])["second"].mean().unstack().to_numpy()
    odds = np.log(share / (1 - share))
    drawn = model.prior(1000, np.random.default_rng(1))
    own = np.stack([odds.mean(axis=1), odds[:, 1] - odds[:, 0]], axis=1)
    drawn["second_group"] = np.broadcast_to(own, drawn["second_group"].shape)
    data = {k: (("chain", "draw", *(f"{k}{i}" for i in range(v.ndim - 1))), v[None])
            for k, v in drawn.items()}  # fmt: skip
    found = fit(Experiment(read(OutcomeMeasure("second", kind="binary"))), ClosedForm(seed=1))
    tree = found.posterior.copy()
    tree["posterior"].dataset = tree["posterior"].to_dataset().drop_dims("draw").assign(data)
    (check,) = experiment_predictive(design, type(found)(found.outcomes, found.diagnostics, tree))
    assert check.passed
    rows = {(row[0], row[1]): row[5] for row in check.table[1:]}
    for site in range(4):
        assert rows["treated", str(site)] == pytest.approx(expit(odds[site, 1]), abs=0.02)


def test_right_models_of_amounts_and_scores_pass_and_only_known_people_count():
    table = people()
    table.loc[table["site"] == 2, "score"] = np.nan
    evidence = read(WAGE, SCORE, table=table, missing_outcomes=True)
    wage, score = checked(Experiment(evidence))
    assert (wage.passed, score.passed) == (True, True)
    assert sum(row[2] for row in wage.table[1:]) == 800
    assert {row[1] for row in score.table[1:]} == {"0", "1", "3"}
    same = checked(Experiment(evidence, target=RealisedCohort()))
    assert same[0].table == wage.table


def test_a_right_model_rarely_fails():
    """A hundred trials from the model: one failure is expected at most."""
    rng = np.random.default_rng(5)
    failed = 0
    for i in range(100):
        jobs = rng.binomial(50, rng.random(2)[[0, 0, 0, 1, 1, 1]])
        counts = pd.DataFrame(
            {"t": [1, 1, 1, 0, 0, 0], "site": list("abc") * 2, "n": 50, "job_sum": jobs}
        )
        cells = Cells.from_frame(counts, treatment="t", outcomes=[JOB], group="site")
        (check,) = checked(Experiment(cells, priors=FLAT), seed=i)
        failed += check.passed is False
    # P(more than 5 of 100 at .01) is below one in a thousand.
    assert failed <= 5

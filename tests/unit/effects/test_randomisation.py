"""The randomisation check: known statistics, what it flags, and what it does not look at."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import ClosedForm, Encouragement, Experiment, fit
from impactmodel.effects.randomisation import randomisation_check
from impactmodel.evidence import Cohort

JOB = OutcomeMeasure("job", kind="binary")


def people(rng, n=400, lean=0.0):
    """People of two sites with their own shares of assigned; age leans towards assignment."""
    site = rng.integers(0, 2, n)
    age = rng.normal(40, 10, n) + 5 * site
    woman = rng.integers(0, 2, n)
    odds = np.exp(lean * (age - 40) / 10 + np.array([-0.8, 0.8])[site])
    return pd.DataFrame(
        {
            "treat": (rng.random(n) < odds / (1 + odds)) * 1,
            "age": age,
            "woman": woman,
            "job": rng.integers(0, 2, n),
            "took": rng.integers(0, 2, n),
            "site": site,
        }
    )


def cohort(table, covariates=("age", "woman"), **more):
    return Cohort.from_frame(
        table, treatment="treat", outcomes=[JOB], covariates=covariates, **more
    )


def seen(check):
    """Return the statistic and its degrees of freedom, as they are said."""
    words = check.text.split()
    return float(words[5]), int(words[7].rstrip(","))


def test_without_groups_it_is_the_r_squared_of_assignment():
    table = people(np.random.default_rng(1), lean=0.2)
    x = np.column_stack([np.ones(len(table)), table[["age", "woman"]]])
    z = table["treat"] - table["treat"].mean()
    rest = z - x @ np.linalg.lstsq(x, z, rcond=None)[0]
    r2 = 1 - (rest**2).sum() / (z**2).sum()
    statistic, rank = seen(randomisation_check(cohort(table)))
    # It is printed with two digits.
    assert statistic == pytest.approx((len(table) - 1) * r2, abs=0.005)
    assert rank == 2


def test_in_groups_it_is_the_test_of_cochran_mantel_and_haenszel():
    table = people(np.random.default_rng(2))
    tables = [
        pd.crosstab(part["treat"], part["woman"]).to_numpy() for _, part in table.groupby("site")
    ]
    expected = StratifiedTable(tables).test_null_odds(correction=False).statistic
    statistic, _ = seen(randomisation_check(cohort(table, ["woman"], group="site")))
    assert statistic == pytest.approx(expected, abs=0.005)


def test_shares_of_groups_may_differ_and_shares_within_them_may_not():
    rng = np.random.default_rng(3)
    table = people(rng, 2000)
    assert randomisation_check(cohort(table, group="site")).passed
    assert not randomisation_check(cohort(table)).passed
    assert not randomisation_check(cohort(people(rng, 2000, lean=0.4), group="site")).passed


def test_cells_give_what_people_give_and_units_do_not_matter():
    table = people(np.random.default_rng(4), lean=0.3)
    made = cohort(table, group="site")
    one = randomisation_check(made)
    for other in (made.cells(), made.cells(by=["woman"])):
        check = randomisation_check(other)
        assert check.text == one.text
        for mine, theirs in zip(one.table[1:], check.table[1:], strict=True):
            assert mine[1:] == pytest.approx(theirs[1:])
    days = table.assign(age=365.25 * table["age"] + 1e6)
    assert randomisation_check(cohort(days, group="site")).text == one.text


def test_a_covariate_said_twice_counts_once():
    table = people(np.random.default_rng(5)).assign(again=lambda d: 2 * d["age"])
    once, twice = (
        seen(randomisation_check(cohort(table, names)))
        for names in (["age", "woman"], ["age", "again", "woman"])
    )
    assert once == twice


def test_no_outcome_is_read_and_the_money_step_is_stopped():
    made = cohort(people(np.random.default_rng(6), 2000, lean=0.5), group="site")
    blind = dataclasses.replace(made, y=np.full_like(made.y, np.nan))
    assert randomisation_check(blind) == randomisation_check(made)
    found = fit(Experiment(made), ClosedForm(draws=500))
    assert found.outcomes.provenance.diagnostics.startswith("failed: recorded covariates by arm")
    table = people(np.random.default_rng(6), 2000, lean=0.5)
    table["took"] = np.where(table["treat"] == 1, table["took"], 0)
    invited = Cohort.from_frame(
        table,
        treatment="treat",
        outcomes=[OutcomeMeasure("took", kind="binary"), JOB],
        covariates=["age"],
    )
    for estimand in ("ITT", "CACE"):
        found = fit(Encouragement(invited, "took", estimand), ClosedForm(draws=500))
        assert [c.name for c in found.diagnostics.checks if c.passed is False] == ["randomisation"]


def test_without_covariates_nothing_is_shown():
    check = randomisation_check(cohort(people(np.random.default_rng(7)), ()))
    assert check.passed is None
    assert check.text.startswith("no covariate is recorded")


def test_groups_that_are_in_one_arm_are_not_compared():
    table = people(np.random.default_rng(9)).assign(site=lambda d: d["treat"])
    check = randomisation_check(cohort(table, group="site"))
    assert check.passed is None
    assert check.text.startswith("every group is in one arm")
    mixed = table.assign(site=np.where(np.arange(len(table)) < 100, "mixed", table["site"]))
    within = randomisation_check(cohort(mixed, group="site"))
    assert within.text == randomisation_check(cohort(mixed[:100])).text


def test_the_national_supported_work_experiment_passes():
    # R² of assignment by numpy's least squares: 444 R² is 16.45 of 8.
    names = ["age", "age2", "educ", "black", "hisp", "nodegree", "re74", "re75"]
    table = datasets.load("nsw").rename(columns={"employed": "job"})
    check = randomisation_check(cohort(table, names))
    assert check.passed
    assert "chi-squared 16.45 of 8, p = 0.036" in check.text
    assert "nodegree" in check.text


def test_one_sound_experiment_in_a_hundred_fails():
    rng = np.random.default_rng(8)
    failed = sum(
        randomisation_check(cohort(people(rng, 120), group="site")).passed is False
        for _ in range(400)
    )
    # Four binomial errors above 4 of 400.
    assert failed <= 4 + 4 * 2

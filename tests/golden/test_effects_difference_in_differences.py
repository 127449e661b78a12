"""Difference-in-differences against R and two Python packages: effects, averages, twins, placebos.

Tolerances: estimators without simulation 1e-8 (the oracles print ten digits); posterior draws
within four combined Monte Carlo errors of the exact posterior of the same model.
"""

import csv
import datetime as dt
import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import Sampler, fit
from impactmodel.effects.designs import prepare
from impactmodel.effects.did_aggregate import aggregate
from impactmodel.effects.did_options import Comparison, DifferencePriors
from impactmodel.effects.did_sample import take_sample
from impactmodel.effects.did_table import average_weights, difference_table
from impactmodel.effects.did_twins import event_dummies, impute, treatment, two_way
from impactmodel.effects.difference_in_differences import (
    DifferenceInDifferences,
    group_time_effects,
)
from impactmodel.evidence.cohort import Covariate
from impactmodel.evidence.panel import Panel

HERE = Path(__file__).parent / "did"
LEMP = OutcomeMeasure("lemp", kind="index")
PLACEBO = [OutcomeMeasure(name, kind="index") for name in ("log_wage", "urate")]
EXACT = 1e-8
FIRST = 2003


def read(name):
    with (HERE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


R = {(r["model"], r["quantity"]): (r["value"], r["se_or_sd"]) for r in read("did.csv")}
TWINS = {(r["case"], r["quantity"]): (float(r["value"]), float(r["se"])) for r in read("twins.csv")}


def oracle(model, quantity):
    value, se = R[model, quantity]
    return float(value), float(se)


@cache
def mpdta(weights=False, thin=False):
    data = datasets.load("mpdta")
    if thin:
        data = data[(data["county"] + data["year"]) % 7 != 0]
    return Panel.from_frame(
        data.assign(population=np.exp(data["lpop"])),
        unit="county",
        period="year",
        start="first_treat",
        outcomes=[LEMP],
        covariates=[Covariate("lpop", dt.date(2000, 4, 1))],
        weights="population" if weights else None,
        unbalanced=thin,
    )


@cache
def cells(controls="never", adjust=False, weights=False):
    design = DifferenceInDifferences(mpdta(weights), Comparison(controls, adjust))
    return group_time_effects(design)[0]


def close(value, expected, tolerance=EXACT):
    assert value == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize(("controls", "model"), [("never", "never"), ("not_yet", "notyet")])
def test_group_time_effects_equal_r(controls, model):
    found = cells(controls)
    for i in range(len(found.estimate)):
        key = f"ATT(g={found.cohort[i] + FIRST},t={found.period[i] + FIRST})"
        close((found.estimate[i], found.se[i]), oracle(f"cs_attgt_{model}", key))
    assert len(found.estimate) == sum(1 for m, _ in R if m == f"cs_attgt_{model}") == 12


@pytest.mark.parametrize(("controls", "model"), [("never", "never"), ("not_yet", "notyet")])
def test_aggregations_equal_r(controls, model):
    found, of = cells(controls), f"cs_agg_{model}"
    simple = aggregate(found, "simple")
    close((simple.overall, simple.overall_se), oracle(of, "simple"))
    dynamic = aggregate(found, "dynamic")
    for e, value, se in zip(dynamic.at, dynamic.estimate, dynamic.se, strict=True):
        if e >= 0:
            close((value, se), oracle(of, f"dynamic:e={e}"))
    close(dynamic.overall, float(R[of, "dynamic_overall(mean e=0..3)"][0]))
    group = aggregate(found, "group")
    for g, value, se in zip(group.at, group.estimate, group.se, strict=True):
        close((value, se), oracle(of, f"group:g={g + FIRST}"))
    close((group.overall, group.overall_se), oracle(of, "group_overall"))


def test_the_published_numbers_of_the_did_vignette():
    # Callaway and Sant'Anna, vignette "Getting started with the did package" and the reference
    # output of aggte(): four decimals.
    found = cells()
    after = found.estimate[found.after].round(4).tolist()
    assert after == [-0.0105, -0.0704, -0.1373, -0.1008, -0.0046, -0.0412, -0.0261]
    expected = {
        "simple": (-0.0400, 0.0120),
        "dynamic": (-0.0772, 0.0200),
        "group": (-0.0310, 0.0124),
        "calendar": (-0.0417, 0.0160),
    }
    for kind, pair in expected.items():
        made = aggregate(found, kind)
        assert (round(made.overall, 4), round(made.overall_se, 4)) == pair
    dynamic = aggregate(found, "dynamic")
    assert dynamic.at.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert dynamic.estimate.round(4).tolist() == [
        *(0.0305, -0.0006, -0.0245),
        *(-0.0199, -0.0510, -0.1373, -0.1008),
    ]


CASES = {
    "never": ("never", False, False),
    "not_yet": ("not_yet", False, False),
    "never, lpop": ("never", True, False),
    "not_yet, lpop": ("not_yet", True, False),
    "never, weighted": ("never", False, True),
    "not_yet, lpop, weighted": ("not_yet", True, True),
}


@pytest.mark.parametrize("case", CASES)
def test_doubly_robust_and_weighted_effects_equal_moderndid(case):
    found = cells(*CASES[case])
    for i in range(len(found.estimate)):
        key = f"ATT({found.cohort[i] + FIRST},{found.period[i] + FIRST})"
        close((found.estimate[i], found.se[i]), TWINS[case, key])
    before = found.before
    square = found.covariance[np.ix_(before, before)]
    wald = found.estimate[before] @ np.linalg.solve(square, found.estimate[before])
    close(wald, TWINS[case, "wald"][0], 1e-6)
    for kind in ("simple", "dynamic", "group", "calendar"):
        if (case, kind) in TWINS:
            made = aggregate(found, kind)
            close((made.overall, made.overall_se), TWINS[case, kind])
            for at, value, se in zip(made.at, made.estimate, made.se, strict=True):
                place = at if kind == "dynamic" else at + FIRST
                close((value, se), TWINS[case, f"{kind}:{place}"])
    assert sum(1 for c, _ in TWINS if c == case) >= 13


def test_the_pretest_of_the_vignette():
    # "P-value for pre-test of parallel trends assumption: 0.16812" (did, ~1, never treated).
    close(stats.chi2.sf(TWINS["never", "wald"][0], 5), 0.16812, 5e-6)


@pytest.mark.parametrize("case", ["imputation", "imputation, unbalanced"])
def test_imputation_equals_diff_diff(case):
    sample = take_sample(mpdta(thin=case != "imputation"), Comparison())
    made = impute(sample, 0)
    close((made.estimate, made.se), TWINS[case, "simple"])
    if case == "imputation":
        assert round(made.estimate, 5) == -0.04771


def test_two_way_fixed_effects_equal_r():
    sample = take_sample(mpdta(), Comparison())
    made = two_way(sample, 0, treatment(sample))
    value = made.coefficients[0]
    assert round(float(value), 5) == -0.03655
    close((value, made.iid_se[0]), oracle("twfe", "D:iid"))
    close((value, math.sqrt(made.covariance[0, 0])), oracle("twfe", "D:cluster_HC0"))
    close((value, made.se[0]), oracle("twfe", "D:cluster_HC0_cadj"))
    close((value, made.se_hc1[0]), oracle("twfe", "D:cluster_HC1"))
    by_year = sample.x[:, :, :1] * np.eye(5)[:, 1:]
    made = two_way(sample, 0, np.concatenate([treatment(sample), by_year], axis=2))
    close((made.coefficients[0], made.se_hc1[0]), oracle("twfe_lpop_x_year", "D:cluster_HC1"))


def test_the_event_study_regression_equals_r():
    sample = take_sample(mpdta(), Comparison())
    at, dummies = event_dummies(sample)
    made = two_way(sample, 0, dummies)
    assert at.tolist() == [-4, -3, -2, 0, 1, 2, 3]
    for e, value, se in zip(at, made.coefficients, made.se_hc1, strict=True):
        close((value, se), oracle("event_study_twfe", f"e={e}"))


def test_the_posterior_stands_beside_its_twins():
    rows = {(r.method, r.quantity): r for r in difference_table(DifferenceInDifferences(mpdta()))}
    close(rows["Callaway-Sant'Anna", "simple"].estimate, oracle("cs_agg_never", "simple")[0])
    close(rows["two-way fixed effects", "regression"].estimate, oracle("twfe", "D:iid")[0])
    close(rows["imputation", "simple"].estimate, TWINS["imputation", "simple"][0])
    loose = DifferenceInDifferences(mpdta(), priors=DifferencePriors(pool=False))
    free = {(r.method, r.quantity): r for r in difference_table(loose)}
    for kind in ("simple", "group"):
        pooled, twin = rows["posterior", kind], rows["Callaway-Sant'Anna", kind]
        unpooled = free["posterior", kind]
        # Effects of 20 early counties are shrunk towards those of 171 later ones, but the average
        # stays within half a standard error; without pooling within a fiftieth.
        assert abs(pooled.estimate - twin.estimate) < twin.error / 2
        assert abs(unpooled.estimate - twin.estimate) < twin.error / 50
        # The posterior is wider by the small-sample corrections only.
        assert unpooled.error == pytest.approx(twin.error, rel=0.03)


@pytest.mark.sampler
@pytest.mark.slow
def test_the_sampler_agrees_with_the_exact_posterior():
    design = DifferenceInDifferences(mpdta())
    ready = prepare(design)
    weights = np.column_stack([average_weights(ready, "simple"), np.eye(7)])
    mean, covariance = ready.models[0].moments(weights)
    made = fit(design, Sampler(seed=2, chains=4, draws=2500, cores=2))
    assert made.diagnostics.status == "passed"
    drawn = made.posterior["posterior"]["lemp_effect"].values @ weights
    from arviz_stats.base.array import BaseArray

    tools = BaseArray()
    for j in range(8):
        chains = drawn[:, :, j]
        sd = math.sqrt(covariance[j, j])
        mcse = tools.mcse(chains, chain_axis=0, draw_axis=1, method="mean")
        assert abs(chains.mean() - mean[j]) < 4 * mcse
        mcse = tools.mcse(chains, chain_axis=0, draw_axis=1, method="sd")
        assert abs(chains.std() - sd) < 4 * mcse


def placebo_panel(row):
    data = datasets.load("state_panel")
    start = np.where(
        data["state"].isin(row["treated_states"].split()), float(row["adopt_year"]), np.nan
    )
    return Panel.from_frame(
        data.assign(start=start), unit="state", period="year", start="start", outcomes=PLACEBO
    )


@pytest.fixture(scope="module")
def placebos():
    """z of the default posterior, and estimates by two-way fixed effects, of every adoption."""
    z, line = [], []
    for row in read("placebo_assignments.csv"):
        ready = prepare(DifferenceInDifferences(placebo_panel(row)))
        weights = average_weights(ready, "simple")[:, None]
        for k, model in enumerate(ready.models):
            mean, covariance = model.moments(weights)
            z.append(mean[0] / math.sqrt(covariance[0, 0]))
            made = two_way(ready.sample, k, treatment(ready.sample))
            line.append((made.coefficients[0], made.iid_se[0], made.se_hc1[0]))
    return np.array(z).reshape(-1, 2), np.array(line).reshape(-1, 2, 3)


@pytest.mark.slow
def test_500_placebo_adoptions_are_rarely_rejected(placebos):
    z, _ = placebos
    assert z.shape == (500, 2)
    rejected = (np.abs(z) > stats.norm.ppf(0.975)).mean(axis=0)
    assert (rejected <= 0.10).all()
    # A test of 5 % that is right rejects within four standard errors of that.
    assert rejected == pytest.approx([0.05, 0.05], abs=4 * math.sqrt(0.05 * 0.95 / 500))


@pytest.mark.slow
def test_independent_errors_reject_every_second_or_fourth_placebo(placebos):
    _, line = placebos
    theirs = pd.DataFrame(read("placebo_results.csv"))
    for k, name in enumerate(("log_wage", "urate")):
        rows = theirs[theirs["outcome"] == name]
        for j, column in enumerate(("b", "se_iid", "se_cluster")):
            close(line[:, k, j], rows[column].astype(float).to_numpy())
        critical = stats.t.ppf(0.975, 50 * 40 - 90)
        share = (np.abs(line[:, k, 0] / line[:, k, 1]) > critical).mean()
        assert share == pytest.approx(float(R[f"placebo:{name}", "reject5pct:iid"][0]))
        assert share > 0.25
        critical = stats.t.ppf(0.975, 49)
        share = (np.abs(line[:, k, 0] / line[:, k, 2]) > critical).mean()
        key = "reject5pct:cluster_HC1_tG-1"
        assert share == pytest.approx(float(R[f"placebo:{name}", key][0]))

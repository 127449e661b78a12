"""One treated series against R's CausalImpact and the published figures of Proposition 99.

Tolerances: estimators without simulation 1e-8; posterior means within four combined Monte Carlo
errors, where both runs are taken to have independent draws (the strictest case).
"""

import csv
import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import ClosedForm, Sampler, fit
from impactmodel.effects.interrupted_time_series import InterruptedTimeSeries
from impactmodel.effects.its_priors import causal_impact_priors
from impactmodel.effects.sc_model import DonorPriors
from impactmodel.effects.sc_twins import synthetic_did_estimate
from impactmodel.effects.simplex import simplex_loss, simplex_weights
from impactmodel.effects.synthetic_control import SyntheticControl, control_estimates
from impactmodel.evidence.panel import Panel

HERE = Path(__file__).parent / "series"
DRAWS, R_DRAWS = 8000, 4995
Y = OutcomeMeasure("y", kind="index")
PACKS = OutcomeMeasure("packs", kind="count")
FIRST = 19


# CausalImpact


def causal_impact(name):
    """The design of one frozen series, and what R found."""
    frozen = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    data = frozen["data"]
    n = len(data["y"])
    table = pd.DataFrame(
        {
            "unit": "a",
            "year": np.arange(1900, 1900 + n),
            "first": 1900.0 + frozen["n_pre"],
            "y": data["y"],
        }
    )
    controls = tuple(data["x"])
    for control in controls:
        table[control] = data["x"][control]
    panel = Panel.from_frame(
        table,
        unit="unit",
        period="year",
        start="first",
        outcomes=[Y],
        covariates=controls,
    )
    priors = causal_impact_priors(len(controls))
    return InterruptedTimeSeries(panel, controls, priors=priors), frozen["r_output"]


@pytest.mark.parametrize("name", ["basic", "covariates", "no_effect"])
def test_causal_impact_is_reproduced(name):
    design, r = causal_impact(name)
    outcomes = fit(design, ClosedForm(seed=1, draws=DRAWS)).outcomes
    effect = outcomes.effect().values[:, 0, 0]
    average = effect.mean(axis=1)
    sd = average.std()
    error = sd * math.sqrt(1 / DRAWS + 1 / R_DRAWS)
    assert average.mean() == pytest.approx(r["point_effect_mean"], abs=4 * error)
    # A quantile's error is that of a share over the normal density there.
    height = math.exp(-0.5 * 1.96**2) / math.sqrt(2 * math.pi)
    tail = error * math.sqrt(0.025 * 0.975) / height
    low, high = np.quantile(average, [0.025, 0.975])
    assert low == pytest.approx(r["ci_lower"], abs=4 * tail)
    assert high == pytest.approx(r["ci_upper"], abs=4 * tail)
    total = effect.sum(axis=1).mean()
    assert total == pytest.approx(r["cumulative_effect_total"], abs=30 * 4 * error)


# Proposition 99


def read(name):
    with (HERE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


PUBLISHED = {r["estimator"]: float(r["estimate"]) for r in read("prop99_estimates.csv")}
PLACEBO_SE = {r["estimator"]: float(r["placebo_se"]) for r in read("prop99_estimates.csv")}


@cache
def california():
    """The treated series, the donors, and their names."""
    table = datasets.load("prop99").pivot_table(index="year", columns="state", values="packs")
    donors = table.drop(columns="California")
    return table["California"].to_numpy(), donors.to_numpy(), tuple(donors.columns)


def frozen_weights(estimator, kind):
    return {
        r["label"]: float(r["weight"])
        for r in read("prop99_weights.csv")
        if (r["estimator"], r["kind"]) == (estimator, kind)
    }


def panel():
    data = datasets.load("prop99")
    data["first"] = np.where(data["state"] == "California", 1989.0, np.nan)
    return Panel.from_frame(data, unit="state", period="year", start="first", outcomes=[PACKS])


def test_the_published_synthetic_control_is_where_its_search_stops_short_of_the_optimum():
    treated, donors, names = california()
    published = np.array([frozen_weights("synthetic control", "unit")[n] for n in names])
    gap = (treated - donors @ published)[FIRST:].mean()
    assert gap == pytest.approx(PUBLISHED["synthetic control"], abs=1e-8)
    assert round(gap, 3) == -19.620
    best = simplex_weights(treated[:FIRST], donors[:FIRST])
    assert round(float((treated - donors @ best.weights)[FIRST:].mean()), 3) == -19.514
    reached = simplex_loss(treated[:FIRST], donors[:FIRST], published)
    assert best.loss < reached
    assert reached - best.loss > 0.02


def test_the_optimum_meets_the_conditions_that_make_it_one():
    # Independent of the search: no donor's gradient may be below that of the donors in use.
    treated, donors, _ = california()
    w = simplex_weights(treated[:FIRST], donors[:FIRST]).weights
    gradient = donors[:FIRST].T @ (donors[:FIRST] @ w - treated[:FIRST])
    assert w.min() >= 0
    assert w.sum() == pytest.approx(1, abs=1e-12)
    assert gradient.min() >= gradient[w > 0].max() - 1e-6 * np.abs(gradient).max()


def test_synthetic_did_and_did():
    treated, donors, names = california()
    # With the frozen weights the published figure; with exact ones -15.605, 0.002 from it.
    unit = np.array([frozen_weights("synthetic DiD", "unit")[n] for n in names])
    time = np.array(list(frozen_weights("synthetic DiD", "period").values()))
    change = donors[FIRST:].mean(axis=0) - time @ donors[:FIRST]
    stopped = treated[FIRST:].mean() - time @ treated[:FIRST] - unit @ change
    assert stopped == pytest.approx(PUBLISHED["synthetic DiD"], abs=1e-8)
    assert round(stopped, 3) == -15.604
    assert synthetic_did_estimate(treated, donors, FIRST) == pytest.approx(-15.6054, abs=1e-4)
    found = {e.estimator: e for e in control_estimates(SyntheticControl(panel()))[0]}
    assert found["DiD"].effect == pytest.approx(PUBLISHED["DiD"], abs=1e-8)
    assert round(found["DiD"].effect, 3) == -27.349


def test_placebo_errors_are_near_the_published_ones():
    # Ours run over all 38 donors once; theirs over 200 random placebos with the donors resampled
    # around them. A standard deviation of 38 values has an error of 1 / sqrt(76), 11 %.
    for estimate in control_estimates(SyntheticControl(panel()))[0]:
        error = PLACEBO_SE[estimate.estimator] * math.sqrt(1 / 76 + 1 / 400)
        assert estimate.placebo_se == pytest.approx(PLACEBO_SE[estimate.estimator], abs=2 * error)


def average(fitted):
    effect = fitted.outcomes.effect().values[:, 0, 0].mean(axis=1)
    return float(effect.mean()), float(effect.std())


@pytest.mark.sampler
@pytest.mark.slow
def test_few_donors_count_and_the_error_of_prediction_is_in_the_interval():
    fitted = fit(SyntheticControl(panel()), Sampler(seed=1))
    assert fitted.diagnostics.passed, fitted.diagnostics.messages
    mean, sd = average(fitted)
    # The exact weights are within the interval; its width is of the order of the placebo error.
    assert abs(mean - -19.514) < sd
    assert 3.5 < sd < 11


@pytest.mark.sampler
@pytest.mark.slow
def test_a_flat_simplex_prior_is_a_trap():
    # Dirichlet(1) with independent errors, as other software has it: -30.4 with sd 2.5 for the
    # weighted donors alone, beside -19.5 at the optimum and placebo errors of about 10.
    # The prior of the errors is wide, as there.
    priors = DonorPriors(concentration=1.0, spread=0.0, noise=0.5)
    design = SyntheticControl(panel(), priors, "independent")
    fitted = fit(design, Sampler(seed=1))
    assert fitted.diagnostics.passed, fitted.diagnostics.messages
    treated, donors, _ = california()
    weights = fitted.posterior["posterior"]["packs_weights"].values.reshape(-1, donors.shape[1])
    gap = (treated - weights @ donors.T)[:, FIRST:].mean(axis=1)
    assert gap.mean() == pytest.approx(-30.4, abs=0.5)  # the priors of sigma differ
    assert gap.std() == pytest.approx(2.5, abs=0.3)
    assert average(fitted)[1] < 0.5 * PLACEBO_SE["synthetic control"]

"""Known effects on one treated series are recovered, and placebo states are no effects."""

import datetime as dt
import math

import numpy as np
import pandas as pd

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.effects import ClosedForm, Sampler, fit
from impactmodel.effects.designs import prepare
from impactmodel.effects.interrupted_time_series import InterruptedTimeSeries
from impactmodel.effects.synthetic_control import SyntheticControl
from impactmodel.evidence.panel import Panel

Y = OutcomeMeasure("y", kind="index")
SEEDS, PROB = 120, 0.9
BAND = 4 * math.sqrt(PROB * (1 - PROB) / SEEDS)
N, FIRST = 40, 30


def test_intervals_of_an_interrupted_series_cover_the_truth():
    # A level that wanders by a fifth of the noise, an effect of one noise.
    rng = np.random.default_rng(1)
    covered = 0
    for seed in range(SEEDS):
        y = 0.2 * rng.normal(size=N).cumsum() + rng.normal(size=N)
        y[FIRST:] += 1.0
        rows = pd.DataFrame({"u": "a", "m": np.arange(N), "first": float(FIRST), "y": y})
        panel = Panel.from_frame(
            rows,
            unit="u",
            period="m",
            start="first",
            outcomes=[Y],
            periods=Periods(dt.date(2020, 1, 1), "month", N, "calendar"),
        )
        ready = prepare(InterruptedTimeSeries(panel))
        model, draws = ready.models[0], np.random.default_rng(seed)
        effect = y[FIRST:] - model.counterfactual(model.exact(500, draws), draws)
        low, high = np.quantile(effect.mean(axis=1), [0.05, 0.95])
        covered += low < 1.0 < high
    assert abs(covered / SEEDS - PROB) < BAND


def state(name, effect):
    data = datasets.load("state_panel")
    data = data[data["year"] >= 1989].assign(y=lambda d: d["urate"])
    here = (data["state"] == name) & (data["year"] >= 2009)
    data.loc[here, "y"] += effect
    data["first"] = np.where(data["state"] == name, 2009.0, np.nan)
    return Panel.from_frame(data, unit="state", period="year", start="first", outcomes=[Y])


def rejects(panel):
    sampler = Sampler(seed=1, chains=2, draws=150, tune=100)
    effect = fit(SyntheticControl(panel), sampler).outcomes.effect().mean("period").values.ravel()
    low, high = np.quantile(effect, [0.025, 0.975])
    return low > 0 or high < 0


def test_placebo_states_are_no_effects_and_a_large_one_is_seen():
    # A fast part of tests/calibration/test_synthetic_control_placebos.py: six of fifty states.
    states = ("AZ", "CO", "IN", "MN", "OH", "WA")
    assert sum(rejects(state(name, 0.0)) for name in states) <= 1
    assert all(rejects(state(name, 0.15)) for name in ("CO", "MN"))


def test_the_closed_form_is_the_default():
    y = np.random.default_rng(2).normal(size=N)
    rows = pd.DataFrame({"u": "a", "y": y, "m": 1990 + np.arange(N), "first": 1990.0 + FIRST})
    panel = Panel.from_frame(rows, unit="u", period="m", start="first", outcomes=[Y])
    own = fit(InterruptedTimeSeries(panel)).outcomes.effect().values
    assert np.array_equal(own, fit(InterruptedTimeSeries(panel), ClosedForm()).outcomes.effect())

"""Known effects are recovered from simulated panels, and visible confounding is flagged."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.designs import prepare
from impactmodel.effects.did_options import Comparison, DifferencePriors, TrendViolation
from impactmodel.effects.difference_in_differences import (
    DifferenceInDifferences,
    difference_checks,
)
from impactmodel.evidence.panel import Panel

JOB = OutcomeMeasure("job", kind="binary", channel="employment")
Y = OutcomeMeasure("y", kind="index")
SEEDS, PROB, Z = 150, 0.9, 1.6449
BAND = 4 * math.sqrt(PROB * (1 - PROB) / SEEDS)
PERIODS = 6


def starts(counts):
    return np.concatenate([np.full(n, np.inf if g is None else g) for g, n in counts.items()])


def table(y, first, name):
    units, periods = y.shape
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), periods),
            "year": np.tile(2000 + np.arange(periods), units),
            "first": np.repeat(np.where(np.isinf(first), np.nan, 2000 + first), periods),
            name: y.ravel(),
        }
    )


def people(rng, n, points):
    """Persons with months of employment that persist: two fifths start in years 2 and 4."""
    first = starts({2: n // 5, 4: n // 5, None: n - 2 * (n // 5)})
    inclined = rng.normal(0, 0.7, n)
    on = np.arange(PERIODS) >= first[:, None]
    lasting = rng.normal(0, 0.7, (n, PERIODS)).cumsum(axis=1) / 2
    base = 1 / (1 + np.exp(-(-0.6 + inclined[:, None] + lasting)))
    uniform = rng.random((n, PERIODS))
    treated = np.clip(base + points, 0, 1)
    job = uniform < np.where(on, treated, base)
    truth = (treated - base)[on].mean()
    return first, job.astype(float), truth


def panel(y, first, measure):
    return Panel.from_frame(
        table(y, first, measure.name), unit="unit", period="year", start="first", outcomes=[measure]
    )


def average(design):
    made = prepare(design)
    mean, covariance = made.models[0].moments(made.average[:, None])
    return float(mean[0]), math.sqrt(float(covariance[0, 0]))


@pytest.mark.parametrize("n", [100, 300, 1000])
@pytest.mark.parametrize("points", [0.0, 0.05, 0.10])
def test_intervals_of_employment_cover_the_truth(n, points):
    rng = np.random.default_rng(n + int(points * 100))
    covered = 0
    for _ in range(SEEDS):
        first, job, truth = people(rng, n, points)
        mean, sd = average(DifferenceInDifferences(panel(job, first, JOB)))
        covered += abs(mean - truth) < Z * sd
    assert covered / SEEDS == pytest.approx(PROB, abs=BAND)


def dependent(rng, counts, effect, rho=0.7, periods=8):
    """Units whose errors are AR(1), with effects by cohort and time since the start."""
    first = starts(counts)
    e = np.empty((len(first), periods))
    e[:, 0] = rng.normal(size=len(first))
    for t in range(1, periods):
        e[:, t] = rho * e[:, t - 1] + math.sqrt(1 - rho**2) * rng.normal(size=len(first))
    y = 2 * rng.normal(size=(len(first), 1)) + 0.3 * np.arange(periods) + e
    since = np.arange(periods) - first[:, None]
    with warnings.catch_warnings():
        # The time since a start that never comes is minus infinity, and not used.
        warnings.simplefilter("ignore", RuntimeWarning)
        return first, y + np.where(since >= 0, effect(since, first[:, None]), 0.0)


def nothing(since, start):
    return 0.0 * since * start


def one(since, start):
    return 1.0 + 0.0 * since * start


CASES = {
    "no effect": ({3: 12, 5: 12, None: 26}, nothing),
    "effects that grow": ({3: 12, 5: 12, None: 26}, lambda e, g: 0.4 * (e + 1) + 0.0 * g),
    "effects that differ by cohort": (
        {3: 12, 5: 12, None: 26},
        lambda e, g: 1.0 + (0 * e + g == 3),
    ),
    "three treated units": ({4: 3, None: 25}, one),
    "ten units": ({4: 5, None: 5}, nothing),
}


@pytest.mark.parametrize("case", CASES)
def test_intervals_cover_with_dependent_errors_and_few_units(case):
    counts, effect = CASES[case]
    rng = np.random.default_rng(len(case))
    covered, error = 0, []
    for _ in range(SEEDS):
        first, y = dependent(rng, counts, effect)
        made = prepare(DifferenceInDifferences(panel(y, first, Y)))
        cells = made.cells[0]
        since, cohort = cells.since[cells.after], cells.cohort[cells.after]
        truth = float(made.average @ effect(since * 1.0, cohort))
        mean, covariance = made.models[0].moments(made.average[:, None])
        sd = math.sqrt(covariance[0, 0])
        covered += abs(mean[0] - truth) < Z * sd
        error.append((mean[0] - truth) / sd)
    assert covered / SEEDS == pytest.approx(PROB, abs=BAND)
    assert abs(np.mean(error)) < 0.3


def test_not_yet_treated_controls_recover_the_effect_where_nobody_is_never_treated():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(SEEDS):
        first, y = dependent(rng, {3: 12, 5: 12, 7: 12}, one)
        mean, sd = average(DifferenceInDifferences(panel(y, first, Y), Comparison("not_yet")))
        covered += abs(mean - 1.0) < Z * sd
    assert covered / SEEDS == pytest.approx(PROB, abs=BAND)


def flagged(design):
    return any(check.passed is False for check in difference_checks(design))


def test_confounding_visible_before_the_start_is_flagged_and_sound_designs_are_not():
    # 1,000 units; the treated drift by a tenth of a standard deviation a period.
    rng = np.random.default_rng(7)
    seen, alarms = 0, 0
    for _ in range(100):
        first, y = dependent(rng, {4: 200, 5: 200, None: 600}, nothing)
        alarms += flagged(DifferenceInDifferences(panel(y, first, Y)))
        drift = 0.1 * np.arange(y.shape[1]) * np.isfinite(first)[:, None]
        seen += flagged(DifferenceInDifferences(panel(y + drift, first, Y)))
    assert seen >= 80
    assert alarms <= 10


def test_a_dip_before_the_start_is_flagged():
    rng = np.random.default_rng(8)
    seen = 0
    for _ in range(100):
        first, y = dependent(rng, {4: 200, 5: 200, None: 600}, nothing)
        dip = 0.25 * (np.arange(y.shape[1]) == first[:, None] - 1)
        seen += flagged(DifferenceInDifferences(panel(y - dip, first, Y)))
    assert seen >= 80


def test_hidden_confounding_is_covered_by_a_bias_prior_of_its_size():
    # The trends part only after the start, by shocks that no check can see.
    rng = np.random.default_rng(9)
    plain, biased = 0, 0
    shock = 0.15
    for _ in range(SEEDS):
        first, y = dependent(rng, {3: 100, 4: 100, None: 200}, nothing, periods=7)
        walk = np.concatenate([[0.0], shock * rng.normal(size=7).cumsum()])
        away = np.clip(np.arange(7) - first[:, None] + 1, 0, 7)
        y = y + walk[np.where(np.isfinite(away), away, 0).astype(int)]
        mean, sd = average(DifferenceInDifferences(panel(y, first, Y)))
        plain += abs(mean) < Z * sd
        priors = DifferencePriors(violation=TrendViolation(shock))
        mean, sd = average(DifferenceInDifferences(panel(y, first, Y), priors=priors))
        biased += abs(mean) < Z * sd
    assert plain / SEEDS < 0.75
    assert biased / SEEDS == pytest.approx(PROB, abs=BAND)

"""The continuation has the distribution that is written down, and covers what follows its model."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from impactmodel.core.errors import InputError
from impactmodel.registers import DEFINITIONS, IndicatorSeries, Window, seasonal_baseline
from impactmodel.registers.statfin import month_before

START = dt.date(2021, 3, 1)
NAMES = {"persons": "unemployed_jobseekers", "percent": "activation_rate"}


def months(count: int, ahead: int = 0) -> list[str]:
    return [month_before("2021-03", count - i) for i in range(count + ahead)]


def course(shocks: np.ndarray, base: float = 10.0) -> np.ndarray:
    """Return logs whose yearly change is a random walk of these shocks, after a year of seasons."""
    yearly = np.cumsum(np.append(0.01, shocks))
    path = list(base + 0.1 * np.sin(np.arange(12) * np.pi / 6))
    for step in yearly:
        path.append(path[-12] + step)
    return np.array(path)


def series(logs: np.ndarray, ahead: int = 0, **others: np.ndarray) -> IndicatorSeries:
    areas = {"Vantaa": logs, **others}
    values = {name: np.round(np.exp(x)) for name, x in areas.items()}
    frame = pd.DataFrame(values, index=months(len(logs) - ahead, ahead))
    return IndicatorSeries(DEFINITIONS["unemployed_jobseekers"], frame, "synthetic", START)


def test_months_ahead_are_student_t() -> None:
    shocks = np.random.default_rng(3).normal(0, 0.05, 30)
    logs = course(shocks, base=16.0)  # large counts, so that rounding to persons does not matter
    found = seasonal_baseline(series(logs), area="Vantaa", window=Window(START, 12), draws=40_000)
    scale = np.sqrt((shocks @ shocks) / 30)
    change = logs[-1] - logs[-13]
    assert found.shocks == 30
    for h in (1, 12):
        expected = stats.t(30, logs[-13 + h] + change, scale * np.sqrt(h))
        drawn = np.log(found.draws[:, h - 1])
        # A Kolmogorov-Smirnov distance of 40,000 true draws is above .01 once in 1,500.
        assert stats.kstest(drawn, expected.cdf).statistic < 0.01


def test_a_second_year_continues_the_first() -> None:
    """With hardly a shock, each month is the one a year before at the last yearly change."""
    logs = course(np.tile([1e-4, -1e-4], 10), base=16.0)
    found = seasonal_baseline(series(logs), area="Vantaa", window=Window(START, 24))
    change = logs[-1] - logs[-13]
    drawn = np.median(np.log(found.draws), axis=0)
    assert drawn[:12] == pytest.approx(logs[-12:] + change, abs=1e-3)
    assert drawn[12:] == pytest.approx(logs[-12:] + 2 * change, abs=2e-3)


def test_intervals_cover_what_follows_the_model() -> None:
    """Of 400 futures, 90 % intervals at 6 months hold 360 ± 4 standard errors (24)."""
    inside = 0
    for seed in range(400):
        shocks = np.random.default_rng(seed).normal(0, 0.05, 26)
        logs = course(shocks, base=14.0)
        past = series(logs[:-6])
        row = seasonal_baseline(past, area="Vantaa", window=Window(START, 6), draws=1000).table()
        inside += row["lower"].iloc[5] <= np.exp(logs[-1]) <= row["upper"].iloc[5]
    assert abs(inside - 360) < 24


def test_a_shock_of_both_areas_drops_out_beside_a_comparison() -> None:
    common = np.random.default_rng(5).normal(0, 0.2, 32)
    own = np.random.default_rng(6).normal(0, 0.01, 32)
    both = series(course(common + own, 14.0), 6, Finland=course(common, 16.0))
    window = Window(START, 6)
    alone = seasonal_baseline(both, area="Vantaa", window=window)
    beside = seasonal_baseline(both, area="Vantaa", window=window, comparison="Finland")
    spread = [np.log(found.draws[:, 0]).std() for found in (alone, beside)]
    assert spread[1] < spread[0] / 10
    assert beside.comparison == "Finland"
    assert beside.table()["share_below"].between(0.001, 0.999).all()


def test_the_table_names_its_interval_and_what_it_is_not() -> None:
    logs = course(np.random.default_rng(1).normal(0, 0.05, 20))
    found = seasonal_baseline(series(logs), area="Vantaa", window=Window(START, 2), draws=200)
    row = found.table(prob=0.8).iloc[0]
    assert (row["prob"], row["kind"]) == (0.8, "equal-tailed")
    assert row["year_before"] == np.round(np.exp(logs[-12]))
    assert np.isnan(row["observed"])
    assert np.isnan(row["share_below"])
    assert "not an effect" in row["is"]
    again = seasonal_baseline(series(logs), area="Vantaa", window=Window(START, 2), draws=200)
    assert (again.draws == found.draws).all()


def test_the_largest_shock_is_named() -> None:
    shocks = np.tile([0.01, -0.01], 10)
    shocks[7] = 0.5
    found = seasonal_baseline(series(course(shocks, 16.0)), area="Vantaa", window=Window(START, 1))
    month, size = found.largest
    assert month == months(33)[13 + 7]
    assert size == pytest.approx(0.5 / np.sqrt((0.25 + 19e-4) / 20), rel=1e-3)


@pytest.mark.parametrize(
    ("logs", "words"),
    [
        (course(np.ones(11) / 100), r"25 months without a gap.*\(seen: 24\)"),
        (np.full(30, 10.0), "do not vary"),
    ],
)
def test_too_little_to_continue_from(logs: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        seasonal_baseline(series(logs), area="Vantaa", window=Window(START, 1))


def test_zero_and_gaps_are_refused() -> None:
    logs = course(np.random.default_rng(1).normal(0, 0.05, 30))
    whole = series(logs)
    values = whole.values.copy()
    values.iloc[-3] = 0
    zero = IndicatorSeries(whole.definition, values, "synthetic", START)
    with pytest.raises(InputError, match=r"Vantaa\.2020-12: a month of none.*\(seen: 0"):
        seasonal_baseline(zero, area="Vantaa", window=Window(START, 1))
    gap = IndicatorSeries(whole.definition, values.drop(index="2020-12"), "synthetic", START)
    with pytest.raises(InputError, match="without a gap"):
        seasonal_baseline(gap, area="Vantaa", window=Window(START, 1))
    with pytest.raises(InputError, match="no value for Vantaa in this month"):
        seasonal_baseline(whole, area="Vantaa", window=Window(dt.date(2021, 5, 1), 1))

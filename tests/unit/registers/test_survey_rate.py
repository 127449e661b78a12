"""The survey's rate against the beta distribution of SciPy and against repeated samples."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from impactmodel.core.errors import InputError
from impactmodel.registers import (
    DEFINITIONS,
    IndicatorSeries,
    survey_rate,
    unemployment_rate,
)


def series(name="unemployment_rate_lfs", months=("2021-05", "2021-06"), values=(9.8, 7.6)):
    frame = pd.DataFrame({"Finland": values}, index=list(months), dtype=float)
    return IndicatorSeries(DEFINITIONS[name], frame, "synthetic", dt.date(2021, 8, 1))


def test_draws_are_of_the_beta_distribution():
    found = survey_rate(series(), "Finland", answered=6000, design_effect=1.5, draws=40_000)
    assert found.draws.shape == (40_000, 2)
    for i, p in enumerate((0.098, 0.076)):
        exact = stats.beta(0.5 + 4000 * p, 0.5 + 4000 * (1 - p))
        # Kolmogorov and Smirnov: by chance 2 exp(-2 x 40,000 x .0145^2) = 1e-7.
        assert stats.kstest(found.draws[:, i] / 100, exact.cdf).statistic < 0.0145
        row = found.table(0.9).iloc[i]
        assert row["lower"] == pytest.approx(100 * exact.ppf(0.05), abs=0.03)
        assert (row["prob"], row["kind"]) == (0.9, "equal-tailed")
        assert row["published"] == pytest.approx(100 * p)
    # Months have draws of their own.
    assert abs(np.corrcoef(found.draws.T)[0, 1]) < 0.03


def test_intervals_cover_the_rate_that_samples_were_drawn_of():
    """2,000 simple samples of 800 people at 8 %: 90 % intervals hold it in 90 % of them."""
    counts = np.random.default_rng(5).binomial(800, 0.08, 2000)
    months = [f"{2021 + i // 12}-{i % 12 + 1:02d}" for i in range(2000)]
    rates = series(months=months, values=100 * counts / 800)
    table = survey_rate(rates, "Finland", answered=800, design_effect=1.0, draws=2000).table(0.9)
    covered = ((table["lower"] < 8) & (table["upper"] > 8)).mean()
    # Three standard errors of 2,000 samples are 2 points.
    assert covered == pytest.approx(0.9, abs=0.02)


def test_a_register_has_no_sampling_error():
    with pytest.raises(InputError, match="a register counts everybody"):
        survey_rate(series("unemployment_rate_ess"), "Finland", answered=10, design_effect=1)


def test_the_survey_is_never_mixed_with_registers():
    persons = series("unemployed_jobseekers", values=(300_000.0, 310_000.0))
    with pytest.raises(InputError, match="another statistic"):
        unemployment_rate(persons, series())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answered": 0}, "answered: this is above 0"),
        ({"design_effect": 0.0}, "design_effect: this is above 0"),
        ({"design_effect": np.nan}, "design_effect: this is above 0"),
        ({"answered": 2, "design_effect": 3.0}, "less than one answer is left"),
        ({"draws": 1}, "at least two draws"),
    ],
)
def test_impossible_samples(change, said):
    given = {"answered": 100, "design_effect": 1.0, **change}
    with pytest.raises(InputError, match=said):
        survey_rate(series(), "Finland", **given)


def test_both_methods_of_the_survey():
    both = series(months=("2020-12", "2021-01"))
    with pytest.raises(InputError, match="the survey changed in January 2021"):
        survey_rate(both, "Finland", answered=100, design_effect=1.0)

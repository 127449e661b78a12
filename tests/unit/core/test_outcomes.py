"""Outcomes: validation, joining, netCDF and what an evaluator would measure."""

import dataclasses
import datetime as dt

import numpy as np
import pytest
from scipy import stats

from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods

JOB = OutcomeMeasure("job", kind="binary")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year", channel="earnings")
YEAR = Periods(dt.date(2024, 1, 1), "year", 1)


def make(treated, control, measures=(JOB,), size=100, periods=YEAR, covariance=None, **about):
    return Outcomes.from_draws(
        treated,
        control,
        measures=list(measures),
        periods=periods,
        cohort_size=size,
        provenance=Provenance(**about),
        covariance=covariance,
    )


def test_effect_on_three_scales():
    outcomes = make([[0.5], [0.6]], [[0.4], [0.3]])
    assert outcomes.effect().values.ravel() == pytest.approx([0.1, 0.3])
    assert outcomes.effect("ratio").values.ravel() == pytest.approx([1.25, 2.0])
    assert outcomes.effect("relative").values.ravel() == pytest.approx([0.25, 1.0])
    assert outcomes.effect().dims == ("draw", "group", "outcome", "period")


def test_summary_names_probability_and_kind():
    table = make([[0.5], [0.6]], [[0.4], [0.3]]).summary(prob=0.8)
    row = table.iloc[0]
    assert (row["mean"], row["prob"], row["kind"]) == (pytest.approx(0.2), 0.8, "equal-tailed")
    # Two draws .1 and .3: the type-7 quantiles at 10 % and 90 % are .12 and .28.
    assert (row["lower"], row["upper"]) == (pytest.approx(0.12), pytest.approx(0.28))
    with pytest.raises(InputError, match="probability between 0 and 1"):
        make([[0.5]], [[0.4]]).summary(prob=90)


@pytest.mark.parametrize(
    ("treated", "measures", "size", "message"),
    [
        ([[1.2]], [JOB], 1, "'job' is binary, but treated runs from 1.2 to 1.2"),
        ([[np.nan]], [WAGE], 1, "'treated' has values that are not finite"),
        ([[0.5]], [JOB], -1, "a cohort size is negative"),
        ([[0.5, 0.5]], [JOB, JOB], 1, "an outcome is named twice"),
        ([[1.0, 1.0]], [WAGE, OutcomeMeasure("x", "amount", "USD/year")], 1, "several currencies"),
        ([0.5, 0.5], [JOB], 1, r"'treated' has the wrong shape \(seen: \(2,\)\); give \(draws, 1"),
    ],
)
def test_bad_outcomes_are_refused(treated, measures, size, message):
    with pytest.raises(InputError, match=message):
        make(treated, treated, measures=measures, size=size)


def test_effect_without_level_refuses_level():
    outcomes = make([[0.1]], None)
    assert float(outcomes.effect().item()) == pytest.approx(0.1)
    with pytest.raises(InputError, match="only the effect on 'job' is known, not its level"):
        outcomes.level("treated", "job")
    with pytest.raises(InputError, match="only the effect"):
        outcomes.effect("ratio")


def test_netcdf_round_trip_keeps_everything(tmp_path):
    covariance = np.full((2, 1, 1, 1, 1, 1), 0.24)
    outcomes = make(
        [[0.5], [0.6]],
        [[0.4], [0.3]],
        covariance=covariance,
        seed=7,
        assumptions=("a stated one",),
        diagnostics="passed",
    )
    outcomes.to_netcdf(tmp_path / "o.nc")
    back = Outcomes.from_netcdf(tmp_path / "o.nc")
    assert back.provenance == outcomes.provenance
    assert back.measures == outcomes.measures
    assert back.periods == outcomes.periods
    assert back.dataset.equals(outcomes.dataset)
    (tmp_path / "bad.nc").write_text("no")
    with pytest.raises(InputError, match=r"bad\.nc: not a file of outcomes"):
        Outcomes.from_netcdf(tmp_path / "bad.nc")


def test_arrays_are_read_only():
    outcomes = make([[0.5]], [[0.4]])
    with pytest.raises(ValueError, match="read-only"):
        outcomes.dataset["treated"].values[...] = 0.0


def test_join_needs_one_lineage_or_a_statement():
    jobs = make([[0.5], [0.6]], [[0.4], [0.4]])
    wages = make([[9.0], [8.0]], [[7.0], [7.0]], measures=[WAGE])
    with pytest.raises(JoinError, match="the two sets of draws are unrelated"):
        jobs.join(wages)
    joined = jobs.join(wages, independent=True)
    assert [m.name for m in joined.measures] == ["job", "wage"]
    assert joined.provenance.assumptions == ("joined draws taken as independent",)
    assert joined.effect().sel(outcome="wage").values.ravel().tolist() == [2.0, 1.0]
    same = dataclasses.replace(wages.provenance, lineage=jobs.provenance.lineage)
    assert jobs.join(wages.replace(provenance=same)).provenance.assumptions == ()


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (make([[9.0]], [[7.0]], measures=[WAGE]), "2 draws cannot be joined with 1"),
        (make([[9.0], [8.0]], [[7.0], [7.0]], measures=[WAGE], size=3), "cohort sizes differ"),
        (make([[0.5], [0.6]], [[0.4], [0.4]]), "the outcome 'job' is in both"),
        (
            make(
                [[9.0], [8.0]],
                [[7.0], [7.0]],
                measures=[WAGE],
                periods=Periods(dt.date(2025, 1, 1)),
            ),
            "the periods differ",
        ),
    ],
)
def test_join_refuses_unlike_outcomes(other, message):
    with pytest.raises(JoinError, match=message):
        make([[0.5], [0.6]], [[0.4], [0.4]]).join(other, independent=True)


def test_measured_binary_arm_is_binomial():
    n, draws = 50, 20000
    p = 0.3
    covariance = np.full((2, 1, 1, 1, 1, 1), p * (1 - p))
    outcomes = make(np.full((draws, 1), p), np.full((draws, 1), p), size=n, covariance=covariance)
    got = outcomes.measured(comparison_size=200, seed=3)
    counts = np.rint(got.level("treated", "job").values.ravel() * n).astype(int)
    # Against scipy's exact binomial probabilities; 4 sd of a multinomial share.
    expected = stats.binom.pmf(np.arange(n + 1), n, p)
    share = np.bincount(counts, minlength=n + 1) / draws
    assert np.all(np.abs(share - expected) < 4 * np.sqrt(expected / draws) + 1e-4)
    sd = np.sqrt(p * (1 - p) * (1 / n + 1 / 200))
    effect = got.effect().values.ravel()
    assert effect.std() == pytest.approx(sd, rel=0.03)
    assert abs(effect.mean()) < 4 * sd / np.sqrt(draws)


def test_measured_noise_is_correlated_as_people_are():
    draws, rho, sd = 20000, 0.6, 5000.0
    covariance = np.empty((2, 1, 2, 1, 2, 1))
    covariance[:, 0, :, 0, :, 0] = [[0.25, rho * 0.5 * sd], [rho * 0.5 * sd, sd**2]]
    mean = np.tile([0.5, 10000.0], (draws, 1))
    outcomes = make(mean, mean, measures=[JOB, WAGE], size=400, covariance=covariance)
    effect = outcomes.measured(comparison_size=400, seed=1).effect().values[:, 0, :, 0]
    assert np.corrcoef(effect.T)[0, 1] == pytest.approx(rho, abs=0.02)
    assert effect[:, 1].std() == pytest.approx(sd * np.sqrt(2 / 400), rel=0.03)
    again = outcomes.measured(comparison_size=400, seed=1).effect().values[:, 0, :, 0]
    assert np.array_equal(effect, again)


def test_measured_needs_spread_and_people():
    with pytest.raises(InputError, match="needs the spread of outcomes between people"):
        make([[0.5]], [[0.4]]).measured(10, seed=1)
    covariance = np.full((2, 1, 1, 1, 1, 1), 0.25)
    with pytest.raises(InputError, match="the comparison group is empty"):
        make([[0.5]], [[0.4]], covariance=covariance).measured(0, seed=1)
    with pytest.raises(InputError, match="a group has no people"):
        make([[0.5]], [[0.4]], size=0, covariance=covariance).measured(5, seed=1)


def test_repr_has_names_only():
    assert repr(make([[0.5]], [[0.4]])) == "Outcomes(job (share); 1 draws, 1 groups, 1 periods)"


def test_without_effect_both_arms_are_alike():
    draws = 20_000
    covariance = np.empty((2, 1, 1, 1, 1, 1))
    covariance[0], covariance[1] = 9000.0**2, 4000.0**2
    means = np.full((draws, 1), 6000.0), np.full((draws, 1), 5000.0)
    outcomes = make(*means, measures=[WAGE], size=100, covariance=covariance)
    nothing = outcomes.without_effect()
    assert (nothing.effect() == 0).all()
    measured = nothing.measured(100, seed=1).effect().values
    # Two arms of 100 people with the counterfactual's spread: 4,000 * sqrt(2 / 100) = 566.
    assert measured.std() == pytest.approx(565.7, rel=0.03)
    with pytest.raises(InputError, match="only the effect"):
        make([[0.1]], None).without_effect()


def test_a_cohort_that_starts_on_another_day():
    moved = make([[0.5]], [[0.4]]).starting(dt.date(2031, 3, 1))
    assert moved.periods.bounds() == ((dt.date(2031, 3, 1), dt.date(2032, 3, 1)),)
    assert moved.dataset["period_end"].values.astype("datetime64[D]").tolist() == [
        dt.date(2032, 3, 1)
    ]
    assert moved.effect().item() == pytest.approx(0.1)
    fixed = make([[0.5]], [[0.4]], periods=Periods(dt.date(2024, 1, 1), clock="calendar"))
    assert fixed.starting(dt.date(2031, 3, 1)) is fixed

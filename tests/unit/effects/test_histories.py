"""Histories against closed forms, brute force and their own simulation."""

import datetime as dt
import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.dependence import Comonotone, Copula, Independent, month_states
from impactmodel.effects.histories import Histories, HistoryAssumptions, share_in_work

START = dt.date(2021, 7, 1)
EVERY = [Comonotone(), Independent(), Copula(0.6), Copula(0.9)]


def histories(p, **assumptions):
    p = np.asarray(p, dtype=float)
    both = np.broadcast_to(p, (1, 2, 1, len(p))).copy()
    return Histories(both, START, ("all",), HistoryAssumptions(**assumptions))


@pytest.mark.parametrize("dependence", EVERY)
def test_states_keep_every_marginal(dependence):
    p = np.random.default_rng(1).uniform(0, 1, (50, 30))
    states = month_states(p, 18, dependence)
    assert states.shape == (50, 13, 19)
    assert (states >= 0).all()
    assert states.sum(axis=(1, 2)) == pytest.approx(np.ones(50), abs=1e-12)
    worked = (states.sum(axis=2) * np.arange(13)).sum(axis=1)
    missed = (states.sum(axis=1) * np.arange(19)).sum(axis=1)
    # The copula is integrated over 6.5 standard deviations: 30 months of 8e-11 of people.
    assert worked == pytest.approx(p[:, 18:].sum(axis=1), abs=3e-9)
    assert missed == pytest.approx((1 - p[:, :18]).sum(axis=1), abs=3e-9)


def test_comonotone_people_by_hand():
    # Shares .2, .5 | .5, .8: a fifth works always, .3 from the second month on, .3 in the last.
    states = month_states(np.array([[0.2, 0.5, 0.5, 0.8]]), 2, Comonotone())[0]
    expected = np.zeros((3, 3))
    expected[2, 0], expected[2, 1], expected[1, 2], expected[0, 2] = 0.2, 0.3, 0.3, 0.2
    assert states == pytest.approx(expected, abs=1e-15)


def test_independent_months_are_binomial_and_independent_of_the_past():
    states = month_states(np.full((1, 20), 0.3), 8, Independent())[0]
    expected = np.outer(stats.binom.pmf(range(13), 12, 0.3), stats.binom.pmf(range(9), 8, 0.7))
    assert states == pytest.approx(expected, abs=1e-14)


def test_unequal_independent_months_against_every_path():
    p = np.array([0.1, 0.7, 0.4, 0.9, 0.25])
    expected = np.zeros((4, 3))
    for path in itertools.product([0, 1], repeat=5):
        chance = np.prod(np.where(path, p, 1 - p))
        expected[sum(path[2:]), 2 - sum(path[:2])] += chance
    assert month_states(p[None], 2, Independent())[0] == pytest.approx(expected, abs=1e-15)


def test_copula_without_correlation_is_independence():
    p = np.random.default_rng(2).uniform(0, 1, (3, 10))
    same = month_states(p, 4, Copula(0.0)), month_states(p, 4, Independent())
    assert np.array_equal(*same)


def test_two_months_of_the_copula_are_a_bivariate_normal_orthant():
    rho, p = 0.5, (0.3, 0.6)
    states = month_states(np.array([p]), 0, Copula(rho))[0, :, 0]
    both = stats.multivariate_normal.cdf(stats.norm.ppf(p), cov=[[1, rho], [rho, 1]])
    assert states[2] == pytest.approx(both, abs=1e-7)


@pytest.mark.parametrize("rho", [0.3, 0.6, 0.8, 0.9])
def test_five_years_of_the_copula_against_adaptive_quadrature(rho):
    """P(k of 12, b of 48) given the factor is binomial times binomial: one integral a cell."""
    p = 0.4

    def given(z, k, b):
        q = stats.norm.cdf((stats.norm.ppf(p) + np.sqrt(rho) * z) / np.sqrt(1 - rho))
        return stats.norm.pdf(z) * stats.binom.pmf(k, 12, q) * stats.binom.pmf(b, 48, 1 - q)

    states = month_states(np.full((1, 60), p), 48, Copula(rho))[0]
    for k, b in ((0, 48), (12, 0), (6, 24), (2, 40), (11, 3)):
        exact = integrate.quad(given, -9, 9, args=(k, b), limit=500, epsabs=1e-12)[0]
        assert states[k, b] == pytest.approx(exact, abs=1e-6), (k, b)


@pytest.mark.parametrize("dependence", EVERY)
def test_simulated_people_agree_with_the_shares(dependence):
    p = np.linspace(0.2, 0.6, 10)
    found = histories(p, dependence=dependence)
    people = 200_000
    paths = next(found.paths(people, seed=1))[0, 0, 0]
    shares = found.states(4, 10, arm=0, group=0)[0]
    counted = np.zeros_like(shares)
    np.add.at(counted, (paths[:, 4:].sum(axis=1), (~paths[:, :4]).sum(axis=1)), 1 / people)
    # Five standard errors of a share.
    assert np.abs(counted - shares).max() < 5 * 0.5 / np.sqrt(people)


def test_persistence_widens_months_in_work():
    """Without dependence months cluster at their mean; comonotone people work all or nothing."""
    p, k = np.full(36, 0.4), np.arange(37)
    sd = {}
    for dependence in EVERY:
        share = month_states(p[None], 0, dependence)[0, :, 0]
        if dependence != Copula(0.9):
            sd[dependence.type] = np.sqrt(share @ (k - 14.4) ** 2)
    # Binomial: sqrt(36 .4 .6) = 2.94; all or nothing: 36 sqrt(.4 .6) = 17.64.
    assert sd["independent"] == pytest.approx(2.939, abs=5e-4)
    assert sd["comonotone"] == pytest.approx(17.636, abs=5e-4)
    assert sd["independent"] < sd["copula"] < sd["comonotone"]


@pytest.mark.parametrize(
    ("filling", "expected"),
    [
        ("even", [0.375] * 12),
        ("block_at_end", [0] * 7 + [0.5] + [1] * 4),
        ("block_at_start", [1] * 4 + [0.5] + [0] * 7),
    ],
)
def test_filling_keeps_the_months_of_a_year(filling, expected):
    months = OutcomeMeasure("months", kind="count", unit="months", channel="employment")
    outcomes = Outcomes.from_draws(
        [[4.5]],
        [[0.0]],
        measures=[months],
        periods=Periods(START, "year", 1),
        cohort_size=1,
        provenance=Provenance(),
    )
    found = Histories.from_outcomes(outcomes, "months", HistoryAssumptions(filling=filling))
    assert found.probability[0, 0, 0] == pytest.approx(expected)
    assert found.expected_months(0, 12)[0, :, 0].tolist() == pytest.approx([4.5, 0.0])


@pytest.mark.parametrize(
    ("filling", "expected"),
    [
        ("even", [0.5] * 2 + [0.25] * 4),
        ("block_at_end", [0, 1, 0, 0, 0, 1]),
        ("block_at_start", [1, 0, 1, 0, 0, 0]),
    ],
)
def test_periods_of_different_lengths_are_filled_by_their_months(filling, expected):
    months = OutcomeMeasure("months", kind="count", unit="months", channel="employment")
    outcomes = Outcomes.from_draws(
        [[[1.0, 1.0]]],
        [[[0.0, 0.0]]],
        measures=[months],
        periods=Periods(START, "month", ends=(2, 6)),
        cohort_size=1,
        provenance=Provenance(),
    )
    found = Histories.from_outcomes(outcomes, "months", HistoryAssumptions(filling=filling))
    assert found.probability[0, 0, 0] == pytest.approx(expected)


def test_shares_of_unequal_periods_are_a_stock():
    employed = OutcomeMeasure("employed", kind="binary")
    with pytest.raises(InputError, match="accrual: shares of 'employed' in periods of different"):
        Outcomes.from_draws(
            [[[0.5, 0.5]]],
            None,
            measures=[employed],
            periods=Periods(START, "month", ends=(2, 6)),
            cohort_size=1,
            provenance=Provenance(),
        )


def test_calendar_years_of_a_july_start():
    assert histories([0.5] * 24).years() == ((2021, 0, 6), (2022, 6, 18), (2023, 18, 24))


def test_days_become_shares_of_calendar_days():
    periods = Periods(dt.date(2024, 1, 1), "year", 1)
    days = OutcomeMeasure("days", kind="days", unit="days")
    assert share_in_work(np.array([183.0]), periods, days)[0] == 0.5  # a leap year


def test_weeks_are_brought_to_months_by_days():
    weeks = Periods(dt.date(2024, 1, 1), "week", 9)
    share = np.zeros(9)
    share[:2] = 1.0
    found = Histories.from_shares(share.reshape(1, 1, 1, 9).repeat(2, axis=1), weeks, ("all",))
    # 1 January to 3 March 2024: two whole months; the first 14 days are in work.
    assert found.probability[0, 0, 0] == pytest.approx([14 / 31, 0.0])


def test_spells_cover_the_months_once_and_agree_with_the_paths():
    found = histories([0.2, 0.9, 0.4, 0.4], dependence=Independent())
    spells = found.spells(0, 30, seed=3)
    paths = next(found.paths(30, seed=3))
    days = (spells["end"] - spells["start"]).map(lambda d: d.days)
    assert days.groupby([spells["arm"], spells["person"]]).sum().eq(123).all()
    work = spells[(spells["arm"] == "treated") & (spells["state"] == "in_work")]
    pairs = zip(work["start"], work["end"], strict=True)
    months = sum((e.year - s.year) * 12 + e.month - s.month for s, e in pairs)
    assert months == paths[0, 0, 0].sum()


def test_same_marginals_give_the_same_states_to_the_last_bit():
    found = histories(np.linspace(0.1, 0.7, 24))
    assert np.array_equal(
        found.states(12, 24, arm=0, group=0), found.states(12, 24, arm=1, group=0)
    )


def test_a_share_above_one_is_refused():
    with pytest.raises(InputError) as caught:
        histories([0.5, 1.2])
    assert str(caught.value) == (
        "probability: a share of people in work lies between 0 and 1 (seen: '0.5 to 1.2')"
    )


def test_cumulative_months_count_by_their_increments():
    """6.6 months after a year and 18.6 after two: 6.6 in the first, all 12 in the second."""
    months = OutcomeMeasure("months", kind="count", unit="months", accrual="cumulative")
    outcomes = Outcomes.from_draws(
        [[[[6.6, 18.6]]]],
        [[[[0.0, 0.0]]]],
        measures=[months],
        periods=Periods(START, "year", 2),
        cohort_size=1,
        provenance=Provenance(),
    )
    # 18.6 - 6.6 is 12.000000000000002 in float64, which is no share above 1.
    assert 18.6 - 6.6 > 12
    found = Histories.from_outcomes(outcomes, "months")
    assert found.probability[0, 0, 0] == pytest.approx([0.55] * 12 + [1.0] * 12)


def test_who_has_ever_worked_tells_no_months():
    ever = OutcomeMeasure("ever_employed", kind="binary", accrual="cumulative")
    with pytest.raises(InputError) as caught:
        share_in_work(np.zeros(1), Periods(START), ever)
    assert str(caught.value) == (
        "outcome: who has ever worked does not tell the months in work (seen: \"'ever_employed', "
        'binary and cumulative"); use the share in work of each period, or months or days in work'
    )


def test_money_tells_no_months():
    earnings = OutcomeMeasure("earnings", kind="amount", unit="EUR/year")
    with pytest.raises(InputError) as caught:
        share_in_work(np.zeros(1), Periods(START), earnings)
    assert str(caught.value) == (
        "outcome: this outcome does not tell the months in work (seen: 'amount in EUR/year'); "
        "use a binary outcome, days in work or a count with unit months"
    )


def test_an_effect_without_a_level_is_refused():
    outcomes = Outcomes.from_draws(
        [[0.1]],
        None,
        measures=[OutcomeMeasure("job", kind="binary")],
        periods=Periods(START),
        cohort_size=1,
        provenance=Provenance(),
    )
    with pytest.raises(InputError, match="only the effect on 'job' is known"):
        Histories.from_outcomes(outcomes, "job")


def test_a_correlation_close_to_one_is_refused():
    with pytest.raises(InputError) as caught:
        Copula(0.95)
    assert str(caught.value) == (
        "rho: the correlation of the copula lies between 0 and 0.9 (seen: 0.95); "
        "use comonotone for complete dependence"
    )

"""Earnings-related allowance, lay-off and part-time wages in savings, against single months."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.histories import HistoryAssumptions
from impactmodel.fiscal import Person, RuleSide, at_expected_months, load_rules, savings

RULES = load_rules("fi")
LINE = "earnings_related_allowance"
DAYS = 21.5
BASIC = 37.21


def person(**given):
    plain = {"wage": 3000.0, "age": 40.0, "benefit": "earnings_related", "municipality": "helsinki"}
    return Person(**{**plain, **given})


def saved(someone, treated, without, start=dt.date(2025, 1, 1), **side):
    outcomes = Outcomes.from_draws(
        np.asarray(treated, float).reshape(1, 1, 1, -1),
        np.asarray(without, float).reshape(1, 1, 1, -1),
        measures=[OutcomeMeasure("job", kind="binary", channel="employment")],
        periods=Periods(start, "month", len(treated)),
        cohort_size=1,
        provenance=Provenance(),
    )
    return savings(outcomes, RuleSide(persons=(someone,), **side))


def month(start=dt.date(2025, 1, 1), **given):
    """What each payer saves by line when one month on benefit becomes a month in work."""
    table = saved(person(**given), [1], [0], start).ledger.view("payer", "line", "year").values
    found = saved(person(**given), [1], [0], start).ledger.view("payer", "line")
    assert np.isfinite(table).all()
    return lambda payer, line=LINE: float(found.sel(payer=payer, line=line)[0])


def full_day(wage, deduction=0.0354, share=1.0):
    """The statute's formula in 2025: 45 % to the bend, 20 % above, steps after 40 and 170 days."""
    daily, bend = wage * (1 - deduction) / DAYS, 95 * BASIC / DAYS
    part = 0.45 * (min(daily, bend) - BASIC) + 0.20 * max(0.0, daily - bend)
    return max(BASIC, min(share * (BASIC + part), 0.9 * daily))


class TestPayers:
    def test_a_month_is_shared_by_state_fund_and_members(self):
        got, day = month(), full_day(3000.0)
        assert -got("participant") == pytest.approx(DAYS * day)
        assert got("state") == pytest.approx(DAYS * BASIC)
        assert got("municipality") == 0.0
        assert got("unemployment_funds") == pytest.approx(0.055 * DAYS * day)
        assert got("employment_fund") == pytest.approx(DAYS * (0.945 * day - BASIC))

    def test_the_wage_before_counts_not_the_wage_of_work(self):
        got = month(previous_wage=5000.0)
        assert -got("participant") == pytest.approx(DAYS * full_day(5000.0))

    @pytest.mark.parametrize(
        ("paid", "days"), [(99, (1, 20.5)), (100, (0, 21.5)), (101, (0, 21.5)), (78.5, (21.5, 0))]
    )
    def test_the_municipality_pays_from_day_101(self, paid, days):
        got = month(paid_days=float(paid))
        assert got("municipality") == pytest.approx(0.1 * days[1] * BASIC)
        assert got("state") == pytest.approx((DAYS - 0.1 * days[1]) * BASIC)

    def test_the_share_stops_at_forty_percent(self):
        got = month(paid_days=450.0, maximum_days=500.0)
        assert got("municipality") == pytest.approx(0.4 * DAYS * BASIC)

    def test_before_2025_the_municipality_bears_nothing(self):
        assert month(dt.date(2024, 12, 1), paid_days=350.0)("municipality") == 0.0

    def test_on_lay_off_neither_state_nor_municipality_pays(self):
        got, day = month(paid_days=150.0, benefit_ground="lay_off", stepped=0.0), full_day(3000.0)
        assert (got("state"), got("municipality")) == (0.0, 0.0)
        assert got("employment_fund") == pytest.approx(0.945 * DAYS * day)

    def test_from_april_to_december_2020_the_state_relieves_the_funds(self):
        shares = []
        for start in (dt.date(2020, 3, 1), dt.date(2020, 4, 1), dt.date(2021, 1, 1)):
            got = month(start)
            shares.append(got("unemployment_funds") / -got("participant"))
        assert shares == pytest.approx([0.055, 0.035, 0.055])


class TestPeriod:
    @pytest.mark.parametrize(
        ("maximum", "paid", "left"),
        [(300, 277.5, 21.5), (300, 278.5, 21.5), (300, 279.5, 20.5), (400, 399, 1), (500, 501, 0)],
    )
    def test_the_rest_of_the_month_is_basic_level(self, maximum, paid, left):
        got = month(paid_days=float(paid), maximum_days=float(maximum), stepped=0.0)
        if left:
            assert -got("participant") == pytest.approx(left * full_day(3000.0))
        rest = 0.0
        if left < DAYS:
            rest = -got("participant", "labour_market_subsidy")
        assert rest == pytest.approx((DAYS - left) * BASIC)

    @pytest.mark.parametrize(
        ("paid", "share"), [(18.5, 1.0), (19.5, (20.5 + 0.8) / 21.5), (40, 0.8), (170, 0.75)]
    )
    def test_steps_after_40_and_170_days(self, paid, share):
        got = month(paid_days=float(paid), stepped=1.0, previous_wage=3500.0)
        assert -got("participant") == pytest.approx(DAYS * full_day(3500.0, share=share))

    def test_a_period_is_taken_to_have_begun_as_long_ago_as_its_days(self):
        late = month(paid_days=41.0)("participant")
        early = month(paid_days=100.0)("participant")
        assert -late == pytest.approx(DAYS * full_day(3000.0, share=0.8))
        assert -early == pytest.approx(DAYS * full_day(3000.0))

    def test_general_support_follows_in_2026(self):
        got = month(dt.date(2026, 6, 1), paid_days=400.0, stepped=1.0)
        assert -got("participant", "general_support") == pytest.approx(DAYS * BASIC)

    def test_months_out_of_work_use_up_the_days(self):
        """Out of work for two years from 300 days: 100 days of allowance, subsidy after them."""
        found = saved(person(paid_days=300.0, stepped=0.0), [1] * 24, [0] * 24)
        table = found.ledger.view("payer", "line")
        paid = [-float(table.sel(payer="participant", line=n)[0]) for n in (LINE, "gross_wage")]
        assert paid[0] == pytest.approx(100 * full_day(3000.0), rel=0.01)
        subsidy = sum(
            -float(table.sel(payer="participant", line=n)[0])
            for n in ("labour_market_subsidy", "general_support")
            if n in found.ledger.lines
        )
        assert subsidy == pytest.approx((24 * DAYS - 100) * BASIC)

    def test_child_increments_end_in_april_2024(self):
        drop = [
            month(dt.date(2024, m, 1), children=1.0)("participant")
            - month(dt.date(2024, m, 1))("participant")
            for m in (3, 4)
        ]
        assert drop == pytest.approx([-DAYS * 5.84, 0.0])


class TestPartTime:
    def test_half_of_the_wage_is_taken_off(self):
        got = month(part_time_wage=600.0)
        assert -got("participant") == pytest.approx(DAYS * full_day(3000.0) - 300.0)
        assert got("participant", "gross_wage") == pytest.approx(3000.0 - 600.0)

    def test_300_euros_were_free_to_march_2024(self):
        plain = [month(dt.date(2024, m, 1))("participant") for m in (3, 4)]
        part = [month(dt.date(2024, m, 1), part_time_wage=301.0)("participant") for m in (3, 4)]
        assert np.subtract(part, plain).tolist() == pytest.approx([0.5, 150.5])

    def test_the_basic_part_falls_in_proportion(self):
        got, whole = month(part_time_wage=600.0), DAYS * full_day(3000.0)
        assert got("state") == pytest.approx(DAYS * BASIC * (whole - 300.0) / whole)


@pytest.mark.parametrize("filling", ["even", "block_at_start"])
def test_the_central_scenario_is_the_savings(filling):
    someone = person(
        paid_days=350.0, rent=700.0, children=1.0, part_time_wage=250.0, other_days=20.0
    )
    found = saved(
        someone,
        [0.6] * 9,
        [0.3] * 9,
        dt.date(2024, 9, 1),
        histories=HistoryAssumptions(filling=filling),
    )
    totals = found.central().totals()
    table = found.ledger.view("payer", "line", "year")
    cells = 0
    for name, amount in totals.items():
        if name.count("|") == 2:
            line, payer, year = name.split("|")
            if line not in found.ledger.lines:
                assert amount == 0.0
                continue
            expected = float(table.sel(payer=payer, line=line, year=int(year))[0])
            assert amount == pytest.approx(expected, abs=1e-7), name
            cells += abs(amount) > 0
    assert cells > 40


def test_expected_months_are_the_savings_where_nobody_moves():
    found = saved(person(paid_days=395.0, rent=500.0, part_time_wage=100.0), [1] * 12, [0] * 12)
    rows = at_expected_months(found)
    assert rows["difference"].abs().max() < 1e-6


def test_a_cell_is_explained_by_the_values_behind_it():
    text = saved(person(paid_days=90.0), [1] * 6, [0] * 6).explain("municipality", LINE, 2025)
    assert "Municipality's share of the basic part" in text
    fund = saved(person(), [1] * 6, [0] * 6).explain("unemployment_funds", LINE, 2025)
    assert "5.5 % (from 2021-01-01)" in fund


class TestRefusals:
    def test_a_longest_period_of_the_statute(self):
        with pytest.raises(InputError, match="use 300, 400 or 500"):
            person(maximum_days=350.0)

    def test_a_previous_wage_without_the_allowance(self):
        with pytest.raises(InputError, match="belongs to earnings-related allowance alone"):
            person(benefit="basic_level", previous_wage=2000.0)

    def test_integration_clients_are_on_the_basic_level(self):
        with pytest.raises(InputError, match="benefits of integration are of the basic level"):
            person(integration_ground="refugee")

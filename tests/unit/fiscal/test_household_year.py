"""Example households: what is refused, what moves together, published single figures."""

import csv
import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.fiscal import Household, Person, household_year, load_rules

RULES = load_rules("fi")


def household(months_employed=6, child_benefit=0.0, **given):
    person = {"wage": 2500.0, "age": 30.0, "rent": 700.0, "municipality": "helsinki", **given}
    return Household(Person(**person), months_employed, child_benefit)


def year(year=2024, **given):
    return household_year(RULES, year, [household(**given)])


def housing(date, **given):
    inputs = {
        "adults": 1,
        "children_under_18": 0,
        "municipality_group": "larger_cities",
        "rent": 1000,
        "gross_wage": 0,
        "spouse_gross_wage": 0,
        "other_gross_income": 800,
        "wealth": 0,
        **given,
    }
    return RULES.at(date).compute(inputs, "housing_allowance")


class TestHousingAllowance:
    def test_the_published_example_of_november_2025(self):
        # Fiscal anchors, T14: income 800, ceiling 447, own share 19.50, allowance 299.25.
        found = housing(dt.date(2025, 11, 1))
        assert float(found["maximum_housing_cost"]) == 447
        assert float(found["own_share"]) == pytest.approx(19.5, abs=1e-9)
        assert float(found["housing_allowance"]) == pytest.approx(299.25, abs=1e-9)

    @pytest.mark.parametrize(("income", "share"), [(780.0, 0.0), (781.0, 10.0), (782.0, 10.5)])
    def test_an_own_share_below_ten_euros_is_not_deducted(self, income, share):
        found = housing(dt.date(2025, 11, 1), other_gross_income=income)
        assert float(found["own_share"]) == share

    def test_a_household_above_four_persons_has_a_higher_ceiling(self):
        # Decree table: 981 for four, 134 for each further person.
        found = housing(dt.date(2025, 1, 1), adults=2, children_under_18=4)
        assert float(found["maximum_housing_cost"]) == 981 + 2 * 134

    @pytest.mark.parametrize(
        ("date", "wealth", "counted", "paid"),
        [
            (dt.date(2024, 12, 31), 60_000, 0.0, True),
            (dt.date(2025, 1, 1), 9_999, 0.0, True),
            (dt.date(2025, 1, 1), 10_600, 10.0, True),
            (dt.date(2025, 1, 1), 49_999, 0.2 * 39_999 / 12, True),
            (dt.date(2025, 1, 1), 50_000, 0.2 * 40_000 / 12, False),
        ],
    )
    def test_wealth_counts_from_2025(self, date, wealth, counted, paid):
        found = housing(date, wealth=wealth, other_gross_income=0)
        assert float(found["income_from_wealth"]) == pytest.approx(counted)
        assert (float(found["housing_allowance"]) > 0) is paid

    def test_helsinki_has_its_own_ceiling_to_31_march_2024(self):
        ceilings = [
            float(housing(day, municipality_group="helsinki")["maximum_housing_cost"])
            for day in (dt.date(2024, 3, 31), dt.date(2024, 4, 1))
        ]
        assert ceilings == [582, 563]


class TestSteps:
    @pytest.mark.parametrize(("before", "share"), [(18.5, 1.0), (40.0, 0.8), (170.0, 0.75)])
    def test_whole_months_on_one_step(self, before, share):
        found = self.allowance(before)
        assert float(found["share_by_paid_days"]) == pytest.approx(share)

    def test_a_month_that_crosses_a_step_is_split_by_days(self):
        found = self.allowance(19.5)
        assert float(found["share_by_paid_days"]) == pytest.approx((20.5 + 0.8) / 21.5)

    def test_a_period_that_began_before_is_not_stepped(self):
        assert float(self.allowance(200.0, steps=0)["share_by_paid_days"]) == 1.0

    @staticmethod
    def allowance(before, steps=1):
        return RULES.at(dt.date(2025, 1, 1)).compute(
            {
                "previous_wage": 3000,
                "children_under_18": 0,
                "month_share": 1,
                "allowance_days_before": before,
                "allowance_steps": steps,
                "part_time_wage": 0,
            },
            "earnings_related_allowance",
        )


class TestHouseholds:
    def test_no_income_leaves_social_assistance_alone(self):
        found = year(2026, wage=1e-9, months_employed=12)
        months = found.months
        assert months["gross_wage"].max() < 1e-8
        assert np.allclose(
            months["disposable_income"], months["housing_allowance"] + months["social_assistance"]
        )

    def test_more_rent_never_lowers_disposable_income(self):
        rents = [300.0, 500.0, 700.0, 1100.0]
        given = [household(3, rent=rent) for rent in rents]
        income = household_year(RULES, 2023, given).totals["disposable_income"]
        assert (np.diff(income) >= -1e-9).all()

    def test_households_do_not_move_one_another(self):
        one, other = (
            household(wage=wage, rent=600.0, children=1.0, children_under_10=1.0, sole_carer=1.0)
            for wage in (2000.0, 4000.0)
        )
        both = household_year(RULES, 2025, [one, other]).totals["disposable_income"]
        alone = [
            household_year(RULES, 2025, [h]).totals["disposable_income"][0] for h in (one, other)
        ]
        assert both.tolist() == alone

    def test_the_file_has_every_amount(self):
        found = year()
        rows = list(csv.DictReader(found.to_csv().splitlines()))
        total = sum(float(row["disposable_income"]) for row in rows)
        assert len(rows) == 12
        assert total == pytest.approx(float(found.totals["disposable_income"][0]), abs=0.06)

    def test_unverified_values_are_named(self):
        assert any("UNVERIFIED" in line for line in year(2022).unverified)


class TestRefusals:
    def test_no_household(self):
        with pytest.raises(InputError, match="no household is given"):
            household_year(RULES, 2024, [])

    @pytest.mark.parametrize("months", [-1, 13])
    def test_months(self, months):
        with pytest.raises(InputError, match="a year has 12 months"):
            year(months_employed=months)

    def test_a_negative_child_benefit(self):
        with pytest.raises(InputError, match="not negative"):
            year(child_benefit=-1.0)

    def test_a_household_without_a_rent(self):
        with pytest.raises(InputError, match="an example household needs a rent"):
            year(rent=None)

    def test_the_group_of_municipalities_is_never_guessed(self):
        with pytest.raises(InputError, match="housing allowance needs the group of municipalities"):
            year(municipality="average")

    def test_a_year_without_rules(self):
        with pytest.raises(InputError, match="2031"):
            year(2031)

    def test_an_unknown_municipality(self):
        with pytest.raises(InputError, match="municipality"):
            year(municipality="atlantis")

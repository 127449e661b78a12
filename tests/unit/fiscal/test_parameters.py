"""Dated parameters: two clocks, two modes, what a result says about the values it used."""

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.fiscal.parameters import load_rules

DAY = dt.date(2024, 6, 1)
BENEFIT = {
    "benefit_kind": "basic_level",
    "children_under_18": 0,
    "month_share": 1,
    "service_share": 0,
    "part_time_wage": 0,
}


@pytest.fixture
def rules():
    return load_rules("fi")


def test_every_value_names_a_place_that_was_read_or_is_marked(rules):
    values = [value for p in rules.parameters.values() for value in p.values]
    assert len(values) > 200
    for parameter in rules.parameters.values():
        for value in parameter.values:
            assert value.cited or value.verified is False, parameter.id
            assert value.source in rules.sources
            assert value.retrieved >= value.known or value.known_from is None
            assert (value.source == "none_read") <= (not value.is_verified)


def test_the_values_to_verify_are_listed(rules):
    listed = {(parameter.id, value.valid_from.year) for parameter, value in rules.unverified()}
    assert ("municipal_share.general_support", 2026) in listed
    assert ("municipal_share.integration_state_years.refugee", 2025) in listed
    assert ("municipal_tax.rate.helsinki", 2020) in listed
    assert ("deduction.basic.maximum", 2024) not in listed


def test_every_parameter_covers_2019_to_2026_without_a_gap(rules):
    for year in range(2019, 2027):
        for month in range(1, 13):
            for name in rules.parameters:
                rules.find(name, dt.date(year, month, 1))
    assert set(rules.covered.values()) == {(dt.date(2019, 1, 1), dt.date(2026, 12, 31))}


@pytest.mark.parametrize(
    ("day", "amount"),
    [
        (dt.date(2022, 7, 31), 34.50),
        (dt.date(2022, 8, 1), 35.72),
        (dt.date(2022, 12, 31), 35.72),
        (dt.date(2023, 1, 1), 37.21),
    ],
)
def test_a_value_holds_from_its_day(rules, day, amount):
    assert rules.at(day).value("benefit.basic_daily_amount") == amount


def test_null_ends_a_parameter(rules):
    ended = rules.at(dt.date(2025, 1, 1)).find("deduction.earned_income.maximum")
    assert ended.value.value is None
    assert ended.amount == 0.0
    table = rules.at(dt.date(2025, 1, 1)).find("deduction.earned_income.bands")
    assert table.amount == ((0.0, 0.0),)
    assert rules.at(dt.date(2024, 12, 31)).value("deduction.earned_income.maximum") == 3570


class TestStrict:
    def test_a_date_after_the_covered_ones_raises(self, rules):
        message = (
            "fi.benefit.basic_daily_amount: the parameter is not covered on 2027-01-01, "
            "only from 2019-01-01 to 2026-12-31; ask for a covered date, "
            "or use carry_forward() to take the last value"
        )
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            rules.at(dt.date(2027, 1, 1)).value("benefit.basic_daily_amount")
        rules.at(dt.date(2026, 12, 31)).value("benefit.basic_daily_amount")

    def test_a_computation_after_the_covered_dates_raises(self, rules):
        with pytest.raises(InputError, match="not covered on 2027-01-01"):
            rules.at(dt.date(2027, 1, 1)).compute(BENEFIT, "unemployment_benefit")

    @pytest.mark.parametrize("date", [None, 2024, "2024-06-01"])
    def test_something_that_is_no_date_raises(self, rules, date):
        with pytest.raises(InputError) as raised:
            rules.at(date)
        problem = raised.value.problems[0]
        assert problem.what == "rules are looked up by a date"
        assert problem.fix == "give a datetime.date"

    @pytest.mark.parametrize("mode", ["strict", "carry_forward"])
    def test_a_date_before_the_covered_ones_raises_in_both_modes(self, rules, mode):
        chosen = rules if mode == "strict" else rules.carry_forward()
        message = (
            "fi.benefit.basic_daily_amount: the parameter is not covered on 2018-12-31, "
            "only from 2019-01-01 to 2026-12-31; ask for a covered date"
        )
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            chosen.at(dt.date(2018, 12, 31)).value("benefit.basic_daily_amount")


class TestCarryForward:
    def test_the_last_value_is_used_and_flagged(self, rules):
        later = rules.carry_forward().at(dt.date(2031, 1, 1))
        got = later.compute(BENEFIT, "unemployment_benefit")
        assert float(got["monthly_benefit"]) == pytest.approx(21.5 * 37.21)
        assert got.carried == got.used
        assert "carried forward to 2031-01-01" in later.explain(
            "monthly_benefit", BENEFIT, "unemployment_benefit"
        )

    def test_nothing_is_flagged_inside_the_covered_dates(self, rules):
        got = rules.carry_forward().at(DAY).compute(BENEFIT, "unemployment_benefit")
        assert got.carried == ()
        assert len(got.used) > 5


class TestAsSigned:
    def test_rules_known_on_the_day_are_kept(self, rules):
        signed = rules.as_signed(dt.date(2022, 7, 31))
        found = signed.at(DAY).find("benefit.basic_daily_amount")
        assert (found.value.value, found.frozen, found.carried) == (34.50, True, False)
        now = rules.at(DAY).find("benefit.basic_daily_amount")
        assert (now.value.value, now.frozen) == (37.21, False)

    @pytest.mark.parametrize(
        ("signed", "first_step"), [(dt.date(2023, 3, 22), 300), (dt.date(2023, 3, 23), 100)]
    )
    def test_a_law_counts_from_the_day_on_which_it_was_known(self, rules, signed, first_step):
        """Laki 385/2023 was given on 23 March 2023 and holds from 2025."""
        steps = (
            rules.as_signed(signed)
            .at(dt.date(2025, 1, 1))
            .value("municipal_share.labour_market_subsidy")
        )
        assert steps[1][0] == first_step

    def test_what_is_known_does_not_hold_before_its_day(self, rules):
        steps = (
            rules.as_signed(DAY)
            .at(dt.date(2024, 12, 31))
            .value("municipal_share.labour_market_subsidy")
        )
        assert steps[1][0] == 300

    def test_freezing_before_anything_was_known_raises(self, rules):
        message = (
            "fi.benefit.basic_daily_amount: no value of 2024-06-01 was known when the rules "
            "were frozen on 2018-06-01; freeze the rules on a later date"
        )
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            rules.as_signed(dt.date(2018, 6, 1)).at(DAY).value("benefit.basic_daily_amount")

    def test_it_is_said_in_the_explanation(self, rules):
        text = (
            rules.as_signed(dt.date(2022, 7, 31))
            .at(DAY)
            .explain("monthly_benefit", BENEFIT, "unemployment_benefit")
        )
        assert "a later value was not known when the rules were frozen" in text


class TestCompute:
    def test_a_result_lists_the_values_it_used(self, rules):
        got = rules.at(DAY).compute(BENEFIT, "unemployment_benefit", only=["daily_benefit"])
        assert list(got.values) == ["child_increment", "service_increment", "daily_benefit"]
        assert {one.parameter.id for one in got.used} == {
            "benefit.basic_daily_amount",
            "benefit.child_increment",
            "benefit.service_increment",
        }

    def test_unverified_values_are_visible_only_where_they_were_used(self, rules):
        counter = {
            "benefit_ground": "unemployment",
            "integration_ground": "none",
            "integration_years": 0,
            "days_paid_before": 500,
        }
        books = ("unemployment_benefit", "municipal_share")
        june = rules.at(dt.date(2026, 6, 1))
        got = june.compute({**BENEFIT, **counter}, *books)
        ids = {one.parameter.id for one in got.unverified}
        assert "municipal_share.general_support" in ids
        assert june.compute(BENEFIT, "unemployment_benefit").unverified == ()
        text = june.explain("municipal_benefit", {**BENEFIT, **counter}, *books)
        assert "UNVERIFIED, assumption, low confidence" in text

    def test_inputs_broadcast_over_people_and_draws(self, rules):
        wage = np.arange(6.0).reshape(2, 3, 1) * 200
        children = np.array([0, 1, 2, 3])
        given = {**BENEFIT, "part_time_wage": wage, "children_under_18": children}
        got = rules.at(dt.date(2024, 1, 1)).compute(given, "unemployment_benefit")
        assert got["monthly_benefit"].shape == (2, 3, 4)
        alone = {**BENEFIT, "part_time_wage": 800.0, "children_under_18": 2}
        one = rules.at(dt.date(2024, 1, 1)).compute(alone, "unemployment_benefit")
        assert got["monthly_benefit"][1, 1, 2] == one["monthly_benefit"]

    def test_a_given_result_replaces_its_rule(self, rules):
        given = {"taxable_income_municipal": 10_000, "municipal_rate": 0.0925}
        name = "municipal_tax_before_credit"
        got = rules.at(DAY).compute(given, "income_tax", only=[name])
        assert float(got[name]) == pytest.approx(925.0)
        assert got.used == ()

    def test_missing_inputs_are_named(self, rules):
        message = (
            "the rules need age, wage; give a value for each; age is: age in full years (years)"
        )
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            rules.at(DAY).compute({}, "employer_contributions")

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"wages": 1}, "wages: no rule reads this input; did you mean 'wage'?"),
            ({"zzz": 1}, "zzz: no rule reads this input; remove it"),
            (
                {"wage": [1.0, -5.0, float("nan")]},
                "wage: 2 values out of range; give finite numbers from 0 to inf (eur_year)",
            ),
            (
                {"age": 130},
                "age: 1 values out of range; give finite numbers from 0 to 120 (years)",
            ),
        ],
    )
    def test_bad_inputs(self, rules, given, message):
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            rules.at(DAY).compute({"wage": 1, "age": 30, **given}, "employer_contributions")

    def test_unknown_texts_are_counted_and_not_shown(self, rules):
        given = {**BENEFIT, "benefit_kind": np.array(["basic_level", "pension"])}
        message = (
            "benefit_kind: 1 unknown texts; use one of labour_market_subsidy, basic_allowance, "
            "general_support, basic_level"
        )
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            rules.at(DAY).compute(given, "unemployment_benefit")

    def test_unknown_names(self, rules):
        with pytest.raises(InputError, match=re.escape("no such rule book (seen: 'income')")):
            rules.at(DAY).compute({}, "income")
        with pytest.raises(InputError, match=re.escape("no rule gives this (seen: 'state')")):
            rules.at(DAY).compute(BENEFIT, "unemployment_benefit", only=["state"])
        with pytest.raises(InputError, match=re.escape("fi: no such parameter (seen: 'x.y')")):
            rules.at(DAY).value("x.y")
        got = rules.at(DAY).compute(BENEFIT, "unemployment_benefit")
        message = "no rule gives this (seen: 'daily_benefits'); did you mean 'daily_benefit'?"
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            got["daily_benefits"]


def test_the_explanation_has_value_date_and_source(rules):
    given = {"wage": 30_000, "age": 55}
    text = rules.at(DAY).explain("employer_pension", given, "employer_contributions")
    assert text.splitlines()[0] == "employer_pension = 5202"
    assert (
        "- Employer pension (TyEL) contribution at the average rate: age from, share of the wage: "
        "from 0 years 0 %; from 17 years 17.34 %; from 68 years 0 %, from 2024-01-01 (estimated); "
        "SISU 26.10, Statistics Finland, BSD-3-Clause: ptamaksu.csv, column TyEl; ages from "
        "TAMAKSUlakimakrot.sas, macro ElMaksuKTAS, row 2024/1."
    ) in text.splitlines()


def test_the_explanation_cites_a_statute_by_its_words(rules):
    given = {"wage": 30_000, "net_earned_income": 29_250, "age": 30}
    given |= {"children_under_18": 1, "sole_carer": 1}
    text = rules.at(dt.date(2025, 1, 1)).explain("work_income_credit", given, "income_tax")
    assert "“kaksinkertaisena niiden lasten osalta, joiden ainoa huoltaja hän on”" in text


def test_the_dates_on_which_something_changes(rules):
    changes = rules.changes(dt.date(2024, 1, 1), dt.date(2025, 1, 1))
    assert changes == (dt.date(2024, 4, 1), dt.date(2024, 9, 2), dt.date(2025, 1, 1))


def test_unknown_country():
    message = "no rules are shipped for this country (seen: 'xx'); use one of fi"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        load_rules("xx")


def test_the_page_lists_every_value_to_verify(rules):
    page = Path(__file__).parents[3] / "docs" / "fiscal_parameters.md"
    part = page.read_text(encoding="utf-8").split("## Values to verify")[1].split("\n## ")[0]
    rows = [line.split("|") for line in part.splitlines() if line.startswith("| `")]
    listed = {row[1].strip(" `"): {day.strip() for day in row[2].split(",")} for row in rows}
    wanted = {}
    for parameter, value in rules.unverified():
        first = value.valid_from
        day = f"{first.year}" if first.month == 1 else f"{first:%Y-%m}"
        wanted.setdefault(parameter.id, set()).add(day)
    assert listed == wanted

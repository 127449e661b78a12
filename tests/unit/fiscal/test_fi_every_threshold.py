"""No threshold of the parameter files is left out: each at plus and minus one, each date by day.

`test_fi_thresholds.py` holds the figures of statutes; here every row of every dated value acts in
the rule that reads it: a band by its change of slope, a step by its jump, a date by its day.
"""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.fiscal.parameters import load_rules

RULES = load_rules("fi")
CREDIT = {"age": 30, "children_under_18": 0, "sole_carer": 0}
DAY = {
    "benefit_in_force": 1.0,
    "monthly_benefit": 1.0,
    "paid_days": 1.0,
    "basic_part_of_benefit": 1.0,
    "counted_benefit_days": 1.0,
    "service_share": 0.0,
    "benefit_ground": "unemployment",
}
ALLOWANCE = {
    "monthly_allowance": 1.0,
    "basic_part_of_allowance": 1.0,
    "allowance_days": 1.0,
    "benefit_ground": "unemployment",
}
# Parameter: result, input in which the threshold lies, the other inputs, factor on the row's value.
BANDS = {
    "state_tax.scale": ("state_tax_before_credit", "taxable_income_state", {}, 1),
    "deduction.earned_income.bands": (
        "earned_income_deduction",
        "wage",
        {"net_earned_income": 10_000.0},
        1,
    ),
    "deduction.earned_income.phase_out": (
        "earned_income_deduction",
        "net_earned_income",
        {"wage": 20_000.0},
        -1,
    ),
    "credit.work_income.bands": (
        "work_income_credit",
        "wage",
        {**CREDIT, "net_earned_income": 0.0},
        1,
    ),
    "credit.work_income.phase_out": (
        "work_income_credit",
        "net_earned_income",
        {**CREDIT, "wage": 60_000.0},
        -1,
    ),
}
AGE = {"wage": 1000.0}
STEPS = {
    "state_tax.at_first_limit": ("state_tax_before_credit", "taxable_income_state", {}, 1),
    "credit.work_income.age_increase": (
        "work_income_credit_maximum",
        "age",
        {"children_under_18": 0, "sole_carer": 0},
        1,
    ),
    "contribution.pension.employee": ("employee_pension", "age", AGE, 1000),
    "contribution.unemployment_insurance.employee": (
        "employee_unemployment_insurance",
        "age",
        AGE,
        1000,
    ),
    "contribution.daily_allowance.rate": (
        "daily_allowance_contribution",
        "age",
        {"wage": 100_000.0},
        100_000,
    ),
    "contribution.sickness.employer": ("employer_sickness_insurance", "age", AGE, 1000),
    "contribution.unemployment_insurance.employer": (
        "employer_unemployment_insurance",
        "age",
        AGE,
        1000,
    ),
    "contribution.pension.employer": ("employer_pension", "age", AGE, 1000),
    "benefit.child_increment": ("child_increment", "children_under_18", {}, 1),
    "housing_allowance.wealth.paid": (
        "housing_allowance",
        "wealth",
        {"computed_allowance": 100.0},
        100,
    ),
    **{
        f"municipal_share.{kind}": (
            "municipal_benefit",
            "days_paid_before",
            {**DAY, "benefit_kind": kind},
            1,
        )
        for kind in ("labour_market_subsidy", "basic_allowance", "general_support")
    },
    "municipal_share.earnings_related": ("municipal_allowance", "days_paid_before", ALLOWANCE, 1),
}
BENEFIT = {"benefit_kind": "basic_level", "month_share": 1, "service_share": 0}
HOUSEHOLD = {
    "adults": 1,
    "children_10_to_17": 0,
    "children_under_10": 0,
    "spouse_net_wage": 0,
    "other_net_income": 0,
    "housing_cost": 500,
}
# Parameter: result, input, other inputs, change of slope or None for a jump.
NUMBERS = {
    "broadcasting_tax.threshold": ("broadcasting_tax", "net_earned_income", {"age": 30}, 0.025),
    "broadcasting_tax.minimum_age": (
        "broadcasting_tax",
        "age",
        {"net_earned_income": 50_000.0},
        None,
    ),
    "deduction.income_acquisition.maximum": ("income_acquisition_deduction", "wage", {}, -1),
    "deduction.basic.maximum": ("basic_deduction", "income_before_basic_deduction", {}, -1.18),
    "contribution.daily_allowance.wage_threshold": (
        "daily_allowance_contribution",
        "wage",
        {"age": 30},
        None,
    ),
    "municipal_share.integration_state_years.refugee": (
        "state_financed_integration",
        "integration_years",
        {"integration_ground": "refugee"},
        None,
    ),
    "municipal_share.integration_state_years.other": (
        "state_financed_integration",
        "integration_years",
        {"integration_ground": "other"},
        None,
    ),
    "benefit.adjustment.disregard": (
        "benefit_reduction",
        "part_time_wage",
        {**BENEFIT, "children_under_18": 0},
        0.5,
    ),
    "social_assistance.earnings_disregard": ("counted_income", "net_wage", HOUSEHOLD, 1),
    "housing_allowance.earnings_disregard": (
        "housing_allowance_income",
        "gross_wage",
        {"spouse_gross_wage": 0, "other_gross_income": 0, "income_from_wealth": 0},
        1,
    ),
    "housing_allowance.own_share.minimum": ("own_share", "computed_own_share", {}, None),
    "housing_allowance.minimum_payment": (
        "housing_allowance",
        "computed_allowance",
        {"wealth": 0},
        None,
    ),
}
# Limits of what another rule gives, and how many euros of its input reach them.
CEILINGS = {
    "broadcasting_tax.maximum": ("broadcasting_tax", "net_earned_income", {"age": 30}, 0.025),
    "deduction.earned_income.maximum": (
        "earned_income_deduction",
        "wage",
        {"net_earned_income": 14_000.0},
        0.28,
    ),
    "credit.work_income.maximum": (
        "work_income_credit",
        "wage",
        {**CREDIT, "net_earned_income": 0.0},
        None,
    ),
}
GROUPS = ("helsinki", "capital_region", "larger_cities", "others")
# Tables by persons or adults, which come in whole numbers: tested below and in the grids. The steps
# of the allowance: in whole months on a step and across it, in test_household_year.py.
OTHER_TABLES = {
    "social_assistance.further_child_reduction",
    "earnings_related.share_by_paid_days",
    "housing_allowance.wealth.limit",
    *(f"housing_allowance.maximum_cost.{group}" for group in GROUPS),
}
LEVELS = {"eur_day", "eur_month", "share", "flag", "factor", "days"}


def book_of(result):
    return next(name for name, book in RULES.books.items() if result in book.names())


def dated(parameter):
    return RULES.parameters[parameter].values


def evaluate(day, result, name, at, others):
    given = {**others, name: np.asarray(at, dtype=float)}
    books = (book_of(result),)
    return RULES.at(day).compute(given, *books, only=(result,))[result]


def test_every_threshold_has_its_test():
    tables = {n for n, p in RULES.parameters.items() if p.shape != "number"}
    assert tables == set(BANDS) | set(STEPS) | OTHER_TABLES
    numbers = {n for n, p in RULES.parameters.items() if p.shape == "number"}
    tested = set(NUMBERS) | set(CEILINGS)
    left = {n: RULES.parameters[n].unit for n in numbers - tested}
    # What is left is a rate or an amount, no threshold of income, age or days.
    assert {n for n, unit in left.items() if unit not in LEVELS} == {
        "credit.work_income.child_increase"
    }


def rows(tables):
    return [
        pytest.param(name, value, row, id=f"{name}-{value.valid_from}-{row}")
        for name in tables
        for value in dated(name)
        for row in range(len(value.value or ()))
        if value.value[row][0] > 0
    ]


@pytest.mark.parametrize(("name", "value", "row"), rows(BANDS))
def test_bands(name, value, row):
    """The slope changes at the threshold by the difference of the rates, and not beside it."""
    result, argument, others, factor = BANDS[name]
    threshold, rate = value.value[row]
    before = value.value[row - 1][1] if row else 0.0
    at = threshold + np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    # A step of the first limit of the state scale stands at the same income: start on it.
    got = evaluate(value.valid_from, result, argument, at, others)
    slopes = np.diff(got)
    jump = slopes[1] - slopes[0] if name == "state_tax.scale" and row == 0 else 0.0
    assert slopes[0] == pytest.approx(factor * before, abs=1e-8)
    assert slopes[1] - jump == pytest.approx(factor * before, abs=1e-8)
    assert slopes[2:] == pytest.approx([factor * rate] * 2, abs=1e-8)


@pytest.mark.parametrize(("name", "value", "row"), rows(STEPS))
def test_steps(name, value, row):
    result, argument, others, factor = STEPS[name]
    threshold, amount = value.value[row]
    before = value.value[row - 1][1] if row else 0.0
    at = threshold + np.array([-1.0, 0.0, 0.001])
    got = evaluate(value.valid_from, result, argument, at, others)
    assert got[1] - got[0] == pytest.approx(factor * (amount - before), abs=1e-8)
    assert got[2] == pytest.approx(got[1], abs=1e-3)


@pytest.mark.parametrize(
    ("name", "value"), [(n, v) for n in NUMBERS for v in dated(n) if v.value is not None]
)
def test_numbers(name, value):
    result, argument, others, change = NUMBERS[name]
    at = value.value + np.array([-1.0, 0.0, 1.0])
    got = evaluate(value.valid_from, result, argument, np.maximum(at, 0.0), others)
    if change is None:
        assert (got[0] == 0) != (got[1] == 0)
        assert (got[1] == 0) == (got[2] == 0)
    else:
        before = got[1] - got[0] if value.value else 0.0
        assert (got[2] - got[1]) - before == pytest.approx(change, abs=1e-8)


@pytest.mark.parametrize("group", GROUPS)
def test_ceilings_of_housing_cost_by_persons(group):
    further = f"housing_allowance.maximum_cost.further_person.{group}"
    for value in dated(f"housing_allowance.maximum_cost.{group}"):
        others = {"municipality_group": group}
        got = evaluate(
            value.valid_from,
            "maximum_housing_cost",
            "household_members",
            [1, 2, 3, 4, 5, 7],
            others,
        )
        each = RULES.at(value.valid_from).value(further)
        table = [amount for _, amount in value.value]
        assert got.tolist() == [*table, table[-1] + each, table[-1] + 3 * each]


def test_wealth_that_is_left_out_by_adults():
    # Law 910/2024: 10,000 and 20,000 euros; a fifth of the rest is income of a year.
    day, others = dt.date(2025, 1, 1), {"wealth": 32_000.0}
    got = evaluate(day, "income_from_wealth", "adults", [1.0, 2.0], others)
    assert got == pytest.approx([0.2 * 22_000 / 12, 0.2 * 12_000 / 12])


@pytest.mark.parametrize(
    ("name", "value"), [(n, v) for n in CEILINGS for v in dated(n) if v.value is not None]
)
def test_ceilings(name, value):
    """One euro before the ceiling is reached the result lies below it, one euro after on it."""
    result, argument, others, rate = CEILINGS[name]
    day = value.valid_from
    wages = np.arange(0.0, 40_000.0)
    got = evaluate(day, result, argument, wages, others)
    reached = int(np.flatnonzero(got >= value.value - 1e-9)[0])
    assert got.max() == pytest.approx(value.value, abs=1e-9)
    assert got[reached - 1] < value.value <= got[reached + 1] + 1e-9
    if rate is not None:
        assert got[reached - 1] == pytest.approx(got[reached - 2] + rate, abs=1e-8)


@pytest.mark.parametrize("name", RULES.parameters)
def test_every_value_holds_from_its_day_and_not_before(name):
    for before, value in zip(dated(name), dated(name)[1:], strict=False):
        if value.valid_from > before.valid_from:
            day = value.valid_from
            assert RULES.at(day).find(name).value == value
            assert RULES.at(day - dt.timedelta(days=1)).find(name).value == before
    first, last = RULES.covered[name]
    for outside in (first - dt.timedelta(days=1), last + dt.timedelta(days=1)):
        with pytest.raises(InputError, match=r"the parameter is not covered on"):
            RULES.find(name, outside)
    late = RULES.carry_forward().find(name, last + dt.timedelta(days=1))
    assert (late.carried, late.value) == (True, dated(name)[-1])

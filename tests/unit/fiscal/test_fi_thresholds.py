"""Every threshold of the Finnish rules at plus and minus one euro, year or day."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impactmodel.fiscal.parameters import load_rules

YEARS = range(2019, 2027)


def on(*day):
    return load_rules("fi").at(dt.date(*day))


def one(rules, name, *books, **given):
    return rules.compute(given, *books, only=[name])[name]


def around(limit):
    return np.array([limit - 1.0, limit, limit + 1.0])


@pytest.mark.parametrize("number", YEARS)
def test_the_rate_of_state_tax_changes_at_each_limit(number):
    rules = on(number, 1, 1)
    scale = rules.value("state_tax.scale")
    jump = 8.0 if number < 2023 else 0.0
    rate_before = 0.0
    for place, (limit, rate) in enumerate(scale):
        income = around(limit) if limit else np.array([0.0, 0.0, 1.0])
        tax = one(rules, "state_tax_before_credit", "income_tax", taxable_income_state=income)
        step = jump if place == 0 else 0.0
        assert tax[2] - tax[1] == pytest.approx(rate, abs=1e-8)
        if limit:
            assert tax[1] - tax[0] == pytest.approx(rate_before + step, abs=1e-8)
        rate_before = rate


# Rate and threshold of the daily allowance contribution: STM, Kela, VNA 819/2020, Laki 694/2024.
DAILY_ALLOWANCE = {
    2019: (0.0154, 14_282),
    2020: (0.0118, 14_574),
    2021: (0.0136, 14_766),
    2022: (0.0118, 15_128),
    2023: (0.0136, 15_703),
    2024: (0.0101, 16_499),
    2025: (0.0084, 16_862),
    2026: (0.0088, 17_255),
}


@pytest.mark.parametrize("number", YEARS)
def test_daily_allowance_contribution_is_due_on_the_whole_wage_from_its_threshold(number):
    rate, limit = DAILY_ALLOWANCE[number]
    name = "daily_allowance_contribution"
    got = one(on(number, 1, 1), name, "employee_contributions", wage=around(limit), age=30)
    assert got.tolist() == pytest.approx([0.0, rate * limit, rate * (limit + 1)], abs=1e-9)


@pytest.mark.parametrize(
    ("number", "threshold", "maximum"),
    [(2019, 14_000, 163), (2024, 14_000, 163), (2026, 15_150, 160)],
)
def test_broadcasting_tax_begins_and_ends(number, threshold, maximum):
    rules, top = on(number, 1, 1), threshold + maximum / 0.025
    income = np.concatenate([around(threshold), around(top)])
    got = one(rules, "broadcasting_tax", "income_tax", net_earned_income=income, age=18)
    low = [0, 0, 0.025]
    assert got.tolist() == pytest.approx([*low, maximum - 0.025, maximum, maximum], abs=1e-8)
    minor = one(rules, "broadcasting_tax", "income_tax", net_earned_income=income, age=17)
    assert not minor.any()


@pytest.mark.parametrize("number", YEARS)
def test_basic_deduction_takes_all_income_up_to_its_maximum(number):
    maximum = {2019: 3305, 2020: 3540, 2021: 3630, 2022: 3740, 2023: 3870, 2024: 3980}.get(number)
    maximum = maximum or {2025: 4115, 2026: 4265}[number]
    name = "basic_deduction"
    got = one(on(number, 1, 1), name, "income_tax", income_before_basic_deduction=around(maximum))
    assert got.tolist() == pytest.approx([maximum - 1, maximum, maximum - 0.18], abs=1e-8)


@pytest.mark.parametrize("number", [2023, 2024])
def test_earned_income_deduction_at_its_limits(number):
    """Tax Administration: 51 % above 2,500, 28 % above 7,230, 3,570, 4.5 % above 14,000."""
    wage = np.concatenate([around(2_500), around(7_230)])
    name, book = "earned_income_deduction", "income_tax"
    got = one(on(number, 1, 1), name, book, wage=wage, net_earned_income=14_000)
    expected = [0, 0, 0.51, 0.51 * 4_729, 0.51 * 4_730, 0.51 * 4_730 + 0.28]
    assert got.tolist() == pytest.approx(expected, abs=1e-8)
    high = one(on(number, 1, 1), name, book, wage=20_000, net_earned_income=around(14_000))
    assert high.tolist() == pytest.approx([3_570, 3_570, 3_569.955], abs=1e-8)


def test_earned_income_deduction_ends_with_2024():
    name, book = "earned_income_deduction", "income_tax"
    wage = {"wage": 20_000, "net_earned_income": 19_250}
    assert one(on(2024, 12, 31), name, book, **wage) > 3_000
    assert one(on(2025, 1, 1), name, book, **wage) == 0


def credit(number, **given):
    plain = {"age": 30, "children_under_18": 0, "sole_carer": 0, "wage": 60_000.0}
    return one(on(number, 1, 1), "work_income_credit", "income_tax", **{**plain, **given})


def test_work_income_credit_at_its_limits():
    """Laki 1116/2018 (2019) and Laki 702/2024 (2025), the numbers of the quoted text."""
    assert credit(2019, wage=around(2_500), net_earned_income=0.0).tolist() == pytest.approx(
        [0, 0, 0.122], abs=1e-9
    )
    assert credit(2019, net_earned_income=around(33_000)).tolist() == pytest.approx(
        [1_630, 1_630, 1_630 - 0.0172], abs=1e-9
    )
    assert credit(2025, net_earned_income=around(24_250)).tolist() == pytest.approx(
        [3_225, 3_225, 3_225 - 0.0222], abs=1e-9
    )
    base = 3_225 - 0.0222 * 18_300
    assert credit(2025, net_earned_income=around(42_550)).tolist() == pytest.approx(
        [base + 0.0222, base, base - 0.0344], abs=1e-8
    )
    end = 3_430 - 0.02 * 15_550
    assert credit(2026, net_earned_income=around(50_550)).tolist() == pytest.approx(
        [end + 0.02, end, end], abs=1e-8
    )


@pytest.mark.parametrize(
    ("number", "age", "increase"),
    [
        (2022, 65, 0),
        (2023, 59, 0),
        (2023, 60, 200),
        (2023, 61, 200),
        (2023, 62, 400),
        (2023, 64, 400),
        (2023, 65, 600),
        (2024, 64, 0),
        (2024, 65, 1_200),
        (2026, 65, 1_200),
    ],
)
def test_work_income_credit_rises_with_age(number, age, increase):
    young = credit(number, net_earned_income=0.0)
    assert credit(number, net_earned_income=0.0, age=age) - young == increase


@pytest.mark.parametrize(
    ("number", "children", "sole", "increase"),
    [(2024, 2, 1, 0), (2025, 2, 0, 100), (2025, 2, 1, 200), (2026, 1, 0, 105), (2026, 3, 1, 630)],
)
def test_work_income_credit_rises_with_children(number, children, sole, increase):
    alone = credit(number, net_earned_income=0.0)
    given = {"children_under_18": children, "sole_carer": sole}
    assert credit(number, net_earned_income=0.0, **given) - alone == pytest.approx(increase)


@pytest.mark.parametrize(
    ("number", "ages", "rates"),
    [
        (2019, (16, 17, 52, 53, 62, 63, 67, 68), (0, 6.75, 6.75, 8.25, 8.25, 6.75, 6.75, 0)),
        (2024, (16, 17, 52, 53, 62, 63, 67, 68), (0, 7.15, 7.15, 8.65, 8.65, 7.15, 7.15, 0)),
        (2026, (16, 17, 52, 53, 62, 63, 67, 68), (0, 7.3, 7.3, 7.3, 7.3, 7.3, 7.3, 0)),
    ],
)
def test_employee_pension_contribution_by_age(number, ages, rates):
    name, book = "employee_pension", "employee_contributions"
    got = one(on(number, 1, 1), name, book, wage=100.0, age=np.array(ages))
    assert got.tolist() == pytest.approx(rates, abs=1e-9)


@pytest.mark.parametrize(("number", "first"), [(2021, 17), (2022, 18)])
def test_unemployment_insurance_by_age(number, first):
    employee = ("employee_unemployment_insurance", "employee_contributions")
    ages = np.array([first - 1, first, 64, 65])
    got = one(on(number, 1, 1), *employee, wage=100.0, age=ages)
    assert (got > 0).tolist() == [False, True, True, False]
    employer = ("employer_unemployment_insurance", "employer_contributions")
    got = one(on(number, 1, 1), *employer, wage=100.0, age=ages + np.array([0, 0, 1, 1]))
    assert (got > 0).tolist() == [False, True, True, False]


def benefit(day, name="monthly_benefit", **given):
    plain = {
        "benefit_kind": "labour_market_subsidy",
        "children_under_18": 0,
        "month_share": 1,
        "service_share": 0,
        "part_time_wage": 0.0,
    }
    return one(on(*day), name, "unemployment_benefit", **{**plain, **given})


@pytest.mark.parametrize(
    ("day", "disregard"),
    [
        ((2020, 5, 31), 300),
        ((2020, 6, 1), 500),
        ((2021, 11, 30), 500),
        ((2021, 12, 1), 300),
        ((2024, 3, 31), 300),
        ((2024, 4, 1), 0),
    ],
)
def test_disregard_of_part_time_wage_by_day_and_euro(day, disregard):
    full = benefit(day)
    wage = around(disregard) if disregard else np.array([0.0, 0.0, 1.0])
    assert (full - benefit(day, part_time_wage=wage)).tolist() == pytest.approx([0, 0, 0.5])


def test_adjusted_benefit_never_falls_below_zero():
    full = float(benefit((2024, 5, 1)))
    wages = around(2 * full)
    assert benefit((2024, 5, 1), part_time_wage=wages).tolist() == pytest.approx([0.5, 0, 0])


@pytest.mark.parametrize(
    ("day", "increments"),
    [
        ((2023, 12, 31), (0, 7.01, 10.29, 13.26, 13.26)),
        ((2024, 3, 31), (0, 5.84, 8.57, 11.05, 11.05)),
        ((2024, 4, 1), (0, 0, 0, 0, 0)),
    ],
)
def test_child_increments_end_with_march_2024(day, increments):
    got = benefit(day, "child_increment", children_under_18=np.arange(5))
    assert got.tolist() == pytest.approx(increments, abs=1e-12)


@pytest.mark.parametrize(("day", "increment"), [((2024, 12, 31), 5.29), ((2025, 1, 1), 0.0)])
def test_service_increment_ends_with_2024(day, increment):
    assert benefit(day, "service_increment", service_share=1) == increment


def test_general_support_takes_the_place_of_the_two_benefits_on_the_first_of_may_2026():
    kinds = np.array(["labour_market_subsidy", "basic_allowance", "general_support", "basic_level"])
    april = benefit((2026, 4, 30), benefit_kind=kinds)
    may = benefit((2026, 5, 1), benefit_kind=kinds)
    assert (april > 0).tolist() == [True, True, False, True]
    assert (may > 0).tolist() == [False, False, True, True]


def split(day, **given):
    plain = {
        "benefit_kind": "labour_market_subsidy",
        "children_under_18": 0,
        "month_share": 1 / 21.5,
        "service_share": 0,
        "part_time_wage": 0.0,
        "benefit_ground": "unemployment",
        "integration_ground": "none",
        "integration_years": 0.0,
        "days_paid_before": 0.0,
    }
    return on(*day).compute({**plain, **given}, "unemployment_benefit", "municipal_share")


def municipal_share(day, **given):
    got = split(day, **given)
    return got["municipal_benefit"] / got["monthly_benefit"]


def test_municipal_share_of_one_day_before_2025():
    """Kela: half from 300 paid days, 70 % from 1,000, of labour market subsidy alone."""
    before = np.array([0.0, 299, 300, 301, 999, 1000, 1001])
    got = municipal_share((2024, 12, 31), days_paid_before=before)
    assert got.tolist() == pytest.approx([0, 0, 0.5, 0.5, 0.5, 0.7, 0.7], abs=1e-9)
    other = municipal_share((2024, 12, 31), benefit_kind="basic_allowance", days_paid_before=before)
    assert not other.any()


@pytest.mark.parametrize(
    ("kind", "above_700"), [("labour_market_subsidy", 0.5), ("basic_allowance", 0.4)]
)
def test_municipal_share_of_one_day_from_2025(kind, above_700):
    """Laws 385/2023 and 387/2023: from paid day 101; 50 % for labour market subsidy alone."""
    steps = (100, 200, 300, 400, 700)
    before = np.array([d for step in steps for d in (step - 1.0, step, step + 1.0)])
    got = municipal_share((2025, 1, 1), benefit_kind=kind, days_paid_before=before)
    shares = [0, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3, 0.4, 0.4, 0.4, above_700, above_700]
    assert got.tolist() == pytest.approx(shares, abs=1e-9)


def test_municipal_saving_of_a_day_runs_from_nothing_to_1860():
    """Half of 37.21 €, the figure of the 2025 rules."""
    got = split((2025, 6, 1), days_paid_before=np.array([99.0, 700.0]))["municipal_benefit"]
    assert got.tolist() == pytest.approx([0, 18.605], abs=1e-9)


@pytest.mark.parametrize(("day", "share"), [((2024, 12, 31), 0.0), ((2025, 1, 1), 0.5)])
def test_services_are_the_states_to_2024(day, share):
    got = municipal_share(day, service_share=1, days_paid_before=900.0)
    assert float(got) == pytest.approx(share)


def test_increments_are_the_states():
    got = split((2024, 1, 1), children_under_18=2, days_paid_before=500.0)
    assert float(got["municipal_benefit"]) == pytest.approx(0.5 * 37.21)
    assert float(got["state_benefit"]) == pytest.approx(0.5 * 37.21 + 8.57)


@pytest.mark.parametrize(
    ("day", "ground", "years", "share"),
    [
        ((2020, 1, 1), "refugee", 2.99, 0.0),
        ((2020, 1, 1), "refugee", 3.0, 0.5),
        ((2025, 1, 1), "refugee", 2.99, 0.0),
        ((2025, 1, 1), "refugee", 3.0, 0.4),
        ((2025, 1, 1), "other", 0.99, 0.0),
        ((2025, 1, 1), "other", 1.0, 0.4),
        ((2025, 1, 1), "none", 0.0, 0.4),
    ],
)
def test_first_years_of_integration_are_the_states_and_are_not_counted(day, ground, years, share):
    given = {"integration_ground": ground, "integration_years": years, "days_paid_before": 500.0}
    assert float(municipal_share(day, **given)) == pytest.approx(share)
    after = split(day, **given)["days_paid_after"]
    assert float(after) == pytest.approx(501.0 if share else 500.0)


@given(
    before=st.floats(0, 1_500),
    cut=st.floats(0.01, 0.99),
    day=st.sampled_from([(2022, 1, 1), (2025, 6, 1)]),
    wage=st.floats(0, 500),
)
def test_a_month_split_in_two_costs_the_municipality_the_same(before, cut, day, wage):
    """Additive in days: the counter of the second part starts where the first part ends."""
    whole = split(day, month_share=1, days_paid_before=before)
    first = split(day, month_share=cut, days_paid_before=before)
    second = split(day, month_share=1 - cut, days_paid_before=first["days_paid_after"])
    parts = first["municipal_benefit"] + second["municipal_benefit"]
    assert float(parts) == pytest.approx(float(whole["municipal_benefit"]), abs=1e-7)
    adjusted = split(day, month_share=1, days_paid_before=before, part_time_wage=wage)
    together = adjusted["municipal_benefit"] + adjusted["state_benefit"]
    assert float(together) == pytest.approx(float(adjusted["monthly_benefit"]), abs=1e-9)
    assert float(adjusted["municipal_benefit"]) <= float(whole["municipal_benefit"]) + 1e-9


@given(
    number=st.sampled_from(list(YEARS)),
    wage=st.integers(0, 150_000),
    taxable=st.integers(0, 20_000),
    age=st.integers(16, 70),
    church=st.integers(0, 1),
)
def test_the_exact_reader_agrees_with_numpy(number, wage, taxable, age, church):
    """Decimal and float64 read one tree: equal to a millionth of a euro."""
    given = {
        "wage": wage,
        "taxable_benefit": taxable,
        "age": age,
        "children_under_18": 1,
        "sole_carer": 1,
        "church_member": church,
        "municipality": "average",
    }
    rules = on(number, 1, 1)
    books = ("employee_contributions", "income_tax")
    got = rules.compute(given, *books)
    book = rules.rules.book(*books)
    facts = {**given, **{one.parameter.id: one.amount for one in got.used}}
    for name, audit in book.audit(facts).items():
        assert float(audit.value) == pytest.approx(float(got[name]), abs=1e-6), name


@pytest.mark.parametrize("number", YEARS)
def test_no_income_no_tax(number):
    got = on(number, 1, 1).compute(
        {
            "wage": 0,
            "taxable_benefit": 0,
            "age": 30,
            "children_under_18": 2,
            "sole_carer": 1,
            "church_member": 1,
            "municipality": "helsinki",
        },
        "employee_contributions",
        "income_tax",
    )
    assert float(got["taxes_and_contributions"]) == 0.0
    assert float(got["net_income"]) == 0.0


@pytest.mark.parametrize(("month", "rate"), [(4, 0.1695), (5, 0.1435), (12, 0.1435)])
def test_employer_pension_of_2020_falls_in_may(month, rate):
    got = one(on(2020, month, 1), "employer_pension", "employer_contributions", wage=1.0, age=30)
    assert float(got) == pytest.approx(rate)


def test_social_assistance_disregard_ends_with_february_2026():
    given = {
        "adults": 1,
        "children_10_to_17": 0,
        "children_under_10": 0,
        "net_wage": around(150),
        "spouse_net_wage": 0,
        "other_net_income": 0,
        "housing_cost": 500,
    }
    before = on(2026, 2, 28).compute(given, "social_assistance")["social_assistance"]
    after = on(2026, 3, 1).compute(given, "social_assistance")["social_assistance"]
    assert before.tolist() == pytest.approx([1096.32, 1096.32, 1095.32])
    assert after.tolist() == pytest.approx([929.43, 928.43, 927.43])
    halves = on(2026, 3, 1).compute(given, "social_assistance")
    assert halves["municipal_social_assistance"] == pytest.approx(after / 2)
    assert halves["state_social_assistance"] == pytest.approx(after / 2)

"""The Finnish rules against published figures that stand outside the library."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import Person, RuleSide, savings
from impactmodel.fiscal.parameters import load_rules

PERSON = {
    "taxable_benefit": 0.0,
    "age": 30,
    "children_under_18": 0,
    "sole_carer": 0,
    "church_member": 0,
    "municipality": "average",
}


def year(number):
    return load_rules("fi").at(dt.date(number, 1, 1))


def taxes(number, **given):
    return year(number).compute({**PERSON, **given}, "employee_contributions", "income_tax")


# Tax at the lower limit of each band as the scales print it: SISU 26.10, Statistics Finland,
# table pvero, columns Raja1-6 and Vakio1-6 (2025 too: Laki 701/2024).
PUBLISHED_SCALES = {
    2019: {17600: 8, 26400: 536, 43500: 3485.75, 76100: 10413.25},
    2020: {18100: 8, 27200: 554, 44800: 3590, 78500: 10751.25},
    2021: {18600: 8, 27900: 566, 45900: 3671, 80500: 11023.5},
    2022: {19200: 8, 28700: 578, 47300: 3786.5, 82900: 11351.5},
    2023: {0: 0, 19900: 2515.36, 29700: 4377.36, 49000: 10215.61, 85800: 22727.61},
    2024: {0: 0, 20500: 2591.2, 30500: 4491.2, 50400: 10510.95, 88200: 23362.95, 150000: 49318.95},
    2025: {
        0: 0,
        21200: 2679.68,
        31500: 4636.68,
        52100: 10868.18,
        88200: 23142.18,
        150000: 48943.68,
    },
    2026: {0: 0, 22000: 2780.8, 32600: 4794.8, 40100: 7063.55, 52100: 11053.55},
}


@pytest.mark.parametrize("number", PUBLISHED_SCALES)
def test_state_tax_at_each_lower_limit_is_the_published_column(number):
    income = np.array(list(PUBLISHED_SCALES[number]), dtype=float)
    got = year(number).compute(
        {"taxable_income_state": income}, "income_tax", only=["state_tax_before_credit"]
    )["state_tax_before_credit"]
    # The printed column has two decimals and is exact.
    assert got == pytest.approx(list(PUBLISHED_SCALES[number].values()), abs=1e-8)


def test_chain_of_2024_at_a_wage_of_25000():
    """Taloustaito 2024 (Kalluinen), printed in full euros: half a euro of rounding, and a cent."""
    got = taxes(2024, wage=25_000)
    printed = {
        "income_acquisition_deduction": 750,
        "employee_pension": 1788,
        "daily_allowance_contribution": 253,
        "employee_unemployment_insurance": 198,
        "basic_deduction": 1294,
    }
    for name, euros in printed.items():
        assert float(got[name]) == pytest.approx(euros, abs=0.51), name


def test_state_tax_of_2024_begins_at_a_wage_of_about_24370():
    """The published threshold is rounded to ten euros."""
    wage = np.arange(20_000.0, 30_000.0)
    first = wage[taxes(2024, wage=wage)["state_tax"] > 0][0]
    assert first == pytest.approx(24_370, abs=5)


def test_municipal_tax_of_2021_is_825_percent_of_25000_when_church_tax_shares_the_credit():
    """Veronmaksajat prints 8.3 %; it is 8.25 % with church tax and less without."""
    member = float(taxes(2021, wage=25_000, church_member=1)["municipal_tax"])
    other = float(taxes(2021, wage=25_000, church_member=0)["municipal_tax"])
    assert round(100 * member / 25_000, 1) == 8.3
    assert 100 * member / 25_000 == pytest.approx(8.25, abs=0.005)
    assert 100 * other / 25_000 < 8.0


WORKED_EXAMPLE = {
    "state_tax": 253,
    "municipal_tax": 881,
    "medical_care_contribution": 20,
    "broadcasting_tax": 163,
    "daily_allowance_contribution": 303,
    "employee_unemployment_insurance": 237,
    "employee_pension": 2145,
}


@pytest.mark.parametrize("line", WORKED_EXAMPLE)
def test_worked_payer_example_of_2024(line):
    """A year on labour market subsidy (9,600 €) against a wage of 30,000 €, Helsinki."""
    work = taxes(2024, wage=30_000, municipality="helsinki")
    benefit = taxes(2024, wage=0, taxable_benefit=9_600, municipality="helsinki")
    assert round(float(work[line] - benefit[line])) == WORKED_EXAMPLE[line]


def test_worked_payer_example_of_2024_employer():
    got = year(2024).compute({"wage": 30_000, "age": 30}, "employer_contributions")
    rounded = {name: round(float(value)) for name, value in got.values.items()}
    assert rounded["employer_pension"] == 5202
    assert rounded["employer_sickness_insurance"] == 348
    assert rounded["employer_unemployment_insurance"] == 246


def test_a_year_of_labour_market_subsidy_in_2024():
    got = year(2024).compute(
        {
            "benefit_kind": "labour_market_subsidy",
            "children_under_18": 0,
            "month_share": 1,
            "service_share": 0,
            "part_time_wage": 0,
        },
        "unemployment_benefit",
    )
    assert 12 * float(got["monthly_benefit"]) == pytest.approx(9_600, abs=0.5)


def switch_to_full_time(wage):
    """Savings of 2019 when a year on labour market subsidy becomes a year at a monthly wage."""
    job = OutcomeMeasure("job", kind="binary", channel="employment")
    outcomes = Outcomes.from_draws(
        [[1.0]],
        [[0.0]],
        measures=[job],
        periods=Periods(dt.date(2019, 1, 1), "year", 1),
        cohort_size=1,
        provenance=Provenance(),
    )
    person = Person(wage=wage, age=35.0, benefit="labour_market_subsidy")
    found = savings(outcomes, RuleSide(persons=(person,))).by_line()
    return {name: float(draws[0]) for name, draws in found.items()}


PTT_TAXES = (
    "state_tax",
    "municipal_tax",
    "broadcasting_tax",
    "medical_care_contribution",
    "daily_allowance_contribution",
)


def test_ptt_2019_saving_of_a_switch_to_full_time_work():
    """PTT 2019: a switch saves more than 12,000 € a year, 6,000 € of it in taxes.

    A plausibility band and no more: PTT used the rules of 2016, which the library does not hold,
    and every benefit. Here: rules of 2019, basic-level benefit alone, taxes and the insured's
    sickness insurance contributions, no pension or unemployment insurance contributions. Benefits
    that PTT saves run from 3,600 € (young) to 11,000 € (long-term unemployed); an unemployed person
    costs 15,000 € in all.
    """
    found = switch_to_full_time(3000.0)
    benefit, taxes = found["labour_market_subsidy"], sum(found[name] for name in PTT_TAXES)
    assert 3_600 < benefit < 11_000
    assert 12_000 < benefit + taxes < 15_000
    on_benefit = taxes_of_2019(0, benefit)
    # PTT's average benefit saving is 7,000 € and the taxes are 6,000 €; full thousands are printed.
    assert benefit - on_benefit == pytest.approx(7_000, abs=500)
    assert taxes + on_benefit == pytest.approx(6_000, abs=500)
    # The figure is one of full-time wages: below about 2,700 € a month less is saved.
    low = switch_to_full_time(2400.0)
    assert low["labour_market_subsidy"] + sum(low[name] for name in PTT_TAXES) < 12_000


def taxes_of_2019(wage, benefit):
    return float(sum(taxes(2019, wage=wage, taxable_benefit=benefit)[name] for name in PTT_TAXES))


def test_social_assistance_of_march_2026_is_97_percent_of_the_earlier_amount():
    rules = load_rules("fi")
    before, after = (
        rules.at(dt.date(2026, month, 1)).value("social_assistance.basic_amount")
        for month in (2, 3)
    )
    assert before == 596.32
    assert after == float((Decimal("596.32") * Decimal("0.97")).quantize(Decimal("0.01"))) == 578.43


def test_helsinki_and_the_shift_of_2023():
    """Kuntaliitto: 12.64 percentage points moved from municipal to state tax on 2023-01-01."""
    before, after = (year(n).value("municipal_tax.rate.helsinki") for n in (2022, 2023))
    assert before - after == pytest.approx(0.1264, abs=1e-12)
    assert dict(year(2023).value("state_tax.scale"))[0.0] == 0.1264

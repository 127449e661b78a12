"""Agreement with SISU 26.10, Statistics Finland (see tests/golden/sisu/README.md).

Tolerance 0.01 €: SISU does not round on the way, the grids are rounded to 0.01.
"""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impactmodel.fiscal.parameters import load_rules

GRIDS = Path(__file__).parent / "sisu"
TOLERANCE = 0.01 + 1e-9
SHARE = 0.99

TAX_LINES = {
    "income_acquisition_deduction": "income_acquisition_deduction",
    "net_earned_income": "net_earned_income",
    "employee_tyel_pension": "employee_pension",
    "employee_unemployment_insurance": "employee_unemployment_insurance",
    "daily_allowance_contribution": "daily_allowance_contribution",
    "earned_income_deduction": "earned_income_deduction",
    "basic_deduction": "basic_deduction",
    "taxable_income_municipal": "taxable_income_municipal",
    "taxable_income_state": "taxable_income_state",
    "work_income_credit": "work_income_credit",
    "state_tax_before_credit": "state_tax_before_credit",
    "municipal_tax_before_credit": "municipal_tax_before_credit",
    "medical_care_contribution_before_credit": "medical_care_contribution_before_credit",
    "church_tax_before_credit": "church_tax_before_credit",
    "state_tax": "state_tax",
    "municipal_tax": "municipal_tax",
    "medical_care_contribution": "medical_care_contribution",
    "church_tax": "church_tax",
    "yle_tax": "broadcasting_tax",
    "total_taxes_and_contributions": "taxes_and_contributions",
    "net_income": "net_income",
}
BENEFIT_LINES = {
    "full_benefit_eur_month": "full_benefit",
    "full_benefit_eur_day": "daily_benefit",
    "adjusted_benefit_eur_month": "monthly_benefit",
}
EMPLOYER_LINES = {
    "employer_health_insurance_eur_month": "employer_sickness_insurance",
    "employer_unemployment_insurance_avg_rate_eur_month": "employer_unemployment_insurance",
    "employer_tyel_pension_avg_rate_eur_month": "employer_pension",
    "employer_group_life_eur_month": "employer_group_life",
    "employer_accident_avg_eur_month": "employer_accident",
    "employer_total_eur_month": "employer_contributions",
}
ASSISTANCE_LINE = "basic_social_assistance_eur_month"
MUNICIPALITIES = ("helsinki", "average")


def grid(name):
    return pd.read_csv(GRIDS / f"{name}_grid_dev.csv.gz")


def by_date(frame, compute):
    """Compute each month's rows with the rules of its first day."""
    keys = ["year", "month"] if "month" in frame else ["year"]
    parts = []
    for key, rows in frame.groupby(keys):
        date = dt.date(*(int(k) for k in key), *([1] * (3 - len(key))))
        computed = compute(load_rules("fi").at(date), rows)
        table = {n: np.broadcast_to(v, len(rows)) for n, v in computed.values.items()}
        parts.append(pd.DataFrame(table, index=rows.index))
    return pd.concat(parts).sort_index()


@pytest.fixture(scope="module")
def taxes():
    frame = grid("tax")

    def compute(rules, rows):
        return rules.compute(
            {
                "wage": rows.wage_eur_year.to_numpy(),
                "taxable_benefit": rows.unemployment_benefit_eur_year.to_numpy(),
                "age": rows.age.to_numpy(),
                "children_under_18": 0,
                "sole_carer": 0,
                "church_member": rows.church_member.to_numpy(),
                "municipality": rows.municipality.to_numpy(dtype=str),
            },
            "employee_contributions",
            "income_tax",
        )

    return frame, by_date(frame, compute)


@pytest.fixture(scope="module")
def benefits():
    frame = grid("benefit")
    frame = frame[frame.benefit != "earnings_related_allowance"]

    def compute(rules, rows):
        return rules.compute(
            {
                "benefit_kind": rows.benefit.to_numpy(dtype=str),
                "children_under_18": rows.children.to_numpy(),
                "month_share": 1,
                "service_share": 0,
                "part_time_wage": rows.part_time_wage_eur_month.to_numpy(),
            },
            "unemployment_benefit",
        )

    return frame, by_date(frame, compute)


@pytest.fixture(scope="module")
def employers():
    frame = grid("employer")

    def compute(rules, rows):
        given = {"wage": rows.wage_eur_month.to_numpy(), "age": rows.age.to_numpy()}
        return rules.compute(given, "employer_contributions")

    return frame, by_date(frame, compute)


@pytest.fixture(scope="module")
def assistance():
    frame = grid("social_assistance")

    def compute(rules, rows):
        other = rows.other_net_income_eur_month + rows.child_benefit_eur_month
        return rules.compute(
            {
                "adults": rows.adults.to_numpy(),
                "children_10_to_17": rows.children_10_16.to_numpy(),
                "children_under_10": rows.children_under_10.to_numpy(),
                "net_wage": rows.net_wage_adult1_eur_month.to_numpy(),
                "spouse_net_wage": 0,
                "other_net_income": other.to_numpy(),
                "housing_cost": rows.housing_cost_eur_month.to_numpy(),
            },
            "social_assistance",
        )

    return frame, by_date(frame, compute)


def agreement(theirs, ours):
    apart = np.abs(theirs.to_numpy() - ours.to_numpy()) > TOLERANCE
    return 1.0 - apart.mean(), theirs.index[apart]


def test_the_grids_are_whole(taxes, benefits, employers, assistance):
    sizes = [len(frame) for frame, _ in (taxes, benefits, employers, assistance)]
    assert sizes == [3379, 664, 396, 4224]
    named = {*(f"{line}_eur_year" for line in TAX_LINES)}
    assert named == {c for c in taxes[0] if c.endswith("eur_year")} - {
        "wage_eur_year",
        "unemployment_benefit_eur_year",
    }


@pytest.mark.parametrize("line", TAX_LINES)
def test_tax(taxes, line, record_property):
    frame, ours = taxes
    share, apart = agreement(frame[f"{line}_eur_year"], ours[TAX_LINES[line]])
    record_property("agreement", share)
    assert share >= SHARE, f"{line}: {share:.2%} of {len(frame)} cases agree"
    assert not len(apart), f"{line}: {len(apart)} cases have no named reason"


def test_the_municipal_rates_are_those_of_the_grid(taxes):
    frame, ours = taxes
    assert set(frame.municipality) == set(MUNICIPALITIES)
    assert np.abs(frame.municipal_rate_pct / 100 - ours.municipal_rate).max() < 1e-12
    assert np.abs(frame.church_rate_pct / 100 - ours.church_rate).max() < 1e-12


def follows_the_authority(frame):
    """The rows named disregard_to_november_2021 in the README beside the grids."""
    in_time = (frame.year == 2021) & frame.month.between(7, 11)
    return in_time & (frame.part_time_wage_eur_month > 300)


@pytest.mark.parametrize("line", BENEFIT_LINES)
def test_basic_level_benefit(benefits, line, record_property):
    frame, ours = benefits
    named = follows_the_authority(frame) if line == "adjusted_benefit_eur_month" else None
    rows = frame.index if named is None else frame.index[~named]
    share, apart = agreement(frame.loc[rows, line], ours.loc[rows, BENEFIT_LINES[line]])
    record_property("agreement", share)
    record_property("counted_apart", len(frame) - len(rows))
    assert share >= SHARE, f"{line}: {share:.2%} of {len(rows)} cases agree"
    assert not len(apart), f"{line}: {len(apart)} cases have no named reason"


def test_the_cases_counted_apart_differ_by_the_disregard_alone(benefits):
    frame, ours = benefits
    named = follows_the_authority(frame)
    theirs = frame.loc[named, "adjusted_benefit_eur_month"]
    wage = frame.loc[named, "part_time_wage_eur_month"]
    shielded = np.minimum(wage, 500) - 300
    assert named.sum() == 18
    assert agreement(theirs + 0.5 * shielded, ours.loc[named, "monthly_benefit"])[0] == 1.0
    assert (ours.loc[named, "monthly_benefit"] > theirs + 49).all()


@pytest.mark.parametrize("line", EMPLOYER_LINES)
def test_employer_contributions(employers, line, record_property):
    frame, ours = employers
    share, apart = agreement(frame[line], ours[EMPLOYER_LINES[line]])
    record_property("agreement", share)
    assert share >= SHARE, f"{line}: {share:.2%} of {len(frame)} cases agree"
    assert not len(apart), f"{line}: {len(apart)} cases have no named reason"


def test_basic_social_assistance(assistance, record_property):
    frame, ours = assistance
    share, apart = agreement(frame[ASSISTANCE_LINE], ours.social_assistance)
    record_property("agreement", share)
    assert share >= SHARE, f"{share:.2%} of {len(frame)} cases agree"
    assert not len(apart), f"{len(apart)} cases have no named reason"

"""Example households through all benefits and taxes, against SISU.

SISU 26.10, Statistics Finland (see tests/golden/sisu/README.md). Tolerance 0.01 € per line: nothing
but the housing allowance is rounded on the way, the grids are; per household 0.10 € a month and
1 € a year.
"""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impactmodel.fiscal import Household, Person, household_year, load_rules

GRIDS = Path(__file__).parent / "sisu"
LINE, MONTH, YEAR = 0.01 + 1e-9, 0.10, 1.0
MONTHS = {
    "gross_wage_eur_month": "gross_wage",
    "gross_unemployment_benefit_eur_month": "unemployment_benefit",
    "net_wage_eur_month": "net_wage",
    "net_unemployment_benefit_eur_month": "net_benefit",
    "housing_allowance_eur_month": "housing_allowance",
    "basic_social_assistance_eur_month": "social_assistance",
    "employer_contributions_eur_month": "employer_contributions",
}
YEARS = {
    "gross_unemployment_benefit_eur_year": "unemployment_benefit",
    "employee_tyel_pension_eur_year": "employee_pension",
    "employee_unemployment_insurance_eur_year": "employee_unemployment_insurance",
    "daily_allowance_contribution_eur_year": "daily_allowance_contribution",
    "state_tax_eur_year": "state_tax",
    "municipal_tax_eur_year": "municipal_tax",
    "medical_care_contribution_eur_year": "medical_care_contribution",
    "yle_tax_eur_year": "broadcasting_tax",
    "housing_allowance_eur_year": "housing_allowance",
    "basic_social_assistance_eur_year": "social_assistance",
    "disposable_income_eur_year": "disposable_income",
    "employer_contributions_eur_year": "employer_contributions",
}
KEYS = ["year", "benefit_type", "wage_eur_month", "months_employed"]


def grid(name):
    return pd.read_csv(GRIDS / f"{name}_grid_dev.csv.gz")


def household(row):
    # In 2024 SISU has Helsinki's ceiling of April from January on: that of the capital region.
    person = Person(
        wage=float(row.wage_eur_month),
        age=30.0,
        benefit="earnings_related" if row.benefit_type == "earnings_related" else "basic_level",
        municipality="helsinki",
        municipality_group="capital_region" if row.year == 2024 else "helsinki",
        rent=float(row.rent_eur_month),
    )
    return Household(person, int(row.months_employed))


@pytest.fixture(scope="module")
def computed():
    years = grid("household")
    totals, months = [], []
    for year, rows in years.groupby("year"):
        examples = [household(row) for row in rows.itertuples()]
        found = household_year(load_rules("fi"), int(year), examples)
        totals.append(pd.DataFrame(found.totals, index=rows.index))
        for i, (_, row) in enumerate(rows.iterrows()):
            part = pd.DataFrame({name: values[i] for name, values in found.months.items()})
            months.append(part.assign(**row[KEYS], month=range(1, 13)))
    ours = pd.concat(months)
    theirs = grid("household_month").rename(columns={"months_employed_in_year": "months_employed"})
    return years, pd.concat(totals).sort_index(), theirs.merge(ours, on=[*KEYS, "month"])


def test_the_grids_are_whole(computed):
    years, totals, months = computed
    assert (len(years), len(totals), len(months)) == (240, 240, 2880)


@pytest.mark.parametrize("column", YEARS)
def test_years(computed, column):
    years, totals, _ = computed
    apart = (years[column] - totals[YEARS[column]]).abs() > LINE
    assert not apart.any(), years[apart][KEYS]


@pytest.mark.parametrize("column", MONTHS)
def test_months(computed, column):
    _, _, months = computed
    apart = (months[column] - months[MONTHS[column]]).abs() > LINE
    assert not apart.any(), months[apart][[*KEYS, "month"]]


def test_disposable_income(computed):
    years, totals, months = computed
    off = (years.disposable_income_eur_year - totals.disposable_income).abs()
    assert off.max() <= YEAR
    parts = [c for c in MONTHS if c.startswith(("net_", "housing", "basic_social"))]
    theirs, ours = months[parts].sum(axis=1), months[[MONTHS[c] for c in parts]].sum(axis=1)
    assert (theirs - ours).abs().max() <= MONTH


@pytest.fixture(scope="module")
def whole_months():
    frame = grid("koko_month")
    parts = [chain(*key, rows) for key, rows in frame.groupby(["year", "month"])]
    return frame, pd.concat(parts).sort_index()


def chain(year, month, rows):
    """SISU's example program of whole households: a month as if the year were like it."""
    rules = load_rules("fi").at(dt.date(year, month, 1))
    wage = rows.gross_wage_eur_month.to_numpy(float)
    benefit = rows.gross_unemployment_benefit_eur_month.to_numpy(float)
    # SISU's benefit is rounded here: the chain is tested behind it.
    taxes = rules.compute(
        {
            "wage": 12 * wage,
            "taxable_benefit": 12 * benefit,
            "age": 30,
            "children_under_18": 0,
            "sole_carer": 0,
            "church_member": 0,
            "municipality": "helsinki",
        },
        "employee_contributions",
        "income_tax",
    )["taxes_and_contributions"]
    group = "capital_region" if year == 2024 else "helsinki"
    housing = rules.compute(
        {
            "adults": 1,
            "children_under_18": 0,
            "municipality_group": group,
            "rent": 700,
            "gross_wage": wage,
            "spouse_gross_wage": 0,
            "other_gross_income": benefit,
            "wealth": 0,
        },
        "housing_allowance",
    )["housing_allowance"]
    net = wage + benefit - taxes / 12
    assistance = rules.compute(
        {
            "adults": 1,
            "children_10_to_17": 0,
            "children_under_10": 0,
            "net_wage": np.where(wage > 0, net, 0),
            "spouse_net_wage": 0,
            "other_net_income": np.where(wage > 0, 0, net) + housing,
            "housing_cost": 700,
        },
        "social_assistance",
    )["social_assistance"]
    return pd.DataFrame(
        {
            "annualised_taxes_and_contributions_eur_year": taxes,
            "net_earned_income_eur_month": net,
            "housing_allowance_eur_month": housing,
            "basic_social_assistance_eur_month": assistance,
            "disposable_income_eur_month": net + housing + assistance,
        },
        index=rows.index,
    )


@pytest.mark.parametrize(
    ("column", "tolerance"),
    [
        # Half a cent of the benefit, twelve times, at a marginal rate below one half.
        ("annualised_taxes_and_contributions_eur_year", 0.04),
        ("net_earned_income_eur_month", 0.02),
        ("housing_allowance_eur_month", LINE),
        ("basic_social_assistance_eur_month", 0.02),
        ("disposable_income_eur_month", MONTH),
    ],
)
def test_whole_months(whole_months, column, tolerance):
    frame, ours = whole_months
    apart = (frame[column] - ours[column]).abs() > tolerance
    assert len(frame) == 864
    assert not apart.any(), frame[apart].assign(ours=ours.loc[apart, column]).head()

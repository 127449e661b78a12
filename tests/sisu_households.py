"""Whole households beside SISU's: years in and out of work, and its example program's months.

Grids and comparison as in `tests.sisu`.
"""

import datetime as dt
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from impactmodel.fiscal.household_year import Household, household_year
from impactmodel.fiscal.parameters import load_rules
from impactmodel.fiscal.profile import Person
from tests import sisu
from tests.sisu import GRIDS, Grid, read

# Columns that only some grids of households have.
OTHERS = {
    "age": "age",
    "church_member": "church",
    "previous_wage_eur_month": "previous_wage",
    "municipality": "municipality",
    "municipality_group": "municipality_group",
    "days_paid_before_year": "paid_days",
}


def household(row):
    """Return the example household of a row."""
    small = getattr(row, "children_under_10", 0)
    children = getattr(row, "children_10_16", 0) + small
    related = row.benefit_type == "earnings_related"
    person = Person(
        wage=float(row.wage_eur_month),
        age=30.0,
        rent=float(row.rent_eur_month),
        benefit="earnings_related" if related else "basic_level",
        municipality="helsinki",
        # In 2024 SISU has Helsinki's ceiling of April from January on: that of the capital region.
        municipality_group="capital_region" if row.year == 2024 else "helsinki",
        stepped=float(row.year >= 2025) if related else None,
        children=float(children),
        children_under_10=float(small),
        sole_carer=float(children > 0),
    )
    stated = {name: getattr(row, column) for column, name in OTHERS.items() if hasattr(row, column)}
    if not related:
        stated = {k: v for k, v in stated.items() if k not in {"previous_wage", "paid_days"}}
    return Household(
        replace(person, **stated),
        int(row.months_employed),
        float(getattr(row, "child_benefit_eur_month", 0.0)),
    )


HOUSEHOLD = ["year", "benefit_type", "wage_eur_month", "months_employed"]


@cache
def households(folder=GRIDS):
    """Whole households, a year with months out of work and in work: the years, the months."""
    frame = read(folder, "household")
    totals, months = [], []
    for year, rows in frame.groupby("year"):
        examples = [household(row) for row in rows.itertuples()]
        found = household_year(load_rules("fi"), int(year), examples)
        totals.append(pd.DataFrame(found.totals, index=rows.index))
        for i, (_, row) in enumerate(rows.iterrows()):
            part = pd.DataFrame({name: values[i] for name, values in found.months.items()})
            months.append(part.assign(**row[HOUSEHOLD], month=range(1, 13)))
    theirs = read(folder, "household_month")
    theirs = theirs.rename(columns={"months_employed_in_year": "months_employed"})
    keys = [*HOUSEHOLD, "month"]
    ours = theirs[keys].merge(pd.concat(months), on=keys, how="left")
    years = pd.concat(totals).sort_index()
    return _years(frame, years), Grid("the months of these years", theirs, ours, MONTH_LINES)


YEAR_LINES = {
    "gross_wage_eur_year": "gross_wage",
    "gross_unemployment_benefit_eur_year": "unemployment_benefit",
    "employee_tyel_pension_eur_year": "employee_pension",
    "employee_unemployment_insurance_eur_year": "employee_unemployment_insurance",
    "daily_allowance_contribution_eur_year": "daily_allowance_contribution",
    "state_tax_eur_year": "state_tax",
    "municipal_tax_eur_year": "municipal_tax",
    "medical_care_contribution_eur_year": "medical_care_contribution",
    "yle_tax_eur_year": "broadcasting_tax",
    "total_taxes_and_contributions_eur_year": "taxes",
    "net_earned_income_eur_year": "net",
    "housing_allowance_eur_year": "housing_allowance",
    "basic_social_assistance_eur_year": "social_assistance",
    "disposable_income_eur_year": "disposable_income",
    "employer_contributions_eur_year": "employer_contributions",
}
MONTH_LINES = {
    "gross_wage_eur_month": "gross_wage",
    "gross_unemployment_benefit_eur_month": "unemployment_benefit",
    "net_wage_eur_month": "net_wage",
    "net_unemployment_benefit_eur_month": "net_benefit",
    "housing_allowance_eur_month": "housing_allowance",
    "basic_social_assistance_eur_month": "social_assistance",
    "employer_contributions_eur_month": "employer_contributions",
}


def _years(frame, totals):
    # The taxes are those that leave the net income, whether or not church tax is one of them.
    net = totals.net_wage + totals.net_benefit
    gross = totals.gross_wage + totals.unemployment_benefit
    totals = totals.assign(taxes=gross - net, net=net)
    return Grid("households, a year in and out of work", frame, totals, YEAR_LINES)


WHOLE_LINES = {
    column: column
    for column in (
        "gross_unemployment_benefit_eur_month",
        "annualised_taxes_and_contributions_eur_year",
        "annualised_income_tax_and_medical_eur_year",
        "annualised_employee_contributions_eur_year",
        "annualised_yle_tax_eur_year",
        "net_earned_income_eur_month",
        "housing_allowance_eur_month",
        "basic_social_assistance_eur_month",
        "disposable_income_eur_month",
    )
}


@cache
def whole_months(folder=GRIDS):
    """SISU's example program of whole households: a month as if the year were like it."""
    frame = read(folder, "koko_month")
    parts = [_whole_month(*key, rows) for key, rows in frame.groupby(["year", "month"])]
    ours = pd.concat(parts).sort_index()
    return Grid("SISU's example program of households", frame, ours, WHOLE_LINES)


def _idle_benefit(rules, rows):
    """Return what SISU's program pays out of work: a full month, without steps."""
    idle = {"children_under_18": 0, "month_share": 1, "part_time_wage": 0}
    basic = {"benefit_kind": "basic_level", "service_share": 0, **idle}
    related = {"allowance_days_before": 0, "allowance_steps": 0, **idle}
    related["previous_wage"] = rows.wage_or_previous_wage_eur_month.to_numpy(float)
    full = rules.compute(related, "earnings_related_allowance")["monthly_allowance"]
    least = rules.compute(basic, "unemployment_benefit")["monthly_benefit"]
    paid = np.where(rows.benefit_type == "earnings_related", full, least)
    return np.where(rows.status == "unemployed", paid, 0.0)


def _whole_month(year, month, rows):
    rules = load_rules("fi").at(dt.date(year, month, 1))
    wage, benefit = rows.gross_wage_eur_month.to_numpy(float), _idle_benefit(rules, rows)
    person = {"age": 30, "children_under_18": 0, "sole_carer": 0, "church_member": 0}
    income = {"wage": 12 * wage, "taxable_benefit": 12 * benefit, "municipality": "helsinki"}
    found = rules.compute({**person, **income}, "employee_contributions", "income_tax")
    net = wage + benefit - found["taxes_and_contributions"] / 12
    home = {"adults": 1, "children_under_18": 0, "rent": 700, "wealth": 0}
    home["municipality_group"] = "capital_region" if year == 2024 else "helsinki"
    gross = {"gross_wage": wage, "spouse_gross_wage": 0, "other_gross_income": benefit}
    housing = rules.compute({**home, **gross}, "housing_allowance")["housing_allowance"]
    left = {
        "adults": 1,
        "children_10_to_17": 0,
        "children_under_10": 0,
        "net_wage": np.where(wage > 0, net, 0),
        "spouse_net_wage": 0,
        "other_net_income": np.where(wage > 0, 0, net) + housing,
        "housing_cost": 700,
    }
    assistance = rules.compute(left, "social_assistance")["social_assistance"]
    return pd.DataFrame(
        {
            "gross_unemployment_benefit_eur_month": benefit,
            "annualised_taxes_and_contributions_eur_year": found["taxes_and_contributions"],
            "annualised_income_tax_and_medical_eur_year": found["state_tax"] + found["local_taxes"],
            "annualised_employee_contributions_eur_year": found["deductible_contributions"],
            "annualised_yle_tax_eur_year": found["broadcasting_tax"],
            "net_earned_income_eur_month": net,
            "housing_allowance_eur_month": housing,
            "basic_social_assistance_eur_month": assistance,
            "disposable_income_eur_month": net + housing + assistance,
        },
        index=rows.index,
    )


def grids(folder=GRIDS):
    """Return every grid that a folder has, in the order of the page."""
    single = {
        sisu.taxes: "tax",
        sisu.benefits: "benefit",
        sisu.allowances: "benefit",
        sisu.housing: "housing",
        sisu.employers: "employer",
        sisu.assistance: "social_assistance",
    }
    found = [one(folder) for one, name in single.items() if sisu.has(folder, name)]
    if sisu.has(folder, "household") and sisu.has(folder, "household_month"):
        found += households(folder)
    return (*found, *([whole_months(folder)] if sisu.has(folder, "koko_month") else ()))

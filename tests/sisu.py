"""SISU's example cases beside the library's results: read, computed, compared, counted.

Grids of SISU 26.10, Statistics Finland (see tests/golden/sisu/README.md). Each function below gives
one grid: the rows as SISU has them, the library's results, which result answers which column, and
the rows in which the library follows another text, by name. `scripts/sisu_page.py` counts them for
the page and for any folder of grids with the same columns.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from impactmodel.fiscal.parameters import load_rules

GRIDS = Path(__file__).parent / "golden" / "sisu"
# SISU does not round on the way and neither does the library; the grids are rounded to 0.01.
LINE, MONTH, YEAR = 0.01 + 1e-9, 0.10, 1.0

FOUR_GROUPS = {1: "helsinki", 2: "capital_region", 3: "larger_cities", 4: "others"}
THREE_GROUPS = {1: "capital_region", 2: "larger_cities", 3: "others"}
DISREGARD = "disregard_to_november_2021"
STEPS = "steps_from_periods_begun_2_september_2024"


@dataclass(frozen=True)
class Grid:
    """One grid: rows, results, result by column, and by column the rows apart by name."""

    title: str
    rows: pd.DataFrame
    ours: pd.DataFrame
    lines: Mapping[str, str]
    named: Mapping[str, Mapping[str, pd.Series]] = field(default_factory=dict)

    def apart(self, column):
        """Whether each row lies further away than a cent."""
        off = (self.rows[column] - self.ours[self.lines[column]]).abs()
        return ~(off <= LINE)  # a missing result is apart

    def named_rows(self, column):
        """Whether each row has a name that explains a difference in the column."""
        found = pd.Series(data=False, index=self.rows.index)
        for rows in self.named.get(column, {}).values():
            found |= rows
        return found

    def unexplained(self, column):
        """Rows that differ and have no name."""
        return self.rows[self.apart(column) & ~self.named_rows(column)]


def has(folder, name):
    """Whether a folder has a grid."""
    return any(Path(folder).glob(f"{name}_grid_*.csv*"))


def read(folder, name):
    """Read a grid of a folder: one file ``NAME_grid_*.csv``, packed or not."""
    (path,) = sorted(Path(folder).glob(f"{name}_grid_*.csv*"))
    return pd.read_csv(path)


def column(rows, name):
    """Return a column that some grids have; zeros where it is not there."""
    return rows[name].to_numpy() if name in rows else np.zeros(len(rows))


def by_date(frame: pd.DataFrame, compute: Callable) -> pd.DataFrame:
    """Compute each month's rows with the rules of its first day."""
    keys = ["year", "month"] if "month" in frame else ["year"]
    parts = [pd.DataFrame(index=frame.index[:0])]
    for key, rows in frame.groupby(keys):
        date = dt.date(*(int(k) for k in key), *([1] * (3 - len(key))))
        computed = compute(load_rules("fi").at(date), rows)
        table = {n: np.broadcast_to(v, len(rows)) for n, v in computed.values.items()}
        parts.append(pd.DataFrame(table, index=rows.index))
    return pd.concat(parts).sort_index()


TAX_LINES = {
    f"{line}_eur_year": result
    for line, result in {
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
    }.items()
}


@cache
def taxes(folder=GRIDS):
    """Taxes of a year: single, no children unless the columns say so."""
    frame = read(folder, "tax")

    def compute(rules, rows):
        given = {
            "wage": rows.wage_eur_year.to_numpy(),
            "taxable_benefit": rows.unemployment_benefit_eur_year.to_numpy(),
            "age": rows.age.to_numpy(),
            "children_under_18": column(rows, "children"),
            "sole_carer": column(rows, "sole_carer"),
            "church_member": rows.church_member.to_numpy(),
            "municipality": rows.municipality.to_numpy(dtype=str),
        }
        return rules.compute(given, "employee_contributions", "income_tax")

    return Grid("taxes of a year", frame, by_date(frame, compute), TAX_LINES)


def wider_disregard(frame, first):
    """Rows of July to November 2021 with a part-time wage from ``first``."""
    in_time = (frame.year == 2021) & frame.month.between(7, 11)
    return in_time & (frame.part_time_wage_eur_month >= first)


def benefit_rows(folder, related):
    """Rows of earnings-related allowance, or those of the basic level."""
    frame = read(folder, "benefit")
    return frame[(frame.benefit == "earnings_related_allowance") == related]


BENEFIT_LINES, ALLOWANCE_LINES = (
    {
        "full_benefit_eur_month": f"full_{name}",
        "full_benefit_eur_day": f"daily_{name}",
        "adjusted_benefit_eur_month": f"monthly_{name}",
    }
    for name in ("benefit", "allowance")
)


@cache
def benefits(folder=GRIDS):
    """Benefits of the basic level."""
    frame = benefit_rows(folder, related=False)

    def compute(rules, rows):
        given = {
            "benefit_kind": rows.benefit.to_numpy(dtype=str),
            "children_under_18": rows.children.to_numpy(),
            "month_share": 1,
            "service_share": 0,
            "part_time_wage": rows.part_time_wage_eur_month.to_numpy(),
        }
        return rules.compute(given, "unemployment_benefit")

    named = {"adjusted_benefit_eur_month": {DISREGARD: wider_disregard(frame, 300.01)}}
    return Grid("basic-level benefit", frame, by_date(frame, compute), BENEFIT_LINES, named)


def allowance_of(rules, rows, **instead):
    """Earnings-related allowance of a month that follows the days paid before."""
    given = {
        "previous_wage": rows.previous_wage_eur_month.to_numpy(),
        "children_under_18": rows.children.to_numpy(),
        "month_share": 1,
        "allowance_days_before": rows.days_paid_before_month.to_numpy(),
        "allowance_steps": 1,
        "part_time_wage": rows.part_time_wage_eur_month.to_numpy(),
        **instead,
    }
    return rules.compute(given, "earnings_related_allowance")


@cache
def allowances(folder=GRIDS):
    """Earnings-related allowance, with steps by days paid before."""
    frame = benefit_rows(folder, related=True)
    september = (frame.year == 2024) & (frame.month == 9)
    stepped = {STEPS: september & (frame.days_paid_before_month > 0)}
    # At the disregard itself SISU limits the sum by the wage before unemployment.
    wider = {DISREGARD: wider_disregard(frame, 300)}
    named = dict.fromkeys(ALLOWANCE_LINES, stepped)
    named["adjusted_benefit_eur_month"] = {**stepped, **wider}
    ours = by_date(frame, allowance_of)
    return Grid("earnings-related allowance", frame, ours, ALLOWANCE_LINES, named)


def housing_of(frame, groups):
    """General housing allowance of rows, with their groups of municipalities."""

    def compute(rules, rows):
        wage = rows.gross_income_eur_month.where(rows.income_type == "wage", 0).to_numpy(float)
        given = {
            "adults": rows.adults.to_numpy(),
            "children_under_18": rows.children.to_numpy(),
            "municipality_group": groups[rows.index].to_numpy(dtype=str),
            "rent": rows.rent_eur_month.to_numpy(),
            "gross_wage": wage,
            "spouse_gross_wage": column(rows, "spouse_gross_wage_eur_month"),
            "other_gross_income": rows.gross_income_eur_month.to_numpy()
            - wage
            + column(rows, "other_gross_income_eur_month"),
            "wealth": column(rows, "wealth_eur"),
        }
        return rules.compute(given, "housing_allowance")

    return by_date(frame, compute)


HOUSING_LINES = {
    "max_accepted_housing_cost_eur_month": "maximum_housing_cost",
    "basic_deductible_eur_month": "own_share",
    "housing_allowance_eur_month": "housing_allowance",
}


@cache
def housing(folder=GRIDS):
    """General housing allowance; SISU's group 1 of 2024 is that of the capital region."""
    frame = read(folder, "housing")
    old, new = (frame.municipality_group.map(names) for names in (FOUR_GROUPS, THREE_GROUPS))
    ours = housing_of(frame, old.where(frame.year < 2024, new))
    return Grid("general housing allowance", frame, ours, HOUSING_LINES)


EMPLOYER_LINES = {
    "employer_health_insurance_eur_month": "employer_sickness_insurance",
    "employer_unemployment_insurance_avg_rate_eur_month": "employer_unemployment_insurance",
    "employer_tyel_pension_avg_rate_eur_month": "employer_pension",
    "employer_group_life_eur_month": "employer_group_life",
    "employer_accident_avg_eur_month": "employer_accident",
    "employer_total_eur_month": "employer_contributions",
}


@cache
def employers(folder=GRIDS):
    """Employer contributions of a month at average rates."""
    frame = read(folder, "employer")

    def compute(rules, rows):
        given = {"wage": rows.wage_eur_month.to_numpy(), "age": rows.age.to_numpy()}
        return rules.compute(given, "employer_contributions")

    return Grid("employer contributions", frame, by_date(frame, compute), EMPLOYER_LINES)


ASSISTANCE_LINES = {"basic_social_assistance_eur_month": "social_assistance"}


@cache
def assistance(folder=GRIDS):
    """Basic social assistance."""
    frame = read(folder, "social_assistance")

    def compute(rules, rows):
        other = rows.other_net_income_eur_month + rows.child_benefit_eur_month
        given = {
            "adults": rows.adults.to_numpy(),
            "children_10_to_17": rows.children_10_16.to_numpy(),
            "children_under_10": rows.children_under_10.to_numpy(),
            "net_wage": rows.net_wage_adult1_eur_month.to_numpy(),
            "spouse_net_wage": column(rows, "net_wage_adult2_eur_month"),
            "other_net_income": other.to_numpy(),
            "housing_cost": rows.housing_cost_eur_month.to_numpy(),
        }
        return rules.compute(given, "social_assistance")

    return Grid("basic social assistance", frame, by_date(frame, compute), ASSISTANCE_LINES)

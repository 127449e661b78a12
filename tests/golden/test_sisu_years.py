"""Years with months on benefit and months in work, as the ledger has them, against SISU.

SISU 26.10, Statistics Finland (see tests/golden/sisu/README.md): a single person in Helsinki, on
basic-level benefit or earnings-related allowance and then in work. Tolerance 0.01 €: nothing is
rounded on the way, the grid is.
"""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import Person, RuleSide, savings

GRID = Path(__file__).parent / "sisu" / "household_grid_dev.csv.gz"
LINES = {
    "gross_wage_eur_year": (("gross_wage", 1.0),),
    "gross_unemployment_benefit_eur_year": (
        ("earnings_related_allowance", 1.0),
        ("labour_market_subsidy", 1.0),
        ("general_support", 1.0),
    ),
    "employee_tyel_pension_eur_year": (("employee_pension", -1.0),),
    "employee_unemployment_insurance_eur_year": (("employee_unemployment_insurance", -1.0),),
    "daily_allowance_contribution_eur_year": (("daily_allowance_contribution", -1.0),),
    "state_tax_eur_year": (("state_tax", -1.0),),
    "municipal_tax_eur_year": (("municipal_tax", -1.0),),
    "medical_care_contribution_eur_year": (("medical_care_contribution", -1.0),),
    "yle_tax_eur_year": (("broadcasting_tax", -1.0),),
    "housing_allowance_eur_year": (("housing_allowance", 1.0),),
    "basic_social_assistance_eur_year": (("social_assistance", 1.0),),
}


def grid():
    return pd.read_csv(GRID)


def levels(row):
    """Return the participant's year in the ledger: months in work are the last ones."""
    months = np.r_[np.zeros(12 - row.months_employed), np.ones(row.months_employed)]
    outcomes = Outcomes.from_draws(
        months.reshape(1, 1, 1, 12),
        np.zeros((1, 1, 1, 12)),
        measures=[OutcomeMeasure("job", kind="binary", channel="employment")],
        periods=Periods(dt.date(row.year, 1, 1), "month", 12),
        cohort_size=1,
        provenance=Provenance(),
    )
    # In 2024 SISU has Helsinki's ceiling of April from January on: that of the capital region.
    person = Person(
        wage=float(row.wage_eur_month),
        age=30.0,
        benefit="earnings_related" if row.benefit_type == "earnings_related" else "basic_level",
        municipality="helsinki",
        rent=float(row.rent_eur_month),
        municipality_group="capital_region" if row.year == 2024 else "helsinki",
    )
    data = savings(outcomes, RuleSide(persons=(person,))).ledger.dataset
    mine = data["payer"].values == "participant"
    amounts = data["treated"].values[0, 0, mine, 0]
    return dict(zip(data["line"].values[mine].tolist(), amounts.tolist(), strict=True))


@pytest.fixture(scope="module")
def years():
    frame = grid()
    ours = pd.DataFrame([levels(row) for row in frame.itertuples()]).fillna(0.0)
    return frame, ours


def test_the_grid_has_years_of_every_length(years):
    frame, _ = years
    assert frame.benefit_type.value_counts().to_dict() == {"basic": 122, "earnings_related": 118}
    assert set(frame.months_employed) == {0, 3, 6, 9, 12}
    assert set(frame.year) == set(range(2019, 2027))


@pytest.mark.parametrize("column", LINES)
def test_every_year(years, column):
    frame, ours = years
    got = sum(sign * ours[line] for line, sign in LINES[column] if line in ours)
    apart = np.abs(frame[column] - got) > 0.01 + 1e-9
    assert not apart.any(), frame.loc[
        apart, ["year", "benefit_type", "wage_eur_month", "months_employed"]
    ]

"""Agreement with SISU 26.10, Statistics Finland, line by line (see tests/golden/sisu/README.md).

Tolerance 0.01 €: SISU does not round on the way, the grids are rounded to 0.01.
"""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from impactmodel.fiscal.parameters import load_rules
from tests import sisu, sisu_households

SIZES = {
    sisu.taxes: 3379,
    sisu.benefits: 664,
    sisu.allowances: 3248,
    sisu.housing: 8736,
    sisu.employers: 396,
    sisu.assistance: 4224,
    sisu_households.whole_months: 864,
}
SHARE = 0.995


LINES = {
    sisu.taxes: sisu.TAX_LINES,
    sisu.benefits: sisu.BENEFIT_LINES,
    sisu.allowances: sisu.ALLOWANCE_LINES,
    sisu.housing: sisu.HOUSING_LINES,
    sisu.employers: sisu.EMPLOYER_LINES,
    sisu.assistance: sisu.ASSISTANCE_LINES,
    sisu_households.whole_months: sisu_households.WHOLE_LINES,
}
CASES = [
    pytest.param(one, column, id=f"{one.__name__}-{column}")
    for one, columns in LINES.items()
    for column in columns
]


def close(theirs, ours):
    return bool((np.abs(np.asarray(theirs) - np.asarray(ours)) <= sisu.LINE).all())


def test_the_grids_are_whole():
    assert {one: len(one().rows) for one in SIZES} == SIZES
    stated = {"wage_eur_year", "unemployment_benefit_eur_year"}
    columns = {c for c in sisu.taxes().rows if c.endswith("eur_year")}
    assert columns - stated == set(sisu.TAX_LINES)


@pytest.mark.parametrize(("one", "column"), CASES)
def test_every_line(one, column, record_property):
    grid = one()
    kept = ~grid.named_rows(column)
    share = 1.0 - grid.apart(column)[kept].mean()
    record_property("agreement", share)
    record_property("counted_apart", int((~kept).sum()))
    assert share >= SHARE, f"{column}: {share:.2%} of {kept.sum()} cases agree"
    rest = grid.unexplained(column)
    assert not len(rest), f"{column}: {len(rest)} cases have no named reason"


def test_a_missing_result_is_apart():
    rows = pd.DataFrame({"theirs": [1.0, 1.0, 1.0]})
    ours = pd.DataFrame({"mine": [1.0, np.nan, 1.02]})
    grid = sisu.Grid("x", rows, ours, {"theirs": "mine"})
    assert grid.apart("theirs").tolist() == [False, True, True]
    assert len(grid.unexplained("theirs")) == 2


def test_the_municipal_rates_are_those_of_the_grid():
    grid = sisu.taxes()
    assert set(grid.rows.municipality) == {"helsinki", "average"}
    assert np.abs(grid.rows.municipal_rate_pct / 100 - grid.ours.municipal_rate).max() < 1e-12
    assert np.abs(grid.rows.church_rate_pct / 100 - grid.ours.church_rate).max() < 1e-12


def test_the_cases_counted_apart_differ_by_the_disregard_alone():
    grid = sisu.benefits()
    named = grid.named_rows("adjusted_benefit_eur_month")
    theirs = grid.rows.loc[named, "adjusted_benefit_eur_month"]
    wage = grid.rows.loc[named, "part_time_wage_eur_month"]
    shielded = np.minimum(wage, 500) - 300
    assert named.sum() == 18
    assert close(theirs + 0.5 * shielded, grid.ours.loc[named, "monthly_benefit"])
    assert (grid.ours.loc[named, "monthly_benefit"] > theirs + 49).all()


def test_the_allowances_counted_apart_differ_by_the_steps_alone():
    # In law nobody has 40 paid days within a period that began on or after 2 September.
    grid = sisu.allowances()
    rows = grid.rows[grid.named["full_benefit_eur_month"][sisu.STEPS]]
    october = load_rules("fi").at(dt.date(2024, 10, 1))
    found = sisu.allowance_of(october, rows)["full_allowance"]
    assert len(rows) == 229
    assert close(rows.full_benefit_eur_month, found)


def test_the_allowances_of_2021_counted_apart_differ_by_the_disregard_alone():
    # The rules of June 2021 with SISU's disregard of July are those that SISU has.
    grid = sisu.allowances()
    rows = grid.rows[grid.named["adjusted_benefit_eur_month"][sisu.DISREGARD]]
    december = load_rules("fi").at(dt.date(2021, 12, 1))
    found = sisu.allowance_of(december, rows)["monthly_allowance"]
    assert len(rows) == 28
    assert close(rows.adjusted_benefit_eur_month, found)


def test_at_the_disregard_itself_sisu_limits_the_sum_by_the_wage_before():
    """The macro's formula by hand, July 2021: 300 € is below 500 €, and not below 300 €.

    Allowance of a wage of 1,500 €: 33.78 + 0.45 × (66.7395 - 33.78) + 5.30 = 53.9118 a day, so
    1,159.10 a month; limited to (1 - 0.0434) × 1,500 - 300 = 1,134.90.
    """
    rows = pd.DataFrame(
        {
            "previous_wage_eur_month": [1500.0],
            "children": [1],
            "days_paid_before_month": [0.0],
            "part_time_wage_eur_month": [300.0],
        }
    )
    rules = load_rules("fi")
    ours, sisus = (
        float(sisu.allowance_of(rules.at(dt.date(2021, m, 1)), rows)["monthly_allowance"][0])
        for m in (7, 12)
    )
    assert ours == pytest.approx(1159.10, abs=0.005)
    assert sisus == pytest.approx(1134.90, abs=0.005)


def test_helsinki_keeps_its_own_group_to_march_2024():
    # regrouping_in_april_2024 in the README: SISU merges the groups with January.
    frame = sisu.housing().rows
    rows = frame[(frame.year == 2024) & (frame.municipality_group == 1)]
    ours = sisu.housing_of(rows, pd.Series("helsinki", rows.index)).maximum_housing_cost
    early = rows.month < 4
    assert (ours[early] > rows.max_accepted_housing_cost_eur_month[early] + 18).all()
    assert close(rows.max_accepted_housing_cost_eur_month[~early], ours[~early])

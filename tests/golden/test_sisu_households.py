"""Example households through all benefits and taxes, against SISU.

SISU 26.10, Statistics Finland (see tests/golden/sisu/README.md). Tolerance 0.01 € per line: nothing
but the housing allowance is rounded on the way, the grids are; per household 0.10 € a month and
1 € a year.
"""

import pytest

from tests import sisu, sisu_households

NET = ["net_wage", "net_benefit", "housing_allowance", "social_assistance"]


def test_the_grids_are_whole():
    years, months = sisu_households.households()
    assert (len(years.rows), len(years.ours), len(months.ours)) == (240, 240, 2880)


@pytest.mark.parametrize("column", sisu_households.YEAR_LINES)
def test_years(column):
    rest = sisu_households.households()[0].unexplained(column)
    assert not len(rest), rest[sisu_households.HOUSEHOLD]


@pytest.mark.parametrize("column", sisu_households.MONTH_LINES)
def test_months(column):
    rest = sisu_households.households()[1].unexplained(column)
    assert not len(rest), rest[[*sisu_households.HOUSEHOLD, "month"]]


def test_every_household_within_ten_cents_a_month_and_a_euro_a_year():
    years, months = sisu_households.households()
    off = years.rows.disposable_income_eur_year - years.ours.disposable_income
    assert off.abs().max() <= sisu.YEAR
    columns = {result: column for column, result in months.lines.items()}
    theirs = months.rows[[columns[name] for name in NET]].sum(axis=1)
    assert (theirs - months.ours[NET].sum(axis=1)).abs().max() <= sisu.MONTH

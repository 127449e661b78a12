"""Cases beyond SISU's grids: a recomputation from SISU's published rules, not SISU's results.

How they were made is told in tests/golden/sisu/README.md. Tolerance 0.01 €, as for the grids.
"""

import datetime as dt

import pytest

from impactmodel.fiscal.parameters import load_rules
from tests import sisu, sisu_households
from tests.sisu import GRIDS

FOLDER = GRIDS / "recomputed"
ONE = {
    sisu.taxes: (600, sisu.TAX_LINES),
    sisu.benefits: (305, sisu.BENEFIT_LINES),
    sisu.allowances: (295, sisu.ALLOWANCE_LINES),
    sisu.housing: (500, sisu.HOUSING_LINES),
    sisu.employers: (200, sisu.EMPLOYER_LINES),
    sisu.assistance: (400, sisu.ASSISTANCE_LINES),
}
CASES = [
    pytest.param(one, column, id=f"{one.__name__}-{column}")
    for one, (_, lines) in ONE.items()
    for column in lines
]


@pytest.mark.parametrize(("one", "column"), CASES)
def test_every_line(one, column):
    rest = one(FOLDER).unexplained(column)
    assert not len(rest), rest.head()


@pytest.mark.parametrize("column", sisu_households.YEAR_LINES)
def test_household_years(column):
    rest = sisu_households.households(FOLDER)[0].unexplained(column)
    assert not len(rest), rest.head()


@pytest.mark.parametrize("column", sisu_households.MONTH_LINES)
def test_household_months(column):
    rest = sisu_households.households(FOLDER)[1].unexplained(column)
    assert not len(rest), rest.head()


def test_the_cases_are_whole_and_reach_beyond_the_grids():
    assert {one: len(one(FOLDER).rows) for one in ONE} == {one: n for one, (n, _) in ONE.items()}
    every = {(year, month) for year in range(2019, 2027) for month in range(1, 13)}
    for one in (sisu.housing, sisu.employers, sisu.assistance):
        rows = one(FOLDER).rows
        assert set(zip(rows.year, rows.month, strict=True)) == every
    taxed = sisu.taxes(FOLDER).rows
    assert set(taxed.age) >= {15, 17, 18, 52, 53, 62, 63, 64, 65, 67, 68}
    assert set(taxed.children) == {0, 1, 2, 3, 5}
    assert set(sisu.housing(FOLDER).rows.children) == set(range(9))
    assert {40, 41, 170, 171} <= set(sisu.allowances(FOLDER).rows.days_paid_before_month)


def test_wages_stand_on_and_beside_the_limits_of_their_year():
    taxed = sisu.taxes(FOLDER).rows
    for year in range(2019, 2027):
        rules = load_rules("fi").at(dt.date(year, 1, 1))
        limits = {limit for limit, _ in rules.value("state_tax.scale") if limit}
        limits.add(rules.value("contribution.daily_allowance.wage_threshold"))
        wages = set(taxed.wage_eur_year[taxed.year == year])
        near = {w for limit in limits for w in wages if abs(w - limit) <= 1}
        assert near, year


def test_the_rows_apart_by_name_are_few():
    found = {
        one.__name__: int(sum(grid.named_rows(c).any() for c in grid.lines))
        for one in ONE
        for grid in [one(FOLDER)]
    }
    assert {name for name, n in found.items() if n} == {"benefits", "allowances"}

"""Day counts against published examples."""

import datetime as dt

import pytest

from impactmodel.core.errors import InputError
from impactmodel.finance.day_counts import year_fraction

# ISDA (1998), EMU and Market Conventions: Recent Developments: the examples of the memorandum, in
# days of the "actual/actual (historical)" method.
ISDA = [
    ("2003-11-01", "2004-05-01", 61 / 365 + 121 / 366),
    ("1999-02-01", "1999-07-01", 150 / 365),
    ("1999-07-01", "2000-07-01", 184 / 365 + 182 / 366),
    ("2002-08-15", "2003-07-15", 334 / 365),
    ("2003-07-15", "2004-01-15", 170 / 365 + 14 / 366),
    ("1999-07-30", "2000-01-30", 155 / 365 + 29 / 366),
    ("2000-01-30", "2000-06-30", 152 / 366),
]

# A published table of accrual factors for the examples of ISDA's members on 30/360: bond basis,
# actual/360 and actual/365 (Fixed); value.finrmsoft.com, day count conventions, April 2023.
TABLE = [
    ("2006-08-20", "2007-02-20", 0.500000000, 0.511111111, 0.504109589),
    ("2007-02-20", "2007-08-20", 0.500000000, 0.502777778, 0.495890411),
    ("2008-02-20", "2008-08-20", 0.500000000, 0.505555556, 0.498630137),
    ("2006-02-28", "2006-08-31", 0.508333333, 0.511111111, 0.504109589),
    ("2006-08-31", "2007-02-28", 0.494444444, 0.502777778, 0.495890411),
    ("2007-02-28", "2007-08-31", 0.508333333, 0.511111111, 0.504109589),
]


def day(text):
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(("start", "end", "years"), ISDA)
def test_actual_actual(start, end, years):
    assert year_fraction(day(start), day(end), "act/act") == pytest.approx(years, abs=1e-15)


@pytest.mark.parametrize(("start", "end", "bond", "over_360", "over_365"), TABLE)
def test_published_table(start, end, bond, over_360, over_365):
    # Published to nine decimals.
    for convention, years in (("30/360", bond), ("act/360", over_360), ("act/365", over_365)):
        assert year_fraction(day(start), day(end), convention) == pytest.approx(years, abs=6e-10)


def test_thirty_firsts_of_the_two_methods():
    # The end is a 30th in both where the start is one; otherwise in the European method alone.
    span = day("2007-01-15"), day("2007-01-31")
    assert year_fraction(*span, "30/360") * 360 == pytest.approx(16)
    assert year_fraction(*span, "30e/360") * 360 == pytest.approx(15)
    span = day("2006-08-31"), day("2007-01-31")
    assert year_fraction(*span, "30/360") == year_fraction(*span, "30e/360")
    assert year_fraction(*span, "30/360") * 360 == pytest.approx(150)


def test_bad_spans_are_refused():
    with pytest.raises(InputError, match="ends before it starts"):
        year_fraction(day("2024-01-02"), day("2024-01-01"))
    with pytest.raises(InputError, match="unknown day count"):
        year_fraction(day("2024-01-01"), day("2024-01-02"), "act/364")

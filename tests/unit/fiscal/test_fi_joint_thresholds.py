"""Thresholds that several values make together: each at plus and minus one, on every day of change.

Where they stand is worked out from the statutes' formulas by hand, not read from a rule.
"""

import datetime as dt
import math

import numpy as np
import pytest

from impactmodel.fiscal.parameters import load_rules

RULES = load_rules("fi")
DAYS = 21.5


def days_of(*names):
    """Every day on which one of the values changes, and the day before it."""
    found = {value.valid_from for name in names for value in RULES.parameters[name].values}
    first, _ = RULES.covered[names[0]]
    before = {day - dt.timedelta(days=1) for day in found if day > first}
    return sorted({max(day, first) for day in found} | before)


def daily(day, wage, children=0, before=0.0, **given):
    found = RULES.at(day).compute(
        {
            "previous_wage": wage,
            "children_under_18": children,
            "month_share": 1 / DAYS,
            "allowance_days_before": before,
            "allowance_steps": 1,
            "part_time_wage": 0,
            **given,
        },
        "earnings_related_allowance",
    )
    return np.asarray(found["daily_allowance"])


ALLOWANCE = days_of(
    "benefit.basic_daily_amount", "earnings_related.wage_deduction", "benefit.child_increment"
)


def limits(day, children):
    """Return daily wages: end of the least allowance, end of the limit of 90 %, the bend."""
    rules = RULES.at(day)
    basic = rules.value("benefit.basic_daily_amount")
    increments = dict(rules.value("benefit.child_increment") or ((0.0, 0.0),))
    child = increments.get(float(children), 0.0)
    return (basic + child) / 0.9, (0.55 * basic + child) / 0.45, 95 * basic / DAYS


def least_end(day):
    """Return the daily wage from which b + k + 0.45 (w - b) is more than b + k: b itself."""
    return RULES.at(day).value("benefit.basic_daily_amount")


@pytest.mark.parametrize("children", [0, 1, 3])
@pytest.mark.parametrize("day", ALLOWANCE)
def test_slope_of_the_allowance_changes_at_its_three_limits(day, children):
    kept = 1 - RULES.at(day).value("earnings_related.wage_deduction")
    least, most, bend = limits(day, children)
    # Without increments the limit of 90 % ends before or where the least allowance does.
    slopes = [0.0, 0.9, 0.45, 0.20] if most > least else [0.0, 0.45, 0.20]
    ends = [least, most, bend] if most > least else [least_end(day), bend]
    for end, below, above in zip(ends, slopes, slopes[1:], strict=False):
        euros = end * DAYS / kept
        got = daily(day, euros + np.array([-1.0, 0.0, 1.0]), children)
        assert np.diff(got) * DAYS / kept == pytest.approx([below, above], abs=1e-7)


@pytest.mark.parametrize("day", [dt.date(2024, 9, 2), dt.date(2025, 6, 1), dt.date(2026, 5, 1)])
def test_steps_of_one_day(day):
    """Laws of 2024: 80 % after 40 paid days, 75 % after 170."""
    before = np.array([39.0, 40, 41, 169, 170, 171])
    got = daily(day, 3000.0, before=before) / daily(day, 3000.0, allowance_steps=0)
    assert got == pytest.approx([1, 0.8, 0.8, 0.8, 0.75, 0.75], abs=1e-12)


def test_nobody_is_stepped_the_day_before():
    got = daily(dt.date(2024, 9, 1), 3000.0, before=np.array([0.0, 40, 170, 400]))
    assert np.ptp(got) == 0


OWN_SHARE = days_of(
    *(f"housing_allowance.own_share.{part}" for part in ("rate", "household", "adult", "child"))
)


@pytest.mark.parametrize("household", [(1, 0), (1, 1), (2, 0), (2, 3)])
@pytest.mark.parametrize("day", OWN_SHARE)
def test_own_share_begins_with_the_first_euro_that_makes_ten(day, household):
    rules, (adults, children) = RULES.at(day), household
    rate, base, adult, child = (
        rules.value(f"housing_allowance.own_share.{part}")
        for part in ("rate", "household", "adult", "child")
    )
    limit = base + adult * adults + child * children
    first = limit + math.ceil(10 / rate)
    got = rules.compute(
        {
            "adults": adults,
            "children_under_18": children,
            "housing_allowance_income": first + np.array([-1.0, 0.0, 1.0]),
        },
        "housing_allowance",
        only=["own_share"],
    )["own_share"]
    step = first - limit
    # The share is rounded to cents.
    assert got == pytest.approx([0.0, rate * step, rate * (step + 1)], abs=0.005)


SHARES = days_of(
    "social_assistance.child_under_10_share",
    "social_assistance.child_10_to_17_share",
    "social_assistance.further_child_reduction",
    "social_assistance.basic_amount",
)


@pytest.mark.parametrize("day", SHARES)
def test_every_further_child_takes_its_reduction(day):
    """Basic amount, section 9: 5 % from the second child, 10 % from the third and each further."""
    rules, count = RULES.at(day), np.arange(7.0)
    share = rules.value("social_assistance.child_under_10_share")
    got = rules.compute(
        {"adults": 2, "children_10_to_17": 0, "children_under_10": count},
        "social_assistance",
        only=["social_assistance_norm"],
    )["social_assistance_norm"] / rules.value("social_assistance.basic_amount")
    reduced = np.array([0.0, 0.0, 0.05, 0.15, 0.25, 0.35, 0.45])
    assert got - got[0] == pytest.approx(share * count - reduced, abs=1e-12)


@pytest.mark.parametrize("day", SHARES)
def test_assistance_ends_with_the_euro_that_covers_the_norm(day):
    rules = RULES.at(day)
    norm = rules.value("social_assistance.basic_amount") + 500
    got = rules.compute(
        {
            "adults": 1,
            "children_10_to_17": 0,
            "children_under_10": 0,
            "net_wage": 0,
            "spouse_net_wage": 0,
            "other_net_income": norm + np.array([-1.0, 0.0, 1.0]),
            "housing_cost": 500,
        },
        "social_assistance",
    )["social_assistance"]
    assert got == pytest.approx([1.0, 0.0, 0.0], abs=1e-9)


@pytest.mark.parametrize(
    ("wage", "rent", "income", "cost"),
    [
        # 300.00 of 299.995 are left out: 801.495 is left; nothing of a wage in cents is.
        (299.995, 600.005, 801, 600.01),
        (299.99, 600.004, 802, 600.0),
        (300.0, 600.0, 802, 600.0),
    ],
)
def test_wages_and_rent_of_housing_allowance_are_in_cents(wage, rent, income, cost):
    """Macros As2015PerusomavastuuS and As2015AsumismenoVuokraAsuntoS round both to cents, 2023."""
    found = RULES.at(dt.date(2023, 1, 1)).compute(
        {
            "adults": 1,
            "children_under_18": 3,
            "municipality_group": "helsinki",
            "rent": rent,
            "gross_wage": wage,
            "spouse_gross_wage": 0,
            "other_gross_income": 801.5,
            "wealth": 0,
        },
        "housing_allowance",
    )
    assert float(found["housing_allowance_income"]) == income
    assert float(found["accepted_housing_cost"]) == pytest.approx(cost, abs=1e-9)

"""Business days against published calendars, and payments that wait for them."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.calendars import (
    add_business_days,
    adjusted,
    easter,
    holidays,
    is_business_day,
)
from impactmodel.core.errors import InputError
from impactmodel.finance import (
    FundingStructure,
    IrrCap,
    PaymentTerms,
    Senior,
    ServiceCosts,
    cashflows,
    irr,
)
from tests.unit.finance.given import paid

# Published dates of Easter Sunday, the earliest and latest of their decades among them.
EASTERS = ["2000-04-23", "2008-03-23", "2011-04-24", "2024-03-31", "2025-04-20", "2038-04-25"]


@pytest.mark.parametrize("sunday", EASTERS)
def test_easter(sunday):
    day = dt.date.fromisoformat(sunday)
    assert easter(day.year) == day


def test_target_closing_days():
    # European Central Bank: TARGET closing days of 2024, weekends aside.
    published = ["01-01", "03-29", "04-01", "05-01", "12-25", "12-26"]
    assert holidays(2024, "target") == {dt.date.fromisoformat(f"2024-{d}") for d in published}


@pytest.mark.parametrize(
    ("year", "days"),
    [
        # The Finnish almanac: public holidays on weekdays, with Midsummer Eve and Christmas Eve.
        (2024, "01-01 03-29 04-01 05-01 05-09 06-21 12-06 12-24 12-25 12-26"),
        (2026, "01-01 01-06 04-03 04-06 05-01 05-14 06-19 12-24 12-25"),
    ],
)
def test_finnish_bank_holidays(year, days):
    closed = {d for d in holidays(year, "finland") if d.weekday() < 5}
    assert closed == {dt.date.fromisoformat(f"{year}-{d}") for d in days.split()}


def test_moving_to_a_business_day():
    saturday = dt.date(2024, 3, 30)
    assert adjusted(saturday, "target", "following") == dt.date(2024, 4, 2)
    assert adjusted(saturday, "target", "preceding") == dt.date(2024, 3, 28)
    assert adjusted(saturday, "target") == dt.date(2024, 3, 28)
    assert adjusted(saturday, "none") == saturday
    assert adjusted(saturday, "weekends", "following") == dt.date(2024, 4, 1)
    assert add_business_days(saturday, 0, "target") == dt.date(2024, 4, 2)
    assert not is_business_day(dt.date(2024, 6, 21), "finland")
    with pytest.raises(InputError, match="the calendar 'target' is known from 2000"):
        holidays(1999, "target")
    with pytest.raises(InputError, match="unknown roll"):
        adjusted(saturday, "target", "back")


def fund(terms):
    return FundingStructure(
        "F",
        "USD",
        dt.date(2024, 1, 1),
        Senior(1000.0, IrrCap(0.1)),
        service_costs=ServiceCosts(set_up=1000.0),
        surplus_to="city",
        payment_terms=terms,
    )


def test_payments_wait_for_their_lag_and_for_business_days():
    due = paid(dt.date(2024, 3, 28), 2000.0)
    at_once = cashflows(fund(PaymentTerms()), due)
    # Due on 28 March, received on the next of the fund's days.
    assert at_once.dates[-1] == dt.date(2024, 4, 1)
    late = cashflows(fund(PaymentTerms(lag_days=30, calendar="target")), due)
    # 1 January 2024 is a holiday; the 30th business day after 28 March is 14 May.
    assert late.dates[0] == dt.date(2024, 1, 2)
    assert add_business_days(dt.date(2024, 3, 28), 30, "target") == dt.date(2024, 5, 14)
    assert late.dates[-1] == dt.date(2024, 6, 3)
    assert np.flatnonzero(late.investor[0]).tolist() == [0, 5]


@pytest.mark.parametrize("count", ["act/365", "act/360", "30/360", "30e/360", "act/act"])
def test_what_a_cap_accrues_follows_the_day_count(count):
    flows = cashflows(fund(PaymentTerms(day_count=count)), paid(dt.date(2025, 1, 1), 2000.0))
    # 2024 has 366 days, and is one year by 30/360 and act/act.
    years = {"act/365": 366 / 365, "act/360": 366 / 360}.get(count, 1.0)
    assert flows.investor[0, -1] == pytest.approx(1000 * 1.1**years, abs=1e-8)
    if count == "act/365":
        assert irr(flows.investor, flows.dates).rate[0] == pytest.approx(0.1, abs=1e-12)

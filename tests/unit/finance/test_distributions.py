"""A distribution calendar, and interest on the cash that waits for it, by hand."""

import datetime as dt
import itertools

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from impactmodel.finance import (
    Distributions,
    Fees,
    FundingStructure,
    IdleCash,
    Recycling,
    Senior,
    ServiceCosts,
    cashflows,
)
from tests.unit.finance.given import Given

START = dt.date(2023, 1, 1)


def rows(*amounts):
    return Given(tuple((day, "city", np.array([a])) for day, a in amounts), 1)


def fund(**more):
    more.setdefault("service_costs", ServiceCosts(set_up=100.0))
    return FundingStructure("F", "USD", START, Senior(1000.0), **more)


def distributed(flows):
    out = flows.ladder.paid_out["investors"][0]
    return {flows.dates[k]: round(float(out[k]), 9) for k in np.flatnonzero(out)}


TWO = (dt.date(2023, 3, 1), 300.0), (dt.date(2023, 8, 15), 500.0)


def test_every_month_by_default():
    found = distributed(cashflows(fund(), rows(*TWO)))
    assert found == {dt.date(2023, 3, 1): 300.0, dt.date(2023, 9, 1): 500.0}


@pytest.mark.parametrize(
    ("calendar", "days"),
    [
        (Distributions(months=(6, 9)), {(2023, 6): 300.0, (2023, 9): 500.0}),
        (Distributions(dates=(dt.date(2023, 4, 2),)), {(2023, 5): 300.0, (2023, 9): 500.0}),
        (Distributions(months=(12,)), {(2023, 9): 800.0}),
    ],
)
def test_cash_waits_for_the_calendar_and_the_last_month_pays_the_rest(calendar, days):
    flows = cashflows(fund(distributions=calendar), rows(*TWO))
    # The last payment comes on 1 September: the fund's last day.
    assert distributed(flows) == {dt.date(*day, 1): amount for day, amount in days.items()}
    assert flows.ladder.values["cash"][0, -1] == 0
    assert np.abs(flows.flows.values.sum(axis=2)).max() < 1e-9


def test_cash_that_waits_pays_bills_before_more_is_drawn():
    plan = {"service_costs": ServiceCosts(fixed_per_month=10.0, fixed_months=6)}
    early = rows((dt.date(2023, 2, 1), 25.0), (dt.date(2023, 12, 1), 500.0))
    held = cashflows(fund(**plan, distributions=Distributions(months=(12,))), early)
    assert held.ladder.paid_in["investors"][0].sum() == pytest.approx(10 + 60 - 10 - 25)
    gated = fund(**plan, distributions=Distributions(months=(12,)), recycling=Recycling(limit=0.0))
    assert cashflows(gated, early).ladder.paid_in["investors"][0].sum() == pytest.approx(60.0)


def test_interest_is_credited_each_month_and_has_its_own_line():
    structure = fund(
        distributions=Distributions(months=(9,)), idle_cash=IdleCash(0.04, "house_bank")
    )
    flows = cashflows(structure, rows(*TWO))
    days = [dt.date(2023, m, 1) for m in range(3, 10)]
    grown = 300.0
    for before, day in itertools.pairwise(days):
        grown *= 1 + 0.04 * (day - before).days / 365
    assert distributed(flows) == {dt.date(2023, 9, 1): pytest.approx(grown + 500.0)}
    assert flows.of("house_bank").sum() == pytest.approx(300.0 - grown)
    assert flows.ladder.values["interest"].sum() == pytest.approx(grown - 300.0)
    assert np.abs(flows.flows.values.sum(axis=2)).max() < 1e-9
    assert "interest" in flows.table(0).columns


def test_interest_pays_bills_like_other_cash():
    terms = {"fees": Fees(management_per_month=1.0), "distributions": Distributions(months=(12,))}
    plain = cashflows(fund(**terms), rows(*TWO))
    more = cashflows(fund(**terms, idle_cash=IdleCash(0.1)), rows(*TWO))
    gain = more.of("investors").sum() - plain.of("investors").sum()
    assert gain == pytest.approx(more.ladder.values["interest"].sum())
    assert gain > 10


def test_yaml_and_what_is_refused():
    for stated in (Distributions((6, 12), (dt.date(2024, 1, 31),)), IdleCash(0.02)):
        assert load(type(stated), dump(stated)) == stated
    with pytest.raises(InputError, match=r"months\[1\]: a month is 1 to 12 .seen: 13"):
        Distributions(months=(6, 13))
    with pytest.raises(InputError, match=r"rate: interest on cash is a rate above 0 .seen: 2"):
        IdleCash(2.0)
    with pytest.raises(InputError, match="payer: somebody pays the interest"):
        IdleCash(0.02, " ")

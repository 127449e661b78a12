"""Tornado, two-way table and scenarios on a fund whose answers are known by hand."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.finance import (
    FundingStructure,
    Junior,
    Senior,
    ServiceCosts,
    cashflows,
    changed,
    returns,
    scenarios,
    tornado,
    two_way,
)
from tests.unit.finance.given import paid

FUND = FundingStructure(
    "F",
    "USD",
    dt.date(2024, 1, 1),
    Senior(900.0),
    (Junior(100.0, 0.0),),
    service_costs=ServiceCosts(set_up=500.0),
)


def gain(changes):
    fund = changed(FUND, {k: v for k, v in changes.items() if k != "paid"})
    amounts = np.array([400.0, 800.0]) * changes.get("paid", 1.0)
    return returns(cashflows(fund, paid(dt.date(2025, 1, 1), *amounts))).gain


def test_tornado_orders_swings_and_keeps_draws():
    found = tornado(gain, {"service_costs.set_up": (400.0, 600.0), "paid": (0.5, 1.5)})
    # Senior 90 % of the costs; it is repaid first, then the junior's 10 %, the rest is its own.
    assert found.base.tolist() == pytest.approx([-50.0, 300.0])
    assert [s.name for s in found.swings] == ["paid", "service_costs.set_up"]
    paid_less, paid_more = found.swings[0].at_low, found.swings[0].at_high
    assert paid_less.tolist() == pytest.approx([-250.0, -50.0])
    assert paid_more.tolist() == pytest.approx([100.0, 700.0])
    assert found.swings[1].at_low.tolist() == pytest.approx([0.0, 400.0])


def test_two_way_table_and_scenarios_agree():
    table = two_way(gain, ("paid", [0.5, 1.5]), ("service_costs.set_up", [400.0, 600.0]))
    assert table.draws.shape == (2, 2, 2)
    named = {"a": {"paid": 1.5, "service_costs.set_up": 600.0}, "as stated": {}}
    found = scenarios(gain, named)
    np.testing.assert_array_equal(found["a"], table.draws[1, 1])
    np.testing.assert_array_equal(found["as stated"], gain({}))


def test_changes_reach_lists_and_are_checked():
    assert changed(FUND, {"subordinate.0.commitment": 200.0}).subordinate[0].commitment == 200.0
    with pytest.raises(InputError, match=r"service_costs.setup: nothing .* did you mean 'set_up'"):
        changed(FUND, {"service_costs.setup": 1.0})
    with pytest.raises(InputError, match="a commitment is above 0"):
        changed(FUND, {"senior.commitment": -1.0})
    with pytest.raises(InputError, match="nothing is found at this path"):
        changed(FUND, {"subordinate.3.commitment": 1.0})


def test_a_measure_that_may_not_exist_is_refused():
    with pytest.raises(InputError, match=r"x: the measure is not a number .*50.0% of draws"):
        tornado(lambda _: np.array([0.1, np.nan]), {"x": (0.0, 1.0)})
    with pytest.raises(InputError, match="nothing is varied"):
        tornado(gain, {})

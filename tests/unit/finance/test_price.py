"""Prices: the closed form, chances of loss, payers' values, and what no price can do."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.finance import (
    FundingStructure,
    Junior,
    PayerValue,
    Senior,
    ServiceCosts,
    TargetIRR,
    TargetLossProbability,
    cashflows,
    linear_price,
    returns,
    solve,
)
from tests.unit.finance.given import paid

START, DUE = dt.date(2024, 1, 1), dt.date(2025, 1, 1)
YEARS = (DUE - START).days / 365
PEOPLE = np.array([50.0, 100.0, 150.0])


def flows_at(quantity, most=np.inf, cap=None, junior=()):
    size = 1000.0 - sum(t.commitment for t in junior)
    fund = FundingStructure(
        "F",
        "USD",
        START,
        Senior(size, cap),
        junior,
        service_costs=ServiceCosts(set_up=1000.0),
        surplus_to="city",
    )
    return lambda price: cashflows(fund, paid(DUE, *np.minimum(price * quantity, most)))


@pytest.mark.parametrize("start", [1.0, 10.0, 400.0])
def test_price_for_a_rate_is_the_closed_form(start):
    solved = solve(flows_at(PEOPLE), TargetIRR(0.05), start=start)
    assert solved.price == pytest.approx(1000 * 1.05**YEARS / 100, rel=1e-9)
    assert solved.achieved == pytest.approx(0.0, abs=1e-6)
    # Linear in the price: nothing, the start, and the answer.
    assert solved.evaluations == 3


def test_price_under_a_cap_on_payments():
    # At most 1,500 is paid: (50 p + 100 p + 1500) / 3 = 1000 * 1.05^years, if 150 p > 1500.
    solved = solve(flows_at(PEOPLE, most=1500.0), TargetIRR(0.05))
    assert solved.price == pytest.approx((3000 * 1.05**YEARS - 1500) / 150, rel=1e-9)


def test_price_for_the_median_and_for_a_junior_tranche():
    solved = solve(flows_at(PEOPLE), TargetIRR(0.08, "median_irr"))
    assert solved.price == pytest.approx(1000 * 1.08**YEARS / 100, rel=1e-8)
    assert solved.achieved == pytest.approx(0.08, abs=1e-9)
    at = flows_at(np.array([100.0]), cap=0.04, junior=(Junior(400.0),))
    solved = solve(at, TargetIRR(0.1, tranche="junior"))
    due = 600 * 1.04**YEARS + 400 * 1.1**YEARS
    assert solved.price == pytest.approx(due / 100, rel=1e-9)


def test_price_for_a_probability_of_loss():
    # 20 is the price at which the worst of three draws is whole; 10 for at most one loser.
    assert solve(flows_at(PEOPLE), TargetLossProbability(0.0)).price == pytest.approx(
        20.0, rel=1e-5
    )
    solved = solve(flows_at(PEOPLE), TargetLossProbability(0.4))
    assert solved.price == pytest.approx(10.0, rel=1e-5)
    assert solved.achieved == pytest.approx(1 / 3)
    assert returns(flows_at(PEOPLE)(solved.price)).probability_of_loss == pytest.approx(1 / 3)


def test_price_that_is_worth_its_money_to_the_payer():
    value = np.array([600.0, 900.0, 3000.0])
    # The mean value of 1,500 buys 100 people on average; discounted payments are cheaper.
    assert solve(flows_at(PEOPLE), PayerValue(value, "city")).price == pytest.approx(15.0)
    later = solve(flows_at(PEOPLE), PayerValue(value, "city", discount_rate=0.05))
    assert later.price == pytest.approx(15.0 * 1.05**YEARS, rel=1e-9)
    # By draw the most that is worth it is 12, 9 and 20.
    for probability, most in ((0.0, 9.0), (0.4, 12.0), (0.7, 20.0)):
        solved = solve(flows_at(PEOPLE), PayerValue(value, "city", probability=probability))
        assert solved.price == pytest.approx(most, rel=1e-4)
        assert solved.achieved <= probability


def test_what_no_price_can_do_is_refused():
    with pytest.raises(InputError, match="no price up to 1,000,000,000 meets the target"):
        solve(flows_at(np.zeros(3)), TargetIRR(0.05))
    with pytest.raises(InputError, match="no price up to"):
        solve(flows_at(PEOPLE, most=900.0), TargetIRR(0.05))
    with pytest.raises(InputError, match="does not leave the payer its value"):
        solve(flows_at(PEOPLE), PayerValue(np.full(3, -1.0), "city"))
    with pytest.raises(InputError, match="party: no such party"):
        solve(flows_at(PEOPLE), PayerValue(np.ones(3), "state"))
    with pytest.raises(InputError, match="probability: a probability lies in"):
        TargetLossProbability(5.0)


def test_linear_price_against_bisection_of_each_rate():
    rng = np.random.default_rng(2)
    days = [START, dt.date(2024, 7, 1), DUE, dt.date(2026, 1, 1)]
    fixed = -rng.uniform(50, 100, (40, 4))
    per_unit = rng.uniform(0, 10, (40, 4))
    price = linear_price(fixed, per_unit, days, 0.07)
    years = np.array([(d - START).days / 365 for d in days])
    assert ((fixed + price * per_unit) @ 1.07**-years).mean() == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(InputError, match="brings investors nothing"):
        linear_price(fixed, 0 * per_unit, days, 0.07)

"""Returns of tranches: modified rates, tails, several roots."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.finance import (
    Fees,
    FundingStructure,
    Junior,
    PrincipalGuarantee,
    Recycling,
    Senior,
    ServiceCosts,
    cashflows,
    cvar,
    mirr,
    returns,
)
from tests.unit.finance.given import paid

START = dt.date(2023, 1, 1)


def test_modified_rate_of_the_published_example():
    # The example on Microsoft's page of the function MIRR: financed at 10 %, after five years
    # 12.61 % where receipts are reinvested at 12 % and 13.48 % at 14 %.
    flow = [-120_000.0, 39_000.0, 30_000.0, 21_000.0, 37_000.0, 46_000.0]
    rates = {"finance_rate": 0.10, "reinvestment_rate": 0.12}
    assert mirr(flow, **rates)[0] == pytest.approx(0.1261, abs=5e-5)
    assert mirr(flow, finance_rate=0.1, reinvestment_rate=0.14)[0] == pytest.approx(
        0.1348, abs=5e-5
    )


def test_modified_rate_of_a_single_receipt_is_its_rate():
    days = [dt.date(2023, 1, 1), dt.date(2025, 12, 31)]
    assert mirr([-100.0, 121.0], days, finance_rate=0.5, reinvestment_rate=0.9)[0] == (
        pytest.approx(1.21 ** (1 / 3) - 1, abs=1e-12)
    )
    assert mirr([-100.0, 0.0], finance_rate=0, reinvestment_rate=0)[0] == -1.0
    assert np.isnan(mirr([100.0, 5.0], finance_rate=0, reinvestment_rate=0)[0])
    with pytest.raises(InputError, match="finance_rate: a rate is above -100 %"):
        mirr([1.0, 2.0], finance_rate=-1, reinvestment_rate=0)
    with pytest.raises(InputError, match="needs a span of time"):
        mirr([1.0], finance_rate=0, reinvestment_rate=0)


def test_tail_of_a_normal_distribution():
    # The closed form: pdf(z) / (1 - level) standard deviations, z the quantile: 2.0627 at 95 %.
    draws = np.random.default_rng(1).normal(0, 1, 400_000)
    # Standard error of the tail mean of 20,000 draws: about .004.
    assert cvar(draws, 0.95) == pytest.approx(2.0627, abs=0.015)
    assert cvar(-np.arange(100.0), 0.95) == pytest.approx(97.0)
    assert cvar([3.0], 0.0) == -3.0
    with pytest.raises(InputError, match="level"):
        cvar([1.0], 1.0)


def test_returns_of_each_tranche():
    fund = FundingStructure(
        "F",
        "USD",
        START,
        Senior(600.0, 0.05),
        (Junior(400.0, 0.10),),
        service_costs=ServiceCosts(set_up=1000.0),
        guarantees=(PrincipalGuarantee(50.0, tranche="junior"),),
        surplus_to="city",
    )
    flows = cashflows(fund, paid(dt.date(2024, 1, 1), 2000.0, 1000.0, 630.0, 0.0))
    senior, junior = returns(flows), returns(flows, "junior")
    # By hand: one year of 365 days; 630 to the senior first, then up to 440 to the junior.
    assert senior.irr == pytest.approx([0.05, 0.05, 0.05, -1.0], abs=1e-12)
    assert junior.gain == pytest.approx([40.0, 370.0 + 30.0 - 400.0, -350.0, -350.0])
    assert junior.irr[2] == pytest.approx(-0.875)
    assert junior.tranche == "junior"
    assert senior.trough == pytest.approx([600.0] * 4)
    assert senior.summary()["cvar"]["npv"] == pytest.approx(600.0)
    assert flows.of("guarantor").sum(axis=1) == pytest.approx([0.0, -30.0, -50.0, -50.0])
    with pytest.raises(InputError, match="no tranche has this name"):
        returns(flows, "mezzanine")


def test_all_rates_of_a_draw_with_several():
    fund = FundingStructure(
        "F",
        "USD",
        START,
        Senior(1000.0),
        service_costs=ServiceCosts(set_up=100.0, fixed_months=24),
        fees=Fees(evaluation=132.0),
        recycling=Recycling(limit=0.0),
    )
    result = returns(cashflows(fund, paid(dt.date(2024, 1, 1), 230.0, 90.0)))
    assert result.n_roots.tolist() == [2, 0]
    assert np.isnan(result.irr[0])
    assert result.irr[1] == -1.0 or np.isnan(result.irr[1])
    # 731 days to the last flow: each rate solves -100 + 230 v - 132 v^(731/365) = 0.
    low, high = result.several[0]
    for rate in (low, high):
        assert 230 / (1 + rate) - 132 / (1 + rate) ** (731 / 365) == pytest.approx(100, abs=1e-6)
    assert (low < 0.12, high > 0.18) == (True, True)
    assert result.summary()["irr"]["p_multiple"] == 0.5

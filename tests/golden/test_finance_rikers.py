"""Rikers Island (ABLE): the published returns, and what happened.

Source: City of New York, fact sheet on the ABLE social impact bond, August 2012: a loan of 9.6 M
over four years; returns published to 0.1 points. Actual: terminated after year 3, 7.2 M drawn,
guarantee of 6.0 M, no effect.
"""

import datetime as dt

import numpy as np
import pytest

from impactmodel.finance import (
    FundingStructure,
    PrincipalGuarantee,
    Senior,
    ServiceCosts,
    cashflows,
    irr,
)
from impactmodel.finance import returns as returns_of
from tests.unit.finance.given import paid

PUBLISHED = [(11.712, 5.1), (10.944, 3.3), (10.368, 1.9), (10.176, 1.5), (10.08, 1.2), (9.6, 0.0)]


@pytest.mark.parametrize(("payment", "published"), PUBLISHED)
def test_published_returns(payment, published):
    rate = irr([[-9.6, 0, 0, 0, payment]]).rate[0] * 100
    # The closed form of one payment after four years, and the published rounding.
    assert rate == pytest.approx(((payment / 9.6) ** 0.25 - 1) * 100, abs=1e-9)
    assert round(rate, 1) == published


def fund(**more):
    return FundingStructure(
        "ABLE",
        "USD",
        dt.date(2012, 9, 1),
        Senior(9_600_000.0),
        service_costs=ServiceCosts(fixed_per_month=200_000.0, fixed_months=48),
        **more,
    )


def test_actual_loss():
    structure = fund(
        guarantees=(PrincipalGuarantee(6_000_000.0, "foundation"),), termination=dt.date(2015, 9, 1)
    )
    flows = cashflows(structure, paid(dt.date(2015, 9, 1), 0.0))
    assert -flows.of("city").sum() == 0.0
    assert flows.ladder.paid_in["investors"].sum() == pytest.approx(7_200_000.0)
    assert flows.of("foundation").sum() == pytest.approx(-6_000_000.0)
    assert returns_of(flows).gain[0] == pytest.approx(-1_200_000.0)


def test_full_payment_repays_the_loan_with_its_return():
    flows = cashflows(fund(), paid(dt.date(2016, 9, 1), 11_712_000.0, 9_600_000.0, 0.0))
    result = returns_of(flows)
    assert result.gain.tolist() == pytest.approx([2_112_000.0, 0.0, -9_600_000.0])
    assert result.irr[2] == -1.0
    assert result.moic.tolist() == pytest.approx([1.22, 1.0, 0.0])
    assert np.abs(flows.flows.sum("party")).max() < 1e-6

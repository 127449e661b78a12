"""Tranches, caps, guarantees, bonuses and limits, each by hand; YAML keys and their errors."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from impactmodel.finance import (
    Bonus,
    CostGuarantee,
    Deferred,
    Drawdown,
    FirstLoss,
    FundingStructure,
    Grant,
    IrrCap,
    Junior,
    MultipleCap,
    PrincipalGuarantee,
    RecyclableGrant,
    Recycling,
    Senior,
    ServiceCosts,
    SimpleCap,
    cashflows,
)
from tests.unit.finance.given import paid

START, DUE = dt.date(2023, 1, 1), dt.date(2025, 1, 1)
YEARS = 731 / 365


def fund(*subordinate, senior=None, costs=1000.0, **more):
    return FundingStructure(
        "F",
        "USD",
        START,
        senior or Senior(600.0, 0.0),
        subordinate,
        service_costs=ServiceCosts(set_up=costs),
        surplus_to="city",
        **more,
    )


def net(structure, party, *amounts, day=DUE):
    return cashflows(structure, paid(day, *amounts)).of(party).sum(axis=1).tolist()


@pytest.mark.parametrize(
    ("cap", "most"),
    [
        (0.05, 1000 * 1.05**YEARS),
        (IrrCap(0.05), 1000 * 1.05**YEARS),
        (SimpleCap(0.05), 1000 * (1 + 0.05 * YEARS)),
        (MultipleCap(1.3), 1300.0),
        (None, 5000.0),
    ],
)
def test_caps(cap, most):
    structure = fund(senior=Senior(1000.0, cap))
    assert net(structure, "investors", 5000.0) == pytest.approx([most - 1000.0])
    assert net(structure, "city", 5000.0) == pytest.approx([-most])


def test_simple_interest_falls_with_the_principal():
    structure = fund(senior=Senior(1000.0, SimpleCap(0.10)))
    day = dt.date(2024, 1, 1)
    half = [(day, "city", np.array([600.0])), (dt.date(2024, 12, 31), "city", np.array([5000.0]))]
    due = paid(day, 0.0)
    flows = cashflows(structure, type(due)(tuple(half), 1))
    # 100 of interest and 500 of principal are paid; 500 then bear 10 % for the second year, paid
    # on the first of the fund's days after it, one day later.
    assert flows.investor.sum() == pytest.approx(600 + 500 + 50 * 366 / 365 - 1000)


def test_order_of_repayment_and_first_loss():
    parts = (FirstLoss(100.0), Junior(200.0, 0.0), RecyclableGrant(100.0))
    structure = fund(*parts)
    flows = cashflows(structure, paid(DUE, 650.0, 850.0, 950.0, 2000.0))
    repaid = {name: out.sum(axis=1) for name, out in flows.ladder.paid_out.items()}
    assert repaid["investors"] == pytest.approx([600.0, 600.0, 600.0, 600.0])
    assert repaid["junior"] == pytest.approx([50.0, 200.0, 200.0, 200.0])
    assert repaid["recyclable_grant"] == pytest.approx([0.0, 50.0, 100.0, 100.0])
    assert repaid["first_loss"] == pytest.approx([0.0, 0.0, 50.0, 100.0])


def test_order_of_drawing():
    parts = (Junior(300.0, 0.0), FirstLoss(100.0), Grant(50.0))
    drawn = {}
    for order in ("pro_rata", "junior_first"):
        flows = cashflows(fund(*parts, costs=500.0, drawdown=Drawdown(order=order)), paid(DUE, 0.0))
        drawn[order] = {name: paid_in.sum() for name, paid_in in flows.ladder.paid_in.items()}
    # The grant, then the first loss; 350 are left, 600 to 300 or the junior first.
    assert drawn["pro_rata"] == pytest.approx(
        {"investors": 700 / 3, "junior": 350 / 3, "first_loss": 100.0, "grant": 50.0}
    )
    assert drawn["junior_first"] == pytest.approx(
        {"investors": 50.0, "junior": 300.0, "first_loss": 100.0, "grant": 50.0}
    )


def test_principal_first_pays_the_junior_before_the_senior_s_return():
    parts = {"senior": Senior(600.0, MultipleCap(1.5)), "waterfall": "principal_first"}
    structure = fund(Junior(400.0, MultipleCap(1.1)), **parts)
    assert net(structure, "investors", 1000.0, 1200.0, 2000.0) == pytest.approx([0.0, 200.0, 300.0])
    assert net(structure, "junior", 1000.0, 1200.0, 2000.0) == pytest.approx([0.0, 0.0, 40.0])


def test_deferred_bills_wait_for_outcome_payments():
    structure = fund(Deferred(200.0, share=0.3), senior=Senior(1000.0, 0.0))
    flows = cashflows(structure, paid(DUE, 0.0, 900.0))
    # 30 % of 1,000 but at most 200 waits; the senior pays 800 and is repaid first.
    assert flows.investor[:, 0].tolist() == [-800.0, -800.0]
    assert flows.of("provider").sum(axis=1).tolist() == pytest.approx([800.0, 900.0])
    assert flows.tranche("deferred").sum(axis=1).tolist() == pytest.approx([-200.0, -100.0])


def test_guarantees_of_principal_and_of_costs():
    # A loss of 600; 100 are retained, 80 % of the rest is 400, of which 300 is the most.
    guarantee = PrincipalGuarantee(300.0, share=0.8, retention=100.0)
    structure = fund(senior=Senior(1000.0, 0.0), guarantees=(guarantee,))
    assert net(structure, "guarantor", 400.0, 800.0, 950.0) == pytest.approx([-300.0, -80.0, 0.0])
    costs = CostGuarantee(150.0, "council")
    structure = fund(senior=Senior(700.0), guarantees=(costs,))
    flows = cashflows(structure, paid(DUE, 0.0))
    assert flows.of("council").sum() == pytest.approx(-150.0)
    assert flows.ladder.values["unfunded"].sum() == pytest.approx(150.0)


def test_bonuses_share_what_the_tranches_leave():
    bonuses = (Bonus(0.5, cap=60.0), Bonus(0.2, "fund_manager"))
    structure = fund(senior=Senior(1000.0, 0.0), bonuses=bonuses)
    assert net(structure, "provider", 1100.0, 1300.0) == pytest.approx([1050.0, 1060.0])
    assert net(structure, "fund_manager", 1100.0, 1300.0) == pytest.approx([20.0, 60.0])
    uncapped = fund(senior=Senior(1000.0), bonuses=bonuses)
    assert net(uncapped, "investors", 1100.0, 1300.0) == pytest.approx([30.0, 180.0])


def monthly(commitment=600.0, **more):
    return FundingStructure(
        "F",
        "USD",
        START,
        Senior(commitment, 0.0),
        service_costs=ServiceCosts(fixed_per_month=100.0, fixed_months=12),
        surplus_to="city",
        **more,
    )


@pytest.mark.parametrize(("limit", "unfunded"), [(None, 0.0), (250.0, 350.0), (0.0, 600.0)])
def test_recycling_pays_costs_up_to_its_limit(limit, unfunded):
    flows = cashflows(monthly(recycling=Recycling(limit)), paid(dt.date(2023, 3, 1), 900.0))
    # Of 1,200 the commitment pays 600, and early payments the rest as far as they may.
    assert flows.ladder.paid_in["investors"].sum() == pytest.approx(600.0)
    assert flows.ladder.values["unfunded"].sum() == pytest.approx(unfunded)


def test_reserve_is_kept_while_costs_are_to_come():
    structure = monthly(2000.0, recycling=Recycling(reserve=150.0))
    flows = cashflows(structure, paid(dt.date(2023, 7, 1), 1000.0))
    # Received after six draws of 100. The reserve stays while commitments pay for the costs, and
    # goes to the investors, who then wait for 500, with the last cost.
    cash = flows.ladder.values["cash"][0]
    assert cash.tolist() == pytest.approx([0.0] * 6 + [150.0] * 5 + [0.0] * (len(cash) - 11))
    assert flows.investor.sum() == pytest.approx(-500.0 + 150.0)
    # Without a commitment that pays, the reserve does.
    short = cashflows(
        monthly(700.0, recycling=Recycling(reserve=150.0)), paid(dt.date(2023, 7, 1), 1000.0)
    )
    assert short.ladder.values["unfunded"].sum() == 0.0


def test_drawing_stops_at_its_limits():
    flows = cashflows(monthly(drawdown=Drawdown(per_month=40.0)), paid(DUE, 0.0))
    assert flows.ladder.paid_in["investors"][0, :12].tolist() == pytest.approx([40.0] * 12)
    until = dt.date(2023, 3, 31)
    flows = cashflows(monthly(drawdown=Drawdown(until=until)), paid(DUE, 0.0))
    assert flows.ladder.paid_in["investors"].sum() == pytest.approx(300.0)


def test_a_structure_survives_its_yaml():
    structure = fund(
        Junior(100.0, SimpleCap(0.02)),
        FirstLoss(50.0),
        Deferred(20.0, 0.1, "fund_manager"),
        guarantees=(CostGuarantee(10.0), PrincipalGuarantee(5.0, tranche="junior")),
        bonuses=(Bonus(0.1),),
        recycling=Recycling(100.0, 20.0),
    )
    assert load(FundingStructure, dump(structure)) == structure


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fund(Junior(1.0), senior=Senior(1.0)), "only one tranche can take what is left"),
        (lambda: fund(Junior(1.0, 0.0, name="investors")), "a name of its own"),
        (lambda: Senior(1.0, -0.01), "return_cap.rate: a return cap is not below 0"),
        (lambda: MultipleCap(0.9), "multiple: a multiple covers at least the principal"),
        (lambda: Deferred(1.0, 15.0), "share: a share lies above 0"),
        (lambda: PrincipalGuarantee(0.0), "amount: a guarantee is above 0"),
        (lambda: fund(bonuses=(Bonus(0.6), Bonus(0.6))), "bonuses: .* share out more"),
        (
            lambda: fund(guarantees=(PrincipalGuarantee(1.0, tranche="mezzanine"),)),
            r"guarantees\[0\].tranche: no tranche has this name",
        ),
        (lambda: Drawdown(per_month=0.0), "per_month: a limit is above 0"),
        (lambda: Recycling(limit=-1.0), "limit: an amount is not negative"),
    ],
)
def test_bad_terms_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_an_old_key_says_what_to_write():
    data = dump(fund())
    data["guarantee"] = {"amount": 1.0}
    with pytest.raises(InputError, match="guarantee: unknown key; did you mean 'guarantees'"):
        load(FundingStructure, data)

"""The ladder: conservation, commitment, return cap, enrolment, prices."""

import datetime as dt
from itertools import pairwise

import numpy as np
import pytest

from impactmodel.core.distribution import Beta
from impactmodel.core.errors import InputError, JoinError
from impactmodel.finance import (
    ConstantRate,
    Enrolment,
    Fees,
    FundingStructure,
    PrincipalGuarantee,
    Senior,
    ServiceCosts,
    cashflows,
    enrol,
    irr,
    returns,
)
from tests.unit.finance.given import Given, paid

START = dt.date(2024, 1, 1)


def fund(commitment=1000.0, cap=None, **more):
    return FundingStructure("F", "USD", START, Senior(commitment, cap), **more)


def full(n_draws=200):
    structure = fund(
        400_000.0,
        0.08,
        enrolment=Enrolment(
            ConstantRate(30.0, months=6),
            take_up=Beta(0.8, 0.05),
            drop_out_per_month=0.1,
            service_months=4,
        ),
        service_costs=ServiceCosts(5000.0, 500.0, 100.0, 2000.0),
        fees=Fees(0.01, 300.0, 8000.0),
        guarantees=(PrincipalGuarantee(50_000.0),),
        surplus_to="state",
    )
    return structure, enrol(structure, n_draws, seed=3)


@pytest.mark.parametrize("scale", [0.0, 1e5, 4e5, 1e6])
def test_flows_sum_to_zero_in_every_draw_and_month(scale):
    structure, enrolled = full()
    rng = np.random.default_rng(1)
    due = Given(
        tuple(
            (dt.date(2025, m, 15), p, rng.uniform(-0.1, 1, 200) * scale)
            for m, p in ((3, "state"), (9, "city"))
        ),
        200,
    )
    flows = cashflows(structure, due, enrolment=enrolled)
    assert float(np.abs(flows.flows.sum("party")).max()) < 1e-6
    values = flows.ladder.values
    assert (values["cash"] >= -1e-6).all()
    assert float(np.abs(values["cash"][:, -1]).max()) < 1e-6
    drawn = flows.ladder.paid_in["investors"].sum(axis=1)
    called = flows.ladder.called[0].sum(axis=1)
    assert (drawn <= 400_000 + 1e-6).all()
    lost = drawn - (flows.ladder.paid_out["investors"].sum(axis=1) - called)
    assert (called <= np.maximum(lost, 0) + 1e-6).all()


def test_return_cap_is_the_highest_rate():
    structure, enrolled = full()
    due = paid(dt.date(2025, 6, 1), *([2e6] * 200))
    flows = cashflows(structure, due, enrolment=enrolled)
    np.testing.assert_allclose(irr(flows.investor, flows.dates).rate, 0.08, atol=1e-9)
    assert (flows.of("state") > 0).any()


def test_more_payment_never_lowers_a_return():
    structure, enrolled = full(50)
    gains = [
        returns(
            cashflows(structure, paid(dt.date(2025, 6, 1), *([a] * 50)), enrolment=enrolled)
        ).gain
        for a in (0.0, 1e5, 2e5, 3e5)
    ]
    assert all((b >= a - 1e-6).all() for a, b in pairwise(gains))


def test_exhausted_commitment_is_visible():
    structure = fund(1000.0, service_costs=ServiceCosts(set_up=1500.0))
    flows = cashflows(structure, paid(dt.date(2024, 6, 1), 0.0))
    assert flows.ladder.values["unfunded"].sum() == 500.0
    assert flows.probability_of_shortfall() == 1.0
    assert "in 100.0% of draws the commitment does not cover" in flows.warnings[0]


def test_enrolment_has_whole_people_and_the_stated_shares():
    _, enrolled = full(4000)
    assert (enrolled.assigned.sum(axis=1) == 180).all()
    assert (enrolled.started == np.rint(enrolled.started)).all()
    # Mean .8 of 180 is 144; sd of the mean over 4,000 draws: sqrt((.05*180)^2 + 28.8)/63 = .17.
    assert enrolled.people("participants").mean() == pytest.approx(144, abs=0.7)
    assert enrolled.people("assigned").mean() == 180
    assert enrolled.last_start == dt.date(2024, 6, 1)


def test_bad_joins_are_refused():
    with pytest.raises(JoinError, match="unlike currency: the fund has USD, the contract has EUR"):
        cashflows(fund(), Given((), 1, currency="EUR"))
    with pytest.raises(InputError, match="comes before the fund starts"):
        cashflows(fund(), paid(dt.date(2023, 1, 1), 1.0))
    structure, enrolled = full(5)
    with pytest.raises(JoinError, match="enrolment has 5 draws, the payments 1"):
        cashflows(structure, paid(dt.date(2025, 1, 1), 1.0), enrolment=enrolled)
    with pytest.raises(JoinError, match="the fund enrols people"):
        cashflows(structure, paid(dt.date(2025, 1, 1), 1.0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Senior(0.0), "commitment: a commitment is above 0"),
        (
            lambda: Enrolment(ConstantRate(10.0), take_up=40.0),
            "take_up: a share lies between 0 and 1",
        ),
        (lambda: ServiceCosts(set_up=-1.0), "set_up: a cost is not negative"),
        (lambda: Fees(arrangement=2.0), "arrangement: the arrangement fee is a share"),
    ],
)
def test_bad_terms_are_refused(make, message):
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value).startswith(message)

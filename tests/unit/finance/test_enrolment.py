"""Enrolment: ramps, stated numbers, late starts, shortfalls, and what they do to costs and cash."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.distribution import Beta, Normal
from impactmodel.core.errors import InputError
from impactmodel.finance import (
    ConstantRate,
    Enrolment,
    FundingStructure,
    RampUp,
    Senior,
    ServiceCosts,
    StatedNumbers,
    cashflows,
    enrol,
)
from tests.unit.finance.given import paid

START = dt.date(2024, 1, 1)
N = 4000


def fund(referrals, service_costs=None, **more):
    return FundingStructure(
        "F",
        "USD",
        START,
        Senior(1e6),
        enrolment=Enrolment(referrals, **more),
        service_costs=service_costs or ServiceCosts(),
    )


def test_ramp_up_grows_evenly_to_the_full_number():
    found = enrol(fund(RampUp(40.0, months=6, ramp_months=4)), 2)
    assert found.assigned[0].tolist() == [10, 20, 30, 40, 40, 40]
    assert found.people("assigned").tolist() == [180, 180]


def test_stated_numbers_are_taken_as_they_are():
    found = enrol(fund(StatedNumbers((5.0, 0.0, 7.0)), service_months=2), 2)
    assert found.assigned[0].tolist() == [5, 0, 7, 0]
    assert found.active[0].tolist() == [5, 5, 7, 7]
    assert found.last_start == dt.date(2024, 3, 1)


def test_shortfall_is_a_share_of_the_plan():
    found = enrol(fund(ConstantRate(100.0, months=5), shortfall=Beta(0.3, 0.05)), N)
    # 500 people, 30 % short; sd of the mean over 4,000 draws: 500 x .05 / 63 = .4.
    assert found.people("assigned").mean() == pytest.approx(350, abs=1.6)


def test_late_start_moves_people_and_their_payments():
    plan = fund(
        ConstantRate(10.0, months=3),
        ServiceCosts(fixed_per_month=100.0, per_participant=50.0),
        late_start_months=Normal(6.0, 2.0),
        service_months=2,
    )
    found = enrol(plan, N)
    # Half a year late, as the trial of Koto-SIB was; rounding to months adds 1/12 of variance.
    assert found.delay.mean() == pytest.approx(6.0, abs=0.15)
    assert found.delay.std() == pytest.approx(np.sqrt(4 + 1 / 12), abs=0.1)
    assert (found.people("assigned") == 30).all()
    flows = cashflows(plan, paid(dt.date(2025, 1, 1), *([5000.0] * N)), enrolment=found)
    first = (found.assigned > 0).argmax(axis=1)
    np.testing.assert_array_equal(first, found.delay)
    # Received twelve months after the fund's start, and as many later as people came late.
    received = (flows.ladder.values["received"] > 0).argmax(axis=1)
    np.testing.assert_array_equal(received, 12 + found.delay)
    # Fixed costs run while the staff waits: three months of referrals and one more of service.
    costs = flows.ladder.values["service_costs"].sum(axis=1)
    np.testing.assert_allclose(costs, 100.0 * (found.delay + 4) + 50.0 * 30)


def test_window_turns_a_late_start_into_a_shortfall():
    found = enrol(fund(ConstantRate(10.0, months=4), late_start_months=3.0, window_months=5), 3)
    assert found.assigned[0].tolist() == [0, 0, 0, 10, 10]
    assert found.last_start == dt.date(2024, 5, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConstantRate(10.0, months=0), "months: there must be a month"),
        (lambda: ConstantRate(0.0), "per_month: nobody is referred"),
        (lambda: RampUp(10.0, 3, 4), "ramp_months: the ramp is a part of the months"),
        (lambda: StatedNumbers((1.0, -1.0)), r"numbers\[1\]: a number of people is not negative"),
        (lambda: StatedNumbers((0.0,)), "numbers: nobody is referred"),
        (lambda: Enrolment(ConstantRate(1.0), late_start_months=-1.0), "a delay is not negative"),
        (lambda: Enrolment(ConstantRate(1.0), shortfall=30.0), "shortfall: a share lies between"),
        (lambda: Enrolment(ConstantRate(1.0), window_months=0), "window_months: there must be"),
    ],
)
def test_bad_plans_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()

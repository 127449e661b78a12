"""Prices and break-even points that join a contract with a fund."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.breakeven import break_even_cohort, break_even_effect
from impactmodel.contract import AboveBaseline, Clause, MeasuredImpact, OutcomesContract, Rate
from impactmodel.contract.agreement import Evaluation
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.finance import (
    ConstantRate,
    Enrolment,
    FundingStructure,
    Senior,
    ServiceCosts,
    TargetIRR,
    TargetLossProbability,
)
from impactmodel.pricing import solve_price

START = dt.date(2024, 1, 1)
EFFECT = np.array([0.1, 0.2, 0.3])
YEARS = (dt.date(2025, 1, 1) - START).days / 365


def outcomes(people=100):
    return Outcomes.from_draws(
        (0.4 + EFFECT)[:, None, None, None],
        np.full((3, 1, 1, 1), 0.4),
        measures=[OutcomeMeasure("job", kind="binary")],
        periods=Periods(START, "year", 1),
        cohort_size=people,
        provenance=Provenance(),
        covariance=np.full((3, 2, 1, 1, 1, 1, 1), 0.24),
    )


def contract(price=1000.0, cap=None, basis=None):
    clause = Clause(
        "job", Rate(price), payer="city", basis=basis or AboveBaseline(0.4), outcome="job", cap=cap
    )
    return OutcomesContract(
        "C", "USD", START, (clause,), evaluation=Evaluation(comparison_size=100)
    )


def fund(**more):
    costs = more.pop("service_costs", ServiceCosts(set_up=10_000.0))
    return FundingStructure("F", "USD", START, Senior(100_000.0), service_costs=costs, **more)


def test_price_is_the_closed_form_and_takes_a_view():
    # Twenty jobs on average, paid after a year (paid at the end of the period).
    solved = solve_price(contract(), outcomes(), fund(), outcome="job", target_irr=0.05)
    assert solved.price == pytest.approx(10_000 * 1.05**YEARS / 20, rel=1e-9)
    measured = contract(basis=MeasuredImpact())
    expected = solve_price(
        measured, outcomes(), fund(), outcome="job", target_irr=0.05, view="expected"
    )
    assert expected.price == pytest.approx(solved.price, rel=1e-9)
    by_default = solve_price(measured, outcomes(), fund(), outcome="job", target_irr=0.05)
    assert by_default.price != pytest.approx(solved.price, rel=1e-3)


def test_price_for_another_target():
    target = TargetLossProbability(0.0)
    solved = solve_price(contract(), outcomes(), fund(), outcome="job", target=target)
    # The worst draw has ten jobs.
    assert solved.price == pytest.approx(1000.0, rel=1e-5)
    with pytest.raises(InputError, match="exactly one of 'target_irr' and 'target'"):
        solve_price(contract(), outcomes(), fund(), outcome="job")


def test_break_even_effect_is_the_closed_form():
    found = break_even_effect(contract(), outcomes(), fund())
    # 20 jobs at 1,000 pay 20,000 for 10,000.
    assert found.factor == pytest.approx(0.5, rel=1e-9)
    assert found.at[:, 0, 0] == pytest.approx(EFFECT / 2)
    # A cap of 15,000: 10 k, 20 k and 15 thousand make 30 thousand at k = .5; at 12 %: 33.6 / 60.
    capped = break_even_effect(contract(cap=15_000.0), outcomes(), fund(), target=TargetIRR(0.12))
    assert capped.factor == pytest.approx((30 * 1.12**YEARS - 15) / 30, rel=1e-9)


def test_break_even_cohort_weighs_fixed_costs_against_the_margin():
    structure = fund(
        enrolment=Enrolment(ConstantRate(100.0)),
        service_costs=ServiceCosts(set_up=5000.0, per_participant=100.0),
    )
    found = break_even_cohort(contract(), outcomes(), structure)
    # Each person costs 100 and brings .2 x 1,000: 50 people carry the 5,000.
    assert found.at == pytest.approx([50.0] * 3)
    dear = fund(
        enrolment=Enrolment(ConstantRate(100.0)),
        service_costs=ServiceCosts(set_up=5000.0, per_participant=300.0),
    )
    with pytest.raises(InputError, match="the commitments do not cover the service's costs"):
        break_even_cohort(contract(), outcomes(), dear)

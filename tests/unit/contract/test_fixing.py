"""Terms that a contract leaves to a case mix: said, refused outside of a case, and fixed."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.contract import (
    Amendment,
    CaseMixLevels,
    CaseMixPrices,
    Clause,
    CostShare,
    EachGroup,
    Gated,
    Gross,
    Limited,
    OutcomesContract,
    Parts,
    Rate,
    ReferenceCost,
    check,
    describe,
    fix_terms,
    open_terms,
    payments,
    reprice,
    terms_by_group,
)
from impactmodel.contract.terms import AbovePrediction
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load

START = dt.date(2027, 1, 1)
OPEN = AbovePrediction(CaseMixLevels(2))
PRICES = Rate(CaseMixPrices(3000.0, 0))


class Mix:
    """Chances of .6 and .2, as many people of each."""

    target = "job"

    def levels(self, groups, decimals):
        return {g: round({"near": 0.6, "far": 0.2}[g], decimals) for g in groups}

    def prices(self, flat, groups, decimals):
        return {g: round(flat * 0.4 / {"near": 0.6, "far": 0.2}[g], decimals) for g in groups}


def contract(payment, basis=OPEN, **more):
    return OutcomesContract(
        "Trial", "EUR", START, (Clause("jobs", payment, "state", basis, "job", **more),)
    )


def outcomes():
    return Outcomes.from_draws(
        np.array([[0.7, 0.3]])[:, :, None, None], np.array([[0.6, 0.2]])[:, :, None, None],
        measures=[OutcomeMeasure("job", kind="binary")], periods=Periods(START),
        cohort_size=np.array([10.0, 10.0]), provenance=Provenance(population="assigned"),
        groups=["near", "far"],
    )  # fmt: skip


NESTED = Gated(
    0.01,
    Parts((Limited(PRICES, at_most=1e6), EachGroup(("near",), Rate(5.0)))),
    CostShare("service", 0.5),
    scale="total",
)


def test_terms_are_found_and_fixed_wherever_they_stand():
    clauses = (Clause("jobs", NESTED, "state", OPEN, "job"),)
    made = OutcomesContract(
        "Trial",
        "EUR",
        START,
        clauses,
        amendments=(Amendment(dt.date(2028, 1, 1), clauses),),
        periods=Periods(START, "year", 2, clock="calendar"),
        reference_costs={"service": ReferenceCost((3000.0,), "person")},
    )
    inner = "payment.then.parts[0].payment.price"
    assert open_terms(made) == tuple(
        f"{where}.{key}"
        for where in ("clauses[0]", "amendments[0].clauses[0]")
        for key in ("basis.prediction", inner)
    )
    fixed, terms = fix_terms(made, Mix(), ("near", "far"))
    assert open_terms(fixed) == ()
    assert [term.values for term in terms[:2]] == [
        {"near": 0.6, "far": 0.2},
        {"near": 2000.0, "far": 6000.0},
    ]
    assert fixed.amendments[0].clauses == fixed.clauses
    found = {key: names for key, _, names in terms_by_group(fixed)}
    assert found["clauses[0].payment.then.parts[1].groups"] == ("near",)
    assert found[f"clauses[0].{inner}"] == ("near", "far")


def test_what_is_paid_for_nothing_is_the_same_in_each_group():
    fixed, _ = fix_terms(contract(PRICES, Gross()), Mix(), ("near", "far"))
    paid = payments(fixed, outcomes(), "expected")
    # By hand: 10 × .7 × 2,000 + 10 × .3 × 6,000; without the programme 12,000 from each group.
    assert paid.total().tolist() == [32_000.0]
    above, _ = fix_terms(contract(PRICES), Mix(), ("near", "far"))
    assert payments(above, outcomes(), "expected").total().tolist() == [8_000.0]


def test_a_clause_of_some_groups_has_terms_for_those():
    fixed, (level, price) = fix_terms(contract(PRICES, groups=("far",)), Mix(), ("near", "far"))
    assert level.values == {"far": 0.2}
    assert price.values == {"far": 6000.0}
    assert payments(fixed, outcomes(), "expected").total().tolist() == [6_000.0]


def test_outside_of_a_case_open_terms_are_said_and_refused():
    made = contract(PRICES)
    assert load(OutcomesContract, dump(made)) == made
    said = describe(made)
    assert "3,000 EUR times the mean chance over that of the group" in said
    assert "above the clients' predicted chance without a service, by group, count" in said
    assert check(made) is not None
    with pytest.raises(InputError, match="the case mix of clients, which is not known here"):
        payments(made, outcomes(), "expected")
    with pytest.raises(InputError, match="the level comes from the case mix"):
        payments(contract(Rate(5.0)), outcomes(), "expected")
    with pytest.raises(InputError, match="no single price"):
        reprice(made, "job", 100.0)


def test_what_the_case_mix_is_not_of_is_refused():
    other = OutcomesContract("T", "EUR", START, (Clause("w", PRICES, "state", outcome="wages"),))
    with pytest.raises(InputError, match=r"clauses\[0\].payment.price: the case mix is of 'job'"):
        fix_terms(other, Mix(), ("near", "far"))
    with pytest.raises(InputError, match="a price is above 0"):
        CaseMixPrices(0.0)
    with pytest.raises(InputError, match="decimals lie between"):
        CaseMixLevels(13)

"""Accounts: the same parts are computed once, and give what the rooms give."""

import dataclasses
import datetime as dt

import numpy as np
import pytest

from impactmodel.accounts import Accounts
from impactmodel.contract import Clause, MeasuredImpact, OutcomesContract, Rate, payments
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import (
    Observed,
    ObservedFlow,
    Shares,
    UnitValue,
    UnitValues,
    as_outcomes,
    savings,
)
from impactmodel.levers import Parts, moved
from impactmodel.position import Position

START = dt.date(2024, 1, 1)
SIDE = UnitValues((UnitValue("tax", "wage", 0.3, "state", "participant", channel="tax"),), "EUR")
KEYS = {"effect": 1.0, "effect|wage": 1.0, "price|wages": 0.1, "displacement": 0.0}


def contract(outcome):
    clause = Clause("wages", Rate(0.1), payer="state", basis=MeasuredImpact(), outcome=outcome)
    return OutcomesContract("T", "EUR", START, (clause,))


def outcomes():
    effect = np.random.default_rng(4).normal(1000.0, 300.0, (50, 1, 1, 1))
    return Outcomes.from_draws(
        effect,
        np.zeros_like(effect),
        measures=[OutcomeMeasure("wage", kind="amount", unit="EUR/year")],
        periods=Periods(START, "year", 1),
        cohort_size=10,
        provenance=Provenance(),
    )


def accounts(*, pays_on_savings=False):
    return Accounts(view="expected", pays_on_savings=pays_on_savings, seed=1)


def test_the_same_parts_are_computed_once_and_equal_parts_are_not_the_same():
    held, kept = outcomes(), accounts()
    assert kept.savings(held, SIDE) is kept.savings(held, SIDE)
    assert kept.savings(held, dataclasses.replace(SIDE)) is not kept.savings(held, SIDE)
    np.testing.assert_array_equal(kept.savings(held, SIDE).total(), savings(held, SIDE).total())


def test_observed_money_is_read_as_unit_values_once():
    held, kept = outcomes(), accounts()
    flow = ObservedFlow("wage", "tax", Shares({"state": 1.0}, source="a register"))
    observed = Observed((flow,), currency="EUR")
    found = kept.savings(held, observed)
    assert kept.as_values(observed) is kept.as_values(observed)
    assert kept.as_values(SIDE) is SIDE
    alone = savings(held, observed)
    np.testing.assert_array_equal(found.total(), alone.total())
    assert (found.label, found.assumptions) == (alone.label, alone.assumptions)
    assert kept.by_payer(found) is kept.by_payer(found)
    for payer, gains in alone.by_payer().items():
        np.testing.assert_array_equal(kept.by_payer(found)[payer], gains)


def test_payments_do_not_depend_on_the_public_side_unless_they_are_paid_on_it():
    held, kept, terms = outcomes(), accounts(), contract("wage")
    half = dataclasses.replace(SIDE, displacement=0.5)
    paid = kept.payments(terms, held, SIDE)
    assert kept.payments(terms, held, half) is paid
    expected = payments(terms, held, "expected").total()
    np.testing.assert_array_equal(paid.total(), expected)


def test_a_contract_on_savings_pays_half_where_half_is_saved():
    held, kept = outcomes(), accounts(pays_on_savings=True)
    (name,) = (m.name for m in as_outcomes(savings(held, SIDE)).measures)
    terms, half = contract(name), dataclasses.replace(SIDE, displacement=0.5)
    whole = kept.payments(terms, held, SIDE).total()
    # 10 people, of whose 0.3 of the effect a tenth is paid.
    np.testing.assert_allclose(np.abs(whole), 10 * 0.3 * 0.1 * np.abs(held.effect().values.ravel()))
    np.testing.assert_allclose(kept.payments(terms, held, half).total(), whole / 2)
    with pytest.raises(InputError, match="a contract on savings needs a public side"):
        kept.payments(terms, held, None)


@pytest.mark.parametrize(("key", "stated"), KEYS.items())
def test_an_assumption_at_its_stated_value_is_the_stated_position(key, stated):
    position = Position(outcomes(), SIDE, contract("wage"), (), accounts())
    assert position.at({key: stated}) is position.at({})
    assert position.at({key: stated / 2 + 0.02}) is not position.at({})


def test_outcomes_moved_likewise_are_the_same_whatever_else_changes():
    kept, parts = accounts(), Parts(outcomes(), contract("wage"), None, SIDE)
    one = moved(parts, {"effect.wage": 1.0, "cohort": 2.0}, kept)
    other = moved(parts, {"effect.wage": 1.0, "cohort": 2.0, "clause.wages": 3.0}, kept)
    assert one.outcomes is other.outcomes
    assert one.contract is parts.contract is not other.contract
    assert moved(parts, {"effect.wage": 1.0}, kept).outcomes is not one.outcomes

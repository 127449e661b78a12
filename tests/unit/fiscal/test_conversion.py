"""Savings as outcomes: signs, lineage, a contract that pays on them, spread between people."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.contract import OutcomesContract, payments
from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import load
from impactmodel.effects.dependence import Independent
from impactmodel.effects.histories import HistoryAssumptions
from impactmodel.fiscal import (
    Person,
    Profile,
    RuleSide,
    UnitValue,
    UnitValues,
    as_outcomes,
    budget,
    load_rules,
    savings,
)

JOB = OutcomeMeasure("job", kind="binary", channel="employment")
PERSON = Person(wage=2500.0, age=30.0, benefit="labour_market_subsidy", municipality="helsinki")


def jobs(treated, without, size=100, years=1):
    treated, without = (np.asarray(a, float).reshape(-1, 1, 1, years) for a in (treated, without))
    return Outcomes.from_draws(
        treated,
        without,
        measures=[JOB],
        periods=Periods(dt.date(2024, 1, 1), "year", years),
        cohort_size=size,
        provenance=Provenance(),
    )


def by_rules(outcomes, **more):
    return savings(outcomes, RuleSide(persons=(PERSON,), **more))


def test_tax_is_what_public_payers_receive_and_benefit_what_they_pay():
    outcomes = jobs([1.0], [0.0])
    saved = by_rules(outcomes)
    money = as_outcomes(saved)
    effect = money.effect().values[0, 0, :, 0]
    names = [m.name for m in money.measures]
    # The worked example of 2024 in full euros: taxes and contributions, and the benefit saved.
    taxes = 253 + 881 + 20 + 163 + 303 + 237 + 2145 + 5202 + 348 + 246
    assert effect[names.index("tax")] == pytest.approx(taxes, abs=5)
    assert effect[names.index("benefit")] == pytest.approx(-9600, abs=0.5)
    index = effect[names.index("tax")] - effect[names.index("benefit")]
    assert 100 * index == pytest.approx(saved.ledger.total()[0], rel=1e-12)
    assert money.provenance.lineage == outcomes.provenance.lineage
    assert money.provenance.price_base == "current"
    assert {m.channel for m in money.measures} == {"tax", "benefit"}
    assert bool(money.dataset["counterfactual_known"].all())


def test_lines_become_outcomes_of_their_own():
    money = as_outcomes(by_rules(jobs([1.0], [0.0])), by="line")
    effect = money.effect().sel(outcome="municipal_tax").values.item()
    assert effect == pytest.approx(881, abs=0.5)
    assert "gross_wage" not in money.dataset["outcome"].values


def test_an_effect_without_a_level_stays_one():
    tax = OutcomeMeasure("tax_paid", kind="amount", unit="EUR/year", channel="tax")
    outcomes = Outcomes.from_draws(
        [[300.0]],
        None,
        measures=[tax],
        periods=Periods(dt.date(2024, 1, 1)),
        cohort_size=1,
        provenance=Provenance(),
    )
    value = UnitValue("tax", "tax_paid", 1.0, "state", "participant", channel="tax")
    money = as_outcomes(savings(outcomes, UnitValues((value,), "EUR")))
    assert money.effect().values.item() == 300.0
    with pytest.raises(InputError, match="only the effect on 'tax' is known"):
        money.level("treated", "tax")


CONTRACT = {
    "name": "half of the public saving",
    "currency": "EUR",
    "start": "2024-01-01",
    "evaluation": {"comparison_size": 400},
    "clauses": [
        {
            "name": "saving",
            "index": {"tax": 1, "benefit": -1},
            "basis": {"type": "measured_impact"},
            "payment": {"type": "share", "share": 0.5},
            "floor": None,
            "payer": "state",
        }
    ],
}


def test_a_contract_pays_half_of_the_public_saving():
    rng = np.random.default_rng(1)
    without = rng.uniform(0.2, 0.3, 300)
    outcomes = jobs(without + 0.1, without, size=400)
    saved = by_rules(outcomes)
    contract = load(OutcomesContract, CONTRACT)
    expected = payments(contract, as_outcomes(saved), "expected")
    assert expected.total() == pytest.approx(0.5 * saved.ledger.total(), rel=1e-9)
    # Measured on 400 against 400 people the payment is as large on average and far wider.
    measured = payments(contract, as_outcomes(saved), seed=1)
    assert measured.view == "measured"
    error = measured.total().std() / np.sqrt(300)
    assert measured.total().mean() == pytest.approx(expected.total().mean(), abs=4 * error)
    assert measured.total().std() > 5 * expected.total().std()
    table = budget(saved, expected)
    assert table.dims == ("draw", "payer", "year", "item")
    assert table.sel(payer="state", item="payments").sum("year").values == pytest.approx(
        expected.total()
    )
    assert table.sel(item="savings").sel(payer="state", year=2024).values == pytest.approx(
        saved.by_year("state")[2024]
    )


def test_unrelated_payments_are_refused_in_a_budget():
    saved = by_rules(jobs([0.5], [0.3]))
    other = payments(
        load(OutcomesContract, CONTRACT), as_outcomes(by_rules(jobs([0.6], [0.3]))), "expected"
    )
    with pytest.raises(JoinError, match="savings and payments come from unrelated draws"):
        budget(saved, other)


def test_spread_between_people_of_all_or_nothing_work():
    """A person works the whole year with probability p or not at all: variance p(1-p) a²."""
    money = as_outcomes(by_rules(jobs([0.5], [0.2])))
    covariance = money.dataset["covariance"].values[:, 0, :, 0, :, 0]
    change = as_outcomes(by_rules(jobs([1.0], [0.0]))).effect().values[0, 0, :, 0]
    for arm, p in enumerate((0.5, 0.2)):
        expected = p * (1 - p) * np.outer(change, change)
        # 4,000 simulated people: five standard errors of a variance of a binary amount.
        assert covariance[arm] == pytest.approx(expected, rel=5 * 0.03)


def test_spread_of_independent_months_is_binomial():
    side = {"histories": HistoryAssumptions(Independent())}
    money = as_outcomes(by_rules(jobs([0.5], [0.2]), **side), by="line")
    lines = money.dataset["outcome"].values.tolist()
    at = lines.index("labour_market_subsidy")
    variance = money.dataset["covariance"].values[:, 0, at, 0, at, 0]
    month = 21.5 * 37.21
    for arm, p in enumerate((0.5, 0.2)):
        assert variance[arm] == pytest.approx(12 * p * (1 - p) * month**2, rel=0.12)


def test_profile_of_several_persons_adds_their_differences_to_the_spread():
    other = Person(wage=5000.0, age=30.0, benefit="labour_market_subsidy")
    outcomes = jobs([1.0], [1.0])
    money = as_outcomes(savings(outcomes, load_rules("fi"), profile=Profile((PERSON, other))))
    taxes = [
        as_outcomes(savings(outcomes, load_rules("fi"), profile=Profile((p,))))
        .level("treated", "tax")
        .values.item()
        for p in (PERSON, other)
    ]
    at = money.dataset["outcome"].values.tolist().index("tax")
    variance = money.dataset["covariance"].values[0, 0, at, 0, at, 0]
    assert variance == pytest.approx((taxes[0] - taxes[1]) ** 2 / 4, rel=1e-9)

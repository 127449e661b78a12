"""Thousands of generated contracts settle as an independent computation in fractions says."""

from __future__ import annotations

import copy
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from impactmodel.contract import (
    OutcomesContract,
    central,
    check,
    describe,
    fused,
    payments,
    settle,
)
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.spec import dump, load
from tests.property.generated import GROUPS, Again, frac, make

MONEY = {"price", "amount", "at_most", "principal", "cap", "floor", "below", "base", "amounts"}


def kinds_of(value: Any) -> set[str]:
    """Return every ``type`` in plain data."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = {value["type"]} if isinstance(value, dict) and "type" in value else set()
    return own.union(*(kinds_of(one) for one in inner))


def times_ten(data: dict[str, Any]) -> dict[str, Any]:
    """Return the contract with every amount of money ten times as large."""
    places = data["rounding"]["places"] - 1
    ten: dict[str, Any] = _ten(data)
    return ten | {"rounding": data["rounding"] | {"places": places}}


def _ten(value: Any, money: bool = False) -> Any:
    if isinstance(value, dict):
        limited = value.get("type") == "limited"
        return {
            k: v
            if k == "coefficients"
            else _table(v)
            if k == "table"
            else _ten(
                v,
                k in MONEY
                or (money and k in (*GROUPS, "rows", "value"))
                or (limited and k == "at_least"),
            )
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_ten(one, money) for one in value]
    return value * 10 if money and isinstance(value, (int, float)) else value


def _table(rows: list[list[float]]) -> list[list[float]]:
    return [[low, amount * 10] for low, amount in rows]


QUICK, MANY = 300, 5_000


def compared(seed: int) -> int:
    """Settle one contract both ways; return how many lines it has."""
    data, rows = make(seed)
    contract = load(OutcomesContract, data)
    expected = Again(data, rows).lines()
    settled = settle(contract, pd.DataFrame(rows))
    got = [(x.clause, x.period, Fraction(x.amount), Fraction(x.paid)) for x in settled.lines]
    assert got == expected, data
    assert sum(settled.by_party().values()) == 0
    assert sum(settled.by_payer().values()) == settled.total
    if contract.cap is not None:
        assert Fraction(settled.total) <= frac(contract.cap)
    return len(got)


def test_generated_contracts_settle_as_fractions_say() -> None:
    assert sum(compared(seed) for seed in range(QUICK)) > QUICK


@pytest.mark.slow
def test_five_thousand_generated_contracts_settle_as_fractions_say() -> None:
    assert sum(compared(seed) for seed in range(QUICK, QUICK + MANY)) > MANY


@pytest.mark.parametrize("seed", range(1000, 1040))
def test_certain_outcomes_are_priced_as_they_are_settled(seed: int) -> None:
    data, rows = make(seed)
    data |= {"rounding": {"places": 6}}
    contract = load(OutcomesContract, data)
    paid = payments(contract, as_outcomes(data, rows), "expected")
    settled = settle(contract, pd.DataFrame(rows))
    # Each line is settled to six decimals; cuts are shared to six decimals.
    assert paid.total()[0] == pytest.approx(float(settled.total), abs=1e-4)
    for payer, owed in settled.by_payer().items():
        assert paid.by_payer().get(payer, [0.0])[0] == pytest.approx(float(owed), abs=1e-4)
    assert sum(gained[0] for gained in paid.by_party().values()) == pytest.approx(0, abs=1e-9)
    totals = central(contract, as_outcomes(data, rows)).totals()
    for payer in contract.payers:
        assert totals[payer] == pytest.approx(float(settled.by_payer()[payer]), abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [6003, 6004, 6011, 6013, 6039, 6050])
def test_the_compiled_pass_pays_generated_contracts_as_numpy_does(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, rows = make(seed)
    contract, certain = load(OutcomesContract, data), as_outcomes(data, rows)
    spread = np.random.default_rng(seed).uniform(0.5, 1.5, (37, 1, 1, 1))
    outcomes = Outcomes.from_draws(
        certain.dataset["treated"].values * spread,
        certain.dataset["counterfactual"].values * spread[::-1],
        measures=certain.measures,
        periods=certain.periods,
        cohort_size=certain.cohort_size.values[0],
        groups=GROUPS,
        provenance=Provenance(),
    )
    plain = payments(contract, outcomes, "expected").amount.values
    monkeypatch.setattr(fused, "WORTH_IT", 0)
    calls, compiled = [], fused.compiled
    monkeypatch.setattr(fused, "compiled", lambda source: calls.append(1) or compiled(source))
    quick = payments(contract, outcomes, "expected").amount.values
    assert calls == [1]
    # The same operations in another order: the last bits of amounts of some thousands differ.
    np.testing.assert_allclose(quick, plain, rtol=1e-12, atol=1e-9)


SCALABLE = [n for n in range(2000, 2400) if not {"share", "recovery"} & kinds_of(make(n)[0])][:40]


@pytest.mark.parametrize("seed", SCALABLE)
def test_amounts_in_another_currency_unit_pay_as_many_times_more(seed: int) -> None:
    data, rows = make(seed)
    settled = settle(load(OutcomesContract, data), pd.DataFrame(rows))
    larger = settle(load(OutcomesContract, times_ten(data)), pd.DataFrame(rows))
    assert [x.paid * 10 for x in settled.lines] == [x.paid for x in larger.lines]


@pytest.mark.parametrize("seed", range(3000, 3060))
def test_a_better_result_never_pays_less_where_the_tariff_rises(seed: int) -> None:
    data, rows = make(seed, monotone=True)
    contract = load(OutcomesContract, data)
    rng = random.Random(seed)  # noqa: S311
    better = copy.deepcopy(rows)
    for row in better:
        row["total"] += rng.choice((0, 0.25, 5))
    before = settle(contract, pd.DataFrame(rows)).total
    assert settle(contract, pd.DataFrame(better)).total >= before


@pytest.mark.parametrize("seed", range(4000, 4040))
def test_limits_hold(seed: int) -> None:
    data, rows = make(seed)
    contract = load(OutcomesContract, data)
    lines = settle(contract, pd.DataFrame(rows)).lines
    for limit in contract.limits:
        spent: dict[object, Fraction] = {}
        for line in lines:
            if (limit.payer or line.payer) == line.payer and line.clause in (
                limit.clauses or (line.clause,)
            ):
                assert line.day is not None
                key = {"contract": 0, "period": line.period, "year": line.day.year}[limit.each]
                spent[key] = spent.get(key, Fraction(0)) + Fraction(line.paid)
        assert all(total <= frac(limit.cap) for total in spent.values())


@pytest.mark.parametrize("seed", range(5000, 5030))
def test_it_loads_as_it_was_dumped_and_says_itself(seed: int) -> None:
    contract = load(OutcomesContract, make(seed)[0])
    assert load(OutcomesContract, dump(contract)) == contract
    text = describe(contract)
    assert all(clause.name in text for clause in contract.all_clauses)
    assert all(finding.level in {"error", "warning"} for finding in check(contract))


@pytest.mark.parametrize("seed", range(7000, 7040))
def test_a_cap_per_person_holds_and_pays_what_is_left_in_order(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    names = [f"o{n}" for n in range(rng.randint(1, 4))]
    price = {name: Fraction(rng.randint(1, 900)) for name in names}
    own = {name: rng.choice((None, 250)) for name in names}
    cap = rng.choice((100, 700, 1500))
    rows = [
        {"person": f"p{person}", "outcome": name, "quantity": rng.choice((0, 1, 2))}
        for person in range(rng.randint(1, 6))
        for name in names
    ]

    def deal(times: int) -> OutcomesContract:
        clauses = [
            {
                "name": name,
                "outcome": name,
                "payer": "state" if place % 2 else "city",
                "payment": {"type": "rate", "price": float(price[name] * times)},
            }
            | ({"cap_per_person": own[name] * times} if own[name] else {})
            for place, name in enumerate(names)
        ]
        head = {"name": "capped", "currency": "EUR", "start": "2024-01-01"}
        return load(OutcomesContract, head | {"cap_per_person": cap * times, "clauses": clauses})

    paid = dict.fromkeys(names, Fraction(0))
    for person in {row["person"] for row in rows}:
        left = Fraction(cap)
        for name in names:
            (quantity,) = (
                row["quantity"] for row in rows if (row["person"], row["outcome"]) == (person, name)
            )
            due = price[name] * quantity
            due = min(due, Fraction(own[name])) if own[name] else due
            granted = min(due, left)
            left -= granted
            paid[name] += granted
    settled = settle(deal(1), pd.DataFrame(rows))
    assert {line.clause: Fraction(line.paid) for line in settled.lines} == paid
    assert Fraction(settled.total) <= cap * len({row["person"] for row in rows})
    assert sum(settled.by_party().values()) == 0
    assert settle(deal(10), pd.DataFrame(rows)).total == settled.total * 10
    better = [row | {"quantity": row["quantity"] + rng.choice((0, 1))} for row in rows]
    assert settle(deal(1), pd.DataFrame(better)).total >= settled.total


def as_outcomes(data: dict[str, Any], rows: list[dict[str, Any]]) -> Outcomes:
    """Return the results as outcomes that are certain."""
    contract = load(OutcomesContract, data)
    names = list(dict.fromkeys(row["outcome"] for row in rows))
    count = 1 + max(row["period"] for row in rows)
    shape = (1, len(GROUPS), len(names), count)
    treated, compared_with = np.zeros(shape), np.zeros(shape)
    size = dict.fromkeys(GROUPS, 0)
    for row in rows:
        at = (0, GROUPS.index(row["group"]), names.index(row["outcome"]), row["period"])
        treated[at] = row["total"] / row["people"]
        compared_with[at] = row["comparison"]
        size[row["group"]] = row["people"]
    assert contract.periods is not None
    return Outcomes.from_draws(
        treated,
        compared_with,
        measures=[OutcomeMeasure(n, kind="count") for n in names],
        periods=load(type(contract.periods), dump(contract.periods) | {"count": count}),
        cohort_size=[list(size.values())],
        groups=GROUPS,
        provenance=Provenance(),
    )

"""A claim held against a settlement: by clause, by period, and with amended clauses."""

import datetime as dt

import pandas as pd
import pytest

from impactmodel.contract import Clause, Gross, OutcomesContract, Rate, reconcile, settle
from impactmodel.contract.agreement import Amendment
from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods

START = dt.date(2024, 1, 1)


def jobs(name, price):
    return Clause(name, Rate(price), payer="state", basis=Gross(), outcome="job")


@pytest.fixture
def settlement():
    """10 and 20 jobs at 100 each; from 2025 the second clause pays 7 for each job besides."""
    contract = OutcomesContract(
        "T",
        "EUR",
        START,
        (jobs("jobs", 100.0),),
        amendments=(Amendment(dt.date(2025, 1, 1), (jobs("later", 7.0),)),),
        periods=Periods(START, "year", 2, "calendar"),
    )
    results = pd.DataFrame({"outcome": ["job"] * 2, "period": [0, 1], "total": [10, 20]})
    return settle(contract, results)


def claim(*rows):
    return pd.DataFrame(rows, columns=["clause", "period", "paid"])


def test_a_clause_that_an_amendment_added_is_reconciled(settlement):
    honest = pd.DataFrame({"clause": ["jobs", "later"], "paid": [3000.0, 140.0]})
    assert reconcile(settlement, honest) == ()
    (left_out,) = reconcile(settlement, honest[:1])
    assert left_out.text == (
        "later: computed 140 for 20 units, claimed 0 (the claim has no such line); "
        "the claim is under by 140 EUR, -20 units at 7"
    )


def test_lines_that_balance_over_the_periods_are_found_by_period(settlement):
    shifted = claim(("jobs", 0, 1100), ("jobs", 1, 1900), ("later", 1, 140))
    assert reconcile(settlement, shifted.groupby("clause", as_index=False)[["paid"]].sum()) == ()
    found = reconcile(settlement, shifted)
    assert [(d.clause, d.period, d.claimed - d.computed) for d in found] == [
        ("jobs", 0, 100),
        ("jobs", 1, -100),
    ]


def test_a_line_that_is_not_due_is_a_difference(settlement):
    found = reconcile(
        settlement, claim(("jobs", 0, 1000), ("jobs", 1, 2000), ("later", 0, 70), ("later", 1, 140))
    )
    assert [(d.clause, d.period, d.computed, d.claimed) for d in found] == [("later", 0, 0, 70)]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            pd.DataFrame({"clause": ["jobs", "jobs"], "paid": [1, 2]}),
            "line 3, clause: this clause is claimed twice .* add a column 'period'",
        ),
        (claim(("jobs", 0, 1), ("jobs", 0, 2)), "claimed twice .*; leave one"),
        (claim(("job", 0, 1)), r"no such clause \(seen: 'job'\); use one of jobs, later"),
        (claim(("jobs", None, 1)), "period: the cell is empty"),
        (pd.DataFrame({"clause": ["jobs"], "amount": [1]}), "columns 'clause' and 'paid'"),
    ],
)
def test_faults_of_a_claim_say_what_to_do(settlement, table, message):
    with pytest.raises(InputError, match=message):
        reconcile(settlement, table)

"""What payers spend beside outcome payments, and what they have set aside."""

import datetime as dt

import numpy as np
import pytest
import xarray as xr

from impactmodel.core.distribution import Normal
from impactmodel.core.errors import InputError
from impactmodel.fiscal import (
    Appropriation,
    BudgetPlan,
    Commitment,
    PublicCost,
    against_limits,
)

DAY = dt.date(2025, 3, 1)


def table(payments, costs):
    money = np.zeros((len(payments), 1, 2, 3))
    money[:, 0, 0, 1], money[:, 0, 1, 2] = payments, costs
    coords = {"payer": ["state"], "year": [2024, 2025], "item": ["savings", "payments", "costs"]}
    return xr.DataArray(money, dims=("draw", "payer", "year", "item"), coords=coords)


def test_a_p95_above_the_appropriation_is_flagged_and_no_other():
    paid = np.arange(101.0)  # P95 is 95
    plan = BudgetPlan(
        "EUR",
        appropriations=(
            Appropriation("state", 2024, 94.0),
            Appropriation("state", 2025, 7.0),
            Appropriation("state", 2031, 0.0),
        ),
        commitments=(Commitment("state", 102.0), Commitment("city", 1.0)),
    )
    first, second, later, whole, other = against_limits(table(paid, np.full(101, 7.0)), plan)
    assert (first.p95, first.exceeded) == (95.0, True)
    assert first.probability_exceeded == pytest.approx(6 / 101)
    assert (second.exceeded, later.exceeded, other.exceeded) == (False, False, False)
    assert (whole.year, whole.p95, whole.exceeded) == (None, 102.0, False)


def test_the_same_cost_has_the_same_draws_and_another_has_its_own():
    one = PublicCost("evaluation", "state", Normal(100.0, 5.0), DAY)
    other = PublicCost("audit", "state", Normal(100.0, 5.0), DAY)
    first = BudgetPlan("EUR", (one, other)).drawn(500, seed=3)
    second = BudgetPlan("EUR", (one,)).drawn(500, seed=3)
    assert first[0][3].tolist() == second[0][3].tolist()
    assert abs(np.corrcoef(first[0][3], first[1][3])[0, 1]) < 0.15
    assert first[0][3].mean() == pytest.approx(100.0, abs=1.0)


def test_costs_without_a_source_are_assumptions():
    plan = BudgetPlan(
        "EUR",
        (
            PublicCost("evaluation", "state", 5.0, DAY),
            PublicCost("audit", "state", 5.0, DAY, source="decision 7/2024"),
        ),
    )
    assert plan.assumptions == ("the cost 'evaluation' of state is assumed, no source states it",)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: PublicCost("evaluation", "state", -1.0, DAY),
            "amount: a cost is not negative (seen: -1.0)",
        ),
        (lambda: PublicCost(" ", "state", 1.0, DAY), "name: this must be named; give it a name"),
        (
            lambda: BudgetPlan("EUR", commitments=(Commitment("state", 1.0),) * 2),
            "commitments[1]: this stands twice (seen: 'state'); keep one",
        ),
        (lambda: Appropriation("state", 2024, -1.0), "amount: a limit is not negative"),
        (
            lambda: BudgetPlan("EUR", (PublicCost("x", "state", Normal(1.0, 50.0), DAY),)).drawn(
                100, 1
            ),
            "costs[0].amount: a cost is not negative (seen: 'draws from",
        ),
    ],
)
def test_what_cannot_be_used_is_said(make, said):
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value).startswith(said)

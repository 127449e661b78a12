"""Impact beside money: ratios by hand, the standards' words, what is refused."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.finance import FundingStructure, Senior, ServiceCosts, cashflows, impact, returns
from impactmodel.finance.impact import REPAYMENT
from tests.unit.finance.given import paid

PAID = np.array([0.0, 400.0, 1000.0, 1500.0])


def investors():
    fund = FundingStructure(
        "F", "USD", dt.date(2024, 1, 1), Senior(2000.0), service_costs=ServiceCosts(set_up=1000.0)
    )
    return returns(cashflows(fund, paid(dt.date(2025, 1, 1), *PAID)))


def example():
    return impact(
        investors(),
        people=50,
        outcomes={"job": np.array([-1.0, 4.0, 10.0, 20.0]), "health": np.ones(4)},
        values={"job": 300.0},
        paid=PAID,
        cost=1000.0,
    )


def test_ratios_by_hand():
    found = example()
    assert found.value.tolist() == [-300.0, 1200.0, 3000.0, 6000.0]
    assert found.sroi.tolist() == pytest.approx([-0.3, 1.2, 3.0, 6.0])
    assert found.impact_multiple.tolist() == pytest.approx([-0.3, 1.2, 3.0, 6.0])
    per_paid = found.outcomes_per_unit_paid("job")
    assert np.isnan(per_paid[0])
    assert per_paid[1:].tolist() == pytest.approx([0.01, 0.01, 20 / 1500])
    each = found.cost_per_outcome("job")
    assert np.isnan(each[0])
    assert each[1:].tolist() == pytest.approx([250.0, 100.0, 50.0])


def test_investors_are_repaid_in_the_words_of_the_standard():
    found = example()
    assert [REPAYMENT[k] for k in found.investor_repayment] == list(REPAYMENT)
    summary = found.summary(0.5)
    assert [summary["investor_repayment"][words] for words in REPAYMENT] == [0.25] * 4
    people = summary["measures"]["people"]
    assert (people["median"], people["iris"]) == (50.0, "PI4060")
    assert people["indigo"].startswith("service_and_beneficiaries.")
    assert "iris" not in summary["measures"]["sroi"]
    assert summary["measures"]["cost_per_outcome.job"]["p_undefined"] == 0.25


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="values: a value for an outcome that is not there"):
        impact(investors(), people=1, outcomes={}, values={"job": 1.0}, paid=PAID, cost=1.0)
    with pytest.raises(InputError, match="paid: 4 draws are needed"):
        impact(investors(), people=1, outcomes={}, values={}, paid=PAID[:2], cost=1.0)
    with pytest.raises(InputError, match="outcome: no such outcome"):
        example().cost_per_outcome("wage")

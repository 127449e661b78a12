"""Net positions: both sides discounted to one year, from one cohort."""

import datetime as dt

import pytest

from impactmodel.contract import Clause, MeasuredImpact, OutcomesContract, ShareOf, payments
from impactmodel.core.errors import JoinError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import UnitValue, UnitValues, savings
from impactmodel.public import net_position

START = dt.date(2024, 1, 1)
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year")
PUBLIC = UnitValues(
    (UnitValue("tax", "wage", 0.3, "state", "participant"),), "EUR", discount_rate=0.1
)


def outcomes(years=1):
    gain = [[[1000.0] * years]]
    return Outcomes.from_draws(
        gain,
        [[[0.0] * years]],
        measures=[WAGE],
        periods=Periods(START, "year", years),
        cohort_size=10,
        provenance=Provenance(),
    )


def contract(lag=0, payer="state", start=START):
    clause = Clause(
        "wages",
        ShareOf(0.5),
        payer=payer,
        basis=MeasuredImpact(),
        outcome="wage",
        paid_after_months=lag,
    )
    return OutcomesContract("T", "EUR", start, (clause,))


@pytest.mark.parametrize(("lag", "years_later"), [(0, 1), (11, 1), (12, 2), (24, 3)])
def test_payments_are_discounted_like_savings(lag, years_later):
    o = outcomes()
    net = net_position(savings(o, PUBLIC), payments(contract(lag), o, "expected"))
    assert net.saved["state"][0] == pytest.approx(3000.0)
    assert net.paid["state"][0] == pytest.approx(5000.0 / 1.1**years_later)
    assert net.by_payer()["state"][0] == pytest.approx(3000 - 5000 / 1.1**years_later)


def test_each_year_has_its_own_factor():
    o = outcomes(years=2)
    net = net_position(savings(o, PUBLIC), payments(contract(), o, "expected"))
    assert net.saved["state"][0] == pytest.approx(3000 * (1 + 1 / 1.1))
    assert net.paid["state"][0] == pytest.approx(5000 * (1 / 1.1 + 1 / 1.21))


def test_a_payer_outside_the_ledger_only_pays_and_participants_are_left_out():
    o = outcomes()
    net = net_position(savings(o, PUBLIC), payments(contract(payer="fund"), o, "expected"))
    assert set(net.by_payer()) == {"state", "fund"}
    assert net.saved["fund"][0] == 0.0
    assert (net.probability_overpays("fund"), net.probability_overpays("state")) == (1.0, 0.0)


def test_unrelated_draws_and_other_starts_are_refused():
    o, other = outcomes(), outcomes(years=2)
    with pytest.raises(JoinError, match="unrelated draws"):
        net_position(savings(other, PUBLIC), payments(contract(), o, "expected"))
    later = contract(start=dt.date(2031, 1, 1))
    with pytest.raises(JoinError, match=r"outcomes\.starting\(contract\.start\)"):
        net_position(savings(o, PUBLIC), payments(later, o, "expected"))
    moved = o.starting(dt.date(2031, 1, 1))
    net = net_position(savings(moved, PUBLIC), payments(later, moved, "expected"))
    assert net.paid["state"][0] == pytest.approx(5000 / 1.1)

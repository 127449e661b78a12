"""Appraisals against closed forms and published figures: ratios, payback, switching values."""

import datetime as dt

import numpy as np
import pytest
import xarray as xr

from impactmodel.accounts import Accounts
from impactmodel.assessment import PAYMENTS, SERVICE, assess, cost_per_job, perspectives
from impactmodel.contract import Clause, MeasuredImpact, OutcomesContract, ShareOf, payments
from impactmodel.core.distribution import Beta
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import UnitValue, UnitValues, budget, evpi, payback_year, savings
from impactmodel.fiscal.appraisal import benefit_cost, ratio_summary
from impactmodel.position import PUBLIC, Position
from impactmodel.public import net_position

START = dt.date(2024, 1, 1)
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year")
SIDE = UnitValues(
    (
        UnitValue("tax", "wage", 0.3, "state", "participant"),
        UnitValue("wages", "wage", 1.0, "participant", channel="earnings"),
    ),
    "EUR",
    discount_rate=0.1,
)
RNG = np.random.default_rng(2)
EFFECT = RNG.normal(1000.0, 300.0, 1000)


def outcomes(effect=EFFECT):
    return Outcomes.from_draws(
        effect.reshape(-1, 1, 1, 1),
        np.zeros((effect.size, 1, 1, 1)),
        measures=[WAGE],
        periods=Periods(START, "year", 1),
        cohort_size=10,
        provenance=Provenance(),
    )


CONTRACT = OutcomesContract(
    "T",
    "EUR",
    START,
    (Clause("wages", ShareOf(0.2), payer="state", basis=MeasuredImpact(), outcome="wage"),),
)
EVALUATION = (START, "state", "evaluation", np.full(1000, 500.0))


def made(side=SIDE, costs=(EVALUATION,)):
    held = outcomes()
    saved, paid = savings(held, side), payments(CONTRACT, held, "expected")
    net = net_position(saved, paid, costs)
    position = Position(
        held, side, CONTRACT, costs, Accounts(view="expected", pays_on_savings=False, seed=1)
    )
    return assess(saved, net, budget(saved, paid, costs), position)


def decision(found, payer="state"):
    return next(one for one in found.decisions if one.payer == payer)


def test_switching_values_are_where_the_closed_form_is_zero():
    """Net = 10 m (0.3 - 0.2 / 1.1) - 500 with m the mean effect; payments come a year later."""
    mean = EFFECT.mean()
    switching = {s.key: s.value for s in decision(made()).switches}
    per_unit = 0.3 - 0.2 / 1.1
    assert switching["effect"] == pytest.approx(500 / (10 * mean * per_unit), rel=1e-5)
    assert switching["effect|wage"] == pytest.approx(switching["effect"], rel=1e-9)
    kept = (0.2 / 1.1 + 50 / mean) / 0.3
    assert switching["displacement"] == pytest.approx(1 - kept, rel=1e-4)
    assert switching["deadweight"] == pytest.approx(1 - kept, rel=1e-4)
    assert switching["price|wages"] == pytest.approx((0.3 - 50 / mean) * 1.1, rel=1e-5)
    assert switching["discount_rate"] is None  # another rate only makes payments smaller or as due


def test_a_rate_that_makes_savings_worth_less_than_what_was_paid():
    later = OutcomesContract(
        "T",
        "EUR",
        START,
        (Clause("wages", ShareOf(0.32), payer="state", basis=MeasuredImpact(), outcome="wage"),),
    )
    held = outcomes()
    saved, paid = savings(held, SIDE), payments(later, held, "expected")
    net = net_position(saved, paid)
    position = Position(
        held, SIDE, later, (), Accounts(view="expected", pays_on_savings=False, seed=1)
    )
    found = assess(saved, net, budget(saved, paid), position)
    rates = {s.key: s.value for s in decision(found).switches}
    # 0.3 = 0.32 / (1 + r): the payment comes one year after the savings.
    assert rates["discount_rate"] == pytest.approx(0.32 / 0.3 - 1, rel=1e-5)
    assert rates["effect"] is None


def test_swings_are_the_ends_of_the_interval_and_the_widest_comes_first():
    swings = {s.name: s for s in decision(made()).swings.swings}
    low, high = np.quantile(EFFECT, (0.05, 0.95))
    per_unit = 10 * (0.3 - 0.2 / 1.1)
    assert swings["effect|wage"].at_low.mean() == pytest.approx(per_unit * low - 500, rel=1e-9)
    assert swings["effect|wage"].at_high.mean() == pytest.approx(per_unit * high - 500, rel=1e-9)
    sizes = [s.size for s in decision(made()).swings.swings]
    assert sizes == sorted(sizes, reverse=True)


def test_the_value_of_information_is_that_of_the_net_position():
    found = made()
    one = decision(found)
    expected = evpi({"nothing": np.zeros(1000), "programme": one.net})
    assert one.known == expected
    # Only the effect is uncertain, so knowing it is knowing everything.
    assert one.known_of["effect|wage"].value == pytest.approx(expected.value, rel=0.02)
    assert decision(found, PUBLIC).net == pytest.approx(one.net)


def test_an_uncertain_share_is_a_quantity_that_can_be_known():
    side = UnitValues(SIDE.values, "EUR", discount_rate=0.1, displacement=Beta(0.3, 0.15))
    one = decision(made(side))
    assert set(one.known_of) == {"effect|wage", "displacement"}
    assert one.known.value >= max(v.value for v in one.known_of.values()) - 1e-6
    swing = {s.name: s for s in one.swings.swings}["displacement"]
    assert (swing.low, swing.high) == pytest.approx((0.09, 0.57), abs=0.03)


def test_perspectives_add_up_and_transfers_cancel_for_society():
    held = outcomes()
    saved, paid = savings(held, SIDE), payments(CONTRACT, held, "expected")
    net = net_position(saved, paid, (EVALUATION,))
    service = np.full(1000, 700.0)
    parts = perspectives(saved, net, service=service)
    assert set(parts["society"]) == {"wages", SERVICE, "other_costs"}
    assert parts["society"]["wages"] == pytest.approx(10 * EFFECT)
    assert parts["public"][PAYMENTS] == pytest.approx(-2 * EFFECT / 1.1)
    whole = sum(parts["society"].values())
    investors = 2 * EFFECT / 1.1 - service
    sides = sum(sum(parts[n].values()) for n in ("participant", "public"))
    assert whole == pytest.approx(sides + investors)


def test_benefit_over_cost_of_wsipp():
    """Job search, December 2016: 2,345 over 517 is printed as 4.54 (two decimals)."""
    parts = {"taxpayers": 1491.0, "participants": 604.0, "indirect": 250.0, "programme": -517.0}
    found = benefit_cost({name: np.array([value]) for name, value in parts.items()})
    assert round(float(found[0]), 2) == 4.54


def test_the_marginal_value_is_private_gain_over_net_public_cost():
    value = made().value
    private = 10 * EFFECT * 0.7
    cost = 2 * EFFECT / 1.1 + 500 - 3 * EFFECT
    assert value.willingness_to_pay == pytest.approx(private)
    assert value.net_cost == pytest.approx(cost)
    pays_for_itself = cost <= 0
    assert np.isinf(value.mvpf[pays_for_itself & (private > 0)]).all()


def test_without_earnings_there_is_no_marginal_value():
    found = made(UnitValues(SIDE.values[:1], "EUR", discount_rate=0.1))
    assert found.value is None
    assert "what participants earn" in found.no_value


NEW_DEALS = {  # HC 131: net benefit in million pounds after 12 and 24 months
    "disabled people": ((5.470, 83.200), 1.0),
    "lone parents": ((-8.516, 58.248), 2.0),
    "young people": ((-91.784, 17.160), 2.0),
}


@pytest.mark.parametrize("programme", NEW_DEALS)
def test_payback_of_the_new_deals(programme):
    (first, second), year = NEW_DEALS[programme]
    moved = xr.DataArray([[first, second - first]], dims=("draw", "year"), coords={"year": [1, 2]})
    assert payback_year(moved).tolist() == [year]


def test_payback_is_the_year_after_the_last_in_debt():
    found = made()
    # Savings come in 2024, payments in 2025: who saves more than both has it back at once.
    ahead = 3 * EFFECT - 500 >= 0
    enough = 3 * EFFECT - 500 - 2 * EFFECT >= 0
    assert (found.payback["state"] == 2024).tolist() == (ahead & enough).tolist()
    assert np.isnan(found.payback["state"]).tolist() == (~enough).tolist()


def test_cost_per_additional_job_is_spending_over_jobs():
    """New Deal for Lone Parents: 77.617 million pounds over 15,684 jobs are 4,949 pounds each."""
    jobs = OutcomeMeasure("job", kind="binary", channel="employment", accrual="cumulative")
    held = Outcomes.from_draws(
        np.array([0.5, 0.0]).reshape(2, 1, 1, 1),
        np.zeros((2, 1, 1, 1)),
        measures=[jobs],
        periods=Periods(START, "year", 1),
        cohort_size=2 * 15_684,
        provenance=Provenance(),
    )
    money = np.zeros((2, 1, 1, 3))
    money[..., 1] = 77.617e6
    coords = {"payer": ["state"], "year": [2024], "item": ["savings", "payments", "costs"]}
    table = xr.DataArray(money, dims=("draw", "payer", "year", "item"), coords=coords)
    found = cost_per_job(held, table)["job"]
    assert found[0] == pytest.approx(4949, abs=0.5)
    assert np.isnan(found[1])
    assert ratio_summary(found, 0.9)["p_undefined"] == 0.5

"""What places are worth to whom: jobs valued by the public side, and places that seek money."""

import dataclasses
import datetime as dt
import itertools

import numpy as np
import pytest

from impactmodel.clients.allocation import allocate
from impactmodel.clients.allocation_rules import AllocationRules
from impactmodel.clients.allocation_types import ClientTypes
from impactmodel.clients.effect_draws import EffectDraws
from impactmodel.clients.value_frontier import priced_types, value_frontier
from impactmodel.clients.worth import (
    NetValue,
    PlaceWorth,
    Purse,
    job_value,
    why_no_worth,
    worth_of_places,
)
from impactmodel.core.distribution import LogNormal
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import Person, RuleSide, UnitValue, UnitValues, savings

START = dt.date(2026, 1, 1)
PERIODS = Periods(START, "month", 1, every=7)
JOB = OutcomeMeasure("job", kind="binary")
RULES = AllocationRules({"coaching": 5, "course": 5}, {"coaching": 1000.0, "course": 4000.0})
STATED = UnitValues(
    (
        UnitValue("benefit", "job", LogNormal(6000.0, 800.0), "state", "participant"),
        UnitValue("share", "job", 4000.0, "municipality", "participant"),
        UnitValue("care", "job", -900.0, "parish", "participant"),
    ),
    "SEK",
    private=("parish",),
)


def drawn(n=300, seed=1):
    rng = np.random.default_rng(seed)
    effect = rng.normal([[0.08, 0.02], [0.05, 0.10]], 0.04, (n, 2, 2))
    without = rng.normal([0.6, 0.2], 0.01, (n, 2))
    return EffectDraws(
        ("coaching", "course"), ("near", "far"), "job", effect, without, np.ones(2), ()
    )


def purse(public=STATED, currency="SEK"):
    return Purse(public, JOB, PERIODS, currency=currency)


def saved(found, service, public, seed):
    """Return what the public side says of one person per group in a service, by payer."""
    made = Outcomes.from_draws(
        (found.without + found.effect[:, service])[:, :, None, None],
        found.without[:, :, None, None],
        measures=[JOB],
        periods=PERIODS,
        cohort_size=1.0,
        provenance=Provenance(),
        groups=list(found.groups),
    )
    whole = savings(made, public, seed=seed)
    return {
        payer: whole.ledger.view("group", payers=(payer,), factors=whole.discount)
        .transpose("draw", "group")
        .values
        for payer in whole.ledger.payers
    }


def rule_side(**more):
    near = Person(2600.0, 35, "earnings_related", group="near")
    far = Person(2200.0, 50, "labour_market_subsidy", paid_days=300, group="far")
    return RuleSide((near, far), driver="job", carry_forward=True, **more)


@pytest.mark.parametrize(
    "public",
    [STATED, rule_side(), rule_side(horizon_years=3.5, fade_out=0.3)],
    ids=["unit values", "Finnish rules", "rules with a fading effect"],
)
def test_values_are_those_of_the_public_side_at_the_effects_themselves(public):
    found = drawn()
    currency = "SEK" if public is STATED else "EUR"
    made = worth_of_places(PlaceWorth(), RULES, purse(public, currency), found, seed=3)
    for s in range(2):
        for payer, amount in saved(found, s, public, 3).items():
            # The same savings by two ways: equal but for rounding of float64.
            np.testing.assert_allclose(
                made.by_payer[payer][:, s], amount, rtol=1e-7, atol=1e-6, err_msg=payer
            )


def test_one_more_job_is_worth_what_rules_say_of_the_effect_where_they_are_in_proportion():
    found = drawn()
    unit = job_value(purse(rule_side(), "EUR"), found, seed=3).by_payer
    for payer, amount in saved(found, 1, rule_side(), 3).items():
        # One period whose months hang together: the same but for rounding of float64.
        np.testing.assert_allclose(
            unit[payer] * found.effect[:, 1], amount, rtol=1e-7, atol=1e-6, err_msg=payer
        )


def test_public_value_leaves_private_parties_out_and_costs_fall_on_who_pays():
    found = drawn()
    paid = PlaceWorth({"coaching": "municipality", "course": "fund"})
    made = worth_of_places(paid, RULES, purse(), found, seed=3)
    unit = job_value(purse(), found, seed=3)
    assert unit.private == ("participant", "parish")
    assert set(made.payers) == {"state", "municipality", "parish", "participant", "fund"}
    state, town = (unit.by_payer[p][:, None, :] * found.effect for p in ("state", "municipality"))
    np.testing.assert_allclose(made.net("state"), state)
    np.testing.assert_allclose(made.net("municipality")[:, 0], town[:, 0] - 1000)
    np.testing.assert_allclose(made.net("municipality")[:, 1], town[:, 1])
    np.testing.assert_allclose(made.net("fund")[:, 1], -4000)
    np.testing.assert_allclose(made.net(), state + town - [[[1000], [4000]]])
    np.testing.assert_allclose(made.net_saving, made.net())


def test_a_place_pays_for_itself_at_the_break_even_effect():
    found = drawn()
    made = worth_of_places(PlaceWorth(), RULES, purse(), found, seed=3)
    at = made.break_even()
    per_job = made.value_of_unit()
    np.testing.assert_allclose(at * per_job[:, None, :], made.cost[:, :, None] + 0 * at)
    assert (made.net()[found.effect > at] > 0).all()
    assert (made.net()[found.effect < at] < 0).all()
    loses = UnitValues((UnitValue("care", "job", -1.0, "state", "participant"),), "SEK")
    never = worth_of_places(PlaceWorth(), RULES, purse(loses), found)
    assert np.isnan(never.break_even()).all()


def test_without_a_public_side_there_is_the_cost_per_job_alone():
    found = drawn()
    made = worth_of_places(PlaceWorth(), RULES, purse(None), found)
    assert made.by_payer == {}
    cost = made.cost_summary()["coaching", "far"]
    assert cost["p_undefined"] == (found.effect[:, 0, 1] <= 0).mean()
    free = AllocationRules({"coaching": 5, "course": 5}, {"coaching": 1000.0})
    assert worth_of_places(PlaceWorth(), free, purse(), found) is None
    assert "no cost of a place of course" in why_no_worth(PlaceWorth(), free, purse())
    assert "no currency" in why_no_worth(PlaceWorth(), RULES, purse(None, ""))


def two_types(n=100):
    """Return two types in one group each: the first gains more, the second is worth more."""
    rng = np.random.default_rng(5)
    gain = rng.normal([[[0.12, 0.10], [0.06, 0.09]]], 0.01, (n, 2, 2))
    types = ClientTypes(
        ("coaching", "course"), np.array([3, 4]), gain, {}, np.ones((2, 2), dtype=bool)
    )
    return types, np.repeat([0, 1], [3, 4]), np.eye(2)[np.repeat([0, 1], [3, 4])]


def test_places_that_seek_money_equal_brute_force():
    found = drawn(100)
    worth = PlaceWorth({"coaching": "state", "course": "state"}, NetValue("state"))
    public = UnitValues((UnitValue("b", "job", 50_000.0, "state", "participant"),), "SEK")
    made = worth_of_places(worth, RULES, purse(public), found)
    types, of, groups = two_types()
    priced = priced_types(types, of, groups, made, "state")
    mean = priced.money.mean_gain
    expected = types.gain.mean(axis=0) * 50_000 - [1000, 4000]
    np.testing.assert_allclose(mean, expected)
    rules = dataclasses.replace(RULES, capacity={"coaching": 2, "course": 3}, random_share=0.0)
    proposal = allocate(priced.money, rules)
    best = max(
        float((np.array([[a, b], [c, d]]) * expected).sum())
        for a, b, c, d in itertools.product(range(3), range(4), range(3), range(4))
        if a + c <= 2 and b + d <= 3 and a + b <= 3 and c + d <= 4
    )
    assert proposal.value == pytest.approx(best, abs=1e-6)
    points = value_frontier(priced, rules, points=4)
    jobs, money = (
        [float(v.mean()) for v in vs]
        for vs in zip(*((p.jobs, p.value) for p in points), strict=True)
    )
    assert money[0] == pytest.approx(best, rel=1e-6)
    assert jobs == sorted(jobs)
    assert money == sorted(money, reverse=True)
    most = allocate(priced.jobs, rules)
    assert jobs[-1] == pytest.approx(most.value, rel=1e-6)


def test_people_of_one_gain_but_other_worth_are_other_types():
    found = drawn(50)
    two = UnitValues((UnitValue("b", "job", 1000.0, "state", "participant"),), "SEK")
    made = worth_of_places(PlaceWorth(), RULES, purse(two), found)
    unit = {"state": np.tile([1000.0, 3000.0], (50, 1))}
    made = dataclasses.replace(made, per_unit=unit)
    types = ClientTypes.of(("coaching", "course"), [4], [[0.1, 0.2]])
    groups = np.eye(2)[[0, 1, 1, 0]]
    priced = priced_types(types, np.zeros(4, dtype=np.intp), groups, made)
    assert priced.jobs.size.tolist() == [2, 2]
    assert priced.type_of.tolist() == [0, 1, 1, 0]
    np.testing.assert_allclose(priced.money.mean_gain[:, 0], [100 - 1000, 300 - 1000])


@pytest.mark.parametrize(
    ("worth", "public", "currency", "what"),
    [
        (PlaceWorth({"yoga": "state"}), STATED, "SEK", r"worth\.paid_by\.yoga.*no capacity"),
        (PlaceWorth(currency="EUR"), STATED, "SEK", "another currency"),
        (PlaceWorth(aim=NetValue()), None, "SEK", "no public side states"),
        (PlaceWorth(aim=NetValue("moon")), STATED, "SEK", "neither gains from a job nor pays"),
        (PlaceWorth(aim=NetValue("state")), STATED, "SEK", "needs to know who pays"),
        (PlaceWorth(), dataclasses.replace(rule_side(), driver=""), "EUR", "public.driver"),
        (
            PlaceWorth(),
            dataclasses.replace(rule_side(), persons=rule_side().persons[:1]),
            "EUR",
            "far",
        ),
    ],
)
def test_worth_that_cannot_be_known_is_refused(worth, public, currency, what):
    with pytest.raises(InputError, match=what):
        worth_of_places(worth, RULES, purse(public, currency), drawn(20))


def test_net_value_needs_costs():
    free = AllocationRules({"coaching": 5, "course": 5}, {"coaching": 1000.0})
    with pytest.raises(InputError, match=r"places\.cost.*course"):
        PlaceWorth(aim=NetValue()).require_known(free)

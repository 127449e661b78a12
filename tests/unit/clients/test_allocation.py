"""Allocation: equal to brute force, within every limit, lotteries that are fair, honest gains."""

import dataclasses
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impactmodel.clients.allocation import allocate, draw_lots, propose_people
from impactmodel.clients.allocation_frontier import frontier
from impactmodel.clients.allocation_gain import gain_draws, policy_gain
from impactmodel.clients.allocation_policies import as_allocated, as_recorded, at_random, by_risk
from impactmodel.clients.allocation_rules import (
    AllocationRules,
    ChanceAbove,
    Expected,
    Floor,
    TailMean,
)
from impactmodel.clients.allocation_types import ClientTypes
from impactmodel.core.errors import InputError

SERVICES = ("x", "y")


@st.composite
def small(draw):
    """A few types and two services, with or without budget, floor and eligibility."""
    count = draw(st.integers(1, 3))
    size = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    points = st.integers(-5, 9).map(lambda v: v / 10)
    cell = st.lists(points, min_size=2 * count, max_size=2 * count)
    gain = np.array(draw(st.lists(cell, min_size=1, max_size=3))).reshape(-1, count, 2)
    yes = st.lists(st.booleans(), min_size=2 * count, max_size=2 * count)
    eligible = np.array(draw(yes)).reshape(count, 2) | draw(st.booleans())
    mark = np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    rules = AllocationRules(
        {"x": draw(st.integers(0, 3)), "y": draw(st.integers(0, 3))},
        cost={"x": 2.0, "y": 3.0},
        budget=draw(st.sampled_from([None, 5.0, 8.0])),
        floors=(Floor("g", 0.5),) if draw(st.booleans()) else (),
        random_share=0.0,
        objective=draw(st.sampled_from([Expected(), TailMean(0.5), ChanceAbove(0.1)])),
    )
    return ClientTypes.of(SERVICES, size, gain, {"g": mark}, eligible), rules


def value(types, rules, x):
    if isinstance(rules.objective, ChanceAbove):
        return float(((types.gain > rules.objective.threshold).mean(axis=0) * x).sum())
    total = np.sort(np.einsum("dts,ts->d", types.gain, x))
    if isinstance(rules.objective, Expected):
        return float(total.mean())
    # The mean of the worst share of equally likely draws, the last one broken.
    weight = np.clip(rules.objective.share * len(total) - np.arange(len(total)), 0, 1)
    return float(weight @ total / weight.sum())


def allowed(types, rules, x):
    capacity = np.array([rules.capacity[s] for s in SERVICES])
    cost = np.array([rules.cost[s] for s in SERVICES])
    return (
        (x.sum(axis=1) <= types.size).all()
        and (x.sum(axis=0) <= capacity).all()
        and (x[~types.eligible] == 0).all()
        and (rules.budget is None or x.sum(axis=0) @ cost <= rules.budget)
        and all(
            x[types.marks[f.group]].sum() >= np.ceil(f.share * capacity.sum()) for f in rules.floors
        )
    )


def best(types, rules):
    """Return the highest value over all whole numbers of places; None if nothing is allowed."""
    top = np.repeat(types.size, 2)
    found = None
    for places in product(*(range(int(n) + 1) for n in top)):
        x = np.array(places).reshape(-1, 2)
        if allowed(types, rules, x):
            one = value(types, rules, x)
            found = one if found is None else max(found, one)
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(small())
def test_an_allocation_equals_brute_force(case):
    types, rules = case
    wanted = best(types, rules)
    if wanted is None:
        with pytest.raises(InputError, match=r"short by|no whole numbers"):
            allocate(types, rules)
        return
    found = allocate(types, rules)
    assert allowed(types, rules, found.places)
    assert value(types, rules, found.places) == pytest.approx(wanted, abs=1e-7)
    assert found.bound >= wanted - 1e-7


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 0.3), st.booleans())
def test_limits_hold_with_random_places_and_people(seed, share, floored):
    rng = np.random.default_rng(seed)
    gain = rng.normal(0.05, 0.05, (300, 2)).round(2)
    marks = {"g": rng.random(300) < 0.4}
    types, of = ClientTypes.of_people(SERVICES, gain, marks)
    floors = (Floor("g", 0.5, "x"),) if floored else ()
    rules = AllocationRules({"x": 40, "y": 25}, floors=floors, random_share=share)
    found = allocate(types, rules, seed=seed)
    drawn = propose_people(found, of)
    counts = np.bincount(drawn.service, minlength=3)
    assert (counts[1:] == found.places.sum(axis=0)).all()
    assert (counts[1:] <= [40, 25]).all()
    assert int(drawn.random.sum()) == sum(rules.drawn_by_lot(s) for s in SERVICES)
    if floored:
        assert (marks["g"] & (drawn.service == 1)).sum() >= 20
    assert np.allclose(as_allocated(found, of).sum(axis=0), counts[1:])


def test_many_people_with_floors_and_a_budget_lose_next_to_nothing():
    rng = np.random.default_rng(1)
    gain = rng.normal(0.05, 0.05, (4000, 2))
    marks = {"g": rng.random(4000) < 0.4}
    types, _ = ClientTypes.of_people(SERVICES, gain, marks)
    rules = AllocationRules(
        {"x": 333, "y": 400},
        cost={"x": 1000.0, "y": 2600.0},
        budget=1_200_001.0,
        floors=(Floor("g", 0.5),),
    )
    found = allocate(types, rules)
    assert found.places.sum(axis=0) @ [1000.0, 2600.0] <= 1_200_001.0
    assert found.places[types.marks["g"]].sum() >= np.ceil(0.5 * 733)
    # At most the place that the budget breaks, 0.2 at the best.
    assert 0 <= found.bound - found.value + 1e-9 < 0.2


def test_everybody_eligible_has_the_same_chance_of_a_random_place():
    types = ClientTypes.of(SERVICES, [10, 30], np.zeros((2, 2)))
    rules = AllocationRules({"x": 20, "y": 20}, random_share=0.1)
    won = np.mean([draw_lots(types, rules, seed) for seed in range(2000)], axis=0)
    # A hypergeometric count has a variance below 0.75 * 0.5: four errors of a mean of 2,000.
    np.testing.assert_allclose(won, [[0.5, 0.5], [1.5, 1.5]], atol=4 * (0.375 / 2000) ** 0.5)


def test_ties_are_decided_by_lot():
    types, of = ClientTypes.of_people(("x",), np.full((10, 1), 0.1))
    rules = AllocationRules({"x": 3}, random_share=0.0)
    found = allocate(types, rules)
    lots = [dataclasses.replace(found, seed=seed) for seed in range(400)]
    won = np.mean([propose_people(one, of).service for one in lots], axis=0)
    # Four standard errors of a share of .3 of 400 draws.
    np.testing.assert_allclose(won, 0.3, atol=4 * (0.21 / 400) ** 0.5)


def test_nobody_is_placed_where_a_service_harms():
    types = ClientTypes.of(("x",), [5], [[-0.1]])
    found = allocate(types, AllocationRules({"x": 5}, random_share=0.0))
    assert found.places.sum() == 0
    assert found.price.tolist() == [0.0]


def test_prices_and_margins_are_those_of_the_next_in_line():
    types = ClientTypes.of(("x",), [1, 1, 1], [[0.3], [0.2], [0.1]])
    found = allocate(types, AllocationRules({"x": 1}, random_share=0.0))
    # Any price between the last who got a place and the next is a price of the corner.
    assert 0.2 - 1e-9 <= found.price[0] <= 0.3 + 1e-9
    np.testing.assert_allclose(found.margins()[:, 0], types.mean_gain[:, 0] - found.price[0])


def test_caution_prefers_the_sure_to_the_better_on_average():
    gain = np.array([[[0.3], [0.1]], [[-0.05], [0.1]]])
    types = ClientTypes.of(("x",), [1, 1], gain)
    mean, tail, above = (
        allocate(types, AllocationRules({"x": 1}, random_share=0.0, objective=o)).places[:, 0]
        for o in (Expected(), TailMean(0.5), ChanceAbove(0.0))
    )
    assert mean.tolist() == [1, 0]
    assert tail.tolist() == above.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ({"floors": (Floor("g", 1.0),)}, "short by 6 places, too few eligible people"),
        (
            {"floors": (Floor("g", 0.4),), "cost": {"x": 1.0, "y": 1.0}, "budget": 1.0},
            "short by 3 places, the budget is too small",
        ),
        ({"cost": {"x": 9.0, "y": 9.0}, "budget": 5.0, "random_share": 0.5}, "drawn by lot"),
        ({"floors": (Floor("h", 0.5),)}, "no such group"),
    ],
)
def test_what_cannot_be_met_is_named(rules, what):
    types = ClientTypes.of(SERVICES, [4, 20], np.full((2, 2), 0.1), {"g": np.array([True, False])})
    with pytest.raises(InputError, match=what):
        allocate(types, AllocationRules({"x": 5, "y": 5}, **({"random_share": 0.0} | rules)))


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ({"capacity": {"x": -1}}, "at least 0"),
        ({"capacity": {"x": 1}, "budget": 5.0}, "needs the cost of every service"),
        ({"capacity": {"x": 1}, "floors": (Floor("g", 0.1, "z"),)}, "has no capacity"),
        ({"capacity": {"x": 1}, "random_share": 1.0}, "below 1"),
        ({"capacity": {}}, "no service"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, what):
    with pytest.raises(InputError, match=what):
        AllocationRules(**rules)


def test_paired_differences_have_small_errors():
    """Two rules that differ in few people: the error is that of the few, not that of all."""
    rng = np.random.default_rng(3)
    scores = rng.normal(0.1, 1.0, (5000, 1))
    everybody, most = np.ones((5000, 1)), np.ones((5000, 1))
    most[:50] = 0.0
    none = ("none", np.zeros((5000, 1)))
    one = policy_gain(("all", everybody), none, scores)
    paired = policy_gain(("all", everybody), ("most", most), scores)
    np.testing.assert_allclose(one.gain, 1000 * scores.mean())
    np.testing.assert_allclose(one.se, 1000 * scores.std(ddof=1) / 5000**0.5)
    np.testing.assert_allclose(paired.gain, 1000 * scores[:50].sum() / 5000)
    assert paired.se < one.se / 8
    low, high = paired.interval(0.9)
    np.testing.assert_allclose(high - low, 2 * 1.6448536 * paired.se, rtol=1e-6)


def test_policies_spread_all_places():
    rng = np.random.default_rng(4)
    chance = rng.integers(0, 5, 100) / 10
    for policy in (at_random(100, [10, 20]), by_risk(chance, [10, 20])):
        np.testing.assert_allclose(policy.sum(axis=0), [10, 20])
        assert policy.sum(axis=1).max() <= 1
    weakest = by_risk(chance, [10, 20]).sum(axis=1)
    assert weakest[chance == chance.min()].mean() >= weakest[chance > chance.min()].mean()
    assert as_recorded(np.array([0, 1, 2]), 2).sum(axis=0).tolist() == [1, 1]
    with pytest.raises(InputError, match="more places than people"):
        at_random(5, [10])


def test_gain_draws_are_linear_in_effects():
    rng = np.random.default_rng(5)
    effect, member = rng.normal(size=(20, 2, 3)), np.eye(3)[rng.integers(0, 3, 40)]
    policy, none = at_random(40, [4, 8]), np.zeros((40, 2))
    wanted = 1000 * (effect * (policy[0][:, None] * member.mean(axis=0))).sum(axis=(1, 2))
    np.testing.assert_allclose(gain_draws(policy, none, effect, member), wanted)


def test_the_frontier_runs_from_the_mean_to_the_worst_off():
    """Group B gains half as much from every place, and there are too few places for all."""
    marks = {"A": np.array([True, False]), "B": np.array([False, True])}
    types = ClientTypes.of(("x",), [50, 50], [[[0.2], [0.1]], [[0.22], [0.08]]], marks)
    found = frontier(types, AllocationRules({"x": 50}), ("A", "B"), points=4)
    mean = np.array([p.mean_gain.mean() for p in found.points])
    worst = np.array([p.worst_gain.mean() for p in found.points])
    assert (np.diff(mean) < 0).all()
    assert (np.diff(worst) > 0).all()
    # By hand: all places to A give 50 * .21 of 100 people; equal gains give A a third part of
    # the places, a = 50 * .09 / (.21 + .09), and each group .21 a / 50.
    np.testing.assert_allclose([mean[0], worst[0]], [105.0, 0.0], atol=1e-6)
    a = 50 * 0.09 / 0.30
    np.testing.assert_allclose(worst[-1], 1000 * 0.21 * a / 50, rtol=1e-5)
    np.testing.assert_allclose(found.points[-1].share, [a / 50, 1 - a / 50], rtol=1e-5)
    assert found.points[0].mean_gain.shape == (2,)
    with pytest.raises(InputError, match="two points or more"):
        frontier(types, AllocationRules({"x": 50}), ("A", "B"), points=1)

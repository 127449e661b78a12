"""Jobs gained per 1,000 synthetic clients at 20 % capacity, by rule and by people learned from.

Each world is learned from once, and the places of 10,000 further clients are allocated: by lot, to
the highest risk first, by effects of groups, by effects that differ between people, by the true
effects on record (the best that records allow) and by the true effects. True gains are compared
with each other; doubly robust gains on the further clients with the true ones. The world's services
multiply hazards; the same people are learned from once more where they multiply odds.
"""

import csv
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from impactmodel.clients.allocation import allocate
from impactmodel.clients.allocation_gain import policy_gain
from impactmodel.clients.allocation_policies import as_allocated, as_recorded, at_random, by_risk
from impactmodel.clients.allocation_rules import AllocationRules, Floor
from impactmodel.clients.allocation_types import ClientTypes
from impactmodel.clients.effect_draws import pooled
from impactmodel.clients.effect_groups import EffectDesign, effects_by_group, scores_of
from impactmodel.clients.effect_persons import person_effects
from tests.calibration.client_worlds import recorded_kind, where_odds_multiply, world_of

RESULTS = Path(__file__).parent / "results" / "client_allocation.csv"
SEED, FURTHER, SHARE, JUDGED = 20261124, 10_000, 0.2, 10
SIZES = {5_000: (40, 0.85), 60_000: (10, 0.90)}
DESIGN = EffectDesign(folds=3, least=15)


def allocated(gain, capacity, services, marks=None, floors=()):
    types, of = ClientTypes.of_people(services, gain, marks)
    rules = AllocationRules(
        dict(zip(services, capacity.tolist(), strict=True)), floors=floors, random_share=0.0
    )
    found = allocate(types, rules)
    assert (found.places.sum(axis=0) <= capacity).all()
    return as_allocated(found, of)


def reached_where_odds_multiply(worlds, columns, capacity, seed):
    """Return the gain of effects of people over that of the true effects on record."""
    (world, people), (further, cohort) = worlds
    groups, theirs = columns
    people, _ = where_odds_multiply(world, people, seed)
    cohort, truth = where_odds_multiply(further, cohort, seed)
    services = people.services[1:]
    found = person_effects(people, groups).expected(cohort.x, theirs)
    rules = [("found", allocated(found, capacity, services))]
    rules.append(("best", allocated(truth, capacity, services)))
    none = ("none", np.zeros_like(truth))
    gain, best = (policy_gain(rule, none, truth).gain for rule in rules)
    return gain / best


def learned(size, seed, *, judged):
    """Return true and doubly robust gains by rule, and the share of impaired among places."""
    world, people = world_of(size, seed)
    further, cohort = world_of(FURTHER, seed + 500_000)
    services = people.services[1:]
    capacity = np.full(3, int(SHARE * FURTHER / 3))
    groups, theirs = recorded_kind(world).weights, recorded_kind(further)
    persons = person_effects(people, groups)
    by_person = persons.expected(cohort.x, theirs.weights)
    odds, hazards = (model.effects(cohort.x, theirs.weights) for model in persons.models)
    (found,) = effects_by_group(people, recorded_kind(world), DESIGN, seed=seed)
    by_group = theirs.weights @ pooled(found, draws=500).effect.mean(axis=0).T
    truth = further.truth.effect[1:].T
    on_record = (further.truth.recorded - further.truth.recorded[0])[1:].T
    impaired = theirs.weights[:, 0] > 0
    floor = (Floor("impaired", float(impaired.mean())),)
    marks = {"impaired": impaired}
    rules = {
        "random": at_random(FURTHER, capacity),
        "highest risk first": by_risk(further.truth.recorded[0], capacity),
        "effects of groups": allocated(by_group, capacity, services),
        "effects of people": allocated(by_person, capacity, services),
        "effects of people, odds alone": allocated(odds, capacity, services),
        "effects of people, hazards alone": allocated(hazards, capacity, services),
        "effects of people, floor": allocated(by_person, capacity, services, marks, floor),
        "best on record": allocated(on_record, capacity, services),
        "best possible": allocated(truth, capacity, services),
    }
    none = np.zeros_like(truth)
    gains = {k: policy_gain((k, v), ("none", none), truth).gain for k, v in rules.items()}
    shares = {k: float(v[impaired].sum() / v.sum()) for k, v in rules.items()}
    worlds, columns = ((world, people), (further, cohort)), (groups, theirs.weights)
    odds = reached_where_odds_multiply(worlds, columns, capacity, seed), persons.weights[1]
    if not judged:
        return gains, shares, odds, None
    scores = scores_of(cohort, DESIGN, seed)[0].contrasts[:, :, 0]
    base = ("random", rules["random"])
    paired = policy_gain(("effects of people", rules["effects of people"]), base, scores)
    alone = policy_gain(("effects of people", rules["effects of people"]), ("none", none), scores)
    practice = policy_gain(("practice", as_recorded(cohort.service, 3)), ("none", none), truth)
    true_difference = gains["effects of people"] - gains["random"]
    return gains, shares, odds, (paired.gain, paired.se, true_difference, alone.se, practice.gain)


@pytest.mark.calibration
def test_allocations_reach_what_the_best_on_record_reaches():
    rows, unmet = [], []
    for size, (worlds, wanted) in SIZES.items():
        runs = [learned(size, SEED + i, judged=i < JUDGED) for i in range(worlds)]
        best = np.array([run[0]["best on record"] for run in runs])
        for rule in runs[0][0]:
            gain = np.array([run[0][rule] for run in runs])
            share = np.mean([run[1][rule] for run in runs])
            ratio = gain / best
            error = ratio.std(ddof=1) / np.sqrt(worlds)
            met = rule != "effects of people" or bool(ratio.mean() >= wanted)
            rows.append([size, worlds, rule, gain.mean(), ratio.mean(), error, share, met])
            unmet += [] if met else [rows[-1]]
        odds, weight = np.array([run[2] for run in runs]).T
        error = odds.std(ddof=1) / np.sqrt(worlds)
        where = "effects of people, where odds are multiplied"
        rows.append([size, worlds, where, "", odds.mean(), error, "", True])
        rows.append([size, worlds, "weight of hazards", weight.mean(), "", "", "", True])
        gain, se, true, alone, practice = np.array([run[3] for run in runs if run[3]]).T
        covered = (np.abs(gain - true) < 1.96 * se).mean()
        told = {
            "doubly robust difference to random": gain.mean(),
            "its true value": true.mean(),
            "its standard error, paired": se.mean(),
            "standard error to no service": alone.mean(),
            "share of 95 % intervals that hold it": covered,
            "practice, at its own capacity": practice.mean(),
        }
        rows += [[size, len(gain), what, v, "", "", "", True] for what, v in told.items()]
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy"))
    place = f"seed {SEED}, 2026-11-24, Python {platform.python_version()}, {packages}"
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        head = ["people", "worlds", "rule", "jobs per 1000", "of best on record", "its error"]
        lines.writerow([*head, "impaired among places", "met", place])
        for row in rows:
            lines.writerow([round(v, 4) if isinstance(v, float) else v for v in row])
    assert unmet == []

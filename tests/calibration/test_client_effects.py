"""Effects of services by group in the synthetic world: how often 95 % intervals hold the truth.

Recorded assignment: each service and group must be covered in 90 to 99 % of 200 worlds, doubly
robust and pooled alike on average. Hidden assignment: caseworkers choose those who are weak in a
way that no column holds; intervals then cover too seldom, and a stated bias prior repairs them.
"""

import csv
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from impactmodel.clients.effect_draws import pooled, with_hidden_bias
from impactmodel.clients.effect_groups import effects_by_group
from impactmodel.clients.synthetic_assignment import OnHidden, OnRecord
from impactmodel.effects import BiasPrior
from tests.calibration.client_worlds import recorded_kind, world_of

RESULTS = Path(__file__).parent / "results" / "client_effects.csv"
SEED, PEOPLE, WORLDS, HIDDEN_WORLDS = 20261124, 8000, 200, 60
BIAS = BiasPrior(sd=0.03)
HALF = float(stats.norm.ppf(0.975))


def held(world, people, bias=None):
    """Return whether both kinds of interval hold the truth, and what was found and is true."""
    groups = recorded_kind(world)
    (found,) = effects_by_group(people, groups, seed=world.spec.seed)
    truth = world.truth.effect[1:] @ groups.weights / groups.weights.sum(axis=0)
    drawn = pooled(found, draws=1000, seed=world.spec.seed)
    if bias is not None:
        drawn = with_hidden_bias(drawn, bias, "what caseworkers know", seed=world.spec.seed)
    low, high = np.quantile(drawn.effect, [0.025, 0.975], axis=0)
    robust = np.abs(found.effect - truth) < HALF * found.se
    return robust, (low < truth) & (truth < high), found.effect, truth, found


@pytest.mark.calibration
def test_intervals_of_effects_hold_the_truth_as_often_as_they_say():
    runs = [held(*world_of(PEOPLE, SEED + i, OnRecord())) for i in range(WORLDS)]
    last = runs[-1][4]
    robust, shrunk = (np.mean([run[i] for run in runs], axis=0) for i in (0, 1))
    error = np.mean([run[2] - run[3] for run in runs], axis=0)
    rows = []
    for s, service in enumerate(last.services):
        for g, group in enumerate(last.groups):
            rows.append(["on record", service, group, WORLDS, robust[s, g], shrunk[s, g]])
            rows[-1] += [round(float(error[s, g]), 5), bool(0.9 <= robust[s, g] <= 0.99)]
    rows.append(["on record", "all", "all", WORLDS, robust.mean(), shrunk.mean()])
    rows[-1] += [round(float(error.mean()), 5), bool(min(robust.mean(), shrunk.mean()) >= 0.9)]
    hidden = [
        held(*world_of(PEOPLE, SEED + i, OnHidden(strength=0.4))) for i in range(HIDDEN_WORLDS)
    ]
    wide = [
        held(*world_of(PEOPLE, SEED + i, OnHidden(strength=0.4)), BIAS)
        for i in range(HIDDEN_WORLDS)
    ]
    plain, repaired = (np.mean([run[1] for run in part]) for part in (hidden, wide))
    low = np.mean([run[2] for run in hidden]) / np.mean([run[3] for run in hidden]) - 1
    rows.append(["on hidden", "all", "all", HIDDEN_WORLDS, np.mean([r[0] for r in hidden]), plain])
    rows[-1] += [round(float(low), 3), bool(plain < repaired)]
    rows.append(["on hidden, bias prior", "all", "all", HIDDEN_WORLDS, "", repaired])
    rows[-1] += [round(float(low), 3), bool(repaired >= 0.9)]
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy"))
    place = f"seed {SEED}, 2026-11-24, Python {platform.python_version()}, {packages}"
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        head = ["assignment", "service", "group", "worlds", "doubly robust covers"]
        lines.writerow([*head, "pooled covers", "mean error (hidden: relative)", "met", place])
        for row in rows:
            lines.writerow([round(v, 4) if isinstance(v, float) else v for v in row])
    assert [row for row in rows if not row[7]] == []

"""Effects of services by group in the synthetic world: how often 95 % intervals hold the truth.

Recorded assignment: over all services and groups 90 to 99 % must be covered, and each of them
within its binomial band about 95 %, simultaneously at 99 %. Pooled intervals are drawn towards each
other: they must cover over all groups, not each group that is unlike the others. Hidden assignment:
caseworkers choose those who are weak in a way that no column holds; a stated bias prior must bring
the coverage back to 90 %.
"""

import csv
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from impactmodel.clients.effect_bias import HiddenBias, with_hidden_bias
from impactmodel.clients.effect_draws import pooled
from impactmodel.clients.effect_groups import EffectDesign, effects_by_group
from impactmodel.clients.synthetic_assignment import OnHidden, OnRecord
from impactmodel.effects import BiasPrior
from tests.calibration.client_worlds import recorded_kind, world_of

RESULTS = Path(__file__).parent / "results" / "client_effects.csv"
SEED, PEOPLE, WORLDS = 20261124, 8000, 400
HIDDEN_PEOPLE, HIDDEN_WORLDS = 20_000, 60
BIAS = HiddenBias(BiasPrior(sd=0.02), "what caseworkers know", shared=0.0, services=1.0, groups=0.0)
DESIGN = EffectDesign(folds=3)
HALF, BAND = float(stats.norm.ppf(0.975)), 0.99


def covers(drawn, truth):
    low, high = np.quantile(drawn.effect, [0.025, 0.975], axis=0)
    return (low < truth) & (truth < high)


def run(world, people):
    """Return what holds the truth (robust, pooled, with a bias prior), errors, se and truth."""
    groups = recorded_kind(world)
    seed = world.spec.seed
    (found,) = effects_by_group(people, groups, DESIGN, seed=seed)
    truth = world.truth.effect[1:] @ groups.weights / groups.weights.sum(axis=0)
    drawn = pooled(found, draws=1000, seed=seed)
    wide = with_hidden_bias(drawn, BIAS.sized(people), seed=seed)
    robust = np.abs(found.effect - truth) < HALF * found.se
    held = (robust, covers(drawn, truth), covers(wide, truth))
    return np.stack([*held, found.effect - truth, found.se, truth])


def named(values):
    return [round(float(v), 4) for v in values]


@pytest.mark.calibration
def test_intervals_of_effects_hold_the_truth_as_often_as_they_say():
    world, people = world_of(PEOPLE, SEED, OnRecord())
    services, groups = people.services[1:], recorded_kind(world).groups
    found = np.stack([run(*world_of(PEOPLE, SEED + i, OnRecord())) for i in range(WORLDS)])
    mean, spread = found.mean(axis=0), found[:, 3].std(axis=0, ddof=1)
    alpha = (1 - BAND) / 2 / mean[0].size
    low, high = stats.binom.ppf([alpha, 1 - alpha], WORLDS, 0.95) / WORLDS
    rows = []
    for s, service in enumerate(services):
        for g, group in enumerate(groups):
            cell = mean[:, s, g]
            values = named([*cell[:2], cell[3], cell[4] / spread[s, g]])
            rows.append(
                ["on record", service, group, WORLDS, *values, bool(low <= cell[0] <= high)]
            )
    total = mean.mean(axis=(1, 2))
    met = bool((total[:2] >= 0.9).all() and (total[:2] <= 0.99).all())
    values = named([*total[:2], total[3], (mean[4] / spread).mean()])
    rows.append(["on record", "all", "all", WORLDS, *values, met])
    worlds = (world_of(HIDDEN_PEOPLE, SEED + i, OnHidden()) for i in range(HIDDEN_WORLDS))
    hidden = np.stack([run(*one) for one in worlds]).mean(axis=(0, 2, 3))
    values = named([*hidden[:2], hidden[3] / hidden[5]])
    rows.append(["on hidden, error relative", "all", "all", HIDDEN_WORLDS, *values, "", True])
    met = bool(hidden[2] >= 0.9)
    values = named([hidden[2], hidden[3] / hidden[5]])
    rows.append(["the same with a bias prior", "all", "all", HIDDEN_WORLDS, "", *values, "", met])
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy"))
    place = f"seed {SEED}, 2026-11-24, Python {platform.python_version()}, {packages}"
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        head = ["assignment", "service", "group", "worlds", "doubly robust covers"]
        head += ["pooled covers", "mean error", "se over sd of error", "met", place]
        lines.writerow(head)
        lines.writerows(rows)
    assert [row for row in rows if not row[-1]] == []

"""Simulation-based calibration of durations: ranks of the truth among posterior draws.

Truths are drawn from the priors, spells from the hazards with people censored on the way, and the
posterior from the exact sampler (conjugate model) or from nutpie, thinned to nearly independent
draws (random walks). Ranks must be uniform within simultaneous 99 % bands over all quantities of
both models; planted bugs must leave them. The table of results is written beside this file.
"""

import csv
import dataclasses
import datetime as dt
import platform
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods
from impactmodel.effects import sampling
from impactmodel.effects.designs import prepare
from impactmodel.effects.durations import Durations
from impactmodel.effects.hazard_priors import DirichletPriors, HazardPriors, RandomWalk
from impactmodel.effects.methods import Sampler
from impactmodel.evidence.spell_cells import SpellCells
from tests.calibration.ranks import deviation as ranks_apart

RESULTS = Path(__file__).parent / "results" / "durations.csv"
SEED, DRAWS, BAND = 20261124, 99, 0.99
PERIODS = Periods(dt.date(2024, 1, 1), "month", 5)
CAUSES, PEOPLE, CENSORED = ("job", "other"), 150, 0.12
GROUPS = {"pooled groups": 3}
# 1,000 simulations of the sampled models, pooled ones in blocks of their own seeds.
SIMULATIONS = {"Dirichlet": 2000, "random walks": 1000, "pooled groups": 1000}
BLOCKS = 2
BUG_SIMULATIONS = {"Dirichlet": 500, "random walks": 150}
PRIORS = {
    "Dirichlet": DirichletPriors(hazard=0.15, weight=6.0),
    "random walks": HazardPriors(
        base_hazard=0.12,
        level_sd=0.7,
        treatment_sd=0.8,
        baseline=RandomWalk(0.3),
        effect=RandomWalk(0.2),
    ),
}
PRIORS["pooled groups"] = PRIORS["random walks"]
REPORTED = ("job by 3", "job by 5", "months")
OWN = {
    "Dirichlet": ("hazard of a job, treated, period 1", "hazard of a job, comparison, period 5"),
    "random walks": ("level", "treatment", "baseline step", "effect step", "effect, period 5"),
    "pooled groups": (
        "level",
        "treatment",
        "sd of levels",
        "sd of effects",
        "level of group 1",
        "effect of group 2",
    ),
}


def cells(leaving):
    """Cells of the comparison and the treated, from endings (group, arm, period + 1, ending)."""
    groups = len(leaving)
    labels = tuple(f"group {g + 1}" for g in range(groups)) if groups > 1 else ("all",)
    return SpellCells.of(
        periods=PERIODS,
        names=(CAUSES, labels, ()),
        keys=(np.tile([False, True], groups), np.repeat(np.arange(groups), 2)),
        x=np.empty((2 * groups, 0)),
        leaving=leaving.reshape(2 * groups, *leaving.shape[2:]),
    )


def simulate(hazard, rng):
    """Spells of 150 people in each arm (treated, comparison); some are censored each period."""
    groups = len(hazard)
    leaving = np.zeros((groups, 2, PERIODS.count + 1, 1 + len(CAUSES)))
    for g, arm in np.ndindex(groups, 2):
        n = PEOPLE // groups
        for t in range(PERIODS.count):
            h = hazard[g, arm, t]
            gone = rng.multinomial(n, [*h, 1 - h.sum()])
            last = t == PERIODS.count - 1
            lost = gone[-1] if last else rng.binomial(gone[-1], CENSORED)
            # The comparison stands first in the cells.
            leaving[g, 1 - arm, t + 1] = [lost, *gone[:-1]]
            n = gone[-1] - lost
    return cells(leaving)


def ready(evidence, priors):
    return prepare(
        Durations(
            evidence,
            job=("job",),
            horizons=(3, 5),
            priors=priors,
            pool_groups=len(evidence.groups) > 1,
        )
    )


def quantities(prepared, drawn, kind):
    """What is ranked: (draw, quantity)."""
    found = prepared.endings(drawn)
    mean, _ = found.moments(prepared.targets.values())
    reported = np.concatenate([mean[:, 0, 0], mean[:, 1, 0], mean[:, 0, 0] - mean[:, 1, 0]], axis=1)
    if kind == "Dirichlet":
        p = drawn["hazard_probability"]
        own = [p[:, 0, 0, 0, 0], p[:, 1, 0, 4, 0]]
    elif kind == "pooled groups":
        own = [drawn["hazard_level"][:, 0], drawn["hazard_treatment"][:, 0]]
        own += [drawn["hazard_group_level_sd"][:, 0], drawn["hazard_group_effect_sd"][:, 0]]
        own += [drawn["hazard_group_level"][:, 0, 0], drawn["hazard_group_effect"][:, 1, 0]]
    else:
        own = [drawn["hazard_level"][:, 0], drawn["hazard_treatment"][:, 0]]
        own += [drawn["hazard_baseline_step"][:, 0], drawn["hazard_effect_step"][:, 0]]
        own += [drawn["hazard_effect"][:, 4, 0]]
    return np.column_stack([*own, reported])


def names(kind):
    arms = ("treated", "comparison", "effect")
    return (*OWN[kind], *(f"{what}, {arm}" for arm in arms for what in REPORTED))


def posterior(prepared, kind, rng):
    """Ninety-nine draws, independent or nearly so."""
    if kind == "Dirichlet":
        return prepared.model.exact(DRAWS, rng)
    seed = int(rng.integers(2**31))
    sampler = Sampler(seed=seed, chains=2, draws=500, tune=300, cores=1)
    tree = sampling.sample((prepared.model,), sampler)["posterior"].dataset
    flat = {str(k): v.values.reshape(-1, *v.shape[2:]) for k, v in tree.items()}
    at = np.linspace(0, 999, DRAWS).astype(int)
    return {k: v[at] for k, v in flat.items()}


def ranks(kind, simulations, priors=None, see=lambda evidence: evidence, block=0):
    """Rank of each truth among the draws of a model that may see or assume wrongly."""
    rng = np.random.default_rng(SEED + block)
    base = ready(cells(np.full((GROUPS.get(kind, 1), 2, 6, 3), 10.0)), PRIORS[kind])
    # Some more than are needed, for those that are refused.
    truth = base.model.prior(simulations + simulations // 5, rng)
    true = quantities(base, truth, kind)
    out = []
    for i in range(len(true)):
        one = slice(i, i + 1)
        hazard = np.stack([base.model.hazards(truth, one, arm)[0] for arm in (0, 1)], axis=1)
        evidence = simulate(hazard, rng)
        try:
            prepared = ready(see(evidence), priors or PRIORS[kind])
        except InputError:
            # The last people were censored before the horizon. Ranks are uniform given the data,
            # so whatever is refused because of the data does not matter.
            continue
        drawn = quantities(prepared, posterior(prepared, kind, rng), kind)
        out.append((drawn < true[i]).sum(axis=0))
        if len(out) == simulations:
            return np.array(out)
    raise AssertionError(f"{len(out)} of {simulations} simulations")


deviation = partial(ranks_apart, draws=DRAWS)


@cache
def limit(simulations):
    """The deviation that uniform ranks exceed with one hundredth over all quantities together."""
    rng = np.random.default_rng(1)
    drawn = [rng.integers(0, DRAWS + 1, size=(simulations, 500)) for _ in range(40)]
    each = (1 - BAND) / sum(len(names(kind)) for kind in PRIORS)
    return float(np.quantile(np.concatenate([deviation(d) for d in drawn]), 1 - each))


@pytest.mark.sampler
@pytest.mark.timeout(3600)
def test_ranks_are_uniform_within_simultaneous_bands():
    rows = []
    for kind, simulations in SIMULATIONS.items():
        most = limit(simulations)
        blocks = BLOCKS if kind in GROUPS else 1
        each = simulations // blocks
        found = deviation(np.concatenate([ranks(kind, each, block=b) for b in range(blocks)]))
        rows += [
            (kind, q, simulations, round(float(d), 3), round(most, 3), bool(d < most))
            for q, d in zip(names(kind), found, strict=True)
        ]
    write(rows)
    assert [row for row in rows if not row[-1]] == []


def write(rows):
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "pymc", "nutpie"))
    when = f"seed {SEED}, {dt.date.today()}, Python {platform.python_version()}, {packages}"  # noqa: DTZ011  the day of the run
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["model", "quantity", "simulations", "deviation", "limit", "within", when])
        out.writerows(rows)


def censoring_ignored(evidence):
    """Censored people are taken to have stayed to the end."""
    lost = np.cumsum(evidence.censored, axis=1)
    at_risk = evidence.at_risk.copy()
    at_risk[:, 1:] += lost[:, :-1]
    return dataclasses.replace(evidence, at_risk=at_risk)


def arms_swapped(evidence):
    """The sign of the treatment is flipped."""
    return dataclasses.replace(evidence, treated=~evidence.treated)


BUGS = {
    "ignored censoring": ({}, censoring_ignored),
    "flipped sign": ({}, arms_swapped),
    "wrong prior scale": (
        {
            "Dirichlet": DirichletPriors(hazard=0.15, weight=60.0),
            "random walks": dataclasses.replace(PRIORS["random walks"], treatment_sd=0.15),
        },
        lambda evidence: evidence,
    ),
}


@pytest.mark.sampler
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", BUG_SIMULATIONS)
@pytest.mark.parametrize("bug", BUGS)
def test_planted_bugs_leave_the_bands(bug, kind):
    priors, see = BUGS[bug]
    simulations = BUG_SIMULATIONS[kind]
    rank = ranks(kind, simulations, priors.get(kind), see)
    assert deviation(rank).max() > limit(simulations)

"""Known effects on the time to a job are recovered from simulated spells with censoring."""

import datetime as dt
import math
import operator
from functools import reduce

import numpy as np
import pytest

from impactmodel.core.schedule import Periods
from impactmodel.effects.designs import prepare
from impactmodel.effects.durations import Durations
from impactmodel.effects.endings import Endings, leaving
from impactmodel.effects.fitting import fit
from impactmodel.effects.hazard_priors import DirichletPriors
from impactmodel.effects.methods import Sampler
from impactmodel.evidence.spell_cells import SpellCells

PROB = 0.9
PERIODS = Periods(dt.date(2024, 1, 1), "month", 8)
CAUSES, LOST = ("job", "inactive"), 0.04


def hazards(effect):
    """Hazards (arm, period, cause): falling over time, the effect on jobs fading, others alike."""
    t = np.arange(8)
    job = 0.12 * 0.93**t
    treated = job + effect * 0.8**t
    other = np.full(8, 0.03)
    return np.stack([np.column_stack([treated, other]), np.column_stack([job, other])])


def simulate(rng, n, hazard, group="all"):
    leaving_ = np.zeros((2, 9, 3))
    for arm in (0, 1):
        left = n
        for t in range(8):
            gone = rng.multinomial(left, [*hazard[arm, t], 1 - hazard[arm, t].sum()])
            lost = gone[-1] if t == 7 else rng.binomial(gone[-1], LOST)
            leaving_[1 - arm, t + 1] = [lost, *gone[:-1]]
            left = gone[-1] - lost
    return SpellCells.of(
        periods=PERIODS,
        names=(CAUSES, (group,), ()),
        keys=(np.array([False, True]), np.zeros(2, dtype=np.intp)),
        x=np.empty((2, 0)),
        leaving=leaving_,
    )


SITES = (40, 150, 600, 3000)


def sites(rng):
    """Hazards (site, arm, period, cause): sites differ in level and effect, on log odds."""
    odds = hazards(0.05) / (1 - hazards(0.05).sum(axis=-1, keepdims=True))
    level, effect = rng.normal(0.0, 0.4, (len(SITES), 2)), rng.normal(0.0, 0.2, (len(SITES), 2))
    half = np.array([0.5, -0.5])[:, None, None]
    odds = odds * np.exp(level[:, None, None] + half * effect[:, None, None])
    return odds / (1 + odds.sum(axis=-1, keepdims=True))


def ready(evidence, priors):
    return prepare(Durations(evidence, job=("job",), horizons=(4, 8), priors=priors))


def truth(prepared, hazard):
    found = Endings(leaving(hazard)[None, :, None], CAUSES, ("all",), PERIODS)
    mean, _ = found.moments(prepared.targets.values())
    return mean[0, 0, 0] - mean[0, 1, 0]


def covered(prepared, drawn, true):
    mean, _ = prepared.endings(drawn).moments(prepared.targets.values())
    effect = mean[:, 0, 0] - mean[:, 1, 0]
    low, high = np.quantile(effect, [(1 - PROB) / 2, (1 + PROB) / 2], axis=0)
    return (low < true) & (true < high)


@pytest.mark.parametrize("n", [100, 300, 1000])
@pytest.mark.parametrize("effect", [0.0, 0.05])
def test_intervals_of_the_conjugate_model_cover(n, effect):
    seeds = 300
    rng = np.random.default_rng(n + int(100 * effect))
    hazard = hazards(effect)
    hits = []
    for _ in range(seeds):
        prepared = ready(simulate(rng, n, hazard), DirichletPriors(hazard=0.08))
        drawn = prepared.model.exact(500, rng)
        hits.append(covered(prepared, drawn, truth(prepared, hazard)))
    # Four binomial errors of the coverage of 300 intervals, each of three quantities.
    band = 4 * math.sqrt(PROB * (1 - PROB) / seeds)
    assert (np.abs(np.mean(hits, axis=0) - PROB) < band).all()


@pytest.mark.sampler
def test_pooled_sites_of_forty_and_of_thousands_are_sampled_well():
    rng = np.random.default_rng(5)
    hazard = sites(rng)
    apart = [simulate(rng, n, h, f"site of {n}") for n, h in zip(SITES, hazard, strict=True)]
    evidence = reduce(operator.add, apart)
    made = Durations(evidence, job=("job",), horizons=(2, 4), pool_groups=True)
    found = fit(made, Sampler(seed=1, chains=2, draws=2000, tune=1000, cores=1))
    d = found.diagnostics
    assert (d.rhat_max < 1.01, d.ess_min > 400, d.divergences) == (True, True, 0)

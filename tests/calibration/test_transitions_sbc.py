"""Simulation-based calibration of transitions: ranks of the truth among posterior draws.

Truths are drawn from the priors, people are moved month by month and lost at random, and the
posterior comes from the exact rows (2,000 truths) or from the sampler (1,000 truths, one compiled
model). Ranks must be uniform within simultaneous 99 % bands over all quantities; planted bugs must
leave them. The table of results is written beside this file.
"""

import csv
import dataclasses
import datetime as dt
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from impactmodel.effects import sampling
from impactmodel.effects.markov import Chain, band_of
from impactmodel.effects.methods import Sampler
from impactmodel.effects.transition_logit import PooledRows
from impactmodel.effects.transition_prepared import StartModel
from impactmodel.effects.transition_priors import DirichletRows, LogitRows
from impactmodel.effects.transition_rows import ConjugateRows, Rows
from impactmodel.evidence.state_cells import cells_of
from tests.calibration.ranks import deviation

RESULTS = Path(__file__).parent / "results" / "transitions.csv"
SEED, BAND = 20261124, 0.99
STATES, ABSORBING = ("employed", "unemployed", "retired"), ("retired",)
MONTHS, BANDS, LOST = 10, (4,), 0.05
EXACT, POOLED, BUGS = 2000, 1000, 150
THIN = 6

CONJUGATE = DirichletRows(stay=0.8, months=12.0)
LOGIT = LogitRows(
    stay=0.8, base_sd=0.5, treatment_sd=0.5, band_sd=0.3, group_sd=0.5, group_effect_sd=0.25
)
MOVES = [f"{o} to {d}" for o in STATES[:2] for d in STATES if d != o]
QUANTITIES = {
    "exact": ("initial", "treated E to U", "comparison U to E", "late U to E", "months", "gained"),
    "pooled": (
        *(f"effect, {move}" for move in MOVES),
        "spread of levels",
        "spread of effects",
        "late, unemployed to employed",
        "months gained, group 2",
    ),
}


def model(kind, cells, priors=None):
    """The model of the movements."""
    rows = Rows.of(cells, BANDS)
    if kind == "exact":
        return ConjugateRows(rows, priors or CONJUGATE)
    return PooledRows(rows, priors or LOGIT, pooled=True)


def empty(groups):
    """Counts of nobody: the layout of the priors."""
    path = np.zeros((0, MONTHS), dtype=np.int16)
    arm, group = np.zeros(0, dtype=bool), np.zeros(0, dtype=int)
    return cells_of(path, arm, group, (STATES, ABSORBING, groups), "month")


def simulate(initial, transition, people, rng, *, carried=False):
    """Move people of each arm and group month by month and lose some for good."""
    arms, groups = initial.shape[:2]
    arm, group = (v.ravel() for v in np.indices((arms, groups)))
    arm, group = np.repeat(arm, people), np.repeat(group, people)
    band = band_of(BANDS, MONTHS)
    path = np.empty((len(arm), MONTHS), dtype=np.int16)
    path[:, 0] = pick(initial[arm, group], rng)
    for month in range(1, MONTHS):
        path[:, month] = pick(transition[arm, group, band[month - 1], path[:, month - 1]], rng)
    last = rng.geometric(LOST, len(arm))
    held = path[np.arange(len(arm)), np.minimum(last, MONTHS) - 1]
    # Loss depends on the state already seen, never on the next: who has retired stays known.
    gone = (np.arange(MONTHS) >= last[:, None]) & (held != STATES.index("retired"))[:, None]
    # Carried is the bug: whoever is lost is taken to stay where last seen.
    path = np.where(gone, held[:, None] if carried else np.int16(-1), path)
    names = (STATES, ABSORBING, tuple(f"g{g}" for g in range(groups)))
    return cells_of(path, arm == 0, group, names, "month")


def pick(p, rng):
    """One state for each row of probabilities."""
    return (rng.random((len(p), 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)


def quantities(kind, initial, transition, drawn):
    """The quantities that are ranked (draw, quantity)."""
    time = Chain(initial, transition, band_of(BANDS, MONTHS)).occupancy().sum(axis=3)
    if kind == "exact":
        parts = [
            initial[:, 0, 0, 0],
            transition[:, 0, 0, 0, 0, 1],
            transition[:, 1, 0, 0, 1, 0],
            transition[:, 0, 0, 1, 1, 0],
            time[:, 0, 0, 0],
            time[:, 0, 0, 0] - time[:, 1, 0, 0],
        ]
    else:
        parts = [
            *drawn["move_effect"].reshape(len(initial), -1).T,
            *drawn["move_group_sd"].T,
            transition[:, 1, 0, 1, 1, 0],
            time[:, 0, 1, 0] - time[:, 1, 1, 0],
        ]
    return np.stack(parts, axis=1)


def posterior(kind, found, seed, rng):
    """Draws of the parameters of the movements, nearly independent."""
    if kind == "exact":
        return found.posterior(127, rng)
    # One chain's luck is no matter here: ranks are judged over all simulations.
    settings = Sampler(seed=seed, chains=2, draws=32 * THIN, tune=200, cores=1)
    tree = sampling.sample([found], settings)["posterior"].dataset.isel(
        draw=slice(None, None, THIN)
    )
    flat = {str(k): v.values.reshape(-1, *v.shape[2:]) for k, v in tree.items()}
    return {k: v[:63] for k, v in flat.items()}


def ranks(kind, simulations, priors=None, *, swap=False, carried=False):
    """Rank of each truth among the draws of a (changed) model (simulation, quantity)."""
    rng = np.random.default_rng(SEED)
    groups = ("all",) if kind == "exact" else ("a", "b", "c")
    people = 60 if kind == "exact" else 50
    base = empty(groups)
    true = model(kind, base)
    start = StartModel(base.initial, common=False)
    drawn = true.prior(simulations, rng)
    initial, transition = start.prior(simulations, rng), true.matrices(drawn)
    truth = quantities(kind, initial, transition, drawn)
    out = np.empty(truth.shape, dtype=int)
    for i in range(simulations):
        cells = simulate(initial[i], transition[i], people, rng, carried=carried)
        if swap:
            cells = swapped(cells)
        found = model(kind, cells, priors)
        sample = posterior(kind, found, i, rng)
        first = StartModel(cells.initial, common=False).posterior(
            len(next(iter(sample.values()))), rng
        )
        ranked = quantities(kind, first, found.matrices(sample), sample)
        out[i] = (ranked < truth[i]).sum(axis=0)
    return out


def swapped(cells):
    """The bug: arms mistaken for each other."""
    return dataclasses.replace(
        cells, initial=cells.initial[::-1].copy(), counts=cells.counts[::-1].copy()
    )


@cache
def limit(simulations, draws):
    """The deviation that uniform ranks exceed with one hundredth over all quantities together."""
    rng = np.random.default_rng(1)
    simulated = [
        deviation(rng.integers(0, draws + 1, size=(simulations, 500)), draws) for _ in range(40)
    ]
    each = (1 - BAND) / sum(len(names) for names in QUANTITIES.values())
    return float(np.quantile(np.concatenate(simulated), 1 - each))


def test_ranks_are_uniform_within_simultaneous_bands():
    rows = []
    for kind, simulations, draws in (("exact", EXACT, 127), ("pooled", POOLED, 63)):
        found, most = deviation(ranks(kind, simulations), draws), limit(simulations, draws)
        rows += [
            (kind, q, simulations, round(float(d), 3), round(most, 3), bool(d < most))
            for q, d in zip(QUANTITIES[kind], found, strict=True)
        ]
        write(rows)
    assert [row for row in rows if not row[-1]] == []


def write(rows):
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy", "pymc", "nutpie"))
    when = f"seed {SEED}, {dt.date.today()}, Python {platform.python_version()}, {packages}"  # noqa: DTZ011  the day of the run
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["model", "quantity", "simulations", "deviation", "limit", "within", when])
        out.writerows(rows)


@pytest.mark.parametrize(
    "bug",
    [
        {"carried": True},
        {"swap": True},
        {"priors": DirichletRows(stay=0.8, months=120.0)},
        {"priors": DirichletRows(stay=0.5, months=12.0)},
    ],
    ids=["ignored censoring", "flipped sign", "prior too narrow", "prior off centre"],
)
def test_planted_bugs_leave_the_bands_of_the_exact_model(bug):
    assert deviation(ranks("exact", EXACT, **bug), 127).max() > limit(EXACT, 127)


@pytest.mark.parametrize(
    "bug",
    [
        {"swap": True},
        {
            "priors": LogitRows(
                stay=0.8,
                base_sd=0.5,
                treatment_sd=0.1,
                band_sd=0.3,
                group_sd=0.5,
                group_effect_sd=0.25,
            )
        },
    ],
    ids=["flipped sign", "effects shrunk too much"],
)
def test_planted_bugs_leave_the_bands_of_the_pooled_model(bug):
    assert deviation(ranks("pooled", BUGS, **bug), 63).max() > limit(BUGS, 63)

"""Known effects on months employed are recovered from simulated people, some of them lost."""

import math

import numpy as np
import pytest

from impactmodel.effects.markov import Chain, band_of
from impactmodel.effects.transition_prepared import StartModel
from impactmodel.effects.transition_priors import DirichletRows
from impactmodel.effects.transition_rows import ConjugateRows, Rows
from impactmodel.effects.transition_twins import aalen_johansen
from impactmodel.evidence.state_cells import cells_of

SEEDS, DRAWS, MONTHS, BANDS = 300, 400, 12, (4,)
PROB = 0.9
# Four binomial errors of the coverage of 300 intervals.
BAND = 4 * math.sqrt(PROB * (1 - PROB) / SEEDS)
INITIAL = np.array([0.15, 0.85, 0.0])
LEAVE = np.array([[0.92, 0.07, 0.01], [0.08, 0.90, 0.02], [0.0, 0.0, 1.0]])


def truth(odds):
    """Transition matrices (arm, band, from, to): finding work has so many times the odds."""
    out = np.broadcast_to(LEAVE, (2, 2, 3, 3)).copy()
    out[:, 1, 1] = [0.05, 0.93, 0.02]
    found = out[0, :, 1]
    found[:, 0] *= odds
    out[0, :, 1] = found / found.sum(axis=1, keepdims=True)
    return out


def simulate(matrices, n, rng):
    """Move n people of each arm and lose a twentieth of them each month."""
    arm = np.repeat([0, 1], n)
    path = np.empty((2 * n, MONTHS), dtype=np.int16)
    path[:, 0] = rng.choice(3, 2 * n, p=INITIAL)
    for month in range(1, MONTHS):
        p = matrices[arm, int(month >= BANDS[0]), path[:, month - 1]]
        path[:, month] = (rng.random((2 * n, 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
    last = rng.geometric(0.05, 2 * n)
    held = path[np.arange(2 * n), np.minimum(last, MONTHS) - 1]
    gone = (np.arange(MONTHS) >= last[:, None]) & (held != 2)[:, None]
    names = (("employed", "unemployed", "retired"), ("retired",), ("all",))
    everybody = np.zeros(2 * n, dtype=int)
    return cells_of(np.where(gone, np.int16(-1), path), arm == 0, everybody, names, "month")


def months(initial, matrices):
    """Months employed by arm."""
    band = band_of(BANDS, MONTHS)
    return Chain(initial, matrices, band).occupancy()[..., 0].sum(axis=-1)


@pytest.mark.parametrize("n", [60, 300])
@pytest.mark.parametrize("odds", [1.0, 1.5])
def test_intervals_cover_the_effect_on_months_employed(n, odds):
    rng = np.random.default_rng(int(10 * odds) + n)
    matrices = truth(odds)
    treated, compared = (months(INITIAL, matrices[a]) for a in (0, 1))
    effect = float(treated - compared)
    assert effect == pytest.approx(0.0, abs=1e-12) if odds == 1.0 else effect > 0.5
    covered, twins, means = [], [], []
    for _ in range(SEEDS):
        cells = simulate(matrices, n, rng)
        model = ConjugateRows(Rows.of(cells, BANDS), DirichletRows())
        drawn = model.matrices(model.posterior(DRAWS, rng))
        first = StartModel(cells.initial, common=False).posterior(DRAWS, rng)
        time = months(first, drawn)[:, :, 0]
        gained = time[:, 0] - time[:, 1]
        low, high = np.quantile(gained, [(1 - PROB) / 2, (1 + PROB) / 2])
        covered.append(low < effect < high)
        means.append(gained.mean())
        value, error = (v[0, 0] for v in aalen_johansen(cells).gained())
        twins.append(abs(value - effect) < 1.6449 * error)
    assert abs(np.mean(covered) - PROB) < BAND
    assert abs(np.mean(twins) - PROB) < BAND
    # The prior draws rows of few people towards staying: a small part of the error of one study.
    error = np.std(means)
    assert abs(np.mean(means) - effect) < 4 * error / math.sqrt(SEEDS) + 0.1 * error

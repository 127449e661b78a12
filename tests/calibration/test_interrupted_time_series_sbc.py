"""Simulation-based calibration of an interrupted time series.

1,000 truths are drawn from the priors, series with two controls from the likelihood, and the
posterior from the quadrature. Ranks must be uniform within simultaneous 99 % bands over all
quantities; planted bugs must leave them. The table of results is written beside this file.
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

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.its_model import SeriesWithoutProgramme
from impactmodel.effects.its_priors import ScalePrior, SeriesPriors
from impactmodel.effects.state_space import Structure, simulate_series
from tests.calibration.ranks import deviation as ranks_apart

pytestmark = pytest.mark.calibration

RESULTS = Path(__file__).parent / "results" / "interrupted_time_series.csv"
SEED, SIMULATIONS, DRAWS = 20261124, 1000, 127
BAND = 0.99
BEFORE, AFTER = 16, 3
JOB = OutcomeMeasure("job", kind="index")
PRIORS = SeriesPriors(noise=ScalePrior(0.5, 4.0), level=ScalePrior(0.1, 4.0, 1.0))
QUANTITIES = ("noise", "level", "first period", "last period", "average after the start")
X = np.random.default_rng(1).normal(size=(BEFORE + AFTER, 2))


def model(y=None):
    structure = Structure(
        trend=False, season=0, x=X, start=0.0, slope_sd=1.0, coefficients=0.1 * np.eye(2)
    )
    y = np.zeros(BEFORE) if y is None else y
    return SeriesWithoutProgramme(JOB, y, structure, PRIORS, (0.0, 1.0))


def ranks(change=lambda made: made):
    """Rank of each truth among the draws of a (changed) model (simulation, quantity)."""
    rng = np.random.default_rng(SEED)
    base = model()
    scale = base.prior(SIMULATIONS, rng)["job_scale"]
    whole = simulate_series(base.structure, scale[:, 0], scale[:, 1:], rng)
    out = np.empty((SIMULATIONS, len(QUANTITIES)), dtype=int)
    for i in range(SIMULATIONS):
        made = change(model(whole[i, :BEFORE]))
        drawn = made.exact(DRAWS, rng)
        ahead = made.counterfactual(drawn, rng)
        own = np.column_stack([drawn["job_scale"], ahead[:, 0], ahead[:, -1], ahead.mean(axis=1)])
        after = whole[i, BEFORE:]
        out[i] = (own < [*scale[i], after[0], after[-1], after.mean()]).sum(axis=0)
    return out


deviation = partial(ranks_apart, draws=DRAWS)


@cache
def limit():
    """The deviation that uniform ranks exceed with one hundredth over all quantities together."""
    rng = np.random.default_rng(1)
    simulated = [deviation(rng.integers(0, DRAWS + 1, size=(SIMULATIONS, 500))) for _ in range(40)]
    return float(np.quantile(np.concatenate(simulated), 1 - (1 - BAND) / len(QUANTITIES)))


def test_ranks_are_uniform_within_simultaneous_bands():
    found = deviation(ranks())
    rows = [
        (q, SIMULATIONS, round(float(d), 3), round(limit(), 3), bool(d < limit()))
        for q, d in zip(QUANTITIES, found, strict=True)
    ]
    write(rows)
    assert [row for row in rows if not row[-1]] == []


def write(rows):
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy"))
    when = f"seed {SEED}, {dt.date.today()}, Python {platform.python_version()}, {packages}"  # noqa: DTZ011  the day of the run
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["quantity", "simulations", "deviation", "limit", "within", when])
        out.writerows(rows)


class StateOnly(SeriesWithoutProgramme):
    """The planted bug of a forecast without its noise."""

    def counterfactual(self, drawn, rng):
        quiet = drawn["job_scale"] * [1e-6, 1.0]
        return super().counterfactual({"job_scale": quiet}, rng)


@pytest.mark.parametrize(
    "change",
    [
        lambda made: dataclasses.replace(
            made, priors=dataclasses.replace(PRIORS, level=ScalePrior(0.01, 32.0, 1.0))
        ),
        lambda made: dataclasses.replace(
            made, structure=dataclasses.replace(made.structure, coefficients=1e-6 * np.eye(2))
        ),
        lambda made: StateOnly(made.measure, made.y, made.structure, made.priors, made.unit),
    ],
    ids=["a level that hardly moves", "no controls", "a forecast without noise"],
)
def test_planted_bugs_leave_the_bands(change):
    assert deviation(ranks(change)).max() > limit()

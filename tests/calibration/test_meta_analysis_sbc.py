"""Simulation-based calibration of pooled effects: ranks of the truth among posterior draws.

2,000 truths are drawn from the priors, estimates from the likelihood, and the posterior from the
exact sampler. Ranks must be uniform within simultaneous 99 % bands over all quantities; planted
bugs must leave them. The table of results is written beside this file.
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
from impactmodel.core.schedule import Periods
from impactmodel.effects.horizons import sort_by_horizon
from impactmodel.effects.pooled_effect import PooledEffect
from impactmodel.effects.pooling import HalfCauchy, HalfNormal, PoolingPrior
from impactmodel.evidence import PublishedEstimate, PublishedEvidence, StandardError, Study
from tests.calibration.ranks import deviation as ranks_apart

RESULTS = Path(__file__).parent / "results" / "meta_analysis.csv"
SEED, SIMULATIONS, DRAWS = 20261124, 2000, 127
BAND = 0.99
ERRORS = (0.02, 0.05, 0.03, 0.08, 0.04, 0.06)
QUANTITIES = ("mean", "spread", "new", *(f"study {i}" for i in range(1, len(ERRORS) + 1)))
# Priors about as wide as the errors, so that they matter.
PRIORS = {
    "half-normal": PoolingPrior(0.05, 0.05, HalfNormal(0.05)),
    "half-Cauchy": PoolingPrior(0.05, 0.05, HalfCauchy(0.03)),
}


def part(effects, prior):
    """The model of six estimates of one outcome."""
    job = OutcomeMeasure("job", kind="binary")
    year = Periods(dt.date(2020, 1, 1), "year", 1)
    studies = [
        PublishedEvidence(
            Study(f"s{i}", "ITT", "assigned", "trial", locator="1"),
            (PublishedEstimate(job, StandardError(se), float(effect), confirmed=True),),
            year,
            100,
        )
        for i, (effect, se) in enumerate(zip(effects, ERRORS, strict=True))
    ]
    return PooledEffect(sort_by_horizon(studies)[0], prior)


def ranks(prior, change=lambda model: model, seen_as=1.0):
    """Rank of each truth among the draws of a (changed) model (simulation, quantity)."""
    rng = np.random.default_rng(SEED)
    base = part(ERRORS, prior)
    truth = base.complete(base.prior(SIMULATIONS, rng), rng, from_prior=True)
    out = np.empty((SIMULATIONS, len(QUANTITIES)), dtype=int)
    for i in range(SIMULATIONS):
        studies = truth["job_study"][i]
        estimates = seen_as * rng.normal(studies, ERRORS)
        model = change(part(estimates, prior))
        drawn = model.complete(model.exact(DRAWS, rng), rng)
        true = [truth[f"job_{k}"][i] for k in ("mean", "spread", "new")]
        names = ("job_mean", "job_spread", "job_new")
        samples = np.column_stack([*(drawn[k] for k in names), drawn["job_study"]])
        out[i] = (samples < [*true, *studies]).sum(axis=0)
    return out


deviation = partial(ranks_apart, draws=DRAWS)


@cache
def limit():
    """The deviation that uniform ranks exceed with one hundredth over all quantities together."""
    rng = np.random.default_rng(1)
    simulated = [deviation(rng.integers(0, DRAWS + 1, size=(SIMULATIONS, 500))) for _ in range(40)]
    each = (1 - BAND) / (len(QUANTITIES) * len(PRIORS))
    return float(np.quantile(np.concatenate(simulated), 1 - each))


def test_ranks_are_uniform_within_simultaneous_bands():
    rows = []
    for name, prior in PRIORS.items():
        found = deviation(ranks(prior))
        rows += [
            (name, q, SIMULATIONS, round(float(d), 3), round(limit(), 3), bool(d < limit()))
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
        out.writerow(["prior", "quantity", "simulations", "deviation", "limit", "within", when])
        out.writerows(rows)


def wrong(**parts):
    """Return a change of the analyst's priors."""
    return lambda model: dataclasses.replace(
        model, priors=dataclasses.replace(model.priors, **parts)
    )


@pytest.mark.parametrize(
    ("change", "seen_as"),
    [
        (wrong(spread=HalfNormal(0.2)), 1.0),
        (wrong(sd=0.02), 1.0),
        (wrong(centre=-0.05), 1.0),
        (lambda model: model, -1.0),
    ],
    ids=["wrong scale of the spread", "wrong scale of the mean", "wrong sign", "flipped estimates"],
)
def test_planted_bugs_leave_the_bands(change, seen_as):
    assert deviation(ranks(PRIORS["half-normal"], change, seen_as)).max() > limit()

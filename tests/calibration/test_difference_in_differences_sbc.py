"""Simulation-based calibration of pooled effects: ranks of the truth among posterior draws.

2,000 truths are drawn from the priors, estimates from the likelihood of the aggregated data, and
the posterior from the exact sampler. Ranks must be uniform within simultaneous 99 % bands over all
quantities; three planted bugs must leave them. The table of results is written beside this file.
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

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.designs import prepare
from impactmodel.effects.did_options import DifferencePriors, TrendViolation
from impactmodel.effects.difference_in_differences import DifferenceInDifferences
from impactmodel.evidence.panel import Panel
from tests.calibration.ranks import deviation as ranks_apart

RESULTS = Path(__file__).parent / "results" / "difference_in_differences.csv"
SEED, SIMULATIONS, DRAWS = 20261124, 2000, 127
QUANTITIES = ("level", "growth", "spread", *(f"effect {k}" for k in range(1, 8)), "average")
BAND = 0.99
VIOLATION = TrendViolation(0.01)


@cache
def ready(violation=False):
    """The model of mpdta: seven effects with the dependence of their estimates."""
    panel = Panel.from_frame(
        datasets.load("mpdta"),
        unit="county",
        period="year",
        start="first_treat",
        outcomes=[OutcomeMeasure("lemp", kind="index")],
    )
    # Priors about as wide as the errors, so that the prior matters.
    priors = DifferencePriors(
        level=1.0, spread=1.0, scale=0.03, violation=VIOLATION if violation else None
    )
    return prepare(DifferenceInDifferences(panel, priors=priors))


def ranks(change=lambda model: model, violation=False, analysed=None):
    """Rank of each truth among the draws of a (changed) model (simulation, quantity)."""
    made = ready(violation)
    truth, average = made.models[0], made.average
    rng = np.random.default_rng(SEED)
    drawn = truth.prior(SIMULATIONS, rng)
    root = np.linalg.cholesky(truth.covariance)
    out = np.empty((SIMULATIONS, len(QUANTITIES)), dtype=int)
    base = truth if analysed is None else analysed
    for i in range(SIMULATIONS):
        effect = drawn["lemp_effect"][i]
        seen = effect + root @ rng.standard_normal(len(effect))
        posterior = change(dataclasses.replace(base, estimate=seen)).exact(DRAWS, rng)
        true = [*drawn["lemp_mean"][i], drawn["lemp_spread"][i], *effect, effect @ average]
        samples = np.column_stack(
            [
                posterior["lemp_mean"],
                posterior["lemp_spread"],
                posterior["lemp_effect"],
                posterior["lemp_effect"] @ average,
            ]
        )
        out[i] = (samples < true).sum(axis=0)
    return out


deviation = partial(ranks_apart, draws=DRAWS)


@cache
def limit():
    """The deviation that uniform ranks exceed with one hundredth over all quantities together."""
    rng = np.random.default_rng(1)
    simulated = [deviation(rng.integers(0, DRAWS + 1, size=(SIMULATIONS, 500))) for _ in range(40)]
    return float(np.quantile(np.concatenate(simulated), 1 - (1 - BAND) / len(QUANTITIES)))


def test_ranks_are_uniform_within_simultaneous_bands():
    plain, biased = deviation(ranks()), deviation(ranks(violation=True))
    rows = [
        (model, name, SIMULATIONS, round(float(found), 3), round(limit(), 3), bool(found < limit()))
        for model, values in (("parallel trends", plain), ("trend violation", biased))
        for name, found in zip(QUANTITIES, values, strict=True)
    ]
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        made = f"seed {SEED}, {dt.datetime.now(dt.UTC).date()}, Python {platform.python_version()}"
        made += f", numpy {version('numpy')}, scipy {version('scipy')}"
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["model", "quantity", "simulations", "deviation", "limit", "within", made])
        writer.writerows(rows)
    assert all(row[5] for row in rows)


def wrong_scale(model):
    prior = model.effect_prior
    half = dataclasses.replace(prior, column_sd=prior.column_sd / 2, spread_sd=prior.spread_sd / 2)
    return dataclasses.replace(model, effect_prior=half)


def flipped(model):
    return dataclasses.replace(model, estimate=-model.estimate)


def independent(model):
    return dataclasses.replace(model, covariance=np.diag(np.diag(model.covariance)))


@pytest.mark.parametrize("bug", [wrong_scale, flipped, independent])
def test_planted_bugs_are_caught(bug):
    assert deviation(ranks(bug)).max() > limit()


def test_an_ignored_trend_violation_is_caught():
    blind = ready(violation=False).models[0]
    assert deviation(ranks(violation=True, analysed=blind)).max() > limit()

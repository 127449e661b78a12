"""Simulation-based calibration of an experiment's models: ranks of the truth among its draws.

Truths are drawn from the priors, people from a likelihood written here, and the posterior through
the design itself, from people to sums to draws: exactly where there is a closed form, by the
sampler with one compiled model and thinned chains otherwise. Ranks of every parameter, level and
effect must be uniform within simultaneous 99 % bands over all quantities of all models; planted
bugs must leave them. The table of results is written beside this file.
"""

import csv
import dataclasses
import datetime as dt
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import sampling
from impactmodel.effects.designs import prepare
from impactmodel.effects.experiment import Experiment
from impactmodel.effects.methods import Sampler
from impactmodel.effects.priors import (
    BetaPriors,
    GaussianPriors,
    HurdleGammaPriors,
    LogitPriors,
    Priors,
)
from impactmodel.evidence import Cohort
from tests.calibration.ranks import deviation as ranks_apart

RESULTS = Path(__file__).parent / "results" / "experiment.csv"
SEED, SIMULATIONS, FEWER, DRAWS, THIN = 20261124, 1000, 250, 127, 8
BAND = 0.99
N = 96
PEOPLE = pd.DataFrame(
    {"t": np.arange(N) % 2, "x": (np.arange(N) // 2) % 2 * 1.0, "site": (np.arange(N) // 4) % 3}
)
Z = (PEOPLE["x"] - PEOPLE["x"].mean()) / PEOPLE["x"].std()
AVERAGE = PEOPLE["t"].mean()
JOB = OutcomeMeasure("y", kind="binary")
WAGE = OutcomeMeasure("y", kind="amount", unit="EUR/year")
# Counts, days and indices have one model; of these an index may be negative, as normal draws are.
SCORE = OutcomeMeasure("y", kind="index")
GAMMA = HurdleGammaPriors(
    positive=LogitPriors(intercept_sd=1.0), typical_amount=10.0, intercept_sd=0.7, shape_sd=0.7
)
NORMAL = GaussianPriors(typical_mean=100.0, typical_sd=20.0, intercept_sd=1.0, spread_sd=0.5)


def shares(truth, start=AVERAGE, name="y"):
    """Probability of each person at one truth."""
    return expit(line(truth, start, name))


def line(truth, start=AVERAGE, name="y"):
    beta = truth[f"{name}_beta"]
    own = truth.get(f"{name}_group")
    level, effect = beta[:2] if own is None else own[PEOPLE["site"]].T
    slope = beta[2] * Z if len(beta) > 2 else 0.0
    return np.asarray(level + effect * (PEOPLE["t"] - start) + slope)


def worked(truth, rng):
    return (rng.random(N) < shares(truth)) * 1.0


def partly_known(truth, rng):
    y = (rng.random(N) < shares(truth, start=0.0)) * 1.0
    return np.where(rng.random(N) < 0.25, np.nan, y)


def coins(truth, rng):
    treated, comparison = truth["y_probability"]
    return (rng.random(N) < np.where(PEOPLE["t"] == 1, treated, comparison)) * 1.0


def earned(truth, rng):
    k = np.exp(truth["y_log_shape"] @ np.stack([np.ones(N), PEOPLE["t"] - AVERAGE]))
    mean = np.exp(line(truth, name="y_log_mean"))
    return (rng.random(N) < shares(truth, name="y_positive")) * rng.gamma(k, mean / k)


def scored(truth, rng):
    sd = np.exp(truth["y_log_sd"] @ np.stack([np.ones(N), PEOPLE["t"] - AVERAGE]))
    return 100.0 + 20.0 * rng.normal(line(truth, name="y_mean"), sd)


@dataclass(frozen=True)
class Case:
    """A model with the likelihood that its data come from."""

    measure: OutcomeMeasure
    simulate: Callable
    priors: Priors
    reading: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)

    @property
    def sampled(self):
        return bool(self.options)

    def model(self, y, table=PEOPLE):
        """The model of these data, made as a user makes it."""
        cohort = Cohort.from_frame(
            table.assign(y=y), treatment="t", outcomes=[self.measure], **self.reading
        )
        return prepare(Experiment(cohort, priors=self.priors, **self.options)).models[0]

    def reference(self):
        """Any data: the priors do not depend on them."""
        y = np.arange(N) // 8 % 2 * 10.0 + (0 if self.measure.kind == "binary" else 1.0)
        return self.model(np.minimum(y, 1.0) if self.measure.kind == "binary" else y)


CASES = {
    "logit": Case(JOB, worked, Priors()),
    "logit, a quarter missing": Case(
        JOB,
        partly_known,
        Priors(binary=LogitPriors(intercept_at="control")),
        {"missing_outcomes": True},
    ),
    "beta": Case(JOB, coins, Priors(binary=BetaPriors(2.0, 3.0))),
    "hurdle-gamma": Case(WAGE, earned, Priors(amount=GAMMA)),
    "normal": Case(SCORE, scored, Priors(number=NORMAL)),
    "logit, covariate": Case(JOB, worked, Priors(), {"covariates": ["x"]}, {"adjust": True}),
    "logit, covariate and pooled groups": Case(
        JOB,
        worked,
        Priors(),
        {"covariates": ["x"], "group": "site"},
        {"adjust": True, "pool_groups": True},
    ),
}


def quantities(model, drawn):
    """Every parameter, level and effect by name, each (draw)."""
    found = {
        f"{name.removeprefix('y_')}{list(place) if place else ''}": values[:, *place]
        for name, values in sorted(drawn.items())
        for place in np.ndindex(values.shape[1:])
    }
    mean = model.levels(drawn).mean
    for group in range(mean.shape[2]):
        of = f"[{group}]" if mean.shape[2] > 1 else ""
        treated, comparison = mean[:, :, group]
        found |= {
            f"treated{of}": treated,
            f"comparison{of}": comparison,
            f"effect{of}": treated - comparison,
        }
    return found


def posterior(case, model, seed, rng):
    """So many draws, nearly independent."""
    if not case.sampled:
        return model.exact(DRAWS, rng)
    run = Sampler(seed=seed, chains=2, draws=(DRAWS + 1) * THIN // 2, tune=300, cores=1)
    drawn = sampling.sample([model], run)["posterior"].dataset
    return {
        str(k): v.values.reshape(-1, *v.shape[2:])[::THIN][:DRAWS].astype(float)
        for k, v in drawn.items()
    }


def ranks(case, analysed=None, count=SIMULATIONS, change=lambda y: (y, PEOPLE)):
    """Rank of each truth among the draws of a (changed) analysis: names, (simulation, quantity)."""
    rng = np.random.default_rng(SEED)
    base = case.reference()
    drawn = base.prior(count, rng)
    true = quantities(base, drawn)
    out = np.empty((count, len(true)), dtype=int)
    for i in range(count):
        y = case.simulate({name: values[i] for name, values in drawn.items()}, rng)
        model = (analysed or case).model(*change(y))
        found = quantities(model, posterior(case, model, i, rng))
        out[i] = [(found[name] < values[i]).sum() for name, values in true.items()]
    return tuple(true), out


deviation = partial(ranks_apart, draws=DRAWS)


@cache
def every():
    """How many quantities all models have together."""
    models = [case.reference() for case in CASES.values()]
    rng = np.random.default_rng(SEED)
    return sum(len(quantities(model, model.prior(1, rng))) for model in models)


@cache
def limit(count=SIMULATIONS):
    """The deviation that uniform ranks exceed with one hundredth over all quantities together."""
    rng = np.random.default_rng(1)
    simulated = [deviation(rng.integers(0, DRAWS + 1, size=(count, 500))) for _ in range(200)]
    return float(np.quantile(np.concatenate(simulated), 1 - (1 - BAND) / every()))


def test_ranks_are_uniform_within_simultaneous_bands():
    rows = []
    for name, case in CASES.items():
        names, rank = ranks(case)
        rows += [
            (name, q, SIMULATIONS, round(float(d), 3), round(limit(), 3), bool(d < limit()))
            for q, d in zip(names, deviation(rank), strict=True)
        ]
    write(rows)
    assert len(rows) == every()
    assert [row for row in rows if not row[-1]] == []


def write(rows):
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy", "pymc", "nutpie"))
    when = f"seed {SEED}, {dt.date.today()}, Python {platform.python_version()}, {packages}"  # noqa: DTZ011  the day of the run
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["model", "quantity", "simulations", "deviation", "limit", "within", when])
        out.writerows(rows)


def under(name, **priors):
    """A case analysed under other priors."""
    case = CASES[name]
    return dataclasses.replace(case, priors=dataclasses.replace(case.priors, **priors))


def flipped(y):
    return y, PEOPLE.assign(t=1 - PEOPLE["t"])


def as_zeros(y):
    return np.nan_to_num(y), PEOPLE


def without_zeros(y):
    # The first two people stay, so that no arm is empty.
    kept = (y > 0) | (np.arange(N) < 2)
    return y[kept], PEOPLE[kept]


@pytest.mark.parametrize(
    ("name", "analysed", "change", "count"),
    [
        ("logit", under("logit", binary=LogitPriors(treatment_sd=0.4)), None, SIMULATIONS),
        ("beta", None, flipped, SIMULATIONS),
        ("logit, a quarter missing", None, as_zeros, SIMULATIONS),
        ("hurdle-gamma", None, without_zeros, FEWER),
        (
            "logit, covariate and pooled groups",
            under("logit, covariate and pooled groups", group_sd=0.05),
            None,
            FEWER,
        ),
    ],
    ids=["prior scale", "flipped sign", "missing as zeros", "zeros left out", "spread of groups"],
)
def test_planted_bugs_leave_the_bands(name, analysed, change, count):
    keep = change or (lambda y: (y, PEOPLE))
    _, rank = ranks(CASES[name], analysed, count, keep)
    assert deviation(rank).max() > limit(count)

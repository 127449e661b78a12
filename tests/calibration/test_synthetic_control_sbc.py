"""Simulation-based calibration of donor weights: ranks of the truth among posterior draws.

1,000 truths are drawn from the priors, series from the likelihood, and the posterior from the
shipped sampler. Ranks must be uniform within simultaneous 99 % bands over all quantities; planted
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
from impactmodel.effects import Sampler
from impactmodel.effects.sc_model import DonorModel, DonorPriors
from impactmodel.effects.sc_sampler import sample_donors
from tests.calibration.ranks import deviation as ranks_apart

pytestmark = pytest.mark.calibration

RESULTS = Path(__file__).parent / "results" / "synthetic_control.csv"
SEED, SIMULATIONS, DRAWS = 20261124, 1000, 99
BAND = 0.99
BEFORE, AFTER, DONORS = 12, 2, 5
JOB = OutcomeMeasure("job", kind="index")
CASES = {
    "ar1": (DonorPriors(noise=0.5, constant=0.5), "ar1"),
    "independent": (DonorPriors(noise=0.5), "independent"),
}
QUANTITIES = {
    "ar1": (
        *("weights", "concentration", "sigma", "rho", "constant", "first period", "last period"),
    ),
    "independent": ("weights", "concentration", "sigma", "first period", "last period"),
}


def model(case, y=None):
    """Donors are fixed: five random walks with a common one."""
    rng = np.random.default_rng(1)
    steps = rng.normal(size=(BEFORE + AFTER, DONORS)) + rng.normal(size=(BEFORE + AFTER, 1))
    donors = steps.cumsum(axis=0) / 3
    y = np.zeros(BEFORE) if y is None else y
    priors, errors = CASES[case]
    return DonorModel(JOB, y, donors, priors, errors, (0.0, 1.0))


def series(made, truth, rng):
    """The whole series of each truth: weighted donors plus errors from their stationary law."""
    fitted = made.fitted(truth)
    sigma = truth["job_sigma"]
    rho = truth.get("job_rho", np.zeros(len(sigma)))
    error = sigma * rng.standard_normal(len(sigma))
    out = np.empty_like(fitted)
    for t in range(fitted.shape[1]):
        if t:
            error = rho * error + sigma * np.sqrt(1 - rho**2) * rng.standard_normal(len(sigma))
        out[:, t] = fitted[:, t] + error
    return out


def ranks(case, change=lambda made: made, predict=DonorModel.counterfactual, count=SIMULATIONS):
    """Rank of each truth among the draws of a (changed) model (simulation, quantity)."""
    rng = np.random.default_rng(SEED)
    base = model(case)
    truth = base.prior(count, rng)
    whole = series(base, truth, rng)
    names = QUANTITIES[case][:-2]
    out = np.empty((count, len(names) + 2), dtype=int)
    for i in range(count):
        made = change(model(case, whole[i, :BEFORE]))
        drawn = sample_donors(made, Sampler(seed=i, chains=2, draws=100, tune=100))
        flat = {k: v.reshape(-1, *v.shape[2:]) for k, v in drawn.items()}
        keep = rng.choice(200, size=DRAWS, replace=False)
        flat = {k: v[keep] for k, v in flat.items()}
        ahead = predict(made, flat, rng)[:, [0, -1]]
        own = [flat[f"job_{k}"] for k in names]
        own = np.column_stack([own[0][:, 0], *own[1:], ahead])
        true = [truth[f"job_{k}"][i] for k in names]
        true = np.array([true[0][0], *true[1:], whole[i, BEFORE], whole[i, -1]])
        out[i] = (own < true).sum(axis=0)
    return out


deviation = partial(ranks_apart, draws=DRAWS)


@cache
def limit(count=SIMULATIONS):
    """The deviation that uniform ranks exceed with one hundredth over all quantities together."""
    rng = np.random.default_rng(1)
    simulated = [deviation(rng.integers(0, DRAWS + 1, size=(count, 500))) for _ in range(40)]
    each = (1 - BAND) / sum(len(q) for q in QUANTITIES.values())
    return float(np.quantile(np.concatenate(simulated), 1 - each))


def test_ranks_are_uniform_within_simultaneous_bands():
    rows = []
    for case in CASES:
        found = deviation(ranks(case))
        rows += [
            (case, q, SIMULATIONS, round(float(d), 3), round(limit(), 3), bool(d < limit()))
            for q, d in zip(QUANTITIES[case], found, strict=True)
        ]
    write(rows)
    assert [row for row in rows if not row[-1]] == []


def write(rows):
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "numba"))
    when = f"seed {SEED}, {dt.date.today()}, Python {platform.python_version()}, {packages}"  # noqa: DTZ011  the day of the run
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["errors", "quantity", "simulations", "deviation", "limit", "within", when])
        out.writerows(rows)


def weights_only(made, drawn, rng):
    """The planted bug of an interval that holds the weights' uncertainty alone."""
    return made.fitted(drawn)[:, BEFORE:] + 0.0 * rng.standard_normal()


def wrong(**parts):
    """Return a change of the analyst's priors."""
    return lambda made: dataclasses.replace(made, priors=dataclasses.replace(made.priors, **parts))


@pytest.mark.parametrize(
    ("change", "predict"),
    [
        (wrong(concentration=1.0), DonorModel.counterfactual),
        (wrong(noise=0.1), DonorModel.counterfactual),
        (
            lambda made: dataclasses.replace(made, errors="independent"),
            DonorModel.counterfactual,
        ),
        (lambda made: made, weights_only),
    ],
    ids=["Dirichlet(1)", "small errors", "independent errors", "no error of prediction"],
)
def test_planted_bugs_leave_the_bands(change, predict):
    case = "independent" if predict is not weights_only else "ar1"
    if change(model("ar1")).errors == "independent":
        # The series has lasting errors, the analyst takes them as independent.
        rank = mistaken()
    else:
        rank = ranks(case, change, predict)
    assert deviation(rank).max() > limit()


def mistaken():
    """Ranks of the periods ahead where lasting errors are taken as independent."""
    rng = np.random.default_rng(SEED)
    base = model("ar1")
    truth = base.prior(SIMULATIONS, rng)
    whole = series(base, truth, rng)
    out = np.empty((SIMULATIONS, 1), dtype=int)
    for i in range(SIMULATIONS):
        made = dataclasses.replace(model("ar1", whole[i, :BEFORE]), errors="independent")
        drawn = sample_donors(made, Sampler(seed=i, chains=2, draws=100, tune=100))
        flat = {k: v.reshape(-1, *v.shape[2:])[:DRAWS] for k, v in drawn.items()}
        out[i] = (made.counterfactual(flat, rng)[:, :1] < whole[i, BEFORE]).sum(axis=0)
    return out

"""Placebo states: how often a synthetic control finds an effect where there is none.

Every state of the panel is taken as treated in turn, from 2009 on and with the twenty years before,
for log wages and for the unemployment rate: 100 assignments. A 95 % interval of the average effect
that leaves out zero rejects; the rate may be 10 % at most. The table is written beside this file.
"""

import csv
import datetime as dt
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import Sampler
from impactmodel.effects.sc_model import DonorModel, DonorPriors
from impactmodel.effects.sc_sampler import sample_donors
from impactmodel.effects.sc_twins import placebo_errors
from impactmodel.effects.treated_series import scale_of

pytestmark = pytest.mark.calibration

RESULTS = Path(__file__).parent / "results" / "synthetic_control_placebos.csv"
SEED, YEARS, AFTER, LEVEL = 20261124, 30, 10, 0.05
OUTCOMES = ("log_wage", "urate")
WINDOW = 1989
CASES = {
    "placebo": (DonorPriors(), "placebo"),
    "ar1": (DonorPriors(), "ar1"),
    "independent": (DonorPriors(), "independent"),
}


def rejections(case, outcome):
    """Whether each state's interval leaves out zero (state)."""
    data = datasets.load("state_panel")
    data = data[data["year"] >= WINDOW]
    values = data.pivot_table(index="year", columns="state", values=outcome).to_numpy()
    first = YEARS - AFTER
    priors, errors = CASES[case]
    out = []
    for j in range(values.shape[1]):
        mean, sd = scale_of(values[:first, j])
        y, donors = (values - mean) / sd, np.delete(values - mean, j, axis=1) / sd
        model = DonorModel(
            OutcomeMeasure("y", kind="index"),
            y[:first, j],
            donors,
            priors,
            errors,
            (0.0, 1.0),
            placebo_errors(y[:, j], donors, first) if errors == "placebo" else None,
        )
        drawn = sample_donors(model, Sampler(seed=j, chains=2, draws=150, tune=100))
        flat = {k: v.reshape(-1, *v.shape[2:]) for k, v in drawn.items()}
        ahead = model.counterfactual(flat, np.random.default_rng(SEED + j))
        effect = (y[first:, j] - ahead).mean(axis=1)
        low, high = np.quantile(effect, [LEVEL / 2, 1 - LEVEL / 2])
        out.append(low > 0 or high < 0)
    return np.array(out)


def test_placebo_states_are_seldom_taken_as_effects():
    rows = []
    for case in CASES:
        for outcome in OUTCOMES:
            found = rejections(case, outcome)
            print(case, outcome, found.sum(), flush=True)  # noqa: T201
            rows.append((case, outcome, len(found), int(found.sum()), round(found.mean(), 4)))
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "numba"))
    when = f"seed {SEED}, {dt.date.today()}, Python {platform.python_version()}, {packages}"  # noqa: DTZ011  the day of the run
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["errors", "outcome", "assignments", "rejected", "rate", when])
        out.writerows(rows)
    rate = {(r[0], r[1]): r[4] for r in rows}
    assert all(rate["placebo", outcome] <= 0.10 for outcome in OUTCOMES)

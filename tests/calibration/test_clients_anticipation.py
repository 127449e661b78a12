"""Chances of synthetic clients against what came later and against the known truth.

Each data set has 60,000 synthetic clients: two thirds of the months of entry are fitted, the last
third (about 20,000) is anticipated. Assignment is on what is recorded. Every row of the table that
is written beside this file is a data set, a policy and a model; biases are in points, and those
against the truth have no noise but that of the fit.
"""

import csv
import datetime as dt
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from impactmodel.clients import (
    Anticipation,
    AsUsual,
    Chances,
    Encoding,
    PooledLevels,
    SyntheticClients,
    WithoutService,
    anticipate,
    calibrate_chances,
    with_crossed,
)
from impactmodel.effects import Importance

RESULTS = Path(__file__).parent / "results" / "clients_anticipation.csv"
SEED, SETS, SIZE = 20261124, 8, 60_000
ENCODING = Encoding(
    categories={"region": PooledLevels(), "quarter": PooledLevels()},
    crossed=(("sex", "care"),),
)
GROUPS = (
    "sex", "age_group", "origin", "language", "education", "care", "health", "region",
    "occupation", "employed", "cases", "past", "quarter", "long_case", "laid_off",
)  # fmt: skip
NAMES = (
    "seed", "policy", "model", "people", "slope", "intercept", "area", "bias", "groups",
    "groups_beyond", "worst_group", "true_bias", "true_bias_weakest", "true_worst_group",
    "naive_bias", "naive_bias_weakest", "crossed",
)  # fmt: skip


def points(expected, truth):
    """Bias in points of all and of the fifth with the least expected chance."""
    weakest = expected <= np.quantile(expected, 0.2)
    gap = 100 * (expected - truth)
    return gap.mean(), gap[weakest].mean()


def worst_group(later, gap):
    """Largest mean gap, in points, of the groups of 500 or more."""
    found = []
    for name in GROUPS:
        codes, labels = later.labels(name)
        inside = [codes == code for code in range(len(labels))]
        found += [100 * gap[rows].mean() for rows in inside if rows.sum() >= 500]
    return max(found, key=abs)


def study(seed):
    world = SyntheticClients(SIZE, seed=seed).draw()
    clients = world.clients()
    late = np.asarray(clients.index >= np.datetime64(world.later))
    truth = world.truth
    usual = (truth.assigned * truth.chance).sum(axis=0)[late]
    rows, naive = [], {}
    method = Importance(seed=seed, draws=500)
    plain = Anticipation("work_7m", encoding=ENCODING)
    encoding = with_crossed(plain, clients.take(~late), method).encoding
    crossed = len(encoding.crossed)
    for policy, true in ((AsUsual(), usual), (WithoutService(), truth.chance[0][late])):
        asked = Anticipation("work_7m", policy=policy, encoding=encoding)
        fits = anticipate(asked, clients.take(~late), method)
        for name, model in (("aware", fits.aware), ("unaware", fits.unaware)):
            found = Chances(model, clients.take(late))
            came = calibrate_chances(found, GROUPS)
            judged = [r for r in came.rows[1:] if r.people >= 500]
            expected = found.expected()
            overall, weakest = points(expected, true)
            naive.setdefault(name, points(expected, truth.chance[0][late]))
            worst = 100 * max((r.bias for r in judged), key=abs)
            beyond = sum(abs(r.bias) > 0.02 for r in judged)
            numbers = (
                came.slope[0], came.intercept[0], came.area.value, 100 * came.rows[0].bias,
                len(judged), beyond, worst, overall, weakest,
                worst_group(found.clients, expected - true), *naive[name], crossed,
            )  # fmt: skip
            rows.append((seed, policy.type, name, came.rows[0].people, *numbers))
    return rows


def mean(rows, policy, model, name):
    """Mean of a column and its standard error."""
    at = NAMES.index(name)
    values = np.array([float(r[at]) for r in rows if r[1] == policy and r[2] == model])
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


@pytest.mark.calibration
def test_chances_hold_later_and_without_a_service():
    stamp = (
        f"seed {SEED}, {dt.datetime.now(tz=dt.UTC).date()}, Python {platform.python_version()}, "
        f"numpy {version('numpy')}, scipy {version('scipy')}"
    )
    rows = []
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*NAMES, stamp])
        for i in range(SETS):
            rows += study(SEED + i)
            for row in rows[-4:]:
                writer.writerow([f"{v:.4f}" if isinstance(v, float) else v for v in row])
            file.flush()
    for policy in ("as_usual", "without_service"):
        slope, _ = mean(rows, policy, "aware", "slope")
        assert abs(slope - 1) < 0.05
    for name in ("true_bias", "true_bias_weakest"):
        bias, error = mean(rows, "without_service", "aware", name)
        assert abs(bias) < 0.5, (name, bias, error)
        # Trained on everybody's outcomes, the chance without a service is overstated.
        naive, _ = mean(rows, "without_service", "aware", name.replace("true", "naive"))
        assert naive > 2

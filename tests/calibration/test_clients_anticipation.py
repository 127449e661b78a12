"""Chances of synthetic clients against what came later and against the known truth.

Each data set has 60,000 synthetic clients: two thirds of the months of entry are fitted, the last
third (about 20,000) is anticipated; two more have 240,000. Assignment is on what is recorded.
Every row of the first table that is written beside this file is a data set, a policy and a model;
every row of the second is a group, over the data sets of 60,000, in the aware model. The third has
the coverage of posterior intervals over outcomes redrawn in one of them. Biases are in points. The
truth is the chance on what is recorded, so that biases against it have no noise but that of the
training window. `met` says whether they are under two points in every group of 500 or more.
"""

import csv
import dataclasses
import datetime as dt
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from impactmodel.clients import (
    Anticipation,
    AsUsual,
    Chances,
    Encoding,
    PooledGaps,
    PooledLevels,
    SyntheticClients,
    WithoutService,
    anticipate,
    calibrate_chances,
    with_crossed,
)
from impactmodel.clients.anticipation_overlap import balance_unserved
from impactmodel.effects import Importance
from tests.calibration.client_group_bias import (
    GROUPS,
    LEAST,
    LIMIT,
    against_truth,
    biases_of,
    expected_beyond,
    inside_of,
)

RESULTS = Path(__file__).parent / "results" / "clients_anticipation.csv"
BY_GROUP = RESULTS.with_name("clients_anticipation_groups.csv")
SEED, SETS, SIZE = 20261124, 16, 60_000
LARGE_SETS, LARGE = 2, 240_000
COVERAGE, REDRAWN = RESULTS.with_name("clients_anticipation_coverage.csv"), 30
ENCODING = Encoding(
    categories={"region": PooledLevels(), "quarter": PooledLevels()},
    crossed=(("sex", "care"),),
    gaps=PooledGaps(),
)
NAMES = (
    "seed", "clients", "policy", "model", "people", "slope", "intercept", "area", "bias", "groups",
    "groups_beyond", "expected_under_truth", "expected_with_fit", "worst_group", "outside_band",
    "band_probability", "true_bias", "true_bias_weakest", "true_groups", "true_groups_beyond",
    "true_expected_beyond", "true_worst_group", "covered_50", "covered_90", "form_worst_group",
    "naive_bias", "naive_bias_weakest", "crossed", "met",
)  # fmt: skip
GROUP_NAMES = (
    "policy", "group", "people_fitted", "people_later", "sets", "bias", "its_error", "spread",
    "z", "covered_90", "beyond", "form_bias",
)  # fmt: skip

COVERAGE_NAMES = (
    "policy", "redrawn", "groups", "covered_50", "its_error", "covered_90", "its_error", "z",
    "least_z", "largest_z",
)  # fmt: skip


def points(expected, truth):
    """Bias in points of all and of the fifth with the least expected chance."""
    weakest = expected <= np.quantile(expected, 0.2)
    gap = 100 * (expected - truth)
    return gap.mean(), gap[weakest].mean()


def study(seed, size):
    """Return rows of the first table, and biases by group of the aware model by policy."""
    world = SyntheticClients(size, seed=seed).draw()
    clients, truth = world.clients(), world.truth
    late = np.asarray(clients.index >= np.datetime64(world.later))
    early, later = clients.take(~late), clients.take(late)
    usual = (truth.assigned * truth.recorded).sum(axis=0)
    method = Importance(seed=seed, draws=500)
    encoding = with_crossed(Anticipation("work_7m", encoding=ENCODING), early, method).encoding
    rows, groups, naive = [], {}, {}
    for policy, true in ((AsUsual(), usual), (WithoutService(), truth.recorded[0])):
        fits = anticipate(Anticipation("work_7m", policy=policy, encoding=encoding), early, method)
        seen, weight = fits.aware.seen(early), None
        if isinstance(policy, WithoutService):
            _, weight = balance_unserved(fits.aware.encoded.matrix(early), seen, 0.05, "warn")
        for name, model in (("aware", fits.aware), ("unaware", fits.unaware)):
            came = calibrate_chances(Chances(model, later), GROUPS)
            noise = came.noise()
            both = true[~late][seen], true[late]
            found = biases_of(model, early.take(seen), later, both, weight)
            expected = Chances(model, later).expected()
            naive.setdefault(name, points(expected, truth.recorded[0][late]))
            rows.append((
                seed, size, policy.type, name, came.rows[0].people, came.slope[0],
                came.intercept[0], came.area.value, 100 * came.rows[0].bias, len(noise.rows),
                noise.beyond, expected_beyond(later, model.seen(later), true[late]),
                noise.expected_with_fit, 100 * max((r.bias for r in noise.rows), key=abs),
                len(noise.larger), noise.probability, *points(expected, true[late]),
                len(found.names), found.count, found.expected, 100 * max(found.bias, key=abs),
                *found.covered.mean(axis=1), 100 * max(found.form, key=abs), *naive[name],
                len(encoding.crossed), found.count == 0,
            ))  # fmt: skip
            if name == "aware":
                groups[policy.type] = found
    return rows, groups


def group_rows(policy, sets):
    """Return rows of the second table: each group over the data sets in which it has 500."""
    for name in dict.fromkeys(n for found in sets for n in found.names):
        at = [(found, found.names.index(name)) for found in sets if name in found.names]
        bias = 100 * np.array([found.bias[i] for found, i in at])
        spread = 100 * np.array([found.spread[i] for found, i in at])
        form = 100 * np.array([found.form[i] for found, i in at])
        error = bias.std(ddof=1) / np.sqrt(len(at)) if len(at) > 1 else float("nan")
        yield (
            policy, name, float(np.mean([found.fitted[i] for found, i in at])),
            float(np.mean([found.people[i] for found, i in at])), len(at), bias.mean(), error,
            spread.mean(), float(np.sqrt(((bias / spread) ** 2).mean())),
            float(np.mean([found.covered[1, i] for found, i in at])),
            int((np.abs(bias) > 100 * LIMIT).sum()), form.mean(),
        )  # fmt: skip


def column(rows, name, policy, model="aware", size=SIZE):
    """Return a column of some rows (data set)."""
    kept = [r for r in rows if r[1:4] == (size, policy, model)]
    return np.array([float(r[NAMES.index(name)]) for r in kept])


def mean(values):
    """Return a mean and its standard error."""
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


def write(path, names, rows):
    stamp = (
        f"seed {SEED}, {dt.datetime.now(tz=dt.UTC).date()}, Python {platform.python_version()}, "
        f"numpy {version('numpy')}, scipy {version('scipy')}"
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, stamp])
        for row in rows:
            writer.writerow([f"{v:.4f}" if isinstance(v, float) else v for v in row])


@pytest.mark.calibration
def test_chances_hold_later_and_without_a_service():
    rows, sets = [], []
    for size, number in ((SIZE, SETS), (LARGE, LARGE_SETS)):
        for i in range(number):
            found, groups = study(SEED + i, size)
            rows += found
            sets += [groups] if size == SIZE else []
            write(RESULTS, NAMES, rows)
    policies = ("as_usual", "without_service")
    by_group = [r for policy in policies for r in group_rows(policy, [s[policy] for s in sets])]
    write(BY_GROUP, GROUP_NAMES, by_group)
    for policy in policies:
        assert abs(mean(column(rows, "slope", policy))[0] - 1) < 0.05
        assert abs(mean(column(rows, "bias", policy))[0]) < 1
        # The form of the model is right: what is left is the luck of the training window ...
        assert np.abs(column(rows, "form_worst_group", policy)).max() < 0.5
        # ... of the size that the posterior says, in the middle and at the ends.
        for name, nominal in (("covered_50", 0.5), ("covered_90", 0.9)):
            share, error = mean(column(rows, name, policy))
            assert abs(share - nominal) < 3 * error, (policy, name, share, error)
        for count, expected in (
            ("true_groups_beyond", "true_expected_beyond"),
            ("groups_beyond", "expected_with_fit"),
        ):
            more, error = mean(column(rows, count, policy) - column(rows, expected, policy))
            assert more < 3 * error, (policy, count, more, error)
        alarms = int((column(rows, "outside_band", policy) > 0).sum())
        assert binom.sf(alarms - 1, SETS, 0.05) > 0.01, (policy, alarms)
    for name in ("true_bias", "true_bias_weakest"):
        bias, error = mean(column(rows, name, "without_service"))
        assert abs(bias) < 0.5, (name, bias, error)
        # Trained on everybody's outcomes, the chance without a service is overstated.
        naive, _ = mean(column(rows, name.replace("true", "naive"), "without_service"))
        assert naive > 2
    unmet = [r[:4] for r in rows if r[3] == "aware" and not r[-1]]
    assert unmet == []


def redrawn(world, encoding, times):
    """Yield policy, biases over posterior sd (group) and coverage (2, group), outcomes redrawn."""
    clients, truth = world.clients(), world.truth
    late = np.asarray(clients.index >= np.datetime64(world.later))
    # The unaware model is not looked at, so that it need not be fitted.
    open_to_all = dataclasses.replace(clients.table, protected=())
    early, later = clients.take(~late), clients.take(late)
    _, inside = inside_of(later)
    people = inside.sum(axis=0)
    weights = (inside / np.maximum(people, 1))[:, people >= LEAST]
    usual = (truth.assigned * truth.recorded).sum(axis=0)
    rng = np.random.default_rng(SEED)
    for i in range(times):
        for policy, true in ((AsUsual(), usual), (WithoutService(), truth.recorded[0])):
            y = (rng.random(early.size) < true[~late]).astype(float)[:, None]
            anew = dataclasses.replace(early, table=open_to_all, targets=early.targets[:1], y=y)
            asked = Anticipation("work_7m", policy=policy, encoding=encoding)
            model = anticipate(asked, anew, Importance(seed=i, draws=500)).aware
            bias, spread, covered = against_truth(model, later, weights, true[late])
            yield policy.type, bias / spread, covered


@pytest.mark.calibration
def test_posterior_intervals_of_group_means_cover_the_truth():
    """Over outcomes of one training window; groups share people, so errors are over redrawings."""
    world = SyntheticClients(SIZE, seed=SEED + SETS).draw()
    early = world.clients().before(world.later)
    method = Importance(seed=SEED, draws=500)
    encoding = with_crossed(Anticipation("work_7m", encoding=ENCODING), early, method).encoding
    made = list(redrawn(world, encoding, REDRAWN))
    rows = []
    for policy in ("as_usual", "without_service"):
        z = np.array([each for name, each, _ in made if name == policy])
        covered = np.array([each.mean(axis=1) for name, _, each in made if name == policy])
        half, most = mean(covered[:, 0]), mean(covered[:, 1])
        size = np.sqrt((z**2).mean(axis=0))
        rows.append((
            policy, REDRAWN, z.shape[1], *half, *most, float(np.sqrt((z**2).mean())),
            float(size.min()), float(size.max()),
        ))  # fmt: skip
    write(COVERAGE, COVERAGE_NAMES, rows)
    for _, _, _, half, half_error, most, most_error, *_ in rows:
        assert abs(half - 0.5) < 3 * half_error
        assert abs(most - 0.9) < 3 * most_error

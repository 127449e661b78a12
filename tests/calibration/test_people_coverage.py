"""Known effects on employment: how often 90 % intervals of each design hold them.

Effects of 0, 5 and 10 points at 100, 300 and 1,000 people, many data sets each. A right model
covers nine in ten on average over its prior, and nearly so at any one truth; every coverage must
lie within its binomial band, simultaneously at 99 % over the table, which is written beside this
file.
"""

import csv
import datetime as dt
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.encouragement import Encouragement
from impactmodel.effects.experiment import Experiment
from impactmodel.effects.fitting import exact_effects, fit
from impactmodel.effects.matched_comparison import MatchedComparison
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.predicted_baseline import PredictedBaseline
from impactmodel.evidence import Cohort

RESULTS = Path(__file__).parent / "results" / "people_coverage.csv"
SEED, PROB, BAND = 20261124, 0.9, 0.99
PEOPLE, POINTS = (100, 300, 1000), (0.0, 0.05, 0.10)
JOB, TOOK = (OutcomeMeasure(name, kind="binary") for name in ("job", "took"))


def read(table, outcomes=(JOB,), covariates=()):
    return Cohort.from_frame(table, treatment="treat", outcomes=outcomes, covariates=covariates)


def interval(design, truth, method):
    """Return whether the interval holds the truth, the mean's error and its width."""
    drawn = fit(design, method).outcomes.effect().values[:, 0, 0, 0]
    low, high = np.quantile(drawn, [(1 - PROB) / 2, (1 + PROB) / 2])
    return low < truth < high, drawn.mean() - truth, high - low


def closed(rng):
    return ClosedForm(seed=int(rng.integers(2**31)), draws=500)


def experiment(rng, n, points):
    treat = np.arange(n) % 2
    job = (rng.random(n) < 0.3 + points * treat) * 1
    ((_, mean, sd),) = exact_effects(Experiment(read(pd.DataFrame({"treat": treat, "job": job}))))
    half = float(stats.norm.ppf((1 + PROB) / 2)) * sd
    return abs(mean - points) < half, mean - points, 2 * half


def selected(rng, n, points):
    """People whose age and schooling decide on treatment and on work; both potential outcomes."""
    age, school = rng.normal(size=n), rng.integers(0, 2, n) * 1.0
    treat = (rng.random(n) < special.expit(0.5 * age - 0.4 * school - 0.3)) * 1
    rate = special.expit(-0.8 - 0.5 * age + 0.6 * school)
    chance = rng.random(n)
    without, with_it = (chance < np.clip(rate + e, 0, 1) for e in (0.0, points))
    table = pd.DataFrame({"treat": treat, "age": age, "school": school})
    table["job"] = np.where(treat == 1, with_it, without) * 1
    t = treat == 1
    expected = (np.clip(rate + points, 0, 1) - rate)[t].mean()
    return table, expected, (with_it * 1.0 - without)[t].mean()


def matched(rng, n, points):
    table, truth, _ = selected(rng, n, points)
    made = read(table, covariates=("age", "school"))
    return interval(MatchedComparison(made), truth, closed(rng))


def encouraged(estimand, always=0.15):
    """Half are invited and half comply; the effect is that of taking part."""

    def run(rng, n, points):
        invited = np.arange(n) % 2
        kind = rng.choice(3, n, p=[0.5, 0.5 - always, always])
        took = np.where(kind == 0, invited, kind == 2) * 1
        rate = np.array([0.30, 0.20, 0.50])[kind] + points * took * (kind == 0)
        table = pd.DataFrame({"treat": invited, "took": took, "job": (rng.random(n) < rate) * 1})
        truth = points if estimand == "CACE" else 0.5 * points
        design = Encouragement(read(table, (TOOK, JOB)), "took", estimand)
        return interval(design, truth, closed(rng))

    return run


def predicted(cohort):
    def run(rng, n, points):
        table, expected, realised = selected(rng, n, points)
        made = read(table, covariates=("age", "school"))
        method = Sampler(seed=int(rng.integers(2**31)), chains=2, draws=400, tune=300, cores=1)
        truth = realised if cohort == "realised" else expected
        return interval(PredictedBaseline(made, cohort=cohort), truth, method)

    return run


# Data sets of each; the logit prediction has no closed form.
DESIGNS = {
    "experiment": (experiment, 400),
    "matched comparison": (matched, 200),
    "encouragement, ITT": (encouraged("ITT"), 250),
    "encouragement, CACE": (encouraged("CACE"), 250),
    "encouragement, CACE, one side": (encouraged("CACE", 0.0), 250),
    "predicted baseline, these people": (predicted("realised"), 150),
    "predicted baseline, new people": (predicted("new"), 150),
}
CELLS = len(DESIGNS) * len(PEOPLE) * len(POINTS)


def band(count):
    """Half-width of the simultaneous band of a coverage of so many intervals."""
    z = float(stats.norm.ppf(1 - (1 - BAND) / (2 * CELLS)))
    return z * np.sqrt(PROB * (1 - PROB) / count)


@pytest.mark.parametrize("name", DESIGNS)
def test_intervals_cover_known_effects(name):
    run, count = DESIGNS[name]
    rows = []
    for n in PEOPLE:
        for points in POINTS:
            rng = np.random.default_rng([SEED, n, int(100 * points)])
            covered, error, width = np.array([run(rng, n, points) for _ in range(count)]).T
            found = covered.mean()
            numbers = (found, PROB - band(count), PROB + band(count), error.mean(), width.mean())
            within = bool(abs(found - PROB) < band(count))
            rows.append((name, n, points, count, *(round(float(v), 4) for v in numbers), within))
    write(name, rows)
    assert [row for row in rows if not row[-1]] == []


HEADER = ("design", "people", "effect", "data sets", "covered", "lowest", "highest")


def write(name, rows):
    """Put the rows of a design in their place in the table."""
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy", "pymc", "nutpie"))
    when = f"seed {SEED}, {dt.date.today()}, Python {platform.python_version()}, {packages}"  # noqa: DTZ011  the day of the run
    kept = []
    if RESULTS.exists():
        with RESULTS.open(newline="", encoding="utf-8") as file:
            kept = [row for row in list(csv.reader(file))[1:] if row[0] in DESIGNS]
    kept = [row for row in kept if row[0] != name] + [[str(v) for v in row] for row in rows]
    kept.sort(key=lambda row: list(DESIGNS).index(row[0]))
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([*HEADER, "mean error", "width", "within", when])
        out.writerows(kept)

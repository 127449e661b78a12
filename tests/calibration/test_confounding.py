"""Confounding that can be seen is flagged, sound designs are not, and hidden bias is allowed for.

Every case is a thousand people or units, and a programme that does nothing. Confounding on a
recorded covariate, or visible before the start, must be flagged in four of five data sets, and a
sound design in at most one of ten. Hidden confounding cannot be flagged: its sensitivity is
printed, and a bias prior of its size must bring the interval's coverage back. The tables are
written beside this file.
"""

import csv
import datetime as dt
import math
import platform
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import special

from impactmodel.core.distribution import Normal
from impactmodel.core.errors import NotIdentifiedError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.bias import with_bias
from impactmodel.effects.checks import Check
from impactmodel.effects.design_stage import design_stage
from impactmodel.effects.designs import prepare
from impactmodel.effects.did_options import DifferencePriors, TrendViolation
from impactmodel.effects.difference_in_differences import (
    DifferenceInDifferences,
    difference_checks,
)
from impactmodel.effects.fitting import fit
from impactmodel.effects.given_prediction import GivenPrediction
from impactmodel.effects.matched_comparison import MatchedComparison
from impactmodel.effects.methods import ClosedForm
from impactmodel.effects.predicted_baseline import PredictedBaseline
from impactmodel.effects.randomisation import randomisation_check
from impactmodel.effects.sensitivity import BiasPrior
from impactmodel.effects.weighting import EntropyBalancing, PropensityOdds
from impactmodel.evidence import Cohort
from impactmodel.evidence.panel import Panel

RESULTS = Path(__file__).parent / "results"
SEED, SIMULATIONS, HIDDEN, N = 20261124, 200, 150, 1000
SEEN, ALARMS, PROB, Z = 0.8, 0.1, 0.9, 1.6449
JOB = OutcomeMeasure("job", kind="binary")
Y = OutcomeMeasure("y", kind="index")


def people(rng, score, hidden=0.0):
    """A thousand people of four sites, whose treatment has the log odds that ``score`` gives.

    Age and skill are recorded and matter for work; drive is not, but for the months worked in the
    year before, which hang on it. ``hidden`` is what a standard deviation of drive adds to the
    probability of a job.
    """
    p = pd.DataFrame(rng.normal(size=(N, 3)), columns=["age", "skill", "drive"])
    p["site"] = rng.integers(0, 4, N)
    p["before"] = p["drive"] + 0.5 * p["skill"] + rng.normal(size=N)
    p["treat"] = (rng.random(N) < special.expit(score(p))) * 1
    rate = 0.4 - 0.08 * p["age"] + 0.08 * p["skill"] + 0.03 * p["site"] + hidden * p["drive"]
    p["job"] = (rng.random(N) < np.clip(rate, 0, 1)) * 1
    return p


def cohort(table, covariates=("age", "skill"), **more):
    return Cohort.from_frame(
        table, treatment="treat", outcomes=[JOB], covariates=covariates, **more
    )


def randomised(score, group=None):
    """An experiment that records age, skill and the months before."""

    def run(rng):
        made = cohort(people(rng, score), ("age", "skill", "before"), group=group)
        return [randomisation_check(made)]

    return run


def matched(score, weighting=None, covariates=("age", "skill"), group=None):
    def run(rng):
        made = cohort(people(rng, score), covariates, group=group)
        try:
            return design_stage(made, weighting or EntropyBalancing()).checks
        except NotIdentifiedError as error:
            # Where no weights exist there is no fit at all.
            return [Check("overlap", False, str(error))]

    return run


PLACEBO = EntropyBalancing(held_out=("before",))
WITH_BEFORE = ("age", "skill", "before")


def panel(rng, drift=0.0, dip=0.0, shock=0.0, units=N):
    """Units with lasting errors (AR(1), .7) in eight periods; two fifths start in 4 and 5."""
    fifth = units // 5
    first = np.repeat([4.0, 5.0, np.inf], [fifth, fifth, units - 2 * fifth])
    periods = np.arange(8)
    e = np.empty((units, 8))
    e[:, 0] = rng.normal(size=units)
    for t in periods[1:]:
        e[:, t] = 0.7 * e[:, t - 1] + math.sqrt(1 - 0.7**2) * rng.normal(size=units)
    y = 2 * rng.normal(size=(units, 1)) + 0.3 * periods + e
    ever = np.isfinite(first)[:, None]
    y = y + drift * periods * ever - dip * (periods == first[:, None] - 1)
    walk = np.concatenate([[0.0], shock * rng.normal(size=8).cumsum()])
    with warnings.catch_warnings():
        # The time since a start that never comes is not used.
        warnings.simplefilter("ignore", RuntimeWarning)
        since = np.where(ever, np.clip(periods - first[:, None] + 1, 0, 8), 0.0)
    y = y + walk[since.astype(int)]
    table = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), 8),
            "year": np.tile(2000 + periods, units),
            "first": np.repeat(np.where(ever[:, 0], 2000 + first, np.nan), 8),
            "y": y.ravel(),
        }
    )
    return Panel.from_frame(table, unit="unit", period="year", start="first", outcomes=[Y])


def trends(**moved):
    return lambda rng: difference_checks(DifferenceInDifferences(panel(rng, **moved)))


def predicted(bent=0.0, shift=0.0, tie=1.0):
    """Months worked predicted from age and skill; the truth may bend, a given one be too high."""

    def run(rng):
        p = people(rng, lambda p: 0.5 * p["age"] - 1.0)
        line = p["age"] + 0.5 * p["skill"] + bent * p["age"] ** 2
        p["y"] = tie * line + rng.normal(size=N)
        p["value"], p["se"] = p["age"] + 0.5 * p["skill"] + shift, 1.0 + 1e-6 * p["age"]
        given = ["value", "se"] if shift else []
        made = Cohort.from_frame(
            p, treatment="treat", outcomes=[Y], covariates=["age", "skill", *given]
        )
        stated = (GivenPrediction("y", "value", "se", 0.1),) if shift else ()
        return prepare(PredictedBaseline(made, given=stated)).checks()

    return run


# (design, what is wrong, what must see it; nothing where the design is sound).
CASES = {
    ("experiment", "sound", ""): randomised(lambda p: 0.0 * p["age"]),
    ("experiment", "sound, shares differ by site", ""): randomised(
        lambda p: 0.5 * p["site"] - 0.75, "site"
    ),
    ("experiment", "recorded covariate .35 sd apart", "randomisation"): randomised(
        lambda p: 0.35 * p["skill"]
    ),
    ("experiment", "hidden trait seen in the year before", "randomisation"): randomised(
        lambda p: 0.5 * p["drive"]
    ),
    ("experiment", "recorded covariate, within sites", "randomisation"): randomised(
        lambda p: 0.35 * p["skill"] + 0.5 * p["site"] - 0.75, "site"
    ),
    ("matched comparison", "sound", ""): matched(lambda p: 0.7 * p["age"] - 0.5 * p["skill"] - 1),
    ("matched comparison", "sound, propensity odds", ""): matched(
        lambda p: 0.7 * p["age"] - 0.5 * p["skill"] - 1, PropensityOdds()
    ),
    ("matched comparison", "sound, placebo outcome", ""): matched(
        lambda p: 0.7 * p["age"] - 0.5 * p["skill"] - 1, PLACEBO, WITH_BEFORE
    ),
    ("matched comparison", "sound, four sites merged", ""): matched(
        lambda p: 0.7 * p["age"] - 1, group="site"
    ),
    ("matched comparison", "treated nobody is like", "overlap"): matched(
        lambda p: 3.0 * p["age"] + 3.0 * p["skill"] - 4.0
    ),
    ("matched comparison", "selection on the square of age", "balance of squares"): matched(
        lambda p: 0.4 * p["age"] ** 2 - 1.4
    ),
    ("matched comparison", "selection by site, sites merged", "balance of groups"): matched(
        lambda p: 0.5 * p["site"] - 1.5, group="site"
    ),
    ("matched comparison", "hidden trait, placebo outcome", "held-out covariates"): matched(
        lambda p: 0.6 * p["drive"] - 0.8, PLACEBO, WITH_BEFORE
    ),
    ("difference in differences", "sound", ""): trends(),
    ("difference in differences", "trend before the start", "trend before the start: y"): trends(
        drift=0.1
    ),
    ("difference in differences", "dip before the start", "dip before the start: y"): trends(
        dip=0.25
    ),
    ("predicted baseline", "sound", ""): predicted(),
    ("predicted baseline", "sound, covariates say nothing", ""): predicted(tie=0.0),
    ("predicted baseline", "the truth bends in age", "calibration: y"): predicted(bent=0.5),
    ("predicted baseline", "given predictions too high", "calibration: y"): predicted(shift=0.4),
}


def write(name, header, rows):
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy"))
    when = f"seed {SEED}, {dt.date.today()}, Python {platform.python_version()}, {packages}"  # noqa: DTZ011  the day of the run
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / name).open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([*header, when])
        out.writerows(rows)


def test_visible_confounding_is_flagged_and_sound_designs_are_not():
    rows = []
    for (design, case, by), run in CASES.items():
        rng = np.random.default_rng(SEED)
        flagged = named = 0
        for _ in range(SIMULATIONS):
            failed = [check.name for check in run(rng) if check.passed is False]
            flagged += bool(failed)
            named += by in failed
        within = named >= SEEN * SIMULATIONS if by else flagged <= ALARMS * SIMULATIONS
        shares = (flagged / SIMULATIONS, named / SIMULATIONS if by else "")
        rows.append((design, case, N, SIMULATIONS, *shares, by or "none", within))
    header = ("design", "case", "people", "simulations", "flagged", "by this check", "check", "met")
    write("confounding.csv", header, rows)
    assert [row for row in rows if not row[-1]] == []


# What a standard deviation of drive adds to a job's probability, or to Y, varies with these sds.
DRIVE, DRIVE_Y, SHOCK = 0.07, 0.3, 0.15


def driven(p):
    return 0.8 * p["drive"] - 1.0


def apart():
    """How much more drive the treated have than the others."""
    p = pd.concat([people(np.random.default_rng(k), driven) for k in range(100)])
    means = p.groupby("treat")["drive"].mean()
    return float(means[1] - means[0])


APART = apart()


def covers(effect):
    """Whether the interval covers that there is no effect, and its width."""
    low, high = np.quantile(np.ravel(effect), [(1 - PROB) / 2, (1 + PROB) / 2])
    return low < 0 < high, high - low


def hidden_from_matching(rng):
    """Estimate with and without a bias prior of the size of the bias; return what is flagged."""
    made = cohort(people(rng, driven, hidden=DRIVE * rng.normal()))
    bias = {"job": BiasPrior(sd=DRIVE * APART)}
    method = ClosedForm(seed=int(rng.integers(2**31)), draws=1000)
    plain, biased = (fit(MatchedComparison(made, bias=b), method) for b in ({}, bias))
    said = {check.name: check for check in plain.diagnostics.checks}
    for name in ("E-value", "robustness value"):
        assert said[name].passed is None
        assert "would" in said[name].text
    assert any("bias of the estimated effect" in a for a in biased.outcomes.provenance.assumptions)
    effects = (covers(found.outcomes.effect().values) for found in (plain, biased))
    return *effects, not plain.diagnostics.passed


def hidden_from_prediction(rng):
    p = people(rng, driven)
    strength = DRIVE_Y * rng.normal()
    p["y"] = p["age"] + 0.5 * p["skill"] + strength * p["drive"] + rng.normal(size=N)
    made = Cohort.from_frame(p, treatment="treat", outcomes=[Y], covariates=["age", "skill"])
    method = ClosedForm(seed=int(rng.integers(2**31)), draws=1000)
    found = fit(PredictedBaseline(made, cohort="new"), method)
    prior = Normal(0.0, DRIVE_Y * APART)
    biased = with_bias(found.outcomes, "y", prior, "those who apply are keener", seed=1)
    effects = (covers(o.effect().values) for o in (found.outcomes, biased))
    return *effects, not found.diagnostics.passed


def hidden_from_trends(rng):
    made = panel(rng, shock=SHOCK, units=400)
    out = []
    for priors in (DifferencePriors(), DifferencePriors(violation=TrendViolation(SHOCK))):
        ready = prepare(DifferenceInDifferences(made, priors=priors))
        mean, covariance = ready.models[0].moments(ready.average[:, None])
        half = Z * math.sqrt(covariance[0, 0])
        out.append((abs(mean[0]) < half, 2 * half))
    checks = difference_checks(DifferenceInDifferences(made))
    return *out, any(check.passed is False for check in checks)


def test_a_bias_prior_of_its_size_covers_hidden_confounding():
    rows = []
    band = 4 * math.sqrt(PROB * (1 - PROB) / HIDDEN)
    for design, how, run in (
        ("matched comparison", "BiasPrior", hidden_from_matching),
        ("predicted baseline", "with_bias", hidden_from_prediction),
        ("difference in differences", "TrendViolation", hidden_from_trends),
    ):
        rng = np.random.default_rng(SEED)
        found = [run(rng) for _ in range(HIDDEN)]
        plain, biased = (float(np.mean([f[i][0] for f in found])) for i in (0, 1))
        wider = float(np.mean([f[1][1] / f[0][1] for f in found]))
        met = plain < PROB - band and abs(biased - PROB) < band and wider > 1
        flagged = float(np.mean([f[2] for f in found]))
        shares = (round(v, 3) for v in (flagged, plain, biased, wider))
        rows.append((design, how, HIDDEN, *shares, met))
    header = ("design", "prior", "simulations", "flagged", "covered", "with prior", "width", "met")
    write("hidden_confounding.csv", header, rows)
    assert [row for row in rows if not row[-1]] == []

"""Known effects on people are recovered where choice, and not chance, decided who was treated.

A fast part of `tests/calibration/test_people_coverage.py`, whose table has every design at every
size, and of `tests/calibration/test_confounding.py`.
"""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import special

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.design_stage import design_stage
from impactmodel.effects.encouragement import Encouragement
from impactmodel.effects.fitting import fit
from impactmodel.effects.matched_comparison import MatchedComparison, doubly_robust
from impactmodel.effects.methods import ClosedForm
from impactmodel.effects.predicted_baseline import PredictedBaseline
from impactmodel.effects.randomisation import randomisation_check
from impactmodel.evidence import Cohort

JOB, TOOK = (OutcomeMeasure(name, kind="binary") for name in ("job", "took"))
DAYS = OutcomeMeasure("days", kind="index")
SEEDS, PROB, N = 60, 0.9, 300
# Four standard errors of a share of 60 at .9.
BAND = 4 * math.sqrt(PROB * (1 - PROB) / SEEDS)


def selected(seed, points, n=N):
    """Older people and those with less schooling are treated more often and work less."""
    rng = np.random.default_rng(seed)
    age, school = rng.normal(size=n), rng.integers(0, 2, n) * 1.0
    treat = (rng.random(n) < special.expit(0.7 * age - 0.6 * school - 0.3)) * 1
    rate = 0.35 - 0.08 * np.clip(age, -2, 2) + 0.10 * school
    job = (rng.random(n) < rate + points * treat) * 1
    days = 100 + 40 * age - 20 * school - 200 * points * treat + 60 * rng.normal(size=n)
    return pd.DataFrame({"treat": treat, "age": age, "school": school, "job": job, "days": days})


def invited(seed, points, n=N):
    """Half comply; compliers' chance of a job rises by so many points."""
    rng = np.random.default_rng(seed)
    treat, kind = np.arange(n) % 2, rng.choice(3, n, p=[0.5, 0.35, 0.15])
    took = np.where(kind == 0, treat, kind == 2) * 1
    rate = np.array([0.30, 0.20, 0.50])[kind] + points * took * (kind == 0)
    return pd.DataFrame({"treat": treat, "took": took, "job": (rng.random(n) < rate) * 1})


def read(table, outcomes, covariates=("age", "school")):
    return Cohort.from_frame(table, treatment="treat", outcomes=outcomes, covariates=covariates)


def matched(seed, points):
    return MatchedComparison(read(selected(seed, points), [JOB])), points


def predicted(seed, points):
    return PredictedBaseline(read(selected(seed, points), [DAYS]), cohort="new"), -200 * points


def assigned(seed, points):
    return Encouragement(read(invited(seed, points), [TOOK, JOB], ()), "took"), 0.5 * points


def compliers(seed, points):
    return Encouragement(read(invited(seed, points), [TOOK, JOB], ()), "took", "CACE"), points


@pytest.mark.parametrize("points", [0.0, 0.10])
@pytest.mark.parametrize("made", [matched, predicted, assigned, compliers])
def test_intervals_cover_the_truth(made, points):
    covered, errors, spread = 0, [], []
    for seed in range(SEEDS):
        design, truth = made(seed, points)
        drawn = fit(design, ClosedForm(seed=seed, draws=200)).outcomes.effect().values.ravel()
        low, high = np.quantile(drawn, [(1 - PROB) / 2, (1 + PROB) / 2])
        covered += low < truth < high
        errors.append(drawn.mean() - truth)
        spread.append(drawn.std())
    assert covered / SEEDS == pytest.approx(PROB, abs=BAND)
    # The mean error over the data sets is known to an eighth of one data set's sd.
    assert np.mean(errors) == pytest.approx(0.0, abs=4 * np.mean(spread) / math.sqrt(SEEDS))


def test_without_the_design_the_same_people_show_an_effect_that_is_not_there():
    raw, adjusted = [], []
    for seed in range(SEEDS):
        table = selected(seed, 0.0)
        means = table.groupby("treat")["job"].mean()
        raw.append(means[1] - means[0])
        adjusted.append(doubly_robust(MatchedComparison(read(table, [JOB])))[0].effect)
    error = np.std(adjusted) / math.sqrt(SEEDS)
    assert np.mean(raw) < -0.05
    assert np.mean(adjusted) == pytest.approx(0.0, abs=4 * error)


def test_visible_confounding_is_flagged_and_sound_designs_are_not():
    seen = {"randomisation": 0, "design stage": 0}
    alarms = dict.fromkeys(seen, 0)
    for seed in range(50):
        table = selected(seed, 0.0, 1000)
        chance = table.assign(treat=np.random.default_rng(seed).permutation(table["treat"]))
        seen["randomisation"] += randomisation_check(read(table, [JOB])).passed is False
        alarms["randomisation"] += randomisation_check(read(chance, [JOB])).passed is False
        bent = table.assign(
            treat=(np.random.default_rng(seed).random(1000) < special.expit(table["age"] ** 2 - 2))
            * 1
        )
        for counts, people in ((seen, bent), (alarms, table)):
            checks = design_stage(read(people, [JOB])).checks
            counts["design stage"] += any(check.passed is False for check in checks)
    assert min(seen.values()) >= 40
    assert max(alarms.values()) <= 5

"""Missing outcomes: averaged as people like them, shifted by what is stated, never dropped."""

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.distribution import Normal
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import (
    BetaPriors,
    Experiment,
    MissingShift,
    Priors,
    Sampler,
    attrition_check,
    fit,
)
from impactmodel.evidence import Cohort

JOB = OutcomeMeasure("job", kind="binary")
WEEKS = OutcomeMeasure("weeks", kind="count", unit="weeks")
FLAT = Priors(binary=BetaPriors())


def people(n=400):
    """Half are treated, half of each arm is young; the young are often missing, by a fixed rule."""
    i = np.arange(n)
    treated, young = i % 2, (i // 2) % 2
    job = ((i // 4) % 10 < np.where(young, 2, 6) + treated).astype(float)
    gone = (young == 1) & ((i // 40) % 2 == 0)
    weeks = 10.0 + 5 * treated + (i // 4) % 7
    frame = pd.DataFrame({"t": treated, "young": young, "job": job, "weeks": weeks})
    return frame, gone


def cohort(frame, outcomes=(JOB,), covariates=(), **more):
    return Cohort.from_frame(
        frame,
        treatment="t",
        outcomes=list(outcomes),
        covariates=list(covariates),
        missing_outcomes=True,
        **more,
    )


def test_missing_people_are_refused_unless_asked_for_and_counted_by_arm():
    frame, gone = people()
    frame.loc[gone, "job"] = np.nan
    with pytest.raises(InputError, match="job: 100 of 400 values are missing"):
        Cohort.from_frame(frame, treatment="t", outcomes=[JOB])
    kept = cohort(frame)
    assert kept.missing.sum() == 100
    assert kept.size == 400
    assert kept.observed("job").size == 300
    with pytest.raises(InputError, match="people without a known outcome cannot be summed"):
        kept.cells()
    assert "nan" not in repr(kept)


def test_missing_completely_at_random_is_the_beta_posterior_of_those_seen():
    frame, gone = people()
    frame.loc[gone, "job"] = np.nan
    found = fit(Experiment(cohort(frame), priors=FLAT)).outcomes
    seen = frame.dropna()
    for arm, treated in (("treated", 1), ("counterfactual", 0)):
        job = seen.loc[seen["t"] == treated, "job"]
        mean = (job.sum() + 1) / (len(job) + 2)
        draws = found.level(arm, "job").values.ravel()
        assert draws.mean() == pytest.approx(mean, abs=4 * draws.std() / np.sqrt(len(draws)))
    # Everybody who was assigned is in the cohort, seen or not.
    assert float(found.cohort_size.values[0, 0]) == 200
    assert any("not known for 25.0% of the treated" in s for s in found.provenance.assumptions)


def test_a_stated_shift_moves_the_arm_by_the_share_who_are_missing():
    frame, gone = people()
    frame.loc[gone, "job"] = np.nan
    base = fit(Experiment(cohort(frame), priors=FLAT)).outcomes
    shift = MissingShift("job", treated=-0.2, reason="leavers of the register")
    moved = fit(Experiment(cohort(frame), priors=FLAT, missing=(shift,))).outcomes
    change = moved.level("treated", "job").values - base.level("treated", "job").values
    np.testing.assert_allclose(change, -0.2 * 0.25, atol=1e-12)
    np.testing.assert_array_equal(
        moved.level("counterfactual", "job").values, base.level("counterfactual", "job").values
    )
    assert any("-0.2 (treated)" in s and "leavers" in s for s in moved.provenance.assumptions)
    wide = MissingShift("job", treated=Normal(0.0, 0.2))
    spread = fit(Experiment(cohort(frame), priors=FLAT, missing=(wide,))).outcomes
    sd = spread.effect().values.std()
    # Independent parts: the posterior's and a quarter of the shift's; 4,000 draws give 1.1 %.
    assert sd == pytest.approx(np.hypot(base.effect().values.std(), 0.05), rel=0.045)


def test_shares_stay_shares():
    frame, gone = people()
    frame.loc[gone, "job"] = np.nan
    shift = MissingShift("job", treated=-5.0)
    found = fit(Experiment(cohort(frame), priors=FLAT, missing=(shift,))).outcomes
    assert found.level("treated", "job").values.min() == 0.0


def test_outcomes_may_lack_different_people_and_checks_inform():
    frame, gone = people()
    frame.loc[gone, "job"] = np.nan
    frame.loc[~gone & (frame["young"] == 1), "weeks"] = np.nan
    both = cohort(frame, (JOB, WEEKS))
    result = fit(Experiment(both))
    assert result.diagnostics.passed
    info = [c for c in result.diagnostics.checks if c.passed is None]
    assert {c.name for c in info} == {"missing: job", "missing: weeks"}
    # Weeks differ by 5 for every pair of people, seen or not.
    effect = result.outcomes.effect().sel(outcome="weeks").values
    # The prior of the effect, N(0, s) about 0, shrinks it by far less than a standard error.
    assert effect.mean() == pytest.approx(5.0, abs=0.5 * effect.std())


def test_what_is_said_of_missing_people_must_fit_the_data():
    frame, gone = people()
    whole = Experiment(cohort(frame), missing=(MissingShift("job", treated=0.1),))
    with pytest.raises(InputError, match="nobody lacks this outcome"):
        fit(whole)
    frame.loc[gone, "job"] = np.nan
    with pytest.raises(InputError, match="there is no such outcome"):
        fit(Experiment(cohort(frame), missing=(MissingShift("jobs"),)))
    frame.loc[frame["t"] == 1, "job"] = np.nan
    with pytest.raises(InputError, match="nobody is treated"):
        fit(Experiment(cohort(frame)))


def test_unequal_attrition_is_flagged_and_equal_attrition_is_not():
    frame, gone = people()
    alike, unlike = frame.copy(), frame.copy()
    alike.loc[gone, "job"] = np.nan
    unlike.loc[gone & (frame["t"] == 1), "job"] = np.nan
    assert attrition_check(cohort(alike), "job").passed
    check = attrition_check(cohort(unlike), "job")
    assert not check.passed
    # Fisher's exact test of 50 of 200 against none of 200 (R: p < 2.2e-16).
    assert "25.0% of the treated and 0.0% of the comparison (Fisher p = 0.000" in check.text


@pytest.mark.sampler
def test_adjusting_undoes_missingness_that_depends_on_a_covariate():
    frame, gone = people(4000)
    truth = frame.loc[frame["t"] == 1, "job"].mean() - frame.loc[frame["t"] == 0, "job"].mean()
    gone = gone & ((frame["t"] == 1) | (np.arange(4000) // 80 % 2 == 0))
    level = frame.loc[frame["t"] == 1, "job"].mean()
    frame.loc[gone, "job"] = np.nan
    seen = frame.dropna()
    plain = seen.loc[seen["t"] == 1, "job"].mean()
    kept = cohort(frame, covariates=["young"])
    found = fit(Experiment(kept, adjust=True), Sampler(seed=1)).outcomes
    treated = found.level("treated", "job").values.ravel()
    # Half of the young have gone: (.5 x .7 + .25 x .3) / .75 against .5.
    assert plain - level == pytest.approx(1 / 15)
    assert treated.mean() == pytest.approx(level, abs=2 * treated.std())
    effect = found.effect().values.ravel()
    assert effect.mean() == pytest.approx(truth, abs=2 * effect.std())

"""The normal model of counts, days and indices against closed forms and another integration."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import (
    Experiment,
    GaussianPriors,
    Priors,
    Sampler,
    exact_effects,
    fit,
    least_squares,
    prior_outcomes,
)
from impactmodel.evidence import Cohort

MONTHS = OutcomeMeasure("months", kind="count", unit="months", channel="employment")


def people(n=120, seed=5, effect=1.0):
    rng = np.random.default_rng(seed)
    t = np.arange(n) % 2
    months = np.clip(np.rint(rng.normal(4 + effect * t, 2.5)), 0, 12)
    site = rng.integers(0, 3, n)
    return pd.DataFrame({"t": t, "months": months, "age": rng.normal(40, 9, n), "site": site})


def cohort(frame, group=None, unit="months"):
    measure = OutcomeMeasure("months", kind="count", unit=unit)
    return Cohort.from_frame(
        frame, treatment="t", outcomes=[measure], covariates=["age"], group=group
    )


def arms(frame):
    return [frame.loc[frame["t"] == a, "months"].to_numpy() for a in (1, 0)]


def test_wide_priors_give_two_student_means():
    # Flat priors: mu | y ~ t(n - 1) about the mean with scale s / sqrt(n); its variance is
    # s^2 / n (n - 1) / (n - 3). Priors of sd 1,000 are flat to 1e-4 here.
    frame = people()
    wide = GaussianPriors(
        intercept_sd=1e3, treatment_sd=1e3, spread_sd=1e3, spread_treatment_sd=1e3
    )
    ((_, mean, sd),) = exact_effects(Experiment(cohort(frame), priors=Priors(number=wide)))
    one, zero = arms(frame)
    n = len(one)
    variance = sum(y.var(ddof=1) / n * (n - 1) / (n - 3) for y in (one, zero))
    assert mean == pytest.approx(one.mean() - zero.mean(), abs=1e-6)
    assert sd == pytest.approx(np.sqrt(variance), rel=1e-4)


def test_default_priors_agree_with_importance_sampling():
    # Another route to the same posterior: proposals from the flat-prior answer, weighted by prior.
    frame = people()
    design = Experiment(cohort(frame))
    ((_, mean, sd),) = exact_effects(design)
    rng = np.random.default_rng(0)
    everyone = frame["months"].to_numpy()
    scale = everyone.std()
    draws = 400_000
    m, log_sd = np.empty((2, draws)), np.empty((2, draws))
    for i, y in enumerate(arms(frame)):
        z = (y - everyone.mean()) / scale
        n = len(z)
        variance = z.var(ddof=1) * (n - 1) / stats.chi2.rvs(n - 1, size=draws, random_state=rng)
        m[i] = z.mean() + np.sqrt(variance / n) * rng.standard_normal(draws)
        log_sd[i] = 0.5 * np.log(variance)
    log_w = np.zeros(draws)
    for pair, sds in ((m, (2.5, 1.0)), (log_sd, (1.0, 0.5))):
        log_w += stats.norm.logpdf(pair.mean(axis=0), 0, sds[0])  # half of the people are treated
        log_w += stats.norm.logpdf(pair[0] - pair[1], 0, sds[1])
    w = np.exp(log_w - log_w.max())
    effect = scale * (m[0] - m[1])
    expected = np.average(effect, weights=w)
    spread = np.sqrt(np.average((effect - expected) ** 2, weights=w))
    # 400,000 draws of nearly equal weight: errors of the mean and the sd below .002 of the sd.
    assert mean == pytest.approx(expected, abs=4 * 0.002 * spread)
    assert sd == pytest.approx(spread, rel=4 * 0.002)


def test_draws_have_the_exact_moments_and_the_people_s_variance():
    frame = people()
    design = Experiment(cohort(frame))
    ((_, mean, sd),) = exact_effects(design)
    outcomes = fit(design).outcomes
    effect = outcomes.effect().values[:, 0, 0, 0]
    assert effect.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(4000))
    assert effect.std() == pytest.approx(sd, rel=4 / np.sqrt(2 * 4000))
    between = outcomes.dataset["covariance"].values.reshape(-1, 2).mean(axis=0)
    # Spread of people within arms; posterior and sample variance differ by about 2 / n.
    assert between == pytest.approx([y.var(ddof=1) for y in arms(frame)], rel=0.08)


def test_another_unit_gives_the_same_answer_in_it():
    frame = people()
    ((_, mean, sd),) = exact_effects(Experiment(cohort(frame)))
    days = frame.assign(months=frame["months"] * 30)
    ((_, more, wider),) = exact_effects(Experiment(cohort(days, unit="days of 30 a month")))
    assert (more, wider) == pytest.approx((30 * mean, 30 * sd), rel=1e-9)


def test_prior_draws_follow_the_stated_prior():
    design = Experiment(cohort(people()), priors=Priors(number=GaussianPriors(treatment_sd=0.2)))
    effect = prior_outcomes(design, draws=4000, seed=1).effect().values.ravel()
    scale = people()["months"].std(ddof=0)
    assert effect.std() == pytest.approx(0.2 * scale, rel=4 / np.sqrt(2 * 4000))


def test_what_a_normal_model_cannot_take_is_refused():
    frame = people(40)
    with pytest.raises(InputError, match="too few people for a normal model of 'months'"):
        fit(Experiment(cohort(frame)))
    with pytest.raises(InputError, match="everybody has the same 'months'"):
        fit(Experiment(cohort(people().assign(months=3.0))))


@pytest.mark.sampler
def test_the_sampler_gives_the_exact_answer_and_adjusts_for_covariates():
    frame = people()
    design = Experiment(cohort(frame))
    ((_, mean, sd),) = exact_effects(design)
    got = fit(design, Sampler(seed=1, draws=2000))
    effect = got.outcomes.effect().values[:, 0, 0, 0]
    error = 4 * sd / np.sqrt(got.diagnostics.ess_min)
    assert got.diagnostics.passed
    assert effect.mean() == pytest.approx(mean, abs=error)
    assert effect.std() == pytest.approx(sd, rel=4 / np.sqrt(2 * got.diagnostics.ess_min))
    frame = frame.assign(months=frame["months"] + 0.2 * frame["age"])
    adjusted = Experiment(cohort(frame, group="site"), adjust=True, pool_groups=True)
    twin = least_squares(Experiment(cohort(frame), adjust=True))[0]
    found = fit(adjusted, Sampler(seed=2)).outcomes
    size = found.cohort_size.values
    both = (found.effect().values[:, :, 0, 0] * size).sum(axis=1) / size.sum(axis=1)
    # Partial pooling over three alike sites moves the effect by less than a standard error.
    assert both.mean() == pytest.approx(twin.effect, abs=twin.se)
    assert both.std() < 1.6 * twin.se

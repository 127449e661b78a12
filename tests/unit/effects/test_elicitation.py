"""Priors from quantiles have these quantiles."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import Experiment, Priors, prior_outcomes
from impactmodel.effects.elicitation import (
    Between,
    beta_prior,
    default_logit_priors,
    half_normal_prior,
    logit_priors,
    lognormal_prior,
    normal_prior,
)
from impactmodel.evidence import Cells

JOB = OutcomeMeasure("job", kind="binary")


def cells(treated=(185, 140), comparison=(260, 168)):
    table = pd.DataFrame(
        [(1, *treated), (0, *comparison)],
        columns=["treat", "n", "job_sum"],
    )
    return Cells.from_frame(table, treatment="treat", outcomes=[JOB])


def message(make):
    with pytest.raises(InputError) as error:
        make()
    return str(error.value)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Between(1.0, 1.0), "upper: the interval is empty (seen: 1.0)"),
        (lambda: Between(0.0, 1.0, 1.0), "prob: a probability lies between 0 and 1 (seen: 1.0)"),
        (
            lambda: lognormal_prior(Between(0.0, 1.0)),
            "lower: a positive number has a lower end above 0 (seen: 0.0)",
        ),
        (
            lambda: beta_prior(Between(0.1, 1.0)),
            "lower: the ends of a share lie between 0 and 1 (seen: '0.1 to 1')",
        ),
        (lambda: half_normal_prior(0.0), "upper: this must be above 0 (seen: 0.0)"),
        (
            lambda: half_normal_prior(1.0, 0.0),
            "prob: a probability lies between 0 and 1 (seen: 0.0)",
        ),
        (
            lambda: logit_priors(Between(0.0, 0.5), Between(-0.1, 0.1)),
            "rate: a rate lies between 0 and 1 (seen: '0 to 0.5')",
        ),
        (
            lambda: logit_priors(Between(0.2, 0.4), Between(-0.1, 0.2)),
            "effect: the prior of an effect is symmetric about no effect (seen: '-0.1 to 0.2'); "
            "give -d and d; evidence in favour is data, not prior",
        ),
        (
            lambda: logit_priors(Between(0.8, 0.9), Between(-0.2, 0.2)),
            "effect: the effect leads out of [0, 1] (seen: '0.857 + 0.2')",
        ),
        (
            lambda: default_logit_priors(cells(), "jobs"),
            "outcome: no such binary outcome (seen: 'jobs'); one of job",
        ),
    ],
)
def test_bad_input_is_refused_in_words(make, text):
    assert message(make) == text


@pytest.mark.parametrize("prob", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(("low", "high"), [(0.02, 0.1), (0.2, 0.4), (0.6, 0.99)])
def test_quantiles_are_those_that_were_said(low, high, prob):
    said, tails = Between(low, high, prob), ((1 - prob) / 2, (1 + prob) / 2)
    normal = normal_prior(said)
    assert stats.norm(normal.mean, normal.sd).ppf(tails) == pytest.approx([low, high])
    log = lognormal_prior(said)
    sigma = np.sqrt(np.log1p((log.sd / log.mean) ** 2))
    median = log.mean / np.exp(sigma**2 / 2)
    assert stats.lognorm(sigma, scale=median).ppf(tails) == pytest.approx([low, high])
    beta = beta_prior(said)
    total = beta.mean * (1 - beta.mean) / beta.sd**2 - 1
    a, b = beta.mean * total, (1 - beta.mean) * total
    assert stats.beta(a, b).ppf(tails) == pytest.approx([low, high], rel=1e-6)
    half = half_normal_prior(high, prob)
    assert stats.halfnorm(scale=half.scale).ppf(prob) == pytest.approx(high)


def test_logit_priors_have_the_rate_and_the_effect_that_were_said():
    made = logit_priors(Between(0.2, 0.4, 0.9), Between(-0.15, 0.15, 0.9), slope_sd=0.5)
    assert (made.intercept_at, made.slope_sd) == ("control", 0.5)
    centre = special.logit(made.base_rate)
    z = stats.norm.ppf(0.95)
    assert special.expit(centre + z * made.intercept_sd) == pytest.approx(0.4)
    assert special.expit(centre - z * made.intercept_sd) == pytest.approx(0.2)
    assert special.expit(centre + z * made.treatment_sd) == pytest.approx(made.base_rate + 0.15)
    drawn = prior_outcomes(Experiment(cells(), priors=Priors(binary=made)), draws=40_000, seed=1)
    rate = drawn.level("counterfactual", "job").values
    # Four binomial errors of a share of .9.
    assert ((rate > 0.2) & (rate < 0.4)).mean() == pytest.approx(0.9, abs=4 * 0.3 / 200)


def test_default_priors_stand_at_the_overall_rate_whatever_the_effect():
    made = default_logit_priors(cells(), "job")
    assert made.base_rate == pytest.approx(308.5 / 446)
    turned = default_logit_priors(cells((185, 120), (260, 188)), "job")
    assert turned == made

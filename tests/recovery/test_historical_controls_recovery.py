"""Known effects are recovered with borrowed comparisons, and conflict costs coverage no more."""

import math

import numpy as np
import pytest
from scipy import special

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.arms import BorrowingPriors, CountedArm
from impactmodel.effects.borrowed_share import BorrowedShare
from impactmodel.effects.map_prior import map_prior_of_shares
from impactmodel.effects.pooling import HalfNormal
from impactmodel.effects.priors import BetaPriors

JOB = OutcomeMeasure("job", kind="binary")
HISTORIES, TRIALS = 50, 3
PROB = 0.9
BAND = 4 * math.sqrt(PROB * (1 - PROB) / (HISTORIES * TRIALS))
PRIORS = BorrowingPriors(spread=HalfNormal(0.3))


def history(rng, groups=5, people=200):
    logits = rng.normal(special.logit(0.3), 0.2, groups)
    return [
        CountedArm(str(i), people, int(rng.binomial(people, special.expit(x))))
        for i, x in enumerate(logits)
    ]


def run(rng, mixture, n, effect, rate):
    treated, own = n // 2, max(4, n // 10)
    model = BorrowedShare(
        JOB,
        CountedArm("treated", treated, int(rng.binomial(treated, rate + effect))),
        CountedArm("own", own, int(rng.binomial(own, rate))),
        mixture,
        BetaPriors(),
        "history",
    )
    drawn = model.exact(1000, rng)["job_probability"]
    tails = np.quantile(drawn[:, 0] - drawn[:, 1], [(1 - PROB) / 2, (1 + PROB) / 2])
    mean = model.exact_moments()[0]
    return tails[0] < effect < tails[1], mean[0] - mean[1], tails[1] - tails[0]


@pytest.mark.slow
def test_borrowing_covers_at_every_size_and_effect_and_narrows_the_interval():
    rng = np.random.default_rng(1)
    covered = {(n, effect): [] for n in (100, 300, 1000) for effect in (0.0, 0.05, 0.10)}
    widths, alone, errors = [], [], []
    for _ in range(HISTORIES):
        mixture = map_prior_of_shares(history(rng), PRIORS).mixture.robust(0.2)
        vague = mixture.robust(1 - 1e-9)
        for (n, effect), hits in covered.items():
            for _ in range(TRIALS):
                rate = special.expit(rng.normal(special.logit(0.3), 0.2))
                hit, estimate, width = run(rng, mixture, n, effect, rate)
                hits.append(hit)
                errors.append(estimate - effect)
                if n == 300:
                    widths.append(width)
                    alone.append(run(rng, vague, n, effect, rate)[2])
    for hits in covered.values():
        assert np.mean(hits) == pytest.approx(PROB, abs=BAND)
    assert np.mean(widths) < 0.8 * np.mean(alone)
    # Shrinkage to history and to the uniform prior of the treated leaves less than one point.
    assert abs(np.mean(errors)) < 0.01


def test_a_comparison_unlike_the_earlier_ones_is_not_drowned():
    """A labour market twice as good: the vague component takes over as the own group grows."""
    rng = np.random.default_rng(3)
    mixture = map_prior_of_shares(history(rng), PRIORS).mixture.robust(0.2)
    weights = [mixture.update(0.7 * n, n).weights[-1] for n in (10, 50, 400)]
    assert weights[0] > 0.2
    assert weights[-1] > 0.9
    control = mixture.update(280, 400)
    assert control.mean == pytest.approx(0.7, abs=0.02)

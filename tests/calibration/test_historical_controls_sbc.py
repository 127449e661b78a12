"""Simulation-based calibration of borrowing: where the next group's truth falls, and the trial's.

Predictive priors: 1,000 histories of four groups are drawn from the model, and the next group's
truth is looked up in the exact predictive distribution (shares by quadrature, means as a mixture
of normals), which must be uniform. Trials: 2,000 truths from a robust mixture, data of a small own
comparison, ranks among exact posterior draws. Bands are simultaneous at 99 %; planted bugs must
leave them. The table of results is written beside this file.
"""

import csv
import datetime as dt
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.arms import CountedArm, MeasuredArm
from impactmodel.effects.between_studies import Estimates
from impactmodel.effects.borrowed_mean import TREATED_SDS, BorrowedMean
from impactmodel.effects.borrowed_share import BorrowedShare
from impactmodel.effects.mixtures import BetaMixture, NormalMixture
from impactmodel.effects.pooling import HalfNormal, Pooled, PoolingPrior
from impactmodel.effects.priors import BetaPriors
from impactmodel.effects.share_posterior import SharePosterior

RESULTS = Path(__file__).parent / "results" / "historical_controls.csv"
SEED, HISTORIES, SIMULATIONS, DRAWS = 20261124, 1000, 2000, 127
# A planted bug shows in fewer histories.
FEWER = 250
BAND, QUANTITIES = 0.99, 6
SHARES = PoolingPrior(-0.8, 0.7, HalfNormal(0.5))
MEANS = PoolingPrior(5.0, 2.0, HalfNormal(1.0))
PEOPLE = np.array([60, 150, 40, 90])
JOB, MONTHS = OutcomeMeasure("job", kind="binary"), OutcomeMeasure("months", kind="count")
BETAS = BetaMixture(
    np.array([0.5, 0.3, 0.2]), np.array([30.0, 6.0, 1.0]), np.array([70.0, 14.0, 1.0])
)
NORMALS = NormalMixture(
    np.array([0.5, 0.3, 0.2]), np.array([5.0, 5.5, 5.2]), np.array([0.3, 1.0, 3.0]), 3.0
)


def truths(prior, rng, count=HISTORIES):
    """Logits or means of four earlier groups and of the next one (history, 5)."""
    mean = rng.normal(prior.centre, prior.sd, count)
    spread = prior.spread.draw(count, rng)
    return rng.normal(mean[:, None], spread[:, None], (count, 5))


def places_of_shares(prior=SHARES, sign=1.0, count=HISTORIES):
    """Where the next group's logit falls in its predictive distribution (history)."""
    rng = np.random.default_rng(SEED)
    out = np.empty(count)
    for i, theta in enumerate(truths(SHARES, rng, count)):
        events = rng.binomial(PEOPLE, special.expit(sign * theta[:4]))
        x, mass = SharePosterior.of(np.column_stack([events, PEOPLE]), prior).predictive()
        out[i] = np.interp(theta[4], x, np.cumsum(mass) - mass / 2)
    return out


def places_of_means(prior=MEANS):
    """Where the next group's mean falls in its predictive distribution (history)."""
    rng = np.random.default_rng(SEED)
    error = 3.0 / np.sqrt(PEOPLE)
    return np.array(
        [
            Pooled(Estimates(rng.normal(theta[:4], error), error), prior).new_below(theta[4])
            for theta in truths(MEANS, rng)
        ]
    )


def ranks_of_shares(mixture=BETAS):
    """Ranks of the true shares of both arms among draws of the posterior (simulation, arm)."""
    rng = np.random.default_rng(SEED)
    treated, control = rng.beta(1.0, 1.0, SIMULATIONS), BETAS.draw(SIMULATIONS, rng)
    out = np.empty((SIMULATIONS, 2))
    for i, true in enumerate(zip(treated, control, strict=True)):
        events = rng.binomial([40, 15], true)
        model = BorrowedShare(
            JOB,
            CountedArm("treated", 40, int(events[0])),
            CountedArm("own", 15, int(events[1])),
            mixture,
            BetaPriors(),
            "history",
        )
        out[i] = (model.exact(DRAWS, rng)["job_probability"] < true).sum(axis=0)
    return out


def ranks_of_means(mixture=NORMALS):
    """Ranks of the true means of both arms among draws of the posterior (simulation, arm)."""
    rng = np.random.default_rng(SEED)
    control = NORMALS.draw(SIMULATIONS, rng)
    treated = rng.normal(NORMALS.mean, TREATED_SDS * NORMALS.person_sd, SIMULATIONS)
    out = np.empty((SIMULATIONS, 2))
    for i, true in enumerate(zip(treated, control, strict=True)):
        seen = rng.normal(true, 3.0 / np.sqrt([40, 15]))
        model = BorrowedMean(
            MONTHS,
            MeasuredArm("treated", 40, float(seen[0]), 3.0),
            MeasuredArm("own", 15, float(seen[1]), 3.0),
            mixture,
            "history",
        )
        out[i] = (model.exact(DRAWS, rng)["months_mean"] < true).sum(axis=0)
    return out


def deviation(rank, top=DRAWS + 1):
    """Largest standardised distance of ranks (or places, with top 1) from uniform."""
    grid = np.arange(1, DRAWS + 1) / (DRAWS + 1)
    below = np.array([(rank < g * top).mean() for g in grid])
    return float((np.abs(below - grid) / np.sqrt(grid * (1 - grid) / len(rank))).max())


@cache
def limit(count):
    """The deviation that uniform ranks exceed with one hundredth over all quantities together."""
    rng = np.random.default_rng(1)
    simulated = [deviation(rng.integers(0, DRAWS + 1, count)) for _ in range(8000)]
    return float(np.quantile(simulated, 1 - (1 - BAND) / QUANTITIES))


def test_ranks_are_uniform_within_simultaneous_bands():
    shares, means = ranks_of_shares(), ranks_of_means()
    found = {
        ("predictive prior", "share of the next group"): (places_of_shares(), 1),
        ("predictive prior", "mean of the next group"): (places_of_means(), 1),
        ("trial", "treated share"): (shares[:, 0], DRAWS + 1),
        ("trial", "comparison share"): (shares[:, 1], DRAWS + 1),
        ("trial", "treated mean"): (means[:, 0], DRAWS + 1),
        ("trial", "comparison mean"): (means[:, 1], DRAWS + 1),
    }
    assert len(found) == QUANTITIES
    rows = []
    for names, (rank, top) in found.items():
        d, bound = deviation(rank, top), limit(len(rank))
        rows.append((*names, len(rank), round(d, 3), round(bound, 3), d < bound))
    write(rows)
    assert [row for row in rows if not row[-1]] == []


def write(rows):
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy"))
    when = f"seed {SEED}, {dt.date.today()}, Python {platform.python_version()}, {packages}"  # noqa: DTZ011  the day of the run
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["part", "quantity", "simulations", "deviation", "limit", "within", when])
        out.writerows(rows)


def narrower(mixture):
    """The comparison's prior with components half as wide."""
    if isinstance(mixture, BetaMixture):
        return BetaMixture(mixture.weights, 4 * mixture.a, 4 * mixture.b)
    return NormalMixture(mixture.weights, mixture.means, mixture.sds / 2, mixture.person_sd)


@pytest.mark.parametrize(
    ("run", "top"),
    [
        (lambda: places_of_means(PoolingPrior(5.0, 2.0, HalfNormal(0.3))), 1),
        (lambda: places_of_shares(PoolingPrior(-0.8, 0.7, HalfNormal(0.12)), count=FEWER), 1),
        (lambda: places_of_shares(sign=-1.0, count=FEWER), 1),
        (lambda: ranks_of_shares(narrower(BETAS))[:, 1], DRAWS + 1),
        (lambda: ranks_of_means(narrower(NORMALS))[:, 1], DRAWS + 1),
    ],
    ids=["spread of means", "spread of shares", "flipped sign", "narrow betas", "narrow normals"],
)
def test_planted_bugs_leave_the_bands(run, top):
    rank = run()
    assert deviation(rank, top) > limit(len(rank))

"""Simulation-based calibration of the designs on people: ranks of the truth among draws.

Truths are drawn from the priors, people one by one from the likelihood, and the posterior from
their counts and sums, by the exact sampler where there is one and by NUTS otherwise. Ranks must be
uniform within simultaneous 99 % bands over all quantities; planted bugs must leave them. The table
of results is written beside this file.

The Bayesian bootstrap has no prior to draw truths from. Known values with prior people on each make
it one of a Dirichlet prior: counts are prior people plus people seen, all else is as it is used.
"""

import csv
import dataclasses
import datetime as dt
import platform
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from impactmodel.core.errors import NotIdentifiedError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import sampling
from impactmodel.effects.complier_means import ComplierMeans
from impactmodel.effects.linear_prediction import LinearPrediction, LinearPriors
from impactmodel.effects.logit_prediction import LogitPrediction
from impactmodel.effects.methods import Sampler
from impactmodel.effects.people_bootstrap import Atoms
from impactmodel.effects.prediction_layout import Served, flat
from impactmodel.effects.principal_strata import RATES, STRATA, Strata, StrataPriors
from impactmodel.effects.priors import LogitPriors
from tests.calibration.ranks import deviation as ranks_apart

RESULTS = Path(__file__).parent / "results" / "people.csv"
SEED, DRAWS, BAND = 20261124, 127, 0.99
EXACT, SAMPLED, FEWER = 2000, 1000, 300
ARM = 40


def strata_people(shares, rates, one_sided, rng):
    """Count people of both arms by assignment, take-up and outcome."""
    counts = np.zeros((2, 2, 2))
    stratum = rng.choice(len(shares), 2 * ARM, p=shares)
    invited = np.arange(2 * ARM) % 2
    took = np.where(stratum == 0, invited, stratum == 2)
    # Rates are those of compliers treated and untreated, never takers, always takers.
    place = np.where(stratum == 0, np.where(took == 1, 0, 1), stratum + 1)
    np.add.at(counts, (invited, took, (rng.random(2 * ARM) < rates[place]) * 1), 1)
    assert not (one_sided and counts[0, 1].any())
    return counts


def exactly(model, rng):
    return model.exact(DRAWS, rng)


def by_nuts(model, rng):
    """Thin two short chains to draws that are nearly independent."""
    method = Sampler(seed=int(rng.integers(2**31)), chains=2, draws=256, tune=400, cores=1)
    tree = sampling.sample([model], method)
    return tree.isel(draw=slice(None, None, 4))


def strata_ranks(one_sided, count=EXACT, change=lambda model: model, draw=exactly):
    """Ranks of shares, rates and the effect (simulation, quantity)."""
    rng = np.random.default_rng(SEED)
    prior = Strata("job", np.zeros((2, 2, 2)), StrataPriors(), one_sided)
    truth = prior.prior(count, rng)
    out = []
    for shares, rates in zip(truth.shares, truth.rates, strict=True):
        counts = strata_people(shares, rates, one_sided, rng)
        model = change(dataclasses.replace(prior, counts=counts))
        drawn = draw(model, rng)
        drawn = drawn if draw is exactly else model.read(drawn)
        samples = np.column_stack(
            [drawn.shares, drawn.rates, drawn.rates[:, 0] - drawn.rates[:, 1]]
        )[:DRAWS]
        out.append((samples < [*shares, *rates, rates[0] - rates[1]]).sum(axis=0))
    return np.array(out)


# Values that people can have, and prior people on each, by invitation and take-up.
AMOUNTS = np.array([0.0, 4.0, 9.0, 20.0])
PRIOR_PEOPLE = np.array([[5.0, 3.0, 2.0, 1.0], [1.0, 1.0, 0.5, 0.5]])
PRIOR_PEOPLE = np.concatenate([PRIOR_PEOPLE, [[2.0, 1.0, 0.5, 0.5], [1.0, 2.0, 3.0, 2.0]]])
CELL = np.repeat(np.arange(4), len(AMOUNTS))
EVERYBODY = np.array([0, 0, 1, 1])


def bootstrap(count):
    """The bootstrap of people with these counts (cell, value)."""
    atoms = Atoms("wage", (0,), CELL, count.ravel(), np.tile(AMOUNTS, 4)[:, None])
    return ComplierMeans(atoms, True)


def complier_ranks(count=EXACT, change=bootstrap):
    """Ranks of the share, the two means and the effect (simulation, quantity)."""
    rng = np.random.default_rng(SEED)
    prior, out = bootstrap(PRIOR_PEOPLE), []
    while len(out) < count:
        weights = rng.standard_gamma(PRIOR_PEOPLE.ravel())[None]
        share, means, possible = prior.means(weights)
        if not possible[0]:
            continue
        arms = weights.reshape(2, -1)
        seen = np.stack([rng.multinomial(ARM, arm / arm.sum()) for arm in arms])
        model = change(PRIOR_PEOPLE + seen.reshape(4, -1))
        try:
            shares, drawn, _ = model.exact(DRAWS, rng)
        except NotIdentifiedError:
            # A planted bug may even be refused: it has to show in the others as well.
            if change is bootstrap:
                raise
            continue
        samples = np.column_stack([shares, drawn, drawn[:, 0] - drawn[:, 1]])
        true = [share[0], *means[0], means[0, 0] - means[0, 1]]
        out.append((samples < true).sum(axis=0))
    return np.array(out)


def served(rng):
    """Two standardised covariates of unserved people (in cells of equal ones) and of served."""
    x0, n0 = np.unique(rng.integers(-1, 2, (2 * ARM, 2)), axis=0, return_counts=True)
    x1, n1 = np.unique(rng.integers(-1, 3, (ARM, 2)), axis=0, return_counts=True)
    rows = [np.column_stack([np.ones(len(x)), x]) for x in (x0, x1)]
    nobody = [np.zeros(len(x), dtype=np.intp) for x in (x0, x1)]
    n0, n1 = n0.astype(float), n1.astype(float)
    return Served(("a", "b"), ("all",), rows[0], n0, nobody[0], rows[1], n1, nobody[1])


def effects(model, true, drawn, rng):
    """Ranks of coefficients, of the mean in new and in these people, and of the effect on these.

    The served had one more than they would have had; that is observed, their baseline is not.
    """
    realised = float(model.realised(true, rng)[0, 0])
    observed = realised + 1.0
    # The prior is over one truth: its residuals are those of the very people.
    names = sorted(true)
    samples = np.column_stack(
        [
            *(drawn[name].reshape(len(drawn[name]), -1) for name in names),
            model.expected(drawn),
            observed - model.realised(drawn, rng),
        ]
    )[:DRAWS]
    parameters = np.concatenate([true[name].ravel() for name in names])
    rank = (samples < [*parameters, model.expected(true)[0, 0], 1.0]).sum(axis=0)
    # A share takes few values: equal ones are placed among each other at random.
    equal = int(np.isclose(samples[:, -1], 1.0).sum())
    below = int((samples[:, -1] < 1.0 - 1e-9).sum())
    rank[-1] = below + rng.integers(0, equal + 1)
    return rank


DAYS = OutcomeMeasure("days", kind="days")
JOB = OutcomeMeasure("job", kind="binary")
LINEAR = LinearPriors(intercept_sd=2.0, slope_sd=0.5, shape=4.0, rate=3.0)
LOGIT = LogitPriors(slope_sd=0.5)


def linear_ranks(count=EXACT, change=lambda model: model, draw=exactly):
    """Ranks of `effects` for the linear prediction, people drawn one by one."""
    rng = np.random.default_rng(SEED)
    out = []
    for _ in range(count):
        layout = served(rng)
        none = np.zeros(len(layout.n0))
        base = LinearPrediction(DAYS, layout, LINEAR, none, none, 0.0, 1.0)
        true = base.prior(1, rng)
        cell = np.repeat(np.arange(len(layout.n0)), layout.n0.astype(int))
        mean = layout.x0 @ true["days_beta"][0]
        y = rng.normal(mean[cell], np.sqrt(true["days_variance"][0]))
        total, squares = (np.bincount(cell, v, len(none)) for v in (y, y**2))
        model = change(dataclasses.replace(base, total=total, squares=squares))
        drawn = draw(model, rng)
        drawn = drawn if draw is exactly else flat(drawn)
        out.append(effects(model, true, drawn, rng))
    return np.array(out)


def logit_ranks(count=SAMPLED, change=lambda model: model):
    """Ranks of `effects` for the logit prediction, people drawn one by one."""
    rng = np.random.default_rng(SEED)
    out = []
    for _ in range(count):
        layout = served(rng)
        none = np.zeros(len(layout.n0))
        base = LogitPrediction(JOB, layout, none, LOGIT)
        true = base.prior(1, rng)
        cell = np.repeat(np.arange(len(layout.n0)), layout.n0.astype(int))
        rate = special.expit(layout.x0 @ true["job_beta"][0])
        events = np.bincount(cell, (rng.random(len(cell)) < rate[cell]) * 1.0, len(none))
        model = change(dataclasses.replace(base, events=events))
        out.append(effects(model, true, flat(by_nuts(model, rng)), rng))
    return np.array(out)


SHARES = tuple(f"share of {name}" for name in STRATA)
RATE = tuple(f"rate of {name}" for name in RATES)
PREDICTION = ("intercept", "slope a", "slope b")
MEANS = ("mean of a new cohort", "effect")
PARTS = {
    "strata, two sides, exact": (lambda: strata_ranks(False), (*SHARES, *RATE, "effect")),
    "strata, one side, exact": (lambda: strata_ranks(True), (*SHARES[:2], *RATE[:3], "effect")),
    "strata, two sides, NUTS": (
        lambda: strata_ranks(False, SAMPLED, draw=by_nuts),
        (*SHARES, *RATE, "effect"),
    ),
    "compliers' amounts, bootstrap": (
        complier_ranks,
        (SHARES[0], "mean treated", "mean untreated", "effect"),
    ),
    "linear prediction, exact": (linear_ranks, (*PREDICTION, "variance", *MEANS)),
    "linear prediction, NUTS": (
        lambda: linear_ranks(SAMPLED, draw=by_nuts),
        (*PREDICTION, "variance", *MEANS),
    ),
    "logit prediction, NUTS": (logit_ranks, (*PREDICTION, *MEANS)),
}
QUANTITIES = sum(len(names) for _, names in PARTS.values())


deviation = partial(ranks_apart, draws=DRAWS)


@cache
def limit(count):
    """The deviation that uniform ranks exceed with one hundredth over all quantities together."""
    rng = np.random.default_rng(1)
    simulated = [deviation(rng.integers(0, DRAWS + 1, size=(count, 500))) for _ in range(40)]
    return float(np.quantile(np.concatenate(simulated), 1 - (1 - BAND) / QUANTITIES))


def test_ranks_are_uniform_within_simultaneous_bands():
    rows = []
    for part, (ranks, names) in PARTS.items():
        found = ranks()
        bound = limit(len(found))
        rows += [
            (part, name, len(found), round(float(d), 3), round(bound, 3), bool(d < bound))
            for name, d in zip(names, deviation(found), strict=True)
        ]
    assert len(rows) == QUANTITIES
    write(rows)
    assert [row for row in rows if not row[-1]] == []


def write(rows):
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy", "pymc", "nutpie"))
    when = f"seed {SEED}, {dt.date.today()}, Python {platform.python_version()}, {packages}"  # noqa: DTZ011  the day of the run
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["model", "quantity", "simulations", "deviation", "limit", "within", when])
        out.writerows(rows)


def with_priors(**parts):
    """Return a change of the analyst's priors."""
    return lambda model: dataclasses.replace(
        model, priors=dataclasses.replace(model.priors, **parts)
    )


def no_always_takers(model):
    """Take the uninvited who took part for nobody: the likelihood of one-sided non-compliance."""
    counts = model.counts.copy()
    counts[0, 1] = 0.0
    return dataclasses.replace(model, counts=counts)


def arms_swapped(model):
    return dataclasses.replace(model, counts=model.counts[:, :, ::-1])


def counted_twice(model):
    return dataclasses.replace(model, events=2 * model.events, layout=twice(model.layout))


def twice(layout):
    return dataclasses.replace(layout, n0=2 * layout.n0)


BUGS = {
    "strata: wrong scale of the shares' prior": lambda: strata_ranks(
        False, FEWER, with_priors(compliers=4.0)
    ),
    "strata: wrong scale of the rates' prior": lambda: strata_ranks(
        True, FEWER, with_priors(events=3.0, non_events=3.0)
    ),
    "strata: flipped outcome": lambda: strata_ranks(False, FEWER, arms_swapped),
    "strata: always takers left out": lambda: strata_ranks(False, FEWER, no_always_takers),
    "compliers: prior people left out": lambda: complier_ranks(
        EXACT, lambda count: bootstrap(count - PRIOR_PEOPLE + 1e-3)
    ),
    "compliers: people counted twice": lambda: complier_ranks(
        EXACT, lambda count: bootstrap(2 * count)
    ),
    "compliers: amounts flipped": lambda: complier_ranks(
        EXACT, lambda count: bootstrap(count[:, ::-1])
    ),
    "linear: wrong scale of the slopes' prior": lambda: linear_ranks(
        EXACT, with_priors(slope_sd=0.1)
    ),
    "linear: wrong scale of the variance's prior": lambda: linear_ranks(
        EXACT, with_priors(rate=9.0)
    ),
    "linear: flipped outcome": lambda: linear_ranks(
        FEWER, lambda m: dataclasses.replace(m, total=-m.total)
    ),
    "linear: people counted twice": lambda: linear_ranks(
        EXACT,
        lambda m: dataclasses.replace(
            m, total=2 * m.total, squares=2 * m.squares, layout=twice(m.layout)
        ),
    ),
    "logit: wrong scale of the slopes' prior": lambda: logit_ranks(
        FEWER, with_priors(slope_sd=0.1)
    ),
    "logit: flipped outcome": lambda: logit_ranks(
        FEWER, lambda m: dataclasses.replace(m, events=m.layout.n0 - m.events)
    ),
    "logit: people counted twice": lambda: logit_ranks(FEWER, counted_twice),
}


@pytest.mark.parametrize("bug", BUGS)
def test_planted_bugs_leave_the_bands(bug):
    rank = BUGS[bug]()
    assert deviation(rank).max() > limit(len(rank))

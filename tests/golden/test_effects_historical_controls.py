"""Borrowing against published values of RBesT and an independent numerical integration."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import ClosedForm, Sampler, exact_effects, fit
from impactmodel.effects.arms import BorrowingPriors, CountedArm, MeasuredArm
from impactmodel.effects.historical_controls import HistoricalControls, Trial
from impactmodel.effects.map_prior import map_prior_of_means, map_prior_of_shares
from impactmodel.effects.mixtures import BetaMixture
from impactmodel.effects.pooling import HalfNormal

RESPONSE = OutcomeMeasure("response", kind="binary")
COUNTS = [(107, 23), (44, 12), (51, 19), (39, 9), (139, 39), (20, 6), (78, 9), (35, 10)]
HISTORY = tuple(CountedArm(f"study {i}", n, r) for i, (n, r) in enumerate(COUNTS, start=1))
MIXTURE = BetaMixture(
    np.array([0.4612914, 0.1917812, 0.1893896, 0.1575378]),
    np.array([33.9513487, 19.4400089, 12.2692310, 2.2521243]),
    np.array([103.0146367, 41.5205219, 55.9202833, 5.4812202]),
)
# Effective draws that are assumed for the published Stan run, see oracles/rbest.md.
THEIR_DRAWS = 1000


def oracle():
    with (Path(__file__).parent / "oracles" / "rbest.csv").open(encoding="utf-8") as file:
        return {(r["model"], r["quantity"]): float(r["value"]) for r in csv.DictReader(file)}


ORACLE = oracle()


def test_the_size_and_moments_of_a_published_mixture():
    for name, value in (("mean", MIXTURE.mean), ("sd", MIXTURE.sd)):
        assert round(value, 8) == ORACLE["mixture", name]
    for q in (2.5, 50.0, 97.5):
        # Their quantiles are found to about 1e-5.
        expected = ORACLE["mixture", f"q{q:g}"]
        assert MIXTURE.quantile(q / 100) == pytest.approx(expected, abs=5e-5)
    assert round(MIXTURE.people("elir")) == ORACLE["mixture", "people:elir"]
    assert round(MIXTURE.people("moment")) == ORACLE["mixture", "people:moment"]
    assert round(MIXTURE.robust(0.2).people("elir")) == ORACLE["mixture_robust", "people:elir"]


def test_the_published_trial():
    control = MIXTURE.robust(0.2).update(1, 6)
    treated = BetaMixture(np.ones(1), np.array([0.5]), np.array([1.0])).update(14, 24)

    def both(p):
        return float(treated.density(np.array(p))) * control.below(p)

    found, _ = integrate.quad(both, 0, 1, epsabs=1e-11)
    expected = ORACLE["trial", "P(treated > comparison)"]
    # The published mixture has seven digits.
    assert found == pytest.approx(expected, abs=2e-7)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_the_predictive_prior_agrees_with_the_published_run(scale):
    found = map_prior_of_shares(HISTORY, BorrowingPriors(spread=HalfNormal(scale)))
    model = f"map_half_normal_{scale:g}"
    error = 1 / math.sqrt(THEIR_DRAWS)
    assert found.mean == pytest.approx(ORACLE[model, "map:mean"], abs=4 * found.sd * error)
    assert found.sd == pytest.approx(ORACLE[model, "map:sd"], abs=4 * found.sd * error)
    assert found.spread_mean == pytest.approx(
        ORACLE[model, "tau:mean"], abs=4 * found.spread_sd * error
    )
    assert found.spread_sd == pytest.approx(
        ORACLE[model, "tau:sd"], abs=4 * found.spread_sd * error
    )
    for q in (2.5, 50.0, 97.5):
        p = q / 100
        value = float(found.quantile(p))
        density = float(found.mixture.density(np.array(value)))
        mcse = math.sqrt(p * (1 - p)) * error / density
        assert value == pytest.approx(ORACLE[model, f"map:q{q:g}"], abs=4 * mcse)
    # The mixture is theirs in size: 38 and 24 people on a fit to 4,000 draws.
    if scale == 1.0:
        assert found.mixture.people("elir") == pytest.approx(38, abs=2)
        assert found.mixture.people("moment") == pytest.approx(24, abs=1)


def brute_force(scale):
    """The same model by the midpoint and trapezoid rules, in another parametrisation.

    Axes: mu (300 points), tau (midpoints of 280 cells), and the groups' standardised deviations
    (281 points), over which the likelihood of each group is summed.
    """
    mu = np.linspace(-3.0, 1.2, 300)
    tau = (np.arange(280) + 0.5) * 3.5 / 280
    z = np.linspace(-7, 7, 281)
    phi = stats.norm.pdf(z) / stats.norm.pdf(z).sum()
    log = -0.5 * (mu / 2) ** 2 - 0.5 * (tau[:, None] / scale) ** 2
    for i, t in enumerate(tau):
        theta = mu[:, None] + t * z
        for n, r in COUNTS:
            log[i] += np.log(np.exp(r * theta - n * np.logaddexp(0, theta) + 0.56 * n) @ phi)
    w = np.exp(log - log.max())
    w /= w.sum()
    return mu, tau, w


@pytest.mark.slow
def test_the_predictive_prior_agrees_with_brute_force():
    mu, tau, w = brute_force(1.0)
    found = map_prior_of_shares(HISTORY, BorrowingPriors(spread=HalfNormal(1.0)))
    by_tau = w.sum(axis=1)
    spread = float(by_tau @ tau)
    # The midpoint rule with steps of .0125 errs by about 1e-5 here.
    assert found.spread_mean == pytest.approx(spread, rel=2e-5)
    z = np.linspace(-7, 7, 141)
    phi = stats.norm.pdf(z) / stats.norm.pdf(z).sum()
    p = special.expit(mu[None, :, None] + tau[:, None, None] * z)
    mean = float((w * (p @ phi)).sum())
    sd = math.sqrt(float((w * (p**2 @ phi)).sum()) - mean**2)
    assert (found.mean, found.sd) == pytest.approx((mean, sd), rel=1e-5)

    def below(x):
        return float((w * special.ndtr((special.logit(x) - mu) / tau[:, None])).sum())

    for q in (0.025, 0.5, 0.975):
        exact = optimize.brentq(lambda x, q=q: below(x) - q, 0.01, 0.9)
        assert float(found.quantile(q)) == pytest.approx(exact, rel=5e-5)
    # And the mixture that stands for it in the trial is as near as it says.
    assert found.divergence < 1e-4
    assert found.mixture.mean == pytest.approx(mean, rel=1e-3)
    assert found.mixture.sd == pytest.approx(sd, rel=5e-3)


def test_a_normal_predictive_prior_is_the_metafor_grids():
    """The next group's mean is the predictive of the frozen grid `predictive_new`."""
    path = Path(__file__).parent / "oracles" / "metafor.csv"
    with path.open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["data"] == "B_six_effects"]
    y = [(float(r["value"]), float(r["se_or_sd"])) for r in rows if r["model"] == "input"]
    arms = [MeasuredArm(f"g{i}", 100, mean, 10 * se) for i, (mean, se) in enumerate(y)]
    priors = BorrowingPriors(mean=0.0, mean_sd=1000.0, spread=HalfNormal(100.0))
    found = map_prior_of_means(arms, priors)
    model = "bayes_grid_mu_N(0,1000)_tau_half_normal(100)"
    exact = {r["quantity"]: float(r["value"]) for r in rows if r["model"] == model}
    for q in (2.5, 5.0, 50.0, 95.0, 97.5):
        expected = exact[f"predictive_new:q{q:g}"]
        # Quantiles of the grid are linear between its points: steps of .4 at the quartiles.
        assert float(found.quantile(q / 100)) == pytest.approx(expected, abs=0.02)
    assert found.spread_mean == pytest.approx(exact["tau:mean"], rel=1e-5)
    assert found.divergence < 1e-4


@pytest.mark.sampler
def test_the_sampler_agrees_with_the_exact_posterior():
    from arviz_stats.base.array import BaseArray

    shares = HistoricalControls(
        RESPONSE, HISTORY, Trial(CountedArm("treated", 24, 14), CountedArm("own", 6, 1))
    )
    measured = HistoricalControls(
        OutcomeMeasure("months", kind="count"),
        (
            MeasuredArm("a", 50, 10.0, 4.0),
            MeasuredArm("b", 60, 12.0, 4.0),
            MeasuredArm("c", 40, 9.0, 5.0),
        ),
        Trial(MeasuredArm("treated", 24, 14.0, 4.0), MeasuredArm("own", 6, 8.0, 4.0)),
    )
    for design in (shares, measured):
        found = fit(design, Sampler(seed=2, draws=12_000))
        assert found.diagnostics.passed
        ((_, mean, sd),) = exact_effects(design)
        effect = found.outcomes.effect().values.reshape(4, -1)
        size = float(BaseArray().ess(effect, chain_axis=0, draw_axis=1))
        assert size > 10_000
        assert effect.mean() == pytest.approx(mean, abs=4 * sd / math.sqrt(size))
        assert effect.std() == pytest.approx(sd, abs=4 * sd / math.sqrt(size))
        drawn = fit(design, ClosedForm(seed=1, draws=40_000)).outcomes.effect().values
        assert drawn.mean() == pytest.approx(mean, abs=4 * sd / 200)
        assert drawn.std() == pytest.approx(sd, abs=4 * sd / 200)

"""The additive logit: against quadrature, another implementation's draws, and a sampler."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from impactmodel import datasets
from impactmodel.core.errors import InputError
from impactmodel.effects import AdditiveLogit, Block, Importance, Sampler, logit_posterior
from impactmodel.effects.chances import _NormalLikelihood

GOLDEN = Path(__file__).parents[2] / "golden"
COVARIATES = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]


def test_covariates_agree_with_importance_sampling_by_r():
    """The oracle's prior is N(0, 1.5) of the intercept, N(0, 1) of standardised slopes."""
    table = datasets.load("nsw")
    x = table[COVARIATES].to_numpy(float)
    x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    treat = table["treat"].to_numpy(float)
    y = (table["re78"].to_numpy(float) > 0) * 1.0
    blocks = (Block("treat", 1, 1.0), Block("covariates", 8, 1.0))
    model = AdditiveLogit(np.column_stack([treat, x]), y, blocks)
    found = logit_posterior(model, Importance(seed=3, draws=8000))
    assert found.diagnostics.passed
    with (GOLDEN / "oracles" / "effects.csv").open(encoding="utf-8") as file:
        rows = {
            r["quantity"]: r
            for r in csv.DictReader(file)
            if r["model"] == "importance_cov_uncentred_intercept_prior"
        }
    for place, name in ((0, "(Intercept)"), (1, "treat")):
        mean, sd = float(rows[f"{name}:mean"]["value"]), float(rows[f"{name}:mean"]["se_or_sd"])
        drawn = found.beta[:, place]
        # Four Monte Carlo errors of 8,000 draws, and of their sd.
        assert abs(drawn.mean() - mean) < 4 * sd / np.sqrt(8000)
        assert drawn.std() == pytest.approx(sd, rel=4 / np.sqrt(2 * 8000))
        for q in (5, 95):
            # The error of a quantile at 5 % is about 2.1 of that of the mean.
            value = float(rows[f"{name}:q{q}"]["value"])
            assert abs(np.quantile(drawn, q / 100) - value) < 4 * 2.1 * sd / np.sqrt(8000)


def test_pooled_levels_agree_with_quadrature():
    """Given the spread the levels are independent where the intercept is known."""
    events, people = np.array([2.0, 9.0, 5.0, 14.0, 1.0]), np.array([10.0, 15, 12, 20, 3])
    nodes, width = np.polynomial.legendre.leggauss(200)
    tau = (nodes + 1) * 2.0
    z = np.linspace(-8, 8, 801)
    u = tau[:, None] * z
    log = events[:, None, None] * u - people[:, None, None] * np.logaddexp(0, u)
    weight = np.exp(log - log.max(axis=(1, 2), keepdims=True)) * np.exp(-0.5 * z**2)
    parts, firsts = weight.sum(axis=2).T, (weight * u).sum(axis=2).T
    posterior = width * np.exp(-0.5 * (tau / 0.7) ** 2) * parts.prod(axis=1)
    posterior /= posterior.sum()
    group = np.repeat(np.arange(5), people.astype(int))
    counts = np.column_stack([events, people - events]).astype(int).ravel()
    y = np.repeat([1.0, 0.0] * 5, counts)
    model = AdditiveLogit(np.eye(5)[group], y, (Block("g", 5, 0.7, True),), intercept_sd=1e-4)
    found = logit_posterior(model, Importance(seed=1, draws=3000))
    assert found.diagnostics.passed
    error = 4 / np.sqrt(found.diagnostics.ess_min)
    expected = posterior @ (firsts / parts)
    assert np.abs(found.beta[:, 1:].mean(axis=0) - expected).max() < error * found.beta.std(0).max()
    mean = posterior @ tau
    sd = np.sqrt(posterior @ tau**2 - mean**2)
    # Draws of the spread come from a chain, whose neighbours resemble each other a little.
    assert abs(found.spread[:, 0].mean() - mean) < 2 * error * sd
    assert found.spread[:, 0].std() == pytest.approx(sd, rel=0.1)


def test_the_mode_is_that_of_a_ridge_regression_of_scikit_learn():
    oracle = json.loads((GOLDEN / "clients" / "chances_oracle.json").read_text(encoding="utf-8"))
    model = AdditiveLogit(
        np.array(oracle["z"]), np.array(oracle["reached"]), (Block("z", 4, 0.5),), intercept_sd=1e6
    )
    mode, _ = _NormalLikelihood.at_mode(model).given(np.empty(0))
    np.testing.assert_allclose(mode, oracle["ridge"], atol=1e-6)


def made(n, seed=5):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 3))
    code = rng.choice(8, n, p=np.array([30, 20, 15, 10, 10, 8, 5, 2]) / 100)
    eta = -0.4 + x @ [0.8, -0.4, 0.0] + rng.normal(0, 0.5, 8)[code]
    y = (rng.random(n) < expit(eta)) * 1.0
    blocks = (Block("x", 3, 1.0), Block("region", 8, 0.5, True))
    return AdditiveLogit(np.column_stack([x, np.eye(8)[code]]), y, blocks)


@pytest.mark.slow
@pytest.mark.sampler
def test_the_weighted_approximation_agrees_with_a_sampler():
    model = made(500)
    quick = logit_posterior(model, Importance(seed=1, draws=4000))
    slow = logit_posterior(model, Sampler(seed=2, chains=4, draws=1000, tune=1000, cores=2))
    assert quick.diagnostics.passed
    assert slow.diagnostics.passed, slow.diagnostics.messages
    sd = slow.beta.std(axis=0)
    error = sd * np.sqrt(1 / slow.diagnostics.ess_min + 1 / quick.diagnostics.ess_min)
    # Twelve means: four and a half errors.
    assert (np.abs(quick.beta.mean(axis=0) - slow.beta.mean(axis=0)) < 4.5 * error).all()
    np.testing.assert_allclose(quick.beta.std(axis=0), sd, rtol=0.12)
    assert quick.spread.mean() == pytest.approx(slow.spread.mean(), rel=0.08)


def test_shared_spreads_and_weights():
    x, y = np.eye(4)[[0, 1, 2, 3] * 5], np.array([0.0, 1.0] * 10)
    blocks = (Block("a", 2, 0.5, True, "both"), Block("b", 2, 0.5, True, "both"))
    model = AdditiveLogit(x, y, blocks, weight=np.repeat([1.0, 3.0], 10))
    assert model.owner.tolist() == [-1, 0, 0, 0, 0]
    # Kish: (10 + 30)^2 / (10 + 90).
    assert model.weights.sum() == pytest.approx(16.0)
    even = AdditiveLogit(x, y, blocks, weight=np.full(20, 7.0))
    assert even.weights.tolist() == [1.0] * 20


def test_a_poor_approximation_is_said():
    """Three people whom a column of a wide prior tells apart: the likelihood is no normal."""
    model = AdditiveLogit(np.array([[-1.0], [0.1], [1.0]]), np.array([0.0, 0.0, 1.0]),
                          (Block("x", 1, 30.0),))  # fmt: skip
    found = logit_posterior(model, Importance(seed=1))
    assert not found.diagnostics.passed
    assert "use Sampler" in found.diagnostics.messages[0]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"y": np.array([0.0, 2.0])}, "0 or 1"),
        ({"x": np.zeros((2, 2))}, "columns and blocks differ"),
        ({"weight": np.array([1.0, -1.0])}, "weight of 0 or more"),
        ({"weight": np.zeros(2)}, "all weights are 0"),
        ({"base_rate": 1.0}, "between 0 and 1"),
        ({"y": np.zeros(2)}, "nobody or everybody"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, what):
    given = {"x": np.zeros((2, 1)), "y": np.array([0.0, 1.0]), "blocks": (Block("x", 1, 1.0),)}
    with pytest.raises(InputError, match=what):
        logit_posterior(AdditiveLogit(**(given | change)), Importance())

"""Chances by arm: the likelihood, the scales and the mixture against other computations."""

import numpy as np
import pytest
from scipy import optimize

from impactmodel.core.errors import InputError
from impactmodel.effects.arm_chances import arm_chances
from impactmodel.effects.arm_layout import ArmLayout, ArmPrior
from impactmodel.effects.arm_likelihood import Piece, chance, mode
from impactmodel.effects.arm_scales import integrate

KINDS = ("odds", "hazard")


def people(n=600, seed=1, multiplied="odds"):
    """Two arms; the modifier is the column, and the first arm helps where it is high."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1))
    arm = np.asarray(rng.integers(0, 3, n))
    ratio = np.where(arm == 1, 0.5 + 0.4 * x[:, 0], np.where(arm == 2, 0.3, 0.0))
    y = (rng.random(n) < chance(0.5 * x[:, 0] - 0.3, ratio, multiplied)) * 1.0
    return x, arm, y


def log_chances(b, x, arm, y, multiplied):
    """Return log-likelihoods of coefficients (draw, 6), written out for two arms."""
    logit = b[:, :1] + b[:, 1:2] * x
    ratio = np.where(arm == 1, b[:, 2:3] + b[:, 3:4] * x, b[:, 4:5] + b[:, 5:6] * x) * (arm > 0)
    if multiplied == "odds":
        p = 1 / (1 + np.exp(-logit - ratio))
    else:
        p = 1 - (1 - 1 / (1 + np.exp(-logit))) ** np.exp(ratio)
    return np.log(np.where(y > 0, p, 1 - p)).sum(axis=1)


@pytest.mark.parametrize("multiplied", KINDS)
def test_the_mode_and_its_curvature_are_those_of_the_likelihood(multiplied):
    x, arm, y = people(3000, multiplied=multiplied)
    ones = np.ones((len(x), 1))
    rows = np.hstack([ones, x])
    pieces = [Piece(a, rows[arm == a], rows[arm == a], y[arm == a]) for a in range(3)]
    beta, slope, curvature, height = mode(pieces, multiplied, np.zeros(6), np.eye(6))

    def lost(b):
        return 0.5 * b @ b - log_chances(b[None], x[:, 0], arm, y, multiplied)[0]

    other = optimize.minimize(lost, np.zeros(6), method="BFGS", options={"gtol": 1e-7})
    # BFGS stops on differences of its own, good to about 1e-5.
    np.testing.assert_allclose(beta, other.x, atol=2e-5)
    np.testing.assert_allclose(height - 0.5 * beta @ beta, -other.fun, atol=1e-6)
    np.testing.assert_allclose(slope, beta, atol=1e-3)
    step = 1e-3 * np.eye(6)
    bent = [
        (
            lost(beta + step[i] + step[j])
            - lost(beta + step[i] - step[j])
            - lost(beta - step[i] + step[j])
            + lost(beta - step[i] - step[j])
        )
        / 4e-6
        for i in range(6)
        for j in range(6)
    ]
    # With hazards a part of expectation 0 is left out: some per cent of a curvature of hundreds.
    wide = 1e-3 if multiplied == "odds" else 0.06
    scale = curvature.diagonal().max()
    np.testing.assert_allclose(curvature + np.eye(6), np.reshape(bent, (6, 6)), atol=wide * scale)


@pytest.mark.parametrize("multiplied", KINDS)
def test_one_arm_without_columns_is_quadrature(multiplied):
    """Intercept and one ratio: mean chances and the evidence by summing over a fine grid."""
    arm, y = np.repeat([0, 1], 60), np.zeros(120)
    y[:15], y[60:90] = 1, 1
    found = arm_chances(np.zeros((120, 0)), np.zeros((120, 0)), arm, y, multiplied)
    width = 1.0 if multiplied == "odds" else 0.25 / -np.log(0.75)
    a, r = np.meshgrid(np.linspace(-4, 2, 801), np.linspace(-2, 2.5, 801), indexing="ij")
    none, served = chance(a, np.zeros_like(a), "odds"), chance(a, r, multiplied)
    log = 15 * np.log(none) + 45 * np.log1p(-none) + 30 * np.log(served) + 30 * np.log1p(-served)
    log += -0.5 * (a / 10) ** 2 - 0.5 * (r / width) ** 2 - np.log(2 * np.pi * 10 * width)
    weight = np.exp(log - log.max())
    mean = [(weight * v).sum() / weight.sum() for v in (none, served)]
    empty = np.zeros((1, 0))
    # A normal for 60 people an arm: third cumulants are left out, about a tenth of an sd of .06.
    np.testing.assert_allclose(found.chances(empty, empty)[0], mean, atol=0.004)
    evidence = np.log(weight.sum() * (6 / 800 * 4.5 / 800)) + log.max()
    np.testing.assert_allclose(found.posterior.log_evidence, evidence, atol=0.1)


def test_the_scales_are_integrated_as_by_importance_sampling():
    """A normal likelihood: scales drawn from their priors, weighed by the closed form."""
    rng = np.random.default_rng(3)
    prior = ArmPrior(mean=0.8, columns=0.7, arms=0.4, modifiers=0.3, both=0.2)
    layout = ArmLayout(3, 3, 3, prior)
    size = 12
    root = rng.normal(size=(40, size)) * 1.5
    curvature = root.T @ root
    truth = np.concatenate([[0.2, 0.5, -0.4], np.tile([0.5, 0.3, -0.2], 3)])
    slope = curvature @ (
        truth + np.linalg.solve(np.linalg.cholesky(curvature).T, rng.normal(size=size))
    )
    found = integrate(slope, curvature, 1.5, layout)
    draws = 60_000
    scales = np.abs(rng.standard_normal((draws, 4))) * [0.7, 0.4, 0.3, 0.2]
    inside, centre = np.linalg.inv(curvature), np.linalg.solve(curvature, slope)
    each, shared = np.kron(np.eye(3), np.ones((3, 3))), np.kron(np.ones((3, 3)), np.eye(3))
    same = each * shared  # The same arm and coefficient.
    main = np.zeros((9, 9))
    main[::3, ::3] = 1
    kernels = np.zeros((5, size, size))
    kernels[0, 0, 0] = 100.0
    kernels[1, 1, 1] = kernels[1, 2, 2] = 1
    kernels[2, 3:, 3:] = main * same
    kernels[3, 3:, 3:], kernels[4, 3:, 3:] = shared * (1 - main), same * (1 - main)
    fixed = kernels[0].copy()
    fixed[3:, 3:] += 0.64 * main
    logs, means = [], []
    for part in np.array_split(scales, 60):
        before = fixed + np.tensordot(part**2, kernels[1:], 1)
        total = before + inside
        solved = np.linalg.solve(total, np.broadcast_to(centre[:, None], (len(part), size, 1)))
        logs.append(-0.5 * (centre @ solved[..., 0].T) - 0.5 * np.linalg.slogdet(total)[1])
        means.append((before @ solved)[..., 0])
    log, mean = np.concatenate(logs), np.concatenate(means)
    weight = np.exp(log - log.max())
    # N(centre; 0, V + inside) against the unscaled likelihood: the height at its own maximum.
    level = log.max() + np.log(weight.mean()) + 0.5 * np.linalg.slogdet(inside)[1]
    weight /= weight.sum()
    effective = 1 / (weight**2).sum()
    assert effective > 1000
    np.testing.assert_allclose(found.log_evidence, level + 0.5 * slope @ centre + 1.5, atol=0.1)
    sd = np.sqrt(np.diag(found.covariance))
    assert np.abs((found.mean - weight @ mean) / sd).max() < 0.05
    np.testing.assert_allclose(
        found.weights @ np.log(found.scales), weight @ np.log(scales), atol=0.15
    )
    drawn = found.draw(20_000, np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(axis=0), found.mean, atol=0.03 * sd.max())
    np.testing.assert_allclose(np.cov(drawn.T), found.covariance, atol=0.04 * sd.max() ** 2)


@pytest.mark.parametrize("multiplied", KINDS)
def test_effects_are_those_of_long_chains_on_the_exact_posterior(multiplied):
    """Two hundred Metropolis chains over coefficients and log scales, from the mixture itself."""
    x, arm, y = people(400, multiplied=multiplied)
    found = arm_chances(x, x, arm, y, multiplied)
    post = found.posterior
    rng = np.random.default_rng(2)
    z = (x[:, 0] - found.centre[0]) / found.spread[0]
    prior = post.layout.prior
    widths = np.array([prior.columns, prior.arms, prior.modifiers, prior.both])

    def density(b, s):
        t = np.exp(s)
        log = log_chances(b, z, arm, y, multiplied) + (s - 0.5 * (t / widths) ** 2).sum(axis=1)
        log += -0.5 * (b[:, 0] / 10) ** 2 - 0.5 * (b[:, 1] / t[:, 0]) ** 2 - s[:, 0]
        pairs = ((2, prior.mean, t[:, 1]), (3, t[:, 2], t[:, 3]))
        for place, shared, own in pairs:
            # Two arms: their mean has the variance shared^2 + own^2 / 2, their difference 2 own^2.
            first, second = b[:, place], b[:, place + 2]
            of_mean, of_gap = shared**2 + own**2 / 2, 2 * own**2
            log += -0.5 * ((first + second) / 2) ** 2 / of_mean - 0.5 * np.log(of_mean)
            log += -0.5 * (first - second) ** 2 / of_gap - 0.5 * np.log(of_gap)
        return log

    chains, steps = 200, 1500
    at = post.draw(chains, rng)
    s = np.log(post.scales[rng.choice(len(post.weights), chains, p=post.weights)])
    root = np.linalg.cholesky(post.covariance)
    now, total, square, kept = density(at, s), 0.0, 0.0, 0
    where = np.array([[-1.0], [0.0], [1.0]])
    rows = (where - found.centre[0]) / found.spread[0]
    for step in range(steps):
        size = 1.0 if step % 2 else 0.4
        to = at + size * 0.6 * rng.standard_normal(at.shape) @ root.T
        scale = s + 0.7 * rng.standard_normal(s.shape) * (step % 2 == 0)
        then = density(to, scale)
        moved = np.log(rng.random(chains)) < then - now
        at, s, now = (
            np.where(moved[:, None], to, at),
            np.where(moved[:, None], scale, s),
            np.where(moved, then, now),
        )
        if step > 300 and step % 4 == 0:
            logit = at[:, :1] + at[:, 1:2] * rows.T
            none = chance(logit, 0 * logit, "odds")
            made = [
                chance(logit, at[:, [c]] + at[:, [c + 1]] * rows.T, multiplied) - none
                for c in (2, 4)
            ]
            stacked = np.stack(made, axis=2)
            total, square, kept = (
                total + stacked.mean(axis=0),
                square + (stacked**2).mean(axis=0),
                kept + 1,
            )
    mean, sd = total / kept, np.sqrt(square / kept - (total / kept) ** 2)
    # What the expansion leaves out with 130 people an arm, and the error of the chains.
    np.testing.assert_allclose(found.effects(where, where), mean, atol=0.12 * sd.max())
    drawn = np.stack([found.effects(where, where, b) for b in found.draw(4000, rng)])
    np.testing.assert_allclose(drawn.std(axis=0), sd, rtol=0.12)
    np.testing.assert_allclose(
        drawn.mean(axis=0), found.effects(where, where), atol=0.05 * sd.max()
    )


def test_it_finds_whom_an_arm_helps():
    rng = np.random.default_rng(7)
    n = 20_000
    x = rng.integers(0, 2, (n, 2)) * 1.0
    arm = rng.integers(0, 3, n)
    gain = np.where(arm == 1, 0.8 * x[:, 0], 0.0) + np.where(arm == 2, 0.8 * x[:, 1], 0.0)
    y = (rng.random(n) < 1 / (1 + np.exp(0.5 - gain))) * 1.0
    at = np.array([[1.0, 0.0], [0.0, 1.0]])
    true = 1 / (1 + np.exp(-0.3)) - 1 / (1 + np.exp(0.5))
    for multiplied in KINDS:
        found = arm_chances(x, x, arm, y, multiplied).effects(at, at)
        # The standard error of a cell's effect is about .017, that of the fit less.
        np.testing.assert_allclose(found, [[true, 0.0], [0.0, true]], atol=0.05)


def test_the_evidence_tells_odds_from_hazards():
    for true in KINDS:
        rng = np.random.default_rng(11)
        n = 40_000
        x, arm = rng.normal(size=(n, 1)) * 1.5, rng.integers(0, 2, n)
        y = (rng.random(n) < chance(x[:, 0], 0.6 * arm, true)) * 1.0
        odds, hazard = (
            arm_chances(x, np.zeros((n, 1)), arm, y, m).posterior.log_evidence for m in KINDS
        )
        assert (hazard - odds > 3) == (true == "hazard")
        assert abs(hazard - odds) > 3


def test_what_cannot_be_fitted_is_refused():
    x, arm, y = people(60)
    with pytest.raises(InputError, match="an arm beside the comparison"):
        arm_chances(x, x, np.zeros(60, dtype=int), y)
    with pytest.raises(InputError, match="people with and without"):
        arm_chances(x, x, arm, np.ones(60))
    with pytest.raises(InputError, match="a scale is above 0"):
        ArmPrior(arms=0.0)

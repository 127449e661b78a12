"""The nearest mixture to a density on a grid, and how near it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from impactmodel.effects.mixtures import BetaMixture, NormalMixture

type Array = npt.NDArray[np.float64]
type LogParts = Callable[[Array, Array], tuple[Array, Array, Array]]
"""Log density of each component (point, component) and its slopes in two parameters."""

NEAR = 1e-4
"""A mixture this near (Kullback-Leibler divergence in nats) needs no more components."""
_MOST = 4
_NEGLIGIBLE = 1e-13


def nearest_normals(x: Array, mass: Array, person_sd: float) -> tuple[NormalMixture, float]:
    """Return the nearest mixture of normals to probability masses, and its divergence.

    Parameters
    ----------
    x, mass
        Values and their probabilities, which sum to 1 (point).
    person_sd
        Passed on to the mixture.
    """
    centre, scale = float(mass @ x), float(np.sqrt(mass @ (x - mass @ x) ** 2))
    unit = (x - centre) / scale

    def log_parts(mean: Array, log_sd: Array) -> tuple[Array, Array, Array]:
        z = (unit[:, None] - mean) * np.exp(-log_sd)
        return -0.5 * z**2 - log_sd - 0.5 * np.log(2 * np.pi), z * np.exp(-log_sd), z**2 - 1

    def start(means: Array, sds: Array) -> tuple[Array, Array]:
        return means, np.log(sds)

    weights, (means, log_sds), divergence = _nearest(unit, mass, log_parts, start)
    made = NormalMixture(weights, centre + scale * means, scale * np.exp(log_sds), person_sd)
    return made, divergence


def nearest_betas(logit: Array, mass: Array) -> tuple[BetaMixture, float]:
    """Return the nearest mixture of betas to masses at logits of a probability."""
    log_p, log_q = -np.logaddexp(0, -logit)[:, None], -np.logaddexp(0, logit)[:, None]
    centre, scale = float(mass @ logit), float(np.sqrt(mass @ (logit - mass @ logit) ** 2))

    def log_parts(log_a: Array, log_b: Array) -> tuple[Array, Array, Array]:
        a, b = np.exp(log_a), np.exp(log_b)
        both = special.digamma(a + b)
        # The density of the logit is that of the probability times p (1 - p).
        return (
            log_p * a + log_q * b - special.betaln(a, b),
            a * (log_p - special.digamma(a) + both),
            b * (log_q - special.digamma(b) + both),
        )

    def start(means: Array, sds: Array) -> tuple[Array, Array]:
        # On the logit scale the sd of a beta is about 1 / sqrt(total p (1 - p)).
        p = special.expit(centre + scale * means)
        total = np.maximum(1 / ((scale * sds) ** 2 * p * (1 - p)), 2.5)
        return np.log(p * total), np.log((1 - p) * total)

    weights, (log_a, log_b), divergence = _nearest(logit, mass, log_parts, start)
    return BetaMixture(weights, np.exp(log_a), np.exp(log_b)), divergence


def _nearest(
    x: Array,
    mass: Array,
    log_parts: LogParts,
    start: Callable[[Array, Array], tuple[Array, Array]],
) -> tuple[Array, tuple[Array, Array], float]:
    """Add components until the divergence is small; return weights, parameters, divergence."""
    there = mass > _NEGLIGIBLE * mass.max()
    entropy = float(mass[there] @ np.log(mass[there] / np.gradient(x)[there]))
    kept = np.where(there, mass, 0.0)
    best, found = np.inf, np.zeros((3, 1))
    for count in range(1, _MOST + 1):

        def loss(flat: Array, count: int = count) -> tuple[float, Array]:
            score, first, second = flat.reshape(3, count)
            log, slope_1, slope_2 = log_parts(first, second)
            log = log + special.log_softmax(score)
            total = special.logsumexp(log, axis=1)
            shares = np.exp(log - total[:, None]) * kept[:, None]
            gradient = (
                shares.sum(axis=0) - kept.sum() * special.softmax(score),
                (shares * slope_1).sum(axis=0),
                (shares * slope_2).sum(axis=0),
            )
            return -float(kept @ total), -np.concatenate(gradient)

        # Unimodal with heavy tails: one centre and several widths to begin with.
        widths = 1.8 ** (np.arange(count) - 0.7 * (count - 1))
        offsets = 0.1 * (np.arange(count) - (count - 1) / 2)
        begin = np.concatenate([np.zeros(count), *start(np.asarray(offsets), np.asarray(widths))])
        done = optimize.minimize(
            loss, begin, jac=True, method="BFGS", options={"maxiter": 500, "gtol": 1e-7}
        )
        if entropy + done.fun < best:
            best, found = entropy + float(done.fun), done.x.reshape(3, count)
        if best < NEAR:
            break
    return special.softmax(found[0]), (found[1], found[2]), max(best, 0.0)

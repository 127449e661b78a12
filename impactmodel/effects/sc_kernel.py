"""The compiled steps of the sampler of donor weights; loaded on first use."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log, sqrt
from typing import Any, cast

import numba
import numpy as np
import numpy.typing as npt

type Array = npt.NDArray[np.float64]

_TRIES = 3
_SIGMA_STEP, _RHO_STEP, _CONCENTRATION_STEP = 0.35, 0.8, 0.4
SIGMA, CONCENTRATION, CONSTANT, RHO = range(4)


def _jit[F: Callable[..., Any]](function: F) -> F:
    return cast("F", numba.njit(cache=True)(function))


@_jit
def _log_gamma(shape: float, rng: np.random.Generator) -> float:
    return log(rng.standard_gamma(shape + 1.0)) + log(rng.random()) / shape


@_jit
def _log_sum(a: float, b: float) -> float:
    top = max(a, b)
    return top + log(exp(a - top) + exp(b - top))


@_jit
def whiten(values: Array, rho: float) -> Array:
    """Make AR(1) errors along the last axis (row, period) independent, of the same sd."""
    out = values.copy()
    root = sqrt(1.0 - rho * rho)
    for i in range(values.shape[0]):
        for t in range(1, values.shape[1]):
            out[i, t] = (values[i, t] - rho * values[i, t - 1]) / root
    return out


@_jit
def move_share(
    log_share: Array, precision: float, middle: float, alpha: float, rng: np.random.Generator
) -> float:
    """Move the share of one of two donors in place (logs of it and of its rest); return it."""
    now = exp(log_share[0])
    # From the first factor, Beta: accepted by the second, normal.
    a, b = _log_gamma(alpha, rng), _log_gamma(alpha, rng)
    whole = _log_sum(a, b)
    new = exp(a - whole)
    if log(rng.random()) < 0.5 * precision * ((now - middle) ** 2 - (new - middle) ** 2):
        log_share[0], log_share[1], now = a - whole, b - whole, new
    # From the second: accepted by the first.
    new = middle + rng.standard_normal() / sqrt(precision)
    if 0.0 < new < 1.0:
        a, b = log(new), log(1.0 - new)
        if log(rng.random()) < (alpha - 1.0) * (a + b - log_share[0] - log_share[1]):
            log_share[0], log_share[1], now = a, b, new
    return now


@_jit
def _move_weights(
    logs: Array, columns: Array, error: Array, state: Array, rng: np.random.Generator
) -> None:
    """Move mass between each donor and another; ``error`` is whitened and follows."""
    count, variance = len(logs), state[SIGMA] ** 2
    share = np.empty(2)
    for i in range(count):
        j = int(rng.random() * (count - 1))
        j += j >= i
        whole = _log_sum(logs[i], logs[j])
        reach = exp(whole) * (columns[i] - columns[j])
        square, cross = 0.0, 0.0
        for t in range(len(error)):
            square += reach[t] * reach[t]
            cross += reach[t] * error[t]
        square = max(square, 1e-250)
        share[0], share[1] = logs[i] - whole, logs[j] - whole
        before = exp(share[0])
        after = move_share(
            share, square / variance, before + cross / square, state[CONCENTRATION], rng
        )
        logs[i], logs[j] = share[0] + whole, share[1] + whole
        for t in range(len(error)):
            error[t] -= (after - before) * reach[t]


@_jit
def _log_sigma(sigma: float, square: float, periods: int, scale: float) -> float:
    # Of the logarithm of sigma: one power less than of sigma.
    return (1 - periods) * log(sigma) - 0.5 * square / sigma**2 - 0.5 * (sigma / scale) ** 2


@_jit
def _log_rho(error: Array, rho: float, sigma: float) -> float:
    # Beta(2, 2), on the logistic scale.
    square = float((whiten(error, rho) ** 2).sum())
    periods = int(error.shape[1])
    return float(
        2.0 * log(rho * (1.0 - rho))
        - 0.5 * (periods - 1) * log(1.0 - rho * rho)
        - 0.5 * square / sigma**2
    )


@_jit
def _log_concentration(a: float, total: float, count: int, prior: Array) -> float:
    z = log(a / float(prior[0])) / float(prior[1])
    return lgamma(count * a) - count * lgamma(a) + a * total - 0.5 * z * z


@_jit
def _move_scalars(
    logs: Array, error: Array, state: Array, assumed: Array, rng: np.random.Generator
) -> None:
    """Move constant, correlation, error and concentration; ``error`` (1, period) is raw."""
    if assumed[3] > 0:
        error = error + state[CONSTANT]
        ones, seen = whiten(np.ones_like(error), state[RHO]), whiten(error, state[RHO])
        precision = (ones**2).sum() / state[SIGMA] ** 2 + assumed[3] ** -2
        middle = (ones * seen).sum() / state[SIGMA] ** 2 / precision
        state[CONSTANT] = middle + rng.standard_normal() / sqrt(precision)
        error = error - state[CONSTANT]
    for _ in range(_TRIES):
        if state[RHO] > 0:
            odds = state[RHO] / (1 - state[RHO]) * exp(_RHO_STEP * rng.standard_normal())
            new = min(max(odds / (1 + odds), 1e-9), 1 - 1e-9)
            gain = _log_rho(error, new, state[SIGMA]) - _log_rho(error, state[RHO], state[SIGMA])
            if log(rng.random()) < gain:
                state[RHO] = new
        square, periods = (whiten(error, state[RHO]) ** 2).sum(), error.shape[1]
        new = state[SIGMA] * exp(_SIGMA_STEP * rng.standard_normal())
        gain = _log_sigma(new, square, periods, assumed[2])
        gain -= _log_sigma(state[SIGMA], square, periods, assumed[2])
        if log(rng.random()) < gain:
            state[SIGMA] = new
        if assumed[1] > 0:
            total, count = logs.sum(), len(logs)
            new = state[CONCENTRATION] * exp(_CONCENTRATION_STEP * rng.standard_normal())
            gain = _log_concentration(new, total, count, assumed)
            gain -= _log_concentration(state[CONCENTRATION], total, count, assumed)
            if log(rng.random()) < gain:
                state[CONCENTRATION] = new


@_jit
def sweep(
    logs: Array,
    state: Array,
    y: Array,
    donors: Array,
    assumed: Array,
    rng: np.random.Generator,
) -> None:
    """Move every part of a walker once: ``donors`` is (donor, period), ``y`` (1, period)."""
    raw = y - np.exp(logs) @ donors - state[CONSTANT]
    _move_weights(logs, whiten(donors, state[RHO]), whiten(raw, state[RHO])[0], state, rng)
    _move_scalars(logs, y - np.exp(logs) @ donors - state[CONSTANT], state, assumed, rng)


@_jit
def walk(  # noqa: PLR0913, PLR0917  compiled code takes no keywords
    logs: Array,
    state: Array,
    y: Array,
    donors: Array,
    assumed: Array,
    sweeps: tuple[int, int, int],
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Run a walker for (discarded draws, kept draws, sweeps per draw); return weights, scalars."""
    tune, draws, thin = sweeps
    weights, scalars = np.empty((draws, len(logs))), np.empty((draws, 4))
    for i in range(-tune, draws):
        for _ in range(thin):
            sweep(logs, state, y, donors, assumed, rng)
        if i >= 0:
            weights[i] = np.exp(logs)
            scalars[i] = state
    return weights, scalars

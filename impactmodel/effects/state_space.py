r"""A series as level, trend, season, controls and noise: Kalman filter and simulation forward.

.. math::
    y_t = z^\top s_t + x_t^\top \beta + \varepsilon_t, \quad s_t = F s_{t-1} + \eta_t

where *s* holds the level, its slope and the season. The coefficients of the controls are states
that never move. Arrays run over *n* settings of the scales at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """The parts of a series, in standardised units.

    Parameters
    ----------
    trend
        Whether the level has a slope that moves as a random walk.
    season
        Periods in a season, 0 for none.
    x
        Controls (period, control), over all periods that are filtered or simulated.
    start
        Mean of the first level.
    slope_sd
        Standard deviation of the first slope; that of the first level and of the seasonal
        effects is 1.
    coefficients
        Covariance of the coefficients for noise of standard deviation 1 (control, control).
    """

    trend: bool
    season: int
    x: Array
    start: float
    slope_sd: float
    coefficients: Array

    @property
    def moving(self) -> tuple[str, ...]:
        """The scales that the states move by, in order."""
        return ("level", *(["slope"] if self.trend else []), *(["season"] if self.season else []))

    @property
    def size(self) -> int:
        """Number of states without coefficients."""
        return 1 + self.trend + max(self.season - 1, 0)

    def transition(self) -> tuple[Array, Array, Array]:
        """Return F, the observed states z, and which state each scale moves (scale, state)."""
        size = self.size
        f, z, moved = np.zeros((size, size)), np.zeros(size), np.zeros((len(self.moving), size))
        f[0, 0] = z[0] = moved[0, 0] = 1.0
        if self.trend:
            f[0, 1] = f[1, 1] = moved[1, 1] = 1.0
        if self.season:
            first = 1 + self.trend
            f[first, first:] = -1.0
            f[np.arange(first + 1, size), np.arange(first, size - 1)] = 1.0
            z[first] = moved[-1, first] = 1.0
        return f, z, moved

    def before(self) -> tuple[Array, Array]:
        """Return mean and variances of the states in the first period."""
        mean, variance = np.zeros(self.size), np.ones(self.size)
        mean[0] = self.start
        if self.trend:
            variance[1] = self.slope_sd**2
        return mean, variance

    def kernels(self, periods: int) -> tuple[Array, Array, Array, Array]:
        """Return the mean, and the covariance of the series as a sum of fixed matrices.

        Returns
        -------
        tuple
            Mean (period); the covariance that no scale multiplies (period, period); that of noise
            and controls for noise of sd 1; those of each moving state for a scale of 1 (scale,
            period, period).
        """
        f, z, moved = self.transition()
        powers = [np.eye(self.size)]
        for _ in range(periods - 1):
            powers.append(powers[-1] @ f)
        seen = np.stack([z @ p for p in powers])
        mean, variance = self.before()
        fixed = (seen * variance) @ seen.T
        x = self.x[:periods]
        noise = np.eye(periods) + x @ self.coefficients @ x.T
        moves = []
        for direction in moved:
            response = seen @ direction
            shift = np.zeros((periods, periods))
            # A shock in period u shows in period t by its response t - u; none in the first.
            for u in range(1, periods):
                shift[u:, u] = response[: periods - u]
            moves.append(shift @ shift.T)
        return seen @ mean, fixed, noise, np.stack(moves)


@dataclass(frozen=True, slots=True, eq=False)
class Filtered:
    """What the filter knows at the end, for each setting of the scales.

    Parameters
    ----------
    loglik
        Log-likelihood of the series (setting).
    mean, covariance
        Of the states and coefficients after the last period seen.
    errors
        Standardised errors of the forecast of each period by those before it (setting, period).
    """

    loglik: Array
    mean: Array
    covariance: Array
    errors: Array


def kalman_filter(structure: Structure, y: Array, noise: Array, moving: Array) -> Filtered:
    r"""Run the Kalman filter over a series.

    Parameters
    ----------
    structure
        The parts of the series.
    y
        The series (period).
    noise, moving
        Scales of the noise (setting) and of the moving states (setting, scale).

    Examples
    --------
    One observation of a level N(0, 1) with noise of variance 3 has variance 4.

    >>> plain = Structure(False, 0, np.empty((1, 0)), 0.0, 1.0, np.empty((0, 0)))
    >>> found = kalman_filter(plain, np.array([2.0]), np.array([3**0.5]), np.ones((1, 1)))
    >>> round(float(found.loglik[0] + 0.5 * np.log(2 * np.pi * 4)), 6)
    -0.5
    >>> round(float(found.mean[0, 0]), 9)
    0.5
    """
    f, z, q = _with_coefficients(structure)
    n, size = len(noise), len(z)
    mean, covariance = _first(structure, noise)
    shocks = (moving**2) @ q
    loglik, errors = np.zeros(n), np.empty((n, len(y)))
    for t, value in enumerate(y):
        if t:
            mean = mean @ f.T
            covariance = f @ covariance @ f.T
            covariance[:, np.arange(size), np.arange(size)] += shocks
        h = np.concatenate([z[: structure.size], structure.x[t]])
        gain = covariance @ h
        variance = gain @ h + noise**2
        error = value - mean @ h
        loglik -= 0.5 * (np.log(2 * np.pi * variance) + error**2 / variance)
        errors[:, t] = error / np.sqrt(variance)
        mean = mean + gain * (error / variance)[:, None]
        covariance = covariance - gain[:, :, None] * (gain / variance[:, None])[:, None, :]
    return Filtered(loglik, mean, covariance, errors)


def simulate_forward(
    structure: Structure,
    filtered: Filtered,
    scales: tuple[Array, Array],
    seen: int,
    rng: np.random.Generator,
) -> Array:
    """Simulate the periods after those seen, states and noise, once for each setting.

    Parameters
    ----------
    structure, filtered
        The series, whose controls run over all periods, and what is known at the end.
    scales
        Of the noise (setting) and of the moving states (setting, scale).
    seen
        Periods already filtered.

    Returns
    -------
    Array
        The series (setting, period).
    """
    noise, moving = scales
    f, z, q = _with_coefficients(structure)
    n, size = filtered.mean.shape
    jitter = 1e-12 * np.eye(size)
    root = np.linalg.cholesky(filtered.covariance + jitter)
    state = filtered.mean + np.einsum("nij,nj->ni", root, rng.standard_normal((n, size)))
    shocks = np.sqrt((moving**2) @ q)
    out = np.empty((n, len(structure.x) - seen))
    for i in range(out.shape[1]):
        state = state @ f.T + shocks * rng.standard_normal((n, size))
        h = np.concatenate([z[: structure.size], structure.x[seen + i]])
        out[:, i] = state @ h + noise * rng.standard_normal(n)
    return out


def simulate_series(
    structure: Structure, noise: Array, moving: Array, rng: np.random.Generator
) -> Array:
    """Simulate whole series from the priors of states and coefficients (setting, period)."""
    f, z, q = _with_coefficients(structure)
    mean, covariance = _first(structure, noise)
    n, size = mean.shape
    root = np.linalg.cholesky(covariance + 1e-14 * np.eye(size))
    state = mean + np.einsum("nij,nj->ni", root, rng.standard_normal((n, size)))
    shocks = np.sqrt((moving**2) @ q)
    out = np.empty((n, len(structure.x)))
    for t, x in enumerate(structure.x):
        if t:
            state = state @ f.T + shocks * rng.standard_normal((n, size))
        h = np.concatenate([z[: structure.size], x])
        out[:, t] = state @ h + noise * rng.standard_normal(n)
    return out


def _with_coefficients(structure: Structure) -> tuple[Array, Array, Array]:
    f, z, moved = structure.transition()
    k = structure.x.shape[1]
    whole = np.eye(structure.size + k)
    whole[: structure.size, : structure.size] = f
    return whole, np.pad(z, (0, k)), np.pad(moved, ((0, 0), (0, k)))


def _first(structure: Structure, noise: Array) -> tuple[Array, Array]:
    mean, variance = structure.before()
    n, k, size = len(noise), structure.x.shape[1], structure.size
    covariance = np.zeros((n, size + k, size + k))
    covariance[:, np.arange(size), np.arange(size)] = variance
    covariance[:, size:, size:] = noise[:, None, None] ** 2 * structure.coefficients
    return np.tile(np.concatenate([mean, np.zeros(k)]), (n, 1)), covariance

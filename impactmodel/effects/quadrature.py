r"""Exact posteriors of two arms by quadrature: one location and perhaps one shape in each arm.

The arms' likelihoods are separate and only the priors join them:

.. math:: p(m_1, k_1, m_0, k_0) \propto
    L_1(m_1, k_1)\, L_0(m_0, k_0)\, P(m_1, m_0)\, Q(k_1, k_0)

so that every marginal and moment is a product of small matrices. The trapezoid rule converges
faster than any power of the step for densities that vanish at both ends; the axes run as far as
the density exceeds 1e-13 of its maximum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Array = npt.NDArray[np.float64]
type LogLikelihood = Callable[[Array, Array], Array]

_POINTS = 161
_NEGLIGIBLE = 1e-13
_ROUNDS = 100
_CHUNK = 4000


@dataclass(frozen=True, slots=True)
class PairPrior:
    r"""Normal priors of an intercept and a treatment effect, seen as a prior of two arms.

    :math:`m_t = a + b\,(t - t_0)`, :math:`a \sim N(centre, s^2)`, :math:`b \sim N(0, \tau^2)`.
    """

    centre: float
    intercept_sd: float
    treatment_sd: float
    start: float

    def coefficients(self, one: Array, zero: Array) -> Array:
        """Return intercept and effect for values of the two arms (..., 2)."""
        return np.stack([self.start * one + (1 - self.start) * zero, one - zero], axis=-1)

    def log(self, one: Array, zero: Array) -> Array:
        """Return the log density up to a constant for every pair (one, zero)."""
        both = self.coefficients(one[:, None], zero[None, :])
        z = (both - np.array([self.centre, 0.0])) / np.array([self.intercept_sd, self.treatment_sd])
        out: Array = -0.5 * (z**2).sum(axis=-1)
        return out


@dataclass(frozen=True, slots=True)
class Span:
    """Where a first guess looks for a parameter."""

    centre: float
    half_width: float

    def axis(self) -> Array:
        """Return the points."""
        return np.linspace(self.centre - self.half_width, self.centre + self.half_width, _POINTS)


class TwoArms:
    """The posterior of two arms on a grid.

    Parameters
    ----------
    likelihoods
        Log-likelihood of the treated and of the comparison arm at all pairs of a location
        (column) and a shape (row).
    location, shape
        Their priors; ``shape`` is None where there is no shape.
    spans
        First guesses: location of each arm, then shape of each arm.
    """

    def __init__(
        self,
        likelihoods: tuple[LogLikelihood, LogLikelihood],
        location: PairPrior,
        shape: PairPrior | None,
        spans: tuple[Span, ...],
    ) -> None:
        self._likelihoods, self.location, self.shape = likelihoods, location, shape
        axes = [span.axis() for span in spans]
        for _ in range(_ROUNDS):
            parts = self._weigh(axes)
            moved = [_refit(a, m) for a, m in zip(axes, _marginals(*parts), strict=True)]
            if all(a is b for a, b in zip(axes, moved, strict=True)):
                break
            axes = moved
        else:
            raise ArithmeticError("the quadrature did not find the posterior's extent")
        self._axes, self._parts = axes, parts

    def _weigh(self, axes: list[Array]) -> tuple[Array, Array, Array, Array]:
        """Return likelihoods B1, B0 (location, shape) and priors P, Q (treated, comparison)."""
        nothing = np.zeros(1)
        m, k = axes[:2], axes[2:] or [nothing, nothing]
        logs = [f(m[i][:, None], k[i][None, :]) for i, f in enumerate(self._likelihoods)]
        logs.append(self.location.log(m[0], m[1]))
        logs.append(self.shape.log(k[0], k[1]) if self.shape else np.zeros((1, 1)))
        one, zero, p, q = (np.exp(log - log.max()) for log in logs)
        return one, zero, p, q

    def moments(self, f: Callable[[Array], Array]) -> Array:
        """Return E[f(m1)^i f(m0)^j] for i, j = 0, 1, 2 as a (3, 3) table, exactly."""
        one, zero, p, q = self._parts
        f1, f0 = f(self._axes[0])[:, None], f(self._axes[1])[:, None]
        table: Array = np.array(
            [
                [float((((f1**i * one).T @ p @ (f0**j * zero)) * q).sum()) for j in range(3)]
                for i in range(3)
            ]
        )
        return np.asarray(table / table[0, 0])

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, Array | None]:
        """Draw independently: coefficients of the location (draw, 2) and of the shape.

        A draw is a grid point plus a uniform step of the grid's width, which widens the sd by
        less than one part in a thousand.
        """
        one, zero, p, q = self._parts
        shapes = (one.T @ p @ zero) * q
        picked = rng.choice(shapes.size, size=n, p=shapes.ravel() / shapes.sum())
        k1, k0 = np.unravel_index(picked, shapes.shape)
        m1, m0 = np.empty(n, dtype=np.intp), np.empty(n, dtype=np.intp)
        for start in range(0, n, _CHUNK):
            part = slice(start, start + _CHUNK)
            m0[part] = _pick(zero[:, k0[part]] * (p.T @ one[:, k1[part]]), rng)
            m1[part] = _pick(one[:, k1[part]] * p[:, m0[part]], rng)
        location = self.location.coefficients(
            _jitter(self._axes[0], m1, rng), _jitter(self._axes[1], m0, rng)
        )
        if self.shape is None:
            return location, None
        shape = self.shape.coefficients(
            _jitter(self._axes[2], k1, rng), _jitter(self._axes[3], k0, rng)
        )
        return location, shape


def _marginals(one: Array, zero: Array, p: Array, q: Array) -> list[Array]:
    """Return the marginal density of each axis, unnormalised."""
    shapes = (one.T @ p @ zero) * q
    locations = [
        (one * (p @ zero @ q.T)).sum(axis=1),
        (zero * (p.T @ one @ q)).sum(axis=1),
    ]
    return locations if q.size == 1 else [*locations, shapes.sum(axis=1), shapes.sum(axis=0)]


def _refit(axis: Array, density: Array) -> Array:
    """Return an axis that just covers the density; the same object if this one does."""
    relevant = np.flatnonzero(density > _NEGLIGIBLE * density.max())
    low, high, last = int(relevant[0]), int(relevant[-1]), len(axis) - 1
    width = axis[-1] - axis[0]
    start = axis[0] - width / 2 if low == 0 else axis[low - 1]
    end = axis[-1] + width / 2 if high == last else axis[high + 1]
    # A finer axis is worth it only if it is much shorter.
    if low > 0 and high < last and end - start > 0.8 * width:
        return axis
    return np.linspace(start, end, len(axis))


def _pick(weights: Array, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Pick one row in each column with these weights."""
    cumulative = np.cumsum(weights, axis=0)
    level = rng.random(weights.shape[1]) * cumulative[-1]
    return np.asarray((cumulative <= level).sum(axis=0), dtype=np.intp)


def _jitter(axis: Array, index: npt.NDArray[np.intp], rng: np.random.Generator) -> Array:
    step = axis[1] - axis[0]
    out: Array = axis[index] + step * (rng.random(len(index)) - 0.5)
    return out

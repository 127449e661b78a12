r"""Bayesian pooling of estimates: the exact posterior, by quadrature over the spread of effects.

.. math:: y_i \sim N(\theta_i, s_i^2), \quad \theta_i \sim N(\mu, \tau^2), \quad
    \mu \sim N(m, d^2), \quad \tau \sim \text{half-normal or half-Cauchy}

Given :math:`\tau` everything is normal, so that every posterior is a mixture of normals over
:math:`\tau`. Gauss-Legendre panels in equal steps of :math:`\log \tau` hold the mixture.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import optimize, special

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.effects.between_studies import Estimates

type Array = npt.NDArray[np.float64]

_PANELS_PER_DECADE = 16
_POINTS = 8
# The panels run from this far below the smallest scale of the problem to as far above the largest.
_DECADES_BELOW, _DECADES_ABOVE = 5, 7
_GROWTH = 1e-13
_NEWTON = 4


@spec
class HalfNormal:
    """A half-normal prior of a spread: the absolute value of N(0, scale²)."""

    scale: float
    type: Literal["half_normal"] = field(default="half_normal", kw_only=True)

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise InputError("this must be above 0", key="scale", seen=self.scale)

    def log_density(self, tau: Array) -> Array:
        """Return the log density at spreads of 0 or more."""
        norm = math.log(2 / (self.scale * math.sqrt(2 * math.pi)))
        return np.asarray(norm - 0.5 * (tau / self.scale) ** 2)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return n draws."""
        return np.abs(rng.normal(0.0, self.scale, n))

    def scaled(self, factor: float) -> HalfNormal:
        """Return the prior with another scale."""
        return HalfNormal(self.scale * factor)


@spec
class HalfCauchy:
    """A half-Cauchy prior of a spread, with a heavy tail."""

    scale: float
    type: Literal["half_cauchy"] = field(default="half_cauchy", kw_only=True)

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise InputError("this must be above 0", key="scale", seen=self.scale)

    def log_density(self, tau: Array) -> Array:
        """Return the log density at spreads of 0 or more."""
        norm = math.log(2 / (math.pi * self.scale))
        return np.asarray(norm - np.log1p((tau / self.scale) ** 2))

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return n draws."""
        return np.abs(self.scale * rng.standard_cauchy(n))

    def scaled(self, factor: float) -> HalfCauchy:
        """Return the prior with another scale."""
        return HalfCauchy(self.scale * factor)


type Spread = Annotated[HalfNormal | HalfCauchy, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class PoolingPrior:
    """Priors of one pooled effect: mean N(centre, sd²) and the spread between studies."""

    centre: float
    sd: float
    spread: HalfNormal | HalfCauchy

    def text(self) -> str:
        """Say the priors."""
        kind = "half-normal" if isinstance(self.spread, HalfNormal) else "half-Cauchy"
        return f"mean N({self.centre:.4g}, {self.sd:.4g}), spread {kind} {self.spread.scale:.4g}"


class Pooled:
    """The exact posterior of the mean, the spread, each study's effect and another study's.

    Parameters
    ----------
    data
        Estimates and their errors.
    prior
        Priors of mean and spread.

    Examples
    --------
    With a spread of nearly nothing and a flat mean it is the fixed-effect answer.

    >>> flat = PoolingPrior(0.0, 1e6, HalfNormal(1e-6))
    >>> found = Pooled(Estimates.of([0.0, 2.0], [1.0, 1.0]), flat)
    >>> [round(value, 6) for value in found.mean_moments()]
    [1.0, 0.707107]
    """

    def __init__(self, data: Estimates, prior: PoolingPrior) -> None:
        self.data, self.prior = data, prior
        self.tau, log_width = _panels(data, prior)
        variance = data.s**2 + self.tau[:, None] ** 2
        precision = prior.sd**-2 + (1 / variance).sum(axis=1)
        self.centre = (prior.centre / prior.sd**2 + (data.y / variance).sum(axis=1)) / precision
        self.variance = 1 / precision
        squares = (data.y**2 / variance).sum(axis=1) + (prior.centre / prior.sd) ** 2
        log = (
            -0.5 * np.log(2 * np.pi * variance).sum(axis=1)
            - 0.5 * np.log(prior.sd**2 * precision)
            - 0.5 * (squares - self.centre**2 * precision)
            + prior.spread.log_density(self.tau)
            + log_width
        )
        self.log_evidence = float(special.logsumexp(log))
        self.weights = np.exp(log - self.log_evidence)
        self._spread = _SpreadQuantiles(self.tau, self.weights, self.weights / np.exp(log_width))

    def mean_moments(self) -> tuple[float, float]:
        """Return mean and sd of the mean effect."""
        return self._mixed(self.centre, self.variance)

    def new_moments(self) -> tuple[float, float]:
        """Return mean and sd of the effect in another study."""
        return self._mixed(self.centre, self.variance + self.tau**2)

    def spread_moments(self) -> tuple[float, float]:
        """Return mean and sd of the spread between studies."""
        return self._mixed(self.tau, np.zeros_like(self.tau))

    def study_moments(self) -> tuple[Array, Array]:
        """Return mean and sd of each study's own effect, drawn towards the mean."""
        own = self.tau[:, None] ** 2 / (self.tau[:, None] ** 2 + self.data.s**2)
        mean = own * self.data.y + (1 - own) * self.centre[:, None]
        variance = own * self.data.s**2 + (1 - own) ** 2 * self.variance[:, None]
        first = self.weights @ mean
        return first, np.sqrt(self.weights @ (variance + (mean - first) ** 2))

    def mean_below(self, value: float) -> float:
        """Return the probability that the mean effect is below a value."""
        z = (value - self.centre) / np.sqrt(self.variance)
        return float(self.weights @ special.ndtr(z))

    def new_below(self, value: float) -> float:
        """Return the probability that the effect in another study is below a value."""
        z = (value - self.centre) / np.sqrt(self.variance + self.tau**2)
        return float(self.weights @ special.ndtr(z))

    def mean_quantile(self, q: float) -> float:
        """Return a quantile of the mean effect."""
        return _invert(self.mean_below, q, *self.mean_moments())

    def new_quantile(self, q: float) -> float:
        """Return a quantile of the effect in another study."""
        return _invert(self.new_below, q, *self.new_moments())

    def spread_quantile(self, q: npt.ArrayLike) -> Array:
        """Return quantiles of the spread between studies."""
        return self._spread.at(np.asarray(q, dtype=float))

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw mean and spread independently from the exact posterior."""
        tau = self.spread_quantile(rng.random(n))
        weights = 1 / (self.data.s**2 + tau[:, None] ** 2)
        precision = self.prior.sd**-2 + weights.sum(axis=1)
        total = self.prior.centre / self.prior.sd**2 + weights @ self.data.y
        return rng.normal(total / precision, precision**-0.5), tau

    def _mixed(self, mean: Array, variance: Array) -> tuple[float, float]:
        first = float(self.weights @ mean)
        return first, math.sqrt(float(self.weights @ (variance + (mean - first) ** 2)))


def study_effects(data: Estimates, mean: Array, tau: Array, rng: np.random.Generator) -> Array:
    """Draw each study's own effect given draws of mean and spread (draw, study)."""
    own = tau[:, None] ** 2 / (tau[:, None] ** 2 + data.s**2)
    centre = own * data.y + (1 - own) * mean[:, None]
    return rng.normal(centre, np.sqrt(own) * data.s)


def _panels(data: Estimates, prior: PoolingPrior) -> tuple[Array, Array]:
    """Return nodes of the spread and the logarithm of their widths."""
    scale = prior.spread.scale
    low = math.log10(min(float(data.s.min()), scale)) - _DECADES_BELOW
    high = math.log10(max(float(data.s.max()), scale, float(np.ptp(data.y)))) + _DECADES_ABOVE
    count = math.ceil((high - low) * _PANELS_PER_DECADE)
    edges = np.concatenate([[0.0], np.logspace(low, high, count + 1)])
    x, w = np.polynomial.legendre.leggauss(_POINTS)
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * x).ravel(), np.log(half * w).ravel()


def _cumulated(weights: Array) -> Array:
    """Return the distribution function at the nodes: each panel's polynomial, integrated."""
    x, w = np.polynomial.legendre.leggauss(_POINTS)
    rise = np.polynomial.legendre.legint(np.eye(_POINTS), lbnd=-1)
    to_node = np.polynomial.legendre.legval(x, rise).T @ np.linalg.inv(
        np.polynomial.legendre.legvander(x, _POINTS - 1)
    )
    panels = weights.reshape(-1, _POINTS)
    before = np.concatenate([[0.0], np.cumsum(panels.sum(axis=1))[:-1]])
    return np.asarray((before[:, None] + (panels / w) @ to_node.T).ravel())


class _SpreadQuantiles:
    """The inverse of a distribution function that is known at nodes with its density."""

    def __init__(self, tau: Array, weights: Array, density: Array) -> None:
        from scipy.interpolate import CubicHermiteSpline

        below = np.clip(_cumulated(weights), 0.0, 1.0)
        self._below = CubicHermiteSpline(tau, below, density)
        self._density = self._below.derivative()
        # Only nodes at which the function still grows can be inverted.
        grows = np.diff(np.maximum.accumulate(below), prepend=-1.0) > _GROWTH
        self._places, self._values = below[grows], tau[grows]

    def at(self, q: Array) -> Array:
        """Return quantiles: between two nodes, by Newton steps that stay between them."""
        above = np.clip(np.searchsorted(self._places, q), 1, len(self._places) - 1)
        low, high = self._values[above - 1], self._values[above]
        p, span = self._places[above - 1], self._places[above] - self._places[above - 1]
        tau = low + (high - low) * np.clip((q - p) / span, 0.0, 1.0)
        for _ in range(_NEWTON):
            slope = np.maximum(self._density(tau), np.finfo(float).tiny)
            tau = np.clip(tau - (self._below(tau) - q) / slope, low, high)
        return np.asarray(tau)


def _invert(below: Callable[[float], float], q: float, mean: float, sd: float) -> float:
    if not 0 < q < 1:
        raise InputError("a quantile is of a probability between 0 and 1", seen=q)
    low, high = mean - 10 * sd, mean + 10 * sd
    while below(low) > q:
        low -= 10 * sd
    while below(high) < q:
        high += 10 * sd
    return float(optimize.brentq(lambda x: below(x) - q, low, high, xtol=1e-13 * sd, rtol=1e-14))

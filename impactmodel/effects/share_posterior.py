"""Mean and spread of the shares of several groups, by quadrature, and the next group's share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import special

from impactmodel.effects.between_studies import Estimates
from impactmodel.effects.pooling import HalfCauchy, PoolingPrior

type Array = npt.NDArray[np.float64]

_GRID = 2401
_WIDEST = 9.0
_MEANS = 81
_MEAN_SDS = 9.0
_HERMITE = 31
_SPREADS_PER_DECADE, _SPREAD_POINTS = 3, 8
_NEWTON = 60
_SETTLED = 1e-6
_NEGLIGIBLE = 1e-14


def sinh_grid(centre: float, scale: float) -> tuple[Array, Array]:
    """Return a grid, dense at the centre and wide at the ends, and the width of each cell."""
    u = np.linspace(-_WIDEST, _WIDEST, _GRID)
    return centre + scale * np.sinh(u), scale * np.cosh(u) * (u[1] - u[0])


@dataclass(frozen=True, slots=True, eq=False)
class SharePosterior:
    """The posterior of mean and spread of logits on a grid (spread, mean), masses summing to 1."""

    tau: Array
    mean: Array
    mass: Array

    @classmethod
    def of(cls, counts: Array, prior: PoolingPrior) -> Self:
        """Compute it from events and people (group, 2)."""
        yes, no = counts[:, 0] + 0.5, counts[:, 1] - counts[:, 0] + 0.5
        rough = Estimates(np.log(yes / no), np.sqrt(1 / yes + 1 / no))
        tau, log_width = _spread_nodes(rough, prior)
        weights = 1 / (rough.s**2 + tau[:, None] ** 2)
        precision = prior.sd**-2 + weights.sum(axis=1)
        centre = (prior.centre / prior.sd**2 + weights @ rough.y) / precision
        # The normal approximation places the grid only; a third more covers skewed posteriors.
        half = np.linspace(-_MEAN_SDS, _MEAN_SDS, _MEANS) * 4 / 3
        mean = centre[:, None] + half * precision[:, None] ** -0.5
        log = -0.5 * ((mean - prior.centre) / prior.sd) ** 2
        for events, people in counts:
            log = log + _log_group(float(events), float(people), mean, tau[:, None])
        log += (prior.spread.log_density(tau) + log_width - 0.5 * np.log(precision))[:, None]
        mass = np.exp(log - log.max())
        return cls(tau, mean, mass / mass.sum())

    def spread_moments(self) -> tuple[float, float]:
        """Return mean and sd of the spread."""
        p = self.mass.sum(axis=1)
        first = float(p @ self.tau)
        return first, math.sqrt(float(p @ (self.tau - first) ** 2))

    def predictive(self) -> tuple[Array, Array]:
        """Return a grid of the next group's logit and its probabilities."""
        seen = self.mass.sum(axis=1) > _NEGLIGIBLE
        tau, mean, mass = self.tau[seen], self.mean[seen], self.mass[seen]
        weight = mass.sum(axis=1)
        first = (mass * mean).sum(axis=1) / weight
        variance = (mass * (mean - first[:, None]) ** 2).sum(axis=1) / weight
        sds = np.sqrt(variance + tau**2)
        order = np.argsort(sds)
        at = int(np.searchsorted(np.cumsum(weight[order]), 1e-4))
        x, step = sinh_grid(float(weight @ first), float(sds[order][at]))
        density = np.zeros_like(x)
        for parts in zip(tau, mean, mass, strict=True):
            density += _blurred(x, *parts)
        out = density * step
        return x, out / out.sum()


def _blurred(x: Array, tau: float, mean: Array, mass: Array) -> Array:
    """Return the density of N(mean, tau²) over a grid of means with equal steps."""
    from scipy.interpolate import CubicSpline

    step = float(mean[1] - mean[0])
    if tau >= step:
        z = (x[:, None] - mean) / tau
        return np.asarray(np.exp(-0.5 * z**2) @ mass / (tau * math.sqrt(2 * math.pi)))
    # A narrow normal would fall between the points: smooth the density of the mean instead.
    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    smooth = CubicSpline(mean, mass / step)
    at = x[:, None] + tau * nodes
    inside = (at >= mean[0]) & (at <= mean[-1])
    values = np.where(inside, np.maximum(smooth(at), 0.0), 0.0)
    return np.asarray(values @ weights / math.sqrt(2 * math.pi))


def _log_group(events: float, people: float, mean: Array, tau: Array) -> Array:
    """Return the log probability of a group's events, its own logit integrated out.

    Gauss-Hermite quadrature about the most likely logit at every mean and spread.
    """
    theta = mean + 0.0 * tau
    for _ in range(_NEWTON):
        p = special.expit(theta)
        slope = events - people * p - (theta - mean) / tau**2
        step = np.clip(slope / (people * p * (1 - p) + tau**-2), -1.0, 1.0)
        theta = theta + step
        if float(np.abs(step).max()) < _SETTLED:
            break
    p = special.expit(theta)
    sd = (people * p * (1 - p) + tau**-2) ** -0.5
    nodes, weights = np.polynomial.hermite_e.hermegauss(_HERMITE)
    at = theta[..., None] + sd[..., None] * nodes
    log = (
        events * at
        - people * np.logaddexp(0.0, at)
        - 0.5 * ((at - mean[..., None]) / tau[..., None]) ** 2
        + 0.5 * nodes**2
        + np.log(weights)
    )
    return np.asarray(special.logsumexp(log, axis=-1) + np.log(sd / tau))


def _spread_nodes(rough: Estimates, prior: PoolingPrior) -> tuple[Array, Array]:
    """Return nodes of the spread and the logarithm of their widths, fewer than for normals."""
    scale = prior.spread.scale
    low = math.log10(min(float(rough.s.min()), scale)) - 3
    tail = 3.0 if isinstance(prior.spread, HalfCauchy) else 1.0
    high = math.log10(max(scale, float(np.ptp(rough.y)))) + tail
    edges = np.logspace(low, high, math.ceil((high - low) * _SPREADS_PER_DECADE) + 1)
    edges = np.concatenate([[0.0], edges])
    x, w = np.polynomial.legendre.leggauss(_SPREAD_POINTS)
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * x).ravel(), np.log(half * w).ravel()

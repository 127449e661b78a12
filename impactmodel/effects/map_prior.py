r"""The meta-analytic-predictive prior: what earlier comparison groups say about the next one.

.. math:: y_h \sim f(\theta_h), \quad \theta_h \sim N(\mu, \tau^2), \quad
    \theta_* \sim N(\mu, \tau^2)

for earlier groups *h* and the next one (*), on the logit scale for shares. The density of
:math:`\theta_*` given the earlier data is computed by quadrature, without simulation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import interpolate, special

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.effects.between_studies import Estimates
from impactmodel.effects.mixture_fit import nearest_betas, nearest_normals
from impactmodel.effects.mixtures import BetaMixture, NormalMixture
from impactmodel.effects.pooling import HalfCauchy, HalfNormal, Pooled, PoolingPrior, Spread

type Array = npt.NDArray[np.float64]

_GRID = 2401
_WIDEST = 9.0
_MEANS = 81
_MEAN_SDS = 9.0
_HERMITE = 31
_SPREADS_PER_DECADE, _SPREAD_POINTS = 3, 8
_NEWTON = 60
_SETTLED = 1e-6


@spec
class CountedArm:
    """People of one arm and how many had the outcome."""

    label: str
    people: int
    events: int

    def __post_init__(self) -> None:
        _require_named(self.label)
        if self.people < 1:
            raise InputError("an arm has people", key="people", seen=self.people)
        if not 0 <= self.events <= self.people:
            raise InputError(
                f"events lie between 0 and {self.people} people", key="events", seen=self.events
            )


@spec
class MeasuredArm:
    """People of one arm, the mean of their outcome and its standard deviation between them."""

    label: str
    people: int
    mean: float
    sd: float

    def __post_init__(self) -> None:
        _require_named(self.label)
        if self.people < 2:
            raise InputError("an arm needs two people for an sd", key="people", seen=self.people)
        if not self.sd > 0:
            raise InputError("this must be above 0", key="sd", seen=self.sd)

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return self.sd / math.sqrt(self.people)


type Arm = CountedArm | MeasuredArm


@spec
class BorrowingPriors:
    """Priors of borrowing from earlier comparison groups.

    Parameters
    ----------
    mean, mean_sd
        Of the mean over groups: on the logit scale for shares (None: N(0, 2²)), in the outcome's
        unit otherwise (None: the people's mean, ten times their sd).
    spread
        Between groups, on the same scale. None: half-normal with scale 1 for shares, and half the
        sd between people otherwise, which allows very large differences (Neuenschwander et al.
        2010, https://doi.org/10.1177/1740774509356002).
    vague_weight
        Prior probability that the own comparison group is unlike the earlier ones; it then gets a
        vague prior worth one person (Schmidli et al. 2014, https://doi.org/10.1111/biom.12242).
    """

    mean: float | None = None
    mean_sd: float | None = None
    spread: Spread | None = None
    vague_weight: float = 0.2

    def __post_init__(self) -> None:
        if self.mean_sd is not None and not self.mean_sd > 0:
            raise InputError("this must be above 0", key="mean_sd", seen=self.mean_sd)
        if not 0 < self.vague_weight < 1:
            raise InputError(
                "the weight of the vague component lies between 0 and 1",
                key="vague_weight",
                seen=self.vague_weight,
            )


@dataclass(frozen=True, slots=True, eq=False)
class MapPrior[M: BetaMixture | NormalMixture]:
    """The exact predictive density of the next group's mean, and the mixture nearest to it.

    Parameters
    ----------
    x, mass
        Grid on the model's scale (logit for shares) and its probabilities (point).
    mixture
        The nearest mixture of conjugate components, on the outcome's scale.
    divergence
        Kullback-Leibler divergence of the mixture from the exact density, in nats.
    spread_mean, spread_sd
        Posterior mean and sd of the spread between groups.
    text
        The model in a sentence.
    """

    x: Array
    mass: Array
    mixture: M
    divergence: float
    spread_mean: float
    spread_sd: float
    text: str

    @property
    def values(self) -> Array:
        """The grid on the outcome's scale (point)."""
        return special.expit(self.x) if isinstance(self.mixture, BetaMixture) else self.x

    @property
    def mean(self) -> float:
        """Mean on the outcome's scale, exactly."""
        return float(self.mass @ self.values)

    @property
    def sd(self) -> float:
        """Standard deviation on the outcome's scale, exactly."""
        return math.sqrt(float(self.mass @ (self.values - self.mean) ** 2))

    def quantile(self, q: npt.ArrayLike) -> Array:
        """Return quantiles on the outcome's scale."""
        middle = np.cumsum(self.mass) - self.mass / 2
        return np.asarray(np.interp(np.asarray(q, dtype=float), middle, self.values))


def map_prior_of_shares(
    history: Sequence[CountedArm], priors: BorrowingPriors | None = None
) -> MapPrior[BetaMixture]:
    """Return the predictive prior of a share from earlier groups' counts.

    Parameters
    ----------
    history
        Earlier comparison groups, one or more.
    priors
        Of mean and spread; the vague component is not part of this.

    Examples
    --------
    >>> earlier = [CountedArm("A", 100, 25), CountedArm("B", 80, 22)]
    >>> map_prior_of_shares(earlier).divergence < 0.001
    True
    """
    _require_history(history)
    given = priors or BorrowingPriors()
    spread = given.spread or HalfNormal(1.0)
    prior = PoolingPrior(given.mean or 0.0, given.mean_sd or 2.0, spread)
    counts = np.array([(arm.events, arm.people) for arm in history], dtype=float)
    posterior = _Shares.of(counts, prior)
    x, mass = posterior.predictive()
    mixture, divergence = nearest_betas(x, mass)
    mean, sd = posterior.spread_moments()
    text = f"shares of {len(history)} earlier groups on the logit scale; {prior.text()}"
    return MapPrior(x, mass, mixture, divergence, mean, sd, text)


def map_prior_of_means(
    history: Sequence[MeasuredArm], priors: BorrowingPriors | None = None
) -> MapPrior[NormalMixture]:
    """Return the predictive prior of a mean from earlier groups' means and sds.

    The sds between people are taken as known.
    """
    _require_history(history)
    given = priors or BorrowingPriors()
    people = np.array([arm.people for arm in history], dtype=float)
    means = np.array([arm.mean for arm in history])
    sd = math.sqrt(float(people @ np.array([arm.sd for arm in history]) ** 2 / people.sum()))
    centre = float(people @ means / people.sum()) if given.mean is None else given.mean
    prior = PoolingPrior(centre, given.mean_sd or 10 * sd, given.spread or HalfNormal(sd / 2))
    # One group alone says nothing of the spread; the quadrature needs no second one.
    pooled = Pooled(Estimates(means, np.array([arm.error for arm in history])), prior)
    center, scale = pooled.mean_moments()[0], _narrowest(pooled)
    x, step = _sinh_grid(center, scale)
    sds = np.sqrt(pooled.variance + pooled.tau**2)
    used = pooled.weights > pooled.weights.max() * 1e-16
    z = (x[:, None] - pooled.centre[used]) / sds[used]
    mass = (np.exp(-0.5 * z**2) / sds[used]) @ pooled.weights[used] * step
    mass /= mass.sum()
    mixture, divergence = nearest_normals(x, mass, sd)
    text = f"means of {len(history)} earlier groups, sds between people known; {prior.text()}"
    return MapPrior(x, mass, mixture, divergence, *pooled.spread_moments(), text)


def _require_history(history: Sequence[Arm]) -> None:
    if not history:
        raise InputError("there is no earlier group to borrow from", key="history", fix="give one")
    labels = [arm.label for arm in history]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise InputError("an earlier group is given twice", key="history", seen=twice)


def _require_named(label: str) -> None:
    if not label.strip():
        raise InputError("an arm needs a name", key="label", fix="give it one")


def _narrowest(pooled: Pooled) -> float:
    """Return the sd of the narrowest part of the predictive density that has weight."""
    sds = np.sqrt(pooled.variance + pooled.tau**2)
    order = np.argsort(sds)
    at = int(np.searchsorted(np.cumsum(pooled.weights[order]), 1e-4))
    return float(sds[order][min(at, len(order) - 1)])


def _sinh_grid(centre: float, scale: float) -> tuple[Array, Array]:
    """Return a grid, dense at the centre and wide at the ends, and the width of each cell."""
    u = np.linspace(-_WIDEST, _WIDEST, _GRID)
    return centre + scale * np.sinh(u), scale * np.cosh(u) * (u[1] - u[0])


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
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
        weight = self.mass.sum(axis=1)
        first = (self.mass * self.mean).sum(axis=1) / weight
        variance = (self.mass * (self.mean - first[:, None]) ** 2).sum(axis=1) / weight
        sds = np.sqrt(variance + self.tau**2)
        order = np.argsort(sds)
        at = int(np.searchsorted(np.cumsum(weight[order]), 1e-4))
        x, step = _sinh_grid(float(weight @ first), float(sds[order][at]))
        density = np.zeros_like(x)
        for tau, mean, mass in zip(self.tau, self.mean, self.mass, strict=True):
            if mass.sum() > 1e-14:
                density += _blurred(x, tau, mean, mass)
        out = density * step
        return x, out / out.sum()


def _blurred(x: Array, tau: float, mean: Array, mass: Array) -> Array:
    """Return the density of N(mean, tau²) over a grid of means with equal steps."""
    step = float(mean[1] - mean[0])
    if tau >= step:
        z = (x[:, None] - mean) / tau
        return np.asarray(np.exp(-0.5 * z**2) @ mass / (tau * math.sqrt(2 * math.pi)))
    # A narrow normal would fall between the points: smooth the density of the mean instead.
    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    smooth = interpolate.CubicSpline(mean, mass / step)
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

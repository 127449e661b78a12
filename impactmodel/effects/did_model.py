"""Effects of cohorts and periods, partly pooled: the exact posterior, and the model in PyMC."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.did_sample import Codes
from impactmodel.effects.predictor import RAW, Array, Parameters

_POINTS = 801
_WIDEST = 8.0
_NEGLIGIBLE = 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class PooledEffects:
    r"""The model of one outcome's effects.

    .. math::
        \hat\theta \sim N(\theta, V), \quad \theta \sim N(\mu 1, \tau^2 R), \quad
        \mu \sim N(0, a^2), \quad \tau \sim \text{HalfNormal}(b)

    *R* correlates the effects themselves (see `likeness`), and *V* holds the errors of the
    estimates, dependent over time and cohorts, with the variance of a trend violation where one is
    assumed. Given :math:`\tau` everything is normal, so the posterior is exact but for one
    integral over :math:`\tau`, by the trapezoid rule: the integrand is even in :math:`\tau` and
    vanishes at the end, where that rule converges faster than any power.

    Parameters
    ----------
    measure
        The outcome.
    estimate, covariance
        :math:`\hat\theta` and *V* (cell), in the outcome's unit.
    likeness
        *R* (cell, cell), with ones on the diagonal.
    level_sd, spread_sd
        *a* and *b*, in the outcome's unit.
    pooled
        Whether :math:`\tau` is estimated; otherwise it is *b*.

    Examples
    --------
    With a spread near nothing all effects are one, and the posterior is the normal's:

    >>> jobs = OutcomeMeasure("jobs", kind="index")
    >>> model = PooledEffects(jobs, np.array([1.0, 3.0]), np.eye(2), np.eye(2), 1.0, 1e-9)
    >>> mean, _ = model.moments(np.array([[0.5], [0.5]]))
    >>> round(float(mean[0]), 6)  # precision 2 around 2, precision 1 around 0
    1.333333
    """

    measure: OutcomeMeasure
    estimate: Array
    covariance: Array
    likeness: Array
    level_sd: float
    spread_sd: float
    pooled: bool = True
    _values: Array = field(init=False, repr=False)
    _basis: Array = field(init=False, repr=False)
    _ones: Array = field(init=False, repr=False)
    _seen: Array = field(init=False, repr=False)
    _spread: Array = field(init=False, repr=False)
    _mass: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # In the coordinates z = B^-1 theta both V and R are diagonal: V = B D B', R = B B'.
        root = np.linalg.cholesky(self.likeness)
        inner = np.linalg.solve(root, np.linalg.solve(root, self.covariance).T)
        found = np.linalg.eigh((inner + inner.T) / 2)
        floor = found.eigenvalues.max() * np.finfo(float).eps * len(self.estimate)
        object.__setattr__(self, "_values", np.maximum(found.eigenvalues, floor))
        object.__setattr__(self, "_basis", root @ found.eigenvectors)
        both = np.column_stack([np.ones(len(self.estimate)), self.estimate])
        coordinates = found.eigenvectors.T @ np.linalg.solve(root, both)
        object.__setattr__(self, "_ones", coordinates[:, 0])
        object.__setattr__(self, "_seen", coordinates[:, 1])
        spread, mass = self._quadrature()
        object.__setattr__(self, "_spread", spread)
        object.__setattr__(self, "_mass", mass)

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.measure.name, len(self.estimate), self.pooled

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.99

    @property
    def _name(self) -> str:
        return self.measure.name

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        root = np.linalg.inv(self._basis * np.sqrt(self._values))
        return {
            f"{self._name}_estimate": self.estimate,
            f"{self._name}_precision_root": root,
            f"{self._name}_likeness_root": np.linalg.cholesky(self.likeness),
            f"{self._name}_prior_sd": np.array([self.level_sd, self.spread_sd]),
        }

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm

        sd = data[f"{self._name}_prior_sd"]
        level = pm.Normal(f"{self._name}_level", 0.0, sd[0])
        spread = pm.HalfNormal(f"{self._name}_spread", sd[1]) if self.pooled else sd[1]
        raw = pm.Normal(f"{self._name}_effect{RAW}", 0.0, 1.0, shape=len(self.estimate))
        away = data[f"{self._name}_likeness_root"] @ raw
        effect = pm.Deterministic(f"{self._name}_effect", level + spread * away)
        rest = data[f"{self._name}_precision_root"] @ (data[f"{self._name}_estimate"] - effect)
        pm.Potential(f"{self._name}_likelihood", -0.5 * (rest**2).sum())

    def effects(self, drawn: Parameters) -> Array:
        """Return the draws of the effects (draw, cell)."""
        return drawn[f"{self._name}_effect"]

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        level = self.level_sd * rng.standard_normal(n)
        spread = np.full(n, self.spread_sd)
        if self.pooled:
            spread *= np.abs(rng.standard_normal(n))
        z = rng.standard_normal((n, len(self.estimate))) @ np.linalg.cholesky(self.likeness).T
        return self._named(level, spread, level[:, None] + spread[:, None] * z)

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        spread = rng.choice(self._spread, size=n, p=self._mass)
        if self.pooled:
            # The density is taken as linear between points: a triangle around each.
            step = self._spread[1] - self._spread[0]
            spread = np.abs(spread + step * (rng.random(n) + rng.random(n) - 1.0))
        inverse, mean, variance = self._level_given(spread)
        level = mean + np.sqrt(variance) * rng.standard_normal(n)
        ones, z = self._ones, self._seen
        pull = spread[:, None] ** 2 * inverse
        centre = level[:, None] * ones + pull * (z - level[:, None] * ones)
        noise = np.sqrt(pull * self._values) * rng.standard_normal(centre.shape)
        return self._named(level, spread, (centre + noise) @ self._basis.T)

    def moments(self, weights: Array) -> tuple[Array, Array]:
        """Return mean and covariance of weighted sums of effects, exactly.

        Parameters
        ----------
        weights
            Of each sum (cell, sum).
        """
        inverse, level, variance = self._level_given(self._spread)
        ones, z = self._ones, self._seen
        w = self._basis.T @ weights
        pull = self._spread[:, None] ** 2 * inverse
        mean = (level[:, None] * ones + pull * (z - level[:, None] * ones)) @ w
        free = ((1 - pull) * ones) @ w
        within = np.einsum("kj,pk,ki->pji", w, pull * self._values, w)
        within += variance[:, None, None] * free[:, :, None] * free[:, None, :]
        centre = self._mass @ mean
        away = mean - centre
        covariance = np.einsum("p,pji->ji", self._mass, within)
        covariance += np.einsum("p,pj,pi->ji", self._mass, away, away)
        return centre, covariance

    def _named(self, level: Array, spread: Array, effect: Array) -> dict[str, Array]:
        name = self._name
        return {f"{name}_level": level, f"{name}_spread": spread, f"{name}_effect": effect}

    def _level_given(self, spread: Array) -> tuple[Array, Array, Array]:
        """Return 1 / (eigenvalue + spread^2), and mean and variance of the level (point)."""
        ones, z = self._ones, self._seen
        inverse = 1.0 / (self._values + spread[:, None] ** 2)
        variance = 1.0 / (inverse @ ones**2 + self.level_sd**-2)
        return inverse, variance * (inverse @ (ones * z)), variance

    def _log_density(self, spread: Array) -> Array:
        inverse, mean, variance = self._level_given(spread)
        square = inverse @ self._seen**2 - mean**2 / variance
        out: Array = 0.5 * (np.log(inverse).sum(axis=1) + np.log(variance) - square)
        return out - 0.5 * (spread / self.spread_sd) ** 2

    def _quadrature(self) -> tuple[Array, Array]:
        """Return points of the spread from 0 to where the density is negligible, and masses."""
        if not self.pooled:
            return np.array([self.spread_sd]), np.ones(1)
        spread = np.linspace(0.0, _WIDEST * self.spread_sd, _POINTS)
        while True:
            log = self._log_density(spread)
            density = np.exp(log - log.max())
            last = int(np.flatnonzero(density > _NEGLIGIBLE)[-1])
            if last > _POINTS // 3:
                break
            spread = np.linspace(0.0, spread[last + 2], _POINTS)
        density[0] *= 0.5
        return spread, density / density.sum()


def likeness(cohort: Codes, since: Codes) -> Array:
    r"""Return the correlation of effects a priori: one third each by cohort, time, and cell.

    Effects of one cohort have much in common, and so have effects as long after the start:
    :math:`\theta_{gt} = \mu + \tau (u_g + v_{t - g} + w_{gt}) / \sqrt 3` with standard normal
    *u*, *v* and *w*. Errors within a cohort are strongly dependent; effects taken as independent
    would be mistaken for them and shrunk away.

    Examples
    --------
    >>> likeness(np.array([1, 1, 2]), np.array([0, 1, 0])).round(2).tolist()
    [[1.0, 0.33, 0.33], [0.33, 1.0, 0.0], [0.33, 0.0, 1.0]]
    """
    same = (cohort[:, None] == cohort) + 1.0 * (since[:, None] == since)
    out: Array = (same + np.eye(len(cohort))) / 3
    return out

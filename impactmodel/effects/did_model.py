"""Effects of cohorts and periods, partly pooled: prior, posterior, and the model in PyMC."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.did_exact import ExactEffects
from impactmodel.effects.did_sample import Codes
from impactmodel.effects.predictor import RAW, Array, Parameters


@dataclass(frozen=True, slots=True, eq=False)
class EffectPrior:
    r"""What is assumed of the effects before they are estimated.

    Parameters
    ----------
    columns
        Regressors of the effects' mean: 1 and the time since the start (cell, column); no column
        where effects are not pooled.
    likeness
        Correlation of the deviations from that mean (cell, cell).
    column_sd, spread_sd
        Prior sd of each coefficient, and scale of the deviations, in the outcome's unit.
    pooled
        Whether the deviations' sd is estimated; otherwise it is ``spread_sd``.
    """

    columns: Array
    likeness: Array
    column_sd: float
    spread_sd: float
    pooled: bool

    @classmethod
    def of(cls, cohort: Codes, since: Codes, scales: tuple[float, float]) -> EffectPrior:
        r"""Pool effects over cohorts and periods.

        .. math::
            \theta_{ge} = \mu + \beta\,\frac{e - \bar e}{\max e}
            + \frac{\tau}{\sqrt 3}\,(u_g + v_e + w_{ge})

        with standard normal *u*, *v*, *w*: effects may grow with the time *e* since the start,
        and effects of one cohort, and as long after the start, have much in common. Errors within
        a cohort are strongly dependent; effects taken as independent would be mistaken for them
        and shrunk away.

        Examples
        --------
        >>> prior = EffectPrior.of(np.array([1, 1, 2]), np.array([0, 1, 0]), (1.0, 1.0))
        >>> prior.likeness.round(2).tolist()
        [[1.0, 0.33, 0.33], [0.33, 1.0, 0.0], [0.33, 0.0, 1.0]]
        """
        columns = [np.ones(len(since))]
        if since.max() > 0:
            columns.append((since - since.mean()) / since.max())
        same = (cohort[:, None] == cohort) + 1.0 * (since[:, None] == since)
        likeness = (same + np.eye(len(cohort))) / 3
        return cls(np.column_stack(columns), likeness, *scales, pooled=True)

    @classmethod
    def separate(cls, count: int, sd: float) -> EffectPrior:
        """Give each effect a prior of its own, normal around 0."""
        return cls(np.empty((count, 0)), np.eye(count), sd, sd, pooled=False)


@dataclass(frozen=True, eq=False)
class PooledEffects:
    """The model of one outcome's effects, see `ExactEffects`.

    Parameters
    ----------
    measure
        The outcome.
    estimate, covariance
        Estimates and the covariance of their errors, dependent over time and cohorts, with the
        variance of a trend violation where one is assumed (cell), in the outcome's unit.
    effect_prior
        What is assumed of the effects.
    """

    measure: OutcomeMeasure
    estimate: Array
    covariance: Array
    effect_prior: EffectPrior

    @cached_property
    def posterior(self) -> ExactEffects:
        """The exact posterior."""
        p = self.effect_prior
        seen, scales = (self.estimate, self.covariance), (p.column_sd, p.spread_sd)
        return ExactEffects(seen, p.columns, p.likeness, scales, pooled=p.pooled)

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return (
            type(self).__name__,
            self._name,
            self.effect_prior.columns.shape,
            self.effect_prior.pooled,
        )

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
        p = self.effect_prior
        basis, values, columns, seen = self.posterior.coordinates
        return {
            f"{self._name}_basis": basis,
            f"{self._name}_columns": columns,
            f"{self._name}_seen": np.stack([seen, values]),
            f"{self._name}_prior_sd": np.array([p.column_sd, p.spread_sd]),
        }

    def add(self, data: Mapping[str, Any]) -> None:
        r"""Add parameters and likelihood to the PyMC model in context.

        Effects are :math:`B\zeta` in coordinates whose errors are independent, with variances
        *d*. There :math:`\hat\zeta \sim N(\zeta, d)` and :math:`\zeta \sim N(m, \tau^2)`, which
        is the same as

        .. math::
            \hat\zeta \sim N(m, d + \tau^2), \quad
            \zeta = m + p\,(\hat\zeta - m) + \sqrt{p\,d}\;r, \quad r \sim N(0, 1), \quad
            p = \tau^2 / (d + \tau^2)

        and has no funnel, whatever the data know of each coordinate.
        """
        import pymc as pm
        import pytensor.tensor as pt

        name, p = self._name, self.effect_prior
        sd, seen = data[f"{name}_prior_sd"], data[f"{name}_seen"]
        estimate, variance = seen[0], seen[1]
        mean = 0.0 * estimate
        if p.columns.shape[1]:
            coefficients = pm.Normal(f"{name}_mean", 0.0, sd[0], shape=p.columns.shape[1])
            mean = data[f"{name}_columns"] @ coefficients
        spread = pm.HalfNormal(f"{name}_spread", sd[1]) if p.pooled else sd[1]
        raw = pm.Normal(f"{name}_effect{RAW}", 0.0, 1.0, shape=len(self.estimate))
        total = variance + spread**2
        pull = spread**2 / total
        place = mean + pull * (estimate - mean) + pt.sqrt(pull * variance) * raw
        pm.Deterministic(f"{name}_effect", data[f"{name}_basis"] @ place)
        square = (estimate - mean) ** 2 / total
        pm.Potential(f"{name}_likelihood", -0.5 * (square + pt.log(total)).sum())

    def effects(self, drawn: Parameters) -> Array:
        """Return the draws of the effects (draw, cell)."""
        return drawn[f"{self._name}_effect"]

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        p = self.effect_prior
        mean = p.column_sd * rng.standard_normal((n, p.columns.shape[1]))
        spread = np.full(n, p.spread_sd)
        if p.pooled:
            spread *= np.abs(rng.standard_normal(n))
        away = rng.standard_normal((n, len(self.estimate))) @ np.linalg.cholesky(p.likeness).T
        return self._named(mean, spread, mean @ p.columns.T + spread[:, None] * away)

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        return self._named(*self.posterior.draw(n, rng))

    def moments(self, weights: Array) -> tuple[Array, Array]:
        """Return mean and covariance of weighted sums of effects (cell, sum), exactly."""
        return self.posterior.moments(weights)

    def _named(self, mean: Array, spread: Array, effect: Array) -> dict[str, Array]:
        name, named = self._name, {}
        if mean.shape[1]:
            named[f"{name}_mean"] = mean
        if self.effect_prior.pooled:
            named[f"{name}_spread"] = spread
        return {**named, f"{name}_effect": effect}

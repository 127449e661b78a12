"""The random-effects model of one outcome at one horizon, as samplers and closed form read it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.checks import Check
from impactmodel.effects.horizons import Horizon
from impactmodel.effects.meta_targets import MetaPriors
from impactmodel.effects.model import Levels
from impactmodel.effects.pooling import HalfNormal, Pooled, PoolingPrior, study_effects
from impactmodel.effects.predictor import Array, Parameters

_RATIO_SD, _RATIO_SPREAD = 2.0, 0.5
_TYPICAL_SD, _TYPICAL_SPREAD = 4.0, 0.5


def prior_of(horizon: Horizon, priors: MetaPriors) -> PoolingPrior:
    """Return the priors of one horizon, with defaults on the scale of its estimates."""
    typical = 1.0 if horizon.ratio else float(np.sqrt((horizon.data.y**2).mean()))
    sd, spread = (_RATIO_SD, _RATIO_SPREAD) if horizon.ratio else (_TYPICAL_SD, _TYPICAL_SPREAD)
    # Estimates that are all 0 have no size of their own but that of their errors.
    typical = typical or float(horizon.data.s.max())
    return PoolingPrior(
        priors.mean, priors.mean_sd or sd * typical, priors.spread or HalfNormal(spread * typical)
    )


@dataclass(frozen=True, slots=True, eq=False)
class PooledEffect:
    r"""A random-effects model: an `OutcomeModel` whose arms are an effect and nothing.

    The likelihood has the studies' own effects integrated out,
    :math:`y_i \sim N(\mu, s_i^2 + \tau^2)`; they are drawn afterwards, given :math:`\mu` and
    :math:`\tau`. Its levels are the effect in another study (on the scale of the estimates) and 0.
    """

    horizon: Horizon
    priors: PoolingPrior

    @property
    def name(self) -> str:
        """Prefix of its parameters."""
        return self.horizon.name

    @property
    def measure(self) -> OutcomeMeasure:
        """The outcome."""
        return self.horizon.measure

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.name, type(self.priors.spread).__name__

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to: a spread near 0 needs small steps."""
        return 0.95

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        p, data = self.priors, self.horizon.data
        return {
            f"{self.name}_estimates": np.stack([data.y, data.s]),
            f"{self.name}_prior": np.array([p.centre, p.sd, p.spread.scale]),
        }

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        scale = "as logarithms of ratios" if self.horizon.ratio else "as differences"
        return (
            f"{self.horizon.place}: {len(self.horizon.estimates)} estimates pooled with random "
            f"effects {scale}; {self.priors.text()}"
        )

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm

        prior, estimates = data[f"{self.name}_prior"], data[f"{self.name}_estimates"]
        mean = pm.Normal(f"{self.name}_mean", prior[0], prior[1])
        kind = pm.HalfNormal if isinstance(self.priors.spread, HalfNormal) else pm.HalfCauchy
        spread = kind(f"{self.name}_spread", prior[2])
        variance = estimates[1] ** 2 + spread**2
        squares = (estimates[0] - mean) ** 2 / variance
        likelihood = -0.5 * (pm.math.log(variance) + squares).sum()
        pm.Potential(f"{self.name}_likelihood", likelihood)

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw mean and spread from their priors."""
        p = self.priors
        return {
            f"{self.name}_mean": rng.normal(p.centre, p.sd, n),
            f"{self.name}_spread": p.spread.draw(n, rng),
        }

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw mean and spread independently from the exact posterior."""
        mean, spread = Pooled(self.horizon.data, self.priors).draw(n, rng)
        return {f"{self.name}_mean": mean, f"{self.name}_spread": spread}

    def complete(
        self, drawn: Parameters, rng: np.random.Generator, *, from_prior: bool = False
    ) -> dict[str, Array]:
        """Draw the effect in another study, and each study's own, given mean and spread."""
        mean, spread = drawn[f"{self.name}_mean"], drawn[f"{self.name}_spread"]
        data = self.horizon.data
        studies = (
            rng.normal(mean[:, None], spread[:, None], (len(mean), data.k))
            if from_prior
            else study_effects(data, mean, spread, rng)
        )
        return {
            f"{self.name}_mean": mean,
            f"{self.name}_spread": spread,
            f"{self.name}_new": rng.normal(mean, spread),
            f"{self.name}_study": studies,
        }

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean and covariance of the effect in another study and of 0, exactly."""
        mean, sd = Pooled(self.horizon.data, self.priors).new_moments()
        return np.array([mean, 0.0]), np.diag([sd**2, 0.0])

    def levels(self, drawn: Parameters) -> Levels:
        """Return the effect in another study and 0; their spread between people is not known."""
        new = drawn[f"{self.name}_new"]
        mean = np.stack([new, np.zeros_like(new)])[:, :, None]
        return Levels(mean, np.zeros_like(mean))

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Return no check: those of pooled evidence are in `meta_checks`."""
        return ()

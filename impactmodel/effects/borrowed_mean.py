"""A mean whose comparison borrows from history."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.arms import MeasuredArm
from impactmodel.effects.borrowing_checks import borrowing_checks
from impactmodel.effects.checks import Check
from impactmodel.effects.mixtures import NormalMixture
from impactmodel.effects.model import Levels
from impactmodel.effects.predictor import Array, Parameters

# The treated mean gets a prior this many sds between people wide: it is left to its own data.
TREATED_SDS = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class BorrowedMean:
    """A measured outcome whose comparison has a mixture prior: an `OutcomeModel`.

    Sample means are normal with the sds between people taken as known. Comparison: a mixture of
    normals, conjugate by component. Treated: a normal prior ten sds wide.
    """

    measure: OutcomeMeasure
    treated: MeasuredArm
    control: MeasuredArm | None
    mixture: NormalMixture
    told: str
    history: tuple[Check, ...] = ()

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.measure.name, self.control is None

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.95

    @property
    def _name(self) -> str:
        return f"{self.measure.name}_mean"

    @property
    def _wide(self) -> float:
        return TREATED_SDS * self.mixture.person_sd

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        m, control = self.mixture, self.control
        own = (0.0, 1.0) if control is None else (control.mean, control.error)
        return {
            f"{self.measure.name}_means": np.array(
                [[self.treated.mean, own[0]], [self.treated.error, own[1]]]
            ),
            f"{self.measure.name}_mixture": np.stack([np.log(m.weights), m.means, m.sds]),
            f"{self.measure.name}_prior": np.array([m.mean, self._wide]),
        }

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        return (
            f"'{self.measure.name}': comparison by {self.told}; treated N({self.mixture.mean:.4g}, "
            f"{self._wide:.4g}); sds between people taken as known"
        )

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        name = self.measure.name
        means, parts, prior = (data[f"{name}_{key}"] for key in ("means", "mixture", "prior"))
        # In units of the wide prior, so that steps fit whatever the unit of the outcome.
        z = pm.Normal(f"{name}_standardised", 0.0, 1.0, shape=2)
        mean = pm.Deterministic(self._name, prior[0] + prior[1] * z)
        pull = (mean[1] - parts[1]) / parts[2]
        log = parts[0] - 0.5 * pull**2 - pt.log(parts[2])
        pm.Potential(f"{name}_prior_density", pm.math.logsumexp(log) + 0.5 * z[1] ** 2)
        kept = 1 if self.control is None else 2
        error = (means[0, :kept] - mean[:kept]) / means[1, :kept]
        pm.Potential(f"{name}_likelihood", -0.5 * (error**2).sum())

    def posterior(self) -> NormalMixture:
        """Return the exact posterior of the comparison's mean."""
        if self.control is None:
            return self.mixture
        return self.mixture.update(self.control.mean, self.control.error)

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the means of the arms from their priors."""
        treated = rng.normal(self.mixture.mean, self._wide, n)
        return {self._name: np.column_stack([treated, self.mixture.draw(n, rng)])}

    def _treated_posterior(self) -> tuple[float, float]:
        total = math.hypot(self._wide, self.treated.error)
        own = (self._wide / total) ** 2
        mean = self.mixture.mean + own * (self.treated.mean - self.mixture.mean)
        return mean, self._wide * self.treated.error / total

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the means of the arms independently from the exact posterior."""
        treated = rng.normal(*self._treated_posterior(), n)
        return {self._name: np.column_stack([treated, self.posterior().draw(n, rng)])}

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean (arm) and covariance (arm, arm) of the two means, exactly."""
        mean, sd = self._treated_posterior()
        control = self.posterior()
        return np.array([mean, control.mean]), np.diag([sd**2, control.sd**2])

    def levels(self, drawn: Parameters) -> Levels:
        """Return the means; the variance between people is the arms' own."""
        mean = drawn[self._name].T[:, :, None]
        control = self.mixture.person_sd if self.control is None else self.control.sd
        variance = np.array([self.treated.sd**2, control**2])[:, None, None]
        return Levels(mean, np.broadcast_to(variance, mean.shape).copy())

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Check history, the own comparison group against it, and show what was borrowed."""
        tail = None
        if self.control is not None:
            tail = self.mixture.without_vague().tail(self.control.mean, self.control.error)
        own = 0 if self.control is None else self.control.people
        found = borrowing_checks(self.measure.name, self.mixture, self.posterior(), own, tail)
        return (*self.history, *found)

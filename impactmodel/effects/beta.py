"""Yes-or-no outcomes with independent beta priors of the arms: the conjugate model."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.checks import Check
from impactmodel.effects.layout import Layout
from impactmodel.effects.model import Levels
from impactmodel.effects.predictor import Array, Parameters, Predictor
from impactmodel.effects.priors import BetaPriors


@dataclass(frozen=True, slots=True, eq=False)
class BetaOutcome:
    """A binary outcome with independent beta priors in the arms: an `OutcomeModel`.

    Arm *t* has p ~ Beta(a + y, b + n - y), exactly.
    """

    measure: OutcomeMeasure
    events: Array
    people: Array
    priors: BetaPriors

    @classmethod
    def of(cls, measure: OutcomeMeasure, layout: Layout, priors: BetaPriors) -> BetaOutcome:
        """Lay the model out for an outcome of the cells."""
        cells, at = layout.cells, layout.cells.outcomes.index(measure)
        arms = (cells.treated, ~cells.treated)
        return cls(
            measure,
            np.array([cells.y_sum[a, at].sum() for a in arms]),
            np.array([cells.n[a].sum() for a in arms]),
            priors,
        )

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.measure.name

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.8

    @property
    def _name(self) -> str:
        return f"{self.measure.name}_probability"

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        prior = np.array([self.priors.events, self.priors.non_events])
        return {
            f"{self.measure.name}_counts": np.stack([self.events, self.people]),
            f"{self.measure.name}_prior": prior,
        }

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        p = self.priors
        return (
            f"'{self.measure.name}': independent Beta({p.events:g}, {p.non_events:g}) priors of "
            "the two arms' probabilities"
        )

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        prior, counts = data[f"{self.measure.name}_prior"], data[f"{self.measure.name}_counts"]
        p = pm.Beta(self._name, prior[0], prior[1], shape=2)
        likelihood = (counts[0] * pt.log(p) + (counts[1] - counts[0]) * pt.log1p(-p)).sum()
        pm.Potential(f"{self.measure.name}_likelihood", likelihood)

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the probabilities of the arms from their priors."""
        return {self._name: rng.beta(self.priors.events, self.priors.non_events, (n, 2))}

    def _posterior(self) -> tuple[Array, Array]:
        return (
            self.priors.events + self.events,
            self.priors.non_events + self.people - self.events,
        )

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the probabilities of the arms independently from the exact posterior."""
        a, b = self._posterior()
        return {self._name: rng.beta(a, b, (n, 2))}

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean (arm) and covariance (arm, arm) of the two probabilities, exactly."""
        a, b = self._posterior()
        return a / (a + b), np.diag(a * b / ((a + b) ** 2 * (a + b + 1)))

    def levels(self, drawn: Parameters) -> Levels:
        """Return the probabilities; the variance between people is p (1 - p)."""
        p = drawn[self._name].T[:, :, None]
        return Levels(p, p * (1 - p))

    @property
    def predictors(self) -> tuple[Predictor, ...]:
        """There is no linear predictor."""
        return ()

    def totals(self, drawn: Parameters, people: Array, arm: int, rng: np.random.Generator) -> Array:
        """Draw the sum of the outcome over some people of the one pattern."""
        p = drawn[self._name][:, arm, None]
        return np.asarray(rng.binomial(people.astype(np.int64), p), dtype=float)

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Return no check: two rates always fit."""
        return ()

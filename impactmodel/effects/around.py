"""A model of an outcome around another: the same parameters, other expected outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.checks import Check
from impactmodel.effects.model import Levels, PeopleModel
from impactmodel.effects.predictor import Array, Parameters, Predictor


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """A `PeopleModel` that answers as another one does, unless a subclass says otherwise."""

    model: PeopleModel

    @property
    def measure(self) -> OutcomeMeasure:
        """The outcome."""
        return self.model.measure

    @property
    def signature(self) -> Any:
        """What decides the compiled code."""
        return self.model.signature

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return self.model.target_accept

    @property
    def data(self) -> Mapping[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        return self.model.data

    @property
    def predictors(self) -> tuple[Predictor, ...]:
        """The linear predictors; the second coefficient of each is the treatment's."""
        return self.model.predictors

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        return self.model.statement

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        self.model.add(data)

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        return self.model.prior(n, rng)

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        return self.model.exact(n, rng)

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean (arm) and covariance (arm, arm) of the expected outcomes, exactly."""
        return self.model.exact_moments()

    def levels(self, drawn: Parameters) -> Levels:
        """Compute expected outcomes on the response scale for each draw."""
        return self.model.levels(drawn)

    def totals(self, drawn: Parameters, people: Array, arm: int, rng: np.random.Generator) -> Array:
        """Draw the sum of the outcome over some people of each pattern."""
        return self.model.totals(drawn, people, arm, rng)

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Compare the data with data that the fitted model would give."""
        return self.model.predictive_checks(drawn, rng)

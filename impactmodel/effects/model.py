"""What a model of one outcome offers, whatever its distribution."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.checks import Check
from impactmodel.effects.predictor import Array, Parameters, Predictor


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Expected outcome and its variance between people, by arm.

    Parameters
    ----------
    mean, variance
        Shape (arm, draw, group); arm 0 is treated, arm 1 is without the programme.
    """

    mean: Array
    variance: Array


class OutcomeModel(Protocol):
    """A model of one outcome over the cells of a layout."""

    @property
    def measure(self) -> OutcomeMeasure:
        """The outcome."""
        ...

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code: two models with one signature differ in data only."""
        ...

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        ...

    @property
    def data(self) -> Mapping[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        ...

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        ...

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        ...

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        ...

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        ...

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean (arm) and covariance (arm, arm) of the expected outcomes, exactly."""
        ...

    def levels(self, drawn: Parameters) -> Levels:
        """Compute expected outcomes on the response scale for each draw (g-computation)."""
        ...

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Compare the data with data that the fitted model would give."""
        ...


class PeopleModel(OutcomeModel, Protocol):
    """A model of one outcome of people who were seen, which says how other people would fare."""

    @property
    def predictors(self) -> tuple[Predictor, ...]:
        """The linear predictors; the second coefficient of each is the treatment's."""
        ...

    def totals(self, drawn: Parameters, people: Array, arm: int, rng: np.random.Generator) -> Array:
        """Draw the sum of the outcome over ``people`` of each pattern (draw, pattern).

        Arm 0 is treated, arm 1 is without the programme.
        """
        ...

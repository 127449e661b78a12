"""Predictions that somebody else made, with a standard error for each person."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.spec import spec
from impactmodel.effects.calibration import HeldOut
from impactmodel.effects.prediction_layout import Parameters

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]


@spec
class GivenPrediction:
    """A prediction of an outcome without the programme, given for each person.

    Parameters
    ----------
    outcome
        What is predicted.
    value, se
        Covariates of the evidence that hold the prediction and the standard error of one person's
        prediction, what is left unexplained about a person included.
    correlation
        Between the errors of two people, which comes from the coefficients and the times that
        they share. There is no default: with 0 the error of a mean vanishes in a large cohort.
    """

    outcome: str
    value: str
    se: str
    correlation: float

    def __post_init__(self) -> None:
        if not 0 <= self.correlation <= 1:
            raise InputError(
                "a correlation between errors lies between 0 and 1",
                key="correlation",
                seen=self.correlation,
            )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Given:
    r"""Given predictions of the served: a `PredictionModel`.

    .. math::
        \bar Y_0 = \bar v + \sqrt{\rho}\,\overline{se}\,f + \sqrt{1-\rho}\,
        \frac{\sqrt{\sum se_i^2}}{n}\,e, \qquad f, e \sim N(0, 1)

    with *f* shared by everybody and *e* by group. The mean of a new cohort has the shared part of
    the error only.

    Parameters
    ----------
    measure, given, groups
        The outcome, what was given and the labels of the groups.
    mean, shared, own, size
        Mean prediction, mean standard error, root of the sum of squared errors over people, and
        number of the served (group).
    between
        Variance of predictions plus mean squared error (group).
    held
        Unserved people with their predictions, who were not used to make them.
    """

    measure: OutcomeMeasure
    given: GivenPrediction
    groups: tuple[str, ...]
    mean: Array
    shared: Array
    own: Array
    size: Array
    between: Array
    held: HeldOut

    @property
    def why_not_exact(self) -> str:
        """Empty: draws are normal."""
        return ""

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        held = "; means are held within 0 and 1" if self.measure.kind == "binary" else ""
        return (
            f"'{self.measure.name}': predictions were given with a standard error each; errors of "
            f"two people are correlated {self.given.correlation:g}{held}"
        )

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the errors; the evaluation's own data say nothing about them."""
        return self.exact(n, rng)

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the errors."""
        name = self.measure.name
        return {
            f"{name}_shared": rng.standard_normal((n, 1)),
            f"{name}_own": rng.standard_normal((n, len(self.groups))),
        }

    def error_sd(self, correlation: float) -> Array:
        """Return the sd of the error of the mean (group) at a correlation between people."""
        variance = correlation * self.shared**2 + (1 - correlation) * self.own**2 / self.size**2
        return np.sqrt(variance)

    def expected(self, drawn: Parameters) -> Array:
        """Return the mean of people like the served without the programme (draw, group)."""
        root = np.sqrt(self.given.correlation)
        return self._within(self.mean + root * self.shared * drawn[f"{self.measure.name}_shared"])

    def realised(self, drawn: Parameters, rng: np.random.Generator) -> Array:
        """Return that mean with what is unexplained about these very people (draw, group)."""
        rho, name = self.given.correlation, self.measure.name
        shared = np.sqrt(rho) * self.shared * drawn[f"{name}_shared"]
        own = np.sqrt(1 - rho) * self.own / self.size * drawn[f"{name}_own"]
        return self._within(self.mean + shared + own)

    def _within(self, mean: Array) -> Array:
        return np.clip(mean, 0.0, 1.0) if self.measure.kind == "binary" else mean

    def spread(self, drawn: Parameters) -> Array:
        """Return the variance between the served without the programme (draw, group)."""
        p = self.expected(drawn)
        return (
            p * (1 - p) if self.measure.kind == "binary" else np.broadcast_to(self.between, p.shape)
        )

    def held_out(self) -> HeldOut:
        """Return the unserved with their predictions."""
        return self.held

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.measure.name, self.groups

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.8

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        return {f"{self.measure.name}_unit": np.ones(1)}

    def add(self, data: Mapping[str, Any]) -> None:
        """Add the errors, in units of their standard deviations, to the PyMC model in context."""
        import pymc as pm

        name, unit = self.measure.name, data[f"{self.measure.name}_unit"]
        pm.Normal(f"{name}_shared", 0.0, unit[0], shape=1)
        pm.modelcontext(None).add_coord(f"{name}_group", self.groups)
        pm.Normal(f"{name}_own", 0.0, unit[0], dims=f"{name}_group")

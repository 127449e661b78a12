"""Yes-or-no outcomes: the logit model."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.centring import by_group_and_arm, well_known
from impactmodel.effects.checks import Check
from impactmodel.effects.layout import Layout
from impactmodel.effects.model import Levels
from impactmodel.effects.predictor import Array, Parameters, Predictor
from impactmodel.effects.priors import LogitPriors
from impactmodel.effects.quadrature import LogLikelihood, PairPrior, Span, TwoArms


@dataclass(frozen=True, slots=True, eq=False)
class Logit:
    r"""Events among people in each cell, with a linear predictor on the logit scale.

    The likelihood uses counts only:
    :math:`\sum_c y_c \eta_c - n_c \log(1 + e^{\eta_c})`.
    """

    predictor: Predictor
    events: Array
    people: Array
    priors: LogitPriors

    @classmethod
    def of(
        cls, name: str, layout: Layout, events: Array, priors: LogitPriors, group_sd: float
    ) -> Logit:
        """Lay the model out for ``events`` in the cells of a layout."""
        scales = (
            float(logit(priors.base_rate)),
            priors.intercept_sd,
            priors.treatment_sd,
            priors.slope_sd,
        )
        pooling = (group_sd, _well_known(layout, events))
        predictor = Predictor.of(name, layout, scales, priors.intercept_at, pooling)
        return cls(predictor, events, layout.cells.n, priors)

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        counts = np.stack([self.events, self.people])
        return {**self.predictor.data, f"{self.predictor.name}_counts": counts}

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        eta = self.predictor.add(data)
        counts = data[f"{self.predictor.name}_counts"]
        likelihood = (counts[0] * eta - counts[1] * pt.softplus(eta)).sum()
        pm.Potential(f"{self.predictor.name}_likelihood", likelihood)

    def probability(self, drawn: Parameters, *, treated: bool) -> Array:
        """Return the probability of every pattern in one arm (draw, pattern)."""
        p: Array = expit(self.predictor.evaluate(drawn, treated=treated))
        return p

    def two_arms(self) -> TwoArms:
        """Return the exact posterior of a model without covariates and pooled groups."""
        arm = self.predictor.rows[:, 1] > 0
        counts = [(float(self.events[a].sum()), float(self.people[a].sum())) for a in (arm, ~arm)]
        return TwoArms(
            (_binomial(*counts[0]), _binomial(*counts[1])),
            pair_prior(self.predictor),
            None,
            tuple(_logit_span(*count) for count in counts),
        )

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the coefficients independently from the exact posterior."""
        return {self.predictor.beta: self.two_arms().draw(n, rng)[0]}


@dataclass(frozen=True, slots=True, eq=False)
class LogitOutcome:
    """A binary outcome with `Logit`: an `OutcomeModel`."""

    measure: OutcomeMeasure
    part: Logit
    averages: Array

    @classmethod
    def of(
        cls, measure: OutcomeMeasure, layout: Layout, priors: LogitPriors, group_sd: float
    ) -> LogitOutcome:
        """Lay the model out for an outcome of the cells."""
        events = layout.cells.y_sum[:, layout.cells.outcomes.index(measure)]
        part = Logit.of(measure.name, layout, events, priors, group_sd)
        return cls(measure, part, layout.averages())

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, predictor_signature(self.part.predictor)

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return self.part.predictor.target_accept

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        return self.part.data

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        p = self.part.priors
        return (
            f"'{self.measure.name}': logit model; intercept ({p.intercept_at}) "
            f"N(logit {p.base_rate:g}, {p.intercept_sd:g}), treatment N(0, {p.treatment_sd:g})"
            + adjusted(self.part.predictor, p.slope_sd)
        )

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        self.part.add(data)

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        return self.part.predictor.prior(n, rng)

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        return self.part.exact(n, rng)

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean (arm) and covariance (arm, arm) of the two probabilities, exactly."""
        return from_table(self.part.two_arms().moments(expit))

    def levels(self, drawn: Parameters) -> Levels:
        """Average the probabilities over people; the variance between people is p (1 - p)."""
        p = np.stack(
            [self.part.probability(drawn, treated=a) @ self.averages for a in (True, False)]
        )
        return Levels(p, p * (1 - p))

    @property
    def predictors(self) -> tuple[Predictor, ...]:
        """The linear predictors; the second coefficient of each is the treatment's."""
        return (self.part.predictor,)

    def totals(self, drawn: Parameters, people: Array, arm: int, rng: np.random.Generator) -> Array:
        """Draw the sum of the outcome over some people of each pattern."""
        p = self.part.probability(drawn, treated=arm == 0)
        return np.asarray(rng.binomial(people.astype(np.int64), p), dtype=float)

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Return no check: with an intercept and an effect, two rates always fit."""
        return ()


def pair_prior(predictor: Predictor) -> PairPrior:
    """Return the prior of a predictor without covariates as one of two arms."""
    start = float(-predictor.untreated[0, 1])
    return PairPrior(
        float(predictor.mean[0]), float(predictor.sd[0]), float(predictor.sd[1]), start
    )


def from_table(table: Array) -> tuple[Array, Array]:
    """Turn moments E[x1^i x0^j] into mean (arm) and covariance (arm, arm)."""
    mean = np.array([table[1, 0], table[0, 1]])
    second = np.array([[table[2, 0], table[1, 1]], [table[1, 1], table[0, 2]]])
    return mean, second - np.outer(mean, mean)


def predictor_signature(predictor: Predictor) -> Hashable:
    """Return what decides the compiled code of a predictor."""
    pooled = predictor.group_sd is not None
    return predictor.name, predictor.columns, predictor.groups if pooled else None


def adjusted(predictor: Predictor, slope_sd: float) -> str:
    """Say what a predictor adjusts for."""
    parts = []
    covariates = predictor.columns[2:]
    if covariates:
        parts.append(f"adjusted for {', '.join(covariates)} (standardised, N(0, {slope_sd:g}))")
    if predictor.group_sd is not None:
        parts.append(
            f"{len(predictor.groups)} groups pooled partially (spread half-normal "
            f"{predictor.group_sd:g})"
        )
    return "".join(f"; {part}" for part in parts)


def _well_known(layout: Layout, events: Array) -> Array:
    """Return which groups are well known, by their logits with half an event added to each side."""
    yes = by_group_and_arm(layout, events) + 0.5
    no = by_group_and_arm(layout, layout.cells.n - events) + 0.5
    return well_known(np.log(yes / no), 1.0 / yes + 1.0 / no)


def _binomial(events: float, people: float) -> LogLikelihood:
    def log_likelihood(eta: Array, _: Array) -> Array:
        out: Array = events * eta - people * np.logaddexp(0.0, eta)
        return out

    return log_likelihood


def _logit_span(events: float, people: float) -> Span:
    p = (events + 0.5) / (people + 1.0)
    return Span(float(logit(p)), 12.0 / float(np.sqrt((people + 1.0) * p * (1 - p))) + 0.5)

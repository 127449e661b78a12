"""Counts, days and indices: a normal model of means, with the spread of each arm its own."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.centring import by_group_and_arm, well_known
from impactmodel.effects.checks import Check
from impactmodel.effects.layout import Layout
from impactmodel.effects.logit import adjusted, from_table, pair_prior, predictor_signature
from impactmodel.effects.model import Levels
from impactmodel.effects.predictor import Array, Parameters, Predictor
from impactmodel.effects.priors import GaussianPriors
from impactmodel.effects.quadrature import LogLikelihood, PairPrior, Span, TwoArms

# Arms of fewer people have means that are not normal enough when outcomes are far from normal.
_FEWEST = 30


@dataclass(frozen=True, slots=True, eq=False)
class GaussianOutcome:
    r"""A count, days or an index, with the mean of each arm and its own spread: an `OutcomeModel`.

    The outcome is taken in units of ``typical_sd`` from ``typical_mean``. The likelihood uses
    three sums per cell, the number *n*, the sum *S* and the sum of squares *Q*:

    .. math:: -n \log \sigma_t - (Q - 2 \eta S + n \eta^2) / (2 \sigma_t^2)

    It is the likelihood of normal outcomes, and in large samples of the mean of any outcomes with
    these means and variances; only the means are reported.
    """

    measure: OutcomeMeasure
    location: Predictor
    spread_prior: PairPrior
    arm: Array
    sums: Array
    averages: Array
    unit: tuple[float, float]
    priors: GaussianPriors

    @classmethod
    def of(
        cls, measure: OutcomeMeasure, layout: Layout, priors: GaussianPriors, group_sd: float
    ) -> GaussianOutcome:
        """Lay the model out for an outcome of the cells.

        Raises
        ------
        InputError
            If everybody has the same value, or an arm has fewer than 30 people.
        """
        cells, at = layout.cells, layout.cells.outcomes.index(measure)
        n, total, squares = cells.n, cells.y_sum[:, at], cells.y_cross[:, at, at]
        fewest = min(float(n[cells.treated].sum()), float(n[~cells.treated].sum()))
        if fewest < _FEWEST:
            raise InputError(
                f"an arm has too few people for a normal model of '{measure.name}'",
                key="outcomes",
                seen=f"{fewest:.0f} people",
                fix=f"give at least {_FEWEST}, or a binary outcome",
            )
        mean = float(total.sum() / n.sum())
        variance = float(squares.sum() / n.sum()) - mean**2
        if variance <= 1e-12 * max(mean**2, 1e-300):
            raise InputError(
                f"everybody has the same '{measure.name}'", fix="leave this outcome out"
            )
        centre = mean if priors.typical_mean is None else priors.typical_mean
        scale = priors.typical_sd or math.sqrt(variance)
        y = total - n * centre
        q = squares - 2 * centre * total + n * centre**2
        sums = np.stack([n, y / scale, q / scale**2])
        start = layout.treated_share if priors.intercept_at == "average" else 0.0
        location = Predictor.of(
            f"{measure.name}_mean",
            layout,
            (0.0, priors.intercept_sd, priors.treatment_sd, priors.slope_sd),
            priors.intercept_at,
            (group_sd, _well_known(layout, sums)),
        )
        spread = PairPrior(0.0, priors.spread_sd, priors.spread_treatment_sd, start)
        return cls(
            measure, location, spread, layout.arm, sums, layout.averages(), (centre, scale), priors
        )

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, predictor_signature(self.location)

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return self.location.target_accept

    @property
    def _spread(self) -> str:
        return f"{self.measure.name}_log_sd"

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        p = self.spread_prior
        return {
            **self.location.data,
            f"{self._spread}_prior": np.array([[0.0, 0.0], [p.intercept_sd, p.treatment_sd]]),
            f"{self.measure.name}_sums": np.stack([self.arm - p.start, *self.sums]),
        }

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        p, (centre, scale) = self.priors, self.unit
        return (
            f"'{self.measure.name}': normal model of means, spread by arm; in units of "
            f"{scale:.4g} {self.measure.unit} from {centre:.4g}, intercept ({p.intercept_at}) "
            f"N(0, {p.intercept_sd:g}), treatment N(0, {p.treatment_sd:g})"
            + adjusted(self.location, p.slope_sd)
        )

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        eta = self.location.add(data)
        prior, sums = data[f"{self._spread}_prior"], data[f"{self.measure.name}_sums"]
        arm, n, total, squares = sums[0], sums[1], sums[2], sums[3]
        pm.modelcontext(None).add_coord(f"{self._spread}_column", ("intercept", "treatment"))
        beta = pm.Normal(self._spread, prior[0], prior[1], dims=f"{self._spread}_column")
        log_sd = beta[0] + beta[1] * arm
        gap = squares - 2.0 * eta * total + n * eta**2
        likelihood = (-n * log_sd - 0.5 * pt.exp(-2.0 * log_sd) * gap).sum()
        pm.Potential(f"{self.location.name}_likelihood", likelihood)

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        p = self.spread_prior
        spread = rng.standard_normal((n, 2)) * np.array([p.intercept_sd, p.treatment_sd])
        return {**self.location.prior(n, rng), self._spread: spread}

    def two_arms(self) -> TwoArms:
        """Return the exact posterior of mean and spread without covariates and groups."""
        arm = self.arm == 1
        sums = [self.sums[:, a].sum(axis=1) for a in (arm, ~arm)]
        spans = [_spans(s) for s in sums]
        return TwoArms(
            (_normal(sums[0]), _normal(sums[1])),
            pair_prior(self.location),
            self.spread_prior,
            (spans[0][0], spans[1][0], spans[0][1], spans[1][1]),
        )

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        location, spread = self.two_arms().draw(n, rng)
        if spread is None:
            raise ArithmeticError("the normal model has a spread")
        return {self.location.beta: location, self._spread: spread}

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean (arm) and covariance (arm, arm) of the expected outcomes, exactly."""
        centre, scale = self.unit
        mean, covariance = from_table(self.two_arms().moments(lambda m: m))
        return centre + scale * mean, scale**2 * covariance

    def levels(self, drawn: Parameters) -> Levels:
        """Average the means over people; the variance adds that between patterns of people."""
        centre, scale = self.unit
        mean, variance = [], []
        for arm in (1.0, 0.0):
            eta = self.location.evaluate(drawn, treated=bool(arm))
            first = eta @ self.averages
            sd = self.spread(drawn, arm)
            between = eta**2 @ self.averages - first**2
            mean.append(centre + scale * first)
            variance.append(scale**2 * (between + sd**2))
        return Levels(np.stack(mean), np.stack(variance))

    def spread(self, drawn: Parameters, arm: float) -> Array:
        """Return the sd between people of a pattern, in units of the typical sd (draw, 1)."""
        beta = drawn[self._spread]
        return np.asarray(np.exp(beta[:, :1] + beta[:, 1:] * (arm - self.spread_prior.start)))

    @property
    def predictors(self) -> tuple[Predictor, ...]:
        """The linear predictors; the second coefficient of each is the treatment's."""
        return (self.location,)

    def totals(self, drawn: Parameters, people: Array, arm: int, rng: np.random.Generator) -> Array:
        """Draw the sum of the outcome over some people of each pattern."""
        centre, scale = self.unit
        eta = self.location.evaluate(drawn, treated=arm == 0)
        error = np.sqrt(people) * self.spread(drawn, 1.0 - arm) * rng.standard_normal(eta.shape)
        return np.asarray(people * (centre + scale * eta) + scale * error)

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Return no check: means and spreads of two arms always fit."""
        return ()


def _well_known(layout: Layout, sums: Array) -> Array:
    """Return which groups are well known, by means with the variance of everybody."""
    n, total, squares = (by_group_and_arm(layout, row) for row in sums)
    variance = max(float(squares.sum() / n.sum() - (total.sum() / n.sum()) ** 2), 1e-12)
    people = np.maximum(n, 1.0)
    return well_known(total / people, np.where(n > 0, variance / people, np.inf))


def _normal(sums: Array) -> LogLikelihood:
    n, total, squares = sums

    def log_likelihood(mean: Array, log_sd: Array) -> Array:
        gap = squares - 2 * mean * total + n * mean**2
        out: Array = -n * log_sd - 0.5 * np.exp(-2 * log_sd) * gap
        return out

    return log_likelihood


def _spans(sums: Array) -> tuple[Span, Span]:
    """Guess where mean and log spread of an arm lie."""
    n, total, squares = (float(value) for value in sums)
    mean = total / n
    sd = math.sqrt(max(squares / n - mean**2, 1e-6))
    return (
        Span(mean, 12.0 * sd / math.sqrt(n)),
        Span(math.log(sd), 12.0 / math.sqrt(2.0 * n)),
    )

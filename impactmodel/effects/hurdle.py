"""Amounts that may be zero: a hurdle at zero and a gamma distribution above it."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.centring import by_group_and_arm, well_known
from impactmodel.effects.checks import Check
from impactmodel.effects.layout import Layout
from impactmodel.effects.logit import (
    Logit,
    adjusted,
    from_table,
    pair_prior,
    predictor_signature,
)
from impactmodel.effects.model import Levels
from impactmodel.effects.predictive import ArmSums, Replicate, compare
from impactmodel.effects.predictor import Array, Parameters, Predictor
from impactmodel.effects.priors import HurdleGammaPriors
from impactmodel.effects.quadrature import LogLikelihood, PairPrior, Span, TwoArms

# Equal amounts would have no spread to weigh groups by.
_LEAST_CV2 = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class HurdleGamma:
    r"""An amount with `Logit` above zero and a gamma of arm-specific shape: an `OutcomeModel`.

    The gamma likelihood uses three sums per cell, the number *n*, the sum *S* and the sum of
    logarithms *L* of the positive amounts:

    .. math:: n\,(k \log k - k \log\mu - \log\Gamma(k)) + (k - 1) L - k S / \mu

    Expected outcome: :math:`E[Y] = p\,\mu`, averaged over people.
    """

    measure: OutcomeMeasure
    part: Logit
    location: Predictor
    shape_prior: PairPrior
    arm: Array
    sums: Array
    squares: Array
    averages: Array
    priors: HurdleGammaPriors

    @classmethod
    def of(
        cls, measure: OutcomeMeasure, layout: Layout, priors: HurdleGammaPriors, group_sd: float
    ) -> HurdleGamma:
        """Lay the model out for an outcome of the cells.

        Raises
        ------
        InputError
            If nobody has a positive amount, or the cells lack the sums that the model needs.
        """
        cells, at = layout.cells, layout.cells.outcomes.index(measure)
        positive, total = cells.positive[:, at], cells.y_sum[:, at]
        if not positive.sum() > 0:
            raise InputError(
                f"nobody has a positive '{measure.name}'",
                fix="leave this outcome out",
            )
        typical = priors.typical_amount or float(total.sum() / positive.sum())
        start = layout.treated_share if priors.intercept_at == "average" else 0.0
        scales = (
            math.log(typical),
            priors.intercept_sd,
            priors.treatment_sd,
            priors.slope_sd,
        )
        name = measure.name
        return cls(
            measure=measure,
            part=Logit.of(f"{name}_positive", layout, positive, priors.positive, group_sd),
            location=Predictor.of(
                f"{name}_log_mean",
                layout,
                scales,
                priors.intercept_at,
                (group_sd, _well_known(layout, at)),
            ),
            shape_prior=PairPrior(0.0, priors.shape_sd, priors.shape_treatment_sd, start),
            arm=layout.arm,
            sums=np.stack([positive, total, cells.log_sum[:, at]]),
            squares=cells.y_cross[:, at, at],
            averages=layout.averages(),
            priors=priors,
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
    def _shape(self) -> str:
        return f"{self.measure.name}_log_shape"

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        p = self.shape_prior
        prior = np.array([[0.0, 0.0], [p.intercept_sd, p.treatment_sd]])
        return {
            **self.part.data,
            **self.location.data,
            f"{self._shape}_prior": prior,
            f"{self.measure.name}_sums": np.stack([self.arm - p.start, *self.sums]),
        }

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        p = self.priors
        typical = math.exp(self.location.mean[0])
        return (
            f"'{self.measure.name}': hurdle-gamma model, dispersion by arm; mean of positive "
            f"amounts ({p.intercept_at}) N(log {typical:,.6g}, {p.intercept_sd:g}) "
            f"in {self.measure.unit} on the log scale, treatment N(0, {p.treatment_sd:g}) on it "
            f"and N(0, {p.positive.treatment_sd:g}) on the logit of a positive amount"
            + adjusted(self.location, p.slope_sd)
        )

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        self.part.add(data)
        log_mean = self.location.add(data)
        prior, sums = data[f"{self._shape}_prior"], data[f"{self.measure.name}_sums"]
        arm, n, total, logs = sums[0], sums[1], sums[2], sums[3]
        pm.modelcontext(None).add_coord(f"{self._shape}_column", ("intercept", "treatment"))
        beta = pm.Normal(self._shape, prior[0], prior[1], dims=f"{self._shape}_column")
        log_k = beta[0] + beta[1] * arm
        k = pt.exp(log_k)
        likelihood = (
            n * (k * (log_k - log_mean) - pt.gammaln(k))
            + (k - 1.0) * logs
            - k * pt.exp(-log_mean) * total
        ).sum()
        pm.Potential(f"{self.location.name}_likelihood", likelihood)

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        p = self.shape_prior
        shape = rng.standard_normal((n, 2)) * np.array([p.intercept_sd, p.treatment_sd])
        return {
            **self.part.predictor.prior(n, rng),
            **self.location.prior(n, rng),
            self._shape: shape,
        }

    def two_arms(self) -> TwoArms:
        """Return the exact posterior of mean and shape of a model without covariates and groups."""
        arm = self.arm == 1
        sums = [self.sums[:, a].sum(axis=1) for a in (arm, ~arm)]
        spans = [_gamma_spans(s, float(self.location.mean[0])) for s in sums]
        return TwoArms(
            (_gamma(sums[0]), _gamma(sums[1])),
            pair_prior(self.location),
            self.shape_prior,
            (spans[0][0], spans[1][0], spans[0][1], spans[1][1]),
        )

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        location, shape = self.two_arms().draw(n, rng)
        if shape is None:
            raise ArithmeticError("the gamma part has a shape")
        return {**self.part.exact(n, rng), self.location.beta: location, self._shape: shape}

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean (arm) and covariance (arm, arm) of the expected amounts, exactly.

        Hurdle and gamma part are independent a posteriori, so moments of p mu are products.
        """
        return from_table(self.part.two_arms().moments(expit) * self.two_arms().moments(np.exp))

    def shape(self, drawn: Parameters, arm: Array | float) -> Array:
        """Return the gamma shape at the values of ``arm``: (draw, ...)."""
        beta = drawn[self._shape]
        place = np.atleast_1d(arm) - self.shape_prior.start
        out: Array = np.exp(beta[:, :1] + beta[:, 1:] * place)
        return out

    def levels(self, drawn: Parameters) -> Levels:
        """Average p mu over people; the variance is E[Y²] - E[Y]² with E[Y²] = p mu² (1 + 1/k)."""
        mean, variance = [], []
        for arm in (True, False):
            p = self.part.probability(drawn, treated=arm)
            mu = np.exp(self.location.evaluate(drawn, treated=arm))
            first = (p * mu) @ self.averages
            second = (p * mu**2 * (1 + 1 / self.shape(drawn, float(arm)))) @ self.averages
            mean.append(first)
            variance.append(second - first**2)
        return Levels(np.stack(mean), np.stack(variance))

    @property
    def predictors(self) -> tuple[Predictor, ...]:
        """The linear predictors; the second coefficient of each is the treatment's."""
        return self.part.predictor, self.location

    def totals(self, drawn: Parameters, people: Array, arm: int, rng: np.random.Generator) -> Array:
        """Draw the sum of the outcome over some people of each pattern.

        A sum of gammas of one shape is a gamma of the sum of their shapes.
        """
        p = self.part.probability(drawn, treated=arm == 0)
        mu = np.exp(self.location.evaluate(drawn, treated=arm == 0))
        k = self.shape(drawn, 1.0 - arm)
        positive = rng.binomial(people.astype(np.int64), p)
        return rng.gamma(k * positive, mu / k)

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Compare mean and tail (mean square) of each arm with replicated data."""
        p = expit(self.part.predictor.evaluate_cells(drawn))
        mu = np.exp(self.location.evaluate_cells(drawn))
        replicate = Replicate(self.part.people, p, mu, self.shape(drawn, self.arm))
        seen = ArmSums(self.arm == 1, self.sums[1], self.squares)
        return compare(self.measure.name, seen, replicate, rng)


def _well_known(layout: Layout, at: int) -> Array:
    """Return which groups are well known, by log means with variance cv² / n."""
    cells = layout.cells
    n = by_group_and_arm(layout, cells.positive[:, at])
    total = by_group_and_arm(layout, cells.y_sum[:, at])
    squares, mean = cells.y_cross[:, at, at].sum() / n.sum(), total.sum() / n.sum()
    log_mean = np.log(np.where(n > 0, total, 1.0) / np.maximum(n, 1.0))
    cv2 = max(squares / mean**2 - 1.0, _LEAST_CV2)
    return well_known(log_mean, np.where(n > 0, cv2 / np.maximum(n, 1.0), np.inf))


def _gamma(sums: Array) -> LogLikelihood:
    n, total, logs = sums

    def log_likelihood(log_mean: Array, log_k: Array) -> Array:
        k = np.exp(log_k)
        out: Array = (
            n * (k * (log_k - log_mean) - gammaln(k))
            + (k - 1.0) * logs
            - k * np.exp(-log_mean) * total
        )
        return out

    return log_likelihood


def _gamma_spans(sums: Array, centre: float) -> tuple[Span, Span]:
    """Guess where mean and shape of an arm lie (shape by Minka's approximation)."""
    n, total, logs = (float(value) for value in sums)
    if n == 0:
        return Span(centre, 12.0), Span(0.0, 12.0)
    log_mean = math.log(total / n)
    s = max(log_mean - logs / n, 1e-6)
    k = (3 - s + math.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s)
    return (
        Span(log_mean, 12.0 / math.sqrt(n * k) + 0.5),
        Span(math.log(k), 12.0 * math.sqrt(2.0 / n) + 0.5),
    )

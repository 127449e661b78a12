"""A logit prediction of a yes-or-no outcome from unserved people."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.calibration import HeldOut
from impactmodel.effects.prediction_layout import Parameters, Served
from impactmodel.effects.priors import LogitPriors

type Array = npt.NDArray[np.float64]

_ITERATIONS = 100
_CONVERGED = 1e-10


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class LogitPrediction:
    """A logit model of the unserved's outcome: a `PredictionModel`.

    Parameters
    ----------
    measure, layout
        The outcome and the people.
    events
        Unserved people with the outcome (cell).
    priors
        Of the intercept and the slopes on standardised covariates.
    """

    measure: OutcomeMeasure
    layout: Served
    events: Array
    priors: LogitPriors

    @property
    def why_not_exact(self) -> str:
        """Why there is no closed form."""
        return f"the logit prediction of '{self.measure.name}' has none"

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        p = self.priors
        return (
            f"'{self.measure.name}': logit prediction from unserved people by "
            f"{', '.join(self.layout.covariates)} (standardised), intercept N(logit "
            f"{p.base_rate:g}, {p.intercept_sd:g}), slopes N(0, {p.slope_sd:g})"
        )

    @property
    def _prior(self) -> Array:
        """Mean and sd of the coefficients (2, column)."""
        p, k = self.priors, self.layout.x0.shape[1]
        mean = np.zeros(k)
        mean[0] = logit(p.base_rate)
        return np.stack([mean, np.array([p.intercept_sd] + [p.slope_sd] * (k - 1))])

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the coefficients from their priors."""
        mean, sd = self._prior
        return {self._beta: mean + sd * rng.standard_normal((n, len(mean)))}

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Refuse: there is no closed form."""
        raise InputError(f"there is no closed form: {self.why_not_exact}", fix="use Sampler")

    def expected(self, drawn: Parameters) -> Array:
        """Return the rate of the served without the programme (draw, group)."""
        out: Array = self._rates(drawn) @ self.layout.averages()
        return out

    def realised(self, drawn: Parameters, rng: np.random.Generator) -> Array:
        """Return the share of these very people with the outcome (draw, group)."""
        count = rng.binomial(self.layout.n1.astype(np.int64), self._rates(drawn))
        by_group = np.zeros((len(self.layout.n1), len(self.layout.groups)))
        by_group[np.arange(len(by_group)), self.layout.group1] = 1.0
        out: Array = count @ by_group / self.layout.size
        return out

    def spread(self, drawn: Parameters) -> Array:
        """Return the variance p (1 - p) between the served (draw, group)."""
        p = self.expected(drawn)
        return p * (1 - p)

    def _rates(self, drawn: Parameters) -> Array:
        rates: Array = expit(drawn[self._beta] @ self.layout.x1.T)
        return rates

    def held_out(self) -> HeldOut:
        """Predict each unserved person from all others, by one Newton step from the mode.

        References
        ----------
        Pregibon (1981), Annals of Statistics 9(4), doi:10.1214/aos/1176345513.
        """
        x, n, y = self.layout.x0, self.layout.n0, self.events
        beta, curvature = self._mode()
        p = expit(x @ beta)
        own = np.einsum("cj,jk,ck->c", x, np.linalg.inv(curvature), x)
        keep = 1.0 - own * p * (1 - p)
        sides = []
        for value, people in ((1.0, y), (0.0, n - y)):
            left = expit(x @ beta - own * (value - p) / keep)
            sides.append(
                HeldOut.constant(left, people, self.layout.group0, (value * people,) * 2, p)
            )
        return HeldOut.joined(sides)

    def _mode(self) -> tuple[Array, Array]:
        """Return the posterior mode and the curvature there, by Newton's method."""
        x, n = self.layout.x0, self.layout.n0
        mean, sd = self._prior
        beta = mean.copy()
        for _ in range(_ITERATIONS):
            p = expit(x @ beta)
            gradient = x.T @ (self.events - n * p) - (beta - mean) / sd**2
            curvature = (x * (n * p * (1 - p))[:, None]).T @ x + np.diag(sd**-2.0)
            step = np.linalg.solve(curvature, gradient)
            # The posterior is log-concave: shorter steps settle where a full one overshoots.
            beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
            if float(np.abs(step).max()) < _CONVERGED:
                break
        p = expit(x @ beta)
        return beta, (x * (n * p * (1 - p))[:, None]).T @ x + np.diag(sd**-2.0)

    @property
    def _beta(self) -> str:
        return f"{self.measure.name}_beta"

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.measure.name, self.layout.covariates

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.8

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        name = self.measure.name
        return {
            f"{name}_rows": self.layout.x0,
            f"{name}_counts": np.stack([self.events, self.layout.n0]),
            f"{name}_prior": self._prior,
        }

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        name = self.measure.name
        pm.modelcontext(None).add_coord(f"{name}_column", ("intercept", *self.layout.covariates))
        prior, counts = data[f"{name}_prior"], data[f"{name}_counts"]
        beta = pm.Normal(self._beta, prior[0], prior[1], dims=f"{name}_column")
        eta = data[f"{name}_rows"] @ beta
        likelihood = (counts[0] * eta - counts[1] * pt.softplus(eta)).sum()
        pm.Potential(f"{name}_likelihood", likelihood)

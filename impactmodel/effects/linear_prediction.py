"""A linear prediction of a number from unserved people, with its conjugate posterior."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.spec import spec
from impactmodel.effects.calibration import HeldOut
from impactmodel.effects.prediction_layout import Parameters, Served

type Array = npt.NDArray[np.float64]


@spec
class LinearPriors:
    r"""Priors of a linear prediction, in standard deviations of the unserved's outcome.

    .. math::
        \frac{Y - m}{s} = x'\beta + \varepsilon, \quad
        \beta_j \mid \sigma^2 \sim N(0, \sigma^2 b_j^2), \quad
        \sigma^2 \sim \operatorname{InvGamma}(a, c)

    with *m* and *s* mean and standard deviation of the unserved's outcome and covariates
    standardised over them.

    Parameters
    ----------
    intercept_sd, slope_sd
        :math:`b_j`.
    shape, rate
        *a* and *c*.
    """

    intercept_sd: float = 10.0
    slope_sd: float = 1.0
    shape: float = 2.0
    rate: float = 1.0

    def __post_init__(self) -> None:
        for f in fields(self):
            if not getattr(self, f.name) > 0:
                raise InputError("this must be above 0", key=f.name, seen=getattr(self, f.name))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class LinearPrediction:
    """A linear model of the unserved's outcome: a `PredictionModel`.

    Parameters
    ----------
    measure, layout, priors
        The outcome, the people and the priors.
    total, squares
        Sum and sum of squares of the standardised outcome of unserved people (cell).
    centre, scale
        Mean and standard deviation that the outcome is standardised by.
    """

    measure: OutcomeMeasure
    layout: Served
    priors: LinearPriors
    total: Array
    squares: Array
    centre: float
    scale: float

    @classmethod
    def of(
        cls,
        measure: OutcomeMeasure,
        layout: Served,
        sums: tuple[Array, Array],
        priors: LinearPriors,
    ) -> LinearPrediction:
        """Lay the model out on sums and sums of squares of unserved people (cell)."""
        n = layout.n0
        people = float(n.sum())
        mean = float(sums[0].sum()) / people
        scale = float(np.sqrt((sums[1].sum() - people * mean**2) / (people - 1)))
        if not scale > 0:
            raise InputError("all unserved people have one value of this outcome", key=measure.name)
        total = (sums[0] - n * mean) / scale
        squares = (sums[1] - 2 * mean * sums[0] + n * mean**2) / scale**2
        return cls(measure, layout, priors, total, squares, mean, scale)

    @property
    def why_not_exact(self) -> str:
        """Empty: the posterior is conjugate."""
        return ""

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        p = self.priors
        return (
            f"'{self.measure.name}': linear prediction from unserved people by "
            f"{', '.join(self.layout.covariates)} (standardised), slopes N(0, {p.slope_sd:g} sd), "
            f"residual variance InvGamma({p.shape:g}, {p.rate:g}) of the outcome's variance"
        )

    def _moments(self) -> tuple[Array, Array, float, float]:
        """Return X'X, X'y, y'y and n of the unserved."""
        x, n = self.layout.x0, self.layout.n0
        cross = (x * n[:, None]).T @ x
        return cross, x.T @ self.total, float(self.squares.sum()), float(n.sum())

    def _precision(self) -> Array:
        p, k = self.priors, self.layout.x0.shape[1]
        return np.diag([p.intercept_sd**-2.0] + [p.slope_sd**-2.0] * (k - 1))

    def posterior(self) -> tuple[Array, Array, float, float]:
        r"""Return mean and precision (over :math:`\sigma^2`) of β, and shape and rate of σ²."""
        cross, moment, squares, n = self._moments()
        precision = cross + self._precision()
        mean = np.linalg.solve(precision, moment)
        rate = self.priors.rate + 0.5 * (squares - mean @ precision @ mean)
        return mean, precision, self.priors.shape + n / 2, float(rate)

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        return self._draw(*self.posterior(), n, rng)

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        p, precision = self.priors, self._precision()
        return self._draw(np.zeros(len(precision)), precision, p.shape, p.rate, n, rng)

    def _draw(
        self,
        mean: Array,
        precision: Array,
        shape: float,
        rate: float,
        n: int,
        rng: np.random.Generator,
    ) -> dict[str, Array]:
        variance = rate / rng.standard_gamma(shape, n)
        root = np.linalg.cholesky(precision)
        noise = np.linalg.solve(root.T, rng.standard_normal((len(mean), n))).T
        beta = mean + np.sqrt(variance)[:, None] * noise
        return {f"{self.measure.name}_beta": beta, f"{self.measure.name}_variance": variance}

    def expected(self, drawn: Parameters) -> Array:
        """Return the mean of the served without the programme (draw, group)."""
        along = self.layout.averages().T @ self.layout.x1
        out: Array = self.centre + self.scale * drawn[f"{self.measure.name}_beta"] @ along.T
        return out

    def realised(self, drawn: Parameters, rng: np.random.Generator) -> Array:
        """Return that mean with the residuals of these very people (draw, group)."""
        mean = self.expected(drawn)
        sd = self.scale * np.sqrt(drawn[f"{self.measure.name}_variance"])[:, None]
        out: Array = mean + sd * rng.standard_normal(mean.shape) / np.sqrt(self.layout.size)
        return out

    def spread(self, drawn: Parameters) -> Array:
        """Return the variance between the served without the programme (draw, group)."""
        fitted = drawn[f"{self.measure.name}_beta"] @ self.layout.x1.T
        averages = self.layout.averages()
        between = fitted**2 @ averages - (fitted @ averages) ** 2
        residual = drawn[f"{self.measure.name}_variance"][:, None]
        out: Array = self.scale**2 * (between + residual)
        return out

    def held_out(self) -> HeldOut:
        r"""Predict each unserved person from all others, exactly.

        Leaving person *i* out gives :math:`(x'm - h y_i) / (1 - h)` with
        :math:`h = x'\Lambda^{-1}x`, linear in :math:`y_i`: sums over people of a cell suffice.
        """
        mean, precision, _, _ = self.posterior()
        x, n = self.layout.x0, self.layout.n0
        h = np.einsum("cj,jk,ck->c", x, np.linalg.inv(precision), x)
        fit, keep = x @ mean, 1.0 - h
        y, yy = self.total, self.squares
        p = (n * fit - h * y) / keep
        pp = (n * fit**2 - 2 * h * fit * y + h**2 * yy) / keep**2
        py = (fit * y - h * yy) / keep
        m, s = self.centre, self.scale
        return HeldOut(
            n,
            self.layout.group0,
            n * m + s * p,
            n * m**2 + 2 * m * s * p + s**2 * pp,
            n * m + s * y,
            n * m**2 + 2 * m * s * y + s**2 * yy,
            n * m**2 + m * s * (p + y) + s**2 * py,
            fit,
            True,
        )

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
        name, p = self.measure.name, self.priors
        cross, moment, squares, n = self._moments()
        return {
            f"{name}_cross": cross,
            f"{name}_moment": moment,
            f"{name}_size": np.array([n, squares]),
            f"{name}_prior_sd": 1.0 / np.sqrt(np.diag(self._precision())),
            f"{name}_prior_variance": np.array([p.shape, p.rate]),
        }

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        name = self.measure.name
        pm.modelcontext(None).add_coord(f"{name}_column", ("intercept", *self.layout.covariates))
        prior, size = data[f"{name}_prior_variance"], data[f"{name}_size"]
        variance = pm.InverseGamma(f"{name}_variance", alpha=prior[0], beta=prior[1])
        sd = pt.sqrt(variance) * data[f"{name}_prior_sd"]
        beta = pm.Normal(f"{name}_beta", 0.0, sd, dims=f"{name}_column")
        rss = (
            size[1]
            - 2 * (beta * data[f"{name}_moment"]).sum()
            + (beta * (data[f"{name}_cross"] @ beta)).sum()
        )
        pm.Potential(f"{name}_likelihood", -0.5 * (size[0] * pt.log(variance) + rss / variance))

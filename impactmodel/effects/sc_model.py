"""The model of a synthetic control: donor weights, a constant and errors, in PyMC."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.spec import spec
from impactmodel.effects.predictor import RAW

type Array = npt.NDArray[np.float64]
type Errors = Literal["placebo", "ar1", "independent"]


@spec
class DonorPriors:
    r"""Priors of a synthetic control, in standard deviations of the treated before the start.

    .. math::
        w \sim \text{Dirichlet}(\alpha, \dots, \alpha), \quad
        \log \alpha \sim N(\log a, s^2), \quad \sigma \sim \text{HalfNormal}(b), \quad
        c \sim N(0, d^2)

    A small :math:`\alpha` says that few donors count. Dirichlet(1) is no neutral choice: with
    many donors it says that all of them count about alike, and the fit gives way to it.

    Parameters
    ----------
    concentration, spread
        :math:`a` and :math:`s`; a spread of 0 fixes :math:`\alpha`.
    noise
        :math:`b`, of the standard deviation of the errors.
    constant
        :math:`d`, of a constant difference in level; 0: there is none, the treated must be
        matched in level.

    Examples
    --------
    >>> DonorPriors().concentration
    0.2
    """

    concentration: float = 0.2
    spread: float = 0.5
    noise: float = 0.2
    constant: float = 0.0

    def __post_init__(self) -> None:
        for key in ("concentration", "noise"):
            if not getattr(self, key) > 0:
                raise InputError("this must be above 0", key=key, seen=getattr(self, key))
        for key in ("spread", "constant"):
            if getattr(self, key) < 0:
                raise InputError("this must not be negative", key=key, seen=getattr(self, key))


@dataclass(frozen=True, eq=False)
class DonorModel:
    r"""One outcome of the treated as a weighted mean of donors.

    .. math:: y_t = c + \sum_j w_j x_{jt} + e_t

    with *e* of standard deviation :math:`\sigma`, independent or AR(1) with
    :math:`\rho \sim \text{Beta}(2, 2)`. From the start on the errors go on likewise or, with
    ``placebo``, are those that donors show when each is taken as treated.

    Parameters
    ----------
    measure
        The outcome.
    y
        The treated before the start (period), in standardised units.
    donors
        Donors over all periods (period, donor), in the same units.
    priors, errors
        What is assumed; with ``placebo``, errors before the start are AR(1).
    unit
        Mean and standard deviation that all was standardised by.
    placebos
        Errors of donors from the start on, on the treated's scale (placebo, period), see
        `placebo_errors`; needed with ``placebo``.
    """

    measure: OutcomeMeasure
    y: Array
    donors: Array
    priors: DonorPriors
    errors: Errors
    unit: tuple[float, float]
    placebos: Array | None = None

    @property
    def lasting(self) -> bool:
        """Whether errors before the start are AR(1)."""
        return self.errors != "independent"

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        p = self.priors
        shape = self.donors.shape[1]
        return type(self).__name__, self._name, shape, self.lasting, p.spread > 0, p.constant > 0

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.95

    @property
    def _name(self) -> str:
        return self.measure.name

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        p = self.priors
        return {
            f"{self._name}_y": self.y,
            f"{self._name}_donors": self.donors[: len(self.y)],
            f"{self._name}_assumed": np.array([p.concentration, p.spread, p.noise, p.constant]),
        }

    def add(self, data: Mapping[str, Any]) -> None:
        r"""Add parameters and likelihood to the PyMC model in context.

        Weights are :math:`g_j / \sum g` with :math:`g_j \sim \text{Gamma}(\alpha, 1)`; the
        logarithm of *g* is sampled, whose density is smooth where that of *w* is infinite at 0.
        """
        import pymc as pm
        import pytensor.tensor as pt

        name, p, count = self._name, self.priors, self.donors.shape[1]
        assumed = data[f"{name}_assumed"]
        concentration = assumed[0]
        if p.spread > 0:
            z = pm.Normal(f"{name}_concentration{RAW}", 0.0, 1.0)
            concentration = assumed[0] * pt.exp(assumed[1] * z)
            pm.Deterministic(f"{name}_concentration", concentration)
        log_g = pm.Flat(f"{name}_weights{RAW}", shape=count, initval=np.zeros(count))
        gamma = concentration * log_g - pt.exp(log_g) - pt.gammaln(concentration)
        pm.Potential(f"{name}_weights_prior", gamma.sum())
        weights = pm.Deterministic(f"{name}_weights", pt.special.softmax(log_g))  # type: ignore[no-untyped-call]
        sigma = pm.HalfNormal(f"{name}_sigma", assumed[2])
        error = data[f"{name}_y"] - data[f"{name}_donors"] @ weights
        if p.constant > 0:
            error = error - pm.Normal(f"{name}_constant", 0.0, assumed[3])
        if not self.lasting:
            pm.Potential(f"{name}_likelihood", pm.logp(pm.Normal.dist(0.0, sigma), error).sum())
            return
        rho = pm.Beta(f"{name}_rho", 2.0, 2.0)
        step = sigma * pt.sqrt(1 - rho**2)
        first = pm.logp(pm.Normal.dist(0.0, sigma), error[0])
        rest = pm.logp(pm.Normal.dist(0.0, step), error[1:] - rho * error[:-1])
        pm.Potential(f"{name}_likelihood", first + rest.sum())

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        p, name = self.priors, self._name
        concentration = p.concentration * np.exp(p.spread * rng.standard_normal(n))
        g = log_gamma(concentration[:, None], (n, self.donors.shape[1]), rng)
        weights = np.exp(g - g.max(axis=1, keepdims=True))
        drawn = {f"{name}_weights": weights / weights.sum(axis=1, keepdims=True)}
        drawn[f"{name}_sigma"] = np.abs(rng.normal(0, p.noise, n))
        if p.spread > 0:
            drawn[f"{name}_concentration"] = concentration
        if p.constant > 0:
            drawn[f"{name}_constant"] = rng.normal(0, p.constant, n)
        if self.lasting:
            drawn[f"{name}_rho"] = rng.beta(2.0, 2.0, n)
        return drawn

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Raise: there is no closed form."""
        raise InputError("there is no closed form of donor weights", fix="use Sampler")

    def fitted(self, drawn: Mapping[str, Array]) -> Array:
        """Return the weighted mean of the donors with its constant (draw, period)."""
        constant = drawn.get(f"{self._name}_constant", np.zeros(1))
        return np.asarray(drawn[f"{self._name}_weights"] @ self.donors.T + constant[:, None])

    def simulated(self, drawn: Mapping[str, Array], rng: np.random.Generator) -> Array:
        """Return the periods from the start on as the parameters alone imply (draw, period)."""
        fitted = self.fitted(drawn)
        last = drawn[f"{self._name}_sigma"] * rng.standard_normal(len(fitted))
        return self._forward(fitted, last, drawn, rng)

    def counterfactual(self, drawn: Mapping[str, Array], rng: np.random.Generator) -> Array:
        """Return the periods from the start on, given those before (draw, period)."""
        fitted = self.fitted(drawn)
        before = len(self.y)
        last = self.y[-1] - fitted[:, before - 1]
        if self.placebos is None:
            return self._forward(fitted, last, drawn, rng)
        ahead = np.arange(1, fitted.shape[1] - before + 1)
        rho = drawn.get(f"{self._name}_rho", np.zeros(len(last)))
        picked = rng.integers(len(self.placebos), size=len(last))
        sign = rng.choice([-1.0, 1.0], size=len(last))
        error = last[:, None] * rho[:, None] ** ahead + sign[:, None] * self.placebos[picked]
        return np.asarray(self.unit[0] + self.unit[1] * (fitted[:, before:] + error))

    def forecasts(self, drawn: Mapping[str, Array]) -> Array:
        """Return the periods before the start, each given those before it (draw, period)."""
        out = self.fitted(drawn)[:, : len(self.y)]
        rho = drawn.get(f"{self._name}_rho", np.zeros(len(out)))
        out[:, 1:] += rho[:, None] * (self.y - out)[:, :-1]
        return np.asarray(self.unit[0] + self.unit[1] * out)

    def _forward(
        self, fitted: Array, last: Array, drawn: Mapping[str, Array], rng: np.random.Generator
    ) -> Array:
        """Add the errors of the periods from the start on, which follow the last before it."""
        sigma = drawn[f"{self._name}_sigma"]
        rho = drawn.get(f"{self._name}_rho", np.zeros(len(sigma)))
        out = fitted[:, len(self.y) :].copy()
        for i in range(out.shape[1]):
            last = rho * last + sigma * np.sqrt(1 - rho**2) * rng.standard_normal(len(sigma))
            out[:, i] += last
        return np.asarray(self.unit[0] + self.unit[1] * out)


def log_gamma(shape: Array, size: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw logarithms of Gamma(shape, 1), which would be 0 themselves for a small shape.

    Gamma(a) is Gamma(a + 1) times U to the power 1 / a.
    """
    shape = np.broadcast_to(shape, size)
    return np.asarray(np.log(rng.gamma(shape + 1)) + np.log(rng.random(size)) / shape)

"""The model of an interrupted time series: exact by quadrature over its scales, or in PyMC."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.its_priors import Array, SeriesPriors
from impactmodel.effects.state_space import (
    Structure,
    kalman_filter,
    simulate_forward,
    simulate_series,
)

# Points along each scale, by the number of scales.
_POINTS = {2: 61, 3: 27, 4: 13}
_NEGLIGIBLE = 1e-9
_CHUNK = 2000


@dataclass(frozen=True, eq=False)
class SeriesWithoutProgramme:
    """One outcome's series before the start, and its controls over all periods.

    Parameters
    ----------
    measure
        The outcome.
    y
        The series before the start (period), in standardised units.
    structure
        Its parts.
    priors
        Of the scales.
    unit
        Mean and standard deviation that ``y`` was standardised by.
    """

    measure: OutcomeMeasure
    y: Array
    structure: Structure
    priors: SeriesPriors
    unit: tuple[float, float]

    @property
    def scales(self) -> tuple[str, ...]:
        """The names of the scales: noise first."""
        return ("noise", *self.structure.moving)

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        limits = tuple(self.priors.of(s).limit for s in self.scales)
        return type(self).__name__, self._name, self.scales, limits

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
        mean, fixed, noise, moves = self.structure.kernels(len(self.y))
        priors = [self.priors.of(s) for s in self.scales]
        return {
            f"{self._name}_away": self.y - mean,
            f"{self._name}_fixed": fixed,
            f"{self._name}_kernels": np.concatenate([noise[None], moves]),
            f"{self._name}_guess": np.array([[p.guess, p.observations] for p in priors]),
        }

    def add(self, data: Mapping[str, Any]) -> None:
        r"""Add parameters and likelihood to the PyMC model in context.

        States and coefficients are integrated out: the series is normal with the covariance
        :math:`K_0 + \sum_i \sigma_i^2 K_i`, where the matrices :math:`K_i` are fixed.
        """
        import pymc as pm
        import pytensor.tensor as pt

        name = self._name
        limits = np.array([self.priors.of(s).limit for s in self.scales])
        sigma = pm.Uniform(f"{name}_scale", 0.0, limits, shape=len(self.scales))
        guess, worth = data[f"{name}_guess"][:, 0], data[f"{name}_guess"][:, 1]
        prior = -(worth + 1) * pt.log(sigma) - worth * guess**2 / (2 * sigma**2)
        pm.Potential(f"{name}_scale_prior", prior.sum())
        kernels = data[f"{name}_kernels"]
        covariance = data[f"{name}_fixed"] + (sigma[:, None, None] ** 2 * kernels).sum(axis=0)
        root = pt.linalg.cholesky(covariance)
        diagonal = pt.diagonal(root)  # type: ignore[no-untyped-call]
        error = pt.linalg.solve_triangular(root, data[f"{name}_away"], lower=True)
        pm.Potential(f"{name}_likelihood", -0.5 * (error**2).sum() - pt.log(diagonal).sum())

    def log_posterior(self, scale: Array) -> Array:
        """Return the log density of the scales (setting, scale), up to a constant."""
        found = kalman_filter(self.structure, self.y, scale[:, 0], scale[:, 1:])
        return found.loglik + sum(
            self.priors.of(s).log(scale[:, i]) for i, s in enumerate(self.scales)
        )

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the scales from their priors."""
        return self._named(np.column_stack([self.priors.of(s).draw(n, rng) for s in self.scales]))

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the scales independently from the exact posterior.

        A draw is a point of a grid over the logarithms of the scales, moved uniformly within its
        cell.
        """
        axes, weight = self._grid
        picked = rng.choice(weight.size, size=n, p=weight.ravel())
        place = np.unravel_index(picked, weight.shape)
        logs = [
            axis[i] + (axis[1] - axis[0]) * (rng.random(n) - 0.5)
            for axis, i in zip(axes, place, strict=True)
        ]
        return self._named(np.exp(np.column_stack(logs)))

    @cached_property
    def _grid(self) -> tuple[list[Array], Array]:
        bounds = [self.priors.of(s).bounds for s in self.scales]
        points = _POINTS[len(self.scales)]
        # A coarse grid finds where the density lies, twice; a finer one holds it.
        axes, weight = [np.empty(0)], np.empty(0)
        for count in ((points + 1) // 2, (points + 1) // 2, points):
            axes = [_midpoints(low, high, count) for low, high in bounds]
            weight = self._weigh(axes)
            bounds = [
                _extent(axis, weight.sum(axis=tuple(set(range(weight.ndim)) - {i})))
                for i, axis in enumerate(axes)
            ]
        return axes, weight

    def _weigh(self, axes: list[Array]) -> Array:
        logs = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        parts = [
            self.log_posterior(np.exp(logs[i : i + _CHUNK])) for i in range(0, len(logs), _CHUNK)
        ]
        # The density of the logarithm of a scale has the scale as a factor.
        log = np.concatenate(parts) + logs.sum(axis=1)
        weight = np.exp(log - log.max()).reshape([len(a) for a in axes])
        return np.asarray(weight / weight.sum())

    def simulated(self, drawn: Mapping[str, Array], rng: np.random.Generator) -> Array:
        """Return the periods from the start on as the scales alone imply (draw, period)."""
        scale = drawn[f"{self._name}_scale"]
        whole = simulate_series(self.structure, scale[:, 0], scale[:, 1:], rng)
        return self._back(whole[:, len(self.y) :])

    def counterfactual(self, drawn: Mapping[str, Array], rng: np.random.Generator) -> Array:
        """Return the periods from the start on, given those before (draw, period)."""
        scale = drawn[f"{self._name}_scale"]
        parts = []
        for i in range(0, len(scale), _CHUNK):
            noise, moving = scale[i : i + _CHUNK, 0], scale[i : i + _CHUNK, 1:]
            known = kalman_filter(self.structure, self.y, noise, moving)
            parts.append(simulate_forward(self.structure, known, (noise, moving), len(self.y), rng))
        return self._back(np.concatenate(parts))

    def forecast_errors(self) -> Array:
        """Return standardised errors of one-period forecasts before the start, at the mode."""
        axes, weight = self._grid
        place = np.unravel_index(int(np.argmax(weight)), weight.shape)
        scale = np.exp([[axis[i] for axis, i in zip(axes, place, strict=True)]])
        errors = kalman_filter(self.structure, self.y, scale[:, 0], scale[:, 1:]).errors
        return np.asarray(errors[0])

    def _back(self, values: Array) -> Array:
        return np.asarray(self.unit[0] + self.unit[1] * values)

    def _named(self, scale: Array) -> dict[str, Array]:
        return {f"{self._name}_scale": scale}


def _midpoints(low: float, high: float, count: int) -> Array:
    edges = np.linspace(low, high, count + 1)
    return np.asarray((edges[1:] + edges[:-1]) / 2)


def _extent(axis: Array, density: Array) -> tuple[float, float]:
    """Return the edges of the cells that matter."""
    half = (axis[1] - axis[0]) / 2
    kept = axis[density > _NEGLIGIBLE * density.max()]
    return float(kept[0] - half), float(kept[-1] + half)

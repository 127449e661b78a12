"""Hazards without any structure: a Dirichlet of its own in every arm, pattern and period."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.effects.endings import average_endings
from impactmodel.effects.hazard_priors import DirichletPriors
from impactmodel.effects.predictor import Array, Parameters
from impactmodel.effects.spell_layout import SpellLayout

_NAME = "hazard"


@dataclass(frozen=True, slots=True, eq=False)
class SaturatedHazard:
    """The conjugate model of `DirichletPriors` over the patterns of a layout.

    Its parameter is ``hazard_probability`` (arm, pattern, period, ending): each cause, staying.
    """

    layout: SpellLayout
    priors: DirichletPriors

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return (type(self).__name__, self.layout.exits.shape)

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.8

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        return (
            f"discrete-time hazards of {self.layout.causes} competing causes, each period, arm and "
            f"stratum by itself: Dirichlet with mean {self.priors.hazard:g} for each cause and the "
            f"weight of {self.priors.weight:g} people"
        )

    @property
    def counts(self) -> Array:
        """People who leave by each cause, and who stay (arm, pattern, period, ending)."""
        exits = self.layout.exits
        stay = self.layout.at_risk - exits.sum(axis=-1)
        return np.concatenate([exits, stay[..., None]], axis=-1)

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        alpha = self.priors.alpha(self.layout.causes)
        return {f"{_NAME}_counts": self.counts, f"{_NAME}_alpha": alpha}

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        counts = data[f"{_NAME}_counts"]
        p = pm.Dirichlet(f"{_NAME}_probability", data[f"{_NAME}_alpha"], shape=self.counts.shape)
        pm.Potential(f"{_NAME}_likelihood", (counts * pt.log(p)).sum())

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        return _dirichlet(np.broadcast_to(self._alpha, self.counts.shape), n, rng)

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        return _dirichlet(self._alpha + self.counts, n, rng)

    def exact_incidence(self) -> Array:
        r"""Return the posterior mean of the cumulative incidence without draws.

        Periods are independent, so that
        :math:`E F_{kt} = \sum_{j \le t} E h_{kj} \prod_{i < j} E (1 - \sum_l h_{li})`.

        Returns
        -------
        numpy.ndarray
            Shape (arm, group, period, cause).
        """
        alpha = self._alpha + self.counts
        mean = {f"{_NAME}_probability": (alpha / alpha.sum(axis=-1, keepdims=True))[None]}
        return np.asarray(np.cumsum(self.endings(mean)[0], axis=2))

    def hazards(self, drawn: Parameters, part: slice, arm: int) -> Array:
        """Return the hazards of some draws in an arm (draw, pattern, period, cause)."""
        return drawn[f"{_NAME}_probability"][part, arm, ..., :-1]

    def endings(self, drawn: Parameters) -> Array:
        """Return probabilities of leaving, averaged over the patterns of each group."""
        p = drawn[f"{_NAME}_probability"]
        return average_endings(
            lambda part, arm: self.hazards(drawn, part, arm),
            len(p),
            self.layout.weights(),
            int(np.prod(p.shape[2:])),
        )

    @property
    def _alpha(self) -> Array:
        return self.priors.alpha(self.layout.causes)


def _dirichlet(alpha: Array, n: int, rng: np.random.Generator) -> dict[str, Array]:
    gamma = rng.standard_gamma(alpha, (n, *alpha.shape))
    return {f"{_NAME}_probability": gamma / gamma.sum(axis=-1, keepdims=True)}

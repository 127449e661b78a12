"""Rows of transition matrices over counts: their layout, and the conjugate model."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.effects.markov import Codes
from impactmodel.effects.predictor import Array, Parameters
from impactmodel.effects.transition_priors import DirichletRows
from impactmodel.evidence.state_cells import StateCells


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Movements by arm, group, band and origin, staying first.

    Parameters
    ----------
    counts
        (arm, group, band, origin, destination): destination 0 is the origin itself.
    origins
        Codes of the states that people leave.
    order
        State of each destination (origin, destination).
    """

    counts: Array
    origins: Codes
    order: Codes

    @classmethod
    def of(cls, cells: StateCells, bands: tuple[int, ...], design_effect: float = 1.0) -> Rows:
        """Sum the movements of each band, divided by the design effect."""
        total = cells.banded(bands) / design_effect
        states = np.arange(len(cells.states))
        origins = np.array(
            [s for s in states if cells.states[s] not in cells.absorbing], dtype=np.intp
        )
        order = np.array([[o, *np.delete(states, o)] for o in origins], dtype=np.intp)
        counts = total[:, :, :, origins[:, None], order]
        return cls(np.asarray(counts), origins, order)

    def matrices(self, rows: Array) -> Array:
        """Return transition matrices from rows (..., origin, destination), absorbing states in."""
        states = self.order.shape[1]
        out = np.broadcast_to(np.eye(states), (*rows.shape[:-2], states, states)).copy()
        out[..., self.origins[:, None], self.order] = rows
        return out


@dataclass(frozen=True, slots=True, eq=False)
class ConjugateRows:
    """Rows with Dirichlet priors: the posterior is Dirichlet too."""

    rows: Rows
    priors: DirichletRows

    @property
    def exact(self) -> str:
        """Empty: the posterior is exact."""
        return ""

    @property
    def alpha(self) -> Array:
        """Parameters of the prior of a row (destination)."""
        others = self.rows.counts.shape[-1] - 1
        share = np.array([self.priors.stay] + [(1 - self.priors.stay) / others] * others)
        return self.priors.months * share

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.rows.counts.shape

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.9

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        alpha = np.broadcast_to(self.alpha, self.rows.counts.shape)
        return {"row_counts": self.rows.counts, "row_alpha": alpha.copy()}

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        return (
            "transition probabilities of each arm and band are independent; every row has a "
            f"Dirichlet prior worth {self.priors.months:g} months with mean {self.priors.stay:g} "
            "for staying"
        )

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        row = pm.Dirichlet("row", a=data["row_alpha"], shape=self.rows.counts.shape)
        pm.Potential("row_likelihood", (data["row_counts"] * pt.log(row)).sum())

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the rows from their priors."""
        return {"row": dirichlet(np.broadcast_to(self.alpha, self.rows.counts.shape), n, rng)}

    def posterior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the rows from their Dirichlet posteriors."""
        return {"row": dirichlet(self.alpha + self.rows.counts, n, rng)}

    def matrices(self, drawn: Parameters) -> Array:
        """Return transition matrices (draw, arm, group, band, from, to)."""
        return self.rows.matrices(drawn["row"])


def dirichlet(alpha: Array, n: int, rng: np.random.Generator) -> Array:
    """Draw n times from Dirichlet distributions over the last dim (n, ...).

    Gammas of very small shape are drawn on the log scale, so that no row is all zero.
    """
    shape = (n, *alpha.shape)
    boosted = rng.standard_gamma(np.broadcast_to(alpha + 1.0, shape))
    log = np.log(boosted) + np.log(rng.random(shape)) / alpha
    log -= log.max(axis=-1, keepdims=True)
    out = np.exp(log)
    return np.asarray(out / out.sum(axis=-1, keepdims=True))

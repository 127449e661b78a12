"""The Bayesian bootstrap: the posterior of the distribution that people were drawn from.

With the limit of a Dirichlet process prior without prior people, the shares of the population that
are like each person seen are Dirichlet(1, ..., 1): independent exponential weights, scaled. Equal
people are one *atom* with a gamma weight, so that the cost depends on distinct people.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from impactmodel.evidence.cells import distinct

if TYPE_CHECKING:
    import xarray as xr

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]

_ELEMENTS = 4_000_000


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Atoms:
    """Distinct people: the cell they are in, what they did, and how many there are.

    Parameters
    ----------
    name
        Prefix of the weights in a model.
    outcomes
        Places of the outcomes in the evidence that these atoms hold.
    cell
        Cell of each atom, in ascending order; every cell has an atom.
    count
        People (atom).
    y
        Outcomes (atom, outcome).
    """

    name: str
    outcomes: tuple[int, ...]
    cell: Codes
    count: Array
    y: Array

    @classmethod
    def of(cls, name: str, outcomes: tuple[int, ...], cell: Codes, y: Array) -> Atoms:
        """Merge people (row) of one cell with equal outcomes."""
        keys, place = distinct(np.column_stack([cell, y]))
        count = np.bincount(place).astype(np.float64)
        return cls(name, outcomes, keys[:, 0].astype(np.intp), count, keys[:, 1:])

    @classmethod
    def of_counts(cls, name: str, outcome: int, events: Array, people: Array) -> Atoms:
        """Make the atoms of one yes-or-no outcome from counts in cells."""
        count = np.column_stack([people - events, events]).ravel()
        cell = np.repeat(np.arange(len(people)), 2)
        value = np.tile([0.0, 1.0], len(people))
        seen = count > 0
        return cls(name, (outcome,), cell[seen], count[seen], value[seen, None])

    def weights(self, n: int, rng: np.random.Generator) -> Iterator[Array]:
        """Draw n sets of weights (draw, atom) in blocks of bounded size."""
        block = max(1, _ELEMENTS // len(self.count))
        for start in range(0, n, block):
            yield rng.standard_gamma(self.count, (min(block, n - start), len(self.count)))

    def blocks(self, weights: Array) -> Iterator[Array]:
        """Split weights that are already drawn into blocks of bounded size."""
        block = max(1, _ELEMENTS // len(self.count))
        for start in range(0, len(weights), block):
            yield weights[start : start + block]

    def sums(self, weights: Array) -> tuple[Array, Array]:
        """Return the weight of each cell (draw, cell) and its outcomes (draw, cell, outcome)."""
        starts = np.unique(self.cell, return_index=True)[1]
        people = np.add.reduceat(weights, starts, axis=1)
        sums = np.stack(
            [np.add.reduceat(weights * column, starts, axis=1) for column in self.y.T], axis=-1
        )
        return people, sums


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Resampled:
    """The weights of some atoms as a part of a PyMC model, see `sampling.assemble`."""

    atoms: Atoms

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.atoms.name, len(self.atoms.count)

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.8

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads: numbers of equal people, no value of anyone."""
        return {f"{self.atoms.name}_count": self.atoms.count}

    def add(self, data: Mapping[str, Any]) -> None:
        """Add the gamma weights; scaled to sum to one they are Dirichlet."""
        import pymc as pm

        count = data[f"{self.atoms.name}_count"]
        pm.Gamma(f"{self.atoms.name}_weight", alpha=count, beta=1.0, shape=count.shape)

    def read(self, tree: xr.DataTree) -> Array:
        """Return the sampled weights (draw, atom), chains one after another."""
        values = tree["posterior"].dataset[f"{self.atoms.name}_weight"].values
        out: Array = values.reshape(-1, values.shape[-1])
        return out

"""Served and unserved people, laid out for a prediction of one from the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.calibration import HeldOut
from impactmodel.effects.sampling import Sampled
from impactmodel.evidence import Cells

type Array = npt.NDArray[np.float64]
type Parameters = Mapping[str, Array]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Served:
    """Cells of both arms with standardised covariates.

    Parameters
    ----------
    covariates, groups
        Names.
    x0, n0, group0
        Unserved: intercept and covariates standardised over them (cell, column), people, group.
    x1, n1, group1
        Served, in the same columns.
    """

    covariates: tuple[str, ...]
    groups: tuple[str, ...]
    x0: Array
    n0: Array
    group0: npt.NDArray[np.intp]
    x1: Array
    n1: Array
    group1: npt.NDArray[np.intp]

    @classmethod
    def of(cls, cells: Cells, covariates: tuple[str, ...]) -> Served:
        """Lay the cells out.

        Raises
        ------
        InputError
            If a covariate is the same for all unserved people, or a combination of others.
        """
        served = cells.treated
        z = cells.values[:, [cells.by.index(name) for name in covariates]]
        n0 = cells.n[~served]
        mean = n0 @ z[~served] / n0.sum()
        sd = np.sqrt(n0 @ (z[~served] - mean) ** 2 / n0.sum())
        flat = [name for name, value in zip(covariates, sd, strict=True) if not value > 0]
        if flat:
            raise InputError(
                "all unserved people have one value of this covariate, nothing can be learnt of it",
                key=flat[0],
                fix="leave it out",
            )
        x = np.column_stack([np.ones(len(z)), (z - mean) / sd])
        cross = (x[~served] * n0[:, None]).T @ x[~served] / n0.sum()
        if np.linalg.matrix_rank(cross, hermitian=True) < len(cross):
            raise InputError(
                "a covariate is a combination of the others",
                key="covariates",
                seen=", ".join(covariates),
                fix="leave one out",
            )
        return cls(
            covariates,
            cells.groups,
            x[~served],
            n0,
            cells.group[~served],
            x[served],
            cells.n[served],
            cells.group[served],
        )

    @property
    def size(self) -> Array:
        """Served people (group)."""
        return np.bincount(self.group1, self.n1, minlength=len(self.groups))

    def averages(self) -> Array:
        """Return weights (served cell, group) that average over the served of each group."""
        weights = np.zeros((len(self.n1), len(self.groups)))
        weights[np.arange(len(self.n1)), self.group1] = self.n1
        return weights / weights.sum(axis=0)


class PredictionModel(Sampled, Protocol):
    """A model of one outcome of the unserved that predicts it for the served."""

    @property
    def measure(self) -> OutcomeMeasure:
        """The outcome."""
        ...

    @property
    def why_not_exact(self) -> str:
        """Why there is no closed form; empty where there is one."""
        ...

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        ...

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        ...

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        ...

    def expected(self, drawn: Parameters) -> Array:
        """Return the mean of the served without the programme (draw, group)."""
        ...

    def realised(self, drawn: Parameters, rng: np.random.Generator) -> Array:
        """Return that mean with the residuals of these very people (draw, group)."""
        ...

    def spread(self, drawn: Parameters) -> Array:
        """Return the variance between the served without the programme (draw, group)."""
        ...

    def held_out(self) -> HeldOut:
        """Predict each unserved person without using that person."""
        ...


def flat(tree: Any) -> dict[str, Array]:
    """Return sampled parameters with chains one after another."""
    return {
        str(name): np.asarray(v.values.reshape(-1, *v.shape[2:]), dtype=float)
        for name, v in tree["posterior"].dataset.items()
    }

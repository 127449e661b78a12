"""Groups of people: known, or with a chance of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.evidence.columns import Labels

type Matrix = npt.NDArray[np.float64]
type Vector = npt.NDArray[np.float64]
type Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Membership:
    """How much each person belongs to each group: labels given, or chances of latent classes.

    Parameters
    ----------
    groups
        Names.
    weights
        Chance of each group (person, group); rows add up to 1.
    """

    groups: tuple[str, ...]
    weights: Matrix

    def __post_init__(self) -> None:
        if self.weights.ndim != 2 or self.weights.shape[1] != len(self.groups):
            raise InputError(
                "chances of groups have the shape (person, group)", seen=self.weights.shape
            )
        if (self.weights < 0).any() or np.abs(self.weights.sum(axis=1) - 1).max() > 1e-9:
            raise InputError("each person's chances of groups add up to 1", key="weights")

    @classmethod
    def of_codes(cls, code: Labels, groups: tuple[str, ...]) -> Membership:
        """Return the membership of people with one known group each.

        Examples
        --------
        >>> Membership.of_codes(np.array([0, 1]), ("A", "B")).weights.tolist()
        [[1.0, 0.0], [0.0, 1.0]]
        """
        if len(code) and not 0 <= code.min() <= code.max() < len(groups):
            raise InputError("a code has no group", key="code", fix="name every group")
        return cls(groups, np.eye(len(groups))[code])

    @property
    def code(self) -> Labels:
        """The likeliest group of each person: a shorthand that hides doubt."""
        return np.asarray(self.weights.argmax(axis=1), dtype=np.intp)

    @property
    def certainty(self) -> Vector:
        """Chance of the likeliest group of each person."""
        return np.asarray(self.weights.max(axis=1))

    @property
    def shares(self) -> Vector:
        """Share of each group, by chances."""
        return np.asarray(self.weights.mean(axis=0))

    def means(self, values: Vector) -> Vector:
        """Return the mean of a value (person) by group, weighted by chances; NaN left out."""
        known = ~np.isnan(values)
        weight = self.weights[known]
        return np.asarray(weight.T @ values[known] / weight.sum(axis=0))

    def take(self, rows: Mask | Labels) -> Membership:
        """Return the membership of some of the people."""
        return Membership(self.groups, self.weights[rows])

    def __repr__(self) -> str:
        return f"Membership({len(self.weights)} people; groups {', '.join(self.groups)})"

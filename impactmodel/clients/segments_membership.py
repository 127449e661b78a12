"""Groups of people, each with a probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.segments_em import Matrix, Vector
from impactmodel.evidence.columns import Labels


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Segments:
    """Groups of people, each with a probability.

    Parameters
    ----------
    labels
        Name by group.
    membership
        Probability (person, group); rows sum to one. Given groups have 0 and 1.
    """

    labels: tuple[str, ...]
    membership: Matrix

    @property
    def code(self) -> Labels:
        """The likeliest group of each person: a shorthand that hides doubt."""
        return np.asarray(self.membership.argmax(axis=1), dtype=np.intp)

    @property
    def certainty(self) -> Vector:
        """Probability of the likeliest group of each person."""
        return np.asarray(self.membership.max(axis=1))

    @property
    def shares(self) -> Vector:
        """Share of each group, by memberships."""
        return np.asarray(self.membership.mean(axis=0))

    def means(self, values: npt.NDArray[np.float64]) -> Vector:
        """Return the mean of a value (person) by group, weighted by membership; NaN left out."""
        known = ~np.isnan(values)
        weight = self.membership[known]
        return np.asarray(weight.T @ values[known] / weight.sum(axis=0))

    def __repr__(self) -> str:
        parts = [
            f"{label} {share:.1%}" for label, share in zip(self.labels, self.shares, strict=True)
        ]
        return f"Segments({len(self.membership)} people; {', '.join(parts)})"

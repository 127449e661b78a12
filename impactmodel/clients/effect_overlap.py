"""Overlap: whether everybody in a group could have had a service, or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import NotIdentifiedError
from impactmodel.effects.arm_scores import ArmScores

type Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Overlap:
    """Overlap by service (no service first) and group.

    Parameters
    ----------
    services, groups
        Names.
    threshold
        A chance of a service below this is outside.
    outside
        Share of the group's people whose chance of the service is outside (service, group).
    people
        People in the service (service, group), by chance of membership.
    effective
        Effective number of those people once weighted to stand for the whole group.
    """

    services: tuple[str, ...]
    groups: tuple[str, ...]
    threshold: float
    outside: Matrix
    people: Matrix
    effective: Matrix

    @classmethod
    def of(
        cls,
        made: ArmScores,
        weights: Matrix,
        services: tuple[str, ...],
        groups: tuple[str, ...],
        threshold: float,
    ) -> Overlap:
        r"""Measure overlap.

        The effective number is :math:`(\sum w)^2 / \sum w^2` over people in the service, with
        weights of membership over chance of the service.
        """
        size = weights.sum(axis=0)
        outside = (made.propensity < threshold).T @ weights / size
        got = np.eye(len(services))[made.arm]
        inverse = got / made.propensity
        total, squares = inverse.T @ weights, (inverse**2).T @ weights**2
        effective = np.where(squares > 0, total**2 / np.where(squares > 0, squares, 1.0), 0.0)
        return cls(services, groups, threshold, outside, got.T @ weights, effective)

    def require(self, tolerated: float) -> None:
        """Raise unless the share outside is tolerable in every service and group.

        Raises
        ------
        NotIdentifiedError
            Naming the services and groups without overlap, worst first.
        """
        bad = np.argwhere(self.outside > tolerated)
        if not len(bad):
            return
        worst = bad[np.argsort(-self.outside[tuple(bad.T)], kind="stable")]
        named = "; ".join(
            f"'{self.services[s]}' in group '{self.groups[g]}': {self.outside[s, g]:.0%} of people"
            for s, g in worst[:5]
        )
        more = f" and {len(worst) - 5} more" if len(worst) > 5 else ""
        raise NotIdentifiedError(
            f"no overlap: {named}{more} had a chance below {self.threshold:g}; nobody is there to "
            "compare them with: trim them, which changes whose effect it is, leave the service or "
            "group out, or let some places be drawn by lot"
        )

    def __repr__(self) -> str:
        return (
            f"Overlap({len(self.services)} services, {len(self.groups)} groups; at most "
            f"{self.outside.max():.1%} outside)"
        )

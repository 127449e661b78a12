"""What an estimate of effects reads: people with columns, services and an outcome, and groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.evidence.columns import Labels

type Matrix = npt.NDArray[np.float64]
type Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Served:
    """People with what decides on service and outcome, what they got, and what came.

    Parameters
    ----------
    x
        Columns known on the index date (person, column), without an intercept or gaps: everything
        that caseworkers went by and that also bears on the outcome.
    columns
        Their names.
    service
        Code into ``services`` (person).
    services
        Names, the one that means no service first.
    y
        Outcomes of 0 and 1 (person, outcome): one target, or employment in each month.
    outcomes
        Their names.
    clusters
        Up to two codes of people whose errors may hang together, such as the office and the month
        of entry, or the person where one has several rows.

    Raises
    ------
    InputError
        If shapes differ, a value is missing or not finite, an outcome is not 0 or 1, or a service
        has nobody.
    """

    x: Matrix
    columns: tuple[str, ...]
    service: Labels
    services: tuple[str, ...]
    y: Matrix
    outcomes: tuple[str, ...]
    clusters: tuple[Labels, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.service)
        shapes = {
            "x": (self.x.shape, (n, len(self.columns))),
            "y": (self.y.shape, (n, len(self.outcomes))),
        } | {f"clusters[{i}]": (c.shape, (n,)) for i, c in enumerate(self.clusters)}
        for key, (seen, wanted) in shapes.items():
            if seen != wanted:
                raise InputError("this has the wrong shape", key=key, seen=seen, fix=f"{wanted}")
        for key, values in (("x", self.x), ("y", self.y)):
            gaps = int((~np.isfinite(values)).any(axis=1).sum())
            if gaps:
                raise InputError(
                    f"{gaps} of {n} people have a gap",
                    key=key,
                    fix="encode gaps as a level; leave out people whose outcome is not known yet",
                )
        if not np.isin(self.y, (0.0, 1.0)).all():
            raise InputError("an outcome is 0 or 1", key="y")
        counts = np.bincount(self.service, minlength=len(self.services))
        if len(counts) != len(self.services) or (counts == 0).any():
            raise InputError(
                "a service has nobody, or a code has no service",
                key="service",
                seen=", ".join(f"{s} {c}" for s, c in zip(self.services, counts, strict=False)),
                fix="declare the services that people got, no service first",
            )
        if len(self.services) < 2:
            raise InputError("there is no service to compare with none", key="services")

    @property
    def size(self) -> int:
        """Number of people."""
        return len(self.service)

    def take(self, rows: Mask | Labels) -> Served:
        """Return some of the people."""
        return Served(
            self.x[rows],
            self.columns,
            self.service[rows],
            self.services,
            self.y[rows],
            self.outcomes,
            tuple(code[rows] for code in self.clusters),
        )

    def __repr__(self) -> str:
        return (
            f"Served({self.size} people; {len(self.columns)} columns; services "
            f"{', '.join(self.services)}; outcomes {', '.join(self.outcomes)})"
        )

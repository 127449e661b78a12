"""Types of clients that an allocation cannot tell apart, and what each gains from each service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.evidence.columns import Labels

type Values = npt.NDArray[np.float64]
type Mask = npt.NDArray[np.bool_]
type Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ClientTypes:
    """Types of clients; a type may be a single person.

    Parameters
    ----------
    services
        Names, without the one that means none.
    size
        People of each type.
    gain
        What one person of a type gains from a service (draw, type, service): points of a chance,
        or money.
    marks
        Groups that floors and the frontier speak of, by name (type).
    eligible
        Who may have what (type, service).

    Raises
    ------
    InputError
        If shapes differ, a gain is not finite, or a size is negative.
    """

    services: tuple[str, ...]
    size: Counts
    gain: Values
    marks: Mapping[str, Mask]
    eligible: Mask

    def __post_init__(self) -> None:
        shape = (len(self.size), len(self.services))
        if self.gain.ndim != 3 or self.gain.shape[1:] != shape or self.eligible.shape != shape:
            raise InputError(
                "gains have the shape (draw, type, service) and eligibility (type, service)",
                seen=f"{self.gain.shape} and {self.eligible.shape}",
            )
        if not np.isfinite(self.gain).all():
            raise InputError("a gain is not finite", key="gain")
        if (self.size < 0).any():
            raise InputError("a type has fewer than 0 people", key="size")
        for name, mark in self.marks.items():
            if mark.shape != (shape[0],):
                raise InputError("a mark says yes or no for every type", key=name, seen=mark.shape)

    @classmethod
    def of(
        cls,
        services: tuple[str, ...],
        size: npt.ArrayLike,
        gain: npt.ArrayLike,
        marks: Mapping[str, Mask] | None = None,
        eligible: Mask | None = None,
    ) -> ClientTypes:
        """Make types; gains (type, service) are one draw, and all may have everything by default.

        Examples
        --------
        >>> made = ClientTypes.of(("course",), [3, 2], [[0.1], [0.2]])
        >>> made.gain.shape, bool(made.eligible.all())
        ((1, 2, 1), True)
        """
        values = np.asarray(gain, dtype=np.float64)
        values = values[None] if values.ndim == 2 else values
        whole = np.asarray(size)
        if not np.equal(np.mod(whole, 1), 0).all():
            raise InputError("a type has a whole number of people", key="size")
        people = whole.astype(np.int64)
        may = np.ones(values.shape[1:], dtype=bool) if eligible is None else eligible
        return cls(services, people, values, dict(marks or {}), may)

    @classmethod
    def of_people(
        cls,
        services: tuple[str, ...],
        gain: Values,
        marks: Mapping[str, Mask] | None = None,
        eligible: Mask | None = None,
    ) -> tuple[ClientTypes, Labels]:
        """Put people together who are alike in gain, marks and eligibility.

        Parameters
        ----------
        gain
            One draw or the mean (person, service).

        Returns
        -------
        tuple
            The types, and the type of each person: whoever shares one is told apart by lot.

        Examples
        --------
        >>> made, of = ClientTypes.of_people(("course",), np.array([[0.1], [0.2], [0.1]]))
        >>> made.size.tolist(), of.tolist()
        ([2, 1], [0, 1, 0])
        """
        marks = dict(marks or {})
        may = np.ones(gain.shape, dtype=bool) if eligible is None else eligible
        known = np.column_stack([gain, may, *(mark for mark in marks.values())])
        _, first, code = np.unique(known, axis=0, return_index=True, return_inverse=True)
        code = code.ravel()
        made = cls(
            services,
            np.bincount(code).astype(np.int64),
            gain[first][None],
            {name: mark[first] for name, mark in marks.items()},
            may[first],
        )
        return made, np.asarray(code, dtype=np.intp)

    @property
    def mean_gain(self) -> Values:
        """Mean over draws (type, service)."""
        return np.asarray(self.gain.mean(axis=0))

    @property
    def people(self) -> int:
        """People of all types."""
        return int(self.size.sum())

    def mark(self, name: str) -> Mask:
        """Return the types of a group; raise `InputError` if there is none of this name."""
        if name not in self.marks:
            raise InputError(
                "no such group", key="group", seen=name, fix=f"one of {', '.join(self.marks)}"
            )
        return self.marks[name]

    def __repr__(self) -> str:
        return (
            f"ClientTypes({self.people} people of {len(self.size)} types; services "
            f"{', '.join(self.services)}; groups {', '.join(self.marks) or 'none'})"
        )

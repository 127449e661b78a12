"""Clients: people with what was known of them on an index date, what they got and what came."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.clients.features import Category, Column, Feature, Flag, missing
from impactmodel.clients.target import Target
from impactmodel.core.errors import InputError, Problem
from impactmodel.core.spec import spec
from impactmodel.evidence.columns import Labels, Table, frozen, require_unique

type Matrix = npt.NDArray[np.float64]
type Mask = npt.NDArray[np.bool_]


@spec
class ClientTable:
    """A declared table of clients: a row is a person at an index date.

    Only what is declared is read. The table must hold no identifier: none is kept.

    Parameters
    ----------
    index
        Column of the index date, on which every feature must be known.
    features
        By name.
    protected
        Features, such as sex, origin or health, that calibrate and audit but do not rank unless
        a legal ground is stated where they would.
    service
        Column of the service that began on the index date; empty where none is recorded.
    services
        Its values, the one that means no service first.
    """

    index: str
    features: dict[str, Feature]
    protected: tuple[str, ...] = ()
    service: str = ""
    services: tuple[str, ...] = ("none",)

    def __post_init__(self) -> None:
        if not self.features:
            raise InputError("no feature is declared", key="features", fix="declare at least one")
        require_unique([*self.protected], "the protected feature")
        unknown = sorted(set(self.protected) - set(self.features))
        if unknown:
            raise InputError(
                "a protected feature is not declared",
                key="protected",
                seen=unknown[0],
                fix="declare it under 'features'",
            )
        require_unique([*self.services], "the service")
        if self.service and len(self.services) < 2:
            raise InputError(
                "a column of services needs their names",
                key="services",
                fix="list them, the one that means no service first",
            )

    def column_of(self, name: str) -> str:
        """Return the column of a feature."""
        return self.features[name].column or name

    def read(self, table: object, targets: Sequence[Target]) -> Clients:
        """Read clients from a pandas, polars or pyarrow table.

        Parameters
        ----------
        table
            A row per person and index date.
        targets
            What is anticipated; each is a column of 0, 1 and gaps.

        Raises
        ------
        InputError
            For a missing column, a value that does not fit, a gap that is not allowed, or a
            feature that was recorded after the index date. Counts are named, never a value.
        """
        data = Table.of(table)
        require_unique([t.name for t in targets], "the target")
        codes = [self.service] if self.service else []
        dates = [f.recorded for f in self.features.values() if f.recorded]
        columns = [self.column_of(name) for name in self.features]
        gaps = [t.name for t in targets] + columns
        data.require([self.index, *columns, *dates, *codes, *(t.name for t in targets)], gaps=gaps)
        index = data.days(self.index)
        values = self._features(data, index)
        return Clients(
            table=self,
            targets=tuple(targets),
            index=frozen(index),
            values=values,
            service=self._services(data),
            y=frozen(np.column_stack([_target(data, t) for t in targets]))
            if targets
            else frozen(np.empty((len(data), 0))),
        )

    def _features(self, data: Table, index: npt.NDArray[np.datetime64]) -> dict[str, Column]:
        problems: list[Problem] = []
        found: dict[str, Column] = {}
        for name, feature in self.features.items():
            column = self.column_of(name)
            try:
                found[name] = feature.read(data.frame[column], column)
            except InputError as error:
                problems += error.problems
                continue
            absent = int(missing(feature, found[name]).sum())
            if absent and not feature.gaps:
                text = f"{absent} of {len(index)} values are missing"
                problems.append(Problem(text, "declare 'gaps: true', or fill them", key=column))
            late = int((data.days(feature.recorded) > index).sum()) if feature.recorded else 0
            if late:
                text = f"recorded after the index date for {late} of {len(index)} people"
                problems.append(Problem(text, "use what was known on the day", key=column))
        if problems:
            raise InputError.of(problems)
        return found

    def _services(self, data: Table) -> Labels:
        if not self.service:
            return frozen(np.zeros(len(data), dtype=np.intp))
        codes = Category(self.services).read(data.frame[self.service], self.service)
        return frozen(codes.astype(np.intp))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Clients:
    """Clients of a declared table; made by `ClientTable.read`. It holds no identifier.

    Parameters
    ----------
    table, targets
        What was declared.
    index
        Index date (person).
    values
        By feature (person): float64 with NaN, or codes into the levels of a category with -1.
    service
        Code into ``table.services`` (person); 0 is no service.
    y
        Targets (person, target): 1, 0, or NaN where it is not known.
    """

    table: ClientTable
    targets: tuple[Target, ...]
    index: npt.NDArray[np.datetime64]
    values: Mapping[str, Column]
    service: Labels
    y: Matrix

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.index)

    def target(self, name: str) -> npt.NDArray[np.float64]:
        """Return one target (person).

        Raises
        ------
        InputError
            If it was not read.
        """
        names = [t.name for t in self.targets]
        if name not in names:
            raise InputError(
                "no target has this name", key="target", seen=name, fix=f"one of {', '.join(names)}"
            )
        column: npt.NDArray[np.float64] = self.y[:, names.index(name)]
        return column

    def take(self, rows: Mask | Labels) -> Clients:
        """Return some of the rows, by a mask or by places."""
        return dataclasses.replace(
            self,
            index=frozen(self.index[rows]),
            values={name: frozen(values[rows]) for name, values in self.values.items()},
            service=frozen(self.service[rows]),
            y=frozen(self.y[rows]),
        )

    def before(self, day: dt.date) -> Clients:
        """Return those whose index date comes before a day: what a model is fitted to."""
        return self.take(self.index < np.datetime64(day))

    def since(self, day: dt.date) -> Clients:
        """Return those whose index date is that day or later: what calibrates it."""
        return self.take(self.index >= np.datetime64(day))

    def labels(self, name: str) -> tuple[Labels, tuple[str, ...]]:
        """Return codes and labels of a category or flag; ``missing`` comes last where it occurs.

        Raises
        ------
        InputError
            If the feature is not declared, or is a number.
        """
        feature: Any = self.table.features.get(name)
        if feature is None or feature.type == "number":
            raise InputError(
                "this is no declared category or flag", key="feature", seen=name, fix="declare it"
            )
        values = self.values[name]
        absent = missing(feature, values)
        names = feature.levels if isinstance(feature, Category) else ("no", "yes")
        codes = np.where(absent, len(names), np.where(absent, 0, values)).astype(np.intp)
        return frozen(codes), (*names, "missing") if absent.any() else tuple(names)

    def __repr__(self) -> str:
        parts = [
            f"{self.size} people",
            "features " + ", ".join(self.table.features),
            "targets " + ", ".join(t.name for t in self.targets),
        ]
        if self.table.service:
            parts.append("services " + ", ".join(self.table.services))
        return f"Clients({'; '.join(parts)})"


def _target(data: Table, target: Target) -> npt.NDArray[np.float64]:
    return Flag(gaps=True).read(data.frame[target.name], target.name)

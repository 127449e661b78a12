"""A panel: units followed over periods, of which some start treatment, validated once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.evidence.cohort import Covariate
from impactmodel.evidence.columns import Labels, Table, Vector, frozen, require_unique
from impactmodel.evidence.panel_columns import Clock, constant, panel_outcome, switched_on

type Cube = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Panel:
    """Units over periods with their outcomes, read by `Panel.from_frame`.

    Parameters
    ----------
    outcomes
        What is measured, in the order of the last axis of ``y``.
    covariates
        Names along the last axis of ``x``.
    units
        Labels, sorted; they may name persons and are never shown.
    groups
        Labels of the groups of units; ``("all",)`` without any.
    periods
        The periods, in order.
    y, x
        Outcomes (unit, period, outcome) and covariates (unit, period, covariate). NaN where an
        unbalanced panel has no row.
    start
        Place of each unit's first treated period (unit): 0 is the first period, negative is
        before it, ``count`` or more is after the last, infinity is never.
    group
        Code into ``groups`` (unit).
    weights
        Size of each unit (unit), such as its people; 1 where none is given.

    All arrays are read-only.
    """

    outcomes: tuple[OutcomeMeasure, ...]
    covariates: tuple[str, ...]
    units: tuple[str, ...]
    groups: tuple[str, ...]
    periods: Periods
    y: Cube
    x: Cube
    start: Vector
    group: Labels
    weights: Vector

    @classmethod
    def from_frame(  # noqa: PLR0913  the columns of a panel
        cls,
        table: object,
        *,
        unit: str,
        period: str,
        outcomes: Sequence[OutcomeMeasure],
        start: str | None = None,
        treatment: str | None = None,
        covariates: Sequence[str | Covariate] = (),
        group: str | None = None,
        weights: str | None = None,
        periods: Periods | None = None,
        unbalanced: bool = False,
    ) -> Panel:
        """Read a panel from a table with one row per unit and period.

        Parameters
        ----------
        table
            A pandas, polars or pyarrow table.
        unit, period
            Columns of the unit and of the period: dates, calendar years or other whole numbers
            that count periods.
        outcomes
            The outcome columns; a binary one holds 0, 1 or a share of the unit's people, only an
            index may be negative.
        start
            Column of the first treated period of the unit, written as in ``period``; missing
            where it is never treated.
        treatment
            Instead of ``start``: column of 0 and 1 by row, 1 from the first treated period on.
        covariates
            A name is measured in each row's period. `Covariate` with its day of measurement does
            not change within a unit, and may not be measured after the unit's start.
        group, weights
            Columns of the unit's group and of its size; both constant within the unit.
        periods
            What the periods are. None: ``period`` holds calendar years.
        unbalanced
            Whether some units may lack some periods.

        Raises
        ------
        InputError
            For a column that is missing or has missing, infinite or non-numeric values, two rows
            of one unit and period, a missing row (unless ``unbalanced``), a start that changes,
            treatment that switches off, or a covariate measured after the start. Counts and
            columns are named, never a unit.

        Examples
        --------
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"county": ["a", "a", "b", "b"], "year": [2020, 2021] * 2,
        ...     "first": [2021, 2021, None, None], "jobs": [10.0, 12.0, 9.0, 10.0]})
        >>> panel = Panel.from_frame(rows, unit="county", period="year", start="first",
        ...     outcomes=[OutcomeMeasure("jobs", kind="count")])
        >>> panel
        Panel(2 units over 2 periods, 1 treated and 1 never, outcomes jobs)
        >>> panel.start.tolist(), panel.y[:, :, 0].tolist()
        ([1.0, inf], [[10.0, 12.0], [9.0, 10.0]])
        """
        if (start is None) == (treatment is None):
            raise InputError("give either start or treatment", key="start")
        if not outcomes:
            raise InputError("there is no outcome", key="outcomes", fix="name at least one")
        given = [Covariate(c) if isinstance(c, str) else c for c in covariates]
        plain = [unit, period, *(o.name for o in outcomes), *(c.name for c in given)]
        plain += [name for name in (treatment, group, weights) if name]
        data = _checked(table, plain, start, given)
        rows = _Rows.of(data, unit, period, periods, unbalanced=unbalanced)
        begin = rows.start_of(data, start) if start else rows.first_treated(data, str(treatment))
        codes, labels = data.labels(group) if group else (np.zeros(len(data), np.intp), ("all",))
        size = _sizes(data, weights)
        count = len(rows.units)
        return cls(
            outcomes=tuple(outcomes),
            covariates=tuple(c.name for c in given),
            units=rows.units,
            groups=labels,
            periods=rows.clock.periods,
            y=frozen(rows.cube([panel_outcome(data, o) for o in outcomes])),
            x=frozen(rows.cube(_covariates(data, given, rows, begin))),
            start=frozen(begin),
            group=frozen(constant(codes, rows.unit, count, group or "")),
            weights=frozen(constant(size, rows.unit, count, weights or "")),
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """A short name of each period: the year, the month, or its first day."""
        form = {"year": "%Y", "month": "%Y-%m"}.get(self.periods.step, "%Y-%m-%d")
        return tuple(first.strftime(form) for first, _ in self.periods.bounds())

    @property
    def treated(self) -> npt.NDArray[np.bool_]:
        """Whether each unit is treated in each period (unit, period)."""
        return np.arange(self.periods.count) >= self.start[:, None]

    @property
    def never(self) -> npt.NDArray[np.bool_]:
        """Whether each unit is never treated (unit)."""
        return np.isinf(self.start)

    @property
    def balanced(self) -> bool:
        """Whether every unit has every period."""
        return not bool(np.isnan(self.y).any())

    def require_never_treated(self) -> None:
        """Raise if a unit that is untreated in all these periods is known to start later."""
        late = int(np.count_nonzero(~self.never & (self.start >= self.periods.count)))
        if late:
            raise InputError(
                f"{late} units that would be controls start treatment after the last period",
                key="start",
                fix="leave them out, or use a design that takes units not treated yet as controls",
            )

    def __repr__(self) -> str:
        treated = int(np.count_nonzero(self.start < self.periods.count))
        later = len(self.units) - treated - int(self.never.sum())
        parts = [
            f"{len(self.units)} units over {self.periods.count} periods",
            f"{treated} treated and {int(self.never.sum())} never",
        ]
        parts += [f"{later} later"] if later else []
        parts.append("outcomes " + ", ".join(o.name for o in self.outcomes))
        parts += ["covariates " + ", ".join(self.covariates)] if self.covariates else []
        parts += [f"{len(self.groups)} groups"] if len(self.groups) > 1 else []
        parts += [] if self.balanced else ["unbalanced"]
        return f"Panel({', '.join(parts)})"


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Where each row of the table stands: its unit and its period."""

    units: tuple[str, ...]
    clock: Clock
    unit: Labels
    period: Labels

    @classmethod
    def of(
        cls, data: Table, unit: str, period: str, periods: Periods | None, *, unbalanced: bool
    ) -> _Rows:
        clock = Clock.of(data, period, periods)
        place = clock.places(data.frame[period], period)
        outside = int(np.count_nonzero((place < 0) | (place >= clock.periods.count)))
        if outside:
            raise InputError(
                f"{outside} of {len(data)} rows lie outside the periods",
                key=period,
                fix="drop them",
            )
        codes, units = data.labels(unit)
        cell = codes * clock.periods.count + place.astype(np.intp)
        twice = len(cell) - len(np.unique(cell))
        if twice:
            raise InputError(
                f"{twice} rows repeat a unit and period",
                key=unit,
                fix="give one row per unit and period",
            )
        lacking = len(units) * clock.periods.count - len(cell)
        if lacking and not unbalanced:
            raise InputError(
                f"{lacking} of {len(units) * clock.periods.count} unit-periods have no row",
                key="unbalanced",
                fix="add them, leave the units out, or pass unbalanced=True",
            )
        return cls(units, clock, codes, place.astype(np.intp))

    def start_of(self, data: Table, name: str) -> Vector:
        if name not in data.frame.columns:
            data.require([name])
        place = self.clock.places(data.frame[name], name)
        return constant(place, self.unit, len(self.units), name)

    def first_treated(self, data: Table, name: str) -> Vector:
        treated = data.zero_one(name, "the treatment")
        return switched_on(treated, self.unit, self.period, len(self.units), name)

    def cube(self, columns: Sequence[Vector]) -> Cube:
        out = np.full((len(self.units), self.clock.periods.count, len(columns)), np.nan)
        for i, column in enumerate(columns):
            out[self.unit, self.period, i] = column
        return out


def _checked(
    table: object, columns: list[str], start: str | None, given: Sequence[Covariate]
) -> Table:
    """Return the table if it has all columns without gaps; the start may have gaps."""
    require_unique([*columns, *([start] if start else [])], "the column")
    data = Table.of(table)
    dated = {c.measured_at for c in given if isinstance(c.measured_at, str)}
    data.require([*columns, *sorted(dated)])
    return data


def _sizes(data: Table, weights: str | None) -> Vector:
    size = data.numbers(weights) if weights else np.ones(len(data))
    if (size <= 0).any():
        raise InputError("a weight must be above 0", key=weights or "", fix="drop such units")
    return size


def _covariates(
    data: Table, given: Sequence[Covariate], rows: _Rows, start: Vector
) -> list[Vector]:
    """Return the columns; raise for those that are undated or measured after the start."""
    bounds = rows.clock.periods.bounds()
    columns, problems = [], []
    for c in given:
        values = data.numbers(c.name)
        columns.append(values)
        if c.measured_at is None:
            if len(bounds) > 1 and _still(values, rows):
                fix = "give Covariate(name, measured_at=...)"
                problems.append(Problem("it is not said when this was measured", fix, key=c.name))
            continue
        constant(values, rows.unit, len(rows.units), c.name)
        late = _measured_late(data, c.measured_at, rows, start)
        if late:
            text = f"measured after the start of treatment in {late} of {len(rows.units)} units"
            fix = "a covariate must be known before treatment starts"
            problems.append(Problem(text, fix, key=c.name))
    if problems:
        raise InputError.of(problems)
    return columns


def _still(values: Vector, rows: _Rows) -> bool:
    last = np.empty(len(rows.units))
    last[rows.unit] = values
    return bool((last[rows.unit] == values).all())


def _measured_late(data: Table, day: dt.date | str, rows: _Rows, start: Vector) -> int:
    """Count units whose covariate was measured after the first day of treatment."""
    bounds = rows.clock.periods.bounds()
    first = np.array([a for a, _ in bounds] + [dt.date.max], dtype="datetime64[D]")
    begins = first[np.clip(start, 0, len(bounds)).astype(np.intp)]
    seen = data.days(day) if isinstance(day, str) else np.datetime64(day)
    late = np.broadcast_to(seen > begins[rows.unit], len(data)) & (start < np.inf)[rows.unit]
    return len(np.unique(rows.unit[late]))

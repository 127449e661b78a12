"""A cohort: people, what was done and what was measured, validated once and then immutable."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.spec import spec
from impactmodel.evidence.cells import Cells, distinct
from impactmodel.evidence.columns import Labels, Table, Vector, frozen, require_unique
from impactmodel.evidence.repeated import Measured, RepeatedMeasure, in_columns

type Matrix = npt.NDArray[np.float64]


@spec
class Covariate:
    """A column known before the outcome, with the day on which it was measured.

    Parameters
    ----------
    name
        Its column.
    measured_at
        The day of measurement, the same for everybody, or the name of a column of days.

    Examples
    --------
    >>> Covariate("age", measured_at=dt.date(2019, 1, 1)).name
    'age'
    """

    name: str
    measured_at: dt.date | str | None = None


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Cohort:
    """People of two arms with their outcomes, read by `Cohort.from_frame`.

    Parameters
    ----------
    outcomes
        What is measured, in the order of the columns of ``y``; a repeated outcome once for each
        period, named by its column.
    covariates
        Names of the columns of ``x``.
    groups
        Labels of the sites or strata; ``("all",)`` without any.
    treated, group, y, x
        Arrays over people: arm (person), code into ``groups`` (person), outcomes
        (person, outcome) and covariates (person, covariate). All are read-only.
    repeated
        The outcomes and their columns where they were measured in several periods.
    """

    outcomes: tuple[OutcomeMeasure, ...]
    covariates: tuple[str, ...]
    groups: tuple[str, ...]
    treated: npt.NDArray[np.bool_]
    group: Labels
    y: Matrix
    x: Matrix
    repeated: tuple[RepeatedMeasure, ...] = ()

    @classmethod
    def from_frame(  # noqa: PLR0913  the columns of a table
        cls,
        table: object,
        *,
        treatment: str,
        outcomes: Sequence[Measured],
        covariates: Sequence[str | Covariate] = (),
        group: str | None = None,
        index_date: dt.date | str | None = None,
        missing_outcomes: bool = False,
    ) -> Cohort:
        """Read a cohort from a table with one row per person.

        Parameters
        ----------
        table
            A pandas, polars or pyarrow table.
        treatment
            Column of 0 (comparison) and 1 (assigned to the programme).
        outcomes
            The outcome columns; binary ones hold 0 and 1, only an index may be negative. An
            outcome in several periods is a `RepeatedMeasure`, with a column for each.
        covariates
            Columns to adjust for, as names or with their day of measurement.
        group
            Column of sites or strata.
        index_date
            Day of assignment, or its column. With it, every covariate must say when it was
            measured, and none may be measured after it.
        missing_outcomes
            Keep people whose outcome is not known; a design then has to say what it assumes of
            them. By default they are refused.

        Returns
        -------
        Cohort
            Every number is float64, whatever the width of the column.

        Raises
        ------
        InputError
            For a column that is missing or has missing, infinite, negative or non-numeric
            values, an arm without people, a constant covariate, or a covariate measured after
            assignment. Counts and columns are named, never a person's values.

        Examples
        --------
        >>> import pandas as pd
        >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "job": [1, 1, 0, 1]})
        >>> Cohort.from_frame(
        ...     people, treatment="treat", outcomes=[OutcomeMeasure("job", kind="binary")]
        ... )
        Cohort(4 people, 2 treated and 2 in comparison, outcomes job)
        """
        given = [Covariate(c) if isinstance(c, str) else c for c in covariates]
        measures, repeated = in_columns(outcomes)
        names = [treatment, *(o.name for o in measures), *(c.name for c in given)]
        require_unique([*names, *([group] if group else [])], "the column")
        if not outcomes:
            raise InputError("there is no outcome", key="outcomes", fix="name at least one")
        data = Table.of(table)
        wanted = [*names, *([group] if group else []), *_date_columns(given, index_date)]
        data.require(wanted, gaps=[o.name for o in measures] if missing_outcomes else ())
        treated = data.zero_one(treatment, "the treatment") == 1
        require_both_arms(treated, treatment)
        require_measured_before(data, given, index_date)
        codes, labels = data.labels(group) if group else (np.zeros(len(data), np.intp), ("all",))
        x = [_varying(data.numbers(c.name), c.name) for c in given]
        return cls(
            outcomes=measures,
            covariates=tuple(c.name for c in given),
            groups=labels,
            treated=frozen(treated),
            group=frozen(codes),
            y=frozen(np.column_stack([data.outcome(o, gaps=missing_outcomes) for o in measures])),
            x=frozen(np.column_stack(x) if x else np.empty((len(data), 0))),
            repeated=repeated,
        )

    @property
    def size(self) -> int:
        """Number of people in both arms."""
        return len(self.treated)

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Whether an outcome is not known (person, outcome)."""
        return np.isnan(self.y)

    def observed(self, *outcomes: str) -> Cohort:
        """Return the people whose outcomes of these names are known, with these outcomes only.

        Raises
        ------
        InputError
            If nobody in an arm has them.
        """
        at = [[o.name for o in self.outcomes].index(name) for name in outcomes]
        known = ~self.missing[:, at].any(axis=1)
        require_both_arms(self.treated[known], ", ".join(outcomes))
        return dataclasses.replace(
            self,
            outcomes=tuple(self.outcomes[i] for i in at),
            treated=frozen(self.treated[known]),
            group=frozen(self.group[known]),
            y=frozen(self.y[np.ix_(known, at)]),
            x=frozen(self.x[known]),
            repeated=(),
        )

    def only(self, group: str) -> Cohort:
        """Return the people of one group."""
        here = self.group == self.groups.index(group)
        return dataclasses.replace(
            self,
            groups=(group,),
            treated=frozen(self.treated[here]),
            group=frozen(np.zeros(int(here.sum()), dtype=np.intp)),
            y=frozen(self.y[here]),
            x=frozen(self.x[here]),
        )

    def cells(self, *, by: Sequence[str] = ()) -> Cells:
        """Aggregate to sufficient statistics by arm, group and the values of ``by``.

        Parameters
        ----------
        by
            Covariates that keep their values: people who agree on them, on arm and on group
            share a cell. The others are kept as sums and cross-products.

        Raises
        ------
        InputError
            If ``by`` names something that is not a covariate of the cohort.

        Examples
        --------
        >>> import pandas as pd
        >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "job": [1, 1, 0, 1]})
        >>> cohort = Cohort.from_frame(
        ...     people, treatment="treat", outcomes=[OutcomeMeasure("job", kind="binary")]
        ... )
        >>> cohort.cells().n.tolist(), cohort.cells().y_sum[:, 0].tolist()
        ([2.0, 2.0], [1.0, 2.0])
        """
        unknown = [name for name in by if name not in self.covariates]
        if unknown:
            raise InputError(
                "cells can only be made by covariates of the cohort",
                key="by",
                seen=unknown[0],
                fix=f"use {', '.join(self.covariates)}" if self.covariates else "leave it empty",
            )
        if self.missing.any():
            raise InputError(
                "people without a known outcome cannot be summed",
                key="outcomes",
                fix="take those whose outcome is known: cohort.observed(...)",
            )
        places = [self.covariates.index(name) for name in by]
        keys = np.column_stack([self.treated, self.group, self.x[:, places]])
        return _aggregate(self, keys, tuple(by))

    def __repr__(self) -> str:
        treated = int(self.treated.sum())
        parts = [
            f"{self.size} people, {treated} treated and {self.size - treated} in comparison",
            "outcomes " + ", ".join(o.name for o in self.outcomes),
        ]
        if self.covariates:
            parts.append("covariates " + ", ".join(self.covariates))
        if len(self.groups) > 1:
            parts.append(f"{len(self.groups)} groups")
        return f"Cohort({', '.join(parts)})"


def _date_columns(given: list[Covariate], index_date: dt.date | str | None) -> list[str]:
    asked = [index_date, *(c.measured_at for c in given)]
    return sorted({a for a in asked if isinstance(a, str)})


def require_both_arms(treated: npt.NDArray[np.bool_], name: str) -> None:
    """Raise `InputError` if nobody is treated or nobody is in comparison."""
    for arm, word in ((True, "treated"), (False, "in comparison")):
        if not (treated == arm).any():
            raise InputError(f"nobody is {word}", key=name, fix="both arms need people")


def _varying(values: Vector, name: str) -> Vector:
    if np.ptp(values) == 0:
        raise InputError("this covariate has one value only", key=name, fix="leave it out")
    return values


def require_measured_before(
    data: Table, given: list[Covariate], index_date: dt.date | str | None
) -> None:
    """Raise `InputError` if a covariate was measured after the index date, or it is not said."""
    if index_date is None:
        return
    start = data.days(index_date) if isinstance(index_date, str) else np.datetime64(index_date)
    problems = []
    for c in given:
        if c.measured_at is None:
            fix = "give Covariate(name, measured_at=...)"
            problems.append(Problem("it is not said when this was measured", fix, key=c.name))
            continue
        day = c.measured_at
        seen = data.days(day) if isinstance(day, str) else np.datetime64(day)
        late = int(np.count_nonzero(np.broadcast_to(seen > start, len(data))))
        if late:
            text = f"measured after assignment for {late} of {len(data)} people"
            fix = "a covariate must be known on the day of assignment"
            problems.append(Problem(text, fix, key=c.name))
    if problems:
        raise InputError.of(problems)


def _aggregate(people: Cohort, keys: Matrix, by: tuple[str, ...]) -> Cells:
    """Sum people over equal ``keys`` (person, [arm, group, values of ``by``])."""
    unique, where = distinct(keys)
    count = len(unique)
    y, x = people.y, people.x
    above = y > 0
    logs = np.log(np.where(above, y, 1.0))

    def total(columns: Matrix) -> Matrix:
        parts = [np.bincount(where, column, minlength=count) for column in columns.T]
        return frozen(np.column_stack(parts) if parts else np.empty((count, 0)))

    def products(left: Matrix, right: Matrix) -> Matrix:
        out = np.empty((count, left.shape[1], right.shape[1]))
        for i, column in enumerate(left.T):
            out[:, i, :] = total(column[:, None] * right)
        return frozen(out)

    return Cells(
        outcomes=people.outcomes,
        covariates=people.covariates,
        groups=people.groups,
        by=by,
        treated=frozen(unique[:, 0] == 1),
        group=frozen(unique[:, 1].astype(np.intp)),
        n=frozen(np.bincount(where, minlength=count).astype(np.float64)),
        y_sum=total(y),
        y_cross=products(y, y),
        positive=total(above.astype(np.float64)),
        log_sum=total(logs),
        x_sum=total(x),
        x_cross=products(x, x),
        xy=products(x, y),
        repeated=people.repeated,
    )

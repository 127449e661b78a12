"""Spells: how long each person took until an exit, or was observed without one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import spec
from impactmodel.evidence.cells import distinct
from impactmodel.evidence.cohort import Covariate, require_both_arms, require_measured_before
from impactmodel.evidence.columns import Labels, Table, Vector, frozen, require_unique
from impactmodel.evidence.spell_cells import SpellCells

type Matrix = npt.NDArray[np.float64]

# More values than this and a covariate has to be put into bins: a stratum needs people.
_MOST_VALUES = 50


@spec
class SpellColumns:
    """The columns of a table of spells, one row per person.

    Parameters
    ----------
    treatment
        Column of 0 (comparison) and 1 (treated), decided when the clock starts.
    time
        Column of the time from the start to the exit or to the end of observation, in periods.
        An exit at 4.2 is in the fifth period; who is censored at 4.2 was seen for four.
    exit
        Column of the cause of the exit, or of the label of the censored.
    group
        Column of sites or strata that may have levels and effects of their own.
    covariates
        Numeric columns of few values to adjust for, as `Covariate`.
    start
        Day on which time starts to count, or its column. With it every covariate must say when it
        was measured, and none may be measured later.
    treated_at
        Column of the day on which treatment began, missing for those who never had it; needs
        ``start``. Nobody may be treated after the start: a treated person cannot leave before
        being treated (immortal time).
    follow_up
        Column of how long each person could be observed, in periods.

    Examples
    --------
    >>> SpellColumns("treat", "weeks", "exit").group is None
    True
    """

    treatment: str
    time: str
    exit: str
    group: str | None = None
    covariates: tuple[Covariate, ...] = ()
    start: dt.date | str | None = None
    treated_at: str | None = None
    follow_up: str | None = None

    def __post_init__(self) -> None:
        require_unique(self.names(), "the column")
        if self.treated_at and self.start is None:
            raise InputError(
                "it is not said when time starts to count", key="start", fix="give a day or column"
            )

    def names(self) -> list[str]:
        """Return the columns that must be there and complete."""
        optional = [self.group, self.follow_up]
        dates = [self.start, *(c.measured_at for c in self.covariates)]
        return [
            *(self.treatment, self.time, self.exit),
            *(c.name for c in self.covariates),
            *(name for name in optional if name),
            *sorted({day for day in dates if isinstance(day, str)}),
        ]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Spells:
    """People of two arms, how long they were observed and how their spells ended.

    Read by `Spells.from_frame`; `Spells.cells` gives the counts that every fit reads.

    Parameters
    ----------
    periods
        The periods of follow-up, counted from each person's start.
    causes, groups, covariates
        Names.
    treated, group, stratum
        Arm, code into ``groups`` and code into the rows of ``x`` (person).
    x
        Values of the covariates (stratum, covariate).
    time
        Period of the exit, or number of periods seen without one (person).
    exit
        0 for the censored, otherwise 1 + the place among ``causes`` (person).
    """

    periods: Periods
    causes: tuple[str, ...]
    groups: tuple[str, ...]
    covariates: tuple[str, ...]
    treated: npt.NDArray[np.bool_]
    group: Labels
    stratum: Labels
    x: Matrix
    time: npt.NDArray[np.int32]
    exit: npt.NDArray[np.int32]

    @classmethod
    def from_frame(
        cls,
        table: object,
        columns: SpellColumns,
        *,
        causes: tuple[str, ...],
        periods: Periods,
        censored: str = "censored",
    ) -> Spells:
        """Read spells from a table with one row per person.

        Parameters
        ----------
        table
            A pandas, polars or pyarrow table.
        columns
            Which column holds what.
        causes
            Every cause of exit, as it stands in the column; numbers are written as text.
        periods
            Length of a period and, as ``count``, the follow-up.
        censored
            What stands in the column of causes for people who were not seen to leave.

        Raises
        ------
        InputError
            For missing or negative times, an exit at time 0, times beyond the follow-up, an
            unknown cause, an arm without people, a covariate of many values, and people who were
            treated after their time started to count (immortal time). Counts are named, never a
            person's values.

        Examples
        --------
        >>> import pandas as pd
        >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "weeks": [1, 3, 2, 3],
        ...     "exit": ["job", "censored", "job", "job"]})
        >>> weeks = Periods(dt.date(2024, 1, 1), "week", 3)
        >>> columns = SpellColumns("treat", "weeks", "exit")
        >>> Spells.from_frame(people, columns, causes=("job",), periods=weeks)
        Spells(4 people, 2 treated and 2 in comparison, 3 periods, exits job 3, censored 1)
        """
        require_unique([*causes, censored], "the cause")
        if periods.clock != "since_start":
            raise InputError(
                "spells count from each person's start", key="periods.clock", seen=periods.clock
            )
        data = Table.of(table)
        data.require([*columns.names(), *([columns.treated_at] if columns.treated_at else [])],
                     gaps=[columns.treated_at] if columns.treated_at else ())  # fmt: skip
        treated = data.zero_one(columns.treatment, "the treatment") == 1
        require_both_arms(treated, columns.treatment)
        require_measured_before(data, list(columns.covariates), columns.start)
        _refuse_immortal_time(data, columns, treated)
        exits = _exits(data, columns.exit, causes, censored)
        group, groups = data.labels(columns.group) if columns.group else (None, ("all",))
        stratum, x = _strata(data, columns.covariates)
        return cls(
            periods=periods,
            causes=causes,
            groups=groups,
            covariates=tuple(c.name for c in columns.covariates),
            treated=frozen(treated),
            group=frozen(np.zeros(len(data), np.intp)) if group is None else group,
            stratum=frozen(stratum),
            x=frozen(x),
            time=frozen(_times(data, columns, exits, periods.count)),
            exit=frozen(exits),
        )

    @property
    def size(self) -> int:
        """Number of people in both arms."""
        return len(self.treated)

    def cells(self) -> SpellCells:
        """Count who is at risk, leaves and is censored by arm, group, stratum and period.

        Examples
        --------
        >>> import pandas as pd
        >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "weeks": [1, 3, 2, 3],
        ...     "exit": ["job", "censored", "job", "job"]})
        >>> weeks = Periods(dt.date(2024, 1, 1), "week", 3)
        >>> columns = SpellColumns("treat", "weeks", "exit")
        >>> cells = Spells.from_frame(people, columns, causes=("job",), periods=weeks).cells()
        >>> cells.at_risk.tolist()
        [[2.0, 2.0, 1.0], [2.0, 1.0, 1.0]]
        """
        groups, strata = len(self.groups), len(self.x)
        places, endings = self.periods.count + 1, len(self.causes) + 1
        code = self.stratum + strata * (self.group + groups * self.treated)
        code = (code * places + self.time) * endings + self.exit
        shape = (2 * groups * strata, places, endings)
        counts = np.bincount(code, minlength=int(np.prod(shape))).reshape(shape).astype(float)
        cell = np.arange(len(counts))
        kept = np.flatnonzero(counts.any(axis=(1, 2)))
        return SpellCells.of(
            periods=self.periods,
            names=(self.causes, self.groups, self.covariates),
            keys=(cell[kept] // strata // groups == 1, cell[kept] // strata % groups),
            x=self.x[cell[kept] % strata],
            leaving=counts[kept],
        )

    def __repr__(self) -> str:
        treated = int(self.treated.sum())
        count = np.bincount(self.exit, minlength=len(self.causes) + 1)
        ends = ", ".join(f"{c} {n}" for c, n in zip(self.causes, count[1:], strict=True))
        parts = [
            f"{self.size} people, {treated} treated and {self.size - treated} in comparison",
            f"{self.periods.count} periods, exits {ends}, censored {count[0]}",
        ]
        if self.covariates:
            parts.append("covariates " + ", ".join(self.covariates))
        if len(self.groups) > 1:
            parts.append(f"{len(self.groups)} groups")
        return f"Spells({', '.join(parts)})"


def _times(
    data: Table, columns: SpellColumns, exits: npt.NDArray[np.int32], count: int
) -> npt.NDArray[np.int32]:
    time, left, key = data.numbers(columns.time), exits > 0, columns.time
    most: Vector | float = data.numbers(columns.follow_up) if columns.follow_up else float(count)
    found = (
        ("durations are negative", time < 0, "check how the time was computed"),
        (
            "exits are at time 0, when nobody has been at risk",
            left & (time == 0),
            "count the first period as 1",
        ),
        (
            "exits come after the follow-up ends",
            left & (time > most),
            "an exit that could not be observed is censored at the end of follow-up",
        ),
        (
            f"times are beyond the {count} periods",
            time > count,
            "give periods that cover the follow-up",
        ),
    )
    problems = [
        Problem(f"{int(rows.sum())} of {len(time)} {what}", fix, key=key)
        for what, rows, fix in found
        if rows.any()
    ]
    if problems:
        raise InputError.of(problems)
    return np.where(left, np.ceil(time), np.floor(time)).astype(np.int32)


def _exits(data: Table, name: str, causes: tuple[str, ...], censored: str) -> npt.NDArray[np.int32]:
    column = data.frame[name]
    known = {label: code for code, label in enumerate((censored, *causes))}
    codes = np.zeros(len(data), dtype=np.int32)
    for value in column.unique().to_list():
        whole = isinstance(value, float) and value.is_integer()
        label = str(int(value)) if whole else str(value)
        if label not in known:
            raise InputError(
                "this is not a cause of exit",
                key=name,
                seen=label,
                fix=f"use {', '.join(known)}, or name it in causes",
            )
        codes[(column == value).to_numpy()] = known[label]
    return codes


def _strata(data: Table, covariates: tuple[Covariate, ...]) -> tuple[Labels, Matrix]:
    if not covariates:
        return np.zeros(len(data), np.intp), np.empty((1, 0))
    values = [data.numbers(c.name) for c in covariates]
    for c, column in zip(covariates, values, strict=True):
        found = len(np.unique(column))
        if found == 1:
            raise InputError("this covariate has one value only", key=c.name, fix="leave it out")
        if found > _MOST_VALUES:
            raise InputError(
                "a covariate of spells needs few values, so that strata have people",
                key=c.name,
                seen=f"{found} values",
                fix=f"put it into bins, {_MOST_VALUES} at most",
            )
    keys, code = distinct(np.column_stack(values))
    return code, keys


def _refuse_immortal_time(
    data: Table, columns: SpellColumns, treated: npt.NDArray[np.bool_]
) -> None:
    """Raise if a treated person had to stay to be treated, or a comparison person was treated."""
    if columns.treated_at is None or columns.start is None:
        return
    begun = _dates(data, columns.treated_at)
    start = columns.start
    since = data.days(start) if isinstance(start, str) else np.datetime64(start)
    known = ~np.isnat(begun)
    late, crossed = treated & known & (begun > since), ~treated & known
    unknown, problems = treated & ~known, []
    for rows, arm, what, fix in (
        (unknown, treated, "treated people have no day of treatment", "fill or drop these rows"),
        (
            late,
            treated,
            "treated people were treated after their time started to count: they could not leave "
            "before, which is immortal time and reads as an effect",
            "start the clock of both arms at the decision and compare the assigned, or use a "
            "design with states",
        ),
        (
            crossed,
            ~treated,
            "people in comparison were treated later",
            "censor them then, or compare the assigned and leave out treated_at",
        ),
    ):
        if rows.any():
            text = f"{int(rows.sum())} of {int(arm.sum())} {what}"
            problems.append(Problem(text, fix, key=columns.treated_at))
    if problems:
        raise InputError.of(problems)


def _dates(data: Table, name: str) -> npt.NDArray[np.datetime64]:
    """Return a column of dates with gaps as NaT."""
    gaps = data.frame[name].is_null().to_numpy()
    values = data.frame[name].to_list()
    if not all(gap or isinstance(v, dt.date) for gap, v in zip(gaps, values, strict=True)):
        raise InputError("this column has no dates", key=name, seen=str(data.frame[name].dtype))
    days = [
        np.datetime64("NaT", "D") if gap else v.date() if isinstance(v, dt.datetime) else v
        for gap, v in zip(gaps, values, strict=True)
    ]
    return np.array(days, dtype="datetime64[D]")

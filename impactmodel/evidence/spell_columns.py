"""The columns of a table of spells: what each one holds, and how it is read and refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.spec import spec
from impactmodel.evidence.cells import distinct
from impactmodel.evidence.cohort import Covariate
from impactmodel.evidence.columns import Labels, Table, Vector, require_unique

type Matrix = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.int32]

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


def read_times(data: Table, columns: SpellColumns, exits: Codes, count: int) -> Codes:
    """Return the period of each exit, or the periods seen without one."""
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


def read_exits(data: Table, name: str, causes: tuple[str, ...], censored: str) -> Codes:
    """Return 0 for the censored and 1 + the place of the cause for an exit."""
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


def read_strata(data: Table, covariates: tuple[Covariate, ...]) -> tuple[Labels, Matrix]:
    """Return the stratum of each person and the values of the covariates in each stratum."""
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


def refuse_immortal_time(
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

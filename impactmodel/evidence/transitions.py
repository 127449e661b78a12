"""Who was in which state in which month: histories of states, validated once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.evidence.columns import Labels, Table, frozen, require_unique
from impactmodel.evidence.panel_columns import constant
from impactmodel.evidence.state_cells import StateCells, cells_of, check_states

type Paths = npt.NDArray[np.int16]
type Step = Literal["month", "week"]

GONE = -1
"""Stands in a path after the last observed month."""
_LONGEST = 1200


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class StateHistories:
    """The state of each person in each month since the start, up to the last month observed.

    Read by `from_frame` from one row per person and month, or by `from_wide` from one row per
    person.

    Parameters
    ----------
    states
        Names of the states; every person is in exactly one of them in each month.
    absorbing
        States that nobody leaves, such as death or an old-age pension.
    groups
        Labels of the groups; ``("all",)`` without any.
    step
        ``month`` or ``week``: how long a step is. Documentation says month for either.
    treated, group
        Arm and code into ``groups`` (person).
    path
        Code into ``states`` (person, month), -1 after the last observed month. The first column is
        the first month since the start. After an absorbing state it is carried on.

    All arrays are read-only.
    """

    states: tuple[str, ...]
    absorbing: tuple[str, ...]
    groups: tuple[str, ...]
    step: Step
    treated: npt.NDArray[np.bool_]
    group: Labels
    path: Paths

    @classmethod
    def from_frame(  # noqa: PLR0913  the columns of a table of months
        cls,
        table: object,
        *,
        person: str,
        period: str,
        state: str,
        treatment: str,
        states: Sequence[str],
        absorbing: Sequence[str] = (),
        start: str | None = None,
        group: str | None = None,
        step: Step = "month",
    ) -> StateHistories:
        """Read histories from a table with one row per person and month.

        Parameters
        ----------
        table
            A pandas, polars or pyarrow table.
        person, period, state, treatment
            Columns of the person, of the month (dates of any day in it, or whole numbers that
            count months), of the state and of the arm (0 or 1, constant within the person).
        states, absorbing
            The states that occur, and those that nobody leaves.
        start
            Column of the first month of the person, written as ``period``. None: the first month
            with a row.
        group
            Column of the group, constant within the person.
        step
            ``month``, or ``week`` for weeks (dates of any day in a week from Monday).

        Raises
        ------
        InputError
            For months before the start, two rows of one person and month, a gap before the last
            month, a state that is not declared, a way out of an absorbing state, or an arm with
            nobody. Counts are named, never a person.

        Examples
        --------
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"id": [1, 1, 1, 2, 2], "month": [1, 2, 3, 1, 2],
        ...     "arm": [1, 1, 1, 0, 0], "state": ["out", "work", "work", "out", "out"]})
        >>> found = StateHistories.from_frame(rows, person="id", period="month", state="state",
        ...     treatment="arm", states=("work", "out"))
        >>> found
        StateHistories(1 treated and 1 in comparison over 3 months, states work, out; 1 not
            followed to the end)
        >>> found.path.tolist()
        [[1, 0, 0], [1, 1, -1]]
        """
        check_states(states, absorbing)
        needed = [person, period, state, treatment, *(c for c in (start, group) if c)]
        require_unique(needed, "the column")
        data = Table.of(table)
        data.require(needed)
        unit, people = data.labels(person)
        place = _months(data, period, step)
        first = np.full(len(people), np.iinfo(np.int64).max)
        np.minimum.at(first, unit, place)
        if start:
            first = constant(_months(data, start, step), unit, len(people), start)
        month = place - first[unit]
        _require_in_order(month, unit, len(people), (period, person))
        path = np.full((len(people), int(month.max()) + 1), GONE, dtype=np.int16)
        path[unit, month] = _codes(data, state, tuple(states))
        arm = data.zero_one(treatment, "the treatment")
        codes, labels = data.labels(group) if group else (np.zeros(len(data), np.intp), ("all",))
        return cls._checked(
            (tuple(states), tuple(absorbing), labels, step),
            constant(arm, unit, len(people), treatment) == 1,
            constant(codes, unit, len(people), group or ""),
            path,
            state,
        )

    @classmethod
    def from_wide(  # noqa: PLR0913  the columns of a table of people
        cls,
        table: object,
        columns: Sequence[str],
        *,
        treatment: str,
        states: Sequence[str],
        absorbing: Sequence[str] = (),
        group: str | None = None,
        step: Step = "month",
    ) -> StateHistories:
        """Read histories from a table with one row per person and one column per month.

        Parameters
        ----------
        columns
            Columns of the state, in order from the first month since the start; missing after the
            last month observed.
        treatment, states, absorbing, group, step
            As in `from_frame`.

        Raises
        ------
        InputError
            As `from_frame`.
        """
        check_states(states, absorbing)
        if not columns:
            raise InputError("there is no month", key="columns", fix="name at least two columns")
        require_unique([*columns, treatment, *([group] if group else [])], "the column")
        data = Table.of(table)
        data.require([*columns, treatment, *([group] if group else [])], gaps=columns)
        path = np.column_stack([_codes(data, name, tuple(states), gaps=True) for name in columns])
        gone = path == GONE
        holes = int(((gone[:, :-1] & ~gone[:, 1:]).any(axis=1) | gone[:, 0]).sum())
        if holes:
            raise InputError(
                f"{holes} of {len(path)} people lack a month before their last one",
                key="columns",
                fix="fill or leave out and say how; a history may only stop",
            )
        codes, labels = data.labels(group) if group else (np.zeros(len(data), np.intp), ("all",))
        return cls._checked(
            (tuple(states), tuple(absorbing), labels, step),
            data.zero_one(treatment, "the treatment") == 1,
            codes,
            path,
            columns[0],
        )

    @classmethod
    def _checked(
        cls,
        names: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], Step],
        treated: npt.NDArray[np.bool_],
        group: Labels,
        path: Paths,
        key: str,
    ) -> StateHistories:
        if path.shape[1] < 2:
            raise InputError("one month shows no movement", key=key, fix="give at least two months")
        if treated.all() or not treated.any():
            raise InputError("one arm has nobody", key="treatment", fix="give both arms")
        states, absorbing, groups, step = names
        for name in absorbing:
            code = states.index(name)
            reached = np.maximum.accumulate(path == code, axis=1)
            left = int((reached & (path != code) & (path != GONE)).any(axis=1).sum())
            if left:
                raise InputError(
                    f"{left} of {len(path)} people leave the absorbing state '{name}'",
                    key=key,
                    fix="leave it out of absorbing, or correct the months after it",
                )
            path = np.where(reached, np.int16(code), path)
        return cls(states, absorbing, groups, step, frozen(treated), frozen(group), frozen(path))

    @property
    def size(self) -> int:
        """Number of people in both arms."""
        return len(self.path)

    def cells(self) -> StateCells:
        """Return the counts that every model and check reads."""
        return cells_of(
            self.path,
            self.treated,
            self.group,
            (self.states, self.absorbing, self.groups),
            self.step,
        )

    def __repr__(self) -> str:
        treated = int(self.treated.sum())
        short = int((self.path[:, -1] == GONE).sum())
        parts = (
            f"{treated} treated and {self.size - treated} in comparison over "
            f"{self.path.shape[1]} {self.step}s, states {', '.join(self.states)}; "
            f"{short} not followed to the end"
        )
        more = f", {len(self.groups)} groups" if len(self.groups) > 1 else ""
        return f"StateHistories({parts}{more})"


def _months(data: Table, name: str, step: Step) -> npt.NDArray[np.int64]:
    """Return the running number of the month (or week) of each row."""
    if data.frame[name].dtype.is_numeric():
        numbers = data.numbers(name)
        if (numbers != np.floor(numbers)).any():
            raise InputError(f"numbers of {step}s are whole", key=name)
        return numbers.astype(np.int64)
    days = cast("list[dt.date]", data.days(name).tolist())
    if step == "week":
        return np.array([(day.toordinal() - 1) // 7 for day in days])
    return np.array([day.year * 12 + day.month for day in days])


def _require_in_order(
    month: npt.NDArray[np.int64], unit: Labels, people: int, names: tuple[str, str]
) -> None:
    early = int(np.count_nonzero(month < 0))
    if early:
        raise InputError(
            f"{early} of {len(month)} rows lie before the person's start",
            key=names[0],
            fix="leave them out: histories begin in the month of the start",
        )
    if int(month.max()) >= _LONGEST:
        raise InputError(
            f"histories are longer than {_LONGEST} steps",
            key=names[0],
            seen=int(month.max()) + 1,
            fix="give months as dates or as numbers that go up by one",
        )
    cell = unit * (int(month.max()) + 1) + month
    twice = len(cell) - len(np.unique(cell))
    if twice:
        raise InputError(
            f"{twice} rows repeat a person and month: nobody is in two states at once",
            key=names[1],
            fix="give one row per person and month",
        )
    last = np.full(people, -1, dtype=np.int64)
    np.maximum.at(last, unit, month)
    holes = int(np.count_nonzero(np.bincount(unit, minlength=people) != last + 1))
    if holes:
        raise InputError(
            f"{holes} of {people} people lack a month between their start and their last one",
            key=names[0],
            fix="fill or leave out and say how; a history may only stop",
        )


def _codes(data: Table, name: str, states: tuple[str, ...], *, gaps: bool = False) -> Paths:
    """Return the code of each row's state; raise for one that is not declared."""
    place = {state: code for code, state in enumerate(states)}
    values = data.frame[name].to_list()
    missing = [value is None or value != value for value in values]  # noqa: PLR0124  NaN
    codes = [
        GONE if gaps and gap else place.get(str(value), -2)
        for value, gap in zip(values, missing, strict=True)
    ]
    unknown = sum(code == -2 for code in codes)
    if unknown:
        raise InputError(
            f"{unknown} of {len(codes)} states are not declared",
            key=name,
            fix=f"declared are {', '.join(states)}",
        )
    return np.array(codes, dtype=np.int16)

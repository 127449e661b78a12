"""Counts of movements between states: all that models and checks of histories read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.evidence.columns import Labels, Table, frozen

if TYPE_CHECKING:
    import pandas as pd

type Array = npt.NDArray[np.float64]
type Names = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]

SPELLS = (1, 2, 3, 6, 12)
"""Shortest months in a state of each class of spell lengths."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class StateCells:
    """Counts of people by arm, group, month, state and next state.

    Made by `StateHistories.cells`, or read by `from_frame` from a table of counts. Arm 0 is
    treated, arm 1 is the comparison.

    Parameters
    ----------
    states, absorbing, groups, step
        As in `StateHistories`.
    initial
        People in each state in the first month (arm, group, state).
    counts
        Movements into month 1, 2, ... (arm, group, month - 1, from, to), staying included. People
        who are last seen in a month do not move on from it.
    pairs
        Movements by the state before (arm, group, previous, from, to); None where the source does
        not tell.
    spells
        Movements by months spent in the state so far, in classes from ``SPELLS``, of spells that
        began under observation (arm, group, class, from, to); None where not known.
    times
        People followed to the end, and their months in each state: number (arm, group), sums (arm,
        group, state) and sums of products (arm, group, state, state); None where not known.
    """

    states: tuple[str, ...]
    absorbing: tuple[str, ...]
    groups: tuple[str, ...]
    step: Literal["month", "week"]
    initial: Array
    counts: Array
    pairs: Array | None = None
    spells: Array | None = None
    times: tuple[Array, Array, Array] | None = None

    @classmethod
    def from_frame(
        cls,
        table: object,
        *,
        states: Sequence[str],
        absorbing: Sequence[str] = (),
        step: Literal["month", "week"] = "month",
        group: str | None = None,
    ) -> StateCells:
        """Read counts from a table such as `to_frame` writes.

        Parameters
        ----------
        table
            Columns ``treated`` (0 or 1), ``month`` (0 for the first month, otherwise the month
            moved into), ``from`` (empty in month 0), ``to`` and ``n``; optionally ``previous``,
            the state before ``from`` (empty in months 0 and 1).
        group
            Column of the group.

        Raises
        ------
        InputError
            If a state is not declared, a count is not a whole number of people, more people leave
            a state than were in it, or an arm has nobody.

        Examples
        --------
        >>> import pandas as pd
        >>> counts = pd.DataFrame({"treated": [1, 1, 0, 0], "month": [0, 1, 0, 1],
        ...     "from": ["", "out", "", "out"], "to": ["out", "work", "out", "out"],
        ...     "n": [10, 6, 9, 9]})
        >>> cells = StateCells.from_frame(counts, states=("work", "out"))
        >>> cells
        StateCells(10 treated and 9 in comparison over 2 months, states work, out)
        >>> cells.lost[0, 0].tolist()
        [[0.0, 4.0]]
        """
        check_states(states, absorbing)
        data = Table.of(table)
        asked = ["treated", "month", "from", "to", "n", *([group] if group else [])]
        data.require(asked, gaps=("from",))
        n, month = data.numbers("n"), data.numbers("month")
        for key, values in (("n", n), ("month", month)):
            if (values < 0).any() or (values != np.floor(values)).any():
                raise InputError("these are whole numbers of 0 or more", key=key)
        arm = 1 - data.zero_one("treated", "the treatment").astype(np.intp)
        codes, labels = data.labels(group) if group else (np.zeros(len(data), np.intp), ("all",))
        names = (tuple(states), tuple(absorbing), labels)
        end = month.astype(np.intp)
        to, begin = _state(data, "to", states, none=False), _state(data, "from", states)
        _require_rows(end, begin)
        shape = (2, len(labels), max(int(end.max()), 1), len(states), len(states))
        initial, counts = np.zeros(shape[:2] + shape[3:4]), np.zeros(shape)
        first = end == 0
        np.add.at(initial, (arm[first], codes[first], to[first]), n[first])
        later = tuple(v[~first] for v in (arm, codes, end - 1, begin, to))
        np.add.at(counts, later, n[~first])
        pairs = None
        if "previous" in data.frame.columns:
            previous = _state(data, "previous", states)
            known = previous >= 0
            pairs = np.zeros((*shape[:2], len(states), *shape[3:]))
            np.add.at(pairs, tuple(v[known] for v in (arm, codes, previous, begin, to)), n[known])
        made = cls(*names, step, frozen(initial), frozen(counts), pairs)
        made.require_possible()
        return made

    @property
    def months(self) -> int:
        """Months observed, the first one included."""
        return int(self.counts.shape[2]) + 1

    def banded(self, bands: Sequence[int]) -> Array:
        """Return movements summed over bands of months (arm, group, band, from, to).

        ``bands`` are the months from which a new band begins; the first begins in month 1.
        """
        return np.add.reduceat(self.counts, [0, *(month - 1 for month in bands)], axis=2)

    @property
    def people(self) -> Array:
        """People of each arm and group (arm, group)."""
        return np.asarray(self.initial.sum(axis=2))

    @property
    def seen(self) -> Array:
        """People seen in each state in each month (arm, group, month, state)."""
        return np.concatenate([self.initial[:, :, None], self.counts.sum(axis=3)], axis=2)

    @property
    def at_risk(self) -> Array:
        """People whose next month is known too (arm, group, month, state)."""
        return np.asarray(self.counts.sum(axis=4))

    @property
    def lost(self) -> Array:
        """People last seen in a month before the last one (arm, group, month, state)."""
        return np.asarray(self.seen[:, :, :-1] - self.at_risk)

    def ungrouped(self) -> StateCells:
        """Merge all groups into one named ``all``."""

        def merged(values: Array) -> Array:
            return frozen(values.sum(axis=1, keepdims=True))

        return StateCells(
            self.states,
            self.absorbing,
            ("all",),
            self.step,
            merged(self.initial),
            merged(self.counts),
            None if self.pairs is None else merged(self.pairs),
            None if self.spells is None else merged(self.spells),
            None if self.times is None else tuple(merged(v) for v in self.times),  # type: ignore[arg-type]
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the table that `from_frame` reads, without rows of nobody.

        The state before is left out. The table holds counts of people: apply the rules of
        disclosure control before it leaves a closed environment.
        """
        import pandas as pd

        rows: list[tuple[object, ...]] = []
        for a, g, s in np.argwhere(self.initial > 0):
            n = int(self.initial[a, g, s])
            rows.append((1 - a, self.groups[g], 0, "", self.states[s], n))
        for a, g, m, i, j in np.argwhere(self.counts > 0):
            n = int(self.counts[a, g, m, i, j])
            rows.append((1 - a, self.groups[g], m + 1, self.states[i], self.states[j], n))
        frame = pd.DataFrame(rows, columns=["treated", "group", "month", "from", "to", "n"])
        return frame if len(self.groups) > 1 else frame.drop(columns="group")

    def require_possible(self) -> None:
        """Raise if an arm has nobody, or more people move on from a state than were in it."""
        if (self.people.sum(axis=1) == 0).any():
            raise InputError("one arm has nobody", key="treated", fix="give both arms")
        if (self.lost < 0).any():
            arm, _, month, _ = (int(v) for v in np.argwhere(self.lost < 0)[0])
            raise InputError(
                "more people move on from a state than were in it",
                key="n",
                seen=f"{'treated' if arm == 0 else 'comparison'}, month {month}",
                fix="count everybody who is seen in the month moved into",
            )
        for name in self.absorbing:
            code = self.states.index(name)
            away = np.delete(self.counts[..., code, :], code, axis=-1).sum()
            if away > 0:
                raise InputError(
                    f"{away:g} people leave the absorbing state '{name}'", key="absorbing"
                )

    def __repr__(self) -> str:
        treated, compared = (int(n) for n in self.people.sum(axis=1))
        more = f", {len(self.groups)} groups" if len(self.groups) > 1 else ""
        return (
            f"StateCells({treated} treated and {compared} in comparison over {self.months} "
            f"{self.step}s, states {', '.join(self.states)}{more})"
        )


def check_states(states: Sequence[str], absorbing: Sequence[str]) -> None:
    """Raise unless there are two different states or more, some of which are not absorbing."""
    if len(set(states)) < 2 or len(set(states)) != len(states):
        raise InputError(
            "there must be two states or more, each named once",
            key="states",
            seen=", ".join(states),
        )
    unknown = [name for name in absorbing if name not in states]
    if unknown:
        raise InputError("this state is not declared", key="absorbing", seen=unknown[0])
    if len(set(absorbing)) == len(states):
        raise InputError("nobody leaves any state", key="absorbing", fix="leave one out")


def cells_of(
    path: npt.NDArray[np.int16],
    treated: npt.NDArray[np.bool_],
    group: Labels,
    names: Names,
    step: Literal["month", "week"],
) -> StateCells:
    """Count the movements of paths (person, month) whose code is negative after the last month."""
    states, groups = len(names[0]), len(names[2])
    arm = np.where(treated, 0, 1)
    initial = np.zeros((2, groups, states))
    np.add.at(initial, (arm, group, path[:, 0]), 1.0)
    counts = np.zeros((2, groups, path.shape[1] - 1, states, states))
    pairs = np.zeros((2, groups, states, states, states))
    spells = np.zeros((2, groups, len(SPELLS), states, states))
    length = np.full(len(path), -1)
    for month in range(1, path.shape[1]):
        on = path[:, month] >= 0
        place, moved = (arm[on], group[on]), (path[on, month - 1], path[on, month])
        np.add.at(counts[:, :, month - 1], (*place, *moved), 1.0)
        if month > 1:
            np.add.at(pairs, (*place, path[on, month - 2], *moved), 1.0)
        new = on & (length > 0)
        kind = np.searchsorted(SPELLS, length[new], side="right") - 1
        where = (arm[new], group[new], kind, path[new, month - 1], path[new, month])
        np.add.at(spells, where, 1.0)
        # A spell that began before the first month has an unknown length and stays at -1.
        changed = path[:, month] != path[:, month - 1]
        length = np.where(changed, 1, np.where(length > 0, length + 1, -1))
    return StateCells(
        names[0],
        names[1],
        names[2],
        step,
        frozen(initial),
        frozen(counts),
        frozen(pairs),
        frozen(spells),
        _times(path, (arm, group), (2, groups, states)),
    )


def _times(
    path: npt.NDArray[np.int16], place: tuple[Labels, Labels], size: tuple[int, int, int]
) -> tuple[Array, Array, Array]:
    """Return number of people seen to the end, and sums and products of their months by state."""
    whole = path[:, -1] >= 0
    time = (path[whole][:, :, None] == np.arange(size[2])).sum(axis=1).astype(float)
    number, sums, products = np.zeros(size[:2]), np.zeros(size), np.zeros((*size, size[2]))
    where = (place[0][whole], place[1][whole])
    np.add.at(number, where, 1.0)
    np.add.at(sums, where, time)
    np.add.at(products, where, time[:, :, None] * time[:, None, :])
    return frozen(number), frozen(sums), frozen(products)


def _state(data: Table, name: str, states: Sequence[str], *, none: bool = True) -> Labels:
    """Return codes of states; -1 where the text is empty."""
    place = {state: code for code, state in enumerate(states)}
    if none:
        place[""] = -1
    values = [
        "" if value is None or value != value else str(value)  # noqa: PLR0124  NaN
        for value in data.frame[name].to_list()
    ]
    unknown = sorted({value for value in values if value not in place})
    if unknown:
        raise InputError(
            "this state is not declared",
            key=name,
            seen=unknown[0] or "nothing written",
            fix=f"declared are {', '.join(states)}",
        )
    return np.array([place[value] for value in values], dtype=np.intp)


def _require_rows(month: Labels, begin: Labels) -> None:
    wrong = int(np.count_nonzero((month == 0) != (begin == -1)))
    if wrong:
        raise InputError(
            f"{wrong} rows: 'from' is empty in month 0 and in no other month", key="from"
        )

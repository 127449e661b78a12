"""What is anticipated about clients: an event within a horizon, and what else may end the wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

if TYPE_CHECKING:
    from collections.abc import Mapping

type Days = npt.NDArray[np.datetime64]
type Vector = npt.NDArray[np.float64]


@spec
class Target:
    """An event that a client reaches, or not, within a horizon after the index date.

    Parameters
    ----------
    name
        Column of the target, 0 or 1; empty where it is not known.
    event
        The state that is counted, in the words of its register.
    horizon_days
        Days after the index date that count.
    days_required
        Days in the state, in all, that make the event.
    competing
        Exits, such as retirement or death, after which the event cannot be reached: whoever leaves
        by one before has not reached it.

    Raises
    ------
    InputError
        If a count is below 1 or more days are required than the horizon has.

    Examples
    --------
    >>> Target("work", event="unsubsidised work", horizon_days=210, days_required=90).title
    'at least 90 days of unsubsidised work within 210 days'
    """

    name: str
    event: str
    horizon_days: int
    days_required: int = 1
    competing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in ("name", "event"):
            if not getattr(self, key).strip():
                raise InputError("this is not stated", key=key, fix="say what is anticipated")
        for key in ("horizon_days", "days_required"):
            if getattr(self, key) < 1:
                raise InputError("this is at least 1 day", key=key, seen=getattr(self, key))
        if self.days_required > self.horizon_days:
            raise InputError(
                "more days are required than the horizon has",
                key="days_required",
                seen=self.days_required,
                fix=f"at most {self.horizon_days}",
            )
        if self.event in self.competing:
            raise InputError("an exit cannot compete with itself", key="competing", seen=self.event)

    @property
    def title(self) -> str:
        """The event in words."""
        days = "1 day" if self.days_required == 1 else f"{self.days_required} days"
        return f"at least {days} of {self.event} within {self.horizon_days} days"

    def reached(
        self, index: Days, spells: Mapping[str, npt.NDArray[np.generic]], until: np.datetime64
    ) -> Vector:
        """Return 1 for reached, 0 for not, NaN where the follow-up ends before it is known.

        Parameters
        ----------
        index
            Index date of each person.
        spells
            Columns ``person`` (place in ``index``), ``state``, ``start`` and ``end`` (first and
            last day of a spell; an open one ends at ``until``); spells of a state do not overlap.
        until
            Last day on which everybody was followed.

        Examples
        --------
        Twenty days within the horizon, of which ten before a pension begins:

        >>> days = np.array(["2020-01-01"], "datetime64[D]")
        >>> spells = {
        ...     "person": np.array([0, 0]),
        ...     "state": np.array(["work", "pension"]),
        ...     "start": np.array(["2020-01-11", "2020-01-21"], "datetime64[D]"),
        ...     "end": np.array(["2020-01-30", "2020-12-31"], "datetime64[D]"),
        ... }
        >>> end = np.datetime64("2020-12-31")
        >>> Target("t", "work", 90, 20).reached(days, spells, end)
        array([1.])
        >>> Target("t", "work", 90, 20, ("pension",)).reached(days, spells, end)
        array([0.])
        """
        person = np.asarray(spells["person"], dtype=np.intp)
        state = np.asarray(spells["state"])
        start = np.asarray(spells["start"], dtype="datetime64[D]")
        end = np.minimum(np.asarray(spells["end"], dtype="datetime64[D]"), until)
        last = index + np.timedelta64(self.horizon_days, "D")
        gone = np.isin(state, self.competing) & (start > index[person])
        exits = np.full(len(index), np.datetime64("9999-12-31"))
        np.minimum.at(exits, person[gone], start[gone])
        stop = np.minimum(last, exits - np.timedelta64(1, "D"))
        counted = state == self.event
        who = person[counted]
        first = np.maximum(start[counted], index[who] + np.timedelta64(1, "D"))
        final = np.minimum(end[counted], stop[who])
        days = np.maximum((final - first).astype(np.int64) + 1, 0)
        total = np.bincount(who, days, minlength=len(index))
        reached: Vector = (total >= self.days_required).astype(np.float64)
        unknown = (reached == 0) & (np.minimum(last, exits) > until)
        reached[unknown] = np.nan
        return reached

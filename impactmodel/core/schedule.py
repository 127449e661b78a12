"""Time: regular periods on a calendar or since each person's start, and moves by months."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from itertools import pairwise
from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Step = Literal["day", "week", "month", "year"]
type Clock = Literal["calendar", "since_start"]


def add_months(day: dt.date, months: int) -> dt.date:
    """Move a date by months; a day that the month lacks becomes its last day.

    Examples
    --------
    >>> add_months(dt.date(2024, 1, 31), 1)
    datetime.date(2024, 2, 29)
    """
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise InputError("the date leaves the calendar", seen=f"{day} and {months} months")
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@spec
class Periods:
    """Periods one after another, of one length unless ``ends`` says otherwise.

    Parameters
    ----------
    start
        First day of the first period.
    step
        Length of each period.
    count
        Number of periods, at least 1.
    every
        Steps in a period: ``step="year", every=3`` is a period of three years.
    clock
        ``calendar``: the dates are real. ``since_start``: periods count from each person's start
        and ``start`` is the date at which a person of this cohort is taken to start.
    ends
        For periods of different lengths: the steps from the start to the end of each, and
        ``count`` is their number. Follow-ups at 6, 12 and 24 months end at (6, 12, 24).

    Raises
    ------
    InputError
        If there is no period, or ``ends`` do not rise or are those of equal periods.

    Examples
    --------
    >>> Periods(dt.date(2019, 1, 1), "year", 2).bounds()[1]
    (datetime.date(2020, 1, 1), datetime.date(2021, 1, 1))
    >>> Periods(dt.date(2019, 1, 1), "month", ends=(6, 12, 24)).bounds()[2]
    (datetime.date(2020, 1, 1), datetime.date(2021, 1, 1))
    """

    start: dt.date
    step: Step = "year"
    count: int = 1
    clock: Clock = "since_start"
    every: int = 1
    ends: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.ends:
            self._require_unequal()
            object.__setattr__(self, "count", len(self.ends))
        if self.every < 1:
            raise InputError(
                "a period needs a length", key="every", seen=self.every, fix="give at least 1"
            )
        if self.count < 1:
            raise InputError(
                "there must be a period", key="count", seen=self.count, fix="give at least 1"
            )

    def bounds(self) -> tuple[tuple[dt.date, dt.date], ...]:
        """Return (first day, first day after) of each period."""
        edges = [self._edge(i) for i in range(self.count + 1)]
        return tuple(pairwise(edges))

    def end(self, index: int) -> dt.date:
        """Return the first day after a period."""
        if not 0 <= index < self.count:
            raise InputError("there is no such period", key="period", seen=index)
        return self._edge(index + 1)

    @property
    def lengths(self) -> tuple[int, ...]:
        """The steps in each period."""
        if not self.ends:
            return (self.every,) * self.count
        return tuple(last - first for first, last in pairwise((0, *self.ends)))

    @property
    def years(self) -> float:
        """The length of one period in years (a year is 12 months, 52 weeks or 365 days).

        Raises
        ------
        InputError
            If the periods differ in length.
        """
        if self.ends:
            raise InputError(
                "this needs periods of one length", key="periods.ends", seen=self._said()
            )
        return self.every / {"day": 365, "week": 52, "month": 12, "year": 1}[self.step]

    def _require_unequal(self) -> None:
        if min(self.lengths) < 1:
            raise InputError("every period needs a length", key="ends", seen=self._said())
        if len(set(self.lengths)) == 1:
            raise InputError(
                "periods of one length have no ends",
                key="ends",
                seen=self._said(),
                fix="give every and count",
            )
        if self.every != 1 or self.count not in {1, len(self.ends)}:
            raise InputError(
                "ends already say how many periods there are and how long they are",
                key="count" if self.every == 1 else "every",
                seen=self.count if self.every == 1 else self.every,
                fix="leave it out",
            )

    def _said(self) -> str:
        return f"{self.step} {', '.join(map(str, self.ends))}"

    def _edge(self, index: int) -> dt.date:
        index = sum(self.lengths[:index])
        if self.step in {"day", "week"}:
            return self.start + dt.timedelta(days=index * (7 if self.step == "week" else 1))
        return add_months(self.start, index * (12 if self.step == "year" else 1))

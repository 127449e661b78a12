"""Business days by rule: weekends, TARGET and Finland; moving a date that is none."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Literal

from impactmodel.core.errors import InputError

type Calendar = Literal["none", "weekends", "target", "finland"]
type Roll = Literal["following", "modified_following", "preceding"]

FIRST_YEAR = {"target": 2000, "finland": 1992}
"""From when the rules below have held."""

_DAY = dt.timedelta(days=1)


def easter(year: int) -> dt.date:
    """Return Easter Sunday of the Gregorian calendar.

    Examples
    --------
    >>> easter(2024)
    datetime.date(2024, 3, 31)
    """
    century, golden = year // 100, year % 19
    epact = (
        19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15
    ) % 30
    rest = (32 + 2 * (century % 4) + 2 * (year % 100 // 4) - epact - year % 4) % 7
    shift = (golden + 11 * epact + 22 * rest) // 451
    month, day = divmod(epact + rest - 7 * shift + 114, 31)
    return dt.date(year, month, day + 1)


@cache
def holidays(year: int, calendar: Calendar) -> frozenset[dt.date]:
    """Return the closed days of a year, weekends aside.

    ``target``: New Year, Good Friday, Easter Monday, 1 May, 25 and 26 December (European Central
    Bank, 14 December 2000). ``finland``: the public holidays of Finland, and Midsummer Eve and
    Christmas Eve, on which banks are closed.

    Raises
    ------
    InputError
        For a year before the rules held, or an unknown calendar.
    """
    if calendar in {"none", "weekends"}:
        return frozenset()
    if calendar not in FIRST_YEAR:
        raise InputError("unknown calendar", key="calendar", seen=calendar)
    if year < FIRST_YEAR[calendar]:
        raise InputError(
            f"the calendar '{calendar}' is known from {FIRST_YEAR[calendar]}",
            key="calendar",
            seen=year,
        )
    sunday = easter(year)
    fixed = [(1, 1), (5, 1), (12, 25), (12, 26)]
    moving = [sunday - 2 * _DAY, sunday + _DAY]
    if calendar == "finland":
        fixed += [(1, 6), (12, 6), (12, 24)]
        # Midsummer Eve is the Friday between 19 and 25 June.
        friday = dt.date(year, 6, 19)
        friday += ((4 - friday.weekday()) % 7) * _DAY
        moving += [sunday + 39 * _DAY, friday]
    return frozenset([*(dt.date(year, month, day) for month, day in fixed), *moving])


def is_business_day(day: dt.date, calendar: Calendar) -> bool:
    """Return whether business is done on a day; under ``none`` on every day."""
    if calendar == "none":
        return True
    return day.weekday() < 5 and day not in holidays(day.year, calendar)


def adjusted(day: dt.date, calendar: Calendar, roll: Roll = "modified_following") -> dt.date:
    """Move a day on which no business is done.

    Parameters
    ----------
    roll
        ``following``: the next business day; ``preceding``: the last one before;
        ``modified_following``: the next, unless that is in another month, then the last before.

    Examples
    --------
    >>> adjusted(dt.date(2024, 3, 30), "target")
    datetime.date(2024, 3, 28)
    """
    if roll not in {"following", "modified_following", "preceding"}:
        raise InputError("unknown roll", key="roll", seen=roll)
    step = -_DAY if roll == "preceding" else _DAY
    moved = day
    while not is_business_day(moved, calendar):
        moved += step
    if roll == "modified_following" and moved.month != day.month:
        return adjusted(day, calendar, "preceding")
    return moved


def add_business_days(day: dt.date, days: int, calendar: Calendar) -> dt.date:
    """Return the business day that comes ``days`` (not negative) business days later.

    Examples
    --------
    >>> add_business_days(dt.date(2024, 3, 28), 1, "target")
    datetime.date(2024, 4, 2)
    """
    if days < 0:
        raise InputError("a lag is not negative", key="lag_days", seen=days)
    moved = adjusted(day, calendar, "following")
    for _ in range(days):
        moved = adjusted(moved + _DAY, calendar, "following")
    return moved

"""Day counts: how many years a span of days is, by the convention that a contract names."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Literal

from impactmodel.core.errors import InputError

type DayCount = Literal["act/365", "act/360", "act/act", "30/360", "30e/360"]


def year_fraction(start: dt.date, end: dt.date, convention: DayCount = "act/365") -> float:
    """Return the years from ``start`` to ``end``.

    Parameters
    ----------
    convention
        ``act/365`` (Fixed) and ``act/360``: days over 365 or 360. ``act/act`` (ISDA): days in
        leap years over 366, others over 365. ``30/360`` (Bond Basis): months of 30 days; a 31st
        is a 30th, at the end only where the start is one too. ``30e/360`` (Eurobond Basis): every
        31st is a 30th.

    Raises
    ------
    InputError
        If the end is before the start or the convention unknown.

    References
    ----------
    ISDA (2006), 2006 ISDA Definitions, section 4.16.

    Examples
    --------
    >>> year_fraction(dt.date(2023, 1, 1), dt.date(2024, 1, 1))
    1.0
    >>> year_fraction(dt.date(2024, 1, 31), dt.date(2024, 3, 31), "30/360") * 360
    60.0
    """
    if end < start:
        raise InputError("a span ends before it starts", key="end", seen=end)
    match convention:
        case "act/365":
            return (end - start).days / 365
        case "act/360":
            return (end - start).days / 360
        case "act/act":
            return _by_years(start, end)
        case "30/360" | "30e/360":
            return _months_of_30(start, end, european=convention == "30e/360") / 360
    raise InputError(
        "unknown day count",
        key="day_count",
        seen=convention,
        fix="use act/365, act/360, act/act, 30/360 or 30e/360",
    )


def _by_years(start: dt.date, end: dt.date) -> float:
    total = 0.0
    for year in range(start.year, end.year + 1):
        first, after = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
        days = (min(end, after) - max(start, first)).days
        total += days / (366 if calendar.isleap(year) else 365)
    return total


def _months_of_30(start: dt.date, end: dt.date, *, european: bool) -> int:
    first = min(start.day, 30)
    last = 30 if end.day == 31 and (european or first == 30) else end.day
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first

"""When outcomes were measured, for designs that look at one period."""

from __future__ import annotations

import datetime as dt

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods

UNDATED = Periods(dt.date(2000, 1, 1), "year", 1, "since_start")
UNDATED_NOTE = "no dates were given: one year since each person's start, from 2000-01-01"


def one_period(periods: Periods | None, what: str) -> Periods:
    """Return the period of a design's outcomes; without any, a year since each person's start.

    Raises
    ------
    InputError
        If there are several periods.
    """
    if periods is not None and periods.count != 1:
        raise InputError(
            f"{what} has its outcomes measured in one period",
            key="periods",
            seen=periods.count,
            fix="give each later measurement as an outcome of its own",
        )
    return periods or UNDATED

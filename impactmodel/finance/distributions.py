"""When a fund distributes: every month, in stated months of the year, or on stated dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class Distributions:
    """A distribution calendar; between its days the fund holds its cash.

    In the last month of its life a fund distributes whatever is left.

    Parameters
    ----------
    months
        Months of the year, 1 to 12: on the fund's day in each of them.
    dates
        The fund's first day on or after each. Both may be given; with neither, every month.
    """

    months: tuple[int, ...] = ()
    dates: tuple[dt.date, ...] = ()

    def __post_init__(self) -> None:
        for place, month in enumerate(self.months):
            if month not in range(1, 13):
                raise InputError("a month is 1 to 12", key=f"months[{place}]", seen=month)

    def open_on(self, days: Sequence[dt.date]) -> NDArray[np.bool_]:
        """Return on which of a fund's days it distributes, shape (day,).

        Examples
        --------
        >>> days = [dt.date(2024, 5, 1), dt.date(2024, 6, 1), dt.date(2024, 7, 1)]
        >>> Distributions(dates=(dt.date(2024, 5, 2),)).open_on(days).tolist()
        [False, True, True]
        """
        if not self.months and not self.dates:
            return np.ones(len(days), dtype=bool)
        found = np.array([day.month in self.months for day in days], dtype=bool)
        for date in self.dates:
            later = [place for place, day in enumerate(days) if day >= date]
            found[later[:1]] = True
        found[-1:] = True
        return found

"""Columns of a panel: the period of each row, the start of each unit, and what a unit keeps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.evidence.columns import Labels, Table, Vector

if TYPE_CHECKING:
    import narwhals as nw

# Numbers from here on are read as calendar years.
_FIRST_YEAR = 1000


@dataclass(frozen=True, slots=True)
class Clock:
    """How values of the period column become places: dates by bounds, numbers by counting.

    Parameters
    ----------
    periods
        The periods of the panel.
    first
        The number that is the first period; None where the column holds dates.
    """

    periods: Periods
    first: int | None

    @classmethod
    def of(cls, data: Table, name: str, periods: Periods | None) -> Clock:
        """Read the clock from the period column.

        Raises
        ------
        InputError
            If dates come without ``periods``, numbers are not whole, or the two disagree.
        """
        column = data.frame[name]
        if not column.dtype.is_numeric():
            if periods is None:
                raise InputError(
                    "dates do not say how long a period is", key="periods", fix="give Periods(...)"
                )
            data.days(name)
            return cls(periods, None)
        numbers = data.numbers(name)
        _require_whole(numbers, name)
        first, count = int(numbers.min()), int(np.ptp(numbers)) + 1
        if periods is None:
            if first < _FIRST_YEAR or first + count > dt.MAXYEAR:
                raise InputError(
                    "these numbers are not calendar years",
                    key=name,
                    seen=f"{first} to {first + count - 1}",
                    fix="give Periods(...) that says what they are",
                )
            return cls(Periods(dt.date(first, 1, 1), "year", count, "calendar"), first)
        if periods.count != count:
            raise InputError(
                f"the table has {count} periods",
                key="periods",
                seen=periods.count,
                fix="give as many, or leave rows out",
            )
        yearly = periods.step == "year" and periods.every == 1 and first >= _FIRST_YEAR
        if yearly and periods.start.year != first:
            raise InputError(
                f"the table starts in {first}",
                key="periods.start",
                seen=periods.start.year,
                fix="give the first year of the table",
            )
        return cls(periods, first)

    def places(self, column: nw.Series[Any], name: str) -> Vector:
        """Return the place of each value among the periods; missing values are at infinity.

        A date before the first period is at -1 and one after the last at ``count``.
        """
        gaps = np.array(column.is_null().to_list(), dtype=bool)
        if column.dtype.is_float():
            gaps |= np.array(column.is_nan().fill_null(value=True).to_list(), dtype=bool)
        if self.first is not None and (gaps.all() or column.dtype.is_numeric()):
            out = np.full(len(gaps), np.inf)
            if not gaps.all():
                values = np.array(column.to_numpy(), dtype=np.float64)[~gaps]
                _require_whole(values, name)
                out[~gaps] = values - self.first
            return out
        return self._places_of_dates(column.to_list(), gaps, name)

    def _places_of_dates(
        self, values: list[object], gaps: npt.NDArray[np.bool_], name: str
    ) -> Vector:
        there = [value for value, gap in zip(values, gaps, strict=True) if not gap]
        if self.first is not None or not all(isinstance(value, dt.date) for value in there):
            raise InputError(
                "this column and the periods must both be dates or both be numbers",
                key=name,
                fix="write both in the same way",
            )
        days = [v.date() if isinstance(v, dt.datetime) else v for v in there]
        bounds = self.periods.bounds()
        edges = np.array([a for a, _ in bounds] + [bounds[-1][1]], dtype="datetime64[D]")
        out = np.full(len(gaps), np.inf)
        found = np.searchsorted(edges, np.array(days, dtype="datetime64[D]"), side="right") - 1
        out[~gaps] = found
        return out


def _require_whole(values: Vector, name: str) -> None:
    odd = int(np.count_nonzero(~np.isfinite(values) | (values != np.rint(values))))
    if odd:
        raise InputError(
            f"{odd} of {len(values)} values are not whole numbers",
            key=name,
            fix="number the periods, give calendar years or dates",
        )


def panel_outcome(data: Table, measure: OutcomeMeasure) -> Vector:
    """Return an outcome's column; a unit's binary outcome may be the share of its people."""
    if measure.kind != "binary":
        return data.outcome(measure)
    values = data.numbers(measure.name)
    outside = int(np.count_nonzero((values < 0) | (values > 1)))
    if outside:
        raise InputError(
            f"a binary outcome is 0, 1 or a share, {outside} of {len(values)} values are neither",
            key=measure.name,
        )
    return values


def constant[T: np.generic](
    values: npt.NDArray[T], unit: Labels, count: int, name: str
) -> npt.NDArray[T]:
    """Return a column that does not change within a unit, once per unit.

    Raises
    ------
    InputError
        With the number of units in which it changes.
    """
    out = np.empty(count, dtype=values.dtype)
    out[unit] = values
    moved = np.unique(unit[out[unit] != values])
    if len(moved):
        raise InputError(
            f"this changes within {len(moved)} of {count} units",
            key=name,
            fix="it must be the same in all periods of a unit",
        )
    return out


def switched_on(treated: Vector, unit: Labels, period: Labels, count: int, name: str) -> Vector:
    """Return the first treated period of each unit, infinity where there is none.

    Raises
    ------
    InputError
        If treatment switches off again in some unit.
    """
    start = np.full(count, np.inf)
    on = treated == 1
    np.minimum.at(start, unit[on], period[on].astype(np.float64))
    off = np.unique(unit[~on & (period >= start[unit])])
    if len(off):
        raise InputError(
            f"treatment switches off again in {len(off)} of {count} units",
            key=name,
            fix="leave these units out, or their periods after the end of treatment",
        )
    return start

"""The border: columns of a pandas, polars or pyarrow table, checked and turned into arrays.

No message holds a value of a person: only column names, counts and types.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.measures import OutcomeMeasure

if TYPE_CHECKING:
    import narwhals as nw

type Vector = npt.NDArray[np.float64]
type Labels = npt.NDArray[np.intp]


def frozen[T: np.generic](array: npt.NDArray[T]) -> npt.NDArray[T]:
    """Return the array marked read-only."""
    array.setflags(write=False)
    return array


def require_unique(names: Sequence[str], what: str) -> None:
    """Raise if a name is given twice."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            f"{what} '{twice[0]}' is given twice", key=twice[0], fix="name each column once"
        )


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of an eager table of any kind that narwhals reads."""

    frame: nw.DataFrame[Any]

    @classmethod
    def of(cls, table: object) -> Table:
        """Wrap a pandas, polars or pyarrow table; raise for anything else."""
        import narwhals as nw
        from narwhals.exceptions import DuplicateError

        try:
            frame = nw.from_native(table, eager_only=True)  # type: ignore[call-overload]
            _ = frame.columns
        except DuplicateError:
            raise InputError(
                "the table has two columns of one name", fix="rename or drop one"
            ) from None
        except TypeError:
            raise InputError(
                "this is not a table in memory",
                seen=type(table).__name__,
                fix="give a pandas, polars or pyarrow table (collect a lazy one first)",
            ) from None
        return cls(frame)

    def __len__(self) -> int:
        return len(self.frame)

    def require(self, names: Sequence[str], *, gaps: Sequence[str] = ()) -> None:
        """Raise with every column that is absent, or has missing values where ``gaps`` has not."""
        there = self.frame.columns
        problems = []
        for name in names:
            if name not in there:
                near = get_close_matches(name, there, 1)
                fix = f"did you mean '{near[0]}'?" if near else f"the table has {', '.join(there)}"
                problems.append(Problem("there is no such column", fix, key=name))
                continue
            count = 0 if name in gaps else self._missing(name)
            if count:
                text = f"{count} of {len(self)} values are missing"
                problems.append(Problem(text, "fill or drop these rows and say how", key=name))
        if problems:
            raise InputError.of(problems)
        if not len(self):
            raise InputError("the table has no rows", fix="give at least one row per arm")

    def _missing(self, name: str) -> int:
        column = self.frame[name]
        gaps = column.is_null()
        if column.dtype.is_float():
            # A NaN is a missing value in pandas and a number of its own in polars and pyarrow.
            gaps = gaps | column.is_nan().fill_null(value=False)
        return int(gaps.sum())

    def numbers(self, name: str) -> Vector:
        """Return a numeric or boolean column as float64; integers are widened before any use."""
        column = self.frame[name]
        if not column.dtype.is_numeric() and str(column.dtype) != "Boolean":
            raise InputError(
                "this column is not numeric", key=name, seen=str(column.dtype), fix="give numbers"
            )
        values = np.array(column.to_numpy(), dtype=np.float64)
        if not np.isfinite(values).all():
            count = int((~np.isfinite(values)).sum())
            raise InputError(f"{count} values are infinite", key=name, fix="give finite numbers")
        return frozen(values)

    def zero_one(self, name: str, what: str) -> Vector:
        """Return a column that must hold only 0 and 1."""
        return _zero_one(self.numbers(name), name, what)

    def outcome(self, measure: OutcomeMeasure, *, gaps: bool = False) -> Vector:
        """Return the values of an outcome, checked against its kind; ``gaps`` become NaN."""
        name = measure.name
        if not gaps or not self._missing(name):
            return self._checked(measure, self.numbers(name))
        import narwhals as nw

        column = self.frame[name]
        if not column.dtype.is_numeric() and str(column.dtype) != "Boolean":
            return self.numbers(name)
        values = np.array(column.cast(nw.Float64()).to_numpy(), dtype=np.float64)
        known = ~np.isnan(values)
        if not np.isfinite(values[known]).all():
            raise InputError("there are infinite values", key=name, fix="give finite numbers")
        self._checked(measure, values[known])
        return frozen(values)

    def _checked(self, measure: OutcomeMeasure, values: Vector) -> Vector:
        if measure.kind == "binary":
            return _zero_one(values, measure.name, "a binary outcome")
        below = int(np.count_nonzero(values < 0))
        if measure.kind != "index" and below:
            raise InputError(
                f"{below} of {len(values)} values are negative",
                key=measure.name,
                fix=f"a value of kind '{measure.kind}' is at least 0",
            )
        return values

    def labels(self, name: str) -> tuple[Labels, tuple[str, ...]]:
        """Return the codes and the sorted labels of a column of groups."""
        values = self.frame[name].to_list()
        try:
            unique = sorted(set(values))
        except TypeError:
            raise InputError(
                "this column mixes kinds of values", key=name, fix="give text or numbers only"
            ) from None
        place = {value: code for code, value in enumerate(unique)}
        codes = np.fromiter((place[v] for v in values), dtype=np.intp, count=len(values))
        return frozen(codes), tuple(_label(value) for value in unique)

    def days(self, name: str) -> npt.NDArray[np.datetime64]:
        """Return a column of dates."""
        values = self.frame[name].to_list()
        if not all(isinstance(value, dt.date) for value in values):
            raise InputError("this column has no dates", key=name, seen=str(self.frame[name].dtype))
        days = [v.date() if isinstance(v, dt.datetime) else v for v in values]
        return np.array(days, dtype="datetime64[D]")


def _zero_one(values: Vector, name: str, what: str) -> Vector:
    count = int(np.count_nonzero((values != 0) & (values != 1)))
    if count:
        raise InputError(
            f"{what} must be 0 or 1, {count} of {len(values)} values are neither", key=name
        )
    return values


def _label(value: object) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole and isinstance(value, float) else str(value)

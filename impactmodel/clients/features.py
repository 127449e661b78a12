"""What is known about a client on the index date: declared features and nothing else."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.evidence.columns import frozen

if TYPE_CHECKING:
    import narwhals as nw

type Column = npt.NDArray[Any]


@spec
class Number:
    """A number, such as months of unemployment; NaN where it is missing.

    Parameters
    ----------
    column
        Its column in the table; by default the name of the feature.
    unit
        Such as ``months``.
    recorded
        Column of the day on which it was recorded; empty where the register gives its state on
        the index date.
    gaps
        Whether it may be missing; a feature that may not is refused where it is.
    """

    column: str = ""
    unit: str = ""
    recorded: str = ""
    gaps: bool = False
    type: Literal["number"] = field(default="number", kw_only=True)

    def read(self, column: nw.Series[Any], key: str) -> Column:
        """Return float64 with NaN for missing."""
        return _numbers(column, key)


@spec
class Flag:
    """Yes or no: 1.0, 0.0, NaN where it is missing. Parameters are those of `Number`."""

    column: str = ""
    recorded: str = ""
    gaps: bool = False
    type: Literal["flag"] = field(default="flag", kw_only=True)

    def read(self, column: nw.Series[Any], key: str) -> Column:
        """Return float64 with NaN for missing."""
        values = _numbers(column, key)
        known = values[~np.isnan(values)]
        count = int(np.count_nonzero((known != 0) & (known != 1)))
        if count:
            raise InputError(f"{count} of {len(values)} values are neither 0 nor 1", key=key)
        return values


@spec
class Category:
    """One of declared levels, the first being the reference; code -1 where it is missing.

    Parameters
    ----------
    levels
        Values of the column, the reference first.
    ordered
        Whether the levels have an order, as levels of education have.
    """

    levels: tuple[str, ...]
    column: str = ""
    ordered: bool = False
    recorded: str = ""
    gaps: bool = False
    type: Literal["category"] = field(default="category", kw_only=True)

    def __post_init__(self) -> None:
        if len(set(self.levels)) != len(self.levels) or len(self.levels) < 2:
            raise InputError(
                "a category has two or more different levels",
                key="levels",
                seen=", ".join(self.levels),
            )

    def read(self, column: nw.Series[Any], key: str) -> Column:
        """Return codes into ``levels``, -1 for missing."""
        place = {level: code for code, level in enumerate(self.levels)}
        values = column.to_list()
        codes = np.full(len(values), -1, dtype=np.intp)
        strange = 0
        for i, value in enumerate(values):
            if value is None or value != value:  # noqa: PLR0124  NaN is pandas' missing text
                continue
            code = place.get(str(value), -2)
            strange += code == -2
            codes[i] = code
        if strange:
            raise InputError(
                f"{strange} of {len(values)} values are not among the declared levels",
                key=key,
                fix=f"declare them; now: {', '.join(self.levels)}",
            )
        return frozen(codes)


type Feature = Annotated[Number | Flag | Category, Field(discriminator="type")]


def missing(feature: Number | Flag | Category, values: Column) -> npt.NDArray[np.bool_]:
    """Return whether a feature is missing, by person."""
    return values < 0 if isinstance(feature, Category) else np.isnan(values)


def _numbers(column: nw.Series[Any], key: str) -> Column:
    import narwhals as nw

    if not column.dtype.is_numeric() and str(column.dtype) != "Boolean":
        raise InputError(
            "this column is not numeric", key=key, seen=str(column.dtype), fix="give numbers"
        )
    values = np.array(column.cast(nw.Float64()).to_numpy(), dtype=np.float64)
    if np.isinf(values).any():
        raise InputError("there are infinite values", key=key, fix="give finite numbers")
    return frozen(values)

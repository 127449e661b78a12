"""What if: tornado, two-way table and scenarios of any measure, draws kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from impactmodel.core.errors import InputError

type Draws = NDArray[np.float64]
type Changes = Mapping[str, Any]
type Measure = Callable[[Changes], ArrayLike]
"""A measure under changes of inputs, by name: a number or draws, shape (draw,)."""


@dataclass(frozen=True, slots=True)
class Swing:
    """One bar of a tornado: a measure with one input at its low and at its high value.

    A value is None where the input stays as stated.
    """

    name: str
    low: float | None
    high: float | None
    at_low: Draws
    at_high: Draws

    @property
    def size(self) -> float:
        """How far the mean of the measure moves."""
        return abs(float(self.at_high.mean() - self.at_low.mean()))


@dataclass(frozen=True, slots=True)
class Tornado:
    """A measure as stated, and its swings, the widest first."""

    base: Draws
    swings: tuple[Swing, ...]


@dataclass(frozen=True, slots=True)
class TwoWay:
    """A measure at every pair of values of two inputs.

    Parameters
    ----------
    first, second
        An input and its values; None: as stated.
    draws
        Shape (first value, second value, draw).
    """

    first: tuple[str, tuple[float | None, ...]]
    second: tuple[str, tuple[float | None, ...]]
    draws: Draws


def tornado(measure: Measure, ranges: Mapping[str, tuple[float | None, float | None]]) -> Tornado:
    """Vary one input at a time between two values, all others as stated.

    Parameters
    ----------
    measure
        Called with ``{}`` and with one change at a time; the same draws at each call.
    ranges
        Low and high value by input; None leaves it as stated.

    Raises
    ------
    InputError
        If nothing is varied, or the measure is not a number in some draw: an internal rate of
        return may not exist, a net present value always does.

    Examples
    --------
    >>> found = tornado(lambda c: c.get("a", 2.0) * 3 - c.get("b", 1.0), {"b": (0, 1), "a": (1, 3)})
    >>> [(s.name, s.size) for s in found.swings]
    [('a', 6.0), ('b', 1.0)]
    """
    if not ranges:
        raise InputError("nothing is varied", key="ranges", fix="name an input and its two values")
    swings = [
        Swing(name, low, high, _at(measure, {name: low}), _at(measure, {name: high}))
        for name, (low, high) in ranges.items()
    ]
    return Tornado(_at(measure, {}), tuple(sorted(swings, key=lambda s: -s.size)))


def two_way(
    measure: Measure,
    first: tuple[str, Sequence[float | None]],
    second: tuple[str, Sequence[float | None]],
) -> TwoWay:
    """Compute a measure at every pair of values of two inputs; None leaves one as stated.

    Examples
    --------
    >>> two_way(lambda c: c["a"] * c["b"], ("a", [1.0, 2.0]), ("b", [3.0])).draws.tolist()
    [[[3.0]], [[6.0]]]
    """
    (one, rows), (other, columns) = first, second
    if one == other or not len(rows) or not len(columns):
        raise InputError("two inputs with values are needed", key="second", seen=other)

    def pair(row: float | None, column: float | None) -> Draws:
        return _at(measure, {one: row, other: column})

    draws = [[pair(row, column) for column in columns] for row in rows]
    return TwoWay((one, tuple(rows)), (other, tuple(columns)), np.array(draws))


def scenarios(measure: Measure, named: Mapping[str, Changes]) -> dict[str, Draws]:
    """Compute a measure under several sets of changes, by name.

    Examples
    --------
    >>> scenarios(lambda c: c.get("a", 1.0), {"as stated": {}, "worse": {"a": 0.5}})["worse"]
    array([0.5])
    """
    return {name: _at(measure, changes) for name, changes in named.items()}


def changed[T](spec: T, changes: Changes) -> T:
    """Return a spec with other values; a key is a path such as ``service_costs.set_up``.

    In a list stands the place or the name: ``subordinate.0.commitment``,
    ``subordinate.junior.commitment``. All checks of the spec run again.

    Raises
    ------
    InputError
        If a path leads nowhere, or the new value cannot be used.

    Examples
    --------
    >>> from impactmodel.finance import Fees
    >>> changed(Fees(evaluation=10.0), {"evaluation": 20.0}).evaluation
    20.0
    """
    for path, value in changes.items():
        spec = _set(spec, path.split("."), value, path)
    return spec


def _set(spec: Any, path: list[str], value: Any, whole: str) -> Any:
    key, rest = path[0], path[1:]
    known = _inside(spec)
    if key not in known:
        near = get_close_matches(key, list(known), 1)
        raise InputError(
            "nothing is found at this path",
            key=whole,
            fix=f"did you mean '{near[0]}'?" if near else "use the keys of the YAML file",
        )
    place = known[key]
    if isinstance(spec, tuple):
        new = _set(spec[place], rest, value, whole) if rest else value
        return (*spec[:place], new, *spec[place + 1 :])
    if isinstance(spec, dict):
        return {**spec, key: _set(spec[key], rest, value, whole) if rest else value}
    old = getattr(spec, key)
    new = _set(old, rest, value, whole) if rest else _whole(spec, key, value, whole)
    return dataclasses.replace(spec, **{key: new})


def _inside(spec: Any) -> dict[str, Any]:
    """Return what a path may go on with; in a list a place or a name."""
    if isinstance(spec, dict):
        return {str(key): key for key in spec}
    if isinstance(spec, tuple):
        named = {str(getattr(one, "name", place)): place for place, one in enumerate(spec)}
        return {str(place): place for place in range(len(spec))} | named
    if dataclasses.is_dataclass(spec) and not isinstance(spec, type):
        return {field.name: field.name for field in dataclasses.fields(spec)}
    return {}


def _whole(spec: Any, key: str, value: Any, whole: str) -> Any:
    """Return a value as a whole number where the spec has one."""
    (stated,) = (field.type for field in dataclasses.fields(spec) if field.name == key)
    if stated not in {"int", "int | None"} or value is None:
        return value
    if int(value) != value:
        raise InputError("this is a whole number", key=whole, seen=value)
    return int(value)


def _at(measure: Measure, changes: Changes) -> Draws:
    changes = {name: value for name, value in changes.items() if value is not None}
    draws = np.atleast_1d(np.asarray(measure(changes), dtype=float))
    if not np.isfinite(draws).all():
        raise InputError(
            "the measure is not a number in some draws",
            key=", ".join(changes) or "as stated",
            seen=f"{float((~np.isfinite(draws)).mean()):.1%} of draws",
            fix="take one that always exists, such as the net present value",
        )
    return draws

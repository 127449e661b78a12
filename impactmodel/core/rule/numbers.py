"""Exact numbers, tables and look-ups that every node of a rule uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from impactmodel.core.errors import InputError

type Table = tuple[tuple[float, float], ...]
"""Rows of (threshold, value), thresholds strictly rising."""


def exact(value: Decimal | float) -> Decimal:
    """Turn a number into the Decimal of its shortest decimal form."""
    if isinstance(value, Decimal):
        return value
    return Decimal(int(value)) if float(value).is_integer() else Decimal(repr(float(value)))


def near(value: Decimal) -> Decimal:
    """Round off the last digits of a long quotient: 25 significant digits, at most 18 decimals.

    Thirds that sum to a threshold, or to half a cent, are a last digit short of it in the 28 digits
    of a Decimal.

    Examples
    --------
    >>> third = Decimal(1) / 3
    >>> third + third + third < 1, near(third + third + third) < 1
    (True, False)
    """
    places = min(18, 24 - value.adjusted())
    exponent = value.as_tuple().exponent
    return round(value, places) if isinstance(exponent, int) and -exponent > places else value


def plain(value: Decimal | float) -> str:
    """Write a number in full, without exponent or trailing zeros."""
    text = f"{exact(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(value: Decimal | float) -> str:
    """Write a number for a reader: thousands separators, at most ten decimals.

    Examples
    --------
    >>> shown(11712000), shown(Decimal(1) / 3), shown(-0.5)
    ('11,712,000', '0.3333333333', '-0.5')
    """
    number = exact(value)
    _, _, exponent = number.as_tuple()
    if isinstance(exponent, int) and exponent < -10:
        number = round(number, 10)
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def pick(env: Mapping[str, Any], name: str) -> Any:
    """Return an input, or raise `InputError` naming what is there."""
    if name not in env:
        there = ", ".join(sorted(env)) or "nothing"
        raise InputError(
            f"the rule needs the input '{name}'", seen=there, fix="give a value for it"
        )
    return env[name]


def own[T](env: Mapping[str, Any], name: str, value: T) -> T:
    """Return what is given under a name, or the rule's own value where nothing is.

    Examples
    --------
    >>> own({"price": 30}, "price", 20), own({}, "price", 20), own({"": 30}, "", 20)
    (30, 20, 20)
    """
    given: T = env[name] if name and name in env else value
    return given


def check_table(rows: Sequence[Sequence[float]], what: str) -> Table:
    """Return rows as a table; raise `InputError` unless thresholds rise strictly."""
    if not rows:
        raise InputError(f"the {what} has no rows", fix="give at least one")
    table = tuple((float(a), float(b)) for a, b in rows)
    for (low, _), (high, _) in pairwise(table):
        if not low < high:
            raise InputError(
                f"the thresholds of the {what} must rise",
                seen=f"{plain(low)} before {plain(high)}",
                fix="sort them and remove repeats",
            )
    return table

"""When a count of people is too small to be shown, and which names could hold a person."""

from __future__ import annotations

import re
from typing import Any

from impactmodel.core.errors import InputError

LEAST = 3
"""The fewest people of a cell that is usual; see `impactmodel.registers.disclosure`."""
_LONG_NUMBER = re.compile(r"\d{5}")


def is_small(counts: Any, least: float = LEAST) -> Any:
    """Return whether counts are above zero and below the least size, element by element.

    Parameters
    ----------
    counts
        A number, or an array, a series or a frame of numbers.

    Examples
    --------
    >>> is_small(2), is_small(0), is_small(3)
    (True, False, False)
    """
    return (counts > 0) & (counts < least)


def shown_count(count: float, least: int = LEAST) -> int | str:
    """Return a count, or that it is below the least size.

    Examples
    --------
    >>> shown_count(2), shown_count(0), shown_count(12)
    ('<3', 0, 12)
    """
    return f"<{least}" if is_small(count, least) else int(count)


def require_name(name: str, *, least: int, most: int, where: str, key: str) -> None:
    """Refuse a name that is not readable or could hold an identifier of a person.

    Parameters
    ----------
    name
        Small letters, figures and ``_``, a letter first, without a run of five figures.
    least, most
        How many characters it has.
    where, key
        What is named, for the error.

    Raises
    ------
    InputError
        Without the name: it could be that of a person.
    """
    if not re.fullmatch(rf"[a-z][a-z0-9_]{{{least - 1},{most - 1}}}", name) or _LONG_NUMBER.search(
        name
    ):
        raise InputError(
            f"{where} has {least} to {most} small letters, figures and _, and no long number",
            key=key,
            fix="say what it is without a person's data",
        )

"""Units that a tariff pays for: days or months in a state, with thresholds, breaks and exits."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from impactmodel.contract.results import RowReader, read_rows
from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods, add_months
from impactmodel.core.spec import spec

if TYPE_CHECKING:
    import pandas as pd

    from impactmodel.contract.agreement import OutcomesContract

type States = NDArray[np.bool_]


@spec
class UnitTariff:
    """Which units of a person's spells are paid: a tariff per day or month.

    Parameters
    ----------
    unit
        ``day``, or ``month``: a month counts where its first day lies in a spell.
    unpaid_first
        Units before payment starts (start threshold).
    allowed_break
        Longest gap, in units, that does not end a run.
    pays_breaks
        Whether the units of an allowed break are paid as well.
    restarts
        Whether the start threshold counts anew in each run; otherwise once per person.
    most
        Most paid units per person; None for no limit.
    planned_exits, planned_units
        Reasons of an exit (death, a move, another home) after which so many units still count.
    """

    unit: Literal["day", "month"] = "day"
    unpaid_first: int = 0
    allowed_break: int = 0
    pays_breaks: bool = False
    restarts: bool = False
    most: int | None = None
    planned_exits: tuple[str, ...] = ()
    planned_units: int = 0

    def __post_init__(self) -> None:
        for key in ("unpaid_first", "allowed_break", "planned_units"):
            if getattr(self, key) < 0:
                raise InputError("this is not negative", key=key, seen=getattr(self, key))
        if self.most is not None and self.most < 1:
            raise InputError("leave it out for no limit", key="most", seen=self.most)
        if bool(self.planned_exits) != bool(self.planned_units):
            raise InputError(
                "planned exits need their reasons and the units that still count",
                key="planned_units",
                seen=self.planned_units,
            )

    def text(self) -> str:
        """Say it in words."""
        parts = [f"each {self.unit} is one unit"]
        if self.unpaid_first:
            each = "each run" if self.restarts else "each person"
            parts.append(f"the first {self.unpaid_first} of {each} are not paid")
        if self.allowed_break:
            paid = "paid" if self.pays_breaks else "not paid"
            parts.append(f"a break of up to {self.allowed_break} does not end a run and is {paid}")
        if self.most is not None:
            parts.append(f"at most {self.most} per person")
        if self.planned_exits:
            reasons = ", ".join(self.planned_exits)
            parts.append(f"{self.planned_units} still count after a planned exit ({reasons})")
        return "; ".join(parts)


def paid_units(states: States, tariff: UnitTariff) -> States:
    """Return which units are paid.

    Parameters
    ----------
    states
        In the state or not, unit by unit; time is the last axis.

    Examples
    --------
    >>> days = np.array([1, 1, 0, 1, 1, 0, 0, 1], dtype=bool)
    >>> paid_units(days, UnitTariff(unpaid_first=1, allowed_break=1)).astype(int).tolist()
    [0, 1, 0, 1, 1, 0, 0, 1]
    >>> tariff = UnitTariff(unpaid_first=1, allowed_break=1, pays_breaks=True, restarts=True)
    >>> paid_units(days, tariff).astype(int).tolist()
    [0, 1, 1, 1, 1, 0, 0, 0]
    """
    count = states.shape[-1]
    place = np.arange(count)
    last = np.maximum.accumulate(np.where(states, place, -1), axis=-1)
    following = np.where(states, place, 2 * count)[..., ::-1]
    following = np.minimum.accumulate(following, axis=-1)[..., ::-1]
    bridged = (last >= 0) & (following < count) & (following - last - 1 <= tariff.allowed_break)
    held = states | bridged
    eligible = held if tariff.pays_breaks else states
    number = np.cumsum(eligible, axis=-1)
    if tariff.restarts:
        starts = held & ~np.concatenate([np.zeros_like(held[..., :1]), held[..., :-1]], axis=-1)
        before = np.where(starts, number - eligible, 0)
        number = number - np.maximum.accumulate(before, axis=-1)
    paid = eligible & (number > tariff.unpaid_first)
    if tariff.most is not None:
        paid &= np.cumsum(paid, axis=-1) <= tariff.most
    return np.asarray(paid)


def count_spells(
    contract: OutcomesContract, spells: str | Path | pd.DataFrame, until: dt.date
) -> pd.DataFrame:
    """Count the paid units of realised spells, as results of single people for `settle`.

    Parameters
    ----------
    contract
        Its ``counting`` says which units count, its ``periods`` the measurement windows.
    spells
        A CSV file or data frame with the columns ``person``, ``outcome``, ``start``, ``end`` (the
        first day after the spell; empty where it goes on) and, where they matter, ``group`` and
        ``reason`` of the exit.
    until
        The first day that is not yet known. Units of a planned exit count as time passes.

    Returns
    -------
    pandas.DataFrame
        Columns ``person, outcome, group, period, quantity`` for every window that has begun.

    Raises
    ------
    InputError
        If spells of a person overlap, end before they start or a date cannot be read; or if the
        contract counts no such outcome or states no calendar windows.
    """
    import pandas as pd

    windows = contract.periods
    if windows is None or windows.clock != "calendar":
        raise InputError(
            "spells are counted in the contract's measurement windows",
            key="periods",
            fix="state start, step, count and clock: calendar",
        )
    rows, file = read_rows(spells)
    kept: dict[tuple[str, str, str], list[_Spell]] = {}
    for row in rows:
        cell = RowReader(row, file)
        outcome = cell.text("outcome")
        if outcome not in contract.counting:
            known = ", ".join(contract.counting) or "none"
            raise cell.fault("the contract counts no such outcome", "outcome", f"use {known}")
        key = cell.text("person"), outcome, cell.text("group", "all")
        kept.setdefault(key, []).append(_spell(cell, until))
    found = []
    for (person, outcome, group), own in kept.items():
        units = _units(own, contract.counting[outcome], windows, until, file)
        found += [(person, outcome, group, period, n) for period, n in enumerate(units)]
    return pd.DataFrame(found, columns=["person", "outcome", "group", "period", "quantity"])


type _Spell = tuple[dt.date, dt.date, str]
"""First day, first day after, reason of the exit (empty while it goes on)."""


def _spell(cell: RowReader, until: dt.date) -> _Spell:
    start, end = _date(cell, "start"), _date(cell, "end")
    if start is None:
        raise cell.fault("the cell is empty", "start", "give the first day")
    if end is not None and end <= start:
        raise cell.fault("the spell ends before it starts", "end", seen=end)
    known = end is not None and end <= until
    reason = str(cell.values.get("reason") or "").strip() if known else ""
    return start, min(end or until, until), reason


def _date(cell: RowReader, column: str) -> dt.date | None:
    value = cell.values.get(column)
    if value is None or value != value or str(value).strip() == "":  # noqa: PLR0124  a NaN or NaT
        return None
    try:
        return dt.date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        raise cell.fault("the cell is not a date", column, "write 2024-01-31", value) from None


def _units(
    spells: list[_Spell], tariff: UnitTariff, windows: Periods, until: dt.date, file: str
) -> list[int]:
    """Return the paid units in each window that has begun."""
    spells = sorted(spells)
    for one, two in pairwise(spells):
        if two[0] < one[1]:
            raise InputError(
                "two spells of one person overlap", file=file, key="start", seen=two[0]
            )
    bounds = [edges for edges in windows.bounds() if edges[0] < until]
    first = min(spells[0][0], windows.start)
    days = _edges(first, max(until, bounds[-1][1] if bounds else until), tariff)
    states = np.array([any(a <= day < b for a, b, _ in spells) for day in days], dtype=bool)
    exit_day, reason = spells[-1][1], spells[-1][2]
    if reason in tariff.planned_exits:
        after = [n for n, day in enumerate(days) if day >= exit_day][: tariff.planned_units]
        states[after] = True
    paid = paid_units(states, tariff) & np.array([day < until for day in days], dtype=bool)
    return [
        int(sum(p for day, p in zip(days, paid, strict=True) if a <= day < b)) for a, b in bounds
    ]


def _edges(first: dt.date, after: dt.date, tariff: UnitTariff) -> list[dt.date]:
    if tariff.unit == "day":
        return [first + dt.timedelta(days=n) for n in range((after - first).days)]
    month, found = first.replace(day=1), []
    while month < after:
        found.append(month)
        month = add_months(month, 1)
    return found

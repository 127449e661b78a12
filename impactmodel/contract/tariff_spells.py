"""A tariff per day or month on realised spells: results of single people for settlement."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.contract.results import RowReader, read_rows
from impactmodel.contract.tariff import UnitTariff, paid_units
from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods, add_months

if TYPE_CHECKING:
    import pandas as pd

    from impactmodel.contract.agreement import OutcomesContract


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


type _Spell = tuple[dt.date, dt.date, str, int]
"""First day, first day after, reason of the exit (empty while it goes on), line of the table."""


def _spell(cell: RowReader, until: dt.date) -> _Spell:
    start, end = _date(cell, "start"), _date(cell, "end")
    if start is None:
        raise cell.fault("the cell is empty", "start", "give the first day")
    if end is not None and end <= start:
        raise cell.fault("the spell ends before it starts", "end", "correct the row")
    known = end is not None and end <= until
    reason = str(cell.values.get("reason") or "").strip() if known else ""
    return start, min(end or until, until), reason, cell.line


def _date(cell: RowReader, column: str) -> dt.date | None:
    value = cell.values.get(column)
    if value is None or value != value or str(value).strip() == "":  # noqa: PLR0124  a NaN or NaT
        return None
    try:
        return dt.date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        raise cell.fault("the cell is not a date", column, "write 2024-01-31") from None


def _units(
    spells: list[_Spell], tariff: UnitTariff, windows: Periods, until: dt.date, file: str
) -> list[int]:
    """Return the paid units in each window that has begun."""
    spells = sorted(spells)
    for one, two in pairwise(spells):
        if two[0] < one[1]:
            raise InputError(
                "two spells of one person overlap",
                file=file,
                line=two[3],
                key="start",
                fix="join them, or correct one",
            )
    bounds = [edges for edges in windows.bounds() if edges[0] < until]
    first = min(spells[0][0], windows.start)
    days = _edges(first, max(until, bounds[-1][1] if bounds else until), tariff)
    states = np.array([any(a <= day < b for a, b, *_ in spells) for day in days], dtype=bool)
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

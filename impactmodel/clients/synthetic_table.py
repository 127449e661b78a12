"""When synthetic clients enter, and the table that a register would hold of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.clients.synthetic_chances import Vector
from impactmodel.clients.synthetic_paths import MONTHS
from impactmodel.clients.synthetic_people import FLAGS, LEVELS, SERVICES, People
from impactmodel.clients.synthetic_truth import Truth
from impactmodel.clients.target import Target

if TYPE_CHECKING:
    import pandas as pd

ENTRY_MONTHS = 18
ENTRY_WEIGHTS = (1.35, 0.95, 0.9, 0.85, 0.95, 1.25, 1.15, 1.1, 0.9, 0.85, 0.8, 0.95)
"""Assumed: entries by calendar month."""


def month(first: dt.date, months: int) -> dt.date:
    """Return the first day of the month that comes some months later."""
    place = first.month - 1 + months
    return dt.date(first.year + place // 12, place % 12 + 1, 1)


def entry_weights(first: dt.date) -> tuple[npt.NDArray[np.intp], Vector]:
    """Return the calendar month, 0 for January, and the share of entries by month of entry."""
    calendar = (first.month - 1 + np.arange(ENTRY_MONTHS)) % 12
    weights = np.take(ENTRY_WEIGHTS, calendar)
    return calendar, weights / weights.sum()


def entries(
    size: int, first: dt.date, rng: np.random.Generator
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.intp]]:
    """Return index dates and quarters of entry, less one (person)."""
    calendar, weights = entry_weights(first)
    drawn = np.sort(rng.choice(ENTRY_MONTHS, size, p=weights))
    starts = np.array([month(first, m) for m in range(ENTRY_MONTHS)], dtype="datetime64[D]")
    days = np.sort(rng.integers(0, 28, size))
    order = rng.permutation(size)
    return starts[drawn] + days[order].astype("timedelta64[D]"), calendar[drawn] // 3


def recorded(
    people: People,
    gone: dict[str, npt.NDArray[np.bool_]],
    index: npt.NDArray[np.datetime64],
    service: npt.NDArray[np.intp],
    truth: Truth,
    targets: Sequence[Target],
) -> pd.DataFrame:
    """Return the table, a row per client: what a register would hold, labelled synthetic."""
    import pandas as pd

    columns: dict[str, object] = {"synthetic": np.ones(len(index), dtype=bool), "index": index}
    for name, levels in LEVELS.items():
        texts = np.asarray(levels, dtype=object)[people[name].astype(np.intp)]
        if name in gone:
            texts[gone[name]] = None
        columns[name] = texts
    for name in (*FLAGS, "age", "months_out"):
        values = people[name].astype(np.float64)
        columns[name] = np.where(gone[name], np.nan, values) if name in gone else values
    columns["service"] = np.asarray(SERVICES, dtype=object)[service]
    rows = np.arange(len(index))
    for place, target in enumerate(targets):
        columns[target.name] = truth.outcomes[service, rows, place]
    paths = truth.employed[service, rows]
    columns |= {f"employed_{m + 1}": paths[:, m] for m in range(MONTHS)}
    return pd.DataFrame(columns)

"""Tables of people with all their margins: counts, sums and the largest contributions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.registers.gate import purpose_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from impactmodel.registers.purpose import Purpose

TOTAL = "Total"
LARGEST = 10
"""How many of the largest contributions of a cell are kept for the dominance rules."""


@dataclass(frozen=True, slots=True, repr=False)
class Tabulation:
    """A table before disclosure control: it must not leave a closed environment.

    Parameters
    ----------
    population
        Name of who is counted, such as ``clients_2021``: tables of one name count the same people.
    dims
        Names of the classifications.
    keys
        The cell of each row: a category or ``Total`` by classification; every combination.
    counts
        (cell) people with a value.
    sums
        (cell) their sum; none if people are counted only.
    largest
        (cell, 10) their largest contributions, in descending order, padded with zero.
    value, unit
        What is summed, and its unit.
    purpose
        Under which the rows were received; see `impactmodel.registers.gate.under`.
    """

    population: str
    dims: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    counts: NDArray[np.int64]
    sums: NDArray[np.float64] | None = None
    largest: NDArray[np.float64] | None = None
    value: str = ""
    unit: str = ""
    purpose: Purpose | None = None

    def __repr__(self) -> str:
        return f"Tabulation of {self.population} by {', '.join(self.dims)}"

    def equations(self) -> csr_array:
        """Return (equation, cell): total minus its parts, which is 0 for counts and for sums."""
        from scipy.sparse import csr_array

        where = {key: i for i, key in enumerate(self.keys)}
        rows: list[int] = []
        cells: list[int] = []
        signs: list[float] = []
        for row, (total, parts) in enumerate(self._sums_of(where)):
            rows += [row] * (1 + len(parts))
            cells += [total, *parts]
            signs += [1.0] + [-1.0] * len(parts)
        size = (max(rows, default=-1) + 1, len(self.keys))
        return csr_array((signs, (rows, cells)), shape=size)

    def _sums_of(self, where: dict[tuple[str, ...], int]) -> Iterator[tuple[int, list[int]]]:
        for axis in range(len(self.dims)):
            parts: dict[tuple[str, ...], list[int]] = {}
            for key, cell in where.items():
                if key[axis] != TOTAL:
                    parts.setdefault((*key[:axis], TOTAL, *key[axis + 1 :]), []).append(cell)
            for total, members in parts.items():
                yield where[total], members


def tabulate(
    rows: pd.DataFrame, by: Sequence[str], *, population: str, value: str = "", unit: str = ""
) -> Tabulation:
    """Count people, or sum an amount of theirs, by classifications and with all margins.

    Parameters
    ----------
    rows
        One row per person; a purpose that they are marked with is carried on.
    by
        Columns that classify them.
    population
        Name of who is counted; see `Tabulation`.
    value, unit
        Column to sum, and its unit; without it people are counted. Rows without a value do not
        contribute.

    Raises
    ------
    InputError
        If a column is missing, a classification is empty in a row or has a category ``Total``, or
        a value is negative: dominance is not defined for those.
    """
    import pandas as pd

    purpose = purpose_of(rows)
    _require_columns(rows, [*by, *([value] if value else [])])
    kept = rows[rows[value].notna()] if value else rows
    codes = pd.DataFrame({name: kept[name].astype("string") for name in by})
    _require_classified(codes)
    amounts = kept[value].to_numpy(float) if value else np.zeros(len(kept))
    if (amounts < 0).any():
        raise InputError(
            f"{int((amounts < 0).sum())} values are negative",
            key=value,
            fix="tabulate gains and losses apart",
        )
    levels = [[*sorted(rows[name].astype("string").dropna().unique()), TOTAL] for name in by]
    keys = tuple(itertools.product(*levels))
    counts = np.zeros(len(keys), dtype=np.int64)
    sums = np.zeros(len(keys))
    largest = np.zeros((len(keys), LARGEST))
    columns = {name: codes[name].to_numpy() for name in by}
    for i, key in enumerate(keys):
        chosen = np.ones(len(kept), dtype=bool)
        for name, level in zip(by, key, strict=True):
            if level != TOTAL:
                chosen &= np.asarray(columns[name] == level, dtype=bool)
        found = np.sort(amounts[chosen])[::-1]
        counts[i], sums[i] = len(found), found.sum()
        largest[i, : min(len(found), LARGEST)] = found[:LARGEST]
    if not value:
        return Tabulation(population, tuple(by), keys, counts, purpose=purpose)
    return Tabulation(population, tuple(by), keys, counts, sums, largest, value, unit, purpose)


def _require_columns(rows: pd.DataFrame, names: list[str]) -> None:
    missing = [name for name in names if name not in rows.columns]
    if missing:
        raise InputError("there is no such column", seen=missing[0], key="by")


def _require_classified(codes: pd.DataFrame) -> None:
    for name in codes.columns:
        if codes[name].isna().any():
            raise InputError(
                f"{int(codes[name].isna().sum())} rows have no category",
                key=name,
                fix="give them one, such as 'unknown'",
            )
        if (codes[name] == TOTAL).any():
            raise InputError("this name is that of a margin", key=name, seen=TOTAL)

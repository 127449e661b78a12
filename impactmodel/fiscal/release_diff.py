"""What a release changes in the results of example households, and which parameter does it."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.fiscal.example_grid import KEYS, ExampleGrid, GridResult, example_grid
from impactmodel.fiscal.parameters import Rules

type Pinned = dict[tuple[str, ...], dict[str, float]]
type Values = dict[str, list[list[Any]]]
"""By parameter: [first day, value] of each of its values."""

CENT = 0.005 + 1e-9


@dataclass(frozen=True, slots=True)
class LineChange:
    """How a line of the grid changed since it was pinned, and the parameters that move it.

    Parameters
    ----------
    rows, of
        How many rows changed, of how many.
    least, most
        Smallest and largest change of a row that changed, EUR.
    parameters
        Changed parameters that move the line when their earlier values are put back.
    """

    line: str
    rows: int
    of: int
    least: float
    most: float
    parameters: tuple[str, ...]

    def sentence(self) -> str:
        """Say it on one line."""
        by = ", ".join(self.parameters) or "no parameter: a rule changed"
        span = f"{self.least:+,.2f}"
        if self.most != self.least:
            span += f" to {self.most:+,.2f}"
        return f"{self.line}: {self.rows} of {self.of} rows, {span} EUR a year, by {by}"


def values_pinned(rules: Rules) -> Values:
    """Return every dated value of some rules as plain data."""
    return {
        name: [[str(v.valid_from), json.loads(json.dumps(v.value))] for v in one.values]
        for name, one in rules.parameters.items()
    }


def changed_values(rules: Rules, pinned: Values) -> dict[str, str]:
    """Return what changed of each parameter, in words, since its values were pinned."""
    now = values_pinned(rules)
    said: dict[str, str] = {}
    for name in sorted({*now, *pinned}):
        if now.get(name) == pinned.get(name):
            continue
        before, after = (
            {str(day): value for day, value in one.get(name, [])} for one in (pinned, now)
        )
        days = [d for d in sorted({*before, *after}) if before.get(d, "-") != after.get(d, "-")]
        said[name] = "; ".join(
            f"from {day}: {before.get(day, 'nothing')} -> {after.get(day, 'nothing')}"
            for day in days
        )
    return said


def release_diff(
    rules: Rules, grid: ExampleGrid, pinned: str | Path, values: Values
) -> tuple[LineChange, ...]:
    """Compare a grid with its pinned results, line by line.

    Parameters
    ----------
    pinned
        The CSV file of `GridResult.to_csv` as it was pinned.
    values
        The values of the parameters then; see `values_pinned`.

    Returns
    -------
    tuple of LineChange
        Empty where no amount moved by half a cent or more.

    Raises
    ------
    InputError
        If the pinned file holds another grid.
    """
    now, then = example_grid(rules, grid), _read(Path(pinned))
    names = [tuple(map(str, row)) for row in now.rows]
    if set(names) != set(then):
        raise InputError(
            "the pinned results are of another grid",
            file=str(pinned),
            seen=f"{len(then)} rows, {len(set(then) - set(names))} not in the grid",
            fix="pin them again, with the release",
        )
    moves = dict(_put_back(rules, grid, values))
    return tuple(_changes(now, then, names, moves))


def _changes(
    now: GridResult,
    then: Pinned,
    names: list[tuple[str, ...]],
    moves: Mapping[str, GridResult],
) -> Iterator[LineChange]:
    lines = dict.fromkeys([*now.amounts, *next(iter(then.values()))])
    for line in lines:
        after = now.amounts.get(line, np.zeros(len(names)))
        before = np.array([then[name].get(line, 0.0) for name in names])
        change = np.array([float(f"{v:.2f}") for v in after]) - before
        moved = np.abs(change) > CENT
        if not moved.any():
            continue
        by = tuple(
            name
            for name, back in moves.items()
            if line in back.amounts
            and line in now.amounts
            and np.abs(back.amounts[line] - now.amounts[line])[moved].max() > CENT
        )
        some = change[moved]
        yield LineChange(line, int(moved.sum()), len(names), some.min(), some.max(), by)


def _put_back(rules: Rules, grid: ExampleGrid, pinned: Values) -> Iterator[tuple[str, GridResult]]:
    """Yield the grid with the earlier values of each changed parameter in their place."""
    for name in changed_values(rules, pinned):
        if name not in rules.parameters or name not in pinned:
            continue
        like = rules.parameters[name].values[0]
        values = []
        for day, value in pinned[name]:
            amount = tuple((a, b) for a, b in value) if isinstance(value, list) else value
            since = dt.date.fromisoformat(day)
            values.append(
                dataclasses.replace(like, valid_from=since, value=amount, known_from=None)
            )
        yield name, example_grid(rules.with_values({name: tuple(values)}), grid)


def _read(path: Path) -> Pinned:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise InputError(
            f"the pinned results cannot be read: {error.strerror}", file=str(path)
        ) from None
    return {
        tuple(row[key] for key in KEYS): {k: float(v) for k, v in row.items() if k not in KEYS}
        for row in rows
    }

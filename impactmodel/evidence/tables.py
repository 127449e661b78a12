"""The columns of an aggregated table: their names, and checks that the sums are possible."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure, moments, product
from impactmodel.evidence.columns import Labels, Table, Vector, frozen

# A sum that was rounded when the table was made may miss an inequality by this share.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Moments:
    """The checked columns of an aggregated table: (cell) or (cell, outcome) and so on."""

    treated: npt.NDArray[np.bool_]
    group: Labels
    groups: tuple[str, ...]
    n: Vector
    x: npt.NDArray[np.float64]
    total: npt.NDArray[np.float64]
    cross: npt.NDArray[np.float64]
    positive: npt.NDArray[np.float64]
    logs: npt.NDArray[np.float64]


def read(
    data: Table,
    treatment: str,
    outcomes: tuple[OutcomeMeasure, ...],
    n: str,
    keys: tuple[tuple[str, ...], str | None],
) -> Moments:
    """Read and check the columns of an aggregated table; ``keys`` are covariates and group."""
    by, group = keys
    wanted = [column for o in outcomes for column in moments(o)]
    data.require([treatment, n, *by, *([group] if group else []), *wanted])
    people = data.numbers(n)
    _check(people >= 1, n, "a cell has fewer than one person")
    _check(people == np.round(people), n, "a number of people is not whole")
    treated = data.zero_one(treatment, "the treatment") == 1
    for arm, word in ((True, "treated"), (False, "in comparison")):
        if not (treated == arm).any():
            raise InputError(f"no cell is {word}", key=treatment, fix="both arms need people")
    codes, labels = data.labels(group) if group else (np.zeros(len(data), np.intp), ("all",))
    columns = [_moments(data, o, people) for o in outcomes]
    total, squares, positive, logs = (
        frozen(np.column_stack([c[i] for c in columns])) for i in range(4)
    )
    return Moments(
        treated=frozen(treated),
        group=frozen(codes),
        groups=labels,
        n=people,
        x=np.column_stack([data.numbers(c) for c in by]) if by else np.empty((len(data), 0)),
        total=total,
        cross=_cross(data, outcomes, squares),
        positive=positive,
        logs=logs,
    )


def _cross(
    data: Table, outcomes: tuple[OutcomeMeasure, ...], squares: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return sums of products (cell, outcome, outcome), NaN where the table has none."""
    count = len(outcomes)
    cross = np.full((len(data), count, count), np.nan)
    cross[:, range(count), range(count)] = squares
    for i, j in combinations(range(count), 2):
        name = product(outcomes[i], outcomes[j])
        if name in data.frame.columns:
            data.require([name])
            values = data.numbers(name)
            most = np.sqrt(squares[:, i] * squares[:, j]) * (1 + _ROUNDING)
            _check(np.abs(values) <= most, name, "a sum of products is too large")
            cross[:, i, j] = cross[:, j, i] = values
    return frozen(cross)


def _moments(data: Table, outcome: OutcomeMeasure, n: Vector) -> tuple[Vector, ...]:
    """Return sum, sum of squares, people above zero and sum of logs of one outcome."""
    columns = moments(outcome)
    total = data.numbers(columns[0])
    if outcome.kind != "index":
        _check(total >= 0, columns[0], "a sum is negative")
    if outcome.kind == "binary":
        _check(total <= n, columns[0], "there are more events than people")
        _check(total == np.round(total), columns[0], "a number of events is not whole")
        return total, total, total, np.zeros_like(total)
    squares = data.numbers(columns[1])
    least = total**2 / n * (1 - _ROUNDING)
    _check(squares >= least, columns[1], "a sum of squares is below sum squared over people")
    if outcome.kind != "amount":
        return total, squares, np.full_like(total, np.nan), np.full_like(total, np.nan)
    positive, logs = data.numbers(columns[2]), data.numbers(columns[3])
    _check((positive >= 0) & (positive <= n), columns[2], "more people above zero than people")
    _check((positive > 0) == (total > 0), columns[2], "a sum above zero needs people above zero")
    _check(positive == np.round(positive), columns[2], "a number of people is not whole")
    most = positive * np.log(np.where(positive > 0, total / np.maximum(positive, 1), 1.0))
    slack = _ROUNDING * np.maximum(1.0, np.abs(most))
    _check(logs <= most + slack, columns[3], "a sum of logarithms is above that of equal amounts")
    return total, squares, positive, logs


def _check(fine: npt.NDArray[np.bool_], column: str, fault: str) -> None:
    bad = int(np.count_nonzero(~fine))
    if bad:
        raise InputError(
            f"{fault}, in {bad} of {len(fine)} cells", key=column, fix="check the table"
        )

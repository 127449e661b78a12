"""Cells of a table of people or months: sums that an engine computes where the rows are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.measures import OutcomeMeasure, moments, product
from impactmodel.registers.reading import CENT, collect

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import Column, Scalar, Table

_WIDE = "decimal(19, 0)"
"""Holds any 64-bit whole number; the product of two does not overflow."""


def cells(
    table: Table,
    outcomes: Sequence[OutcomeMeasure],
    *,
    treatment: str = "treated",
    by: Sequence[str] = (),
    cents: Collection[str] = (),
) -> pd.DataFrame:
    """Return the sufficient statistics that `impactmodel.evidence.Cells.from_frame` reads.

    A row is one arm and one value of each column in ``by``. For an outcome y it has its sum, and
    by kind the sum of squares, the people above zero and the sum of natural logarithms over them;
    for each pair of outcomes the sum of products.

    Parameters
    ----------
    table
        An Ibis table, one row per person or per month of a person.
    outcomes
        Columns of the table; none may be empty.
    treatment
        Column of the arm, 0 or 1.
    by
        Columns of site, group, month or covariate.
    cents
        Amounts that the table holds in whole cents; their sums are whole numbers too, the same in
        whatever order an engine adds, and become units of the currency at the end.

    Returns
    -------
    pandas.DataFrame
        Sorted by arm and ``by``. It holds counts of people: apply the rules of disclosure control
        before it leaves a closed environment.

    Raises
    ------
    InputError
        If a column is missing, an arm or outcome is empty, or values do not fit their kind.
    """
    keys = [treatment, *by]
    _require(table, outcomes, keys, cents)
    sums: dict[str, Scalar] = {"n": table.count()}
    for outcome in outcomes:
        sums |= _sums(table[outcome.name], outcome, whole=outcome.name in cents)
        sums[f"{outcome.name}_faults"] = _faults(table[outcome.name], outcome)
    for one, other in combinations(outcomes, 2):
        # A decimal times a binary number would be rounded to decimals: both are of one kind.
        whole = one.name in cents and other.name in cents
        factors = [_exact(table[o.name], whole=whole) for o in (one, other)]
        sums[product(one, other)] = (factors[0] * factors[1]).sum()
    frame = collect("cells", table.group_by(keys).agg(**sums))
    _require_sound(frame, outcomes, keys)
    for column in sums:
        frame[column] = frame[column].astype("int64" if column == "n" else "float64")
    for outcome in outcomes:
        frame = frame.drop(columns=f"{outcome.name}_faults")
        if outcome.name in cents:
            for column, power in zip(moments(outcome), (1, 2), strict=False):
                frame[column] /= CENT**power
    for one, other in combinations(outcomes, 2):
        power = (one.name in cents) + (other.name in cents)
        frame[product(one, other)] /= CENT**power
    return frame.sort_values(keys, ignore_index=True)


def _exact(column: Column, *, whole: bool) -> Column:
    return column.cast(_WIDE) if whole else column.cast("float64")


def _sums(column: Column, outcome: OutcomeMeasure, *, whole: bool) -> dict[str, Scalar]:
    y = _exact(column, whole=whole)
    squares = (y * y).sum()
    positive = column > 0
    size = CENT if whole else 1
    logs = (positive.ifelse(column, None).cast("float64") / size).ln()
    found = (column.sum(), squares, positive.sum(), logs.sum().fill_null(0.0))
    return dict(zip(moments(outcome), found, strict=False))


def _faults(column: Column, outcome: OutcomeMeasure) -> Scalar:
    """Return how many values are missing or impossible; counts of columns cost least."""
    fault = column < 0
    if outcome.kind == "binary":
        fault = (column != 0) & (column != 1)
    elif outcome.kind == "index":
        fault = column.isnull() & column.notnull()
    if column.type().is_floating():
        fault |= column.isnan() | column.isinf()
    return column.isnull().sum() + fault.sum().fill_null(0)


def _require(
    table: Table, outcomes: Sequence[OutcomeMeasure], keys: list[str], cents: Collection[str]
) -> None:
    names = [outcome.name for outcome in outcomes]
    if not names:
        raise InputError("no outcome is named", key="outcomes", fix="name at least one")
    wanted = [*keys, *names]
    absent = [name for name in wanted if name not in table.columns]
    if absent:
        raise InputError("there is no such column", key=absent[0])
    if len(set(wanted)) < len(wanted):
        raise InputError("a column is given twice", key="outcomes", seen=", ".join(wanted))
    for name in cents:
        amounts = {outcome.name for outcome in outcomes if outcome.kind == "amount"}
        if name not in amounts:
            raise InputError("only an amount is in cents", key="cents", seen=name)
        if not table[name].type().is_integer():
            raise InputError(
                "cents are whole numbers", key=name, seen=str(table[name].type()), fix="round them"
            )


def _require_sound(
    frame: pd.DataFrame, outcomes: Sequence[OutcomeMeasure], keys: list[str]
) -> None:
    problems = [
        Problem("a key of cells is empty", "complete it", key=key)
        for key in keys
        if frame[key].isna().any()
    ]
    for outcome in outcomes:
        count = int(frame[f"{outcome.name}_faults"].sum())
        if count:
            what = f"{count} values are missing, not finite or impossible for '{outcome.kind}'"
            problems.append(Problem(what, "correct or leave out these rows", key=outcome.name))
    if problems:
        raise InputError.of(problems)

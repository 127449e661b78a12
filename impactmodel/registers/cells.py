"""Cells of a table of people or months: sums that an engine computes where the rows are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.measures import OutcomeMeasure, moments, product
from impactmodel.registers.reading import CENT, collect

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import BooleanColumn, Column, Scalar, Table

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
        Amounts that the table holds in whole cents; they become units of the currency at the end.
        Sums of whole numbers are exact, the same in whatever order an engine adds.

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
    found = _collected(table, outcomes, keys, cents)
    _require_sound(found, table, outcomes, keys)
    frame = found.drop(columns=[_alarm(o) for o in outcomes if o.kind != "amount"])
    for column in frame.columns.drop(keys):
        frame[column] = frame[column].astype("int64" if column == "n" else "float64")
    for outcome in outcomes:
        if outcome.name in cents:
            for column, power in zip(moments(outcome), (1, 2), strict=False):
                frame[column] /= CENT**power
    for one, other in combinations(outcomes, 2):
        power = (one.name in cents) + (other.name in cents)
        frame[product(one, other)] /= CENT**power
    return frame.sort_values(keys, ignore_index=True)


def _collected(
    table: Table, outcomes: Sequence[OutcomeMeasure], keys: list[str], cents: Collection[str]
) -> pd.DataFrame:
    """Return the sums and alarms by key.

    DuckDB sums 64-bit numbers in 128 bits and refuses a product that needs more than 64, which
    decimals then hold at a fifth more time. Spark would let both run over: it gets decimals.
    """
    if table.get_backend().name == "duckdb":
        try:
            return _summed(table, outcomes, keys, cents, whole="int64")
        except InputError:
            pass
    return _summed(table, outcomes, keys, cents, whole=_WIDE)


def _summed(
    table: Table,
    outcomes: Sequence[OutcomeMeasure],
    keys: list[str],
    cents: Collection[str],
    whole: str,
) -> pd.DataFrame:
    sums: dict[str, Scalar] = {"n": table.count()}
    for outcome in outcomes:
        column = _numeric(table[outcome.name])
        size = CENT if outcome.name in cents else 1
        found = (
            _sum(column, whole),
            _sum_of_product(column, column, whole),
            (column > 0).sum(),
            _logarithms(column, size).sum(),
        )
        sums |= dict(zip(moments(outcome), found, strict=False))
        if outcome.kind != "amount":
            sums[_alarm(outcome)] = _fault(column, outcome).any()
    for one, other in combinations(outcomes, 2):
        first, second = _numeric(table[one.name]), _numeric(table[other.name])
        sums[product(one, other)] = _sum_of_product(first, second, whole)
    return collect("cells", table.group_by(keys).agg(**sums))


def _numeric(column: Column) -> Column:
    return column.cast("int8") if column.type().is_boolean() else column


def _sum(column: Column, whole: str) -> Scalar:
    # As text a long whole number is rounded once: where it becomes a float.
    return column.cast(whole).sum().cast("string") if column.type().is_integer() else column.sum()


def _sum_of_product(one: Column, other: Column, whole: str) -> Scalar:
    """Return a sum of products: exact if both are whole, else both binary, not one of each."""
    if one.type().is_integer() and other.type().is_integer():
        return _sum(one.cast(whole) * other.cast(whole), whole)
    return (one.cast("float64") * other.cast("float64")).sum()


def _logarithms(column: Column, size: int) -> Column:
    """Return logarithms above zero, 0 at zero, and of what is no amount what is no number."""
    value = column.cast("float64") / size
    return (column > 0).ifelse(value.ln(), (column == 0).ifelse(0.0, float("nan")))


def _alarm(outcome: OutcomeMeasure) -> str:
    return f"{outcome.name}_alarm"


def _fault(column: Column, outcome: OutcomeMeasure) -> BooleanColumn:
    """Return whether a value is missing or impossible; comparisons joined by "or" cost least."""
    fault = column.isnull()
    if outcome.kind != "index":
        fault |= column < 0
    if outcome.kind == "binary":
        fault |= column > 1
    if column.type().is_floating():
        fault |= column.isnan() | column.isinf()
        if outcome.kind == "binary":
            fault |= (column > 0) & (column < 1)
    return fault


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
    found: pd.DataFrame, table: Table, outcomes: Sequence[OutcomeMeasure], keys: list[str]
) -> None:
    problems = [
        Problem("a key of cells is empty", "complete it", key=key)
        for key in keys
        if found[key].isna().any()
    ]
    for outcome in outcomes:
        if outcome.kind == "amount":
            # An amount that is none has left no number.
            alarm = ~np.isfinite(found[moments(outcome)[-1]].to_numpy("float64"))
        else:
            alarm = found[_alarm(outcome)].to_numpy(bool)
        if alarm.any():
            faulty = _fault(_numeric(table[outcome.name]), outcome)
            count = int(collect("cells", table.agg(n=faulty.sum()))["n"].iloc[0])
            what = f"{count} values are missing, not finite or impossible for '{outcome.kind}'"
            problems.append(Problem(what, "correct or leave out these rows", key=outcome.name))
    if problems:
        raise InputError.of(problems)

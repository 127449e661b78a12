"""Reconciliation: a claimed statement held against the computed one, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.contract.results import Row, RowReader, read_rows
from impactmodel.contract.settlement import Settlement
from impactmodel.core.errors import InputError
from impactmodel.core.rule.numbers import plain

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Difference:
    """A line on which the claim and the computation differ: computed, claimed, and by how much.

    The period is None where the claim states none.
    """

    clause: str
    computed: Decimal
    claimed: Decimal
    units: Decimal
    text: str
    period: int | None = None


type _Claim = tuple[str, int | None]
"""(clause, period); None for all periods together."""


def reconcile(settlement: Settlement, claimed: str | Path | pd.DataFrame) -> tuple[Difference, ...]:
    """Return every line that differs between a settlement and a claimed statement.

    Parameters
    ----------
    claimed
        A CSV file or data frame with the columns ``clause`` and ``paid``, and ``period`` (0, 1,
        ...) where it claims line by line; without it a clause is claimed once for all periods.
        Other columns, such as those of a settlement's own statement, are not read.

    Returns
    -------
    tuple of Difference
        Empty where the two agree to the last decimal.

    Raises
    ------
    InputError
        If a claimed line is not in the contract, is there twice, or is not a number.
    """
    rows, file = read_rows(claimed)
    if not rows or not {"clause", "paid"} <= set(rows[0][1]):
        raise InputError(
            "a claimed statement has the columns 'clause' and 'paid'",
            file=file,
            line=1,
            fix="name them so; 'period' may follow",
        )
    by_period = "period" in rows[0][1]
    claims = _claims(settlement, rows, file)
    computed = [(x.clause, x.period if by_period else None) for x in settlement.lines]
    unpaid = [] if by_period else [(c.name, None) for c in settlement.contract.all_clauses]
    lines = dict.fromkeys([*computed, *unpaid, *claims])
    return tuple(d for d in (_difference(settlement, line, claims) for line in lines) if d)


def _claims(settlement: Settlement, rows: list[Row], file: str) -> dict[_Claim, Decimal]:
    names = [clause.name for clause in settlement.contract.all_clauses]
    claims: dict[_Claim, Decimal] = {}
    for row in rows:
        cell = RowReader(row, file)
        name, paid, period = cell.text("clause"), cell.number("paid"), cell.number("period")
        if name not in names:
            fix = "use one of " + ", ".join(names)
            raise cell.fault("the contract has no such clause", "clause", fix, name)
        if "period" in row[1] and period is None:
            raise cell.fault("the cell is empty", "period", "write 0 for the first one")
        line = (name, None if period is None else int(period))
        if line in claims:
            fix = "leave one, or add a column 'period' (0, 1, ...)"
            if period is not None:
                fix = "leave one"
            raise cell.fault("this clause is claimed twice", "clause", fix, name)
        if paid is None:
            raise cell.fault("the cell is empty", "paid", "write 0 where nothing is claimed")
        claims[line] = paid
    return claims


def _difference(
    settlement: Settlement, line: _Claim, claims: dict[_Claim, Decimal]
) -> Difference | None:
    name, period = line
    own = [x for x in settlement.lines if x.clause == name and period in {None, x.period}]
    computed = sum((x.paid for x in own), Decimal(0))
    units = sum((x.units for x in own), Decimal(0))
    claimed = claims.get(line, Decimal(0))
    gap = claimed - computed
    if not gap:
        return None
    currency = settlement.contract.currency
    per_unit = computed / units if units else Decimal(0)
    as_units = ""
    if per_unit:
        as_units = f", {plain(round(gap / per_unit, 6))} units at {plain(round(per_unit, 6))}"
    missing = "" if line in claims else " (the claim has no such line)"
    where = name if period is None else f"{name}, period {period}"
    text = (
        f"{where}: computed {plain(computed)} for {plain(units)} units, claimed {plain(claimed)}"
        f"{missing}; the claim is {'over' if gap > 0 else 'under'} by {plain(abs(gap))} {currency}"
        f"{as_units}"
    )
    return Difference(name, computed, claimed, units, text, period)

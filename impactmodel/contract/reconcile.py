"""Reconciliation: a claimed statement held against the computed one, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.contract.results import RowReader, read_rows
from impactmodel.contract.settlement import Settlement
from impactmodel.core.errors import InputError
from impactmodel.core.rule.numbers import plain

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Difference:
    """A line on which the claim and the computation differ: computed, claimed, and by how much."""

    clause: str
    computed: Decimal
    claimed: Decimal
    units: Decimal
    text: str


def reconcile(settlement: Settlement, claimed: str | Path | pd.DataFrame) -> tuple[Difference, ...]:
    """Return every line that differs between a settlement and a claimed statement.

    Parameters
    ----------
    claimed
        A CSV file or data frame with the columns ``clause`` and ``paid``.

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
            "a claimed statement has the columns 'clause' and 'paid'", file=file, line=1
        )
    claims: dict[str, Decimal] = {}
    for row in rows:
        cell = RowReader(row, file)
        name, paid = cell.text("clause"), cell.number("paid")
        if name not in {clause.name for clause in settlement.contract.clauses}:
            raise cell.fault("the contract has no such clause", "clause", seen=name)
        if name in claims:
            raise cell.fault("this clause is claimed twice", "clause", seen=name)
        if paid is None:
            raise cell.fault("the cell is empty", "paid", "write 0 where nothing is claimed")
        claims[name] = paid
    return tuple(
        d
        for d in (_difference(settlement, c.name, claims) for c in settlement.contract.clauses)
        if d
    )


def _difference(settlement: Settlement, name: str, claims: dict[str, Decimal]) -> Difference | None:
    own = [line for line in settlement.lines if line.clause == name]
    computed = sum((line.paid for line in own), Decimal(0))
    units = sum((line.units for line in own), Decimal(0))
    claimed = claims.get(name, Decimal(0))
    gap = claimed - computed
    if not gap:
        return None
    currency = settlement.contract.currency
    per_unit = computed / units if units else Decimal(0)
    as_units = f", {plain(round(gap / per_unit, 6))} units at {plain(per_unit)}" if per_unit else ""
    missing = "" if name in claims else " (the claim has no such line)"
    text = (
        f"{name}: computed {plain(computed)} for {plain(units)} units, claimed {plain(claimed)}"
        f"{missing}; the claim is {'over' if gap > 0 else 'under'} by {plain(abs(gap))} {currency}"
        f"{as_units}"
    )
    return Difference(name, computed, claimed, units, text)

"""A payment statement: settled amounts exactly as the contract rounds them, with every step."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from impactmodel.report.blocks import Marked, Page, Paragraph, Section, Steps, Tabled
from impactmodel.report.numbers import MINUS, count
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from impactmodel.contract.reconcile import Difference
    from impactmodel.contract.settlement import Settlement


def exact_amount(value: Decimal) -> str:
    """Write an exact amount with thousands separators, every decimal of it.

    Examples
    --------
    >>> exact_amount(Decimal("848540.50")), exact_amount(Decimal("-12"))
    ('848,540.50', '−12')
    """
    return f"{value:,f}".replace("-", MINUS)


def statement_table(settlement: Settlement) -> Table:
    """Tabulate a settlement: one row per clause and period, and the total."""
    currency = settlement.contract.currency
    rows = [
        (
            line.clause,
            line.payer,
            str(line.period + 1),
            exact_amount(line.units),
            exact_amount(line.amount),
            exact_amount(line.paid),
        )
        for line in settlement.lines
    ]
    rows.append(("Total", "", "", "", "", exact_amount(settlement.total)))
    return Table(
        title=f"Payments in {currency}",
        columns=("Clause", "Payer", "Period", "Units", "Under the clause", "Paid"),
        rows=tuple(rows),
        note=f"Exact; each line is {settlement.contract.rounds.text()}. Units are what counts "
        "beyond the clause's basis. “Paid” is what is left after the caps over all clauses.",
        words=(0, 1),
    )


def payers_table(settlement: Settlement) -> Table:
    """Tabulate what each payer owes."""
    return Table(
        title=f"What each payer owes, in {settlement.contract.currency}",
        columns=("Payer", "Owed"),
        rows=tuple((p, exact_amount(a)) for p, a in settlement.by_payer().items()),
    )


def statement_data(settlement: Settlement, differences: Sequence[Difference]) -> dict[str, Any]:
    """Return a settlement as plain data; amounts are text, so that no decimal is lost."""
    return {
        "contract": settlement.contract.name,
        "currency": settlement.contract.currency,
        "total": str(settlement.total),
        "by_payer": {payer: str(owed) for payer, owed in settlement.by_payer().items()},
        "lines": [
            {
                "clause": line.clause,
                "payer": line.payer,
                "period": line.period,
                "units": str(line.units),
                "amount": str(line.amount),
                "paid": str(line.paid),
                "rule": line.rule,
            }
            for line in settlement.lines
        ],
        "warnings": list(settlement.warnings),
        "differences": [
            {
                "clause": d.clause,
                "computed": str(d.computed),
                "claimed": str(d.claimed),
                "text": d.text,
            }
            for d in differences
        ],
    }


def statement_page(settlement: Settlement, differences: Sequence[Difference] | None = None) -> Page:
    """Return the page of a settlement.

    Parameters
    ----------
    settlement
        What was settled.
    differences
        Lines on which a claim differs; None where nothing was claimed.
    """
    contract = settlement.contract
    names = dict.fromkeys(line.clause for line in settlement.lines)
    claimed = () if differences is None else (_claimed(differences),)
    return Page(
        title=f"Payment statement: {contract.name}",
        lead=f"{exact_amount(settlement.total)} {contract.currency} is due under "
        f"{count(len(names), 'clause')}.",
        facts=(),
        sections=(
            Section(
                "payments",
                "Payments",
                (Tabled(payers_table(settlement)), Tabled(statement_table(settlement))),
            ),
            *claimed,
            Section("warnings", "Warnings", _warned(settlement.warnings)),
            Section("steps", "Every step", tuple(Steps(settlement.explain(n)) for n in names)),
        ),
    )


def _claimed(differences: Sequence[Difference]) -> Section:
    blocks = (
        (Marked("Difference", tuple(d.text for d in differences)),)
        if differences
        else (Paragraph("The claim agrees with the statement to the last decimal."),)
    )
    return Section("claim", "The claim", blocks)


def _warned(warnings: tuple[str, ...]) -> tuple[Marked, ...]:
    return (Marked("Warning", warnings),) if warnings else ()

"""Tables of outcome payments: by clause, by payer, by date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impactmodel.report.languages import english
from impactmodel.report.numbers import money, probability
from impactmodel.report.tables import Table, described, interval_note, interval_words

if TYPE_CHECKING:
    from impactmodel.contract import OutcomePayments


def payments_table(payments: OutcomePayments, prob: float = 0.9) -> Table:
    """Tabulate payments by clause, by payer where there are several, and in total.

    Parameters
    ----------
    payments
        Payments per draw.
    prob
        Probability of the equal-tailed interval.
    """
    contract = payments.contract
    rows = [
        (clause.name.replace("_", " "), english(clause.payer), *_cells(draws, prob))
        for clause, draws in (
            (contract.clause(name), draws) for name, draws in payments.by_clause().items()
        )
    ]
    if len(contract.payers) > 1:
        rows += [
            (f"All clauses of {english(payer)}", english(payer), *_cells(draws, prob))
            for payer, draws in payments.by_payer().items()
        ]
    rows.append(("Total", "", *_cells(payments.total(), prob)))
    return Table(
        title=f"Payments in {payments.currency}, {payments.view} view",
        columns=(
            "Clause",
            "Payer",
            "Mean",
            "Standard deviation",
            interval_words(prob).capitalize(),
            "P(nothing)",
        ),
        rows=tuple(rows),
        note=interval_note(prob, payments.n_draws),
        words=(0, 1),
    )


def schedule_table(payments: OutcomePayments, prob: float = 0.9) -> Table:
    """Tabulate payments by date and payer."""
    by_date: dict[tuple[Any, str], Any] = {}
    for date, payer, draws in payments.by_date():
        by_date[date, payer] = by_date.get((date, payer), 0.0) + draws
    rows = [
        (str(date), english(payer), *_cells(draws, prob))
        for (date, payer), draws in by_date.items()
    ]
    return Table(
        title=f"When payments fall due, in {payments.currency}, {payments.view} view",
        columns=(
            "Date",
            "Payer",
            "Mean",
            "Standard deviation",
            interval_words(prob).capitalize(),
            "P(nothing)",
        ),
        rows=tuple(rows),
        note=interval_note(prob, payments.n_draws),
        words=(0, 1),
    )


def _cells(draws: Any, prob: float) -> tuple[str, ...]:
    unit = money("")
    return (*described(draws, unit, prob), probability(float((draws == 0).mean())))

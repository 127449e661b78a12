"""The same contract at another price."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from impactmodel.contract.cards import Card
from impactmodel.contract.open_values import CaseMixPrices
from impactmodel.contract.terms import Rate, ShareOf
from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract


def reprice(contract: OutcomesContract, outcome: str, price: float) -> OutcomesContract:
    """Return the contract with another price (or share) for an outcome or clause.

    Parameters
    ----------
    outcome
        Name of a clause, or of an outcome that one clause pays for.

    Raises
    ------
    InputError
        If no clause or several pay for it, or it has no single price.
    """
    found = [c for c in contract.clauses if c.name == outcome] or [
        c for c in contract.clauses if outcome in c.weights
    ]
    if len(found) != 1:
        what = "no clause pays for it" if not found else "several clauses pay for it"
        raise InputError(
            what,
            key="outcome",
            seen=outcome,
            fix="name one of the clauses " + ", ".join(c.name for c in contract.clauses),
        )
    clause = found[0]
    match clause.payment:
        case Rate(price=dict() | Card() | CaseMixPrices()) | ShareOf(share=dict() | Card()):
            raise InputError("prices by group have no single price", key="outcome", seen=outcome)
        case Rate():
            payment: Rate | ShareOf = Rate(float(price))
        case ShareOf():
            payment = ShareOf(float(price))
        case _:
            raise InputError(
                "a table has no single price",
                key="outcome",
                seen=outcome,
                fix="name a clause that pays a rate or a share",
            )
    new = dataclasses.replace(clause, payment=payment)
    clauses = tuple(new if c.name == clause.name else c for c in contract.clauses)
    return dataclasses.replace(contract, clauses=clauses)

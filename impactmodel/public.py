"""Net positions: what each payer saves less what it pays under a contract, draw by draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import JoinError
from impactmodel.core.money import same

if TYPE_CHECKING:
    from impactmodel.contract import OutcomePayments
    from impactmodel.fiscal import Savings

type Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NetPosition:
    """Savings less payments by payer.

    Parameters
    ----------
    saved, paid
        Savings and payments of each payer, both discounted at the public side's rate to the first
        year of its ledger, each of shape (draw,). Parties that
        pay under the contract but do not stand in the public ledger have zero savings; participants
        and employers are left out.
    """

    saved: dict[str, Draws]
    paid: dict[str, Draws]
    currency: str

    def by_payer(self) -> dict[str, Draws]:
        """Return savings less payments of each payer, each of shape (draw,)."""
        return {name: self.saved[name] - self.paid[name] for name in self.saved}

    def probability_overpays(self, payer: str) -> float:
        """Return the probability that a payer pays more than it saves."""
        return float((self.by_payer()[payer] < 0).mean())


def net_position(savings: Savings, payments: OutcomePayments) -> NetPosition:
    """Hold what each payer saves against what it pays, draw by draw.

    Raises
    ------
    JoinError
        If the draws of the two are unrelated, their currencies or price bases differ, or outcomes
        since each person's start are dated to another start than the contract's.
    """
    if savings.lineage != payments.lineage:
        raise JoinError(
            "savings and payments come from unrelated draws; make both from one Outcomes"
        )
    same("currency", savings.currency, payments.currency, "the public side", "the contract")
    periods, start = savings.periods, payments.contract.start
    if periods.clock == "since_start" and periods.start != start:
        raise JoinError(
            f"the savings are of people who start on {periods.start}, the contract's on {start}; "
            "make the savings from outcomes.starting(contract.start)"
        )
    saved, paid = savings.by_payer(), _discounted(payments, savings)
    nothing = np.zeros(payments.n_draws)
    names = tuple(dict.fromkeys([*savings.ledger.public_payers, *paid]))
    return NetPosition(
        {name: saved.get(name, nothing) for name in names},
        {name: paid.get(name, nothing) for name in names},
        payments.currency,
    )


def _discounted(payments: OutcomePayments, savings: Savings) -> dict[str, Draws]:
    first = savings.ledger.years[0]
    paid: dict[str, Draws] = {}
    for day, payer, amount in payments.by_date():
        factor = (1 + savings.discount_rate) ** -(day.year - first)
        paid[payer] = paid.get(payer, np.zeros(payments.n_draws)) + factor * amount
    return paid

"""Net positions: what each payer saves less what it pays and spends, draw by draw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import JoinError
from impactmodel.fiscal.budget import check_joinable

if TYPE_CHECKING:
    from impactmodel.contract import OutcomePayments
    from impactmodel.fiscal import Savings
    from impactmodel.fiscal.budget_plan import DatedCost

type Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NetPosition:
    """Savings less payments and costs by payer.

    Parameters
    ----------
    saved, paid, spent
        Savings, outcome payments, and costs beside them of each payer, each of shape (draw,),
        discounted at the public side's rate to the first year of its ledger. Parties that pay but
        do not stand in the public ledger have zero savings; participants and employers are left
        out.
    """

    saved: dict[str, Draws]
    paid: dict[str, Draws]
    spent: dict[str, Draws]
    currency: str

    def by_payer(self) -> dict[str, Draws]:
        """Return savings less payments and costs of each payer, each of shape (draw,)."""
        return {n: self.saved[n] - self.paid[n] - self.spent[n] for n in self.saved}

    def probability_overpays(self, payer: str) -> float:
        """Return the probability that a payer pays more than it saves."""
        return float((self.by_payer()[payer] < 0).mean())


def net_position(
    savings: Savings,
    payments: OutcomePayments | None,
    costs: Sequence[DatedCost] = (),
    gains: Mapping[str, Draws] | None = None,
) -> NetPosition:
    """Hold what each payer saves against what it pays and spends, draw by draw.

    Parameters
    ----------
    payments
        Of the contract; None where there is none.
    costs
        What payers spend beside them; see `impactmodel.fiscal.BudgetPlan.drawn`.
    gains
        ``savings.by_payer()``, where that was computed before.

    Raises
    ------
    JoinError
        If the draws of the two are unrelated, their currencies or price bases differ, or outcomes
        since each person's start are dated to another start than the contract's.
    """
    if payments is not None:
        check_joinable(savings, payments)
        periods, start = savings.periods, payments.contract.start
        if periods.clock == "since_start" and periods.start != start:
            raise JoinError(
                f"the savings are of people who start on {periods.start}, the contract's on "
                f"{start}; make the savings from outcomes.starting(contract.start)"
            )
    saved = savings.by_payer() if gains is None else gains
    paid = present(payments.by_date() if payments else (), savings)
    spent = present([(day, payer, drawn) for day, payer, _, drawn in costs], savings)
    nothing = np.zeros(savings.n_draws)
    names = tuple(dict.fromkeys([*savings.ledger.public_payers, *paid, *spent]))
    saved, paid, spent = (
        {name: part.get(name, nothing) for name in names} for part in (saved, paid, spent)
    )
    return NetPosition(saved, paid, spent, savings.currency)


def present(dues: Sequence[tuple[dt.date, str, Draws]], savings: Savings) -> dict[str, Draws]:
    """Return dated amounts by payer, discounted as a public side discounts, to its first year."""
    first = savings.ledger.years[0]
    found: dict[str, Draws] = {}
    for day, payer, amount in dues:
        factor = (1 + savings.discount_rate) ** -(day.year - first)
        found[payer] = found.get(payer, 0.0) + factor * amount
    return found

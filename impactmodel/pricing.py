"""The price of an outcome that gives investors a target return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.contract import payments, reprice
from impactmodel.finance import cashflows, solve
from impactmodel.funding import cohort_of_fund

if TYPE_CHECKING:
    from impactmodel.contract import OutcomesContract
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.finance import CashFlows, FundingStructure, SolvedPrice


def solve_price(
    contract: OutcomesContract,
    outcomes: Outcomes,
    structure: FundingStructure,
    *,
    outcome: str,
    target_irr: float,
    seed: int = 1,
) -> SolvedPrice:
    """Return the price of one outcome at which E[NPV at the target rate] is zero.

    Every price sees the same draws, the same measurement and the same enrolment.

    Parameters
    ----------
    outcome
        A clause, or an outcome that one clause pays a rate or a share for.
    target_irr
        Per year; 0.05 is 5 %.

    Raises
    ------
    InputError
        If no price reaches the target, or the clause has no single price.
    """
    outcomes, enrolled = cohort_of_fund(contract, outcomes, structure, seed=seed)

    def flows_at(price: float) -> CashFlows:
        due = payments(reprice(contract, outcome, price), outcomes, seed=seed)
        return cashflows(structure, due, enrolment=enrolled, seed=seed)

    return solve(flows_at, target=target_irr)

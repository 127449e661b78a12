"""The price of an outcome that gives investors a target return, or a payer its value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.contract import Rate, ShareOf, payments, reprice
from impactmodel.core.errors import InputError
from impactmodel.finance import TargetIRR, cashflows, solve
from impactmodel.funding import cohort_of_fund

if TYPE_CHECKING:
    from impactmodel.contract import OutcomesContract
    from impactmodel.contract.payments import View
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.finance import CashFlows, FundingStructure, SolvedPrice
    from impactmodel.finance.pricing_targets import Target


def solve_price(  # noqa: PLR0913  a contract, its fund, what is asked, and how it is seen
    contract: OutcomesContract,
    outcomes: Outcomes,
    structure: FundingStructure,
    *,
    outcome: str,
    target_irr: float | None = None,
    target: Target | None = None,
    view: View | None = None,
    seed: int = 1,
) -> SolvedPrice:
    """Return the price of one outcome that meets a target.

    Every price sees the same draws, the same measurement and the same enrolment.

    Parameters
    ----------
    outcome
        A clause, or an outcome that one clause pays a rate or a share for.
    target_irr
        Per year; 0.05 is 5 %: short for ``TargetIRR(0.05)``, E[NPV at the target rate] = 0.
    target
        Another target; see `impactmodel.finance.solve`.
    view
        As in `impactmodel.contract.payments`.

    Raises
    ------
    InputError
        If no price reaches the target, the clause has no single price, or not exactly one of
        ``target_irr`` and ``target`` is given.
    """
    if (target_irr is None) == (target is None):
        raise InputError(
            "give exactly one of 'target_irr' and 'target'",
            key="target",
            seen="neither" if target is None else "both",
        )
    wanted = target if target is not None else TargetIRR(float(target_irr or 0.0))
    outcomes, enrolled = cohort_of_fund(contract, outcomes, structure, seed=seed)

    def flows_at(price: float) -> CashFlows:
        due = payments(reprice(contract, outcome, price), outcomes, view, seed=seed)
        return cashflows(structure, due, enrolment=enrolled, seed=seed)

    return solve(flows_at, wanted, start=_stated(contract, outcome))


def _stated(contract: OutcomesContract, outcome: str) -> float:
    """Return the contract's own price, a number of the right order to search from."""
    for clause in contract.clauses:
        if outcome in {clause.name, *clause.weights}:
            match clause.payment:
                case Rate(price=float(price)) | ShareOf(share=float(price)) if price > 0:
                    return price
    return 1.0

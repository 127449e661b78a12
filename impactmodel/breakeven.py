"""Break-even: how much effect, and how many people, investors need at the stated price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.contract import payments
from impactmodel.core.errors import InputError
from impactmodel.finance import TargetIRR, cashflows, solve
from impactmodel.funding import cohort_of_fund
from impactmodel.levers import scaled_effect

if TYPE_CHECKING:
    from impactmodel.contract import OutcomesContract
    from impactmodel.contract.payments import View
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.finance import CashFlows, Enrolled, FundingStructure, SolvedPrice
    from impactmodel.finance.pricing_targets import Target

MOST = 1000.0
"""Break-even is looked for up to this multiple of the effect or the cohort."""
LEAST = 0.01
"""And from this share of the cohort."""
ACCURACY = 1e-10
"""Of the multiple, relative."""


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The multiple of an effect or a cohort at which a target is met.

    Parameters
    ----------
    factor
        Of what the outcomes or the fund state.
    at
        The same in its own units, per draw: the effect summed over periods by outcome and group,
        shape (draw, group, outcome); or people in the cohort, shape (draw,).
    achieved
        The target's criterion there.
    """

    factor: float
    at: NDArray[np.float64]
    achieved: float


def break_even_effect(  # noqa: PLR0913  a contract, its fund, what is asked, and how
    contract: OutcomesContract,
    outcomes: Outcomes,
    structure: FundingStructure,
    *,
    target: Target | None = None,
    view: View | None = None,
    seed: int = 1,
    accuracy: float = ACCURACY,
) -> BreakEven:
    """Return the multiple of the effect at which a target is met.

    In every draw the whole effect, on all outcomes, groups and periods, is multiplied; what would
    have happened without the programme stays. A probability stays at most 1.

    Parameters
    ----------
    target
        By default ``TargetIRR(0.0)``: investors get their money back on average.
    view
        As in `impactmodel.contract.payments`.
    accuracy
        Of the multiple, relative.

    Raises
    ------
    InputError
        If the target is met without any effect, or by none up to 1,000 times the stated one.
    """
    outcomes, enrolled = cohort_of_fund(contract, outcomes, structure, seed=seed)

    def flows_at(factor: float) -> CashFlows:
        due = payments(contract, scaled_effect(outcomes, factor), view, seed=seed)
        return cashflows(structure, due, enrolment=enrolled, seed=seed)

    found = solve(flows_at, target or TargetIRR(0.0), highest=MOST, accuracy=accuracy)
    total = outcomes.effect().sum("period").transpose("draw", "group", "outcome").values
    return _found(found, total)


def break_even_cohort(  # noqa: PLR0913  as `break_even_effect`
    contract: OutcomesContract,
    outcomes: Outcomes,
    structure: FundingStructure,
    *,
    target: Target | None = None,
    view: View | None = None,
    seed: int = 1,
    accuracy: float = ACCURACY,
) -> BreakEven:
    """Return the multiple of the cohort at which a target is met; costs per person go with it.

    Parameters
    ----------
    target, view, accuracy
        As in `break_even_effect`.

    Raises
    ------
    InputError
        If the target is met by a hundredth of the cohort, by none up to 1,000 times, or only
        because the commitments are exhausted.
    """
    outcomes, enrolled = cohort_of_fund(contract, outcomes, structure, seed=seed)
    size = outcomes.cohort_size.values

    def flows_at(factor: float) -> CashFlows:
        due = payments(contract, outcomes.with_cohort_size(factor * size), view, seed=seed)
        people = None if enrolled is None else _times(enrolled, factor)
        return cashflows(structure, due, enrolment=people, seed=seed)

    found = solve(flows_at, target or TargetIRR(0.0), lowest=LEAST, highest=MOST, accuracy=accuracy)
    short = flows_at(found.price).probability_of_shortfall()
    if short > 0:
        raise InputError(
            f"at {found.price:.3g} times the cohort the commitments do not cover the service's "
            f"costs in {short:.1%} of draws: the provider, not the investors, would bear them",
            key="senior.commitment",
            fix="raise the commitments, or the price: a person may cost more than is paid",
        )
    return _found(found, size.sum(axis=1))


def _times(enrolled: Enrolled, factor: float) -> Enrolled:
    return replace(
        enrolled,
        assigned=factor * enrolled.assigned,
        started=factor * enrolled.started,
        active=factor * enrolled.active,
    )


def _found(solved: SolvedPrice, stated: NDArray[np.float64]) -> BreakEven:
    return BreakEven(solved.price, solved.price * stated, solved.achieved)

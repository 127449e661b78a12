"""The cohort that a fund enrols, as the cohort of a contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError
from impactmodel.finance import Enrolled, enrol

if TYPE_CHECKING:
    from impactmodel.contract import OutcomesContract
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.finance import FundingStructure


def cohort_of_fund(
    contract: OutcomesContract,
    outcomes: Outcomes,
    structure: FundingStructure | None,
    *,
    seed: int = 1,
) -> tuple[Outcomes, Enrolled | None]:
    """Return the outcomes for the people that the fund enrols, and the enrolment.

    The groups keep their shares. Without a fund or an enrolment plan the outcomes' own cohort
    stands.

    Raises
    ------
    InputError
        If people would start after the contract's last start.
    """
    if structure is None or structure.enrolment is None:
        return outcomes, None
    enrolled = enrol(structure, outcomes.n_draws, seed=seed)
    last = contract.last_start or contract.start
    if enrolled.last_start > last or structure.start < contract.start:
        raise InputError(
            f"the fund enrols from {structure.start} to {enrolled.last_start}, the contract counts "
            f"people who start from {contract.start} to {last}",
            key="last_start",
            fix="bring the dates of the fund and the contract together",
        )
    size = outcomes.cohort_size.values
    share = size / size.sum(axis=1, keepdims=True)
    people = enrolled.people(contract.population)
    return outcomes.with_cohort_size(share * people[:, None]), enrolled

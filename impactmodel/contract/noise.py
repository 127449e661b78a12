"""Paying for noise: what a contract pays when nothing happened, and withholds when it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.contract.payments import View, payments

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.core.outcomes import Outcomes


@dataclass(frozen=True, slots=True)
class NoiseRisk:
    """How far a contract pays for chance.

    Parameters
    ----------
    pay_without_effect
        P(some payment | no effect): the treated are given the counterfactual's outcomes.
    no_pay_with_effect
        P(no payment | the effect of the evidence).
    paid_without_effect
        Draws of the payment when there is no effect.
    view, cohort_size, comparison_size
        The view, and the sizes on which it depends.
    """

    pay_without_effect: float
    no_pay_with_effect: float
    paid_without_effect: NDArray[np.float64]
    view: View
    cohort_size: float
    comparison_size: int | None


def paying_for_noise(contract: OutcomesContract, outcomes: Outcomes, *, seed: int = 1) -> NoiseRisk:
    """Compute the chance that a contract pays for nothing, and that it does not pay for something.

    Raises
    ------
    InputError
        If a level is unknown: without it nothing can be said of chance.
    """
    without = payments(contract, outcomes.without_effect(), seed=seed)
    with_effect = payments(contract, outcomes, seed=seed)
    return NoiseRisk(
        pay_without_effect=float((without.total() != 0).mean()),
        no_pay_with_effect=with_effect.probability_zero(),
        paid_without_effect=without.total(),
        view=with_effect.view,
        cohort_size=float(outcomes.cohort_size.values.sum(axis=1).mean()),
        comparison_size=contract.evaluation.comparison_size,
    )

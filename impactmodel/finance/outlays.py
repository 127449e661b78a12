"""What a fund has to pay, before anybody has paid anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.distribution import draw
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.finance.enrolment import Enrolled, months_between
from impactmodel.finance.structure import FundingStructure

type Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outlays:
    """Service costs and one-off fees, each of shape (month, draw).

    Without enrolment they are the same in every draw: shape (month, 1).
    """

    costs: Draws
    fees: Draws

    @property
    def months(self) -> int:
        """Months until the last of them."""
        return len(self.costs)

    def over(self, months: int, fee_per_month: float) -> Outlays:
        """Return the outlays over a fund's whole life, with its fee of each month."""
        longer = ((0, months - self.months), (0, 0))
        return Outlays(np.pad(self.costs, longer), np.pad(self.fees, longer) + fee_per_month)


def planned(structure: FundingStructure, enrolled: Enrolled | None, seed: int) -> Outlays:
    """Return service costs and one-off fees.

    Set-up and fixed costs start with the fund, also where referrals begin late; fixed costs end
    with the last month of service, unless ``fixed_months`` states their number.

    Raises
    ------
    InputError
        If a cost is negative in some draw.
    """
    plan, fees = structure.service_costs, structure.fees
    n_draws = len(enrolled.delay) if enrolled is not None else 1
    served = enrolled.service_end if enrolled is not None else np.ones(n_draws, dtype=np.int64)
    fixed_end = served if plan.fixed_months is None else np.full(n_draws, plan.fixed_months)
    if structure.termination is not None:
        stop = months_between(structure.start, structure.termination)
        fixed_end = np.minimum(fixed_end, stop)
    after = enrolled.referrals_end if enrolled is not None else fixed_end
    width = enrolled.active.shape[1] if enrolled is not None else 1
    months = max(width, int(fixed_end.max()), int(after.max()) + 1)
    costs, once = np.zeros((months, n_draws)), np.zeros((months, n_draws))
    costs[0] += plan.set_up
    costs += plan.fixed_per_month * (np.arange(months)[:, None] < fixed_end)
    if enrolled is not None:
        rng = stream(seed, "service_costs")
        at_start = draw(plan.per_participant, n_draws, rng)
        per_month = draw(plan.per_participant_month, n_draws, rng)
        costs[:width] += at_start * enrolled.started.T + per_month * enrolled.active.T
    if (costs < 0).any():
        raise InputError(
            "a service cost is negative in some draws",
            key="service_costs",
            fix="use a lognormal distribution",
        )
    once[0] += fees.arrangement * structure.senior.commitment
    once[after, np.arange(n_draws)] += fees.evaluation
    return Outlays(costs, once)


def deferrable(bills: Draws, share: float, limit: float) -> Draws:
    """Return what is deferred of bills of shape (month, draw): a share, up to a limit in all.

    Examples
    --------
    >>> deferrable(np.array([[100.0], [100.0], [100.0]]), 0.5, 80.0).ravel().tolist()
    [50.0, 30.0, 0.0]
    """
    running = np.minimum(np.cumsum(share * bills, axis=0), limit)
    return np.diff(running, axis=0, prepend=0.0)

"""Enrolment in each draw: whole people, month by month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.distribution import Uncertain, draw
from impactmodel.core.errors import InputError
from impactmodel.core.schedule import add_months
from impactmodel.core.seeds import stream
from impactmodel.finance.structure import FundingStructure

type Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """People per draw and month.

    Parameters
    ----------
    assigned, started, active
        Shape (draw, month): referred, taking up, and in service in that month.
    start
        First day of month 0.
    referral_months
        Months with referrals.
    """

    assigned: Draws
    started: Draws
    active: Draws
    start: dt.date
    referral_months: int

    def people(self, population: str) -> Draws:
        """Return the size of the cohort that a contract counts, shape (draw,).

        ``assigned`` counts everybody referred; ``participants`` and ``compliers`` who started.
        """
        counted = self.assigned if population == "assigned" else self.started
        return np.asarray(counted.sum(axis=1))

    @property
    def last_start(self) -> dt.date:
        """First day of the last month with referrals."""
        return add_months(self.start, self.referral_months - 1)


def enrol(structure: FundingStructure, n_draws: int, *, seed: int = 1) -> Enrolled:
    """Simulate enrolment.

    Per draw: referrals per month (rounded to whole people), Binomial take-up, and a Binomial
    number who stay from one month to the next.

    Raises
    ------
    InputError
        If the structure has no enrolment, or a drawn share leaves [0, 1].
    """
    plan = structure.enrolment
    if plan is None:
        raise InputError("the fund has no enrolment", key="enrolment", fix="add it")
    months = plan.months
    if structure.termination is not None:
        months = min(months, months_between(structure.start, structure.termination))
    rng = stream(seed, "enrolment")
    referrals = np.maximum(np.rint(draw(plan.referrals_per_month, n_draws, rng)), 0.0)
    take_up = _share(plan.take_up, n_draws, rng, "take_up")
    stays = 1.0 - _share(plan.drop_out_per_month, n_draws, rng, "drop_out_per_month")
    horizon = months + plan.service_months - 1
    assigned = np.zeros((n_draws, horizon))
    assigned[:, :months] = referrals[:, None]
    started = rng.binomial(assigned.astype(int), take_up[:, None]).astype(float)
    active = np.zeros((n_draws, horizon))
    for month in range(months):
        left = started[:, month].astype(int)
        for later in range(month, month + plan.service_months):
            active[:, later] += left
            left = rng.binomial(left, stays)
    if structure.termination is not None:
        active[:, months_between(structure.start, structure.termination) :] = 0.0
    return Enrolled(assigned, started, active, structure.start, months)


def months_between(start: dt.date, end: dt.date) -> int:
    """Return the first month index whose first day is on or after ``end``."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return max(months + (1 if add_months(start, months) < end else 0), 0)


def _share(value: Uncertain, n: int, rng: np.random.Generator, key: str) -> Draws:
    share = draw(value, n, rng)
    if share.min() < 0 or share.max() > 1:
        raise InputError(
            "the share leaves 0 to 1 in some draws",
            key=f"enrolment.{key}",
            fix="use a beta distribution",
        )
    return share

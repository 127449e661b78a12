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
from impactmodel.finance.referrals import Enrolment
from impactmodel.finance.structure import FundingStructure

type Draws = NDArray[np.float64]
type Months = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """People per draw and month.

    Parameters
    ----------
    assigned, started, active
        Shape (draw, month): referred, taking up, and in service in that month.
    start
        First day of month 0.
    delay
        Months by which referrals began late, shape (draw,).
    referrals_end, service_end
        First month after the last referral, and after the last month of service, shape (draw,).
    """

    assigned: Draws
    started: Draws
    active: Draws
    start: dt.date
    delay: Months
    referrals_end: Months
    service_end: Months

    def people(self, population: str) -> Draws:
        """Return the size of the cohort that a contract counts, shape (draw,).

        ``assigned`` counts everybody referred; ``participants`` and ``compliers`` who started.
        """
        counted = self.assigned if population == "assigned" else self.started
        return np.asarray(counted.sum(axis=1))

    @property
    def last_start(self) -> dt.date:
        """First day of the last month with referrals in any draw."""
        return add_months(self.start, max(int(self.referrals_end.max()) - 1, 0))


def enrol(structure: FundingStructure, n_draws: int, *, seed: int = 1) -> Enrolled:
    """Simulate enrolment.

    Per draw: referrals as planned less the shortfall (rounded to whole people), moved by the late
    start, Binomial take-up, and a Binomial number who stay from one month to the next.

    Raises
    ------
    InputError
        If the structure has no enrolment, or a drawn share leaves [0, 1].
    """
    plan = structure.enrolment
    if plan is None:
        raise InputError("the fund has no enrolment", key="enrolment", fix="add it")
    rng = stream(seed, "enrolment")
    referrals = plan.referrals.planned(n_draws, rng)
    take_up = _share(plan.take_up, n_draws, rng, "take_up")
    stays = 1.0 - _share(plan.drop_out_per_month, n_draws, rng, "drop_out_per_month")
    comes = 1.0 - _share(plan.shortfall, n_draws, rng, "shortfall")
    delay = np.maximum(np.rint(draw(plan.late_start_months, n_draws, rng)), 0).astype(np.int64)
    planned = np.maximum(np.rint(referrals * comes[:, None]), 0.0)
    stop = _stop(structure, plan)
    assigned = _moved(planned, delay, stop)
    months = assigned.shape[1]
    horizon = months + plan.service_months - 1
    started = rng.binomial(assigned.astype(int), take_up[:, None]).astype(float)
    active = np.zeros((n_draws, horizon))
    for month in range(months):
        left = started[:, month].astype(int)
        for later in range(month, month + plan.service_months):
            active[:, later] += left
            left = rng.binomial(left, stays)
    ends = np.minimum(delay + planned.shape[1], months)
    service_end = ends + plan.service_months - 1
    if structure.termination is not None:
        last = months_between(structure.start, structure.termination)
        active[:, last:] = 0.0
        service_end = np.minimum(service_end, last)
    widen = ((0, 0), (0, horizon - months))
    return Enrolled(
        np.pad(assigned, widen),
        np.pad(started, widen),
        active,
        structure.start,
        delay,
        ends,
        service_end,
    )


def months_between(start: dt.date, end: dt.date) -> int:
    """Return the first month index whose first day is on or after ``end``."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return max(months + (1 if add_months(start, months) < end else 0), 0)


def _stop(structure: FundingStructure, plan: Enrolment) -> int | None:
    """Return the month from which nobody is referred."""
    limits = [] if plan.window_months is None else [plan.window_months]
    if structure.termination is not None:
        limits.append(months_between(structure.start, structure.termination))
    return min(limits) if limits else None


def _moved(planned: Draws, delay: Months, stop: int | None) -> Draws:
    """Return referrals that begin late, cut off at the end of the window."""
    n_draws, months = planned.shape
    moved = np.zeros((n_draws, months + int(delay.max())))
    columns = delay[:, None] + np.arange(months)
    np.put_along_axis(moved, columns, planned, axis=1)
    return moved if stop is None else moved[:, :stop]


def _share(value: Uncertain, n: int, rng: np.random.Generator, key: str) -> Draws:
    share = draw(value, n, rng)
    if share.min() < 0 or share.max() > 1:
        raise InputError(
            "the share leaves 0 to 1 in some draws",
            key=f"enrolment.{key}",
            fix="use a beta distribution",
        )
    return share

"""Simulated enrolment: whole people in each draw and month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from impactmodel.core.distribution import Uncertain, draw
from impactmodel.core.errors import InputError
from impactmodel.core.schedule import add_months
from impactmodel.core.seeds import stream
from impactmodel.finance.enrolment import EnrolmentPlan, FixedCohort
from impactmodel.finance.structure import FundingStructure

type Floats = NDArray[np.float64]
type Counts = NDArray[np.int64]

NEARLY_WHOLE = 1e-9
"""Keeps a rate that is whole up to rounding from losing a person."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """People per draw and month.

    Parameters
    ----------
    people
        Variables ``assigned`` (referred this month), ``participants`` (started this month),
        ``active`` (in service this month), ``drop_outs`` (left during this month) and
        ``completers`` (completed with this month), dims ``draw, month``; coordinate ``date`` is
        the first day of each month.
    last_start
        First day of the last month in which people may start.
    """

    people: xr.Dataset
    last_start: dt.date

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return int(self.people.sizes["draw"])

    def cohort_size(self, population: Literal["assigned", "participants"] = "assigned") -> Floats:
        """Return the people whom a contract on this population counts, shape (draw,)."""
        if population not in {"assigned", "participants"}:
            raise InputError(
                "unknown population",
                key="population",
                seen=population,
                fix="use assigned or participants",
            )
        return self.total(population)

    def total(self, name: str) -> Floats:
        """Return the sum over months of a variable of ``people``, shape (draw,)."""
        return np.asarray(self.people[name].sum("month").values, dtype=float)


def enrol(structure: FundingStructure, n_draws: int, seed: int) -> Enrolment:
    """Simulate who is assigned, starts, stays and completes.

    Starters of a month are Binomial(assigned, take-up). Of those in service each month,
    Binomial(in service, 1 - drop-out) stay to its end; who stays all months of service completes.
    Uncertain rates have one value per draw, common to all its months.

    Parameters
    ----------
    structure
        With an enrolment plan. Nobody starts or is served from ``terminated`` on; those in service
        then are neither drop-outs nor completers.
    n_draws, seed
        Number of draws, and the seed.

    Returns
    -------
    Enrolment
        For every draw, assigned >= participants = completers + drop-outs over all months unless
        terminated.

    Raises
    ------
    InputError
        If there is no enrolment plan, or a drawn rate is impossible.

    Examples
    --------
    >>> from impactmodel.finance import FixedCohort, Senior
    >>> fund = FundingStructure("f", "EUR", dt.date(2024, 1, 1), Senior(1e6),
    ...     enrolment=FixedCohort(people=100, service_months=6, months=3))
    >>> enrol(fund, 2, seed=1).people["assigned"].values.tolist()
    [[33, 33, 34, 0, 0, 0, 0, 0], [33, 33, 34, 0, 0, 0, 0, 0]]
    """
    plan = structure.enrolment
    if plan is None:
        raise InputError("the structure has no enrolment plan", key="enrolment", fix="add one")
    if n_draws < 1:
        raise InputError("there must be a draw", key="n_draws", seen=n_draws)
    count = plan.months + plan.service_months - 1
    dates = [add_months(structure.start, i) for i in range(count)]
    open_ = sum(structure.terminated is None or day < structure.terminated for day in dates)
    assigned = _padded(_assigned(plan, n_draws, seed), count)
    assigned[:, open_:] = 0
    take_up = _share(plan.take_up, "take_up", n_draws, seed)
    started = _rng(seed, "starting").binomial(assigned, take_up[:, None])
    active, left, completed = _served(plan, started, open_, seed)
    last = min(plan.months, max(open_, 1)) - 1
    data = {
        "assigned": assigned,
        "participants": started,
        "active": active,
        "drop_outs": left,
        "completers": completed,
    }
    people = xr.Dataset(
        {name: (("draw", "month"), values) for name, values in data.items()},
        coords={"date": ("month", np.array(dates, dtype="datetime64[ns]"))},
    )
    return Enrolment(people, dates[last])


def _rng(seed: int, purpose: str) -> np.random.Generator:
    return stream(seed, "finance", "enrolment", purpose)


def _assigned(plan: EnrolmentPlan, n_draws: int, seed: int) -> Counts:
    """Return people assigned per (draw, month of assignment)."""
    ends = np.arange(plan.months + 1)
    if isinstance(plan, FixedCohort):
        even = np.floor(plan.people * ends / plan.months + NEARLY_WHOLE).astype(np.int64)
        return np.tile(np.diff(even), (n_draws, 1))
    rate = draw(plan.per_month, n_draws, _rng(seed, "per_month"))
    if (rate < 0).any():
        raise InputError(
            "referrals were drawn below 0",
            key="enrolment.per_month",
            seen=float(rate.min()),
            fix="use a lognormal distribution",
        )
    carried = _rng(seed, "carried").random(n_draws) * (1 - 2 * NEARLY_WHOLE) + NEARLY_WHOLE
    total = np.floor(rate[:, None] * ends + carried[:, None])
    return np.asarray(np.diff(total, axis=1), dtype=np.int64)


def _share(value: Uncertain, key: str, n_draws: int, seed: int) -> Floats:
    share = draw(value, n_draws, _rng(seed, key))
    if (share < 0).any() or (share > 1).any():
        raise InputError(
            "a probability was drawn outside 0 to 1",
            key=f"enrolment.{key}",
            seen=float(share.min() if (share < 0).any() else share.max()),
            fix="use a beta distribution",
        )
    return share


def _padded(counts: Counts, months: int) -> Counts:
    return np.pad(counts, ((0, 0), (0, months - counts.shape[1])))


def _served(
    plan: EnrolmentPlan, started: Counts, open_: int, seed: int
) -> tuple[Counts, Counts, Counts]:
    """Return people in service, leaving and completing per (draw, month)."""
    n_draws, count = started.shape
    stays = 1 - _share(plan.drop_out, "drop_out", n_draws, seed)[:, None]
    rng = _rng(seed, "staying")
    active, left, completed = (np.zeros((n_draws, count), dtype=np.int64) for _ in range(3))
    present = started[:, : plan.months]
    for age in range(plan.service_months):
        months = slice(age, age + plan.months)
        served = np.arange(age, age + plan.months) < open_
        present = present * served
        remaining = rng.binomial(present, stays)
        active[:, months] += present
        left[:, months] += present - remaining
        present = remaining
    completed[:, plan.service_months - 1 :] = present
    return active, left, completed

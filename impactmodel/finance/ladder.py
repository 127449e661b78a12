"""The monthly ladder: every quantity of the fund's life, draw by draw."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.calendars import add_business_days, adjusted
from impactmodel.core.errors import InputError
from impactmodel.core.schedule import add_months
from impactmodel.finance.enrolment import Enrolled, months_between
from impactmodel.finance.outlays import planned
from impactmodel.finance.structure import FundingStructure
from impactmodel.finance.waterfall import Waterfall

type Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ladder:
    """Quantities per draw and month, each of shape (draw, month), in the fund's currency.

    Parameters
    ----------
    values
        ``service_costs`` and ``fees`` are those paid in cash; ``unfunded`` is what neither cash
        nor commitments nor a guarantee of costs could pay; ``received`` and ``owed`` are outcome
        payments from and to payers; ``surplus`` is what tranches and bonuses leave; ``interest``
        is what cash that was held earned; ``cash`` is the vehicle's balance at the month's end.
    by_payer
        Outcome payments of each payer.
    paid_in, paid_out
        By tranche: what it paid in (or waits for), and received, guarantees included.
    called, bonuses
        What each guarantee and each bonus of the structure pays.
    moving
        The months in which money moves; in all others every flow is zero.
    """

    dates: tuple[dt.date, ...]
    values: dict[str, Draws]
    by_payer: dict[str, Draws]
    paid_in: dict[str, Draws]
    paid_out: dict[str, Draws]
    called: tuple[Draws, ...]
    bonuses: tuple[Draws, ...]
    moving: NDArray[np.int64]


def build_ladder(
    structure: FundingStructure,
    due: list[tuple[dt.date, str, Draws]],
    enrolled: Enrolled | None,
    n_draws: int,
    seed: int,
) -> Ladder:
    """Run the `Waterfall` of one fund, month by month.

    An outcome payment is received, after its lag, on the first of the fund's monthly days that is
    not before it; where referrals began late it comes later by as many months.
    """
    outlays = planned(structure, enrolled, seed)
    delay = enrolled.delay if enrolled is not None else np.zeros(n_draws, dtype=np.int64)
    _refuse_early(structure, due)
    receipts = [(_received_on(structure, day), payer, amount) for day, payer, amount in due]
    longest = max([0, *(months_between(structure.start, day) for day, _, _ in receipts)])
    days = [_monthly_day(structure, m) for m in range(max(outlays.months, longest + 2))]
    places = [(bisect_left(days, day) + delay, payer, amount) for day, payer, amount in receipts]
    months = max([outlays.months, *(int(place.max()) + 1 for place, _, _ in places)])
    by_payer: dict[str, Draws] = {}
    for place, payer, amount in places:
        amounts = by_payer.setdefault(payer, np.zeros((months, n_draws)))
        if place.min() == place.max():
            amounts[place[0]] += amount
        else:
            amounts[place, np.arange(n_draws)] += amount
    dates = tuple(_monthly_day(structure, month) for month in range(months))
    paid = list(by_payer.values()) or [np.zeros((months, n_draws))]
    net = sum(paid[1:], paid[0])
    outlays = outlays.over(months, structure.fees.management_per_month)
    paying = np.flatnonzero(sum(np.bincount(place, minlength=months) for place, _, _ in places))
    run = Waterfall(structure, dates, outlays, net, paying)
    run.run()
    return Ladder(
        dates=dates,
        values={n: np.broadcast_to(v, net.shape).T for n, v in run.values.items()},
        by_payer={payer: amounts.T for payer, amounts in by_payer.items()},
        paid_in={name: a.drawn.T for name, a in run.accounts.all.items()},
        paid_out={name: a.received().T for name, a in run.accounts.all.items()},
        called=tuple(amount.T for amount in run.called),
        bonuses=tuple(amount.T for amount in run.bonuses),
        moving=np.flatnonzero(run.moving),
    )


def _refuse_early(structure: FundingStructure, due: list[tuple[dt.date, str, Draws]]) -> None:
    for day, _, _ in due:
        if day < structure.start:
            raise InputError(
                f"an outcome payment on {day} comes before the fund starts",
                key="start",
                seen=structure.start,
                fix="move the fund or the contract",
            )


def _received_on(structure: FundingStructure, day: dt.date) -> dt.date:
    terms = structure.payment_terms
    if terms.calendar == "none":
        return day + dt.timedelta(days=terms.lag_days)
    if terms.lag_days:
        return add_business_days(day, terms.lag_days, terms.calendar)
    return adjusted(day, terms.calendar, terms.roll)


def _monthly_day(structure: FundingStructure, month: int) -> dt.date:
    terms = structure.payment_terms
    return adjusted(add_months(structure.start, month), terms.calendar, terms.roll)

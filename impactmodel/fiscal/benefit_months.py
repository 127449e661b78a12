"""A person's month on benefit: what is paid, who bears it, what it adds to the counters.

A month of earnings-related allowance that reaches the end of its longest period is split by days:
the rest of it is on basic-level benefit, and so is every later month. A part-time wage is shared
between the two parts by days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impactmodel.fiscal.finnish_lines import (
    ALLOWANCE_BOOKS,
    ALLOWANCE_LINE,
    MONTH_BOOKS,
    PERIOD_BOOK,
    flow_of,
)
from impactmodel.fiscal.months import DAYS_A_MONTH, Months

type Draws = NDArray[np.float64]
type Counters = Mapping[str, Draws]

COUNTERS = ("counted_days", "counted_benefit_days", "benefit_days")
"""Paid days: of the municipality's share to 2024 and from 2025, and every day since the start."""
_SUBSIDY_DAYS, ALL_DAYS, PERIOD_DAYS = COUNTERS
_DURING_SERVICES = "municipal_share.during_services"
_RESULTS = (*(result for _, _, result in flow_of(ALLOWANCE_LINE).sides), "allowance_days")


def counter_of(months: Months, day: dt.date) -> str:
    """Return the counter of paid days by which the municipality's share goes on a date."""
    return COUNTERS[bool(months.rules.at(day).value(_DURING_SERVICES))]


def opening(months: Months) -> dict[str, Draws]:
    """Return the counters at the start, each (person, 1)."""
    profile, related = months.profile, months.related()
    paid = profile.column("paid_days").astype(float)
    beyond = np.maximum(0.0, paid - profile.column("maximum_days"))
    before_2025 = counter_of(months, months.histories.start) == _SUBSIDY_DAYS
    days = (
        np.where(related, beyond, paid),
        paid + before_2025 * profile.column("other_days"),
        paid,
    )
    return {name: values[:, None] for name, values in zip(COUNTERS, days, strict=True)}


def running(months: Months) -> dict[str, Draws]:
    """Return the counters after 0, 1, ... months on benefit, the first ones: (person, months)."""
    now = opening(months)
    found = {name: [days] for name, days in now.items()}
    for t in range(months.histories.n_months):
        now = after_month(now, benefit_month(months, months.histories.month(t), now))
        for name, days in now.items():
            found[name].append(np.broadcast_to(days, (len(days), 1)))
    return {name: np.hstack(days) for name, days in found.items()}


def after_month(counters: Counters, paid: Mapping[str, Draws]) -> dict[str, Draws]:
    """Return the counters after a month on benefit."""
    return {name: days + paid[name] for name, days in counters.items()}


def benefit_month(
    months: Months, day: dt.date, counters: Counters, share: float | Draws = 1.0
) -> dict[str, Draws]:
    """Compute a month on benefit for (person, any) counters; ``share`` of it is on benefit.

    Returns
    -------
    dict
        The results behind the ledger's lines (zero where a person is not paid it),
        ``total_benefit`` of the month, and what it adds to each counter.
    """
    rules = months.rules.at(day)
    inputs = basic_inputs(months, day, counters, share)
    found = dict(months.used.note(rules.compute(inputs, *MONTH_BOOKS)).values)
    related = months.related()[:, None]
    allowed = dict.fromkeys(_RESULTS, np.zeros_like(counters[PERIOD_DAYS]))
    if related.any():
        inputs = allowance_inputs(months, day, counters, share)
        computed = months.used.note(rules.compute(inputs, *ALLOWANCE_BOOKS))
        allowed = {name: np.where(related, computed[name], 0.0) for name in _RESULTS}
    days = allowed["allowance_days"]
    return {
        **found,
        **allowed,
        "total_benefit": found["monthly_benefit"] + allowed["monthly_allowance"],
        ALL_DAYS: found[ALL_DAYS] + days,
        PERIOD_DAYS: found["paid_days"] + days,
    }


def basic_inputs(
    months: Months, day: dt.date, counters: Counters, share: float | Draws = 1.0
) -> dict[str, Any]:
    """Return the inputs of a month of basic-level benefit; see `benefit_month`."""
    rest = share
    related = months.related()[:, None]
    if related.any():
        rest = np.where(related, _split(months, day, counters, share)["subsidy_share"], share)
    return {
        **months.only(day, MONTH_BOOKS),
        "month_share": rest,
        "part_time_wage": months.part_time() * rest,
        "days_paid_before": counters[counter_of(months, day)],
    }


def allowance_inputs(
    months: Months, day: dt.date, counters: Counters, share: float | Draws = 1.0
) -> dict[str, Any]:
    """Return the inputs of a month of earnings-related allowance; see `benefit_month`."""
    covered = _split(months, day, counters, share)["allowance_share"]
    return {
        **months.only(day, ALLOWANCE_BOOKS),
        "month_share": covered,
        "part_time_wage": months.part_time() * covered,
        "allowance_days_before": counters[PERIOD_DAYS],
        "days_paid_before": counters[ALL_DAYS],
    }


def benefit_before(months: Months, year: int) -> Draws:
    """Return the benefit of the months of a year before the start, (person, 1).

    Days of an allowance are counted back from the start; none is paid before its first day.
    """
    days = months.days_before(year)
    total = np.zeros((len(months.profile.persons), 1))
    for place, day in enumerate(days):
        counters = dict.fromkeys(COUNTERS, counted_back(months, len(days) - place))
        total = total + benefit_month(months, day, counters)["total_benefit"]
    return total


def counted_back(months: Months, n: int) -> Draws:
    """Return the days paid before the n-th month before the start, all on benefit, (person, 1)."""
    paid = months.profile.column("paid_days").astype(float)[:, None]
    return np.maximum(0.0, paid - DAYS_A_MONTH * n)


def wage_before(months: Months, year: int) -> Draws:
    """Return the part-time wage of the months of a year before the start, (person, 1)."""
    return months.part_time() * len(months.days_before(year))


def _split(
    months: Months, day: dt.date, counters: Counters, share: float | Draws
) -> Mapping[str, Draws]:
    inputs = {
        **months.only(day, (PERIOD_BOOK,)),
        "idle_share": share,
        "allowance_days_before": counters[PERIOD_DAYS],
    }
    return months.used.note(months.rules.at(day).compute(inputs, PERIOD_BOOK)).values

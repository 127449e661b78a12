"""Flows of a calendar year by person, months in work and months on benefit before the year.

Yearly rules depend on a person, a year, the months k in work and the counter of paid days, hence
on the months b on benefit before. They are computed once for all of these and mixed by draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from impactmodel.fiscal.finnish_lines import FLOWS
from impactmodel.fiscal.living_flows import add_living, net_rates
from impactmodel.fiscal.months import COUNTERS, Months

type Draws = NDArray[np.float64]


def year_flows(months: Months) -> Iterator[tuple[int, int, int, Mapping[tuple[str, str], Draws]]]:
    """Compute the flows of every year of the histories.

    Yields
    ------
    tuple
        Year, its first month, the month after its last, and for each (line, payer) what the payer
        receives, shape (person, k, b): k months in work in the year, b months on benefit before.
    """
    counted = counted_days(months)
    for year, first, after in months.histories.years():
        yield year, first, after, _one_year(months, year, (first, after), counted)


def counted_days(months: Months) -> dict[str, Draws]:
    """Return the days that a month on benefit adds to each counter, (person, month)."""
    shape = (len(months.profile.persons), months.histories.n_months)
    counted = {name: np.zeros(shape) for name in COUNTERS}
    for t in range(shape[1]):
        found = months.benefit(months.histories.month(t), np.zeros((shape[0], 1)))
        for name, days in counted.items():
            days[:, t] = np.broadcast_to(found[name], (shape[0], 1))[:, 0]
    return counted


def _one_year(
    months: Months, year: int, span: tuple[int, int], counted: Mapping[str, Draws]
) -> dict[tuple[str, str], Draws]:
    first, after = span
    n, people = after - first, len(months.profile.persons)
    flows: dict[tuple[str, str], Draws] = {}
    paid = np.zeros((people, n + 1))
    shape = (people, n + 1, first + 1)
    for k, t, before in _benefit_months(n, first, months.benefit_last):
        day = months.histories.month(t)
        each, so_far = counted[months.counter(day)], np.zeros((people, first + 1))
        so_far[:, 1:] = each[:, :first].cumsum(axis=1)
        days = months.opening(day) + so_far + each[:, slice(*before)].sum(axis=1)[:, None]
        found = months.benefit(day, days)
        line = months.benefit_line(day)
        for flow in FLOWS:
            if flow.level == "benefit_month":
                mine = (line == flow.line)[:, None]
                for payer, sign, result in flow.sides:
                    table = flows.setdefault((flow.line, payer), np.zeros(shape))
                    table[:, k] += np.where(mine, sign * found[result], 0.0)[:, None, :]
        paid[:, k] += np.broadcast_to(found["monthly_benefit"], (people, first + 1))[:, :1]
    _add_work(months, flows, span)
    stretch = months.stretch(first, after)
    wage = months.profile.column("wage").astype(float)[:, None] * np.arange(n + 1.0)
    found = months.taxes(year, wage * stretch, months.benefit_before(year) + paid * stretch)
    for flow in FLOWS:
        if flow.level == "year":
            for payer, sign, result in flow.sides:
                amount = np.broadcast_to(sign * found[result] / stretch, (people, n + 1))
                flows[flow.line, payer] = amount[:, :, None]
    if months.housed().any():
        gross = wage * stretch + months.benefit_before(year) + paid * stretch
        add_living(months, flows, span, net_rates(found, wage * stretch, gross))
    return flows


def _benefit_months(
    n: int,
    first: int,
    benefit_last: bool,
) -> Iterator[tuple[NDArray[np.int_], int, tuple[int, int]]]:
    """Yield (numbers k of months in work, a month on benefit, months of the year before it)."""
    if not benefit_last:
        for j in range(n):
            yield np.arange(0, n - j), first + j, (first, first + j)
        return
    for k in range(n):
        for j in range(k, n):
            yield np.array([k]), first + j, (first + k, first + j)


def _add_work(months: Months, flows: dict[tuple[str, str], Draws], span: tuple[int, int]) -> None:
    """Add the flows of months in work, shape (person, k, 1)."""
    first, after = span
    n, wage = after - first, months.profile.column("wage").astype(float)[:, None]
    by_month: dict[tuple[str, str], list[Draws]] = {}
    for t in range(first, after):
        found = months.employer(months.histories.month(t), wage)
        for flow in FLOWS:
            if flow.level == "work_month":
                for payer, sign, result in flow.sides:
                    amount = wage if result == "wage" else found[result]
                    by_month.setdefault((flow.line, payer), []).append(
                        sign * np.broadcast_to(amount, wage.shape)
                    )
    for key, amounts in by_month.items():
        in_order = amounts if months.benefit_last else amounts[::-1]
        zero = np.zeros(wage.shape)
        flows[key] = np.concatenate([zero, *in_order], axis=1).cumsum(axis=1)[:, : n + 1, None]

"""Flows of a calendar year by person, months in work and months on benefit before the year.

Yearly rules depend on a person, a year, the months k in work and the counters of paid days, hence
on the months b on benefit before. They are computed once for all of these and mixed by draws.
Taxes, housing allowance and social assistance depend on b only where somebody's benefit does: on
earnings-related allowance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from impactmodel.fiscal.benefit_months import (
    Counters,
    after_month,
    benefit_before,
    benefit_month,
    running,
    wage_before,
)
from impactmodel.fiscal.finnish_lines import BENEFIT_FLOWS, WORK_FLOWS, YEAR_FLOWS
from impactmodel.fiscal.living_flows import Idle, add_living, idle_in, net_rates
from impactmodel.fiscal.months import Months

type Draws = NDArray[np.float64]
type Flows = dict[tuple[str, str], Draws]


def year_flows(months: Months) -> Iterator[tuple[int, int, int, Mapping[tuple[str, str], Draws]]]:
    """Compute the flows of every year of the histories.

    Yields
    ------
    tuple
        Year, its first month, the month after its last, and for each (line, payer) what the payer
        receives, shape (person, k, b): k months in work in the year, b months on benefit before.
    """
    counters = running(months)
    for year, first, after in months.histories.years():
        so_far = {name: days[:, : first + 1] for name, days in counters.items()}
        yield year, first, after, _one_year(months, year, (first, after), so_far)


def _one_year(months: Months, year: int, span: tuple[int, int], counters: Counters) -> Flows:
    first, after = span
    n, people = after - first, len(months.profile.persons)
    width = first + 1 if months.related().any() else 1
    flows, idle, paid = _add_benefits(months, span, counters, width)
    _add_work(months, flows, span)
    k = np.arange(n + 1.0)
    stretch = months.stretch(first, after)
    worked = (months.wages() * k + months.part_time() * (n - k)) * stretch
    wage = np.repeat(worked + wage_before(months, year), width, axis=1)
    taxable = (benefit_before(months, year)[:, :, None] + paid * stretch).reshape(people, -1)
    found = months.taxes(year, wage, taxable)
    shape = (people, n + 1, width)
    for flow in YEAR_FLOWS:
        for payer, sign, result in flow.sides:
            amount = np.broadcast_to(sign * found[result] / stretch, wage.shape)
            flows[flow.line, payer] = amount.reshape(shape)
    if months.housed().any():
        rate, levy = net_rates(found, wage, wage + taxable)
        add_living(months, flows, span, (rate.reshape(shape), levy.reshape(shape)), idle)
    return flows


def _add_benefits(
    months: Months, span: tuple[int, int], counters: Counters, width: int
) -> tuple[Flows, Idle, Draws]:
    """Return the flows of months on benefit, what each month pays, and their sums (person, k, b).

    Only the first ``width`` of the b differ in what is paid.
    """
    first, after = span
    people, n = len(months.profile.persons), after - first
    flows: Flows = {
        (flow.line, payer): np.zeros((people, 1, 1))
        for flow in BENEFIT_FLOWS
        for payer, _, _ in flow.sides
    }
    paid = np.zeros((people, n + 1, width))
    idle: Idle = {t: [] for t in range(first, after)}
    for k, t, found in _benefit_months(months, span, counters):
        lines = months.benefit_lines(months.histories.month(t))
        for flow in BENEFIT_FLOWS:
            mine = lines[flow.line]
            if not mine.any():
                continue
            for payer, sign, result in flow.sides:
                if flows[flow.line, payer].shape[1] == 1:
                    flows[flow.line, payer] = np.zeros((people, n + 1, first + 1))
                amount = found[result] * (sign * mine)
                flows[flow.line, payer][:, k] += amount[:, None, :]
        amount = np.broadcast_to(found["total_benefit"], (people, first + 1))[:, :width]
        paid[:, k] += amount[:, None, :]
        idle[t].append((k, amount))
    return flows, idle, paid


def _benefit_months(
    months: Months, span: tuple[int, int], start: Counters
) -> Iterator[tuple[slice, int, Mapping[str, Draws]]]:
    """Yield (numbers k of months in work, a month on benefit, what it pays after b others)."""
    first, after = span
    n = after - first
    if not months.benefit_last:
        now = start
        for j in range(n):
            found = benefit_month(months, months.histories.month(first + j), now)
            yield slice(0, n - j), first + j, found
            now = after_month(now, found)
        return
    for k in range(n):
        now = start
        for j in range(k, n):
            found = benefit_month(months, months.histories.month(first + j), now)
            yield slice(k, k + 1), first + j, found
            now = after_month(now, found)


def _add_work(months: Months, flows: Flows, span: tuple[int, int]) -> None:
    """Add the flows of wages, also of part-time work on benefit, shape (person, k, 1)."""
    first, after = span
    n, wages = after - first, np.hstack([months.wages(), months.part_time()])
    for t in range(first, after):
        idle = idle_in(t - first, n, months.benefit_last)(np.arange(n + 1))
        found = {**months.employer(months.histories.month(t), wages).values, "wage": wages}
        for flow in WORK_FLOWS:
            for payer, sign, result in flow.sides:
                amount = np.broadcast_to(sign * found[result], wages.shape)
                table = flows.setdefault((flow.line, payer), np.zeros((len(wages), n + 1, 1)))
                table[:, :, 0] += np.where(idle, amount[:, 1:], amount[:, :1])

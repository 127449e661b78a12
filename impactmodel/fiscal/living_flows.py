"""Housing allowance and social assistance of every month of a year, by months in work.

Both depend on the month's gross income; social assistance also on what tax leaves of it. Taxes are
those of the year: the share of income tax in the year's income and of contributions in its wages
is taken from every month.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from impactmodel.fiscal.finnish_lines import CONTRIBUTIONS, INCOME_TAXES, LIVING_FLOWS
from impactmodel.fiscal.months import Months
from impactmodel.fiscal.rule_results import Computed

type Draws = NDArray[np.float64]
type Rates = tuple[Draws, Draws]
"""(share of income that income taxes take, share of wages that contributions take)."""
type Idle = dict[int, list[tuple[slice, Draws]]]
"""By month: numbers k of months in work with which it is on benefit, and that benefit (person, b).
"""


def net_rates(taxes: Computed | Mapping[str, Draws], wage: Draws, gross: Draws) -> Rates:
    """Return the rates of a year; zero where there is no income.

    Parameters
    ----------
    taxes
        Of the year.
    wage, gross
        Of the year: wages, and wages with taxed benefits, (person, any).
    """
    taxed = sum(np.broadcast_to(taxes[name], gross.shape) for name in INCOME_TAXES)
    levied = sum(np.broadcast_to(taxes[name], gross.shape) for name in CONTRIBUTIONS)
    wages = np.broadcast_to(wage, gross.shape)
    return (
        np.divide(taxed, gross, where=gross > 0, out=np.zeros(gross.shape)),
        np.divide(levied, wages, where=wages > 0, out=np.zeros(gross.shape)),
    )


def net_income(rates: Rates, wage: Draws, benefit: Draws, allowance: Draws) -> tuple[Draws, Draws]:
    """Return (net wage, other net income) of months; arguments broadcast together."""
    rate, levy = rates
    return wage * (1.0 - rate - levy), benefit * (1.0 - rate) + allowance


def living_month(
    months: Months, t: int, rates: Rates, *, wage: Draws, benefit: Draws
) -> dict[tuple[str, str], Draws]:
    """Return what each payer receives in a month by (line, payer), shape (person, k, b).

    Parameters
    ----------
    rates
        Of the year, (person, k, b).
    wage, benefit
        Gross, of the month, (person, 1 or b).
    """
    day, shape = months.histories.month(t), rates[0].shape
    allowance = months.housing(day, wage, benefit)["housing_allowance"]
    gross = (each[:, None, :] for each in (wage, benefit, allowance))
    net_wage, left = net_income(rates, *gross)
    flat = (len(wage), -1)
    assistance = months.assistance(day, net_wage.reshape(flat), left.reshape(flat))
    found = {
        name: np.broadcast_to(value, net_wage.reshape(flat).shape).reshape(shape)
        for name, value in assistance.values.items()
    }
    found["housing_allowance"] = np.broadcast_to(allowance[:, None, :], shape)
    housed = months.housed()[:, None, None].astype(float)
    return {
        (flow.line, payer): found[result] * (sign * housed)
        for flow in LIVING_FLOWS
        for payer, sign, result in flow.sides
    }


def add_living(
    months: Months,
    flows: dict[tuple[str, str], Draws],
    span: tuple[int, int],
    rates: Rates,
    idle: Idle,
) -> None:
    """Add the flows of the months of a year, shape of the rates."""
    first, after = span
    for flow in LIVING_FLOWS:
        for payer, _, _ in flow.sides:
            flows[flow.line, payer] = np.zeros(rates[0].shape)
    wage, part_time = months.wages(), months.part_time()
    for t in range(first, after):
        on_benefit = idle_in(t - first, after - first, months.benefit_last)
        working = np.flatnonzero(~on_benefit(np.arange(after - first + 1)))
        busy = slice(int(working[0]), int(working[-1]) + 1)
        parts = [(k, part_time, benefit) for k, benefit in idle[t]]
        for k, earned, benefit in [*parts, (busy, wage, np.zeros_like(wage))]:
            own = (rates[0][:, k], rates[1][:, k])
            for key, amount in living_month(months, t, own, wage=earned, benefit=benefit).items():
                flows[key][:, k] += amount


def idle_in(
    place: int, n: int, benefit_last: bool
) -> Callable[[NDArray[np.int_]], NDArray[np.bool_]]:
    """Return whether the month at a place of a year is on benefit, by months in work.

    Examples
    --------
    The third of four months, with 0 to 4 months in work that come last, and then first.

    >>> idle_in(2, 4, False)(np.arange(5)).tolist(), idle_in(2, 4, True)(np.arange(5)).tolist()
    ([True, True, False, False, False], [True, True, True, False, False])
    """
    return lambda k: (place >= k) if benefit_last else (place < n - k)

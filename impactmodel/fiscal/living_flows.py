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


def net_rates(taxes: Computed | Mapping[str, Draws], wage: Draws, gross: Draws) -> Rates:
    """Return the rates of a year; zero where there is no income.

    Parameters
    ----------
    taxes
        Of the year.
    wage, gross
        Of the year: wages, and wages with taxed benefits, (person, months in work).
    """
    taxed = sum(np.broadcast_to(taxes[name], gross.shape) for name in INCOME_TAXES)
    levied = sum(np.broadcast_to(taxes[name], gross.shape) for name in CONTRIBUTIONS)
    wages = np.broadcast_to(wage, gross.shape)
    return (
        np.divide(taxed, gross, where=gross > 0, out=np.zeros(gross.shape)),
        np.divide(levied, wages, where=wages > 0, out=np.zeros(gross.shape)),
    )


def living_month(
    months: Months, t: int, rates: Rates, *, wage: Draws, benefit: Draws
) -> dict[tuple[str, str], Draws]:
    """Return what each payer receives in a month by (line, payer), shape of the rates.

    Parameters
    ----------
    wage, benefit
        Gross, of the month, (person, 1 or months in work).
    """
    day, (rate, levy) = months.histories.month(t), rates
    housing = months.housing(day, wage, benefit)
    left = benefit * (1.0 - rate) + housing["housing_allowance"]
    assistance = months.assistance(day, wage * (1.0 - rate - levy), left)
    found = {**assistance.values, "housing_allowance": housing["housing_allowance"]}
    mine = months.housed()[:, None]
    return {
        (flow.line, payer): np.broadcast_to(np.where(mine, sign * found[result], 0.0), rate.shape)
        for flow in LIVING_FLOWS
        for payer, sign, result in flow.sides
    }


def add_living(
    months: Months, flows: dict[tuple[str, str], Draws], span: tuple[int, int], rates: Rates
) -> None:
    """Add the flows of the months of a year, shape (person, k, 1)."""
    first, after = span
    wage = months.profile.column("wage").astype(float)[:, None]
    nothing, in_work = np.zeros_like(wage), np.arange(after - first + 1)
    for t in range(first, after):
        benefit = months.benefit(months.histories.month(t), nothing)["monthly_benefit"]
        idle = living_month(months, t, rates, wage=nothing, benefit=benefit)
        busy = living_month(months, t, rates, wage=wage, benefit=nothing)
        is_idle = idle_in(t - first, after - first, months.benefit_last)(in_work)
        for key, amount in idle.items():
            table = flows.setdefault(key, np.zeros((*amount.shape, 1)))
            table[:, :, 0] += np.where(is_idle, amount, busy[key])


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

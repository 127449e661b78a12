"""Price for a target IRR over 10,000 draws against bisection over pyxirr, in one process.

The peer bisects the price, with a rate from pyxirr for each draw at each step: `irr` of the monthly
flows, or `xirr` with their dates, which is many times faster on flows that are mostly zero; both
are printed, the goals are asserted of the former. Only these calls are timed, on a tenth of the
draws; the payments and cash flows that both sides need at each price count against the library
alone. The criterion of the library, E[NPV at the target] = 0, needs no rate of any draw.
"""

import datetime as dt
import os
import statistics
import time

import numpy as np
import pytest
import pyxirr

from impactmodel.core.schedule import add_months
from impactmodel.finance import (
    FundingStructure,
    IrrCap,
    Junior,
    Senior,
    ServiceCosts,
    TargetIRR,
    cashflows,
    linear_price,
    solve,
)
from tests.unit.finance.given import Given

DRAWS, MONTHS, TARGET = 10_000, 48, 0.05
START = dt.date(2020, 1, 1)
DATES = [add_months(START, month) for month in range(MONTHS + 1)]
STEPS = 34
"""Of bisection from a bracket as wide as the price to ten digits of it."""


def seconds(work):
    """Processor time: both sides run in one thread, and other processes do not count."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def quantities():
    rng = np.random.default_rng(1)
    return rng.normal(100, 20, (DRAWS, 1)) * rng.uniform(0.5, 1.5, (DRAWS, 4))


def peer_steps(flows):
    """The time of one step of either peer: a rate for each draw, timed on a tenth of them."""
    part = flows[: DRAWS // 10]
    return (
        10 * seconds(lambda: [pyxirr.irr(f) for f in part])[0],
        10 * seconds(lambda: [pyxirr.xirr(DATES, f) for f in part])[0],
    )


def flows_at(fund, quantity, table):
    days = [START + dt.timedelta(days=365 * (k + 1) - 10) for k in range(4)]

    def at(price):
        due = price * np.interp(quantity, *table) if table else price * quantity
        due = np.minimum(due, 30_000.0) if table else due
        rows = tuple((day, "city", due[:, k]) for k, day in enumerate(days))
        return cashflows(fund, Given(rows, DRAWS))

    return at


@pytest.mark.parametrize("kind", ["closed form", "linear fund", "caps and tiers"])
def test_price_against_bisection(kind, record_property, capsys):
    quantity = quantities()
    capped = kind == "caps and tiers"
    fund = FundingStructure(
        "F",
        "USD",
        START,
        Senior(50_000.0, 0.09 if capped else None),
        (Junior(20_000.0, IrrCap(0.15)),) if capped else (),
        service_costs=ServiceCosts(set_up=5000.0, fixed_per_month=3000.0, fixed_months=12),
        surplus_to="city",
    )
    at = flows_at(fund, quantity, ([0, 80, 200], [0, 60, 220]) if capped else None)
    zero, one = at(0.0).investor, at(100.0).investor
    per_unit = (one - zero) / 100.0

    def ours():
        if kind == "closed form":
            return linear_price(zero, per_unit, DATES, TARGET)
        return solve(at, TargetIRR(TARGET), start=100.0).price

    ratios = []
    for _ in range(5):
        took, price = seconds(ours)
        ratios.append([STEPS * peer / took for peer in peer_steps(at(price).investor)])
    monthly, dated = (statistics.median(column) for column in zip(*ratios, strict=True))
    record_property("ratio", monthly)
    record_property("ratio_xirr", dated)
    goal = {"closed form": 1000, "linear fund": 25, "caps and tiers": 25}[kind]
    with capsys.disabled():
        print(f"\n{kind}: {monthly:.0f} times bisection over pyxirr.irr (goal {goal}),", end=" ")
        print(f"{dated:.0f} times over xirr, load {os.getloadavg()[0]:.1f}")
    assert monthly >= goal
    years = np.array([(day - START).days / 365 for day in DATES])
    assert (at(price).investor @ (1 + TARGET) ** -years).mean() == pytest.approx(0.0, abs=0.01)

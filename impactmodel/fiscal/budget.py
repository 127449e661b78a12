"""Savings, payments and costs by budget year, as they fall due, against what is set aside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from impactmodel.core.errors import JoinError
from impactmodel.core.money import same

if TYPE_CHECKING:
    from impactmodel.fiscal.budget_plan import BudgetPlan, DatedCost
    from impactmodel.fiscal.savings import Savings

type Draws = NDArray[np.float64]

ITEMS = ("savings", "payments", "costs")
ROUNDING = 1e-9
"""Below this share of the largest amount a difference is rounding."""


class DuePayments(Protocol):
    """Payments under a contract, draw by draw."""

    @property
    def currency(self) -> str:
        """Currency of every amount."""
        ...

    @property
    def lineage(self) -> str:
        """Identifies the draws."""
        ...

    def by_date(self) -> Sequence[tuple[dt.date, str, Draws]]:
        """Return (date, payer, amounts of shape (draw,))."""
        ...


def budget(
    savings: Savings, payments: DuePayments | None, costs: Sequence[DatedCost] = ()
) -> xr.DataArray:
    """Return savings, payments and costs by payer and budget year, undiscounted, as they fall due.

    Parameters
    ----------
    payments
        Of the contract; None where there is none.
    costs
        What payers spend beside them; see `impactmodel.fiscal.BudgetPlan.drawn`.

    Returns
    -------
    xarray.DataArray
        Dims ``draw, payer, year, item`` with items ``savings``, ``payments`` and ``costs``; private
        parties included.

    Raises
    ------
    JoinError
        If the draws of the two are unrelated, or their currencies differ.
    """
    if payments is not None:
        check_joinable(savings, payments)
    view, paid = savings.ledger.view("payer", "year"), payments.by_date() if payments else ()
    dues = [(1, *due) for due in paid] + [(2, day, payer, drawn) for day, payer, _, drawn in costs]
    payers = list(dict.fromkeys([*savings.ledger.payers, *(payer for _, _, payer, _ in dues)]))
    years = sorted({*savings.ledger.years, *(day.year for _, day, _, _ in dues)})
    table = np.zeros((savings.n_draws, len(payers), len(years), len(ITEMS)))
    rows = np.array([payers.index(payer) for payer in view["payer"].values.tolist()])
    columns = np.array([years.index(year) for year in view["year"].values.tolist()])
    table[:, rows[:, None], columns[None, :], 0] = view.values
    for item, day, payer, amount in dues:
        table[:, payers.index(payer), years.index(day.year), item] += amount
    coords = {"payer": payers, "year": years, "item": list(ITEMS)}
    return xr.DataArray(table, dims=("draw", "payer", "year", "item"), coords=coords, name="money")


def check_joinable(savings: Savings, payments: DuePayments) -> None:
    """Raise `JoinError` unless savings and payments are of the same draws and currency."""
    if savings.lineage != payments.lineage:
        raise JoinError(
            "savings and payments come from unrelated draws; make both from one Outcomes"
        )
    same("currency", savings.currency, payments.currency, "the public side", "the contract")


def payback_year(balance: xr.DataArray) -> Draws:
    """Return the first year from which on the sum so far never is below zero again, by draw.

    Parameters
    ----------
    balance
        Savings less spending, undiscounted, dims ``draw, year``.

    Returns
    -------
    ndarray
        Years, shape (draw,); not a number where the sum is below zero at the end.

    Examples
    --------
    >>> money = [[-3.0, 1.0, 2.0], [-3.0, 1.0, 1.0], [1.0, 0.0, 0.0]]
    >>> years = [2024, 2025, 2026]
    >>> balance = xr.DataArray(money, dims=("draw", "year"), coords={"year": years})
    >>> payback_year(balance).tolist()
    [2026.0, nan, 2024.0]
    """
    moved = balance.transpose("draw", "year")
    so_far = moved.values.cumsum(axis=1)
    short = so_far < -ROUNDING * np.abs(moved.values).max(initial=0.0)
    after = np.where(short.any(axis=1), short.shape[1] - short[:, ::-1].argmax(axis=1), 0)
    years = np.append(moved["year"].values.astype(float), np.nan)
    return np.asarray(years[after])


@dataclass(frozen=True, slots=True)
class LimitTest:
    """A payer's spending against a limit.

    Parameters
    ----------
    kind
        ``appropriation`` of a year, or ``commitment`` over all years.
    year
        None: all years.
    spent
        Payments and costs, shape (draw,).
    """

    kind: Literal["appropriation", "commitment"]
    payer: str
    year: int | None
    limit: float
    spent: Draws
    source: str

    @property
    def p95(self) -> float:
        """What nineteen of twenty draws do not exceed."""
        return float(np.quantile(self.spent, 0.95))

    @property
    def exceeded(self) -> bool:
        """Whether P95 of the spending exceeds the limit."""
        return self.p95 > self.limit * (1 + ROUNDING)

    @property
    def probability_exceeded(self) -> float:
        """The share of draws in which the spending exceeds the limit."""
        return float((self.spent > self.limit * (1 + ROUNDING)).mean())


def against_limits(table: xr.DataArray, plan: BudgetPlan) -> tuple[LimitTest, ...]:
    """Hold what payers spend against their appropriations and commitments.

    Parameters
    ----------
    table
        See `budget`. A year in which nothing is spent counts as zero.
    """
    spent = table.sel(item=["payments", "costs"]).sum("item")
    nothing = np.zeros(spent.sizes["draw"])

    def of(payer: str, year: int | None) -> Draws:
        if payer not in spent["payer"].values:
            return nothing
        part = spent.sel(payer=payer)
        if year is None:
            return np.asarray(part.sum("year").values)
        return np.asarray(part.sel(year=year).values) if year in part["year"].values else nothing

    yearly = tuple(
        LimitTest("appropriation", a.payer, a.year, a.amount, of(a.payer, a.year), a.source)
        for a in plan.appropriations
    )
    return yearly + tuple(
        LimitTest("commitment", c.payer, None, c.amount, of(c.payer, None), c.source)
        for c in plan.commitments
    )

"""Savings and payments by budget year, as they fall due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from impactmodel.core.errors import JoinError
from impactmodel.core.money import same

if TYPE_CHECKING:
    from impactmodel.fiscal.savings import Savings

type Draws = NDArray[np.float64]


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


def budget(savings: Savings, payments: DuePayments) -> xr.DataArray:
    """Return savings and payments by payer and budget year, undiscounted, as they fall due.

    Returns
    -------
    xarray.DataArray
        Dims ``draw, payer, year, item`` with items ``savings`` and ``payments``; private parties
        included.

    Raises
    ------
    JoinError
        If the draws of the two are unrelated, or their currencies differ.
    """
    if savings.lineage != payments.lineage:
        raise JoinError(
            "savings and payments come from unrelated draws; make both from one Outcomes"
        )
    same("currency", savings.currency, payments.currency, "the public side", "the contract")
    view, dues = savings.ledger.view("payer", "year"), payments.by_date()
    payers = list(dict.fromkeys([*savings.ledger.payers, *(payer for _, payer, _ in dues)]))
    years = sorted({*savings.ledger.years, *(day.year for day, _, _ in dues)})
    table = np.zeros((savings.n_draws, len(payers), len(years), 2))
    rows = np.array([payers.index(payer) for payer in view["payer"].values.tolist()])
    columns = np.array([years.index(year) for year in view["year"].values.tolist()])
    table[:, rows[:, None], columns[None, :], 0] = view.values
    for day, payer, amount in dues:
        table[:, payers.index(payer), years.index(day.year), 1] += amount
    coords = {"payer": payers, "year": years, "item": ["savings", "payments"]}
    return xr.DataArray(table, dims=("draw", "payer", "year", "item"), coords=coords, name="money")

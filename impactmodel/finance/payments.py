"""What finance needs to know of outcome payments: amounts per draw, date and payer."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Payments(Protocol):
    """Outcome payments, whatever contract made them."""

    @property
    def currency(self) -> str:
        """ISO code of the amounts' currency."""
        ...

    @property
    def price_base(self) -> str:
        """Price level of the amounts, empty where unstated."""
        ...

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        ...

    @property
    def lineage(self) -> str:
        """Identifies the draws."""
        ...

    def by_date(self) -> list[tuple[dt.date, str, NDArray[np.float64]]]:
        """Return (date, payer, amounts of shape (draw,)), by date; a negative amount is owed."""
        ...

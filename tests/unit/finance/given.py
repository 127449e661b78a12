"""Payments that a test states."""

import datetime as dt
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Given:
    rows: tuple[tuple[dt.date, str, np.ndarray], ...]
    n_draws: int
    currency: str = "USD"
    price_base: str = ""
    lineage: str = "given"
    assumptions: tuple[str, ...] = ()

    def by_date(self):
        return list(self.rows)


def paid(day, *amounts, payer="city"):
    return Given(((day, payer, np.array(amounts, dtype=float)),), len(amounts))

"""Reference costs: what a clause may share in, agreed until the results report it."""

from __future__ import annotations

from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class ReferenceCost:
    """A cost that a clause shares, agreed in the contract until the results report it.

    Parameters
    ----------
    amounts
        One amount, or one per measurement period.
    per
        Per ``period`` for the whole cohort, or per ``person`` of it in a period.
    """

    amounts: tuple[float, ...]
    per: Literal["period", "person"] = "period"

    def __post_init__(self) -> None:
        if not self.amounts or any(not amount >= 0 for amount in self.amounts):
            raise InputError("give amounts of at least 0", key="amounts")

    def amount(self, period: int) -> float:
        """Return the amount of a period."""
        if len(self.amounts) == 1:
            return self.amounts[0]
        if period >= len(self.amounts):
            raise InputError("there is no cost for the period", key="amounts", seen=period)
        return self.amounts[period]

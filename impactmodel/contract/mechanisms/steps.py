"""A step table: an amount for reaching a threshold."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.contract.mechanisms.scales import Rows, check_rows, money, rows_text, scaled
from impactmodel.contract.quantity import Quantity, Scale
from impactmodel.core import rule as rules
from impactmodel.core.spec import spec


@spec
class Steps:
    """A step table: the amount of the last threshold that the result reaches.

    Parameters
    ----------
    table
        Rows (at least, amount), thresholds rising.
    below
        Amount under the first threshold.
    scale
        What is compared with the thresholds: the cohort's ``total``, the units ``per_person``, the
        change ``relative`` to the level compared with, or the ``ratio`` to it.
    """

    table: Rows
    scale: Scale = "per_person"
    below: float = 0.0
    type: Literal["steps"] = field(default="steps", kw_only=True)

    def __post_init__(self) -> None:
        check_rows(self.table, "step table")

    @property
    def by_person(self) -> bool:
        """The table is of the cohort's result; no person has a payment of its own."""
        return False

    @property
    def groups(self) -> tuple[str, ...]:
        """No group has terms of its own."""
        return ()

    @property
    def needs_level(self) -> bool:
        """Whether the level that is compared with must be known, beside the difference from it."""
        return self.scale in {"relative", "ratio"}

    def rule(self, quantity: Quantity) -> rules.Rule:
        """Return the step table of the quantity on its scale."""
        return rules.Steps(quantity.on(self.scale), self.table, self.below)

    def text(self, currency: str, what: str) -> str:
        """Say it in words."""
        rows = rows_text(self.table, self.scale, currency, "from")
        below = money(self.below, currency) if self.below else "nothing"
        return f"by steps of {scaled(what, self.scale)}: {rows}; below that {below}"

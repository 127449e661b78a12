"""Marginal bands: an amount per unit for each part of the result."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.contract.mechanisms.scales import (
    Rows,
    check_rows,
    money,
    rows_text,
    scaled,
    threshold,
)
from impactmodel.contract.quantity import Quantity, Scale
from impactmodel.core import rule as rules
from impactmodel.core.spec import spec


@spec
class Bands:
    r"""Marginal bands: for each part of the result above a threshold, an amount per unit of scale.

    .. math:: \text{base} \times 1\{x \ge l_1\} + \sum_i r_i \max(0, \min(x, l_{i+1}) - l_i)

    Parameters
    ----------
    table
        Rows (above, amount per unit of the scale), thresholds rising. With ``scale: relative`` a
        unit is a change of 1, that is of 100 %.
    base
        Amount that is paid as soon as the first threshold is reached.
    scale
        As in `Steps`.
    """

    table: Rows
    scale: Scale = "per_person"
    base: float = 0.0
    type: Literal["bands"] = field(default="bands", kw_only=True)

    def __post_init__(self) -> None:
        check_rows(self.table, "table of bands")

    @property
    def by_person(self) -> bool:
        """The bands are of the cohort's result; no person has a payment of its own."""
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
        """Return the base and the bands of the quantity on its scale."""
        x = quantity.on(self.scale)
        bands: rules.Rule = rules.Bands(x, self.table)
        if self.base:
            bands = rules.Steps(x, [(self.table[0][0], self.base)]) + bands
        return bands

    def text(self, currency: str, what: str) -> str:
        """Say it in words."""
        rows = rows_text(self.table, self.scale, f"{currency} per unit", "above")
        base = ""
        if self.base:
            first = threshold(self.table[0][0], self.scale)
            base = f"{money(self.base, currency)} from {first}, and "
        return f"{base}by bands of {scaled(what, self.scale)}: {rows}"

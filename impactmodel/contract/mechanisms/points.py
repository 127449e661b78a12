"""A piecewise-linear payment through agreed points."""

from __future__ import annotations

from dataclasses import field
from itertools import pairwise
from typing import Literal

from impactmodel.contract.mechanisms.scales import Rows, check_rows, money, rows_text, scaled
from impactmodel.contract.quantity import Quantity, Scale
from impactmodel.core import rule as rules
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class Points:
    r"""A payment on straight lines between agreed points, constant beyond the last.

    .. math:: a_1 + \sum_i (a_{i+1} - a_i)
        \frac{\min(\max(x, l_i), l_{i+1}) - l_i}{l_{i+1} - l_i} \quad\text{for } x \ge l_1

    Parameters
    ----------
    table
        Rows (result, amount), results rising, at least two.
    below
        Amount under the first result.
    scale
        As in `Steps`.
    """

    table: Rows
    scale: Scale = "per_person"
    below: float = 0.0
    type: Literal["points"] = field(default="points", kw_only=True)

    def __post_init__(self) -> None:
        check_rows(self.table, "table of points")
        if len(self.table) < 2:
            raise InputError(
                "a line needs two points", key="table", fix="add one, or use a step table"
            )

    @property
    def by_person(self) -> bool:
        """The points are of the cohort's result; no person has a payment of its own."""
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
        """Return the amount of the first point and the rise along each line."""
        x = quantity.on(self.scale)
        first, amount = self.table[0]
        parts: list[rules.Rule] = [rules.Steps(x, [(first, amount)], self.below)]
        for (low, before), (high, after) in pairwise(self.table):
            if after == before:
                continue
            run = rules.Difference(rules.Minimum((rules.Maximum((x, low)), high)), low)
            # The difference of two decimals is taken as a rule, so that it is exact in Decimal.
            length = rules.Difference(high, low)
            parts.append(rules.Quotient(rules.Product((rules.Difference(after, before), run)), length))
        return parts[0] if len(parts) == 1 else rules.Sum(parts)

    def text(self, currency: str, what: str) -> str:
        """Say it in words."""
        rows = rows_text(self.table, self.scale, currency, "at")
        below = money(self.below, currency) if self.below else "nothing"
        return (
            f"by straight lines between points of {scaled(what, self.scale)}: {rows}; no more "
            f"beyond the last, below the first {below}"
        )

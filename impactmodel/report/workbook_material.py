"""What a workbook is made of: the central scenarios joined into one, and the run around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impactmodel.contract import central as contract_central
from impactmodel.core.central import Central
from impactmodel.core.errors import ImpactModelError
from impactmodel.fiscal import Savings
from impactmodel.report.workbook_net import net_part
from impactmodel.report.workbook_parts import CONTRACT, SAVINGS, Part, join

if TYPE_CHECKING:
    from impactmodel.contract import OutcomePayments
    from impactmodel.report.result import RunResult

MOST_ROWS = 100_000
"""Rows of live formulas; beyond them nobody reads a sheet."""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that the sheets show.

    Parameters
    ----------
    joined
        All central scenarios as one; an input that two of them share stands once.
    parts
        By ``savings``, ``contract`` and ``net``.
    refused
        What cannot be computed live, and why.
    """

    title: str
    prob: float
    currency: str
    price_base: str
    joined: Central
    parts: Mapping[str, Part]
    refused: tuple[str, ...]
    savings: Savings | None
    payments: OutcomePayments | None
    result: RunResult | None
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]

    def part_of(self, block: str) -> str:
        """Return the part that a block of the joined scenario belongs to."""
        return block.split(":", 1)[0]


def gather(result: RunResult | Savings, prob: float | None) -> Material:
    """Return what the sheets of a run, or of savings alone, show."""
    if isinstance(result, Savings):
        return _of(None, result, prob or 0.9)
    return _of(result, result.savings, prob or result.case.settings.interval)


def _of(result: RunResult | None, savings: Savings | None, prob: float) -> Material:
    payments = result.payments if result else None
    refused: list[str] = []
    centrals: dict[str, Central] = {}
    if result is not None and payments is not None:
        try:
            found = contract_central(payments.contract, result.paid_on)
            centrals[CONTRACT] = _small(found)
        except ImpactModelError as error:
            refused.append(f"the payments of the contract: {error}")
    if savings is not None:
        try:
            centrals[SAVINGS] = _small(savings.central())
        except ImpactModelError as error:
            refused.append(f"the public savings: {error}")
    joined, parts = join(centrals)
    costs = result.costs if result else ()
    live = SAVINGS in parts and (payments is None or CONTRACT in parts)
    if savings is not None and live and (payments is not None or costs):
        joined, parts = net_part(joined, parts, savings, payments, costs)
    about = savings or payments
    return Material(
        title=result.case.settings.name if result else (savings.label if savings else ""),
        prob=prob,
        currency=about.currency if about else "",
        price_base=about.price_base if about else "",
        joined=joined,
        parts=parts,
        refused=tuple(refused),
        savings=savings,
        payments=payments,
        result=result,
        assumptions=result.assumptions if result else savings.assumptions if savings else (),
        warnings=result.warnings if result else (),
        notes=result.notes if result else (),
    )


def _small(central: Central) -> Central:
    rows = sum(1 + len(block.book.names()) for block in central.blocks)
    if rows > MOST_ROWS:
        raise ImpactModelError(
            f"its central scenario has {rows:,} rows, more than the {MOST_ROWS:,} that a sheet is "
            "readable with; show it for a profile of fewer persons"
        )
    return central

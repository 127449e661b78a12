"""The linter: what is wrong or risky in a contract before anybody signs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from impactmodel.contract.payments import warnings_of
from impactmodel.contract.terms import BandTable, Gross, Rate, StepTable

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.contract.clause import Clause


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: ``error`` makes the contract unusable, ``warning`` needs an answer."""

    level: Literal["error", "warning"]
    key: str
    text: str


def check(contract: OutcomesContract) -> tuple[Finding, ...]:
    """Return the findings of the linter, errors first."""
    found = [Finding("warning", "clauses", text) for text in warnings_of(contract)]
    if contract.pays_on_impact and contract.evaluation.comparison_size is None:
        found.append(
            Finding(
                "error",
                "evaluation.comparison_size",
                "a clause pays on measured impact, but the comparison group has no size",
            )
        )
    for place, clause in enumerate(contract.clauses):
        found += _clause(contract, clause, f"clauses[{place}]")
    several = len(contract.clauses) > 1
    if contract.cap_per_person and several and contract.evaluation.dependence is None:
        found.append(
            Finding(
                "warning",
                "evaluation.dependence",
                "the cap per person cannot be priced until it is stated how the outcomes of "
                "one person hang together",
            )
        )
    return tuple(sorted(found, key=lambda finding: finding.level != "error"))


def _clause(contract: OutcomesContract, clause: Clause, key: str) -> list[Finding]:
    caps = [c for c in (clause.cap, contract.cap) if c]
    cap = min(caps) if caps else None
    found = [
        Finding("warning", f"{key}.{where}", text)
        for where, text in (*_tables(clause, cap), *_prices(contract, clause, cap))
    ]
    if clause.cap and contract.cap and clause.cap > contract.cap:
        text = f"the cap of '{clause.name}' is above the contract's cap"
        found.append(Finding("warning", f"{key}.cap", text))
    if clause.floor is not None and clause.floor > 0:
        text = f"'{clause.name}' pays at least {clause.floor:g} whatever happens"
        found.append(Finding("warning", f"{key}.floor", text))
    return found


def _tables(clause: Clause, cap: float | None) -> list[tuple[str, str]]:
    payment, where, found = clause.payment, "payment.table", []
    if isinstance(payment, StepTable):
        amounts = [payment.below, *(amount for _, amount in payment.table)]
        if sorted(amounts) != amounts:
            found.append((where, f"'{clause.name}' pays less for a better result at some step"))
        if cap is not None and amounts[-2] >= cap:
            text = f"the top step of '{clause.name}' cannot be reached under the cap"
            found.append((where, text))
    if isinstance(payment, BandTable) and any(rate < 0 for _, rate in payment.table):
        found.append((where, f"'{clause.name}' pays less for a better result in some band"))
    return found


def _prices(contract: OutcomesContract, clause: Clause, cap: float | None) -> list[tuple[str, str]]:
    payment, where, found = clause.payment, "payment.price", []
    if not isinstance(payment, Rate):
        return []
    prices = payment.price.values() if isinstance(payment.price, dict) else [payment.price]
    limits = [c for c in (clause.cap_per_person, contract.cap_per_person) if c]
    if limits and max(prices) > min(limits) and isinstance(clause.basis, Gross):
        found.append((where, f"one unit of '{clause.name}' costs more than the cap per person"))
    if cap is not None and max(prices) > cap:
        found.append((where, f"one unit of '{clause.name}' costs more than the cap"))
    return found

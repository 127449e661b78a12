"""The linter: what is wrong or risky in a contract before anybody signs it."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from impactmodel.contract.branches import (
    EachGroup,
    Gated,
    Limited,
    Parts,
    Payment,
    inside,
    walk,
)
from impactmodel.contract.dues import dues_of
from impactmodel.contract.findings import Finding
from impactmodel.contract.linting_evidence import check_against
from impactmodel.contract.payments import gross_warning
from impactmodel.contract.terms import BandTable, Gross, Rate, StepTable
from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.contract.clause import Clause
    from impactmodel.core.outcomes import Outcomes


def check(contract: OutcomesContract, outcomes: Outcomes | None = None) -> tuple[Finding, ...]:
    """Return the findings of the linter, errors first.

    Parameters
    ----------
    outcomes
        What is expected. With it the linter also finds caps below the expected payment, thresholds
        that noise alone reaches and tiers that nobody can reach.
    """
    found = _gross(contract)
    found += _contract(contract)
    for place, clause in _versions(contract):
        found += _clause(contract, clause, place)
        found += _mixed(clause, place)
    found += _twice(contract)
    found += _dates(contract)
    if outcomes is not None:
        found += check_against(contract, outcomes)
    return tuple(sorted(found, key=lambda finding: finding.level != "error"))


def _versions(contract: OutcomesContract) -> list[tuple[str, Clause]]:
    """Return every version of every clause, and where it stands in the file."""
    amended = [
        (f"amendments[{n}].clauses[{place}]", clause)
        for n, amendment in enumerate(contract.amendments)
        for place, clause in enumerate(amendment.clauses)
    ]
    return [(f"clauses[{n}]", clause) for n, clause in enumerate(contract.clauses)] + amended


def _gross(contract: OutcomesContract) -> list[Finding]:
    first = {clause.name: place for place, clause in reversed(_versions(contract))}
    return [
        Finding("warning", f"{first[clause.name]}.basis", text)
        for clause in contract.all_clauses
        for text in gross_warning(clause)
    ]


def _contract(contract: OutcomesContract) -> list[Finding]:
    found = []
    if contract.pays_on_impact and contract.evaluation.comparison_size is None:
        text = "a clause pays on measured impact, but the comparison group has no size"
        found.append(Finding("error", "evaluation.comparison_size", text))
    several = len(contract.clauses) > 1
    if contract.cap_per_person and several and contract.evaluation.dependence is None:
        text = (
            "the cap per person cannot be priced until it is stated how the outcomes of one "
            "person hang together"
        )
        found.append(Finding("warning", "evaluation.dependence", text))
    if contract.rounding is None:
        text = "no rounding rule is stated; payments are rounded to the cent, halves up"
        found.append(Finding("warning", "rounding", text))
    for place, limit in enumerate(contract.limits):
        if contract.cap is not None and limit.cap >= contract.cap:
            text = f"the limit of {limit.cap:,g} never binds under the cap of {contract.cap:,g}"
            found.append(Finding("warning", f"limits[{place}].cap", text))
    return found


def _clause(contract: OutcomesContract, clause: Clause, key: str) -> list[Finding]:
    caps = [c for c in (clause.cap, contract.cap) if c]
    cap = min(caps) if caps else None
    findings = (
        *_mechanism(clause, clause.payment, cap, "payment"),
        *_prices(contract, clause, cap),
    )
    found = [Finding("warning", f"{key}.{where}", text) for where, text in findings]
    if clause.cap and contract.cap and clause.cap > contract.cap:
        text = f"the cap of '{clause.name}' is above the contract's cap"
        found.append(Finding("warning", f"{key}.cap", text))
    if clause.floor is not None and clause.floor > 0:
        text = f"'{clause.name}' pays at least {clause.floor:g} whatever happens"
        found.append(Finding("warning", f"{key}.floor", text))
    return found


def _mixed(clause: Clause, key: str) -> list[Finding]:
    """Find thresholds on several outcomes that are added up as they are, whatever their units."""
    found = []
    for payment in walk(clause.payment):
        if not isinstance(payment, (StepTable, BandTable, Gated)):
            continue
        weights = getattr(payment, "of", {}) or clause.weights
        if len(weights) < 2 or payment.scale not in {"relative", "index"}:
            continue
        names = " and ".join(f"'{name}'" for name in weights)
        if isinstance(clause.basis, Gross):
            text = (
                f"'{clause.name}' asks for changes of {names}, but gross outcomes are compared "
                "with nothing: their units are added up; use another basis"
            )
            found.append(Finding("error", f"{key}.basis", text))
        elif payment.scale == "relative":
            text = (
                f"'{clause.name}' adds up {names} before it looks at their change; where their "
                "units differ, use 'scale: index'"
            )
            found.append(Finding("warning", f"{key}.payment.scale", text))
    return found


def _mechanism(
    clause: Clause, payment: Payment, cap: float | None, where: str
) -> list[tuple[str, str]]:
    """Look at a mechanism and all that it holds."""
    found: list[tuple[str, str]] = []
    match payment:
        case StepTable():
            found += [(f"{where}.table", text) for text in _steps(clause, payment, cap)]
        case BandTable() if any(rate < 0 for _, rate in payment.table):
            text = f"'{clause.name}' pays less for a better result in some band"
            found.append((f"{where}.table", text))
        case Gated(otherwise=Gated() as lower) if _shadowed(payment, lower):
            text = (
                f"the gate at {lower.at_least:g} of '{clause.name}' is never reached: what passes "
                f"it has passed the gate at {payment.at_least:g}"
            )
            found.append((f"{where}.otherwise.at_least", text))
        case Limited(at_most=most) if most is not None:
            cap = most if cap is None else min(cap, most)
        case _:
            pass
    if isinstance(payment, (StepTable, BandTable)) and clause.direction == "decrease":
        beyond = [low for low, _ in payment.table if payment.scale == "relative" and low > 1]
        if beyond and not isinstance(clause.basis, Gross):
            text = f"'{clause.name}' asks for a reduction by more than 100 %: {beyond[0]:g}"
            found.append((f"{where}.table", text))
    for place, one in zip(_places(payment), inside(payment), strict=True):
        found += _mechanism(clause, one, cap, f"{where}.{place}")
    return found


def _places(payment: Payment) -> list[str]:
    """Return the keys of what `inside` returns."""
    match payment:
        case Gated():
            return ["then", "otherwise"]
        case Parts(parts=parts):
            return [f"parts[{n}]" for n in range(len(parts))]
        case EachGroup() | Limited():
            return ["payment"]
        case _:
            return []


def _shadowed(upper: Gated, lower: Gated) -> bool:
    alike = (upper.scale, upper.pooled, upper.of) == (lower.scale, lower.pooled, lower.of)
    return alike and lower.at_least >= upper.at_least


def _steps(clause: Clause, payment: StepTable, cap: float | None) -> list[str]:
    amounts = [payment.below, *(amount for _, amount in payment.table)]
    found = []
    if sorted(amounts) != amounts:
        found.append(f"'{clause.name}' pays less for a better result at some step")
    for (low, amount), before in zip(payment.table, amounts, strict=False):
        if amount == before:
            found.append(f"the step at {low:g} of '{clause.name}' changes nothing")
    dead = [
        low
        for (low, _), before in zip(payment.table, amounts, strict=False)
        if cap is not None and before >= cap
    ]
    if dead == [payment.table[-1][0]]:
        found.append(f"the top step of '{clause.name}' cannot be reached under the cap")
    elif dead:
        steps = f"the steps of '{clause.name}' from {dead[0]:g}"
        found.append(f"{steps} cannot be reached under the cap")
    return found


def _prices(contract: OutcomesContract, clause: Clause, cap: float | None) -> list[tuple[str, str]]:
    payment, where, found = clause.payment, "payment.price", []
    if not isinstance(payment, Rate):
        return []
    most = max(payment.prices)
    limits = [c for c in (clause.cap_per_person, contract.cap_per_person) if c]
    if limits and most > min(limits) and isinstance(clause.basis, Gross):
        found.append((where, f"one unit of '{clause.name}' costs more than the cap per person"))
    if cap is not None and most > cap:
        found.append((where, f"one unit of '{clause.name}' costs more than the cap"))
    return found


def _twice(contract: OutcomesContract) -> list[Finding]:
    """Find bands that overlap: two clauses by which one payer pays for the same result."""
    found = []
    for one, two in combinations(range(len(contract.clauses)), 2):
        a, b = contract.clauses[one], contract.clauses[two]
        alike = (a.payer, a.payee, a.weights, a.basis) == (b.payer, b.payee, b.weights, b.basis)
        if alike and _meet(a.periods, b.periods) and _meet(a.groups, b.groups):
            text = f"'{a.name}' and '{b.name}' overlap: {a.payer} pays twice for the same result"
            found.append(Finding("warning", f"clauses[{two}]", text))
    return found


def _meet(one: tuple[object, ...] | None, two: tuple[object, ...] | None) -> bool:
    return not one or not two or bool(set(one) & set(two))


def _dates(contract: OutcomesContract) -> list[Finding]:
    """Find payments after the end and windows that do not exist, where the windows are stated."""
    windows = contract.periods
    if windows is None:
        return []
    every = tuple(range(windows.count))
    try:
        for due in dues_of(contract, windows, lambda clause: clause.periods or every):
            due.clause.factor(due.period)
    except InputError as error:
        first = error.problems[0]
        text = first.what + (f" (seen: {first.seen})" if first.seen else "")
        return [Finding("error", first.key, text)]
    return []

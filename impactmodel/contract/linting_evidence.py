"""The linter with evidence: caps below what is expected, thresholds within noise, dead tiers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from impactmodel.contract.branches import Gated, walk
from impactmodel.contract.findings import Finding
from impactmodel.contract.payments import payments
from impactmodel.contract.terms import BandTable, StepTable
from impactmodel.contract.thresholds import threshold_noise

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.contract.clause import Clause
    from impactmodel.core.outcomes import Outcomes


def check_against(contract: OutcomesContract, outcomes: Outcomes) -> list[Finding]:
    """Return what the linter finds with the expected outcomes at hand."""
    return [
        *check_windows(contract, outcomes),
        *_caps(contract, outcomes),
        *_noise(contract, outcomes),
        *(
            finding
            for place, clause in enumerate(contract.clauses)
            for finding in (
                *_dead(clause, outcomes, f"clauses[{place}].payment.table"),
                *_mixed(clause, outcomes, f"clauses[{place}].payment.scale"),
            )
        ),
    ]


def check_windows(contract: OutcomesContract, outcomes: Outcomes) -> list[Finding]:
    """Find clauses whose windows are read in two ways: no `periods`, and no flow is paid for.

    Draws pay a stock or cumulative outcome once, after the last window. Results of a settlement
    have no accrual: there the clause pays in every window that is reported.
    """
    if outcomes.periods.count == 1:
        return []
    return [
        Finding(
            "warning",
            f"clauses[{place}].periods",
            f"'{clause.name}' states no periods and '{name}' is a {outcomes.measure(name).accrual} "
            "outcome: it is priced once, after the last window, and settled in every window of "
            f"the results; state its periods, such as [{outcomes.periods.count - 1}]",
        )
        for place, clause in enumerate(contract.clauses)
        for name in tuple(clause.weights)[:1]
        if clause.periods is None and outcomes.measure(name).accrual != "flow"
    ]


def _caps(contract: OutcomesContract, outcomes: Outcomes) -> list[Finding]:
    """Compare each cap with the expected payment that it would cut."""
    if contract.cap_per_person is not None:
        return []
    free = dataclasses.replace(
        contract,
        cap=None,
        limits=(),
        clauses=tuple(dataclasses.replace(c, cap=None) for c in contract.clauses),
    )
    paid = payments(free, outcomes, "expected")
    means = {name: float(draws.mean()) for name, draws in paid.by_clause().items()}
    limits = [
        (f"clauses[{n}].cap", c.cap, means.get(c.name, 0.0), f"'{c.name}'")
        for n, c in enumerate(contract.clauses)
    ]
    for place, limit in enumerate(contract.limits):
        if limit.each == "contract":
            mean = sum(means.get(c.name, 0.0) for c in contract.all_clauses if limit.covers(c))
            limits.append((f"limits[{place}].cap", limit.cap, mean, "the limit"))
    limits.append(("cap", contract.cap, sum(means.values()), "the contract"))
    return [
        Finding(
            "warning",
            key,
            f"the cap of {whose} ({cap:,.0f}) is below the payment that is expected without it "
            f"({mean:,.0f})",
        )
        for key, cap, mean, whose in limits
        if cap is not None and cap < mean
    ]


def _noise(contract: OutcomesContract, outcomes: Outcomes) -> list[Finding]:
    ready = contract.evaluation.comparison_size is not None and "covariance" in outcomes.dataset
    if not (contract.pays_on_impact and ready):
        return []
    places = {clause.name: place for place, clause in enumerate(contract.clauses)}
    return [
        Finding(
            "warning",
            f"clauses[{places[one.clause]}].payment" if one.clause in places else "amendments",
            f"the threshold {one.threshold:g} of '{one.clause}' lies within one standard error "
            f"({one.standard_error:.3g}) of no effect: chance alone reaches it with probability "
            f"{one.reached_without_effect:.2f}",
        )
        for one in threshold_noise(contract, outcomes)
        if one.within_noise
    ]


def _dead(clause: Clause, outcomes: Outcomes, key: str) -> list[Finding]:
    """Find thresholds that no cohort can reach: of a binary outcome, one unit per person."""
    if clause.index or outcomes.measure(clause.outcome).kind != "binary":
        return []
    most = {
        "per_person": 1.0,
        "total": float(outcomes.cohort_size.sum("group").max()),
    }
    return [
        Finding(
            "warning",
            key,
            f"the step at {low:g} of '{clause.name}' cannot be reached: the most is "
            f"{most[payment.scale]:g}",
        )
        for payment in walk(clause.payment)
        if isinstance(payment, (StepTable, BandTable)) and payment.scale in most
        for low, _ in payment.table
        if low > most[payment.scale]
    ]


def _mixed(clause: Clause, outcomes: Outcomes, key: str) -> list[Finding]:
    """Find thresholds on a sum of outcomes whose units differ."""
    found = []
    for payment in walk(clause.payment):
        if not isinstance(payment, (StepTable, BandTable, Gated)) or payment.scale == "index":
            continue
        weights = getattr(payment, "of", {}) or clause.weights
        units = {name: outcomes.measure(name).unit for name in weights}
        if len(set(units.values())) > 1:
            said = ", ".join(f"{name} in {unit}" for name, unit in units.items())
            text = (
                f"'{clause.name}' compares a sum of unlike units with its thresholds ({said}); use "
                "'scale: index'"
            )
            found.append(Finding("warning", key, text))
    return found

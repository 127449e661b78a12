"""The contract in words, and its rules as Excel formulas."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Mapping
from typing import TYPE_CHECKING

from impactmodel.contract.compile import clause_rule
from impactmodel.core.rule import Constant, Named, excel

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.contract.clause import Clause
    from impactmodel.contract.conditions import Amendment
    from impactmodel.contract.costs import ReferenceCost


def describe(contract: OutcomesContract) -> str:
    """Return the term sheet in plain words, one line per term.

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.contract import Clause, OutcomesContract, Rate
    >>> clause = Clause("jobs", Rate(3000.0), payer="state", outcome="job")
    >>> text = describe(OutcomesContract("Trial", "EUR", dt.date(2024, 1, 1), (clause,)))
    >>> text.splitlines()[0]
    'Trial: people start on 2024-01-01; the contract counts the assigned.'
    """
    last = contract.last_start
    starts = f"on {contract.start}" if last is None else f"from {contract.start} to {last}"
    lines = [
        f"{contract.name}: people start {starts}; the contract counts the {contract.population}."
    ]
    lines += [f"{clause.name}: {_clause(contract, clause)}" for clause in contract.clauses]
    if contract.pays_on_impact and contract.evaluation.comparison_size:
        lines.append(
            f"Impact is measured against {contract.evaluation.comparison_size:,} people as a "
            "difference in means."
        )
    if contract.minimum_cohort:
        lines.append(f"With fewer than {contract.minimum_cohort:,} people nothing is paid.")
    if contract.cap_per_person:
        lines.append(f"At most {_money(contract, contract.cap_per_person)} is paid per person.")
    for limit in contract.limits:
        lines.append(limit.text(_money(contract, limit.cap)))
    if contract.cap:
        lines.append(f"At most {_money(contract, contract.cap)} is paid in all.")
    lines += [f"Units of {name}: {how.text()}." for name, how in contract.counting.items()]
    lines += [
        f"Reference cost '{name}': {_cost(contract, cost)}."
        for name, cost in contract.reference_costs.items()
    ]
    lines += [text for amendment in contract.amendments for text in _amended(contract, amendment)]
    if contract.termination:
        ends = ", ".join(contract.termination.clauses) or "the contract"
        lines.append(
            f"Terminated early on {contract.termination.date}: {ends}; periods "
            f"{contract.termination.pays} by then still count."
        )
    if contract.payment_months:
        days = ", ".join(month_name[month] for month in contract.payment_months)
        lines.append(f"Payments are made on the first day of {days}.")
    if contract.end:
        lines.append(f"The contract ends on {contract.end}.")
    lines.append(f"Payments are {contract.rounds.text()}.")
    return "\n".join(lines)


def _cost(contract: OutcomesContract, cost: ReferenceCost) -> str:
    amounts = ", ".join(_money(contract, amount) for amount in cost.amounts)
    return f"{amounts} per {cost.per}"


def _amended(contract: OutcomesContract, amendment: Amendment) -> list[str]:
    lines = [
        f"From {amendment.date}, {clause.name}: {_clause(contract, clause)}"
        for clause in amendment.clauses
    ]
    return lines + [f"From {amendment.date}, {name} ends." for name in amendment.ends]


def _clause(contract: OutcomesContract, clause: Clause) -> str:
    weights = clause.weights
    if clause.outcome:
        less = "less " if clause.direction == "decrease" else ""
        what = f"{less}{clause.outcome}"
    else:
        what = " and ".join(
            ("" if w == 1 else "less " if w == -1 else f"{w:g} × ") + name
            for name, w in weights.items()
        )
    paid = clause.payment.text(contract.currency)
    verb = "pays" if clause.floor is not None else "pays or receives"
    parts = [f"{clause.payer} {verb} {paid} of {what}, counting {clause.basis.text()}"]
    if clause.groups:
        parts.append(f"for {', '.join(clause.groups)} only")
    if clause.payee != "vehicle":
        parts.append(f"received by {clause.payee}")
    if clause.indexation:
        factors = ", ".join(f"{factor:g}" for factor in clause.indexation)
        parts.append(f"indexed by period ({factors})")
    if clause.floor is not None:
        parts.append(f"at least {_money(contract, clause.floor)} at each date")
    if clause.cap_per_person:
        parts.append(f"at most {_money(contract, clause.cap_per_person)} per person")
    if clause.cap:
        parts.append(f"at most {_money(contract, clause.cap)} in all")
    lag = contract.evaluation.lag_months + clause.paid_after_months
    if lag:
        parts.append(f"paid {lag} months after the end of each period")
    assumed = " (an assumed term)" if clause.assumed else ""
    return "; ".join(parts) + assumed + "."


def _money(contract: OutcomesContract, amount: float) -> str:
    return Constant(amount, contract.currency).text()


def rule_of(contract: OutcomesContract, clause: str) -> Named:
    """Return the rule of a clause, for any of the readers in `impactmodel.core.rule`."""
    return clause_rule(contract, contract.clause(clause))


def excel_formula(contract: OutcomesContract, clause: str, cells: Mapping[str, str]) -> str:
    """Return a clause's payment as an Excel formula over the cells of its inputs.

    Parameters
    ----------
    cells
        Cell reference by input, such as ``{"job.total": "B2", "people": "B3"}``; the inputs are
        those of `rule_of`.

    Raises
    ------
    InputError
        If an input has no cell.
    """
    return excel(rule_of(contract, clause), cells)

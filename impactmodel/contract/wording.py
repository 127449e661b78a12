"""The contract in words, and its rules as Excel formulas."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from impactmodel.contract.branches import EachGroup, Gated
from impactmodel.contract.compile import clause_rule
from impactmodel.contract.phrases import listed, phrase, spaced
from impactmodel.contract.terms import Gross
from impactmodel.core.rule import Constant, Named, excel

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.contract.clause import Clause
    from impactmodel.contract.conditions import Amendment
    from impactmodel.contract.costs import ReferenceCost
    from impactmodel.core.measures import OutcomeMeasure


_COUNTED = {
    "assigned": "all who are assigned",
    "participants": "those who take part",
    "compliers": "those who take part because they are assigned",
}


def describe(contract: OutcomesContract, measures: Sequence[OutcomeMeasure] = ()) -> str:
    """Return the term sheet in plain words, one line per term.

    Parameters
    ----------
    measures
        Of the evidence: their labels and kinds say what the outcomes are and what one unit is. The
        contract's own ``units`` come first.

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.contract import Clause, OutcomesContract, Rate
    >>> clause = Clause("jobs", Rate(3000.0), payer="state", outcome="job")
    >>> text = describe(OutcomesContract("Trial", "EUR", dt.date(2024, 1, 1), (clause,)))
    >>> text.splitlines()[0]
    'Trial: people start on 2024-01-01; all who are assigned count.'
    """
    last = contract.last_start
    starts = f"on {contract.start}" if last is None else f"from {contract.start} to {last}"
    counted = _COUNTED[contract.population]
    lines = [f"{contract.name}: people start {starts}; {counted} count."]
    lines += [
        f"{spaced(clause.name)}: {clause_words(contract, clause, measures)}"
        for clause in contract.clauses
    ]
    if contract.pays_on_impact and contract.evaluation.comparison_size:
        lines.append(
            f"Impact is measured against {contract.evaluation.comparison_size:,} people as a "
            "difference in means."
        )
    lines += _limits(contract)
    lines += [f"Units of {spaced(name)}: {how.text()}." for name, how in contract.counting.items()]
    lines += [
        f"Reference cost '{spaced(name)}': {_cost(contract, cost)}."
        for name, cost in contract.reference_costs.items()
    ]
    for amendment in contract.amendments:
        lines += _amended(contract, amendment, measures)
    if contract.termination:
        ends = listed(contract.termination.clauses) if contract.termination.clauses else "all"
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


def _limits(contract: OutcomesContract) -> list[str]:
    lines = []
    if contract.minimum_cohort:
        lines.append(f"With fewer than {contract.minimum_cohort:,} people nothing is paid.")
    if contract.cap_per_person:
        lines.append(f"At most {_money(contract, contract.cap_per_person)} is paid per person.")
    lines += [limit.text(_money(contract, limit.cap)) for limit in contract.limits]
    if contract.cap:
        lines.append(f"At most {_money(contract, contract.cap)} is paid in all.")
    return lines


def _cost(contract: OutcomesContract, cost: ReferenceCost) -> str:
    amounts = ", ".join(_money(contract, amount) for amount in cost.amounts)
    return f"{amounts} per {cost.per}"


def _amended(
    contract: OutcomesContract, amendment: Amendment, measures: Sequence[OutcomeMeasure]
) -> list[str]:
    lines = [
        f"From {amendment.date}, {spaced(clause.name)}: {clause_words(contract, clause, measures)}"
        for clause in amendment.clauses
    ]
    return lines + [f"From {amendment.date}, {spaced(name)} ends." for name in amendment.ends]


def clause_words(
    contract: OutcomesContract, clause: Clause, measures: Sequence[OutcomeMeasure] = ()
) -> str:
    """Return a clause in words: who pays what, what counts, and what limits it."""
    said = phrase(contract.currency, clause.weights, contract.units, contract.counting, measures)
    side = "beyond" if clause.index else "below" if said.falls else "above"
    paid = clause.payment.text(said)
    verb = "pays:" if isinstance(clause.payment, (Gated, EachGroup)) else "pays"
    parts = [f"{spaced(clause.payer)} {verb} {paid}", clause.basis.text(side)]
    if clause.groups:
        parts.append(f"for {listed(clause.groups)} only")
    if clause.payee != "vehicle":
        parts.append(f"received by {spaced(clause.payee)}")
    if clause.indexation:
        factors = ", ".join(f"{factor:g}" for factor in clause.indexation)
        parts.append(f"indexed by period ({factors})")
    if clause.floor is None:
        parts.append(f"an amount below 0 is paid to {spaced(clause.payer)}")
    elif clause.floor or not isinstance(clause.basis, Gross):
        parts.append(f"never less than {_money(contract, clause.floor)} at a date")
    if clause.cap_per_person:
        parts.append(f"at most {_money(contract, clause.cap_per_person)} per person")
    if clause.cap:
        parts.append(f"at most {_money(contract, clause.cap)} in all")
    lag = contract.evaluation.lag_months + clause.paid_after_months
    if lag:
        months = "month" if lag == 1 else "months"
        parts.append(f"paid {lag} {months} after the end of each period")
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

"""From realised results to the facts of a clause's rule: complete, exact, never taken as 0."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from impactmodel.contract.agreement import OutcomesContract
from impactmodel.contract.clause import Clause
from impactmodel.contract.compile import PEOPLE, cost_name, people_name, reference_name, total_name
from impactmodel.contract.results import Key, Result, Results
from impactmodel.contract.terms import AbovePrediction, Gross, reference_level
from impactmodel.core.errors import InputError
from impactmodel.core.rule.numbers import exact

type Facts = dict[str, Decimal]


def check_complete(contract: OutcomesContract, results: Results) -> None:
    """Refuse results that leave a promise unanswered: what is not there is not taken as 0."""
    for outcome, _, _ in results.cells:
        if outcome not in contract.outcomes and outcome not in contract.reference_costs:
            raise InputError(
                "the contract pays for no such outcome",
                file=results.file,
                key="outcome",
                seen=outcome,
                fix="use one of " + ", ".join((*contract.outcomes, *contract.reference_costs)),
            )
    for clause in contract.versions:
        periods = paid_periods(clause, results)
        if not periods:
            raise _lacks(clause, results, f"period {min(clause.periods or (0,))}")
        for period in periods:
            _check_cells(contract, clause, results, period)


def _check_cells(contract: OutcomesContract, clause: Clause, results: Results, period: int) -> None:
    groups = {
        outcome: {
            g
            for o, p, g in results.cells
            if (o, p) == (outcome, period) and (not clause.groups or g in clause.groups)
        }
        for outcome in clause.reads
    }
    apart = clause.groups or clause.groups_apart(contract.strata)
    wanted = set(apart or set().union(*groups.values()))
    for outcome, there in groups.items():
        if not there:
            raise _lacks(clause, results, f"'{outcome}' in period {period}")
        for group in sorted(wanted - there):
            where = f"'{outcome}' of the group '{group}' in period {period}"
            raise _lacks(clause, results, where)
        for group in sorted(there - wanted):
            raise InputError(
                f"'{clause.name}' has no price for this group",
                file=results.file,
                key="group",
                seen=group,
                fix="use one of " + ", ".join(sorted(wanted)),
            )


def _lacks(clause: Clause, results: Results, what: str) -> InputError:
    return InputError(
        f"the results lack {what}",
        file=results.file,
        key=clause.name,
        fix="add a row, with 0 where nothing was achieved, or state the clause's periods",
    )


def paid_periods(clause: Clause, results: Results) -> tuple[int, ...]:
    """Return the periods of the results that a clause pays for."""
    stated = clause.periods
    return tuple(p for p in results.periods if stated is None or p in stated)


def facts_of(
    contract: OutcomesContract,
    clause: Clause,
    cells: Mapping[Key, Result],
    period: int,
    file: str,
    *,
    need_people: bool,
) -> Facts:
    """Return the facts of a clause's rule in a period, by the names of its inputs."""
    apart = clause.groups_apart(contract.strata)
    facts: Facts = {
        name: Decimal(0)
        for outcome in clause.reads
        for group in apart
        for name in (total_name(outcome, group), reference_name(outcome, group), people_name(group))
    }
    for outcome in clause.reads:
        total, reference, people = Decimal(0), Decimal(0), Decimal(0)
        for (name, when, group), cell in cells.items():
            counted = not clause.groups or group in clause.groups
            if name != outcome or when != period or not counted:
                continue
            level = _level(clause, cell, outcome, group, file)
            if cell.people is None and (level or need_people):
                raise InputError(
                    f"'{outcome}' needs the number of people in every row",
                    file=file,
                    key="people",
                    fix="fill in the column",
                )
            own = level * (cell.people or 0)
            facts[total_name(outcome, group)] = cell.total
            facts[reference_name(outcome, group)] = own
            facts[people_name(group)] = cell.people or Decimal(0)
            total, reference = total + cell.total, reference + own
            people += cell.people or 0
        facts[total_name(outcome)], facts[reference_name(outcome)] = total, reference
        facts[PEOPLE] = max(people, facts.get(PEOPLE, people))
    return facts | _costs(contract, clause, cells, period, facts[PEOPLE])


def _costs(
    contract: OutcomesContract,
    clause: Clause,
    cells: Mapping[Key, Result],
    period: int,
    people: Decimal,
) -> Facts:
    """Return the reference costs that the results report; the agreed ones stand in the rule."""
    found: Facts = {}
    for cost in clause.costs:
        own = [
            cell.total for (name, when, _), cell in cells.items() if (name, when) == (cost, period)
        ]
        if own:
            stated = contract.reference_costs[cost]
            name = cost_name(cost)
            name += f"@period {period + 1}" if len(stated.amounts) > 1 else ""
            total = sum(own, Decimal(0))
            found[name] = total / people if stated.per == "person" and people else total
    return found


def _level(clause: Clause, cell: Result, outcome: str, group: str, file: str) -> Decimal:
    if isinstance(clause.basis, Gross):
        return Decimal(0)
    if isinstance(clause.basis, AbovePrediction) and cell.prediction is not None:
        return cell.prediction
    fixed = reference_level(clause.basis, group)
    if fixed is not None:
        return exact(fixed)
    if cell.comparison is None:
        raise InputError(
            f"'{outcome}' needs the comparison group's mean",
            file=file,
            key="comparison",
            fix="add the column",
        )
    return cell.comparison

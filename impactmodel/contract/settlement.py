"""Settlement: realised results in, a payment statement with its audit trail out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.contract.agreement import Clause, OutcomesContract
from impactmodel.contract.compile import (
    PAID_BEFORE,
    PEOPLE,
    capped_rule,
    clause_rule,
    person_clause_rule,
    reference_name,
    total_name,
    units_rule,
)
from impactmodel.contract.payments import warnings_of
from impactmodel.contract.results import Key, Result, Results, read_results
from impactmodel.contract.terms import AbovePrediction, Gross, reference_level
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Audit, Named, audit, describe, inputs
from impactmodel.core.rule.numbers import exact, plain

if TYPE_CHECKING:
    import pandas as pd

type Facts = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a payment statement.

    Parameters
    ----------
    units, amount
        What was achieved beyond the basis, and the payment before the total cap, rounded.
    paid
        The payment after caps over all clauses, rounded.
    rule, trail, facts
        The rule in words, every step of the computation, and the inputs it was computed from.
    """

    clause: str
    payer: str
    period: int
    units: Decimal
    amount: Decimal
    paid: Decimal
    rule: str
    trail: Audit | None
    facts: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Settlement:
    """A payment statement: lines, total, what each payer owes."""

    contract: OutcomesContract
    lines: tuple[Line, ...]
    warnings: tuple[str, ...]

    @property
    def total(self) -> Decimal:
        """The sum that is paid."""
        return sum((line.paid for line in self.lines), Decimal(0))

    def by_payer(self) -> dict[str, Decimal]:
        """Return what each payer pays."""
        owed = {payer: Decimal(0) for payer in self.contract.payers}
        for line in self.lines:
            owed[line.payer] += line.paid
        return owed

    def explain(self, clause: str, period: int | None = None) -> str:
        """Return the steps that led to a clause's payment, in words and numbers."""
        self.contract.clause(clause)
        texts = []
        for line in self.lines:
            if line.clause == clause and period in {None, line.period}:
                steps = line.trail.text() if line.trail else "summed over single people"
                cut = (
                    "" if line.paid == line.amount else f"; {plain(line.paid)} after caps over all"
                )
                texts.append(
                    f"{clause}, period {line.period}: {line.rule}\n{steps}\n"
                    f"paid: {plain(line.amount)} {self.contract.currency}{cut}"
                )
        if not texts:
            raise InputError("the clause has no such period", key="period", seen=period)
        return "\n\n".join(texts)

    def to_frame(self) -> pd.DataFrame:
        """Return the lines as a table."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "clause": line.clause,
                    "payer": line.payer,
                    "period": line.period,
                    "units": float(line.units),
                    "amount": float(line.amount),
                    "paid": float(line.paid),
                    "rule": line.rule,
                }
                for line in self.lines
            ]
        )


def settle(contract: OutcomesContract, results: str | Path | pd.DataFrame | Results) -> Settlement:
    """Compute the payment statement for realised results.

    Every amount is computed exactly from the clause's rule, rounded by the contract's rule per
    line, and then held against the caps over all clauses. Caps are used up period by period and,
    within one, by the clauses' own lags, as when payments are priced; that is the order of dates
    unless a lag reaches beyond the next period's payments. A cut is shared pro rata over the lines
    of one period and lag.

    Parameters
    ----------
    results
        A CSV file, a data frame or `Results`; see `read_results`.

    Raises
    ------
    InputError
        If an outcome, a group, a comparison or a number of people is missing, or rows cannot be
        read. What is missing is never taken as 0.
    """
    if not isinstance(results, Results):
        results = read_results(results)
    _check_complete(contract, results)
    if contract.cap_per_person is not None and not results.persons:
        raise InputError(
            "the cap per person needs rows of single people",
            file=results.file,
            key="person",
            fix="give the columns person, outcome, quantity",
        )
    lines: list[Line] = []
    paid_before = {clause.name: Decimal(0) for clause in contract.clauses}
    in_order = sorted(contract.clauses, key=lambda clause: clause.paid_after_months)
    for period in results.periods:
        for clause in in_order:
            if period not in _periods(clause, results):
                continue
            line = _line(contract, clause, results, period, paid_before[clause.name])
            paid_before[clause.name] += line.amount
            lines.append(line)
    rule = capped_rule(contract.cap_per_person)
    if rule is not None:
        lines = _cap_persons(contract, results, lines, rule)
    return Settlement(contract, tuple(_cap_total(contract, lines)), warnings_of(contract))


def _check_complete(contract: OutcomesContract, results: Results) -> None:
    """Refuse results that leave a promise unanswered: what is not there is not taken as 0."""
    for outcome, _, _ in results.cells:
        if outcome not in contract.outcomes:
            raise InputError(
                "the contract pays for no such outcome",
                file=results.file,
                key="outcome",
                seen=outcome,
                fix="use one of " + ", ".join(contract.outcomes),
            )
    for clause in contract.clauses:
        periods = _periods(clause, results)
        if not periods:
            raise _lacks(clause, results, f"period {min(clause.periods or (0,))}")
        for period in periods:
            _check_cells(clause, results, period)


def _check_cells(clause: Clause, results: Results, period: int) -> None:
    groups = {
        outcome: {g for o, p, g in results.cells if (o, p) == (outcome, period)}
        for outcome in clause.weights
    }
    wanted = set(clause.group_prices or set().union(*groups.values()))
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


def _periods(clause: Clause, results: Results) -> tuple[int, ...]:
    """Return the periods of the results that a clause pays for."""
    stated = clause.periods
    return tuple(p for p in results.periods if stated is None or p in stated)


def _line(
    contract: OutcomesContract, clause: Clause, results: Results, period: int, paid: Decimal
) -> Line:
    rule = clause_rule(clause, contract.minimum_cohort)
    facts = _facts(clause, results.cells, period, results.file, need_people=PEOPLE in inputs(rule))
    facts[PAID_BEFORE] = paid
    computed = audit(rule, facts)
    amount = computed.value
    trail: Audit | None = computed
    if results.persons and clause.cap_per_person is not None and not clause.is_measured:
        amount, trail = _by_person(clause, results, period, paid), None
    amount = contract.rounding.apply(amount)
    units = audit(units_rule(clause), facts).value
    words = describe(rule.rule)
    return Line(clause.name, clause.payer, period, units, amount, amount, words, trail, facts)


def _facts(
    clause: Clause, cells: Mapping[Key, Result], period: int, file: str, *, need_people: bool
) -> Facts:
    facts: Facts = {}
    for outcome in clause.weights:
        total, reference, people = Decimal(0), Decimal(0), Decimal(0)
        for (name, when, group), cell in cells.items():
            if name != outcome or when != period:
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
            total, reference = total + cell.total, reference + own
            people += cell.people or 0
        facts[total_name(outcome)], facts[reference_name(outcome)] = total, reference
        facts[PEOPLE] = people
    for outcome in clause.weights:
        for group in clause.group_prices or ():
            facts.setdefault(total_name(outcome, group), Decimal(0))
            facts.setdefault(reference_name(outcome, group), Decimal(0))
    return facts


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


def _by_person(clause: Clause, results: Results, period: int, paid: Decimal) -> Decimal:
    """Pay each person under the clause's own cap per person, then the clause's cap."""
    single = person_clause_rule(clause)
    total = Decimal(0)
    for own in results.persons.values():
        cells = {k: Result(q, Decimal(1)) for k, q in own.items() if k[1] == period}
        if any(k[0] in clause.weights for k in cells):
            facts = _facts(clause, cells, period, results.file, need_people=False)
            total += audit(single, facts).value
    if clause.cap is not None:
        total = min(total, max(Decimal(0), exact(clause.cap) - paid))
    return total


def _cap_persons(
    contract: OutcomesContract, results: Results, lines: list[Line], rule: Named
) -> list[Line]:
    """Hold each person's payments, in order of the lines, against the cap per person."""
    paid = [Decimal(0) for _ in lines]
    for own in results.persons.values():
        earned = Decimal(0)
        for place, line in enumerate(lines):
            clause = contract.clause(line.clause)
            cells = {
                k: Result(q, Decimal(1))
                for k, q in own.items()
                if k[1] == line.period and k[0] in clause.weights
            }
            if not cells:
                continue
            facts = _facts(clause, cells, line.period, results.file, need_people=False)
            due = audit(person_clause_rule(clause), facts).value
            granted = audit(rule, {"due": due, PAID_BEFORE: earned}).value
            earned += granted
            paid[place] += granted
    return [
        replace(line, paid=min(line.amount, contract.rounding.apply(amount)))
        for line, amount in zip(lines, paid, strict=True)
    ]


def _cap_total(contract: OutcomesContract, lines: list[Line]) -> list[Line]:
    rule = capped_rule(contract.cap)
    if rule is None:
        return lines
    paid, out = Decimal(0), []
    due_on = [(line.period, contract.clause(line.clause).paid_after_months) for line in lines]
    for moment in dict.fromkeys(due_on):
        own = [line for line, when in zip(lines, due_on, strict=True) if when == moment]
        due = sum((line.paid for line in own), Decimal(0))
        payable = contract.rounding.apply(audit(rule, {"due": due, PAID_BEFORE: paid}).value)
        cut = _pro_rata(contract, [line.paid for line in own], payable)
        out += [replace(line, paid=amount) for line, amount in zip(own, cut, strict=True)]
        paid += payable
    return out


def _pro_rata(contract: OutcomesContract, due: list[Decimal], payable: Decimal) -> list[Decimal]:
    """Share what is payable in proportion to what is due; the last line takes the rounding."""
    total = sum(due, Decimal(0))
    if payable >= total:
        return due
    first = [contract.rounding.apply(amount * payable / total) for amount in due[:-1]]
    return [*first, payable - sum(first, Decimal(0))]

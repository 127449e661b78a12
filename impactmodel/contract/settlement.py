"""Settlement: realised results in, a payment statement with its audit trail out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.contract.agreement import OutcomesContract
from impactmodel.contract.clause import Clause
from impactmodel.contract.compile import (
    PAID_BEFORE,
    PEOPLE,
    PERSON_CAP,
    capped,
    clause_rule,
    person_clause_rule,
    units_rule,
)
from impactmodel.contract.dues import Due, dues_of, limits_of, moments
from impactmodel.contract.facts import Facts, check_complete, facts_of, paid_periods
from impactmodel.contract.payments import warnings_of
from impactmodel.contract.results import Key, Result, Results, read_results
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Audit, Input, audit, describe, inputs
from impactmodel.core.rule.numbers import exact, plain

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a payment statement.

    Parameters
    ----------
    day
        When it is paid; None where the contract states no measurement windows.
    units, amount
        What was achieved beyond the basis, and the payment before the total cap, rounded.
    paid
        The payment after caps over all clauses, rounded.
    rule, trail, facts
        The rule in words, every step of the computation, and the inputs it was computed from.
    """

    clause: str
    payer: str
    payee: str
    period: int
    day: dt.date | None
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

    def by_party(self) -> dict[str, Decimal]:
        """Return what each party gains: payers less than nothing; the sum is exactly zero."""
        gained = {payer: -owed for payer, owed in self.by_payer().items()}
        for line in self.lines:
            gained[line.payee] = gained.get(line.payee, Decimal(0)) + line.paid
        return gained

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
    line, and then held against the limits over several clauses. They are used up in the order of
    dates where the contract states its measurement windows, otherwise period by period and, within
    one, by the clauses' own lags. A cut is shared pro rata over the lines of one moment. What a cap
    cuts is rounded down, so that no cap is exceeded by rounding.

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
    check_complete(contract, results)
    if contract.cap_per_person is not None and not results.persons:
        raise InputError(
            "the cap per person needs rows of single people",
            file=results.file,
            key="person",
            fix="give the columns person, outcome, quantity",
        )
    dues = dues_of(contract, contract.periods, lambda clause: paid_periods(clause, results))
    lines: list[Line] = []
    paid_before = {due.clause.name: Decimal(0) for due in dues}
    for due in dues:
        line = _line(contract, due, results, paid_before[due.clause.name])
        paid_before[due.clause.name] += line.amount
        lines.append(line)
    if contract.cap_per_person is not None:
        lines = _cap_persons(contract, results, dues, lines)
    return Settlement(contract, tuple(_limit(contract, dues, lines)), warnings_of(contract))


def _line(contract: OutcomesContract, due: Due, results: Results, paid: Decimal) -> Line:
    clause, period = due.clause, due.period
    rule = clause_rule(contract, clause, period, due.path)
    need = PEOPLE in {name.split("@")[0] for name in inputs(rule)}
    facts = facts_of(contract, clause, results.cells, period, results.file, need_people=need)
    facts[PAID_BEFORE] = paid
    computed = audit(rule, facts)
    amount = computed.value
    trail: Audit | None = computed
    alone = results.persons and clause.cap_per_person is not None and not clause.is_measured
    if alone and facts[PEOPLE] >= contract.minimum_cohort:
        amount, trail = _by_person(contract, due, results, paid), None
    amount = _rounded(contract, clause, amount, paid)
    units = audit(units_rule(contract, clause), facts).value
    return Line(
        clause=clause.name,
        payer=clause.payer,
        payee=clause.payee,
        period=period,
        day=due.day,
        units=units,
        amount=amount,
        paid=amount,
        rule=describe(rule.rule),
        trail=trail,
        facts=facts,
    )


def _rounded(contract: OutcomesContract, clause: Clause, amount: Decimal, paid: Decimal) -> Decimal:
    """Round by the contract's rule, down where it would otherwise exceed the clause's cap."""
    rounded = contract.rounds.apply(amount)
    over = clause.cap is not None and paid + rounded > exact(clause.cap)
    return contract.rounds.down(amount) if over else rounded


def _by_person(contract: OutcomesContract, due: Due, results: Results, paid: Decimal) -> Decimal:
    """Pay each person under the clause's own cap per person, then the clause's cap."""
    clause = due.clause
    single = person_clause_rule(contract, clause, due.period, due.path)
    total = Decimal(0)
    for own in results.persons.values():
        facts = _own_facts(contract, due, results, own)
        if facts is not None:
            total += audit(single, facts).value
    if clause.cap is not None:
        total = min(total, max(Decimal(0), exact(clause.cap) - paid))
    return total


def _own_facts(
    contract: OutcomesContract, due: Due, results: Results, own: Mapping[Key, Decimal]
) -> Facts | None:
    """Return the facts of one person; None where no result of theirs concerns the clause."""
    cells = {
        k: Result(quantity, Decimal(1))
        for k, quantity in own.items()
        if k[1] == due.period and k[0] in due.clause.reads
    }
    if not cells:
        return None
    facts = facts_of(contract, due.clause, cells, due.period, results.file, need_people=False)
    facts[PAID_BEFORE] = Decimal(0)
    return facts


def _cap_persons(
    contract: OutcomesContract, results: Results, dues: list[Due], lines: list[Line]
) -> list[Line]:
    """Hold each person's payments, in order of the lines, against the cap per person."""
    assert contract.cap_per_person is not None  # noqa: S101  the caller looked
    rule = capped(PERSON_CAP, contract.cap_per_person, Input("due"), Input(PAID_BEFORE))
    singles = [person_clause_rule(contract, d.clause, d.period, d.path) for d in dues]
    paid = [Decimal(0) for _ in lines]
    for own in results.persons.values():
        earned = Decimal(0)
        for place, due in enumerate(dues):
            facts = _own_facts(contract, due, results, own)
            if facts is None:
                continue
            one = audit(singles[place], facts).value
            granted = audit(rule, {"due": one, PAID_BEFORE: earned}).value
            earned += granted
            paid[place] += granted
    return [
        replace(line, paid=min(line.amount, contract.rounds.apply(amount)))
        for line, amount in zip(lines, paid, strict=True)
    ]


def _limit(contract: OutcomesContract, dues: list[Due], lines: list[Line]) -> list[Line]:
    """Cut the lines, date by date, to every limit over several clauses."""
    limits = limits_of(contract)
    paid = [line.paid for line in lines]
    before: dict[str, Decimal] = {}
    for places in moments(dues) if limits else ():
        covered = [(one, one.covered(dues, places)) for one in limits]
        for one, keys in covered:
            rule = capped(one.name, one.limit.cap, Input("due"), Input(PAID_BEFORE))
            for key, members in keys.items():
                due = sum((paid[place] for place in members), Decimal(0))
                facts = {"due": due, PAID_BEFORE: before.get(key, Decimal(0))}
                payable = audit(rule, facts).value
                cut = _pro_rata(contract, [paid[place] for place in members], payable)
                for place, amount in zip(members, cut, strict=True):
                    paid[place] = amount
        for _, keys in covered:
            for key, members in keys.items():
                now = sum((paid[place] for place in members), Decimal(0))
                before[key] = before.get(key, Decimal(0)) + now
    return [replace(line, paid=amount) for line, amount in zip(lines, paid, strict=True)]


def _pro_rata(contract: OutcomesContract, due: list[Decimal], payable: Decimal) -> list[Decimal]:
    """Share what is payable in proportion to what is due, rounded down; the last takes the rest."""
    total = sum(due, Decimal(0))
    if payable >= total:
        return due
    payable = contract.rounds.down(payable)
    first = [contract.rounds.down(amount * payable / total) for amount in due[:-1]]
    return [*first, payable - sum(first, Decimal(0))]

"""From clauses to rules: the one tree that pays, settles, explains and exports a clause.

Inputs of a clause's rule, for each outcome ``k`` that it reads: ``k.total`` (units over the
cohort), ``k.reference`` (the same people's units at the basis's comparison level); also
``people`` and, with a cap, ``paid_before``. With prices by group each input has ``@group``. The
terms (price, share, tables, floor, caps) are named values: ``<clause>.price`` and so on.
"""

from __future__ import annotations

from dataclasses import replace

from impactmodel.contract.agreement import Clause, OutcomesContract
from impactmodel.contract.terms import Gross, term_name
from impactmodel.core.rule import (
    Constant,
    Difference,
    Gate,
    Input,
    Maximum,
    Minimum,
    Named,
    Product,
    Quotient,
    Rule,
    Sum,
)

PEOPLE = "people"
PAID_BEFORE = "paid_before"
MINIMUM_COHORT = "minimum_cohort"
TOTAL_CAP = "cap"
PERSON_CAP = "cap_per_person"


def total_name(outcome: str, group: str | None = None) -> str:
    """Return the input name of an outcome's total."""
    return f"{outcome}.total" + (f"@{group}" if group else "")


def reference_name(outcome: str, group: str | None = None) -> str:
    """Return the input name of an outcome's total at the comparison level."""
    return f"{outcome}.reference" + (f"@{group}" if group else "")


def units_rule(clause: Clause, group: str | None = None) -> Rule:
    """Return the units that a clause pays for: weighted outcomes beyond their references."""
    where = f" ({group})" if group else ""
    parts: list[Rule] = []
    for outcome, weight in clause.weights.items():
        total = Input(total_name(outcome, group), f"{outcome}{where}")
        part: Rule = total
        if not isinstance(clause.basis, Gross):
            reference = Input(reference_name(outcome, group), f"{outcome}{where} without it")
            part = Difference(total, reference) if weight > 0 else Difference(reference, total)
        elif weight < 0:
            part = Product((-1.0, total))
        parts.append(part if abs(weight) == 1 else Product((abs(weight), part)))
    return Named("units", parts[0] if len(parts) == 1 else Sum(parts))


def relative_rule(clause: Clause) -> Rule:
    """Return the units relative to the comparison level (gross: relative to one per person)."""
    if isinstance(clause.basis, Gross):
        return Quotient(units_rule(clause), Input(PEOPLE))
    references: list[Rule] = [
        Product((abs(weight), Input(reference_name(outcome), f"{outcome} without it")))
        if abs(weight) != 1
        else Input(reference_name(outcome), f"{outcome} without it")
        for outcome, weight in clause.weights.items()
    ]
    base = references[0] if len(references) == 1 else Sum(references)
    return Named("relative change", Quotient(units_rule(clause), base))


def clause_rule(clause: Clause, minimum_cohort: int = 0) -> Named:
    """Return the rule of a clause at one date, with floor, caps and the minimum cohort.

    A cap per person limits the average payment per cohort member here; where one person's results
    are settled (``people`` = 1) it limits that person's payment.
    """
    rule: Rule
    prices = clause.group_prices
    if prices is not None:
        rule = Sum(
            [
                Product((units_rule(clause, g), _term(clause, "price", price, g)))
                for g, price in prices.items()
            ]
        )
    else:
        rule = clause.payment.rule(units_rule(clause), relative_rule(clause), clause.name)
    if clause.floor is not None:
        rule = Maximum((_term(clause, "floor", clause.floor), rule))
    if clause.cap_per_person is not None:
        most = _term(clause, "cap_per_person", clause.cap_per_person)
        rule = Minimum((rule, Product((Input(PEOPLE), most))))
    if clause.cap is not None:
        rule = Minimum((rule, remaining(_term(clause, "cap", clause.cap))))
    if minimum_cohort:
        rule = Gate(Input(PEOPLE), ">=", Constant(minimum_cohort, name=MINIMUM_COHORT), rule, 0.0)
    return Named(clause.name, rule)


def _term(clause: Clause, term: str, value: float, group: str = "") -> Constant:
    return Constant(value, name=term_name(clause.name, term, group))


def remaining(cap: Rule) -> Rule:
    """Return what a cap still allows after earlier payments."""
    return Maximum((0.0, Difference(cap, Input(PAID_BEFORE, "paid before"))))


def capped_rule(cap: float | None) -> Named | None:
    """Return the rule of a cap over several clauses, on the input ``due``; None without a cap."""
    if cap is None:
        return None
    most = remaining(Constant(cap, name=TOTAL_CAP))
    return Named("payable", Minimum((Input("due", "due at this date"), most)))


def paid_share_rule() -> Named:
    """Return the share of what is due at a date that is paid, on the inputs ``due``, ``payable``.

    Payments at one date share a cap in proportion; without anything due the share is 1.
    """
    due = Input("due", "due at this date")
    under = Gate(due, ">", 0.0, due, 1.0)
    return Named("paid_share", Gate(due, ">", 0.0, Quotient(Input("payable"), under), 1.0))


def person_clause_rule(clause: Clause) -> Named:
    """Return the rule of a clause for one person: caps on the cohort's total do not apply."""
    return clause_rule(replace(clause, cap=None))


def person_rule(contract: OutcomesContract) -> Named:
    """Return the rule of what one person's results earn: all clauses under the cap per person."""
    rule: Rule = Sum([person_clause_rule(clause) for clause in contract.clauses])
    if contract.cap_per_person is not None:
        rule = Minimum((rule, Constant(contract.cap_per_person, name=PERSON_CAP)))
    return Named("payment for one person", rule)

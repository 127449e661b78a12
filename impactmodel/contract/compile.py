"""From clauses to rules: the one tree that pays, settles, explains and exports a clause.

Inputs of a clause's rule, for each outcome ``k`` that it reads: ``k.total`` (units over the
cohort), ``k.reference`` (the same people's units at the basis's comparison level); also
``people`` and, with a cap, ``paid_before``. Where groups are looked at one by one each input also
has ``@group``. The terms (price, share, tables, floor, caps, index factors, reference costs) are
named values: ``<clause>.price`` and so on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from impactmodel.contract.dues import TOTAL_CAP
from impactmodel.contract.names import (
    PAID_BEFORE,
    PEOPLE,
    cost_name,
    people_name,
    reference_name,
    total_name,
)
from impactmodel.contract.scope import Scope, Subject
from impactmodel.contract.terms import Gross
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

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.contract.clause import Clause

__all__ = [
    "MINIMUM_COHORT",
    "PAID_BEFORE",
    "PEOPLE",
    "PERSON_CAP",
    "TOTAL_CAP",
    "capped",
    "clause_rule",
    "cost_name",
    "paid_share",
    "people_name",
    "person_clause_rule",
    "person_rule",
    "reference_name",
    "remaining",
    "scope_of",
    "total_name",
    "units_rule",
]

MINIMUM_COHORT = "minimum_cohort"
PERSON_CAP = "cap_per_person"


def scope_of(contract: OutcomesContract, clause: Clause, period: int = 0, path: str = "") -> Scope:
    """Return what a clause's mechanism reads in a period."""
    subject = Subject(
        name=clause.name,
        groups=clause.groups,
        weights=clause.weights,
        gross=isinstance(clause.basis, Gross),
        strata=contract.strata,
        costs=contract.reference_costs,
    )
    return Scope(subject, path or clause.name, period)


def units_rule(contract: OutcomesContract, clause: Clause) -> Rule:
    """Return the units that a clause pays for: weighted outcomes beyond their references."""
    return scope_of(contract, clause).units()


def clause_rule(
    contract: OutcomesContract, clause: Clause, period: int = 0, path: str = ""
) -> Named:
    """Return the rule of a clause for one period: index, floor, caps and the minimum cohort.

    A cap per person limits the average payment per cohort member here; where one person's results
    are settled (``people`` = 1) it limits that person's payment.

    Parameters
    ----------
    path
        Before the names of the terms; the clause's name where nothing is given.
    """
    scope = scope_of(contract, clause, period, path)
    rule = clause.payment.rule(scope)
    factor = clause.factor(period)
    if factor is not None:
        rule = Product((scope.term("indexation", factor, f"period {period + 1}"), rule))
    if clause.floor is not None:
        rule = Maximum((scope.term("floor", clause.floor), rule))
    if clause.cap_per_person is not None:
        most = scope.term("cap_per_person", clause.cap_per_person)
        rule = Minimum((rule, Product((Input(PEOPLE), most))))
    if clause.cap is not None:
        rule = Minimum((rule, remaining(scope.term("cap", clause.cap))))
    least = contract.minimum_cohort
    if least:
        rule = Gate(Input(PEOPLE), ">=", Constant(least, name=MINIMUM_COHORT), rule, 0.0)
    return Named(clause.name, rule)


def remaining(cap: Rule, before: Rule | None = None) -> Rule:
    """Return what a cap still allows after earlier payments."""
    return Maximum((0.0, Difference(cap, before or Input(PAID_BEFORE, "paid before"))))


def capped(name: str, cap: float, due: Rule, before: Rule) -> Rule:
    """Return what is payable under a limit over several clauses; ``name`` is that of the cap."""
    return Minimum((due, remaining(Constant(cap, name=name), before)))


def paid_share(due: Rule, payable: Rule) -> Rule:
    """Return the share of what is due at a date that is paid.

    Payments at one date share a cap in proportion; without anything due the share is 1.
    """
    under = Gate(due, ">", 0.0, due, 1.0)
    return Gate(due, ">", 0.0, Quotient(payable, under), 1.0)


def person_clause_rule(
    contract: OutcomesContract, clause: Clause, period: int = 0, path: str = ""
) -> Named:
    """Return the rule of a clause for one person: what limits the cohort's total does not apply."""
    alone = replace(contract, minimum_cohort=0)
    return clause_rule(alone, replace(clause, cap=None), period, path)


def person_rule(contract: OutcomesContract) -> Named:
    """Return the rule of what one person's results earn: all clauses under the cap per person."""
    rule: Rule = Sum([person_clause_rule(contract, clause) for clause in contract.clauses])
    if contract.cap_per_person is not None:
        rule = Minimum((rule, Constant(contract.cap_per_person, name=PERSON_CAP)))
    return Named("payment for one person", rule)

"""Terms that a contract leaves to the clients' case mix become plain numbers before it pays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from impactmodel.contract.branches import EachGroup, Gated, Limited, Parts, Payment
from impactmodel.contract.open_values import CaseMixLevels, CaseMixPrices
from impactmodel.contract.terms import AboveBaseline, AbovePrediction, Rate, ShareOf
from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.contract.clause import Clause


type Kind = Literal["groups", "level", "price"]


class CaseMixSource(Protocol):
    """Who says what the terms are: the clients' case mix."""

    @property
    def target(self) -> str:
        """The outcome whose chance without a service is predicted."""
        ...

    def levels(self, groups: Sequence[str], decimals: int) -> dict[str, float]:
        """Return the level of each group, see `CaseMixLevels`."""
        ...

    def prices(self, flat: float, groups: Sequence[str], decimals: int) -> dict[str, float]:
        """Return the price of each group, see `CaseMixPrices`."""
        ...


@dataclass(frozen=True, slots=True)
class FixedTerm:
    """A term that the case mix gave.

    Parameters
    ----------
    clause, key
        Name of the clause, and where the term stands in the contract.
    kind
        Level or price.
    flat
        The flat price that prices by group replace; 0 of levels.
    decimals
        Of the values.
    values
        By group, as the contract now states them.
    """

    clause: str
    key: str
    kind: Literal["level", "price"]
    flat: float
    decimals: int
    values: dict[str, float]


def open_terms(contract: OutcomesContract) -> tuple[str, ...]:
    """Return where a contract leaves a term to the case mix, such as ``clauses[0].basis``."""
    found: list[str] = []
    for key, clause in _placed(contract):
        _of_clause(clause, key, lambda where, _: found.append(where))
    return tuple(found)


def fix_terms(
    contract: OutcomesContract, mix: CaseMixSource, groups: Sequence[str]
) -> tuple[OutcomesContract, tuple[FixedTerm, ...]]:
    """Return the contract with every open term as numbers by group, and what they are.

    Parameters
    ----------
    mix
        Of the eligible.
    groups
        Groups of the evidence's cohort; a clause that names its own has terms for those.

    Raises
    ------
    InputError
        If the case mix speaks of another outcome, or has no such group.

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.contract import Clause, OutcomesContract
    >>> class Mix:
    ...     target = "job"
    ...     def levels(self, groups, decimals):
    ...         return {"near": 0.6, "far": 0.2}
    ...     def prices(self, flat, groups, decimals):
    ...         return {"near": 2 * flat / 3, "far": 2 * flat}
    >>> clause = Clause("jobs", Rate(CaseMixPrices(3000.0)), payer="state", outcome="job")
    >>> agreed = OutcomesContract("Trial", "EUR", dt.date(2027, 1, 1), (clause,))
    >>> made, (term,) = fix_terms(agreed, Mix(), ("near", "far"))
    >>> made.clauses[0].payment.price, term.key
    ({'near': 2000.0, 'far': 6000.0}, 'clauses[0].payment.price')
    """
    terms: list[FixedTerm] = []
    made = {key: _fixed(clause, key, mix, groups, terms) for key, clause in _placed(contract)}
    amended = tuple(
        dataclasses.replace(
            one,
            clauses=tuple(
                made[f"amendments[{n}].clauses[{place}]"] for place in range(len(one.clauses))
            ),
        )
        for n, one in enumerate(contract.amendments)
    )
    clauses = tuple(made[f"clauses[{place}]"] for place in range(len(contract.clauses)))
    return dataclasses.replace(contract, clauses=clauses, amendments=amended), tuple(terms)


def terms_by_group(contract: OutcomesContract) -> list[tuple[str, Kind, tuple[str, ...]]]:
    """Return where a contract names groups: the key, what is stated of them, and their names."""
    found: list[tuple[str, Kind, tuple[str, ...]]] = []
    for key, clause in _placed(contract):
        if clause.groups:
            found.append((f"{key}.groups", "groups", clause.groups))
        match clause.basis:
            case AboveBaseline(baseline=dict() as levels):
                found.append((f"{key}.basis.baseline", "level", tuple(levels)))
            case AbovePrediction(prediction=dict() as levels):
                found.append((f"{key}.basis.prediction", "level", tuple(levels)))
        for where, payment in _payments(clause.payment, f"{key}.payment"):
            match payment:
                case Rate(price=dict() as prices):
                    found.append((f"{where}.price", "price", tuple(prices)))
                case ShareOf(share=dict() as shares):
                    found.append((f"{where}.share", "price", tuple(shares)))
                case EachGroup(groups=groups):
                    found.append((f"{where}.groups", "groups", groups))
    return found


def _payments(payment: Payment, key: str) -> list[tuple[str, Payment]]:
    """Return a mechanism and all that it holds, each with its key."""
    match payment:
        case Gated():
            held = [(f"{key}.then", payment.then), (f"{key}.otherwise", payment.otherwise)]
        case Parts(parts=parts):
            held = [(f"{key}.parts[{n}]", part) for n, part in enumerate(parts)]
        case EachGroup() | Limited():
            held = [(f"{key}.payment", payment.payment)]
        case _:
            held = []
    return [(key, payment), *(one for where, inner in held for one in _payments(inner, where))]


def _placed(contract: OutcomesContract) -> list[tuple[str, Clause]]:
    first = [(f"clauses[{place}]", clause) for place, clause in enumerate(contract.clauses)]
    return first + [
        (f"amendments[{n}].clauses[{place}]", clause)
        for n, one in enumerate(contract.amendments)
        for place, clause in enumerate(one.clauses)
    ]


def _fixed(
    clause: Clause, key: str, mix: CaseMixSource, groups: Sequence[str], terms: list[FixedTerm]
) -> Clause:
    def fixed(where: str, value: CaseMixLevels | CaseMixPrices) -> dict[str, float]:
        if clause.outcome != mix.target:
            raise InputError(
                f"the case mix is of '{mix.target}', the clause pays for another outcome",
                key=where,
                seen=clause.outcome or ", ".join(clause.index),
                fix="state the numbers, or pay for the target of the clients",
            )
        own = clause.groups or tuple(groups)
        kind: Literal["level", "price"]
        try:
            if isinstance(value, CaseMixPrices):
                kind, flat = "price", value.flat
                values = mix.prices(flat, own, value.decimals)
            else:
                kind, flat, values = "level", 0.0, mix.levels(own, value.decimals)
        except InputError as error:
            raise error.located(key=where) from None
        term = FixedTerm(clause.name, where, kind, flat, value.decimals, values)
        terms.append(term)
        return term.values

    return _of_clause(clause, key, fixed)


type _Fix = Callable[[str, CaseMixLevels | CaseMixPrices], dict[str, float] | None]


def _of_clause(clause: Clause, key: str, fix: _Fix) -> Clause:
    """Return a clause with what ``fix`` makes of its open terms; None leaves one as it is."""
    basis = clause.basis
    if isinstance(basis, AbovePrediction) and isinstance(basis.prediction, CaseMixLevels):
        levels = fix(f"{key}.basis.prediction", basis.prediction)
        basis = basis if levels is None else AbovePrediction(levels)
    payment = _of_payment(clause.payment, f"{key}.payment", fix)
    return dataclasses.replace(clause, basis=basis, payment=payment)


def _of_payment(payment: Payment, key: str, fix: _Fix) -> Payment:
    match payment:
        case Rate(price=CaseMixPrices() as price):
            values = fix(f"{key}.price", price)
            return payment if values is None else Rate(values)
        case Gated():
            then = _of_payment(payment.then, f"{key}.then", fix)
            otherwise = _of_payment(payment.otherwise, f"{key}.otherwise", fix)
            return dataclasses.replace(payment, then=then, otherwise=otherwise)
        case Parts(parts=parts):
            each = [_of_payment(p, f"{key}.parts[{n}]", fix) for n, p in enumerate(parts)]
            return dataclasses.replace(payment, parts=tuple(each))
        case EachGroup() | Limited():
            inner = _of_payment(payment.payment, f"{key}.payment", fix)
            return dataclasses.replace(payment, payment=inner)
        case _:
            return payment

"""What a payment mechanism reads: the inputs and named terms of a clause, whole or of one group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from impactmodel.contract.cards import Card, Values
from impactmodel.contract.costs import ReferenceCost
from impactmodel.contract.names import (
    Side,
    StepScale,
    cost_name,
    people_name,
    reference_name,
    term_name,
    total_name,
)
from impactmodel.contract.phrases import spaced
from impactmodel.core.errors import InputError
from impactmodel.core.rule import (
    Constant,
    Difference,
    Input,
    Named,
    Product,
    Quotient,
    Rule,
    Sum,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a clause is about.

    Parameters
    ----------
    name, groups, weights
        Of the clause; ``weights`` by outcome.
    gross
        Whether outcomes are compared with nothing.
    strata, costs
        The contract's strata of each group and its reference costs.
    """

    name: str
    groups: tuple[str, ...]
    weights: Mapping[str, float]
    gross: bool
    strata: Mapping[str, Mapping[str, str]]
    costs: Mapping[str, ReferenceCost]


@dataclass(frozen=True, slots=True)
class Scope:
    """The inputs of a clause in one period, for its whole cohort or for one ``group``.

    Parameters
    ----------
    path
        Before the names of terms: the clause, and where the mechanism stands in it.
    weights
        The outcomes that are read and their weights; the clause's own unless a gate looks at
        others.
    """

    subject: Subject
    path: str
    period: int = 0
    group: str | None = None
    weights: Mapping[str, float] | None = None

    def term(self, name: str, value: float, where: str = "") -> Constant:
        """Return a term as a named value that a reader may give anew."""
        return Constant(value, name=self.name(name, where))

    def name(self, term: str, where: str = "") -> str:
        """Return the name of a term."""
        return term_name(self.path, term, where)

    def inside(self, step: str) -> Scope:
        """Return the scope of a mechanism inside this one."""
        return replace(self, path=f"{self.path}.{step}")

    def whole(self) -> Scope:
        """Return the scope of all the clause's groups together."""
        return replace(self, group=None)

    def of(self, group: str) -> Scope:
        """Return the scope of one group."""
        return replace(self, group=group)

    def looking_at(self, weights: Mapping[str, float]) -> Scope:
        """Return the scope over other outcomes."""
        return replace(self, weights=weights)

    @property
    def people(self) -> Input:
        """People of the scope."""
        where = f" ({self.group})" if self.group else ""
        return Input(people_name(self.group), f"people{where}")

    def units(self) -> Rule:
        """Return the units beyond the basis, over the people of the scope."""
        parts: list[Rule] = []
        for outcome, weight in self._weights.items():
            part = self._beyond(outcome, weight)
            parts.append(part if abs(weight) == 1 else Product((abs(weight), part)))
        where = f" of {spaced(self.group)}" if self.group else ""
        return Named(f"units{where}", parts[0] if len(parts) == 1 else Sum(parts))

    def relative(self) -> Rule:
        """Return units relative to the comparison level (gross: relative to one per person)."""
        if self.subject.gross:
            return Quotient(self.units(), self.people)
        levels: list[Rule] = [
            Product((abs(weight), self._input("reference", outcome)))
            if abs(weight) != 1
            else self._input("reference", outcome)
            for outcome, weight in self._weights.items()
        ]
        base = levels[0] if len(levels) == 1 else Sum(levels)
        return Named("relative change", Quotient(self.units(), base))

    def index(self) -> Rule:
        """Return the weighted sum of each outcome's own relative change."""
        if self.subject.gross:
            return Quotient(self.units(), self.people)
        parts: list[Rule] = [
            Product(
                (
                    abs(weight),
                    Quotient(self._beyond(outcome, weight), self._input("reference", outcome)),
                )
            )
            for outcome, weight in self._weights.items()
        ]
        return Named("index", Sum(parts))

    def scaled(self, scale: StepScale) -> Rule:
        """Return what is compared with thresholds."""
        match scale:
            case "total":
                return self.units()
            case "per_person":
                return self.units() / self.people
            case "relative":
                return self.relative()
            case "index":
                return self.index()

    def amount(self, values: Values, term: str) -> Rule:
        """Return units times values, by group where values differ by group."""
        if not isinstance(values, (dict, Card)):
            return Product((self.units(), self.term(term, float(values))))
        if self.group is not None:
            return Product((self.units(), *self._value(values, term, self.group)))
        every = tuple(values) if isinstance(values, dict) else tuple(self.subject.strata)
        groups = self.subject.groups or every
        parts = [
            Product((self.of(group).units(), *self._value(values, term, group))) for group in groups
        ]
        return Sum(parts)

    def cost(self, cost: str) -> Rule:
        """Return a reference cost in the period, as an amount for all people of the scope."""
        if cost not in self.subject.costs:
            raise InputError(
                "the contract has no such reference cost",
                key="cost",
                seen=cost,
                fix="state it under 'reference_costs'",
            )
        stated = self.subject.costs[cost]
        per_period = len(stated.amounts) > 1
        where = f"period {self.period + 1}" if per_period else ""
        name = cost_name(cost) + (f"@{where}" if where else "")
        amount = Constant(stated.amount(self.period), name=name)
        if stated.per == "period":
            return Named(cost, Sum((amount,)))
        return Named(cost, Product((amount, self.people)))

    def _value(self, values: Values, term: str, group: str) -> list[Rule]:
        if isinstance(values, Card):
            strata = self.subject.strata.get(group, {})
            row = values.row(strata, group)
            factors = values.factors(strata, group)
            return [
                self.term(term, row.value, row.name),
                *(self.term("coefficient", factor, key) for key, factor in factors.items()),
            ]
        assert isinstance(values, dict)  # noqa: S101  the caller looked
        if group not in values:
            raise InputError(
                f"'{self.subject.name}' has no {term} for this group",
                key=f"payment.{term}",
                seen=group,
                fix="use one of " + ", ".join(values),
            )
        return [self.term(term, values[group], group)]

    @property
    def _weights(self) -> Mapping[str, float]:
        return self.subject.weights if self.weights is None else self.weights

    def _input(self, side: Side, outcome: str) -> Input:
        where = f" ({spaced(self.group)})" if self.group else ""
        if side == "total":
            return Input(total_name(outcome, self.group), f"{spaced(outcome)}{where}")
        return Input(reference_name(outcome, self.group), f"{spaced(outcome)}{where} without it")

    def _beyond(self, outcome: str, weight: float) -> Rule:
        total = self._input("total", outcome)
        if self.subject.gross:
            return Product((-1.0, total)) if weight < 0 else total
        reference = self._input("reference", outcome)
        return Difference(total, reference) if weight > 0 else Difference(reference, total)

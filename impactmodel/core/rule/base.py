"""The node protocol of rules, constants and the four operations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.rule.numbers import Table, exact, own, plain, shown

type Values = Mapping[str, Any]
"""What numpy reads: arrays that broadcast together, texts for look-ups, tables."""
type Facts = Mapping[str, Decimal | float | int | str | Table]
"""What Decimal reads: one number, text or table per name."""
type Cells = Mapping[str, str]
"""What Excel reads: a cell reference per name; a table ``t`` has ``t.from``, ``t.value`` ranges."""


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One step of an audited computation: what was computed, how, and the value."""

    what: str
    how: str
    value: Decimal


@dataclass(slots=True)
class Trail:
    """The lines of an audit while it is computed; a step that is used twice stands once."""

    facts: Facts
    lines: list[TrailLine] = field(default_factory=list)

    def note(self, what: str, how: str, value: Decimal) -> Decimal:
        line = TrailLine(what, how, value)
        if line not in self.lines:
            self.lines.append(line)
        return value


@dataclass(frozen=True, slots=True)
class Audit:
    """An exact value with every step that led to it."""

    value: Decimal
    lines: tuple[TrailLine, ...]

    def text(self) -> str:
        """Return the steps as lines of text."""
        return "\n".join(f"{line.what}: {line.how} = {shown(line.value)}" for line in self.lines)


class Rule(ABC):
    """A node of a rule. Operators ``+ - * /`` build larger rules.

    Examples
    --------
    >>> from impactmodel.core.rule import Input, Minimum, values, excel, describe, audit
    >>> fee = Minimum((Input("wage") * 0.05, 750))
    >>> float(values(fee, {"wage": 10000.0}))
    500.0
    >>> excel(fee, {"wage": "B2"})
    '=MIN(B2*0.05,750)'
    >>> describe(fee)
    'the smallest of (wage × 0.05; 750)'
    >>> audit(fee, {"wage": 20000}).value
    Decimal('750')
    """

    __slots__ = ()

    @abstractmethod
    def children(self) -> tuple[Rule, ...]:
        """Return the nodes below this one."""

    @abstractmethod
    def numpy(self, env: Values) -> NDArray[np.float64]:
        """Compute in float64, element by element."""

    @abstractmethod
    def decimal(self, trail: Trail) -> Decimal:
        """Compute exactly and note the steps."""

    @abstractmethod
    def excel(self, cells: Cells) -> str:
        """Write the formula, without the leading equals sign."""

    @abstractmethod
    def text(self) -> str:
        """Say it in words."""

    def names(self) -> tuple[str, ...]:
        """Return the inputs that this node itself reads (not those of its children)."""
        return ()

    def stated(self) -> dict[str, float | Table]:
        """Return the named values of this node itself, which its readers may be given anew."""
        return {}

    def __add__(self, other: Rule | float) -> Rule:
        return Sum((self, other))

    def __sub__(self, other: Rule | float) -> Rule:
        return Difference(self, other)

    def __mul__(self, other: Rule | float) -> Rule:
        return Product((self, other))

    __radd__ = __add__
    __rmul__ = __mul__

    def __truediv__(self, other: Rule | float) -> Rule:
        return Quotient(self, other)


def as_rule(value: Rule | float) -> Rule:
    """Return a rule as it is and a number as a `Constant`."""
    return value if isinstance(value, Rule) else Constant(value)


def as_rules(values: Sequence[Rule | float]) -> tuple[Rule, ...]:
    """Return each value by `as_rule`."""
    return tuple(as_rule(v) for v in values)


@dataclass(frozen=True, slots=True)
class Constant(Rule):
    """A number fixed in the rule; ``unit`` is for the text reader.

    A constant with a ``name`` is a term that can be given anew: numpy, Decimal and Excel read the
    value or the cell of that name where there is one, its own value otherwise. The text says its
    own value.

    Examples
    --------
    >>> from impactmodel.core.rule import Input, excel, values
    >>> fee = Input("jobs") * Constant(20.0, name="price")
    >>> float(values(fee, {"jobs": 3.0})), float(values(fee, {"jobs": 3.0, "price": 30.0}))
    (60.0, 90.0)
    >>> excel(fee, {"jobs": "B2"}), excel(fee, {"jobs": "B2", "price": "B1"})
    ('=B2*20', '=B2*B1')
    """

    value: float
    unit: str = ""
    name: str = ""

    def children(self) -> tuple[Rule, ...]:
        return ()

    def numpy(self, env: Values) -> NDArray[np.float64]:
        return np.asarray(own(env, self.name, self.value), dtype=float)

    def decimal(self, trail: Trail) -> Decimal:
        return exact(own(trail.facts, self.name, self.value))

    def excel(self, cells: Cells) -> str:
        return own(cells, self.name, plain(self.value))

    def stated(self) -> dict[str, float | Table]:
        return {self.name: self.value} if self.name else {}

    def text(self) -> str:
        number = f"{exact(self.value):,f}"
        number = number.rstrip("0").rstrip(".") if "." in number else number
        return f"{number} {self.unit}" if self.unit else number


class Many(Rule):
    """A node over several terms."""

    __slots__ = ()
    terms: tuple[Rule, ...]

    def children(self) -> tuple[Rule, ...]:
        return self.terms

    def _fold_numpy(
        self, env: Values, function: Callable[[NDArray[np.float64], NDArray[np.float64]], object]
    ) -> NDArray[np.float64]:
        parts = [term.numpy(env) for term in self.terms]
        return np.asarray(reduce(lambda a, b: np.asarray(function(a, b)), parts), dtype=float)

    def _decimals(self, trail: Trail) -> list[Decimal]:
        return [term.decimal(trail) for term in self.terms]


@dataclass(frozen=True, slots=True, init=False)
class Sum(Many):
    """The sum of its terms."""

    terms: tuple[Rule, ...]

    def __init__(self, terms: Sequence[Rule | float]) -> None:
        object.__setattr__(self, "terms", as_rules(terms))

    def numpy(self, env: Values) -> NDArray[np.float64]:
        return self._fold_numpy(env, np.add)

    def decimal(self, trail: Trail) -> Decimal:
        parts = self._decimals(trail)
        return trail.note(self.text(), " + ".join(map(shown, parts)), sum(parts, Decimal(0)))

    def excel(self, cells: Cells) -> str:
        return "+".join(wrap(term, cells) for term in self.terms)

    def text(self) -> str:
        return "(" + " + ".join(term.text() for term in self.terms) + ")"


@dataclass(frozen=True, slots=True, init=False)
class Product(Many):
    """The product of its factors."""

    terms: tuple[Rule, ...]

    def __init__(self, terms: Sequence[Rule | float]) -> None:
        object.__setattr__(self, "terms", as_rules(terms))

    def numpy(self, env: Values) -> NDArray[np.float64]:
        return self._fold_numpy(env, np.multiply)

    def decimal(self, trail: Trail) -> Decimal:
        parts = self._decimals(trail)
        value = reduce(lambda a, b: a * b, parts)
        return trail.note(self.text(), " × ".join(map(shown, parts)), value)

    def excel(self, cells: Cells) -> str:
        return "*".join(wrap(term, cells) for term in self.terms)

    def text(self) -> str:
        return " × ".join(term.text() for term in self.terms)


@dataclass(frozen=True, slots=True, init=False)
class Difference(Rule):
    """``left`` minus ``right``."""

    left: Rule
    right: Rule

    def __init__(self, left: Rule | float, right: Rule | float) -> None:
        object.__setattr__(self, "left", as_rule(left))
        object.__setattr__(self, "right", as_rule(right))

    def children(self) -> tuple[Rule, ...]:
        return (self.left, self.right)

    def numpy(self, env: Values) -> NDArray[np.float64]:
        return np.asarray(self.left.numpy(env) - self.right.numpy(env))

    def decimal(self, trail: Trail) -> Decimal:
        left, right = self.left.decimal(trail), self.right.decimal(trail)
        return trail.note(self.text(), f"{shown(left)} − {shown(right)}", left - right)

    def excel(self, cells: Cells) -> str:
        return f"{self.left.excel(cells)}-{wrap(self.right, cells)}"

    def text(self) -> str:
        return f"({self.left.text()} − {self.right.text()})"


@dataclass(frozen=True, slots=True, init=False)
class Quotient(Rule):
    """``over`` divided by ``under``; a zero ``under`` raises in every computing reader."""

    over: Rule
    under: Rule

    def __init__(self, over: Rule | float, under: Rule | float) -> None:
        object.__setattr__(self, "over", as_rule(over))
        object.__setattr__(self, "under", as_rule(under))

    def children(self) -> tuple[Rule, ...]:
        return (self.over, self.under)

    def numpy(self, env: Values) -> NDArray[np.float64]:
        under = self.under.numpy(env)
        if np.any(under == 0):
            raise InputError(f"division by zero: {self.under.text()} is 0")
        return np.asarray(self.over.numpy(env) / under)

    def decimal(self, trail: Trail) -> Decimal:
        over, under = self.over.decimal(trail), self.under.decimal(trail)
        if under == 0:
            raise InputError(f"division by zero: {self.under.text()} is 0")
        return trail.note(self.text(), f"{shown(over)} ÷ {shown(under)}", over / under)

    def excel(self, cells: Cells) -> str:
        under = self.under.excel(cells)
        simple = under.replace("$", "").replace("!", "").isalnum()
        return f"{wrap(self.over, cells)}/{under if simple else f'({under})'}"

    def text(self) -> str:
        return f"{self.over.text()} ÷ {self.under.text()}"


def wrap(rule: Rule, cells: Cells) -> str:
    """Write a child's formula, in brackets where operators could bind differently."""
    formula = rule.excel(cells)
    loose = isinstance(rule, (Sum, Difference, Quotient)) or formula.startswith("-")
    return f"({formula})" if loose else formula

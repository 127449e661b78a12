"""The node protocol of rules and the functions that read a rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError

type Table = tuple[tuple[float, float], ...]
"""Rows of (threshold, value), thresholds strictly rising."""
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
    """The lines of an audit while it is computed."""

    facts: Facts
    lines: list[TrailLine] = field(default_factory=list)

    def note(self, what: str, how: str, value: Decimal) -> Decimal:
        self.lines.append(TrailLine(what, how, value))
        return value


@dataclass(frozen=True, slots=True)
class Audit:
    """An exact value with every step that led to it."""

    value: Decimal
    lines: tuple[TrailLine, ...]

    def text(self) -> str:
        """Return the steps as lines of text."""
        return "\n".join(f"{line.what}: {line.how} = {plain(line.value)}" for line in self.lines)


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

    def __add__(self, other: Rule | float) -> Rule:
        from impactmodel.core.rule.arithmetic import Sum

        return Sum((self, other))

    def __sub__(self, other: Rule | float) -> Rule:
        from impactmodel.core.rule.arithmetic import Difference

        return Difference(self, other)

    def __mul__(self, other: Rule | float) -> Rule:
        from impactmodel.core.rule.arithmetic import Product

        return Product((self, other))

    __radd__ = __add__
    __rmul__ = __mul__

    def __truediv__(self, other: Rule | float) -> Rule:
        from impactmodel.core.rule.arithmetic import Quotient

        return Quotient(self, other)


def values(rule: Rule, env: Values) -> NDArray[np.float64]:
    """Read a rule with numpy: inputs broadcast, the result has their common shape."""
    return rule.numpy(env)


def audit(rule: Rule, facts: Facts) -> Audit:
    """Read a rule with Decimal: the exact value and the trail of steps.

    Floats are taken at their shortest decimal form (0.1 is exactly one tenth).
    """
    trail = Trail(facts)
    value = rule.decimal(trail)
    if not trail.lines:
        trail.note(rule.text(), plain(value), value)
    return Audit(value, tuple(trail.lines))


def excel(rule: Rule, cells: Cells) -> str:
    """Read a rule as an Excel formula over cell references (also valid in LibreOffice)."""
    from impactmodel.core.rule.arithmetic import Named

    return "=" + (rule.rule if isinstance(rule, Named) else rule).excel(cells)


def describe(rule: Rule) -> str:
    """Read a rule as plain text."""
    return rule.text()


def walk(rule: Rule) -> Iterator[Rule]:
    """Yield the rule and every node below it, top first."""
    yield rule
    for child in rule.children():
        yield from walk(child)


def inputs(rule: Rule) -> frozenset[str]:
    """Return the names of all inputs and tables that a rule reads."""
    return frozenset(name for node in walk(rule) for name in node.names())


def exact(value: Decimal | float) -> Decimal:
    """Turn a number into the Decimal of its shortest decimal form."""
    if isinstance(value, Decimal):
        return value
    return Decimal(int(value)) if float(value).is_integer() else Decimal(repr(float(value)))


def plain(value: Decimal | float) -> str:
    """Write a number in full, without exponent or trailing zeros."""
    text = f"{exact(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def pick(env: Mapping[str, Any], name: str) -> Any:
    """Return an input, or raise `InputError` naming what is there."""
    if name not in env:
        there = ", ".join(sorted(env)) or "nothing"
        raise InputError(
            f"the rule needs the input '{name}'", seen=there, fix="give a value for it"
        )
    return env[name]


def check_table(rows: Sequence[Sequence[float]], what: str) -> Table:
    """Return rows as a table; raise `InputError` unless thresholds rise strictly."""
    if not rows:
        raise InputError(f"the {what} has no rows", fix="give at least one")
    table = tuple((float(a), float(b)) for a, b in rows)
    for (low, _), (high, _) in zip(table, table[1:], strict=False):
        if not low < high:
            raise InputError(
                f"the thresholds of the {what} must rise",
                seen=f"{plain(low)} before {plain(high)}",
                fix="sort them and remove repeats",
            )
    return table


def wrap(rule: Rule, cells: Cells) -> str:
    """Write a child's formula, in brackets where operators could bind differently."""
    from impactmodel.core.rule.arithmetic import Difference, Quotient, Sum

    formula = rule.excel(cells)
    loose = isinstance(rule, (Sum, Difference, Quotient)) or formula.startswith("-")
    return f"({formula})" if loose else formula

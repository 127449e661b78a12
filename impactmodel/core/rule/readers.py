"""The readers: functions that read any rule."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.rule.arithmetic import Named
from impactmodel.core.rule.base import Audit, Cells, Facts, Rule, Trail, Values
from impactmodel.core.rule.numbers import Table, plain


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
    return "=" + (rule.rule if isinstance(rule, Named) else rule).excel(cells)


def describe(rule: Rule) -> str:
    """Read a rule as plain text: the rule, then the meaning of each named part of it.

    Examples
    --------
    >>> from impactmodel.core.rule import Input, Minimum
    >>> describe(Minimum((Named("units", Input("jobs") - 5) * 20, 400)))
    'the smallest of (units × 20; 400), where units = (jobs − 5)'
    """
    top = rule.rule if isinstance(rule, Named) else rule
    named = {n.text(): n.rule.text() for n in walk(top) if isinstance(n, Named)}
    parts = [top.text(), *(f"{name} = {meaning}" for name, meaning in named.items())]
    return ", where ".join([parts[0], "; ".join(parts[1:])] if named else parts)


def walk(rule: Rule) -> Iterator[Rule]:
    """Yield the rule and every node below it, top first."""
    yield rule
    for child in rule.children():
        yield from walk(child)


def terms(rule: Rule) -> dict[str, float | Table]:
    """Return the named values of a rule: constants, shares and tables that may be given anew.

    Examples
    --------
    >>> from impactmodel.core.rule import Constant, Input
    >>> terms(Input("jobs") * Constant(20.0, name="price"))
    {'price': 20.0}
    """
    return {name: value for node in walk(rule) for name, value in node.stated().items()}


def inputs(rule: Rule) -> frozenset[str]:
    """Return the names of all inputs and tables that a rule reads."""
    return frozenset(name for node in walk(rule) for name in node.names())

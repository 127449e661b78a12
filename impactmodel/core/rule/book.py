"""A rule book: named rules in order, where a later rule may read the result of an earlier one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.rule.arithmetic import Named
from impactmodel.core.rule.base import Audit, Cells, Facts, Values
from impactmodel.core.rule.readers import audit, excel, inputs


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Named rules, computed in order.

    Raises
    ------
    InputError
        If a name is given twice, or a rule reads a name that is defined only after it.

    Examples
    --------
    >>> from impactmodel.core.rule import Input, Named
    >>> fee = Named("fee", Input("wage") * 0.02)
    >>> book = RuleBook((fee, Named("net", Input("wage") - Input("fee"))))
    >>> float(book.values({"wage": 100.0})["net"])
    98.0
    >>> sorted(book.inputs())
    ['wage']
    """

    rules: tuple[Named, ...]
    _inputs: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.rules]
        read = [inputs(rule) for rule in self.rules]
        object.__setattr__(self, "_inputs", frozenset().union(*read) - set(names))
        for place, rule in enumerate(self.rules):
            if rule.name in names[:place]:
                raise InputError("the rule book defines a name twice", seen=rule.name)
            late = sorted(read[place] & set(names[place:]))
            if late:
                raise InputError(f"rule '{rule.name}' reads '{late[0]}' before it is defined")

    def __add__(self, other: RuleBook) -> RuleBook:
        return RuleBook(self.rules + other.rules)

    def names(self) -> tuple[str, ...]:
        """Return the names that the book defines, in order."""
        return tuple(rule.name for rule in self.rules)

    def inputs(self) -> frozenset[str]:
        """Return the names that must be given."""
        return self._inputs

    def values(self, env: Values) -> dict[str, NDArray[np.float64]]:
        """Compute every rule with numpy; see `impactmodel.core.rule.values`."""
        known: dict[str, Any] = dict(env)
        for rule in self.rules:
            known[rule.name] = rule.numpy(known)
        return {name: known[name] for name in self.names()}

    def audit(self, facts: Facts) -> dict[str, Audit]:
        """Compute every rule exactly, each with its trail."""
        known: dict[str, Any] = dict(facts)
        trails: dict[str, Audit] = {}
        for rule in self.rules:
            trails[rule.name] = audit(rule, known)
            known[rule.name] = trails[rule.name].value
        return trails

    def excel(self, cells: Cells) -> dict[str, str]:
        """Write every rule as a formula; ``cells`` has the cell of each input and of each rule."""
        return {rule.name: excel(rule, cells) for rule in self.rules}

    def describe(self) -> dict[str, str]:
        """Say every rule in words."""
        return {rule.name: rule.rule.text() for rule in self.rules}

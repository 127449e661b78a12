"""Rewriting a rule: the same tree with some of its nodes replaced."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from impactmodel.core.rule.base import Rule


def rewrite(rule: Rule, change: Callable[[Rule], Rule]) -> Rule:
    """Return the rule with every node replaced by what ``change`` makes of it, lowest first.

    Examples
    --------
    >>> from impactmodel.core.rule import Input
    >>> renamed = rewrite(Input("a") * 2.0, lambda n: Input("b") if isinstance(n, Input) else n)
    >>> renamed.text()
    'b × 2'
    """
    below: dict[str, Any] = {}
    for field in dataclasses.fields(rule):  # type: ignore[arg-type]
        value = getattr(rule, field.name)
        found = _part(value, change)
        if found is not value:
            below[field.name] = found
    return change(_with(rule, below) if below else rule)


def _part(value: Any, change: Callable[[Rule], Rule]) -> Any:
    if isinstance(value, Rule):
        return rewrite(value, change)
    if isinstance(value, tuple):
        parts = tuple(_part(one, change) for one in value)
        same = all(new is old for new, old in zip(parts, value, strict=True))
        return value if same else parts
    return value


def _with(rule: Rule, changes: dict[str, Any]) -> Rule:
    made = object.__new__(type(rule))
    for field in dataclasses.fields(rule):  # type: ignore[arg-type]
        value = changes.get(field.name, getattr(rule, field.name))
        object.__setattr__(made, field.name, value)
    return made

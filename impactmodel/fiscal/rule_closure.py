"""The part of rule books that stands behind a result, and the parameters that it reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from impactmodel.core.rule import Lookup, Rule, RuleBook
from impactmodel.fiscal.parameters import Rules

type Texts = Mapping[str, Collection[str]]
"""Texts that occur, by the name of a text input: other rows of a look-up are not read."""


def book_behind(rules: Rules, results: Sequence[str], books: Sequence[str]) -> RuleBook:
    """Return the rules of some books on which results depend, in order.

    Examples
    --------
    >>> from impactmodel.fiscal.parameters import load_rules
    >>> book_behind(load_rules("fi"), ["daily_benefit"], ["unemployment_benefit"]).names()
    ('child_increment', 'service_increment', 'daily_benefit')
    """
    whole = {rule.name: rule for rule in rules.book(*books).rules}
    needed = _reached(whole, results, {})[0]
    return RuleBook(tuple(rule for name, rule in whole.items() if name in needed))


def parameters_behind(
    rules: Rules, results: Sequence[str], books: Sequence[str], texts: Texts | None = None
) -> tuple[str, ...]:
    """Return the parameters on which results depend, in alphabetical order.

    Parameters
    ----------
    texts
        Texts that occur, such as ``{"municipality": ["helsinki"]}``.
    """
    whole = {rule.name: rule for rule in rules.book(*books).rules}
    read = _reached(whole, results, texts or {})[1]
    return tuple(sorted(read & set(rules.parameters)))


def _reached(
    whole: Mapping[str, Rule], results: Sequence[str], texts: Texts
) -> tuple[set[str], set[str]]:
    needed: set[str] = set()
    read: set[str] = set()
    left = list(results)
    while left:
        name = left.pop()
        if name in whole and name not in needed:
            needed.add(name)
            names = set(_names(whole[name], texts))
            read |= names
            left += names
    return needed, read


def _names(rule: Rule, texts: Texts) -> Iterator[str]:
    yield from rule.names()
    children = rule.children()
    if isinstance(rule, Lookup) and rule.key in texts:
        children = tuple(option for name, option in rule.options if name in texts[rule.key])
    for child in children:
        yield from _names(child, texts)

"""The part of a rule book that stands behind results, and the names that it reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from impactmodel.core.rule import Lookup, Rule, RuleBook

type Texts = Mapping[str, Collection[str]]
"""Texts that occur, by the name of a text input: other rows of a look-up are not read."""


def book_behind(book: RuleBook, results: Sequence[str]) -> RuleBook:
    """Return the rules of a book on which results depend, in order.

    Examples
    --------
    >>> from impactmodel.fiscal.parameters import load_rules
    >>> book_behind(load_rules("fi").book("unemployment_benefit"), ["daily_benefit"]).names()
    ('child_increment', 'service_increment', 'daily_benefit')
    """
    needed = _reached(book, results, {})[0]
    return RuleBook(tuple(rule for rule in book.rules if rule.name in needed))


def names_behind(book: RuleBook, results: Sequence[str], texts: Texts) -> set[str]:
    """Return the names that the rules behind results read.

    Parameters
    ----------
    texts
        Texts that occur, such as ``{"municipality": ["helsinki"]}``.
    """
    return _reached(book, results, texts)[1]


def _reached(book: RuleBook, results: Sequence[str], texts: Texts) -> tuple[set[str], set[str]]:
    whole = {rule.name: rule for rule in book.rules}
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

"""Rules laid out as rows of a sheet: one formula a row, none longer than Excel takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from impactmodel.core.errors import InputError
from impactmodel.core.rule import (
    Bands,
    Constant,
    Input,
    Named,
    Product,
    Rule,
    RuleBook,
    Share,
    Steps,
    Sum,
    rewrite,
)
from impactmodel.core.rule.base import Many

LONGEST = 8_000
"""Excel takes 8,192 characters in a formula."""
MOST_TERMS = 250
"""Excel takes 255 arguments in a function."""
_WIDEST = "Assumptions!$D$1048576"
_MOST_WORDS = 600


class _Anywhere(dict[str, str]):
    """A cell for every name, with the longest reference there can be."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        return _WIDEST


_CELLS = _Anywhere()


def lay_out(book: RuleBook) -> tuple[Named, ...]:
    """Return the rules of a book as rows: named parts get rows of their own, long ones several.

    Raises
    ------
    InputError
        If a formula cannot be split.
    """
    rows = _Rows(book)
    for rule in book.rules:
        inner = rewrite(rule.rule, rows.lift)
        short = rewrite(inner, lambda node, name=rule.name: rows.shorten(node, name))  # type: ignore[misc]
        rows.done[rule.name] = Named(rule.name, short, rule.label)
    return tuple(rows.done.values())


class _Rows:
    def __init__(self, book: RuleBook) -> None:
        self.taken = set(book.names()) | set(book.inputs())
        self.lifted: dict[str, Rule] = {}
        self.done: dict[str, Named] = {}

    def lift(self, node: Rule) -> Rule:
        """Give a named part its own row, once; a name that means something else stays inside."""
        if not isinstance(node, Named):
            return node
        known = self.lifted.setdefault(node.name, node.rule)
        if node.name in self.taken or known != node.rule:
            return node
        if node.name not in self.done:
            short = rewrite(node.rule, lambda part: self.shorten(part, node.name))
            self.done[node.name] = Named(node.name, short, node.label)
        return Input(node.name, node.text())

    def shorten(self, node: Rule, name: str) -> Rule:
        """Move parts of a node into helper rows until it fits into a formula."""
        if isinstance(node, Many) and not _fits(node):
            node = self._chunked(node, name)
        while not _fits(node):
            longest = max(node.children(), key=_length, default=node)
            if _length(longest) <= len(_WIDEST):
                raise InputError(
                    f"the formula of '{name}' is longer than Excel takes",
                    key="workbook",
                    seen=f"{_length(node)} characters",
                    fix="use fewer rows in its table",
                )
            helper = self._helper(longest, name)
            node = rewrite(node, _replacing(longest, helper))
        return node

    def _chunked(self, node: Many, name: str) -> Rule:
        """Split the terms of a sum, product, minimum or maximum; parts are of the same kind."""
        make = cast("Callable[[tuple[Rule, ...]], Many]", type(node))
        parts: list[list[Rule]] = [[]]
        size = 0
        for term in node.terms:
            length = _length(term) + 3
            if parts[-1] and (size + length > LONGEST // 2 or len(parts[-1]) >= MOST_TERMS):
                parts.append([])
                size = 0
            parts[-1].append(term)
            size += length
        short = make(tuple(self._helper(make(tuple(part)), name) for part in parts))
        return short if _fits(short) else self._chunked(short, name)

    def _helper(self, rule: Rule, name: str) -> Input:
        number = 1
        while f"{name}, part {number}" in self.taken | set(self.done):
            number += 1
        key = f"{name}, part {number}"
        self.done[key] = Named(key, rule)
        return Input(key, f"part {number}")


def _replacing(old: Rule, new: Rule) -> Callable[[Rule], Rule]:
    return lambda node: new if node is old else node


def _length(rule: Rule) -> int:
    return len(rule.excel(_CELLS))


def _fits(rule: Rule) -> bool:
    terms = len(rule.terms) if isinstance(rule, Many) else 0
    return _length(rule) <= LONGEST and terms <= MOST_TERMS


def words(rule: Rule, labels: Mapping[str, str]) -> str:
    """Say a rule with the labels of what it reads instead of their names.

    A named constant is said by its label too: its value stands in a cell that may change.
    """

    def said(node: Rule) -> Rule:
        if isinstance(node, Input):
            return Input(node.name, labels.get(node.name) or node.text())
        if isinstance(node, Constant) and node.name in labels:
            return Input(node.name, labels[node.name])
        if isinstance(node, Share) and node.name in labels:
            return Product((Input(node.name, labels[node.name]), node.of))
        if isinstance(node, Steps):
            return Steps(node.x, _table(node, labels), node.below)
        if isinstance(node, Bands):
            return Bands(node.x, _table(node, labels))
        return node

    text = rewrite(rule, said).text()
    text = text[1:-1] if isinstance(rule, Sum) else text
    if len(text) <= _MOST_WORDS:
        return text
    end = max(text.rfind(sign, 0, _MOST_WORDS) for sign in (" + ", "; ", ", "))
    return f"{text[:end]} … (the formula has all of it)"


def _table(node: Steps | Bands, labels: Mapping[str, str]) -> str | tuple[tuple[float, float], ...]:
    name = node.table if isinstance(node.table, str) else node.name
    return labels.get(name, name) or node.table

"""Which parameter values a result rests on: those that would change it if they were others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from impactmodel.core.rule import RuleBook
from impactmodel.fiscal.parameters import RulesAt
from impactmodel.fiscal.rule_results import Found, amount_text

_OTHER = (0.5, 1.5)
_FAR = (0.01, 10.0)


@dataclass(frozen=True, slots=True)
class InUse:
    """A parameter value and the rows of it that matter, where it is a table."""

    found: Found
    rows: tuple[int, ...]

    @property
    def text(self) -> str:
        """The value, its first day and what limits it."""
        value = self.found.value
        said = ", ".join((f"from {value.valid_from}", *self.found.marks))
        return f"{amount_text(self.found.parameter, value, self.rows)} ({said})"


def values_in_use(
    rules: RulesAt, inputs: Mapping[str, Any], books: Sequence[str], results: Sequence[str]
) -> dict[str, tuple[InUse, ...]]:
    """Return for each result the values that it rests on, for the persons of the inputs.

    A value is in use if the result of some person changes when it is half as large or half as
    large again, and a flag if it changes when the flag does: the rate of a band that no income
    reaches, or an increment for children where there are none, is not. A result that no such
    change moves, such as a tax that a credit takes away, rests on those that move it when they
    are a hundredth or ten times as large.
    """
    book, found = rules.prepare(inputs, books, results)
    facts = {**inputs, **{one.parameter.id: one.amount for one in found}}
    used = _moved(book, facts, found, results, _OTHER)
    left = [name for name in results if not used[name]]
    return used | _moved(book, facts, found, left, _FAR) if left else used


def _moved(
    book: RuleBook,
    facts: Mapping[str, Any],
    found: Sequence[Found],
    results: Sequence[str],
    factors: tuple[float, float],
) -> dict[str, tuple[InUse, ...]]:
    base = book.values(facts)
    used: dict[str, list[InUse]] = {name: [] for name in results}
    for one in found:
        rows: dict[str, list[int]] = {name: [] for name in results}
        for row, amount in _others(one, factors):
            changed = book.values({**facts, one.parameter.id: amount})
            for name in results:
                if row not in rows[name] and not np.array_equal(changed[name], base[name]):
                    rows[name].append(row)
        for name in results:
            if rows[name]:
                used[name].append(InUse(one, tuple(rows[name])))
    return {name: tuple(values) for name, values in used.items()}


def _others(one: Found, factors: tuple[float, float]) -> Iterator[tuple[int, Any]]:
    """Yield (row, the value with another amount in that row)."""
    amount = one.amount
    if not isinstance(amount, tuple):
        flag = one.parameter.unit == "flag"
        for factor in factors:
            yield 0, 1.0 - amount if flag else amount * factor
        return
    for row, (start, value) in enumerate(amount):
        for factor in factors:
            yield row, (*amount[:row], (start, value * factor), *amount[row + 1 :])


def listed(values: Sequence[InUse], sources: Mapping[str, Any]) -> str:
    """Say values with their dates, those of one source together."""
    by_source: dict[str, dict[str, list[str]]] = {}
    for one in values:
        label, table = one.found.parameter.label, one.found.parameter.shape != "number"
        if table and ": " in label:
            label = label.replace(": ", " (", 1) + ")"
        of_source = by_source.setdefault(sources[one.found.value.source].title, {})
        texts = of_source.setdefault(label, [])
        if one.text not in texts:
            texts.append(one.text)
    return "; ".join(
        "; ".join(f"{label}: {', then '.join(texts)}" for label, texts in labels.items())
        + f" [{source}]"
        for source, labels in by_source.items()
    )

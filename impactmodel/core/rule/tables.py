"""Tables and conditions: step tables, marginal bands, look-ups by stratum, gates.

A table is fixed in the rule (rows of threshold and value) or named, so that it comes with the
inputs: a dated tax scale, say. In Excel a named table ``t`` is the ranges ``t.from`` and
``t.value``; for marginal bands also ``t.rise``, each rate less the rate before it. A fixed table
may have a ``name`` too: it is then read from what is given under it, as a named `Constant` is.

Thresholds are met in binary and in Excel wherever they are met exactly in decimals: both compare at
nine decimals, since (1450.8 - 1305.72) / 1450.8 is a little less than 0.1 in binary.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.rule.base import Cells, Rule, Trail, Values, as_rule, wrap
from impactmodel.core.rule.numbers import Table, check_table, exact, near, own, pick, plain, shown

type _Rows = Table | str
_PLACES = 9


def _rows(node: _Tabled, env: Mapping[str, Any], what: str) -> Table:
    if not isinstance(node.table, str):
        given = own(env, node.name, node.table)
        return given if given is node.table else check_table(given, f"{what} '{node.name}'")
    found = pick(env, node.table)
    return check_table(found, f"{what} '{node.table}'")


def _ranges(node: _Tabled, cells: Cells) -> str:
    """Return the name of the ranges that hold the table; nothing for a table in the formula."""
    if isinstance(node.table, str):
        return node.table
    return node.name if node.name and f"{node.name}.from" in cells else ""


class _Tabled(Rule):
    __slots__ = ()
    x: Rule
    table: _Rows
    name: str

    def children(self) -> tuple[Rule, ...]:
        return (self.x,)

    def names(self) -> tuple[str, ...]:
        return (self.table,) if isinstance(self.table, str) else ()

    def stated(self) -> dict[str, float | Table]:
        fixed = self.name and not isinstance(self.table, str)
        return {self.name: self.table} if fixed else {}  # type: ignore[dict-item]


def _row_text(table: _Rows, head: str) -> str:
    if isinstance(table, str):
        return table
    return "; ".join(f"{head} {shown(low)}: {shown(value)}" for low, value in table)


@dataclass(frozen=True, slots=True, init=False)
class Steps(_Tabled):
    """A step table: the value of the last row whose threshold ``x`` reaches; ``below`` under all.

    Examples
    --------
    >>> from impactmodel.core.rule import Input, values
    >>> table = Steps(Input("x"), [(0.1, 5.0), (0.2, 9.0)])
    >>> values(table, {"x": [0.05, 0.1, 0.3]}).tolist()
    [0.0, 5.0, 9.0]
    """

    x: Rule
    table: _Rows
    below: float
    name: str

    def __init__(
        self,
        x: Rule,
        table: Sequence[tuple[float, float]] | str,
        below: float = 0.0,
        name: str = "",
    ) -> None:
        fixed = table if isinstance(table, str) else check_table(table, "step table")
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "table", fixed)
        object.__setattr__(self, "below", float(below))
        object.__setattr__(self, "name", name)

    def numpy(self, env: Values) -> NDArray[np.float64]:
        rows = _rows(self, env, "step table")
        starts = np.array([low for low, _ in rows])
        results = np.array([self.below, *(value for _, value in rows)])
        x = np.round(self.x.numpy(env), _PLACES)
        return np.asarray(results[np.searchsorted(np.round(starts, _PLACES), x, side="right")])

    def decimal(self, trail: Trail) -> Decimal:
        rows = _rows(self, trail.facts, "step table")
        x = self.x.decimal(trail)
        index = bisect_right([exact(low) for low, _ in rows], near(x))
        if not index:
            how = f"{shown(x)} is under the first threshold {shown(rows[0][0])}"
            return trail.note("step table", how, exact(self.below))
        low, value = rows[index - 1]
        return trail.note("step table", f"{shown(x)} reaches {shown(low)}", exact(value))

    def excel(self, cells: Cells) -> str:
        x = f"ROUND({self.x.excel(cells)},{_PLACES})"
        ranges = _ranges(self, cells)
        if ranges or isinstance(self.table, str):
            lows = pick(cells, f"{ranges}.from")
            results = pick(cells, f"{ranges}.value")
            first = f"INDEX({lows},1)"
        else:
            lows = "{" + ",".join(plain(low) for low, _ in self.table) + "}"
            results = "{" + ",".join(plain(value) for _, value in self.table) + "}"
            first = plain(self.table[0][0])
        return f"IF({x}<{first},{plain(self.below)},LOOKUP({x},{lows},{results}))"

    def text(self) -> str:
        rows = _row_text(self.table, "from")
        return f"by the step table of {self.x.text()} (below all: {shown(self.below)}; {rows})"


@dataclass(frozen=True, slots=True, init=False)
class Bands(_Tabled):
    r"""Marginal bands: each row's rate applies to the part of ``x`` above its threshold.

    .. math:: \sum_i r_i \, \max(0, \min(x, l_{i+1}) - l_i)

    Examples
    --------
    >>> from impactmodel.core.rule import Input, values
    >>> scale = Bands(Input("x"), [(100.0, 0.1), (200.0, 0.3)])
    >>> values(scale, {"x": [50.0, 150.0, 300.0]}).tolist()
    [0.0, 5.0, 40.0]
    """

    x: Rule
    table: _Rows
    name: str

    def __init__(self, x: Rule, table: Sequence[tuple[float, float]] | str, name: str = "") -> None:
        fixed = table if isinstance(table, str) else check_table(table, "table of bands")
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "table", fixed)
        object.__setattr__(self, "name", name)

    def numpy(self, env: Values) -> NDArray[np.float64]:
        x = self.x.numpy(env)
        total = np.zeros_like(x)
        for low, high, rate in _bands(_rows(self, env, "table of bands")):
            total = total + rate * np.maximum(np.minimum(x, high) - low, 0.0)
        return np.asarray(total)

    def decimal(self, trail: Trail) -> Decimal:
        x = self.x.decimal(trail)
        total, parts = Decimal(0), []
        for low, high, rate in _bands(_rows(self, trail.facts, "table of bands")):
            top = min(x, Decimal(high) if high == float("inf") else exact(high))
            if top > exact(low):
                part = top - exact(low)
                total += exact(rate) * part
                parts.append(f"{shown(rate)} × {shown(part)}")
        return trail.note("bands", " + ".join(parts) or "under the first band", total)

    def excel(self, cells: Cells) -> str:
        x = wrap(self.x, cells)
        ranges = _ranges(self, cells)
        if ranges or isinstance(self.table, str):
            lows, rises = pick(cells, f"{ranges}.from"), pick(cells, f"{ranges}.rise")
            return f"SUMPRODUCT(({x}>{lows})*({x}-{lows})*{rises})"
        parts = []
        for low, high, rate in _bands(self.table):
            top = x if high == float("inf") else f"MIN({x},{plain(high)})"
            parts.append(f"{plain(rate)}*MAX(0,{top}-{plain(low)})")
        return "(" + "+".join(parts) + ")"

    def text(self) -> str:
        return f"by bands of {self.x.text()} ({_row_text(self.table, 'rate above')})"


def _bands(table: Table) -> list[tuple[float, float, float]]:
    lows = [low for low, _ in table]
    highs = [*lows[1:], float("inf")]
    return [(low, high, rate) for (low, rate), high in zip(table, highs, strict=True)]


@dataclass(frozen=True, slots=True, init=False)
class Lookup(Rule):
    """A rule chosen by a text input, such as a price by stratum; an unknown text raises."""

    key: str
    options: tuple[tuple[str, Rule], ...]

    def __init__(self, key: str, options: Mapping[str, Rule | float]) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(
            self, "options", tuple((name, as_rule(value)) for name, value in options.items())
        )

    def children(self) -> tuple[Rule, ...]:
        return tuple(rule for _, rule in self.options)

    def names(self) -> tuple[str, ...]:
        return (self.key,)

    def numpy(self, env: Values) -> NDArray[np.float64]:
        keys = np.asarray(pick(env, self.key))
        known = [name for name, _ in self.options]
        strange = sorted(set(np.unique(keys).tolist()) - set(known))
        if strange:
            raise self._unknown(str(strange[0]))
        parts = [rule.numpy(env) for _, rule in self.options]
        return np.asarray(np.select([keys == name for name in known], parts), dtype=float)

    def decimal(self, trail: Trail) -> Decimal:
        key = str(pick(trail.facts, self.key))
        for name, rule in self.options:
            if name == key:
                return trail.note(self.key, key, rule.decimal(trail))
        raise self._unknown(key)

    def _unknown(self, key: str) -> InputError:
        known = ", ".join(name for name, _ in self.options)
        return InputError(f"no row for this {self.key}", seen=key, fix=f"use one of {known}")

    def excel(self, cells: Cells) -> str:
        cell = pick(cells, self.key)
        formula = "NA()"
        for name, rule in reversed(self.options):
            quoted = name.replace('"', '""')
            formula = f'IF({cell}="{quoted}",{rule.excel(cells)},{formula})'
        return formula

    def text(self) -> str:
        rows = "; ".join(f"{name}: {rule.text()}" for name, rule in self.options)
        return f"by {self.key} ({rows})"


@dataclass(frozen=True, slots=True, init=False)
class Gate(Rule):
    """``then`` where ``x`` stands in the given relation to ``threshold``, else ``otherwise``."""

    x: Rule
    relation: Literal[">=", ">", "<", "<="]
    threshold: Rule
    then: Rule
    otherwise: Rule

    def __init__(
        self,
        x: Rule,
        relation: Literal[">=", ">", "<", "<="],
        threshold: Rule | float,
        then: Rule | float,
        otherwise: Rule | float = 0.0,
    ) -> None:
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "relation", relation)
        object.__setattr__(self, "threshold", as_rule(threshold))
        object.__setattr__(self, "then", as_rule(then))
        object.__setattr__(self, "otherwise", as_rule(otherwise))

    def children(self) -> tuple[Rule, ...]:
        return (self.x, self.threshold, self.then, self.otherwise)

    def numpy(self, env: Values) -> NDArray[np.float64]:
        x = np.round(self.x.numpy(env), _PLACES)
        threshold = np.round(self.threshold.numpy(env), _PLACES)
        compare = {">=": np.greater_equal, ">": np.greater, "<": np.less, "<=": np.less_equal}
        met = compare[self.relation](x, threshold)
        return np.asarray(np.where(met, self.then.numpy(env), self.otherwise.numpy(env)))

    def decimal(self, trail: Trail) -> Decimal:
        x, threshold = self.x.decimal(trail), self.threshold.decimal(trail)
        gap = near(x - threshold)
        passed = {">=": gap >= 0, ">": gap > 0, "<": gap < 0, "<=": gap <= 0}[self.relation]
        how = f"{shown(x)} {self.relation} {shown(threshold)} is {'met' if passed else 'not met'}"
        chosen = self.then if passed else self.otherwise
        return trail.note("gate", how, chosen.decimal(trail))

    def excel(self, cells: Cells) -> str:
        x, threshold = self.x.excel(cells), self.threshold.excel(cells)
        condition = f"ROUND({x},{_PLACES}){self.relation}ROUND({threshold},{_PLACES})"
        return f"IF({condition},{self.then.excel(cells)},{self.otherwise.excel(cells)})"

    def text(self) -> str:
        words = {">=": "is at least", ">": "is above", "<": "is below", "<=": "is at most"}
        condition = f"{self.x.text()} {words[self.relation]} {self.threshold.text()}"
        return f"if {condition}: {self.then.text()}, otherwise {self.otherwise.text()}"

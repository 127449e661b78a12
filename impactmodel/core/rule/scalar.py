"""The fifth reader: a rule as the source of a scalar expression, for compiled loops over draws.

It computes what the numpy reader computes, but for the last bits. Constants are variables ``c0, c1,
...``, so that rules of one shape share one compiled loop. Whoever runs the loop says what a number
is, one or several side by side: beside the signs of arithmetic the lines name ``zero``,
``half_place`` (`HALF_PLACE`), ``least(x, y)``, ``most(x, y)``, ``choose(x, edge, yes, no)`` (yes
where x >= edge) and ``any_zero(x)``. A division by zero sets ``wrong``: then the numpy reader must
say where it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from impactmodel.core.rule.arithmetic import Input, Maximum, Minimum, Named, Share
from impactmodel.core.rule.base import Constant, Difference, Product, Quotient, Rule, Sum
from impactmodel.core.rule.tables import Bands, Gate, Steps

HALF_PLACE = 5e-10
"""Thresholds are met at nine decimals, as in the numpy reader."""


@dataclass(slots=True)
class Scalar:
    """The lines of a scalar computation, its inputs and its constants.

    Parameters
    ----------
    name_of
        From an input's name to the variable that holds it.
    """

    name_of: Callable[[str], str]
    lines: list[str] = field(default_factory=list)
    constants: list[float] = field(default_factory=list)

    def read(self, rule: Rule) -> str | None:  # noqa: PLR0911  one return per node
        """Add the lines of a rule; return its variable, None where a node has no such reading."""
        match rule:
            case Named(rule=inner):
                return self.read(inner)
            case Constant(value=value):
                return self._constant(value)
            case Input(name=name):
                return self.name_of(name)
            case Share(share=share, of=inner):
                return self._join("*", (self._constant(share), self.read(inner)))
            case Sum(terms=terms):
                return self._join("+", tuple(self.read(term) for term in terms))
            case Product(terms=terms):
                return self._join("*", tuple(self.read(term) for term in terms))
            case Difference(left=left, right=right):
                return self._join("-", (self.read(left), self.read(right)))
            case Minimum(terms=terms) | Maximum(terms=terms):
                which = "least" if isinstance(rule, Minimum) else "most"
                return self._extreme(which, tuple(self.read(term) for term in terms))
            case Quotient(over=over, under=under):
                return self._quotient(self.read(over), self.read(under))
            case _:
                return self._table(rule)

    def _table(self, rule: Rule) -> str | None:
        match rule:
            case Steps(x=x, table=tuple() as rows, below=below):
                return self._steps(self.read(x), rows, below)
            case Bands(x=x, table=tuple() as rows):
                return self._bands(self.read(x), rows)
            case Gate(x=x, relation=">=", threshold=low, then=then, otherwise=other):
                parts = [self.read(one) for one in (x, low, then, other)]
                if None in parts:
                    return None
                value, edge, yes, no = parts
                return self._choose(value, edge, yes, no)
            case _:
                return None

    def _new(self, expression: str) -> str:
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        return name

    def _constant(self, value: float) -> str:
        self.constants.append(float(value))
        return f"c{len(self.constants) - 1}"

    def _choose(self, x: str | None, edge: str | None, yes: str | None, no: str | None) -> str:
        return self._new(f"choose({x} + half_place, {edge}, {yes}, {no})")

    def _join(self, sign: str, parts: tuple[str | None, ...]) -> str | None:
        return None if None in parts else self._new(f" {sign} ".join(map(str, parts)))

    def _extreme(self, which: str, parts: tuple[str | None, ...]) -> str | None:
        if None in parts:
            return None
        found = str(parts[0])
        for part in parts[1:]:
            found = self._new(f"{which}({found}, {part})")
        return found

    def _quotient(self, over: str | None, under: str | None) -> str | None:
        if over is None or under is None:
            return None
        self.lines.append(f"wrong |= any_zero({under})")
        return self._new(f"{over} / {under}")

    def _steps(
        self, x: str | None, rows: tuple[tuple[float, float], ...], below: float
    ) -> str | None:
        if x is None:
            return None
        found = self._constant(below)
        for low, amount in rows:
            edge, value = self._constant(low), self._constant(amount)
            found = self._choose(x, edge, value, found)
        return found

    def _bands(self, x: str | None, rows: tuple[tuple[float, float], ...]) -> str | None:
        if x is None:
            return None
        lows = [self._constant(low) for low, _ in rows]
        first = self._new(f"least({x}, {lows[0]})")
        found, below = "zero", first
        for place, (_, rate) in enumerate(rows):
            top = x
            if place + 1 < len(rows):
                top = self._new(f"least({x}, {lows[place + 1]})")
            part = self._new(f"{top} - {below}")
            found, below = self._new(f"{found} + {self._constant(rate)} * {part}"), top
        return found

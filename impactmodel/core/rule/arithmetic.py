"""Inputs, named results, caps and floors, shares and rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.rule.base import Cells, Many, Rule, Trail, Values, as_rule, as_rules, wrap
from impactmodel.core.rule.numbers import exact, pick, plain

type RoundMode = Literal["half_up", "down", "up"]


@dataclass(frozen=True, slots=True)
class Input(Rule):
    """A named input: a measured outcome, a person's wage, a dated parameter."""

    name: str
    label: str = ""

    def children(self) -> tuple[Rule, ...]:
        return ()

    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def numpy(self, env: Values) -> NDArray[np.float64]:
        return np.asarray(pick(env, self.name), dtype=float)

    def decimal(self, trail: Trail) -> Decimal:
        value = pick(trail.facts, self.name)
        return trail.note(self.text(), "given", exact(value))

    def excel(self, cells: Cells) -> str:
        return str(pick(cells, self.name))

    def text(self) -> str:
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class Named(Rule):
    """An intermediate result with a name, so that trails and texts can be followed."""

    name: str
    rule: Rule
    label: str = ""

    def children(self) -> tuple[Rule, ...]:
        return (self.rule,)

    def numpy(self, env: Values) -> NDArray[np.float64]:
        return self.rule.numpy(env)

    def decimal(self, trail: Trail) -> Decimal:
        return trail.note(self.label or self.name, self.rule.text(), self.rule.decimal(trail))

    def excel(self, cells: Cells) -> str:
        return wrap(self.rule, cells)

    def text(self) -> str:
        return f"{self.label or self.name} [{self.rule.text()}]"


class _Extreme(Many):
    __slots__ = ()

    def _note(self, trail: Trail, pick_one: Callable[[list[Decimal]], Decimal]) -> Decimal:
        parts = self._decimals(trail)
        return trail.note(self.text(), "; ".join(map(plain, parts)), pick_one(parts))


@dataclass(frozen=True, slots=True, init=False)
class Minimum(_Extreme):
    """The smallest of its terms: a cap."""

    terms: tuple[Rule, ...]

    def __init__(self, terms: Sequence[Rule | float]) -> None:
        object.__setattr__(self, "terms", as_rules(terms))

    def numpy(self, env: Values) -> NDArray[np.float64]:
        return self._fold_numpy(env, np.minimum)

    def decimal(self, trail: Trail) -> Decimal:
        return self._note(trail, min)

    def excel(self, cells: Cells) -> str:
        return "MIN(" + ",".join(term.excel(cells) for term in self.terms) + ")"

    def text(self) -> str:
        return "the smallest of (" + "; ".join(term.text() for term in self.terms) + ")"


@dataclass(frozen=True, slots=True, init=False)
class Maximum(_Extreme):
    """The largest of its terms: a floor."""

    terms: tuple[Rule, ...]

    def __init__(self, terms: Sequence[Rule | float]) -> None:
        object.__setattr__(self, "terms", as_rules(terms))

    def numpy(self, env: Values) -> NDArray[np.float64]:
        return self._fold_numpy(env, np.maximum)

    def decimal(self, trail: Trail) -> Decimal:
        return self._note(trail, max)

    def excel(self, cells: Cells) -> str:
        return "MAX(" + ",".join(term.excel(cells) for term in self.terms) + ")"

    def text(self) -> str:
        return "the largest of (" + "; ".join(term.text() for term in self.terms) + ")"


@dataclass(frozen=True, slots=True, init=False)
class Share(Rule):
    """A fixed share of a rule, such as 50 % of a tax."""

    share: float
    of: Rule

    def __init__(self, share: float, of: Rule | float) -> None:
        object.__setattr__(self, "share", float(share))
        object.__setattr__(self, "of", as_rule(of))

    def children(self) -> tuple[Rule, ...]:
        return (self.of,)

    def numpy(self, env: Values) -> NDArray[np.float64]:
        return np.asarray(self.share * self.of.numpy(env))

    def decimal(self, trail: Trail) -> Decimal:
        base = self.of.decimal(trail)
        how = f"{plain(self.share)} × {plain(base)}"
        return trail.note(self.text(), how, exact(self.share) * base)

    def excel(self, cells: Cells) -> str:
        return f"{plain(self.share)}*{wrap(self.of, cells)}"

    def text(self) -> str:
        return f"{plain(exact(self.share) * 100)} % of {self.of.text()}"


_MODES = {
    "half_up": (ROUND_HALF_UP, "ROUND"),
    "down": (ROUND_DOWN, "ROUNDDOWN"),
    "up": (ROUND_UP, "ROUNDUP"),
}


@dataclass(frozen=True, slots=True)
class Round(Rule):
    """Rounding to ``places`` decimals; ``half_up`` means halves away from zero, as in Excel."""

    rule: Rule
    places: int = 2
    mode: RoundMode = "half_up"

    def children(self) -> tuple[Rule, ...]:
        return (self.rule,)

    def numpy(self, env: Values) -> NDArray[np.float64]:
        scaled = self.rule.numpy(env) * 10.0**self.places
        # Twelve significant digits decide on which side of a half a product of decimals lies.
        size = np.round(np.abs(scaled), 6)
        whole = {"half_up": np.floor(size + 0.5), "down": np.floor(size), "up": np.ceil(size)}
        return np.asarray(np.sign(scaled) * whole[self.mode] / 10.0**self.places)

    def decimal(self, trail: Trail) -> Decimal:
        value = self.rule.decimal(trail)
        step = Decimal(1).scaleb(-self.places)
        rounded = value.quantize(step, rounding=_MODES[self.mode][0])
        return trail.note(f"rounded to {self.places} decimals", plain(value), rounded)

    def excel(self, cells: Cells) -> str:
        return f"{_MODES[self.mode][1]}({self.rule.excel(cells)},{self.places})"

    def text(self) -> str:
        how = {"half_up": "rounded", "down": "rounded down", "up": "rounded up"}[self.mode]
        return f"{self.rule.text()}, {how} to {self.places} decimals"

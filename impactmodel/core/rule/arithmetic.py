"""Inputs, named results, caps and floors, shares and rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.rule.base import Cells, Many, Rule, Trail, Values, as_rule, as_rules, wrap
from impactmodel.core.rule.numbers import Table, exact, own, pick, plain, shown

type RoundMode = Literal["half_up", "half_even", "down", "up"]


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
    """An intermediate result with a name, so that trails and texts can be followed.

    In the text of a larger rule only the name stands; `describe` says below what it means.
    """

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
        return self.label or self.name


class _Extreme(Many):
    __slots__ = ()

    def _note(self, trail: Trail, pick_one: Callable[[list[Decimal]], Decimal]) -> Decimal:
        parts = self._decimals(trail)
        return trail.note(self.text(), "; ".join(map(shown, parts)), pick_one(parts))


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
    """A share of a rule, such as 50 % of a tax; with a ``name`` as a named `Constant`."""

    share: float
    of: Rule
    name: str

    def __init__(self, share: float, of: Rule | float, name: str = "") -> None:
        object.__setattr__(self, "share", float(share))
        object.__setattr__(self, "of", as_rule(of))
        object.__setattr__(self, "name", name)

    def children(self) -> tuple[Rule, ...]:
        return (self.of,)

    def numpy(self, env: Values) -> NDArray[np.float64]:
        return np.asarray(own(env, self.name, self.share) * self.of.numpy(env))

    def decimal(self, trail: Trail) -> Decimal:
        share = exact(own(trail.facts, self.name, self.share))
        base = self.of.decimal(trail)
        how = f"{shown(share)} × {shown(base)}"
        return trail.note(self.text(), how, share * base)

    def excel(self, cells: Cells) -> str:
        return f"{own(cells, self.name, plain(self.share))}*{wrap(self.of, cells)}"

    def stated(self) -> dict[str, float | Table]:
        return {self.name: self.share} if self.name else {}

    def text(self) -> str:
        return f"{shown(exact(self.share) * 100)} % of {self.of.text()}"


_MODES = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "down": ROUND_DOWN,
    "up": ROUND_UP,
}
# On which side of a half or of a whole a product of decimals lies is decided six decimals further.
_SPARE = 6


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
        size = np.round(np.abs(scaled), _SPARE)
        whole = {
            "half_up": np.floor(size + 0.5),
            "half_even": np.rint(size),
            "down": np.floor(size),
            "up": np.ceil(size),
        }
        return np.asarray(np.sign(scaled) * whole[self.mode] / 10.0**self.places)

    def decimal(self, trail: Trail) -> Decimal:
        value = self.rule.decimal(trail)
        step = Decimal(1).scaleb(-self.places)
        rounded = value.quantize(step, rounding=_MODES[self.mode])
        return trail.note(self._how(), shown(value), rounded)

    def excel(self, cells: Cells) -> str:
        formula = self.rule.excel(cells)
        if self.mode == "half_up":
            return f"ROUND({formula},{self.places})"
        near = f"ROUND({formula},{self.places + _SPARE})"
        if self.mode != "half_even":
            return f"ROUND{self.mode.upper()}({near},{self.places})"
        scale = f"10^{self.places}"
        half = f"ABS(MOD(ABS({near}*{scale}),1)-0.5)<10^-{_SPARE}/2"
        even = f"2*ROUND({near}*{scale}/2,0)/{scale}"
        return f"IF({half},{even},ROUND({near},{self.places}))"

    def text(self) -> str:
        return f"{self.rule.text()}, {self._how()}"

    def _how(self) -> str:
        how = {"half_up": "", "half_even": " (halves to even)", "down": " down", "up": " up"}
        return f"rounded{how[self.mode]} to {self.places} decimals"

"""What drives the result, in words: names of inputs and their values, in each language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.summary import describe_draws
from impactmodel.report.brief_parts import heading, outcome_name
from impactmodel.report.languages import Language, Scale
from impactmodel.report.numbers import decimals_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impactmodel.finance import Swing
    from impactmodel.report.drivers_result import Driven, Drivers, Lever
    from impactmodel.report.result import RunResult

SHARES = ("share", "shortfall", "take_up", "drop_out_per_month", "arrangement")
"""Last keys of paths to shares."""
_WHOLE = {"effect": "lever_effect_whole", "cohort": "lever_cohort"}
MOST_NAMED = 3
FINE = 0.01
COARSE = 0.05
"""Changes are written as finely as this share of the largest: in tables, and in sentences."""


@dataclass(frozen=True, slots=True)
class Words:
    """How the drivers of a run are said in one language.

    Parameters
    ----------
    own
        Names of inputs by key; an input that a case names itself keeps its path.
    """

    language: Language
    prob: float
    drivers: Drivers
    own: Mapping[str, str]

    @classmethod
    def of(cls, result: RunResult, drivers: Drivers, language: Language) -> Words:
        """Return the words for a run."""
        titles = {m.name: outcome_name(m, language) for m in result.paid_on.measures}
        titles |= {m.name: outcome_name(m, language) for m in result.outcomes.measures}
        own = {key: _name(lever, titles, language) for key, lever in drivers.levers.items()}
        return cls(language, result.case.settings.interval, drivers, own)

    def gain(self, driven: Driven) -> str:
        """Say what is gained, and by whom."""
        values = {
            "party": party_word(driven.party, self.language),
            "rate": self.language.short_percent(self.drivers.discount_rate),
        }
        return self.language.say(f"gain_{driven.gain}", values)

    def value(self, key: str, value: float | None) -> str:
        """Write one of an input's two values."""
        language = self.language
        if value is None:
            return language.say("as_stated")
        if key.startswith("effect."):
            sign = "+" if value > 0 else ""
            return language.say("of_sd", {"count": sign + _plain(value, language)})
        last = key.rpartition(".")[2]
        if key in {"effect", "cohort"} or key.startswith("clause.") or last in SHARES:
            return language.percent(value, 0 if round(value * 100, 6).is_integer() else 1)
        return _plain(value, language)

    def scale(self, amounts: list[Any]) -> Scale:
        """Return how amounts that stand together are written."""
        return self.language.scale(self.drivers.currency, max(abs(a) for a in amounts))

    def unit(self, scale: Scale) -> str:
        """Return a scale's unit as a heading says it."""
        return heading(self.language, scale)

    def change(self, change: float, largest: float, scale: Scale, fine: float = FINE) -> str:
        """Write a change with its sign; small ones stay visible beside the largest."""
        decimals = decimals_of(largest * fine / scale.factor, most=2 if scale.factor > 1 else 0)
        text = self.language.number(change / scale.factor, decimals)
        return ("+" if change > 0 and text.strip("0.,") else "") + text

    def named(self, driven: Driven, most: int = MOST_NAMED) -> str:
        """Name the inputs that move a gain most, with the change at each end."""
        moves = [changes(s, driven) for s in driven.amounts.swings]
        if not moves:
            return ""
        largest = max(abs(m) for pair in moves for m in pair)
        scale = self.scale([largest])
        said = []
        for swing, pair in zip(driven.amounts.swings[:most], moves, strict=False):
            ends = [self.change(m, largest, scale, COARSE) for m in pair if m != 0]
            text = self.language.with_unit("/".join(ends), scale)
            values = {"name": _lower(self.own[swing.name]), "change": text}
            said.append(self.language.say("driver_move", values))
        return "; ".join(said)

    def stated(self, driven: Driven) -> dict[str, str]:
        """Return the gain as stated: mean, interval and chance, written."""
        d = describe_draws(driven.amounts.base, self.prob)
        scale = self.scale([d["mean"], d["lower"], d["upper"]])
        ends = (self.language.bare(d[end], d["sd"], scale) for end in ("lower", "upper"))
        mean = self.language.bare(d["mean"], d["sd"], scale)
        return {
            "mean": self.language.with_unit(mean, scale),
            "interval": self.language.interval(self.prob),
            "span": self.language.with_unit(self.language.span(*ends), scale),
            "chance": self.language.say(f"chance_{driven.gain}"),
            "probability": self.language.probability(float(driven.chances.base.mean())),
            "draws": self.language.number(self.drivers.n_draws),
        }

    def break_even(self, *, found_only: bool = False) -> tuple[str, ...]:
        """Say which effect and which cohort investors need to get their money back."""
        said = []
        for needed in self.drivers.needed:
            if needed.found is None and found_only:
                continue
            if needed.found is None:
                said.append(self.language.say(f"break_even_{needed.of}_none"))
                continue
            people = float(np.asarray(needed.found.at).mean())
            values = {"factor": self.language.number(needed.found.factor, 2)}
            values["people"] = self.language.number(people)
            said.append(self.language.say(f"break_even_{needed.of}", values))
        return tuple(said)


def changes(swing: Swing, driven: Driven) -> tuple[float, float]:
    """Return how far the mean of a gain moves at the low and at the high value of an input."""
    base = float(driven.amounts.base.mean())
    return float(swing.at_low.mean()) - base, float(swing.at_high.mean()) - base


def party_word(name: str, language: Language) -> str:
    """Return the word for a party; one that a fund names itself keeps its name."""
    return language.known(name) or name.replace("_", " ")


def _name(lever: Lever, titles: Mapping[str, str], language: Language) -> str:
    if lever.key in _WHOLE:
        return language.say(_WHOLE[lever.key])
    names = ", ".join(titles.get(n) or language.known(n) or n for n in lever.names)
    if lever.kind == "stated":
        return lever.key
    if lever.kind in {"effect", "price", "value"}:
        return language.say(f"lever_{lever.kind}", {"name": names})
    if lever.kind == "cap":
        return language.say("lever_cap_of" if names else "lever_cap", {"name": names})
    if lever.key.startswith("budget."):
        return language.say("lever_spent", {"name": names})
    return language.say(f"lever_{lever.key.rpartition('.')[2]}")


def _plain(value: float, language: Language) -> str:
    """Write a number with three significant digits, or as whole as it is large."""
    if value == 0 or float(value).is_integer():
        return language.number(value)
    decimals = max(2 - int(np.floor(np.log10(abs(value)))), 0)
    text = language.number(value, decimals)
    point = "," if language.code == "fi" else "."
    return text.rstrip("0").rstrip(point) if point in text else text


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]

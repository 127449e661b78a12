"""Languages of what a run shows: phrases, words for names, and how numbers are written."""

from __future__ import annotations

import datetime as dt
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from impactmodel.core.errors import InputError
from impactmodel.report.numbers import NBSP, decimals_of, number

type Code = Literal["en", "fi"]

CODES: tuple[Code, ...] = ("en", "fi")
MILLION = 1e6


@cache
def texts() -> dict[str, Any]:
    """Return ``phrases``, ``statements`` and ``words`` of every language."""
    source = files("impactmodel.report") / "phrases.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Scale:
    """How amounts that stand together are written.

    Parameters
    ----------
    factor
        What an amount is divided by.
    unit
        Written after an amount, and in headings.
    """

    factor: float
    unit: str


@dataclass(frozen=True, slots=True)
class Language:
    """A language of what a run shows.

    Parameters
    ----------
    code
        ``en`` or ``fi``.
    own
        The case's own words for names; they come before the built-in ones.
    typed
        Whether a name without a word stands as it was typed; it is refused otherwise.
    """

    code: Code
    own: Mapping[str, str] = field(default_factory=dict)
    typed: bool = False

    def say(self, key: str, values: Mapping[str, str] | None = None) -> str:
        r"""Return a phrase with its values filled in.

        Examples
        --------
        >>> Language("fi").say("interval", {"prob": Language("fi").percent(0.9)})
        '90\xa0%:n tasahäntäinen todennäköisyysväli'
        """
        phrase: str = texts()["phrases"][key][self.code]
        return phrase.format(**(values or {}))

    def word(self, name: str) -> str:
        """Return the word for a name: of the case, else built in, else, in English, the name.

        Raises
        ------
        InputError
            If another language than English has no word for it.

        Examples
        --------
        >>> Language("fi").word("pension_insurers"), Language("en").word("job_centre")
        ('työeläkelaitokset', 'job centre')
        """
        found = self.known(name)
        if found is not None:
            return found
        if self.code == "en" or self.typed:
            return name.replace("_", " ")
        raise InputError(
            f"there is no word of the language '{self.code}' for this name",
            key=f"translations.{self.code}.words",
            seen=name,
            fix=f"add '{name}: ...' to the words of the case",
        )

    def known(self, name: str) -> str | None:
        """Return the word for a name, None where there is none."""
        if name in self.own:
            return self.own[name]
        for kind in texts()["words"].values():
            if name in kind:
                return str(kind[name][self.code])
        return None

    def number(self, value: float, decimals: int = 0) -> str:
        r"""Write a number: in Finnish with a decimal comma and no-break spaces.

        Examples
        --------
        >>> Language("fi").number(-1234.5, 1), Language("en").number(-1234.5, 1)
        ('−1\xa0234,5', '−1,234.5')
        """
        if math.isnan(value):
            return self.say("not_defined")
        text = number(value, decimals)
        return text.replace(",", NBSP).replace(".", ",") if self.code == "fi" else text

    def percent(self, share: float, decimals: int = 0) -> str:
        """Write a share as per cent."""
        return f"{self.number(share * 100, decimals)}{NBSP}%"

    def short_percent(self, share: float) -> str:
        r"""Write a share as per cent, with a decimal only where it has one.

        Examples
        --------
        >>> Language("fi").short_percent(0.9), Language("fi").short_percent(0.035)
        ('90\xa0%', '3,5\xa0%')
        """
        return self.percent(share, 0 if round(share * 100, 9).is_integer() else 1)

    def probability(self, share: float) -> str:
        r"""Write a probability estimated from draws, never as certain.

        Examples
        --------
        >>> Language("fi").probability(0.9999)
        'yli 99\xa0%'
        """
        if share < 0.01:
            return self.say("under", {"share": self.percent(0.01)})
        if share > 0.99:
            return self.say("over", {"share": self.percent(0.99)})
        return self.percent(share)

    def interval(self, prob: float) -> str:
        """Name an interval by its probability and kind."""
        return self.say("interval", {"prob": self.short_percent(prob)})

    def scale(self, currency: str, largest: float) -> Scale:
        """Return how amounts up to ``largest`` are written: from a million on, in millions."""
        symbol = "€" if self.code == "fi" and currency == "EUR" else currency
        if abs(largest) >= MILLION:
            return Scale(MILLION, self.say("million", {"currency": symbol}))
        return Scale(1.0, symbol)

    def bare(self, amount: float, spread: float, scale: Scale) -> str:
        """Write an amount without its unit, to the precision that its spread allows."""
        most = 2 if scale.factor > 1 else 0
        return self.number(amount / scale.factor, decimals_of(spread / scale.factor, most=most))

    def amount(self, amount: float, spread: float, currency: str) -> str:
        r"""Write an amount of money.

        Examples
        --------
        >>> Language("fi").amount(6_060_396.0, 744_628.0, "EUR")
        '6,06\xa0milj.\xa0€'
        >>> Language("en").amount(6_060_396.0, 744_628.0, "EUR")
        'EUR\xa06.06\xa0million'
        """
        scale = self.scale(currency, amount)
        return self.with_unit(self.bare(amount, spread, scale), scale)

    def with_unit(self, text: str, scale: Scale) -> str:
        """Put the unit of a scale where the language puts it."""
        unit = scale.unit.replace(" ", NBSP)
        if self.code == "fi" or not unit:
            return f"{text}{NBSP}{unit}".rstrip(NBSP)
        currency, _, rest = unit.partition(NBSP)
        return f"{currency}{NBSP}{text}" + (f"{NBSP}{rest}" if rest else "")

    def span(self, lower: str, upper: str) -> str:
        """Write an interval of two numbers.

        Examples
        --------
        >>> Language("fi").span("4,8", "7,3"), Language("fi").span("−3", "1")
        ('4,8–7,3', '−3 … 1')
        """
        if self.code == "en":
            return f"{lower} to {upper}"
        return f"{lower} … {upper}" if "−" in lower + upper else f"{lower}–{upper}"

    def day(self, day: dt.date) -> str:
        """Write a date.

        Examples
        --------
        >>> Language("fi").day(dt.date(2026, 11, 24))
        '24.11.2026'
        """
        return f"{day.day}.{day.month}.{day.year}" if self.code == "fi" else day.isoformat()


def english(name: str) -> str:
    """Return the English word for a name.

    Examples
    --------
    >>> english("kela_sickness_fund"), english("job_centre")
    ('Kela sickness insurance fund', 'job centre')
    """
    return Language("en").word(name)

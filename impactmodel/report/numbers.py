"""How numbers are written: thousands separators, currencies, no false precision.

An estimate is written to two significant digits of its standard deviation, a probability to whole
per cents, a total loss as −100 %. The exact numbers are in ``summary.json``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from impactmodel.core.measures import OutcomeMeasure

NBSP = "\u00a0"
MINUS = "\u2212"
TIMES = "\u00d7"
NOT_DEFINED = "not defined"
DIGITS = 2
"""Significant digits of a standard deviation; an estimate has as many decimals as it."""


def decimals_of(spread: float, *, most: int = 4) -> int:
    """Return the decimals at which a spread has two significant digits; negative means tens.

    Examples
    --------
    >>> decimals_of(633.0), decimals_of(0.041), decimals_of(0.0)
    (-1, 3, 4)
    """
    if not math.isfinite(spread) or spread <= 0:
        return most
    return min(most, DIGITS - 1 - math.floor(math.log10(spread)))


def number(value: float, decimals: int = 0) -> str:
    """Write a number with thousands separators and a true minus sign.

    Examples
    --------
    >>> number(1794.34, -1), number(-0.0004, 2), number(-1234.5, 1)
    ('1,790', '0.00', '−1,234.5')
    """
    if math.isnan(value):
        return NOT_DEFINED
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
    text = f"{abs(rounded):,.{max(decimals, 0)}f}"
    return (MINUS if rounded < 0 else "") + text


def percent(share: float, decimals: int = 0) -> str:
    r"""Write a share as per cent.

    Examples
    --------
    >>> percent(-1.0), percent(0.0512, 1)
    ('−100\xa0%', '5.1\xa0%')
    """
    if not math.isfinite(share):
        return number(share)
    return f"{number(share * 100, decimals)}{NBSP}%"


def probability(share: float) -> str:
    r"""Write a probability estimated from draws, never as certain.

    Examples
    --------
    >>> probability(0.0), probability(0.634), probability(0.9999)
    ('under\xa01\xa0%', '63\xa0%', 'over\xa099\xa0%')
    """
    if math.isnan(share):
        return NOT_DEFINED
    if share < 0.01:
        return f"under{NBSP}1{NBSP}%"
    if share > 0.99:
        return f"over{NBSP}99{NBSP}%"
    return percent(share)


def rate(value: float, spread: float) -> str:
    r"""Write a yearly rate of return; a total loss is −100 %.

    Examples
    --------
    >>> rate(-1.0, 0.4), rate(0.0513, 0.012)
    ('−100\xa0%', '5.1\xa0%')
    """
    return percent(value) if value <= -1.0 else RATE.write(value, spread)


def multiple(value: float) -> str:
    """Write a multiple on invested capital.

    Examples
    --------
    >>> multiple(1.274)
    '1.27×'
    """
    return number(value) if not math.isfinite(value) else number(value, 2) + TIMES


def count(value: float, one: str, many: str = "") -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> count(1, "draw"), count(4000, "draw"), count(2, "party", "parties")
    ('1 draw', '4,000 draws', '2 parties')
    """
    noun = one if value == 1 else (many or one + "s")
    return f"{number(value)} {noun}"


@dataclass(frozen=True, slots=True)
class Unit:
    """How values of a kind are written.

    Parameters
    ----------
    factor
        What a value is multiplied with before it is written.
    before, after
        Text around the number.
    most
        The most decimals that are ever written.
    name
        The unit as a heading or an axis says it.
    """

    factor: float = 1.0
    before: str = ""
    after: str = ""
    most: int = 2
    name: str = ""

    @property
    def after_title(self) -> str:
        """The unit in brackets, as it follows a title; empty where there is none."""
        return f" ({self.name})" if self.name else ""

    def write(self, value: float, spread: float) -> str:
        """Write a value to the precision that its spread allows."""
        if not math.isfinite(value):
            return number(value)
        decimals = decimals_of(spread * self.factor, most=self.most)
        return f"{self.before}{number(value * self.factor, decimals)}{self.after}"

    def bare(self, value: float, spread: float) -> str:
        """Write a value without its unit."""
        if not math.isfinite(value):
            return number(value)
        return number(value * self.factor, decimals_of(spread * self.factor, most=self.most))

    def span(self, lower: float, upper: float, spread: float) -> str:
        """Write an interval."""
        return (
            f"{self.bare(lower, spread)} to {self.write(upper, spread).removeprefix(self.before)}"
        )


def money(currency: str) -> Unit:
    r"""Return the unit of amounts in a currency, written to the unit at most.

    Examples
    --------
    >>> money("EUR").write(1234567.0, 89000.0)
    'EUR\xa01,235,000'
    """
    before = f"{currency}{NBSP}" if currency else ""
    return Unit(before=before, most=0, name=currency)


RATE = Unit(factor=100.0, after=f"{NBSP}%", most=1, name="% a year")
SHARE = Unit(factor=100.0, after=f"{NBSP}%", most=1, name="%")
BARE = ("index", "number")
"""Units of outcomes that state none: the label says what is counted."""
POINTS = Unit(factor=100.0, after=" percentage points", most=1, name="percentage points")


def unit_of(measure: OutcomeMeasure, unit: str, *, effect: bool) -> Unit:
    """Return how an outcome's level, or the effect on it, is written.

    Parameters
    ----------
    measure
        The outcome.
    unit
        Its unit after collapsing periods; see `impactmodel.report.collapse.collapse`.
    effect
        Whether a difference is written: of a share, that is percentage points.
    """
    if measure.kind == "binary" and unit == measure.unit:
        return POINTS if effect else SHARE
    if measure.kind == "amount":
        return Unit(before=f"{measure.currency}{NBSP}", most=0, name=unit)
    # An index has a scale of its own, which may be as fine as that of a logarithm.
    name = "" if unit in BARE else unit
    most = 4 if measure.kind == "index" else 2
    return Unit(after=f" {name}" if name else "", most=most, name=name)

"""Money: currency and price base that must agree, and rounding that a contract states."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Literal

from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.rule.numbers import near
from impactmodel.core.spec import spec


@spec
class Rounding:
    """How a contract rounds: decimals and mode.

    Examples
    --------
    >>> Rounding(places=0).apply(Decimal("2.5"))
    Decimal('3')
    >>> Rounding(places=0, mode="half_even").apply(Decimal("2.5"))
    Decimal('2')
    """

    places: int = 2
    mode: Literal["half_up", "half_even", "down"] = "half_up"

    def apply(self, amount: Decimal) -> Decimal:
        """Round an amount."""
        modes = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}
        return near(amount).quantize(self._step, rounding=modes[self.mode])

    def down(self, amount: Decimal) -> Decimal:
        """Round an amount towards 0 to the same decimals: what a cap cuts stays under it."""
        return near(amount).quantize(self._step, rounding=ROUND_DOWN)

    @property
    def _step(self) -> Decimal:
        return Decimal(1).scaleb(-self.places)

    def text(self) -> str:
        """Say the rule in words."""
        words = {"half_up": "halves up", "half_even": "halves to even", "down": "down"}
        return f"rounded to {self.places} decimals, {words[self.mode]}"


def check_currency(code: str, key: str = "currency") -> None:
    """Raise `InputError` unless ``code`` looks like an ISO 4217 code."""
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise InputError("not a currency code", key=key, seen=code, fix="use a code such as EUR")


def same(what: str, left: str, right: str, left_name: str, right_name: str) -> None:
    """Raise `JoinError` unless two currencies or price bases agree (unstated agrees with all).

    Examples
    --------
    >>> same("currency", "EUR", "USD", "the contract", "the fund")
    Traceback (most recent call last):
    impactmodel.core.errors.JoinError: unlike currency: the contract has EUR, the fund has USD; ...
    """
    if left and right and left != right:
        raise JoinError(
            f"unlike {what}: {left_name} has {left}, {right_name} has {right}; "
            "convert one of them before joining"
        )

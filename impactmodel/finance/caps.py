"""Return caps: the most that a tranche may earn, as what it is due."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Draws = NDArray[np.float64]


@spec
class IrrCap:
    """Highest internal rate of return per year; what is due compounds by the fund's day count."""

    rate: float
    type: Literal["irr"] = field(default="irr", kw_only=True)

    def __post_init__(self) -> None:
        _rate(self.rate)

    def due_on_draw(self, amount: Draws) -> Draws:
        """Return what drawing an amount adds to the return that is due."""
        return np.zeros_like(amount)

    def accrued(self, principal: Draws, due: Draws, years: float) -> Draws:
        """Return what a span of years adds to the return that is due."""
        return np.asarray((principal + due) * ((1 + self.rate) ** years - 1))


@spec
class SimpleCap:
    """Simple interest per year on the principal that is out; interest bears no interest."""

    rate: float
    type: Literal["simple"] = field(default="simple", kw_only=True)

    def __post_init__(self) -> None:
        _rate(self.rate)

    def due_on_draw(self, amount: Draws) -> Draws:
        """Return what drawing an amount adds to the return that is due."""
        return np.zeros_like(amount)

    def accrued(self, principal: Draws, due: Draws, years: float) -> Draws:
        """Return what a span of years adds to the return that is due."""
        return principal * (self.rate * years)


@spec
class MultipleCap:
    """Highest multiple of what was drawn, whenever it comes: 1 is the principal alone."""

    multiple: float
    type: Literal["multiple"] = field(default="multiple", kw_only=True)

    def __post_init__(self) -> None:
        if not self.multiple >= 1:
            raise InputError(
                "a multiple covers at least the principal", key="multiple", seen=self.multiple
            )

    def due_on_draw(self, amount: Draws) -> Draws:
        """Return what drawing an amount adds to the return that is due."""
        return (self.multiple - 1) * amount

    def accrued(self, principal: Draws, due: Draws, years: float) -> Draws:
        """Return what a span of years adds to the return that is due."""
        return np.zeros_like(principal)


type ReturnCap = float | Annotated[IrrCap | SimpleCap | MultipleCap, Field(discriminator="type")]
"""A number is an `IrrCap`."""


def _rate(rate: float) -> None:
    if not rate >= 0:
        raise InputError(
            "a return cap is not below 0", key="rate", seen=rate, fix="write 5 % as 0.05"
        )

"""Uncertain numbers that a user states: distributions as values."""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

if TYPE_CHECKING:
    from numpy.typing import NDArray


@spec
class Fixed:
    """A number taken as known."""

    value: float
    type: Literal["fixed"] = field(default="fixed", kw_only=True)

    @property
    def mean(self) -> float:
        """The number."""
        return self.value

    def draw(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the number n times."""
        return np.full(n, self.value)


@spec
class Normal:
    """A normal distribution by mean and standard deviation."""

    mean: float
    sd: float
    type: Literal["normal"] = field(default="normal", kw_only=True)

    def __post_init__(self) -> None:
        _positive(self.sd, "sd")

    def draw(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return n draws."""
        return rng.normal(self.mean, self.sd, n)


@spec
class Beta:
    """A beta distribution of a share, by mean and standard deviation.

    Raises
    ------
    InputError
        Unless 0 < mean < 1 and sd² < mean (1 - mean).
    """

    mean: float
    sd: float
    type: Literal["beta"] = field(default="beta", kw_only=True)

    def __post_init__(self) -> None:
        _positive(self.sd, "sd")
        if not 0 < self.mean < 1:
            raise InputError("the mean of a share lies between 0 and 1", key="mean", seen=self.mean)
        if self.sd**2 >= self.mean * (1 - self.mean):
            raise InputError(
                "no beta distribution is so wide", key="sd", seen=self.sd, fix="give a smaller sd"
            )

    def draw(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return n draws."""
        total = self.mean * (1 - self.mean) / self.sd**2 - 1
        return rng.beta(self.mean * total, (1 - self.mean) * total, n)


@spec
class LogNormal:
    """A lognormal distribution of a positive number, by its own mean and standard deviation."""

    mean: float
    sd: float
    type: Literal["lognormal"] = field(default="lognormal", kw_only=True)

    def __post_init__(self) -> None:
        _positive(self.mean, "mean")
        _positive(self.sd, "sd")

    def draw(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return n draws."""
        variance = math.log1p((self.sd / self.mean) ** 2)
        return rng.lognormal(math.log(self.mean) - variance / 2, math.sqrt(variance), n)


type Distribution = Annotated[Fixed | Normal | Beta | LogNormal, Field(discriminator="type")]
type Uncertain = float | Distribution
"""A number, or a distribution where it is not known."""


def draw(value: Uncertain, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return n draws of an uncertain number.

    Examples
    --------
    >>> draw(0.3, 2, np.random.default_rng(1)).tolist()
    [0.3, 0.3]
    """
    known = Fixed(float(value)) if isinstance(value, (int, float)) else value
    return known.draw(n, rng)


def mean(value: Uncertain) -> float:
    """Return the mean of an uncertain number: its central point."""
    return float(value) if isinstance(value, (int, float)) else value.mean


def _positive(value: float, key: str) -> None:
    if not value > 0:
        raise InputError("this must be above 0", key=key, seen=value)

"""How uncertain a published estimate is, in the form in which the source gives it."""

from __future__ import annotations

from dataclasses import field
from statistics import NormalDist
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

_NORMAL = NormalDist()


@spec
class StandardError:
    """The standard error as published."""

    se: float
    type: Literal["standard_error"] = field(default="standard_error", kw_only=True)

    def __post_init__(self) -> None:
        if not self.se > 0:
            raise InputError("a standard error is above 0", key="se", seen=self.se)

    def standard_error(self, estimate: float) -> float:
        """Return the standard error."""
        return self.se

    def text(self) -> str:
        """Say where the standard error comes from."""
        return "as published"


@spec
class Interval:
    """A confidence interval with its probability, on the scale of the estimate.

    SE = (upper - lower) / (2 z), z the normal quantile of (1 + prob) / 2.
    """

    lower: float
    upper: float
    prob: float
    type: Literal["interval"] = field(default="interval", kw_only=True)

    def __post_init__(self) -> None:
        if not self.upper > self.lower:
            raise InputError("the interval is empty", key="upper", seen=self.upper)
        _require_probability(self.prob, "prob")

    def standard_error(self, estimate: float) -> float:
        """Return the standard error of a normal estimate with this interval."""
        return (self.upper - self.lower) / (2 * _NORMAL.inv_cdf((1 + self.prob) / 2))

    def text(self) -> str:
        """Say where the standard error comes from."""
        return f"from its {self.prob:.0%} interval"


@spec
class PValue:
    """A two-sided p value of the test of no effect: SE = |estimate| / z, z of 1 - p / 2."""

    p: float
    type: Literal["p_value"] = field(default="p_value", kw_only=True)

    def __post_init__(self) -> None:
        _require_probability(self.p, "p")

    def standard_error(self, estimate: float) -> float:
        """Return the standard error at which the estimate has this p value."""
        return _from_p(estimate, self.p)

    def text(self) -> str:
        """Say where the standard error comes from."""
        return f"from its p value of {self.p:g}"


@spec
class PRange:
    """A range of the p value, such as p < .05: the standard error is taken at its upper end.

    That is the widest standard error that the range allows.
    """

    upper: float
    lower: float = 0.0
    type: Literal["p_range"] = field(default="p_range", kw_only=True)

    def __post_init__(self) -> None:
        _require_probability(self.upper, "upper")
        if not 0 <= self.lower < self.upper:
            raise InputError("the range of p is empty", key="lower", seen=self.lower)

    def standard_error(self, estimate: float) -> float:
        """Return the standard error at the upper end of the range."""
        return _from_p(estimate, self.upper)

    def text(self) -> str:
        """Say where the standard error comes from."""
        return f"from p between {self.lower:g} and {self.upper:g}, at the upper end (widest)"


@spec
class AssumedVariation:
    """No measure of uncertainty is public: SE = cv |estimate|, an assumption of the user."""

    cv: float
    type: Literal["assumed_variation"] = field(default="assumed_variation", kw_only=True)

    def __post_init__(self) -> None:
        if not self.cv > 0:
            raise InputError("a coefficient of variation is above 0", key="cv", seen=self.cv)

    def standard_error(self, estimate: float) -> float:
        """Return the assumed standard error."""
        return self.cv * abs(estimate)

    def text(self) -> str:
        """Say where the standard error comes from."""
        return f"assumed: coefficient of variation {self.cv:g}, none is published"


type Uncertainty = Annotated[
    StandardError | Interval | PValue | PRange | AssumedVariation, Field(discriminator="type")
]


def _from_p(estimate: float, p: float) -> float:
    if estimate == 0:
        raise InputError(
            "an estimate of 0 and a p value say nothing about its error",
            key="uncertainty",
            fix="give a standard error or an interval",
        )
    return abs(estimate) / _NORMAL.inv_cdf(1 - p / 2)


def _require_probability(value: float, key: str) -> None:
    if not 0 < value < 1:
        raise InputError("a probability lies between 0 and 1", key=key, seen=value)

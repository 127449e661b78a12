"""Enrolment as planned: how many people are referred in each month, start, and stay."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from impactmodel.core.distribution import Uncertain, draw, mean
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Draws = NDArray[np.float64]


@spec
class ConstantRate:
    """The same number every month: one draw of ``per_month`` per draw of the outcomes."""

    per_month: Uncertain
    months: int = 1
    type: Literal["constant"] = field(default="constant", kw_only=True)

    def __post_init__(self) -> None:
        _checked(self.per_month, self.months)

    def planned(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Return people per draw and month, shape (draw, month), before rounding."""
        return np.repeat(draw(self.per_month, n_draws, rng)[:, None], self.months, axis=1)


@spec
class RampUp:
    """A number that grows evenly to ``per_month`` over ``ramp_months``, then stays.

    In month k of the ramp (from 1) it is k / ``ramp_months`` of the full number.
    """

    per_month: Uncertain
    months: int
    ramp_months: int
    type: Literal["ramp_up"] = field(default="ramp_up", kw_only=True)

    def __post_init__(self) -> None:
        _checked(self.per_month, self.months)
        if not 1 <= self.ramp_months <= self.months:
            raise InputError(
                "the ramp is a part of the months of referrals",
                key="ramp_months",
                seen=self.ramp_months,
                fix=f"give between 1 and {self.months}",
            )

    def planned(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Return people per draw and month, shape (draw, month), before rounding."""
        share = np.minimum(np.arange(1, self.months + 1) / self.ramp_months, 1.0)
        return draw(self.per_month, n_draws, rng)[:, None] * share


@spec
class StatedNumbers:
    """A number for each month, such as a plan's or those that were counted."""

    numbers: tuple[float, ...]
    type: Literal["stated"] = field(default="stated", kw_only=True)

    def __post_init__(self) -> None:
        for place, number in enumerate(self.numbers):
            if number < 0:
                raise InputError(
                    "a number of people is not negative", key=f"numbers[{place}]", seen=number
                )
        if not sum(self.numbers) > 0:
            raise InputError("nobody is referred", key="numbers")

    def planned(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Return people per draw and month, shape (draw, month), before rounding."""
        return np.tile(np.asarray(self.numbers, dtype=float), (n_draws, 1))


type Referrals = Annotated[ConstantRate | RampUp | StatedNumbers, Field(discriminator="type")]


@spec
class Enrolment:
    """How people come: referred month by month, taking up the service, dropping out of it.

    Parameters
    ----------
    referrals
        As planned; see `ConstantRate`, `RampUp`, `StatedNumbers`.
    late_start_months
        Months by which referrals begin later than planned, rounded to whole months.
    window_months
        Referrals end this many months after the fund's start, however late they began; None:
        the whole plan is carried out, later.
    shortfall
        Share of the planned referrals that never comes.
    take_up
        Share of the assigned who start.
    drop_out_per_month
        Share of the active who leave each month.
    service_months
        Months of service for who stays.
    """

    referrals: Referrals
    late_start_months: Uncertain = 0.0
    window_months: int | None = None
    shortfall: Uncertain = 0.0
    take_up: Uncertain = 1.0
    drop_out_per_month: Uncertain = 0.0
    service_months: int = 1

    def __post_init__(self) -> None:
        for key in ("window_months", "service_months"):
            months = getattr(self, key)
            if months is not None and months < 1:
                raise InputError(
                    "there must be a month", key=key, seen=months, fix="give at least 1"
                )
        if mean(self.late_start_months) < 0:
            raise InputError(
                "a delay is not negative",
                key="late_start_months",
                seen=mean(self.late_start_months),
            )
        for key in ("shortfall", "take_up", "drop_out_per_month"):
            if not 0 <= mean(getattr(self, key)) <= 1:
                raise InputError(
                    "a share lies between 0 and 1",
                    key=key,
                    seen=mean(getattr(self, key)),
                    fix="write 40 % as 0.4",
                )


def _checked(per_month: Uncertain, months: int) -> None:
    if months < 1:
        raise InputError("there must be a month", key="months", seen=months, fix="give at least 1")
    if not mean(per_month) > 0:
        raise InputError("nobody is referred", key="per_month")

"""What is varied: assumptions about published evidence, and inputs of the case."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.evidence import AssumedVariation

if TYPE_CHECKING:
    from impactmodel.evidence import PublishedEvidence

type Draws = NDArray[np.float64]


@spec
class Sensitivity:
    """What is varied: assumptions about published estimates, and the inputs of the case.

    Parameters
    ----------
    correlations
        Between the errors of the estimates, where it is not published.
    variations
        Coefficients of variation, where a standard error is not published.
    change
        Share by which a stated number (price, cap, cost, number of people) is varied either way.
    months
        How much later payments and referrals come.
    ranges
        Low and high value of an input by its path, such as ``funding.service_costs.set_up``, in
        place of the default or beside it; see `impactmodel.levers.Lever` for all keys.
    scenarios
        Several changes together, by name.
    """

    correlations: tuple[float, ...] = (0.0, 0.5, 1.0)
    variations: tuple[float, ...] = ()
    change: float = 0.1
    months: int = 6
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    scenarios: dict[str, dict[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.change < 1:
            raise InputError(
                "a change is a share between 0 and 1",
                key="change",
                seen=self.change,
                fix="write 10 % as 0.1",
            )
        if self.months < 1:
            raise InputError("a delay is at least a month", key="months", seen=self.months)
        for key, (low, high) in self.ranges.items():
            if not low < high:
                raise InputError(
                    "a range rises from its low to its high value",
                    key=f"ranges.{key}",
                    seen=f"{low:g}, {high:g}",
                )
        for place, rho in enumerate(self.correlations):
            if not 0 <= rho <= 1:
                raise InputError(
                    "a correlation between sizes of effects lies between 0 and 1",
                    key=f"correlations[{place}]",
                    seen=rho,
                )
        for place, cv in enumerate(self.variations):
            if not cv > 0:
                raise InputError(
                    "a coefficient of variation is above 0", key=f"variations[{place}]", seen=cv
                )


@dataclass(frozen=True, slots=True)
class Varied:
    """A run under other assumptions about the evidence; draws kept.

    Parameters
    ----------
    correlation
        Between the errors of the estimates; None: as published.
    variation
        Coefficient of variation of estimates without a published error; None: as stated.
    payments, saved
        Outcome payments, and what the public purse saves, each of shape (draw,) or None.
    loses
        Whether the investors lose money, shape (draw,) or None.
    overpays
        By payer: whether it pays more than it saves, each of shape (draw,).
    assumed
        What was assumed of evidence that is not published; empty for published evidence.
    """

    correlation: float | None
    variation: float | None
    payments: Draws | None
    saved: Draws | None
    loses: NDArray[np.bool_] | None
    overpays: dict[str, NDArray[np.bool_]]
    assumed: str = ""


def variants(
    published: PublishedEvidence, asked: Sensitivity
) -> list[tuple[float | None, float | None, PublishedEvidence]]:
    """Return (correlation, coefficient of variation, evidence) of every combination.

    Only what is not published varies: without an unpublished correlation of several estimates or
    an assumed error there is nothing to vary, and the list is empty.
    """
    unknown = published.correlation is None and len(published.estimates) > 1
    assumed = any(isinstance(e.uncertainty, AssumedVariation) for e in published.estimates)
    rhos: list[float | None] = list(asked.correlations) if unknown else [None]
    cvs: list[float | None] = list(asked.variations) if assumed and asked.variations else [None]
    if rhos == [None] and cvs == [None]:
        return []
    return [(rho, cv, _varied(published, rho, cv)) for cv in cvs for rho in rhos]


def _varied(published: PublishedEvidence, rho: float | None, cv: float | None) -> PublishedEvidence:
    estimates = tuple(
        replace(e, uncertainty=AssumedVariation(cv))
        if cv is not None and isinstance(e.uncertainty, AssumedVariation)
        else e
        for e in published.estimates
    )
    correlation = published.correlation if rho is None else rho
    return replace(published, estimates=estimates, correlation=correlation)

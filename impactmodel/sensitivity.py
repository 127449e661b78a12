"""What stands on an assumption about published evidence: the same run under other assumptions."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
class EvidenceSensitivity:
    """Which assumptions about published estimates are varied.

    Parameters
    ----------
    correlations
        Between the errors of the estimates, where it is not published.
    variations
        Coefficients of variation, where a standard error is not published.
    """

    correlations: tuple[float, ...] = (0.0, 0.5, 1.0)
    variations: tuple[float, ...] = ()

    def __post_init__(self) -> None:
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
    """

    correlation: float | None
    variation: float | None
    payments: Draws | None
    saved: Draws | None
    loses: NDArray[np.bool_] | None
    overpays: dict[str, NDArray[np.bool_]]


def variants(
    published: PublishedEvidence, asked: EvidenceSensitivity
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

"""Designs on panels as a case file states them."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.core.spec import spec
from impactmodel.effects.choice import options
from impactmodel.effects.did_options import Comparison, DifferencePriors
from impactmodel.effects.difference_in_differences import (
    DifferenceClock,
    DifferenceInDifferences,
)
from impactmodel.effects.methods import Method
from impactmodel.evidence import Panel


@spec
class DifferenceInDifferencesChoice:
    """`DifferenceInDifferences` without its evidence.

    Parameters
    ----------
    comparison, priors, clock
        As in `DifferenceInDifferences`.
    method
        `Sampler` or `ClosedForm`; None takes the closed form.
    """

    comparison: Comparison = field(default_factory=Comparison)
    priors: DifferencePriors = field(default_factory=DifferencePriors)
    clock: DifferenceClock = "calendar"
    method: Method | None = None
    type: Literal["difference_in_differences"] = field(
        default="difference_in_differences", kw_only=True
    )

    def design(
        self,
        evidence: Panel,
        *,
        source: str = "",
        price_base: str = "",
    ) -> DifferenceInDifferences:
        """Return the design with its evidence, which has its own periods."""
        return DifferenceInDifferences(
            evidence,
            **options(self),
            source=source,
            price_base=price_base,
        )

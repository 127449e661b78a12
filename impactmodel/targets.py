"""Gross targets: what was promised without a comparison group, beside the effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.spec import spec

type Draws = NDArray[np.float64]


@spec
class GrossTarget:
    """A number of units that was promised, whatever would have happened anyway.

    Parameters
    ----------
    name
        What was to be reached, such as ``employed``.
    promised
        Units over the cohort.
    outcome
        The outcome whose level with the programme says what was reached, over all people and
        periods; or
    achieved
        the number itself, as it was counted.
    source, locator, url, quote
        Where promise and count were read. Without a locator, or a url with the quote, they are
        unverified.
    """

    name: str
    promised: float
    outcome: str = ""
    achieved: float | None = None
    source: str = ""
    locator: str = ""
    url: str = ""
    quote: str = ""

    def __post_init__(self) -> None:
        if not self.promised > 0:
            raise InputError("a target is above 0", key="promised", seen=self.promised)
        if bool(self.outcome) == (self.achieved is not None):
            raise InputError(
                "give exactly one of 'outcome' and 'achieved'",
                key="achieved",
                seen="both" if self.outcome else "neither",
            )
        if self.achieved is not None and self.achieved < 0:
            raise InputError("a count is not negative", key="achieved", seen=self.achieved)

    @property
    def verified(self) -> bool:
        """Whether somebody can look the numbers up where they were read."""
        return bool(self.source and (self.locator or (self.url and self.quote)))


@dataclass(frozen=True, slots=True)
class TargetVerdict:
    """A gross target and what was reached, draw by draw.

    Parameters
    ----------
    reached
        Units over the cohort, shape (draw,).
    """

    target: GrossTarget
    reached: Draws

    @property
    def probability_met(self) -> float:
        """The share of draws in which the target is reached."""
        return float((self.reached >= self.target.promised).mean())


def judge(target: GrossTarget, outcomes: Outcomes) -> TargetVerdict:
    """Hold what was reached against what was promised.

    Raises
    ------
    InputError
        If the outcome is not there or its level is not known.

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.core.outcomes import Provenance
    >>> from impactmodel.core.schedule import Periods
    >>> job = OutcomeMeasure("job", kind="binary")
    >>> outcomes = Outcomes.from_draws([[0.4]], [[0.3]], measures=[job], cohort_size=100,
    ...     periods=Periods(dt.date(2024, 1, 1), "year", 1), provenance=Provenance())
    >>> judge(GrossTarget("in work", 50, outcome="job"), outcomes).reached.tolist()
    [40.0]
    """
    if target.achieved is not None:
        return TargetVerdict(target, np.full(outcomes.n_draws, target.achieved))
    outcomes.require_levels(target.outcome)
    measure = outcomes.measure(target.outcome)
    level = outcomes.level("treated", target.outcome) * outcomes.cohort_size
    people = level.sum("group").transpose("draw", "period").values
    if measure.accrual == "flow":
        return TargetVerdict(target, people.sum(axis=1))
    return TargetVerdict(target, people[:, -1])

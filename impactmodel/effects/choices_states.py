"""`Transitions` and its method as a case file states them, apart from the evidence."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from typing import Literal

from impactmodel.core.spec import spec
from impactmodel.effects.choice import options
from impactmodel.effects.methods import Method
from impactmodel.effects.transition_priors import DirichletRows, RowPriors, StateTarget
from impactmodel.effects.transitions import Transitions
from impactmodel.evidence.state_cells import StateCells
from impactmodel.evidence.transitions import StateHistories


@spec
class TransitionsChoice:
    """`Transitions` without its evidence.

    Parameters
    ----------
    bands, pool_groups, priors, initial, design_effect, target
        As in `Transitions`.
    method
        `Sampler` or `ClosedForm`; None takes the closed form where there is one.
    """

    bands: tuple[int, ...] = ()
    pool_groups: bool = False
    priors: RowPriors = field(default_factory=DirichletRows)
    initial: Literal["by_arm", "common"] = "by_arm"
    design_effect: float = 1.0
    target: StateTarget = field(default_factory=StateTarget)
    method: Method | None = None
    type: Literal["transitions"] = field(default="transitions", kw_only=True)

    def design(
        self,
        evidence: StateHistories | StateCells,
        start: dt.date | None = None,
        *,
        source: str = "",
    ) -> Transitions:
        """Return the design with its evidence."""
        return Transitions(
            evidence,
            **options(self),
            start=start,
            source=source,
        )

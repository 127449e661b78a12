"""`Durations` and its method as a case file states them, apart from the evidence."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.core.spec import spec
from impactmodel.effects.choice import options
from impactmodel.effects.durations import Durations
from impactmodel.effects.hazard_priors import DurationPriors, HazardPriors
from impactmodel.effects.methods import Method
from impactmodel.evidence.spell_cells import SpellCells
from impactmodel.evidence.spells import Spells


@spec
class DurationsChoice:
    """`Durations` without its evidence.

    Parameters
    ----------
    job, horizons, outcome, adjust, pool_groups, priors
        As in `Durations`.
    method
        `Sampler`, or `ClosedForm` with `DirichletPriors`; None takes the closed form where there
        is one.

    Examples
    --------
    >>> from impactmodel.core.spec import dump, load
    >>> choice = DurationsChoice(job=("job",), horizons=(6, 12))
    >>> load(DurationsChoice, dump(choice)) == choice
    True
    """

    job: tuple[str, ...]
    horizons: tuple[int, ...]
    outcome: str = "job"
    adjust: bool = False
    pool_groups: bool = False
    priors: DurationPriors = field(default_factory=HazardPriors)
    method: Method | None = None
    type: Literal["durations"] = field(default="durations", kw_only=True)

    def design(self, evidence: Spells | SpellCells, *, source: str = "") -> Durations:
        """Return the design with its evidence."""
        return Durations(
            evidence,
            **options(self),
            source=source,
        )

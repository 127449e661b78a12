"""A design and its method as a case file states them, apart from the evidence."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.core.schedule import Periods
from impactmodel.core.spec import spec
from impactmodel.effects.experiment import Experiment
from impactmodel.effects.experiment_targets import ExperimentTarget, Population
from impactmodel.effects.methods import Method
from impactmodel.effects.missing import MissingShift
from impactmodel.effects.priors import Priors
from impactmodel.evidence import Cells, Cohort


@spec
class ExperimentChoice:
    """`Experiment` without its evidence.

    Parameters
    ----------
    adjust, pool_groups, priors, missing, target
        As in `Experiment`.
    method
        `Sampler` or `ClosedForm`; None takes the closed form where there is one.
    """

    adjust: bool = False
    pool_groups: bool = False
    priors: Priors = field(default_factory=Priors)
    missing: tuple[MissingShift, ...] = ()
    target: ExperimentTarget = field(default_factory=Population)
    method: Method | None = None
    type: Literal["experiment"] = field(default="experiment", kw_only=True)

    def design(
        self,
        evidence: Cohort | Cells,
        periods: Periods | None = None,
        *,
        source: str = "",
        price_base: str = "",
    ) -> Experiment:
        """Return the design with its evidence."""
        return Experiment(
            evidence,
            adjust=self.adjust,
            pool_groups=self.pool_groups,
            priors=self.priors,
            missing=self.missing,
            target=self.target,
            periods=periods,
            source=source,
            price_base=price_base,
        )


type DesignChoice = ExperimentChoice

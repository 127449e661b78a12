"""A design and its method as a case file states them, apart from the evidence."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Annotated, Literal, get_args

from pydantic import Field

from impactmodel.core.schedule import Periods
from impactmodel.core.spec import spec
from impactmodel.effects.choices_panel import DifferenceInDifferencesChoice
from impactmodel.effects.choices_published import HistoricalControlsChoice, MetaAnalysisChoice
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

    takes = ("cohort",)

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


# A new design is one line here; its `takes` names the types of evidence that it reads.
type DesignChoice = Annotated[
    ExperimentChoice
    | DifferenceInDifferencesChoice
    | HistoricalControlsChoice
    | MetaAnalysisChoice,
    Field(discriminator="type"),
]


def designs_for(evidence: str) -> tuple[str, ...]:
    """Return the types of designs that read a type of evidence.

    Examples
    --------
    >>> designs_for("studies")
    ('meta_analysis',)
    """
    union, _ = get_args(DesignChoice.__value__)
    return tuple(
        next(str(f.default) for f in fields(choice) if f.name == "type")
        for choice in get_args(union)
        if evidence in choice.takes
    )

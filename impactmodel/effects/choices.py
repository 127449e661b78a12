"""A design and its method as a case file states them, apart from the evidence."""

from __future__ import annotations

from dataclasses import field, fields
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_type_hints

from pydantic import Field

from impactmodel.core.schedule import Periods
from impactmodel.core.spec import spec
from impactmodel.effects.choice import options
from impactmodel.effects.choices_panel import DifferenceInDifferencesChoice
from impactmodel.effects.choices_people import (
    EncouragementChoice,
    MatchedComparisonChoice,
    PredictedBaselineChoice,
)
from impactmodel.effects.choices_published import HistoricalControlsChoice, MetaAnalysisChoice
from impactmodel.effects.choices_series import (
    BeforeAfterChoice,
    InterruptedTimeSeriesChoice,
    SyntheticControlChoice,
)
from impactmodel.effects.choices_spells import DurationsChoice
from impactmodel.effects.choices_states import TransitionsChoice
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
    adjust, pool_groups, separate_groups, priors, missing, target
        As in `Experiment`.
    method
        `Sampler` or `ClosedForm`; None takes the closed form where there is one.
    """

    adjust: bool = False
    pool_groups: bool = False
    separate_groups: bool = False
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
            **options(self),
            periods=periods,
            source=source,
            price_base=price_base,
        )


# A new design is one line here; the first argument of its `design` says what evidence it reads.
type DesignChoice = Annotated[
    ExperimentChoice
    | DifferenceInDifferencesChoice
    | HistoricalControlsChoice
    | MetaAnalysisChoice
    | MatchedComparisonChoice
    | EncouragementChoice
    | PredictedBaselineChoice
    | DurationsChoice
    | TransitionsChoice
    | SyntheticControlChoice
    | InterruptedTimeSeriesChoice
    | BeforeAfterChoice,
    Field(discriminator="type"),
]


def designs_for(evidence: Any) -> tuple[str, ...]:
    """Return the types of designs that read evidence of a class.

    Examples
    --------
    >>> from impactmodel.evidence import PublishedEvidence
    >>> designs_for(tuple[PublishedEvidence, ...])
    ('meta_analysis',)
    """
    union, _ = get_args(DesignChoice.__value__)
    return tuple(
        next(str(f.default) for f in fields(choice) if f.name == "type")
        for choice in get_args(union)
        if evidence in _read_by(choice)
    )


def _read_by(choice: Any) -> tuple[Any, ...]:
    hint = get_type_hints(choice.design)["evidence"]
    return get_args(hint) if isinstance(hint, UnionType) else (hint,)

"""The designs on people as a case file states them, apart from the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from impactmodel.core.schedule import Periods
from impactmodel.core.spec import spec
from impactmodel.effects.choice import options
from impactmodel.effects.design_stage import design_stage
from impactmodel.effects.encouragement import Encouragement
from impactmodel.effects.given_prediction import GivenPrediction
from impactmodel.effects.matched_comparison import MatchedComparison
from impactmodel.effects.methods import Method
from impactmodel.effects.predicted_baseline import PredictedBaseline, PredictionPriors
from impactmodel.effects.principal_strata import StrataPriors
from impactmodel.effects.sensitivity import Bias
from impactmodel.effects.weighting import EntropyBalancing, Weighting
from impactmodel.evidence import Cells, Cohort


@spec
class MatchedComparisonChoice:
    """`MatchedComparison` without its evidence.

    Parameters
    ----------
    weighting, by_group
        How comparison people are weighted, and whether within each group, as in `design_stage`.
    bias, population
        As in `MatchedComparison`.
    method
        `Sampler` or `ClosedForm`; None takes the closed form.

    Examples
    --------
    >>> MatchedComparisonChoice().weighting.type
    'entropy_balancing'
    """

    weighting: Weighting = field(default_factory=EntropyBalancing)
    by_group: bool = False
    bias: Mapping[str, Bias] = field(default_factory=dict)
    population: Literal["participants", "assigned"] = "participants"
    method: Method | None = None
    type: Literal["matched_comparison"] = field(default="matched_comparison", kw_only=True)

    def design(
        self,
        evidence: Cohort | Cells,
        periods: Periods | None = None,
        *,
        source: str = "",
        price_base: str = "",
    ) -> MatchedComparison:
        """Return the design with its evidence; the weights are made and frozen."""
        return MatchedComparison(
            evidence,
            design_stage(evidence, self.weighting, by_group=self.by_group),
            bias=self.bias,
            population=self.population,
            periods=periods,
            source=source,
            price_base=price_base,
        )


@spec
class EncouragementChoice:
    """`Encouragement` without its evidence.

    Parameters
    ----------
    take_up, estimand, sides, priors
        As in `Encouragement`.
    method
        `Sampler` or `ClosedForm`; None takes the closed form where there is one.

    Examples
    --------
    >>> EncouragementChoice("took_part").estimand
    'ITT'
    """

    take_up: str
    estimand: Literal["ITT", "CACE"] = "ITT"
    sides: Literal["one", "two"] | None = None
    priors: StrataPriors = field(default_factory=StrataPriors)
    method: Method | None = None
    type: Literal["encouragement"] = field(default="encouragement", kw_only=True)

    def design(
        self,
        evidence: Cohort | Cells,
        periods: Periods | None = None,
        *,
        source: str = "",
        price_base: str = "",
    ) -> Encouragement:
        """Return the design with its evidence."""
        return Encouragement(
            evidence,
            **options(self),
            periods=periods,
            source=source,
            price_base=price_base,
        )


@spec
class PredictedBaselineChoice:
    """`PredictedBaseline` without its evidence.

    Parameters
    ----------
    given, cohort, priors, baseline, population
        As in `PredictedBaseline`.
    method
        `Sampler` or `ClosedForm`; None takes the closed form where there is one.

    Examples
    --------
    >>> PredictedBaselineChoice().cohort
    'realised'
    """

    given: tuple[GivenPrediction, ...] = ()
    cohort: Literal["realised", "new"] = "realised"
    priors: PredictionPriors = field(default_factory=PredictionPriors)
    baseline: Mapping[str, float] = field(default_factory=dict)
    population: Literal["participants", "assigned"] = "participants"
    method: Method | None = None
    type: Literal["predicted_baseline"] = field(default="predicted_baseline", kw_only=True)

    def design(
        self,
        evidence: Cohort | Cells,
        periods: Periods | None = None,
        *,
        source: str = "",
        price_base: str = "",
    ) -> PredictedBaseline:
        """Return the design with its evidence."""
        return PredictedBaseline(
            evidence,
            **options(self),
            periods=periods,
            source=source,
            price_base=price_base,
        )

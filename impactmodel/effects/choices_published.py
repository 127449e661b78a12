"""Designs on published figures as a case file states them."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.core.schedule import Periods
from impactmodel.core.spec import spec
from impactmodel.effects.arms import BorrowingPriors, TrialGroups
from impactmodel.effects.choice import options
from impactmodel.effects.historical_controls import HistoricalControls
from impactmodel.effects.meta_analysis import MetaAnalysis
from impactmodel.effects.meta_targets import MetaPriors, Target
from impactmodel.effects.methods import Method
from impactmodel.evidence import PublishedEvidence


@spec
class MetaAnalysisChoice:
    """`MetaAnalysis` without its studies.

    Parameters
    ----------
    target, priors, same_study, labels, correlation
        As in `MetaAnalysis`.
    method
        `Sampler` or `ClosedForm`; None takes the closed form.
    """

    target: Target
    priors: MetaPriors = field(default_factory=MetaPriors)
    same_study: bool = False
    labels: tuple[str, ...] = ()
    correlation: float | None = None
    method: Method | None = None
    type: Literal["meta_analysis"] = field(default="meta_analysis", kw_only=True)

    def design(self, evidence: tuple[PublishedEvidence, ...]) -> MetaAnalysis:
        """Return the design with its studies, which have their own periods and sources."""
        return MetaAnalysis(
            evidence,
            **options(self),
        )


@spec
class HistoricalControlsChoice:
    """`HistoricalControls` without its arms.

    Parameters
    ----------
    priors
        As in `HistoricalControls`.
    method
        `Sampler` or `ClosedForm`; None takes the closed form.
    """

    priors: BorrowingPriors = field(default_factory=BorrowingPriors)
    method: Method | None = None
    type: Literal["historical_controls"] = field(default="historical_controls", kw_only=True)

    def design(
        self,
        evidence: TrialGroups,
        periods: Periods | None = None,
        *,
        source: str = "",
        price_base: str = "",
    ) -> HistoricalControls:
        """Return the design with its evidence."""
        return HistoricalControls(
            evidence.outcome,
            evidence.history,
            evidence.trial,
            priors=self.priors,
            periods=periods,
            source=source,
            price_base=price_base,
        )

"""Designs of one treated series as a case file states them, apart from the evidence."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.core.spec import spec
from impactmodel.effects.before_after import BeforeAfter
from impactmodel.effects.choice import options
from impactmodel.effects.interrupted_time_series import InterruptedTimeSeries
from impactmodel.effects.its_priors import SeriesPriors
from impactmodel.effects.methods import Method, Sampler
from impactmodel.effects.sc_model import DonorPriors, Errors
from impactmodel.effects.synthetic_control import SyntheticControl
from impactmodel.evidence.panel import Panel


@spec
class SyntheticControlChoice:
    """`SyntheticControl` without its evidence.

    Parameters
    ----------
    priors, error
        As ``priors`` and ``errors`` of `SyntheticControl`.
    method
        `Sampler`; None takes its defaults.

    Examples
    --------
    >>> SyntheticControlChoice().error
    'placebo'
    """

    priors: DonorPriors = field(default_factory=DonorPriors)
    error: Errors = "placebo"
    method: Sampler | None = None
    type: Literal["synthetic_control"] = field(default="synthetic_control", kw_only=True)

    def design(
        self, evidence: Panel, *, source: str = "", price_base: str = ""
    ) -> SyntheticControl:
        """Return the design with its evidence."""
        return SyntheticControl(
            evidence, priors=self.priors, errors=self.error, source=source, price_base=price_base
        )


@spec
class InterruptedTimeSeriesChoice:
    """`InterruptedTimeSeries` without its evidence.

    Parameters
    ----------
    controls, trend, season, priors
        As in `InterruptedTimeSeries`.
    method
        `Sampler` or `ClosedForm`; None takes the closed form.

    Examples
    --------
    >>> InterruptedTimeSeriesChoice(season=12).trend
    False
    """

    controls: tuple[str, ...] = ()
    trend: bool = False
    season: int = 0
    priors: SeriesPriors = field(default_factory=SeriesPriors)
    method: Method | None = None
    type: Literal["interrupted_time_series"] = field(
        default="interrupted_time_series", kw_only=True
    )

    def design(
        self, evidence: Panel, *, source: str = "", price_base: str = ""
    ) -> InterruptedTimeSeries:
        """Return the design with its evidence."""
        return InterruptedTimeSeries(
            evidence,
            **options(self),
            source=source,
            price_base=price_base,
        )


@spec
class BeforeAfterChoice:
    """`BeforeAfter`, which is refused when it is fitted.

    Examples
    --------
    >>> BeforeAfterChoice().type
    'before_after'
    """

    type: Literal["before_after"] = field(default="before_after", kw_only=True)

    def design(self, evidence: Panel) -> BeforeAfter:
        """Return the design with its evidence."""
        return BeforeAfter(evidence)

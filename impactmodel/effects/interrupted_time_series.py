"""Interrupted time series: what the series itself would have done, learnt before the start."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.core.outcomes import Provenance
from impactmodel.effects.checks import Check
from impactmodel.effects.designs import prepare
from impactmodel.effects.its_checks import series_checks
from impactmodel.effects.its_model import SeriesWithoutProgramme
from impactmodel.effects.its_priors import Array, SeriesPriors
from impactmodel.effects.series_prepared import PreparedSeries
from impactmodel.effects.state_space import Structure
from impactmodel.effects.treated_series import TreatedSeries, scale_of, treated_series
from impactmodel.evidence.panel import Panel

# With all its range spent on a straight line, a standardised series of n periods has this slope
# times n, about: the scale of the first slope.
_RANGE = 4.0
# A season is learnt from at least two of them.
_SEASONS = 2


@dataclass(frozen=True, slots=True)
class InterruptedTimeSeries:
    r"""One treated series whose level, season and controls before the start tell what follows.

    The estimand is the effect on the treated in each period from the start on. Identified if,
    without treatment, the series had gone on as the model says: the level moves by small steps,
    the season and the relation to the controls stay, nothing else happens at the start, and the
    controls are not affected by the treatment. Nothing in the series itself can tell an effect
    from another event at the same time: a design with untreated units is stronger.

    .. math::
        y_t = \mu_t + \gamma_t + x_t^\top \beta + \varepsilon_t, \quad
        \mu_t = \mu_{t-1} + \delta_{t-1} + \eta_t

    with Gaussian steps, a slope :math:`\delta` if there is a trend and seasonal effects
    :math:`\gamma` that sum to 0 in expectation. States and coefficients are integrated out; the
    posterior of the scales is exact (quadrature).

    Parameters
    ----------
    panel
        A balanced `Panel`; several treated units that start together count as their mean.
    controls
        Names of covariates of the panel, or labels of never treated units, whose outcome is then
        the control series.
    trend
        Whether the level has a slope, which may change.
    season
        Periods in a season, such as 12 for months; 0 for none.
    priors
        Of the scales and coefficients, see also `causal_impact_priors`.
    source, price_base
        Citation of the data and price level of amounts, for the record.

    Examples
    --------
    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> rows = pd.DataFrame({"city": "a", "year": [*range(2011, 2021)], "first": 2019.0,
    ...     "jobs": [5.0, 6, 5, 6, 5, 6, 5, 6, 9, 9]})
    >>> panel = Panel.from_frame(rows, unit="city", period="year", start="first",
    ...     outcomes=[OutcomeMeasure("jobs", kind="index")])
    >>> from impactmodel.effects.fitting import fit
    >>> effect = fit(InterruptedTimeSeries(panel)).outcomes.effect()
    >>> 3.0 < float(effect.mean()) < 4.0  # 9 less the mean before the start, 5.5
    True
    """

    panel: Panel
    controls: tuple[str, ...] = ()
    trend: bool = False
    season: int = 0
    priors: SeriesPriors = field(default_factory=SeriesPriors)
    source: str = ""
    price_base: str = ""

    def __post_init__(self) -> None:
        if self.season < 0 or self.season == 1:
            raise InputError(
                "a season has at least two periods", key="season", seen=self.season, fix="use 0"
            )
        if len(set(self.controls)) < len(self.controls):
            raise InputError("a control is named twice", key="controls")


def interruption_checks(design: InterruptedTimeSeries) -> tuple[Check, ...]:
    """Check a placebo date, what is left over, and whether controls change at the start."""
    series = _series(design)
    models = tuple(_model(design, series, k) for k in range(len(design.panel.outcomes)))
    return series_checks(models, design.controls)


def _series(design: InterruptedTimeSeries) -> TreatedSeries:
    series = treated_series(design.panel)
    if design.season and series.first < _SEASONS * design.season:
        raise NotIdentifiedError(
            f"{series.first} periods before the start do not show a season of {design.season}; "
            f"add earlier periods, at least {_SEASONS * design.season} in all"
        )
    columns = len(design.controls) + design.priors.constant
    if columns + _RANGE > series.first:
        raise NotIdentifiedError(
            f"{series.first} periods before the start do not tell the coefficients of "
            f"{columns} controls; name fewer or add earlier periods"
        )
    return series


@prepare.register
def _(design: InterruptedTimeSeries) -> PreparedSeries:
    series = _series(design)
    models = tuple(_model(design, series, k) for k in range(len(design.panel.outcomes)))
    return PreparedSeries(
        models=models,
        series=series,
        provenance=Provenance(
            estimand="ATT",
            population="participants",
            design="interrupted time series",
            source=design.source,
            price_base=design.price_base,
            assumptions=_statements(design, series),
        ),
        checks=lambda: series_checks(models, design.controls),
        exact="",
    )


def _model(
    design: InterruptedTimeSeries, series: TreatedSeries, outcome: int
) -> SeriesWithoutProgramme:
    before = series.treated[: series.first, outcome]
    mean, sd = scale_of(before)
    y = (before - mean) / sd
    x = _controls(design, series, outcome)
    return SeriesWithoutProgramme(
        measure=design.panel.outcomes[outcome],
        y=y,
        structure=Structure(
            trend=design.trend,
            season=design.season,
            x=x,
            start=float(y[0]) if design.priors.start == "first" else 0.0,
            slope_sd=_RANGE / series.first,
            coefficients=_coefficients(x[: series.first], design.priors.information),
        ),
        priors=design.priors,
        unit=(mean, sd),
    )


def _controls(design: InterruptedTimeSeries, series: TreatedSeries, outcome: int) -> Array:
    """Return the controls over all periods, standardised by those before the start."""
    there = {name: series.untreated[:, i, outcome] for i, name in enumerate(series.names)}
    there |= {name: series.covariates[:, i] for i, name in enumerate(design.panel.covariates)}
    columns = [np.ones(len(series.treated))] if design.priors.constant else []
    for name in design.controls:
        if name not in there:
            raise InputError(
                "this is neither a covariate nor a never treated unit of the panel",
                key="controls",
                seen=name,
            )
        mean, sd = scale_of(there[name][: series.first])
        columns.append((there[name] - mean) / sd)
    return np.column_stack(columns) if columns else np.empty((len(series.treated), 0))


def _coefficients(x: Array, information: float) -> Array:
    """Return Zellner's prior covariance, for noise of standard deviation 1."""
    square = x.T @ x / len(x)
    shrunk = 0.5 * square + 0.5 * np.diag(np.diag(square))
    return np.asarray(np.linalg.inv(information * shrunk))


def _statements(design: InterruptedTimeSeries, series: TreatedSeries) -> tuple[str, ...]:
    parts = ["a level that moves by small steps"]
    parts += ["a slope"] if design.trend else []
    parts += [f"a season of {design.season} periods"] if design.season else []
    parts += [f"{len(design.controls)} control series"] if design.controls else []
    said = [
        f"without treatment the series had gone on as in the {series.first} periods before the "
        f"start: {', '.join(parts)} and noise",
        "nothing else happened at the start: the series cannot tell an effect from another event "
        "at the same time",
        "nothing reacts to treatment before its start",
        "outcomes of the treated are those observed: effects are those of the units at hand, and "
        "their uncertainty holds the error of prediction in each period",
    ]
    if design.controls:
        said.append("the control series are not affected by the treatment")
    if series.units > 1:
        said.append(f"{series.units} treated units count as their weighted mean")
    if len(design.panel.outcomes) > 1:
        said.append("given the data, the errors of different outcomes are independent")
    return tuple(said)

"""Synthetic control: what a weighted mean of untreated units did stands in for the treated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.core.outcomes import Provenance
from impactmodel.effects.checks import Check
from impactmodel.effects.designs import prepare
from impactmodel.effects.methods import Sampler
from impactmodel.effects.result import EffectFit
from impactmodel.effects.sc_checks import donor_checks
from impactmodel.effects.sc_model import DonorModel, DonorPriors, Errors
from impactmodel.effects.sc_sampler import sample_donors
from impactmodel.effects.sc_twins import PointEstimate, placebo_errors, point_estimates
from impactmodel.effects.series_prepared import PreparedSeries, tree_of
from impactmodel.effects.treated_series import TreatedSeries, scale_of, treated_series
from impactmodel.evidence.panel import Panel

if TYPE_CHECKING:
    import xarray as xr

    from impactmodel.effects.sc_model import Array

_FEWEST_DONORS = 2
# Below this a 95 % interval is made of fewer than one error on each side.
_FEWEST_PLACEBOS = 10


@dataclass(frozen=True, slots=True)
class SyntheticControl:
    r"""Treated units that start together, compared with a weighted mean of units never treated.

    The estimand is the effect on the treated in each period from the start on. Identified if the
    weights that make the donors' mean follow the treated before the start would have done so
    afterwards: donors and treated move by the same forces, and nothing else happened to the
    treated or to the donors that count. Donors must not be affected by the treatment.

    Effects carry the uncertainty of the weights and the error of prediction: what the treated
    would have had strays from the donors' mean after the start, by default as far as donors stray
    from theirs when each is taken as treated.

    Parameters
    ----------
    panel
        A balanced `Panel`; several treated units count as their weighted mean. Its covariates
        are not used.
    priors
        Of weights, constant and errors.
    errors
        ``placebo``: from the start on, those of the donors taken as treated, in ratio to the fit
        before it. ``ar1``: as they were before the start. ``independent``: likewise, without
        memory. The last two make the interval too narrow where units drift apart later.
    source, price_base
        Citation of the data and price level of amounts, for the record.

    Examples
    --------
    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> rows = pd.DataFrame({"city": list("aaaaabbbbbccccc"), "year": [*range(2016, 2021)] * 3,
    ...     "first": [2020.0] * 5 + [None] * 10, "jobs": [1.0, 2, 3, 4, 8,
    ...     0, 0, 0, 0, 0, 4, 8, 12, 16, 20]})
    >>> panel = Panel.from_frame(rows, unit="city", period="year", start="first",
    ...     outcomes=[OutcomeMeasure("jobs", kind="index")])
    >>> best, *_ = control_estimates(SyntheticControl(panel))[0]
    >>> round(best.effect, 9)  # 8 - (3/4 of 0 + 1/4 of 20)
    3.0
    """

    panel: Panel
    priors: DonorPriors = field(default_factory=DonorPriors)
    errors: Errors = "placebo"
    source: str = ""
    price_base: str = ""

    def __post_init__(self) -> None:
        if self.errors not in {"placebo", "ar1", "independent"}:
            raise InputError(
                "errors are 'placebo', 'ar1' or 'independent'", key="errors", seen=self.errors
            )


def control_estimates(design: SyntheticControl) -> tuple[tuple[PointEstimate, ...], ...]:
    """Estimate by exact weights, synthetic DiD and DiD, without priors: one tuple per outcome.

    Raises
    ------
    NotIdentifiedError
        If nobody is treated, fewer than two units are never treated, or fewer than four periods
        lie before the start.
    InputError
        If the treated start at different times or the panel is not balanced.
    """
    series = _series(design)
    return tuple(
        point_estimates(series.treated[:, k], series.untreated[:, :, k], series.first)
        for k in range(len(design.panel.outcomes))
    )


def control_checks(design: SyntheticControl) -> tuple[Check, ...]:
    """Check the fit before the start, placebos in space and time, and each donor left out."""
    return _checks(_series(design))


def fitted_before(design: SyntheticControl, fitted: EffectFit) -> Array:
    """Return what the model says of each period before the start (outcome, period).

    The mean of the posterior, given the periods before each: the donors' weighted mean and what
    lasts of the last period's error. To be compared with the treated: a fit that misses them
    there says nothing of later periods.
    """
    series, posterior = _series(design), fitted.posterior["posterior"]
    out = []
    for k, measure in enumerate(design.panel.outcomes):
        model = _model(design, series, k)
        named = {
            str(name): values.values.reshape(-1, *values.shape[2:])
            for name, values in posterior.data_vars.items()
            if str(name).startswith(f"{measure.name}_")
        }
        out.append(model.forecasts(named).mean(axis=0))
    return np.stack(out)


def _checks(series: TreatedSeries) -> tuple[Check, ...]:
    out: list[Check] = []
    for k, measure in enumerate(series.panel.outcomes):
        treated, donors = series.treated[:, k], series.untreated[:, :, k]
        out += donor_checks(measure, treated, donors, series.first)
    return tuple(out)


def _series(design: SyntheticControl) -> TreatedSeries:
    series = treated_series(design.panel)
    if len(series.names) < _FEWEST_DONORS:
        raise NotIdentifiedError(
            f"{len(series.names)} units are never treated: there is nothing to build a synthetic "
            "control from; add untreated units, or use InterruptedTimeSeries and state what the "
            "series would have done"
        )
    return series


@dataclass(frozen=True, slots=True, eq=False)
class PreparedControl(PreparedSeries):
    """A synthetic control, sampled by moves between donors."""

    def sample(self, method: Sampler) -> xr.DataTree:
        """Sample the posterior of all models."""
        drawn: dict[str, Array] = {}
        for model in self.models:
            if isinstance(model, DonorModel):
                drawn |= sample_donors(model, method)
        return tree_of(drawn)


@prepare.register
def _(design: SyntheticControl) -> PreparedControl:
    series = _series(design)
    models = tuple(_model(design, series, k) for k in range(len(design.panel.outcomes)))
    return PreparedControl(
        models=models,
        series=series,
        provenance=Provenance(
            estimand="ATT",
            population="participants",
            design="synthetic control",
            source=design.source,
            price_base=design.price_base,
            assumptions=_statements(design, series),
        ),
        checks=lambda: _checks(series),
        exact="the posterior of donor weights has no closed form",
    )


def _model(design: SyntheticControl, series: TreatedSeries, outcome: int) -> DonorModel:
    treated, donors = series.treated[:, outcome], series.untreated[:, :, outcome]
    before = treated[: series.first]
    mean, sd = scale_of(before)
    placebos = None
    if design.errors == "placebo":
        placebos = placebo_errors(treated, donors, series.first) / sd
        if len(placebos) < _FEWEST_PLACEBOS:
            raise InputError(
                f"{len(placebos)} donors can stand in for the treated",
                key="errors",
                seen=design.errors,
                fix=f"add donors, at least {_FEWEST_PLACEBOS}, or use errors='ar1'",
            )
    return DonorModel(
        measure=design.panel.outcomes[outcome],
        y=(before - mean) / sd,
        donors=(donors - mean) / sd,
        priors=design.priors,
        errors=design.errors,
        unit=(mean, sd),
        placebos=placebos,
    )


def _statements(design: SyntheticControl, series: TreatedSeries) -> tuple[str, ...]:
    p = design.priors
    alpha = f"{p.concentration:g}" + (f" (log sd {p.spread:g})" if p.spread > 0 else "")
    level = f"a constant N(0, {p.constant:g}²)" if p.constant > 0 else "no constant"
    errors = "independent over time" if design.errors == "independent" else "AR(1)"
    said = [
        f"the mean of {len(series.names)} untreated units, weighted as fits the treated best over "
        f"{series.first} periods before the start, would have followed the treated afterwards",
        "nothing else happened to the treated or to the units that count, which the treatment "
        "does not affect",
        "nothing reacts to treatment before its start",
        f"weights Dirichlet({alpha}), {level}, errors {errors} with sd half-normal({p.noise:g}), "
        "in standard deviations of the treated before the start",
        "outcomes of the treated are those observed: effects are those of the units at hand, and "
        "their uncertainty holds the error of prediction in each period",
    ]
    if design.errors == "placebo":
        said.append(
            "the treated and the untreated are exchangeable: in ratio to the fit before the "
            "start, the treated stray from their synthetic control as the untreated do"
        )
    if series.units > 1:
        said.append(f"{series.units} treated units count as their weighted mean")
    if design.panel.covariates:
        said.append("the panel's covariates are not used")
    if len(design.panel.outcomes) > 1:
        said.append("given the data, the errors of different outcomes are independent")
    return tuple(said)

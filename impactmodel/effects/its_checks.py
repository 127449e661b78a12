"""Checks of an interrupted time series: a placebo date, what is left over, changed controls."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc

from impactmodel.effects.checks import Check
from impactmodel.effects.its_model import SeriesWithoutProgramme
from impactmodel.effects.its_priors import Array, SeriesPriors
from impactmodel.effects.state_space import Structure

# With these levels a sound design is stopped in at most 4 % of cases.
_PLACEBO, _LEFT_OVER, _CONTROLS = 0.02, 0.01, 0.01
_DRAWS = 2000
_LAGS = 10
_SHORTEST = 8


def series_checks(
    models: Sequence[SeriesWithoutProgramme], controls: Sequence[str]
) -> tuple[Check, ...]:
    """Check each outcome; ``controls`` names its last controls, in order."""
    out: list[Check] = []
    for model in models:
        out += [_placebo(model), _left_over(model)]
        if controls:
            out.append(_changed(model, len(controls)))
    return tuple(out)


def _placebo(model: SeriesWithoutProgramme) -> Check:
    """Pretend that treatment started two thirds into the periods before the start."""
    seen, name = len(model.y), model.measure.name
    early = max(2 * seen // 3, _SHORTEST, 2 * model.structure.season)
    if early >= seen:
        text = f"'{name}': {seen} periods before the start are too few to pretend an earlier one"
        return Check(f"placebo date: {name}", None, text)
    whole = dataclasses.replace(model.structure, x=model.structure.x[:seen])
    earlier = dataclasses.replace(model, y=model.y[:early], structure=whole)
    effect, p = _compare(earlier, model.y[early:])
    return Check(
        f"placebo date: {name}",
        p >= _PLACEBO,
        f"'{name}': a start pretended {seen - early} periods early has an effect of "
        f"{effect * model.unit[1]:.4g} in {model.measure.unit}, p {p:.3f} (limit {_PLACEBO:g})",
    )


def _compare(model: SeriesWithoutProgramme, after: Array) -> tuple[float, float]:
    """Return the mean gap to the forecast in standardised units, and its two-sided p-value."""
    plain = dataclasses.replace(model, unit=(0.0, 1.0))
    rng = np.random.default_rng(0)
    gap = after.mean() - plain.counterfactual(plain.exact(_DRAWS, rng), rng).mean(axis=1)
    above = float((gap > 0).mean())
    return float(gap.mean()), min(1.0, 2 * min(above, 1 - above) + 1 / _DRAWS)


def _left_over(model: SeriesWithoutProgramme) -> Check:
    """Test the errors of one-period forecasts for autocorrelation (Ljung and Box 1978)."""
    error = model.forecast_errors()
    n, name = len(error), model.measure.name
    lags = max(min(_LAGS, n // 5), 1)
    error = error - error.mean()
    square = float(error @ error)
    r = np.array([error[k:] @ error[:-k] / square for k in range(1, lags + 1)])
    q = float(n * (n + 2) * (r**2 / (n - np.arange(1, lags + 1))).sum())
    p = float(chdtrc(lags, q))
    rows: tuple[tuple[str | float, ...], ...] = (
        ("lag", "autocorrelation"),
        *((float(k), float(v)) for k, v in enumerate(r, start=1)),
    )
    return Check(
        f"residual autocorrelation: {name}",
        p >= _LEFT_OVER,
        f"'{name}': errors of one-period forecasts before the start, Ljung-Box {q:.1f} over "
        f"{lags} lags, p {p:.3f} (limit {_LEFT_OVER:g})",
        rows,
    )


def _changed(model: SeriesWithoutProgramme, count: int) -> Check:
    """Forecast each control from its own past, as if it were the treated series."""
    seen, name = len(model.y), model.measure.name
    smallest, places = 1.0, []
    for place, column in enumerate(model.structure.x.T[-count:], start=1):
        alone = Structure(
            trend=model.structure.trend,
            season=model.structure.season,
            x=np.empty((len(column), 0)),
            start=0.0,
            slope_sd=model.structure.slope_sd,
            coefficients=np.empty((0, 0)),
        )
        own = SeriesWithoutProgramme(
            model.measure, column[:seen], alone, SeriesPriors(), (0.0, 1.0)
        )
        gap, p = _compare(own, column[seen:])
        places.append((float(place), gap, p))
        smallest = min(smallest, p)
    p = min(1.0, smallest * count)
    return Check(
        f"controls at the start: {name}",
        p >= _CONTROLS,
        f"'{name}': smallest p of {count} controls forecast from their own past, Bonferroni "
        f"adjusted, {p:.3f} (limit {_CONTROLS:g}); a control that changes at the start may be "
        "affected by the treatment",
        (("control", "change in standard deviations", "p"), *places),
    )

"""What a month would be if it went on as before, with its uncertainty in closed form.

On a scale without bounds (log of counts, logit of percents) y follows its own past:

    (y[t] - y[t-12]) - (y[t-1] - y[t-13]) = e[t],   e[t] ~ N(0, σ²),   p(σ²) ∝ 1 / σ².

So the change on the same month a year before is a random walk: seasons are kept, and the
uncertainty grows with the distance. With n shocks before the start, σ² is Σe² over a chi-squared
of n degrees, and the first month ahead is exactly Student t with n degrees and scale √(Σe² / n);
the h-th, to 12, has √h times that scale. With a comparison area, y is the area less the comparison
on this scale, and the comparison's months are then added as they were seen: what moved both, such
as the lay-offs of 2020, drops out. A continuation is not a counterfactual: whatever else happened
is in the difference. Nothing here is an effect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.summary import describe_draws
from impactmodel.registers.definitions import Definition
from impactmodel.registers.months import Window, month_name
from impactmodel.registers.statfin import IndicatorSeries, month_before

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

YEAR = 12
LEAST_SHOCKS = 12
STATEMENT = "continuation of the months before; not a counterfactual, not an effect"


@dataclass(frozen=True, slots=True)
class SeasonalBaseline:
    """Draws of months as they would continue, beside what was seen.

    Parameters
    ----------
    definition, area, comparison
        Of what, where, and beside which area (empty for none).
    months
        From the start on.
    draws
        Shape (draw, month), in the unit of the definition.
    observed, year_before
        What was seen in each month and in the same month a year before (missing if unknown).
    shocks
        Number of months with a shock before the start.
    largest
        The month of the largest shock and its size in standard deviations: far above 3, the
        normal shocks of the model are doubtful.
    """

    definition: Definition
    area: str
    comparison: str
    months: tuple[str, ...]
    draws: NDArray[np.float64]
    observed: tuple[float, ...]
    year_before: tuple[float, ...]
    shocks: int
    largest: tuple[str, float]

    def table(self, prob: float = 0.9) -> pd.DataFrame:
        """Return a row per month with its continuation, its interval and how the seen one departs.

        ``prob`` and ``kind`` name the interval; ``share_below`` is the share of draws below the
        observed value. The column ``is`` states what this is not.
        """
        import pandas as pd

        rows: list[dict[str, Any]] = []
        for i, month in enumerate(self.months):
            draws, seen = self.draws[:, i], self.observed[i]
            described = describe_draws(draws, prob)
            # The mean of a logarithm's Student t does not exist: the median is given.
            kept = {key: described[key] for key in ("lower", "upper", "prob", "kind")}
            below = float((draws < seen).mean()) if np.isfinite(seen) else np.nan
            rows.append(
                {
                    "month": month,
                    "observed": seen,
                    "year_before": self.year_before[i],
                    "median": float(np.median(draws)),
                    **kept,
                    "share_below": below,
                    "is": STATEMENT,
                }
            )
        return pd.DataFrame(rows).set_index("month")


def seasonal_baseline(
    series: IndicatorSeries,
    *,
    area: str,
    window: Window,
    comparison: str = "",
    draws: int = 4000,
    seed: int = 1,
) -> SeasonalBaseline:
    """Continue the months before a window through it.

    Parameters
    ----------
    series, area
        A count or a percent, with 25 months or more without a gap before the window.
    window
        From the first month of the programme on.
    comparison
        An area to continue beside, that is seen in all months; empty for none.
    draws, seed
        How many draws and of which seed; areas and series have streams of their own.

    Raises
    ------
    InputError
        If fewer than 25 months without a gap are before the start, a value cannot be put on the
        scale (a count of 0, a percent of 0 or 100), the unit is a ratio, or nothing varied.
    """
    if draws < 2:
        raise InputError("there are at least two draws", key="draws", seen=draws)
    months = tuple(month_name(number) for number in window.months)
    past, scaled = _past(series, area, comparison, months[0])
    added = np.array([_scaled_at(series, comparison, m) if comparison else 0.0 for m in months])
    yearly = scaled[YEAR:] - scaled[:-YEAR]
    shocks = np.diff(yearly)
    total = float(shocks @ shocks)
    if total == 0:
        raise InputError("the months before the start do not vary", key=series.definition.name)
    random = stream(seed, "seasonal_baseline", series.definition.name, area, comparison)
    variance = total / random.chisquare(len(shocks), size=draws)
    steps = random.standard_normal((draws, len(months))) * np.sqrt(variance)[:, None]
    change = yearly[-1] + np.cumsum(steps, axis=1)
    path = np.empty((draws, YEAR + len(months)))
    path[:, :YEAR] = scaled[-YEAR:]
    for i in range(len(months)):
        path[:, YEAR + i] = path[:, i] + change[:, i]
    worst = int(np.argmax(np.abs(shocks)))
    values = series.values[area]
    return SeasonalBaseline(
        series.definition,
        area,
        comparison,
        months,
        _from_scale(path[:, YEAR:] + added, series.definition),
        tuple(float(values.get(month, np.nan)) for month in months),
        tuple(float(values.get(month_before(month), np.nan)) for month in months),
        len(shocks),
        (past[worst + YEAR + 1], float(abs(shocks[worst]) / np.sqrt(total / len(shocks)))),
    )


def _past(
    series: IndicatorSeries, area: str, comparison: str, start: str
) -> tuple[list[str], NDArray[np.float64]]:
    """Return the months before the start, back to a gap, and their scaled values."""
    areas = [area, comparison] if comparison else [area]
    last = month_before(start, 1)
    for name in areas:
        series.at(name, last)
    known = series.values[areas].dropna().index
    past = []
    while last in known:
        past.append(last)
        last = month_before(last, 1)
    if len(past) < YEAR + 1 + LEAST_SHOCKS:
        raise InputError(
            f"{YEAR + 1 + LEAST_SHOCKS} months without a gap are needed before the start",
            key=f"{series.definition.name}.{area}",
            seen=len(past),
            fix=f"give the months before {start}, or start later",
        )
    past.reverse()
    scaled = [
        _scaled_at(series, area, m) - (_scaled_at(series, comparison, m) if comparison else 0.0)
        for m in past
    ]
    return past, np.array(scaled)


def _scaled_at(series: IndicatorSeries, area: str, month: str) -> float:
    definition, value = series.definition, series.at(area, month)
    if definition.unit == "ratio":
        raise InputError("a ratio has no baseline", seen=definition.name, fix="use the rate")
    is_percent = definition.unit == "percent"
    if value <= 0 or (is_percent and value >= 100):
        raise InputError(
            "a month of none or of all has no logarithm",
            key=f"{definition.name}.{area}.{month}",
            seen=value,
            fix="use a larger area",
        )
    return math.log(value / (100 - value)) if is_percent else math.log(value)


def _from_scale(values: NDArray[np.float64], definition: Definition) -> NDArray[np.float64]:
    if definition.unit == "percent":
        return np.asarray(100 / (1 + np.exp(-values)))
    return np.asarray(np.exp(values))

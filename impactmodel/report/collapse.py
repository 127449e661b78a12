"""Outcomes collapsed to one number per draw: groups by cohort size, periods by accrual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from impactmodel.core.outcomes import Outcomes
    from impactmodel.core.schedule import Periods


@dataclass(frozen=True, slots=True)
class Collapsed:
    """One outcome per cohort member, whole cohort and whole time.

    Parameters
    ----------
    effect
        Per draw.
    treated, counterfactual
        Per draw; nothing where only the effect is known.
    unit
        The unit after collapsing, and ``periods`` what was done over time, in words.
    """

    measure: OutcomeMeasure
    effect: NDArray[np.float64]
    treated: NDArray[np.float64] | None
    counterfactual: NDArray[np.float64] | None
    unit: str
    periods: str


def collapse(outcomes: Outcomes) -> tuple[Collapsed, ...]:
    r"""Collapse groups by cohort size and periods by accrual, draw by draw.

    .. math:: e_d = \\sum_g \\frac{n_{dg}}{\\sum_h n_{dh}} \\, A_p(e_{dgp})

    where :math:`A_p` sums the periods of a flow and takes the last period of a stock or of a
    cumulative outcome. An index has no sum: its flow is averaged by the lengths of the periods.

    Raises
    ------
    InputError
        If a draw has no people in any group.
    """
    data = outcomes.dataset
    parts = []
    for measure in outcomes.measures:
        known = bool(data["counterfactual_known"].sel(outcome=measure.name))
        arms = {
            arm: over_groups(
                over_periods(data[arm].sel(outcome=measure.name), measure, outcomes.periods),
                outcomes,
            )
            for arm in ("treated", "counterfactual")
        }
        parts.append(
            Collapsed(
                measure=measure,
                effect=arms["treated"] - arms["counterfactual"],
                treated=arms["treated"] if known else None,
                counterfactual=arms["counterfactual"] if known else None,
                unit=unit_after(measure, outcomes.periods),
                periods=periods_in_words(measure, outcomes.periods),
            )
        )
    return tuple(parts)


def over_periods(values: xr.DataArray, measure: OutcomeMeasure, periods: Periods) -> xr.DataArray:
    """Sum the periods of a flow, average an index; take the last of any other outcome."""
    if measure.accrual != "flow":
        return values.isel(period=-1)
    if not averaged(measure, periods):
        return values.sum("period")
    share = np.asarray(periods.lengths, dtype=float) / sum(periods.lengths)
    return values.dot(xr.DataArray(share, dims="period"), dim="period")


def averaged(measure: OutcomeMeasure, periods: Periods) -> bool:
    """Tell whether periods are averaged: an index of several has no sum that means anything."""
    return measure.kind == "index" and measure.accrual == "flow" and periods.count > 1


def over_groups(values: xr.DataArray, outcomes: Outcomes) -> NDArray[np.float64]:
    """Average dims (draw, group) by cohort size."""
    size = outcomes.cohort_size.values
    total = size.sum(axis=1, keepdims=True)
    if (total <= 0).any():
        raise InputError(
            "nobody is in the cohort, so groups cannot be averaged",
            key="cohort_size",
            fix="use with_cohort_size",
        )
    weighted = values.transpose("draw", "group").values * (size / total)
    return np.asarray(weighted.sum(axis=1))


def unit_after(measure: OutcomeMeasure, periods: Periods) -> str:
    """Return the unit of an outcome after its periods were collapsed.

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.core.schedule import Periods
    >>> months = Periods(dt.date(2024, 1, 1), "month", 12)
    >>> unit_after(OutcomeMeasure("job", kind="binary"), months)
    'months'
    >>> unit_after(OutcomeMeasure("wage", kind="amount", unit="EUR/month"), months)
    'EUR'
    """
    if periods.count == 1 or measure.accrual != "flow" or averaged(measure, periods):
        return measure.unit
    if measure.kind == "binary":
        return f"{periods.step}s" if periods.every == 1 else f"periods of {_length(periods)}"
    return measure.unit.split("/")[0]


def periods_in_words(measure: OutcomeMeasure, periods: Periods) -> str:
    """Say what time an outcome covers after its periods were collapsed."""
    if periods.count == 1:
        return f"over {_length(periods)}" if measure.accrual != "stock" else "at the end"
    if measure.accrual == "flow":
        done = "average" if averaged(measure, periods) else "sum"
        return f"{done} of {periods.count} periods of {_length(periods)}"
    return "at the end of the last period"


def _length(periods: Periods) -> str:
    if periods.ends:
        return f"{', '.join(map(str, periods.lengths))} {periods.step}s"
    return f"one {periods.step}" if periods.every == 1 else f"{periods.every} {periods.step}s"

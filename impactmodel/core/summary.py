"""Summaries of draws, always naming the probability and the kind of the interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from numpy.typing import ArrayLike

KIND = "equal-tailed"


def check_prob(prob: float) -> float:
    """Return a probability of an interval; raise `InputError` unless it is inside (0, 1)."""
    if not 0 < prob < 1:
        raise InputError("an interval needs a probability between 0 and 1", key="prob", seen=prob)
    return prob


def describe_draws(draws: ArrayLike, prob: float = 0.9) -> dict[str, Any]:
    """Return mean, sd and the equal-tailed interval of draws, with its probability and kind.

    Examples
    --------
    >>> describe_draws([0.0, 1.0, 2.0], prob=0.5)["upper"]
    1.5
    """
    values = np.asarray(draws, dtype=float).ravel()
    tail = (1 - check_prob(prob)) / 2
    lower, upper = np.quantile(values, [tail, 1 - tail])
    sd = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return {
        "mean": float(values.mean()),
        "sd": sd,
        "lower": float(lower),
        "upper": float(upper),
        "prob": prob,
        "kind": KIND,
    }


def interval_table(
    effect: xr.DataArray, measures: Sequence[OutcomeMeasure], prob: float
) -> pd.DataFrame:
    """Return one row per outcome, group and period of an effect's draws."""
    import pandas as pd

    rows = []
    for measure in measures:
        for group in effect["group"].values.tolist():
            for period in effect["period"].values.tolist():
                draws = effect.sel(outcome=measure.name, group=group, period=period).values
                place = {"outcome": measure.name, "group": group, "period": period}
                more = {"unit": measure.unit, "P(>0)": float((draws > 0).mean())}
                rows.append({**place, **describe_draws(draws, prob), **more})
    return pd.DataFrame(rows)

"""The data behind `Outcomes`: names of dims, shapes, labels and the one validation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DIMS = ("draw", "group", "outcome", "period")
ARMS = ("treated", "counterfactual")
COVARIANCE_DIMS = ("arm", "group", "outcome", "period", "outcome_2", "period_2")


def four_dims(values: ArrayLike, shape: tuple[int, int, int], what: str) -> NDArray[Any]:
    """Return an array of draws in the four dims; raise `InputError` for another shape."""
    array = np.array(values, dtype=float)
    groups, outcomes, periods = shape
    if array.ndim == 2 and groups == periods == 1:
        array = array[:, None, :, None]
    elif array.ndim == 3 and groups == 1:
        array = array[:, None, :, :]
    if array.ndim != 4 or array.shape[1:] != (groups, outcomes, periods):
        raise InputError(
            f"'{what}' has the wrong shape",
            seen=array.shape,
            fix=f"give (draws, {groups} groups, {outcomes} outcomes, {periods} periods)",
        )
    return array


def labelled(
    data: dict[str, Any],
    measures: Sequence[OutcomeMeasure],
    periods: Periods,
    groups: Sequence[str],
    known: NDArray[Any],
) -> xr.Dataset:
    """Return a dataset with the coordinates that describe outcomes, groups and periods."""
    names = [m.name for m in measures]
    bounds = periods.bounds()
    along: dict[str, Any] = {
        key: ("outcome", [str(getattr(m, key)) for m in measures])
        for key in ("unit", "kind", "accrual", "channel", "label")
    }
    coords: dict[str, Any] = {
        "group": list(groups),
        "outcome": names,
        "period": np.arange(periods.count),
        **along,
        "counterfactual_known": ("outcome", known),
        "period_start": ("period", np.array([a for a, _ in bounds], dtype="datetime64[ns]")),
        "period_end": ("period", np.array([b for _, b in bounds], dtype="datetime64[ns]")),
    }
    return xr.Dataset(data, coords=coords, attrs={"periods": json.dumps(dump(periods))})


def read_measures(dataset: xr.Dataset) -> tuple[OutcomeMeasure, ...]:
    """Read the outcomes' definitions back from a dataset's coordinates."""
    missing = [n for n in (*ARMS, "cohort_size") if n not in dataset]
    if missing:
        raise InputError(f"outcomes need the variable '{missing[0]}'", fix="add it")
    rows = zip(
        *(dataset[key].values.tolist() for key in ("outcome", "kind", "unit", "accrual")),
        *(dataset[key].values.tolist() for key in ("channel", "label")),
        strict=True,
    )
    return tuple(OutcomeMeasure(*(str(cell) for cell in row)) for row in rows)  # type: ignore[arg-type]


def validated(
    dataset: xr.Dataset, measures: tuple[OutcomeMeasure, ...], periods: Periods
) -> xr.Dataset:
    """Return the dataset if it is a valid set of outcomes; raise `InputError` otherwise."""
    names = [m.name for m in measures]
    if len(set(names)) != len(names):
        raise InputError("an outcome is named twice", seen=", ".join(names))
    currencies = sorted({m.currency for m in measures if m.currency})
    if len(currencies) > 1:
        raise InputError(
            "amounts in several currencies", seen=", ".join(currencies), fix="convert them to one"
        )
    for name in ARMS:
        if dataset[name].dims != DIMS:
            raise InputError(f"'{name}' must have the dims {DIMS}", seen=dataset[name].dims)
        if not np.isfinite(dataset[name].values).all():
            raise InputError(f"'{name}' has values that are not finite")
    if dataset.sizes["period"] != periods.count or dataset.sizes["draw"] < 1:
        raise InputError(
            "outcomes need draws, and the periods must match", seen=dict(dataset.sizes)
        )
    if not (dataset["cohort_size"].values >= 0).all():
        raise InputError("a cohort size is negative or missing", key="cohort_size")
    _require_summable(measures, periods)
    known = dataset["counterfactual_known"].values
    for place, measure in enumerate(measures):
        if measure.kind != "binary" or not known[place]:
            continue
        for name in ARMS:
            values = dataset[name].values[:, :, place]
            low, high = float(values.min()), float(values.max())
            if low < 0 or high > 1:
                raise InputError(
                    f"'{measure.name}' is binary, but {name} runs from {low:g} to {high:g}",
                    fix="give probabilities between 0 and 1",
                )
    return dataset


def _require_summable(measures: tuple[OutcomeMeasure, ...], periods: Periods) -> None:
    for measure in measures:
        if periods.ends and measure.kind == "binary" and measure.accrual == "flow":
            raise InputError(
                f"shares of '{measure.name}' in periods of different lengths do not add up",
                key="accrual",
                fix="make it a stock: what holds at the end of each period",
            )

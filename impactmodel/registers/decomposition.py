"""A change of activation told apart, exactly: what services moved and what unemployment moved.

With in-service people s and unemployed u, activation is a = 100 s / (s + u): it rises when s grows
and also when u falls. Both splits below add up to the change without a rest. They
describe; neither is an effect of a programme.

Shapley: each part's contribution is its marginal change, averaged over all orders in which the
parts can move (Shapley, 1953, https://doi.org/10.1515/9781400881970-018). Logarithmic mean: the
change of logit(a / 100) = ln s - ln u is additive, and L = Δa / Δlogit turns it into points (Ang,
Energy Policy 33, 2005, 867-871, https://doi.org/10.1016/j.enpol.2003.10.010).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.registers.definitions import require_one_statistic
from impactmodel.registers.statfin import IndicatorSeries

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    type Floats = NDArray[np.float64]

type Method = Literal["shapley", "logarithmic_mean"]
MOST_PARTS = 12


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The change of an activation rate between two months and its parts, in percentage points.

    Parameters
    ----------
    area, first, last
        Where and between which months.
    before, after
        The rates, in percent.
    parts
        Contribution of each count; they add up to ``after - before``.
    changes
        Relative change of each count, in percent; infinite from zero.
    method
        How the change was split.
    """

    area: str
    first: str
    last: str
    before: float
    after: float
    parts: dict[str, float]
    changes: dict[str, float]
    method: Method

    @property
    def change(self) -> float:
        """The change of the rate, in percentage points."""
        return self.after - self.before


def contributions(
    services: Mapping[str, tuple[ArrayLike, ArrayLike]],
    unemployed: Mapping[str, tuple[ArrayLike, ArrayLike]],
    method: Method = "shapley",
) -> dict[str, Floats]:
    """Return what each count moves 100 · Σ services / (Σ services + Σ unemployed), in points.

    Parameters
    ----------
    services, unemployed
        Counts before and after, by name; arrays (draws, areas) of one shape are split one by one.
    method
        ``shapley`` for any parts, ``logarithmic_mean`` for one of services and one of unemployed.

    Raises
    ------
    InputError
        If a count is negative or not finite, nobody is counted, a name comes twice, there are
        more than 12 parts, or the logarithmic mean meets a zero or several parts.

    Examples
    --------
    >>> parts = contributions({"services": (50, 50)}, {"unemployed": (150, 50)})
    >>> {name: float(points) for name, points in parts.items()}
    {'services': 0.0, 'unemployed': 25.0}
    """
    counts = {**services, **unemployed}
    _require_parts(services, unemployed, method)
    before = {k: np.asarray(v[0], dtype=float) for k, v in counts.items()}
    after = {k: np.asarray(v[1], dtype=float) for k, v in counts.items()}
    for name in counts:
        for values in (before[name], after[name]):
            if not np.isfinite(values).all() or (values < 0).any():
                raise InputError("a count is finite and not negative", key=name)
    if method == "logarithmic_mean":
        return _logarithmic(before, after, next(iter(services)), next(iter(unemployed)))
    return _shapley(before, after, set(services))


def decompose(
    services: Mapping[str, IndicatorSeries],
    unemployed: Mapping[str, IndicatorSeries],
    *,
    area: str,
    first: str,
    last: str,
    method: Method = "shapley",
) -> Decomposition:
    """Split the change of an area's activation between two months.

    Parameters
    ----------
    services, unemployed
        Counts that make up those in services and the unemployed: one each, or parts such as
        services by type. Parts must not overlap.
    area, first, last
        Where and between which months; the same month of two years leaves seasons out.
    method
        See `contributions`.
    """
    series = {**services, **unemployed}
    require_one_statistic({name: item.definition for name, item in series.items()})
    at = {name: (item.at(area, first), item.at(area, last)) for name, item in series.items()}
    parts = contributions(
        {name: at[name] for name in services}, {name: at[name] for name in unemployed}, method
    )
    before, after = (
        float(_rate({name: np.asarray(pair[i]) for name, pair in at.items()}, set(services)))
        for i in (0, 1)
    )
    changes = {k: 100 * (b / a - 1) if a else math.inf for k, (a, b) in at.items() if a or b}
    points = {name: float(value) for name, value in parts.items()}
    return Decomposition(area, first, last, before, after, points, changes, method)


def beside(decompositions: list[Decomposition]) -> pd.DataFrame:
    """Return decompositions of the same months by area, a row each, the first being compared.

    Columns ``before``, ``after`` and ``change``, then the parts (points) and ``relative_...`` (the
    change of a count, percent); ``beyond_first`` is the change less that of the first row. What
    another area did is a background, not a counterfactual: the trial had no random or phased start.

    Raises
    ------
    InputError
        If months, method or parts differ, or an area comes twice.
    """
    import pandas as pd

    if not decompositions:
        raise InputError("there is nothing to set side by side", key="decompositions")
    one = decompositions[0]
    for other in decompositions[1:]:
        for what in ("first", "last", "method"):
            if getattr(other, what) != getattr(one, what):
                raise InputError("areas are compared alike", key=what, seen=getattr(other, what))
        if list(other.parts) != list(one.parts):
            raise InputError("areas are split alike", key="parts", seen=", ".join(other.parts))
    if len({d.area for d in decompositions}) != len(decompositions):
        raise InputError("an area comes twice", key="area")
    rows = [
        {
            "before": d.before,
            "after": d.after,
            "change": d.change,
            **d.parts,
            **{f"relative_{name}": value for name, value in d.changes.items()},
            "beyond_first": d.change - one.change,
        }
        for d in decompositions
    ]
    return pd.DataFrame(rows, index=pd.Index([d.area for d in decompositions], name="area"))


def _require_parts(
    services: Mapping[str, object], unemployed: Mapping[str, object], method: Method
) -> None:
    if not services or not unemployed:
        raise InputError("there are people in services and unemployed people", key="parts")
    twice = sorted(set(services) & set(unemployed))
    if twice:
        raise InputError("one name stands for two counts", key="parts", seen=twice[0])
    count = len(services) + len(unemployed)
    if count > MOST_PARTS:
        raise InputError(f"at most {MOST_PARTS} parts", key="parts", seen=count, fix="join some")
    if method == "logarithmic_mean" and count != 2:
        raise InputError(
            "the logarithmic mean splits two counts", key="method", seen=count, fix="use shapley"
        )


def _rate(counts: Mapping[str, Floats], services: set[str]) -> Floats:
    served = np.sum([counts[name] for name in services], axis=0)
    everyone = np.sum(list(counts.values()), axis=0)
    if (everyone == 0).any():
        raise InputError("there is no activation rate of nobody", key="unemployed", seen=0)
    rate: Floats = np.asarray(100 * served / everyone, dtype=float)
    return rate


def _shapley(
    before: Mapping[str, Floats], after: Mapping[str, Floats], services: set[str]
) -> dict[str, Floats]:
    names = list(before)
    n = len(names)
    value = {
        moved: _rate({k: after[k] if k in moved else before[k] for k in names}, services)
        for size in range(n + 1)
        for moved in map(frozenset, itertools.combinations(names, size))
    }
    result = {}
    for name in names:
        total = np.zeros_like(value[frozenset()])
        for moved, rate in value.items():
            if name not in moved:
                weight = 1 / (n * math.comb(n - 1, len(moved)))
                total = total + weight * (value[moved | {name}] - rate)
        result[name] = total
    return result


def _logarithmic(
    before: Mapping[str, Floats], after: Mapping[str, Floats], s: str, u: str
) -> dict[str, Floats]:
    if any((values <= 0).any() for pair in (before, after) for values in pair.values()):
        raise InputError("the logarithmic mean needs counts above 0", seen=0, fix="use shapley")
    start, end = _rate(before, {s}), _rate(after, {s})
    up, down = np.log(after[s] / before[s]), -np.log(after[u] / before[u])
    logit = up + down
    still = np.abs(logit) < 1e-9
    # At no change of the logit the mean is its limit, the slope a (100 - a) / 100.
    mean = np.where(still, start * (100 - start) / 100, (end - start) / np.where(still, 1.0, logit))
    return {s: mean * up, u: mean * down}

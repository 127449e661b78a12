"""What a meta-analysis stands on: the studies and what is pooled from them, as a forest plot."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from impactmodel.core.summary import check_prob
from impactmodel.effects import MetaAnalysis, pooling_table
from impactmodel.effects.designs import prepare
from impactmodel.effects.meta_prepared import PreparedMeta
from impactmodel.effects.pooled_effect import PooledEffect
from impactmodel.effects.pooling import Pooled
from impactmodel.report.marks import point_interval
from impactmodel.report.numbers import Unit, decimals_of, number, percent, unit_of
from impactmodel.report.style import BLUE, INK, LIGHT_BLUE, ORANGE, QUIET, drawn, plain_ticks
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

type Array = NDArray[np.float64]

_ROW = 0.27
_MARGIN = 0.95
_RATIOS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_METHODS = {
    "fixed": "one common effect",
    "DL": "random effects, DerSimonian-Laird",
    "REML": "random effects, REML",
    "posterior": "posterior (this run)",
}


@dataclass(frozen=True, slots=True)
class Forest:
    """The studies of one outcome and horizon, on the scale on which they are pooled.

    Parameters
    ----------
    title
        The outcome and its periods.
    ratio
        Whether estimates are logarithms of ratios.
    unit
        How a difference is written.
    labels, estimate, low, high
        The studies as published (study).
    own, own_low, own_high
        Each study's own effect, drawn towards the mean (study).
    mean, new
        Middle, lower and upper end of the mean effect and of the effect in another study.
    """

    title: str
    ratio: bool
    unit: Unit
    labels: tuple[str, ...]
    estimate: Array
    low: Array
    high: Array
    own: Array
    own_low: Array
    own_high: Array
    mean: tuple[float, float, float]
    new: tuple[float, float, float]


def forests(design: MetaAnalysis, prob: float = 0.9) -> tuple[Forest, ...]:
    """Return what a forest plot shows, one for each outcome and horizon."""
    check_prob(prob)
    ready = prepare(design)
    if not isinstance(ready, PreparedMeta):
        raise TypeError(f"{type(design).__name__} is not a meta-analysis")
    several = ready.periods.count > 1
    titles = [_title(part, numbered=several) for part in ready.parts]
    return tuple(
        _forest(part, ready.labels, prob, title)
        for part, title in zip(ready.parts, titles, strict=True)
    )


def _title(part: PooledEffect, *, numbered: bool) -> str:
    """Name the outcome, and its periods where the study has several."""
    measure, (first, last) = part.horizon.measure, part.horizon.periods
    when = f"period {first}" if first == last else f"periods {first} to {last}"
    return f"{measure.title}, {when}" if numbered else measure.title


def _forest(part: PooledEffect, labels: tuple[str, ...], prob: float, title: str) -> Forest:
    horizon, exact = part.horizon, Pooled(part.horizon.data, part.priors)
    z, tail = float(ndtri(0.5 + prob / 2)), (1 - prob) / 2
    own, sd = exact.study_moments()
    y, s = horizon.data.y, horizon.data.s
    return Forest(
        title=title,
        ratio=horizon.ratio,
        unit=unit_of(horizon.measure, horizon.measure.unit, effect=True),
        labels=tuple(labels[i] for i in horizon.studies),
        estimate=y,
        low=y - z * s,
        high=y + z * s,
        own=own,
        own_low=own - z * sd,
        own_high=own + z * sd,
        mean=_middle_and_ends(exact.mean_quantile, tail),
        new=_middle_and_ends(exact.new_quantile, tail),
    )


def _middle_and_ends(quantile: Callable[[float], float], tail: float) -> tuple[float, float, float]:
    return quantile(0.5), quantile(tail), quantile(1 - tail)


def plot_forest(design: MetaAnalysis, prob: float = 0.9) -> Figure:
    """Draw each study as published and drawn towards the mean, and what is pooled from them.

    Parameters
    ----------
    design
        With its studies.
    prob
        Probability of the intervals.

    Returns
    -------
    Figure
        A panel per outcome and horizon. Ratios stand on a logarithmic axis.
    """
    found = forests(design, prob)
    rows = max(len(forest.labels) for forest in found) + 2

    def draw(axes: list[Axes]) -> None:
        for ax, forest in zip(axes, found, strict=True):
            _draw(ax, forest)

    return drawn(draw, len(found), _MARGIN + _ROW * rows)


def _draw(ax: Axes, forest: Forest) -> None:
    count = len(forest.labels)
    factor = 1.0 if forest.ratio else forest.unit.factor
    for i in range(count):
        y = float(count + 1 - i)
        ends = (forest.low[i] * factor, forest.high[i] * factor)
        point_interval(ax, forest.estimate[i] * factor, ends, y, BLUE)
        ax.plot(
            [forest.own_low[i] * factor, forest.own_high[i] * factor],
            [y - 0.28] * 2,
            color=QUIET,
            linewidth=1.1,
        )
        ax.plot([forest.own[i] * factor], [y - 0.28], "|", color=QUIET, markersize=6)
    for y, (middle, low, high), colour in ((1.0, forest.mean, INK), (0.0, forest.new, ORANGE)):
        point_interval(ax, middle * factor, (low * factor, high * factor), y, colour)
    ax.axhline(1.5, color=LIGHT_BLUE, linewidth=0.8)
    ax.axvline(0.0, color=INK, linewidth=1.0, linestyle=(0, (4, 3)), zorder=2)
    names = ["effect in another cohort", "mean over studies", *reversed(forest.labels)]
    ax.set_yticks(range(count + 2), [_short(name) for name in names])
    ax.set_ylim(-0.6, count + 1.6)
    if forest.ratio:
        _ratio_ticks(ax)
        ax.set_xlabel("with the programme over without it (1: no effect)")
    else:
        plain_ticks(ax)
        ax.set_xlabel(f"effect, {forest.unit.name}" if forest.unit.name else "effect")
    ax.set_title(forest.title)


def _ratio_ticks(ax: Axes) -> None:
    low, high = ax.get_xlim()
    ticks = [r for r in _RATIOS if low <= math.log(r) <= high]
    ax.set_xticks([math.log(r) for r in ticks], [f"{r:g}" for r in ticks])


def _short(name: str, most: int = 42) -> str:
    return name if len(name) <= most else name[: most - 1].rstrip() + "\u2026"


def pooled_table(design: MetaAnalysis, prob: float = 0.9) -> Table:
    """Tabulate the mean effect, and the effect in another study, by method."""
    measures = {e.outcome.name: e.outcome for study in design.studies for e in study.estimates}
    several = any(study.periods.count > 1 for study in design.studies)
    rows = []
    for row in pooling_table(design, prob=prob).to_dict("records"):
        if row["method"] not in _METHODS:
            continue
        ratio = row["scale"] == "log ratio"
        measure = measures[str(row["outcome"])]
        unit = Unit() if ratio else unit_of(measure, measure.unit, effect=True)
        ends = [_written(row[key], row["se"], unit, ratio=ratio) for key in _ENDS]
        rows.append(
            (
                measure.title + (f", period {row['periods']}" if several else ""),
                _METHODS[row["method"]],
                ends[0],
                f"{ends[1]} to {ends[2]}",
                f"{ends[3]} to {ends[4]}" if math.isfinite(row["next_lower"]) else "not given",
            )
        )
    named = percent(prob)
    return Table(
        title="The pooled effect by method",
        columns=("Outcome", "Method", "Mean", f"{named} interval", f"{named}, another study"),
        rows=tuple(rows),
        note="Ratios: with the programme over without it. Another study: where the effect in one "
        "more study like these is expected. effects.pooling_table has more methods.",
        words=(0, 1),
    )


_ENDS = ("mean", "lower", "upper", "next_lower", "next_upper")


def _written(value: float, se: float, unit: Unit, *, ratio: bool) -> str:
    if not math.isfinite(value):
        return "not given"
    if ratio:
        return number(math.exp(value), decimals_of(se * math.exp(value), most=2))
    return unit.bare(value, se)

"""Figures of results: each takes a result and returns a matplotlib figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.summary import check_prob
from impactmodel.report.collapse import collapse, over_groups
from impactmodel.report.marks import (
    fan,
    half_eye,
    remark,
    row_labels,
    zero_line,
)
from impactmodel.report.numbers import POINTS, probability, unit_of
from impactmodel.report.style import (
    INK,
    drawn,
    plain_ticks,
    plain_ticks_y,
)
from impactmodel.report.tables import interval_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from impactmodel.core.measures import OutcomeMeasure
    from impactmodel.core.outcomes import Outcomes


def plot_effect(outcomes: Outcomes, prob: float = 0.9) -> Figure:
    """Draw the effect on each outcome, one panel each.

    With one period: the posterior density, its mean and equal-tailed interval, by group where
    there are several. With several periods: the median and intervals over time, whole cohort.

    Parameters
    ----------
    outcomes
        Draws of outcomes with and without the programme.
    prob
        Probability of the interval.

    Returns
    -------
    Figure
        One panel per outcome, in the outcome's own unit, with zero marked.
    """
    check_prob(prob)
    several = outcomes.periods.count > 1
    groups = [str(g) for g in outcomes.dataset["group"].values]
    rows = 1 if len(groups) == 1 else len(groups) + 1
    height = 2.0 if several else 0.75 + 0.62 * rows

    def draw(axes: list[Axes]) -> None:
        for ax, measure in zip(axes, outcomes.measures, strict=True):
            if several:
                _effect_over_time(ax, outcomes, measure, prob)
            else:
                _effect_by_group(ax, outcomes, measure, prob)

    panels = len(outcomes.measures)
    return drawn(draw, panels, height)


def _effect_over_time(ax: Axes, outcomes: Outcomes, measure: OutcomeMeasure, prob: float) -> None:
    effect = outcomes.effect().sel(outcome=measure.name)
    draws = np.stack(
        [over_groups(effect.isel(period=p), outcomes) for p in range(outcomes.periods.count)],
        axis=1,
    )
    unit = unit_of(measure, measure.unit, effect=True)
    # What flows over a period is set where the period begins, what is counted at its end there.
    ends = measure.accrual != "flow"
    days = [bounds[ends] for bounds in outcomes.periods.bounds()]
    fan(ax, days, draws * unit.factor, prob)
    ax.axhline(0.0, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    ax.grid(visible=True, axis="y")
    plain_ticks_y(ax)
    ax.set_title(f"Effect: {measure.title}{unit.after_title}")
    remark(ax, f"median, middle half, {interval_words(prob)}")


def _effect_by_group(ax: Axes, outcomes: Outcomes, measure: OutcomeMeasure, prob: float) -> None:
    part = next(c for c in collapse(outcomes) if c.measure.name == measure.name)
    unit = unit_of(measure, part.unit, effect=True)
    effect = outcomes.effect().sel(outcome=measure.name).isel(period=0)
    groups = [str(g) for g in effect["group"].values]
    rows = {"everybody": part.effect}
    if len(groups) > 1:
        rows |= {g: effect.sel(group=g).values for g in groups}
    for y, draws in enumerate(reversed(list(rows.values()))):
        half_eye(ax, draws * unit.factor, float(y), prob)
    zero_line(ax)
    row_labels(ax, list(reversed(rows)) if len(groups) > 1 else [""])
    ax.set_ylim(-0.35, len(rows) - 0.15)
    plain_ticks(ax)
    ax.set_xlabel(_axis_name(unit.name))
    ax.set_title(f"Effect: {measure.title}")
    positive = probability(float((part.effect > 0).mean()))
    remark(ax, f"P(above zero) {positive}; dot: mean, bar: {interval_words(prob)}")


def _axis_name(name: str) -> str:
    return f"{name} per person" if name not in {"", POINTS.name} else name

"""Figures of results: each takes a result and returns a matplotlib figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.summary import check_prob, describe_draws
from impactmodel.report.collapse import collapse, over_groups
from impactmodel.report.marks import (
    fan,
    half_eye,
    histogram,
    point_interval,
    remark,
    zero_line,
)
from impactmodel.report.numbers import POINTS, probability, unit_of
from impactmodel.report.style import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
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
    return drawn(draw, panels, [height] * panels)


def _effect_over_time(ax: Axes, outcomes: Outcomes, measure: OutcomeMeasure, prob: float) -> None:
    effect = outcomes.effect().sel(outcome=measure.name)
    draws = np.stack(
        [over_groups(effect.isel(period=p), outcomes) for p in range(outcomes.periods.count)],
        axis=1,
    )
    unit = unit_of(measure, measure.unit, effect=True)
    ends = [last for _, last in outcomes.periods.bounds()]
    fan(ax, ends, draws * unit.factor, prob)
    ax.axhline(0.0, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    ax.grid(visible=True, axis="y")
    plain_ticks_y(ax)
    ax.set_title(f"Effect: {measure.title} ({unit.name})")
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
    names = list(reversed(rows))
    ax.set_yticks(range(len(rows)), names if len(groups) > 1 else [""])
    ax.set_ylim(-0.35, len(rows) - 0.15)
    plain_ticks(ax)
    ax.set_xlabel(_axis_name(unit.name))
    ax.set_title(f"Effect: {measure.title}")
    positive = probability(float((part.effect > 0).mean()))
    remark(ax, f"P(above zero) {positive}; dot: mean, bar: {interval_words(prob)}")


def _axis_name(name: str) -> str:
    return f"{name} per person" if name != POINTS.name else name


def plot_by_payer(parts: dict[str, Any], currency: str, *, title: str, prob: float = 0.9) -> Figure:
    """Draw an amount by payer: mean and equal-tailed interval, zero marked.

    Parameters
    ----------
    parts
        Draws by payer, in the order they are to be read.
    currency
        Of the amounts.
    title
        What the amounts are.
    prob
        Probability of the interval.
    """
    check_prob(prob)
    unit, factor = _money_axis(currency, np.concatenate([np.abs(v) for v in parts.values()]))

    def draw(axes: list[Axes]) -> None:
        (ax,) = axes
        for y, values in enumerate(reversed(list(parts.values()))):
            d = describe_draws(np.asarray(values) * factor, prob)
            colour = ORANGE if d["mean"] < 0 else BLUE
            point_interval(ax, d["mean"], (d["lower"], d["upper"]), float(y), colour)
        zero_line(ax)
        ax.set_yticks(range(len(parts)), [readable(name) for name in reversed(parts)])
        ax.set_ylim(-0.6, len(parts) - 0.4)
        plain_ticks(ax)
        ax.set_xlabel(unit)
        ax.set_title(title)
        remark(ax, f"dot: mean, bar: {interval_words(prob)}")

    return drawn(draw, 1, [0.8 + 0.34 * len(parts)])


def readable(name: str) -> str:
    """Turn a name of a file into words.

    Examples
    --------
    >>> readable("wellbeing_county")
    'wellbeing county'
    """
    return name.replace("_", " ")


def _money_axis(currency: str, sizes: Any) -> tuple[str, float]:
    """Return the name of an axis of amounts and the factor to its unit."""
    top = float(np.quantile(sizes, 0.99)) if np.size(sizes) else 0.0
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if top >= 2 * size:
            return f"{word} {currency}".strip(), 1 / size
    return currency, 1.0


def _limited(draws: Any) -> tuple[Any, int]:
    """Leave out the far tails of an axis; return how many draws that hides."""
    low, high = np.quantile(draws, [0.0025, 0.9975])
    kept = draws[(draws >= low) & (draws <= high)]
    return kept, int(draws.size - kept.size)


def plot_amounts(
    draws: Any, currency: str, *, title: str, marks: dict[str, float], prob: float = 0.9
) -> Figure:
    """Draw the distribution of a total amount.

    Parameters
    ----------
    draws
        One amount per draw.
    currency, title
        Of the amounts; what they are.
    marks
        Amounts to be marked by name, such as a cap; draws exactly there get their own bar.
    prob
        Probability of the interval.
    """
    check_prob(prob)
    unit, factor = _money_axis(currency, np.abs(draws))

    def draw(axes: list[Axes]) -> None:
        (ax,) = axes
        atoms = [0.0, *(value * factor for value in marks.values())]
        histogram(ax, np.asarray(draws) * factor, atoms=atoms)
        d = describe_draws(np.asarray(draws) * factor, prob)
        top = ax.get_ylim()[1]
        point_interval(ax, d["mean"], (d["lower"], d["upper"]), -0.07 * top)
        ax.set_ylim(-0.14 * top, top * 1.12)
        for name, value in marks.items():
            ax.axvline(value * factor, color=QUIET, linewidth=1.0, linestyle=(0, (4, 3)))
            ax.text(
                value * factor,
                top * 1.11,
                f"{name} ",
                ha="right",
                va="top",
                color=QUIET,
                fontsize=9,
            )
        _shares(ax)
        plain_ticks(ax)
        ax.set_xlabel(unit)
        ax.set_title(title)
        zero = probability(float((np.asarray(draws) == 0).mean()))
        remark(ax, f"P(nothing) {zero}; dot: mean, bar: {interval_words(prob)}")

    return drawn(draw, 1, [2.5])


def _shares(ax: Axes) -> None:
    """Label a vertical axis of shares of draws."""
    from matplotlib.ticker import FuncFormatter

    ax.yaxis.set_major_formatter(
        FuncFormatter(lambda v, _: f"{v * 100:.3g}\u00a0%" if v >= 0 else "")
    )
    ax.set_ylabel("share of draws")
    ax.grid(visible=True, axis="y")

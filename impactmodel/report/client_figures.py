"""Figures of a plan of places: effects by group and month, and the frontier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.summary import check_prob
from impactmodel.report.marks import remark, row_labels, zero_line
from impactmodel.report.style import BLUE, INK, ORANGE, QUIET, drawn
from impactmodel.report.tables import interval_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from impactmodel.clients.allocation_frontier import Frontier
    from impactmodel.clients.effect_draws import EffectDraws
    from impactmodel.clients.effect_months import MonthlyEffects
    from impactmodel.clients.value_frontier import ValuePoint

_COLOURS = (BLUE, ORANGE, INK, QUIET)
_APART = 0.8


def plot_group_effects(drawn_effects: EffectDraws, prob: float = 0.9) -> Figure:
    """Draw the effect of each service in each group, with intervals.

    Parameters
    ----------
    drawn_effects
        Draws of effects.
    prob
        Probability of the intervals.
    """
    check_prob(prob)
    tail = (1 - prob) / 2
    middle = drawn_effects.effect.mean(axis=0) * 100
    low, high = np.quantile(drawn_effects.effect, [tail, 1 - tail], axis=0) * 100
    groups, services = len(drawn_effects.groups), len(drawn_effects.services)

    def draw(axes: list[Axes]) -> None:
        (ax,) = axes
        for s, service in enumerate(drawn_effects.services):
            at = np.arange(groups) + (s - (services - 1) / 2) * _APART / services
            colour = _COLOURS[s % len(_COLOURS)]
            ax.hlines(at, low[s], high[s], color=colour, linewidth=1.6)
            ax.plot(middle[s], at, "o", color=colour, markersize=4.5, label=service)
        zero_line(ax)
        row_labels(ax, drawn_effects.groups)
        ax.invert_yaxis()
        ax.set_xlabel("percentage points of the chance")
        ax.set_title("Effect by group and service")
        ax.legend(frameon=False, fontsize=9, loc="best")
        remark(ax, f"dot: mean, bar: {interval_words(prob)}")

    return drawn(draw, 1, 1.2 + 0.55 * groups)


def plot_months(months: MonthlyEffects, prob: float = 0.9) -> Figure:
    """Draw the effect of each service on employment in each month after the index date.

    Parameters
    ----------
    months
        Draws by month.
    prob
        Probability of the bands.
    """
    check_prob(prob)
    tail = (1 - prob) / 2
    at = np.arange(1, len(months.months) + 1)

    def draw(axes: list[Axes]) -> None:
        top = max(float(np.abs(months.effect.mean(axis=0)).max()) * 100 * 1.8, 1.0)
        for s, ax in enumerate(axes):
            effect = months.effect[:, s] * 100
            low, high = np.quantile(effect, [tail, 1 - tail], axis=0)
            ax.fill_between(at, low, high, color=BLUE, alpha=0.25, linewidth=0)
            ax.plot(at, effect.mean(axis=0), color=BLUE)
            ax.axhline(0, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
            ax.set_ylim(-top, top)
            ax.set_title(months.services[s])
            ax.set_xlabel("month")
        axes[0].set_ylabel("percentage points in work")

    return drawn(draw, 1, 2.8, len(months.services))


def plot_frontier(frontier: Frontier, prob: float = 0.9) -> Figure:
    """Draw the mean gain against the gain of the group that gains least.

    Parameters
    ----------
    frontier
        Allocations from the highest mean gain to the highest gain of the worst-off group.
    prob
        Probability of the bars.
    """
    check_prob(prob)
    tail = (1 - prob) / 2
    mean = np.array([point.mean_gain.mean() for point in frontier.points])
    worst = np.array([point.worst_gain.mean() for point in frontier.points])
    ends = np.array([np.quantile(p.mean_gain, [tail, 1 - tail]) for p in frontier.points])

    def draw(axes: list[Axes]) -> None:
        (ax,) = axes
        ax.vlines(worst, ends[:, 0], ends[:, 1], color=QUIET, linewidth=1.0)
        ax.plot(worst, mean, "o-", color=BLUE, markersize=5)
        ax.set_xlabel("gain of the group that gains least, per 1,000 of it")
        ax.set_ylabel("mean gain per 1,000")
        ax.set_title("What the mean costs the worst-off")
        remark(ax, f"bars: {interval_words(prob)} of the mean gain")

    return drawn(draw, 1, 3.0)


def plot_tradeoff(points: tuple[ValuePoint, ...], currency: str, prob: float = 0.9) -> Figure:
    """Draw the net value of all places against the jobs that they add.

    Parameters
    ----------
    points
        Allocations from the highest net value to the most jobs.
    currency
        Of the net value.
    prob
        Probability of the bars.
    """
    check_prob(prob)
    tail = (1 - prob) / 2
    jobs = np.array([point.jobs.mean() for point in points])
    value = np.array([point.value.mean() for point in points]) / 1000
    ends = np.array([np.quantile(p.value, [tail, 1 - tail]) for p in points]) / 1000

    def draw(axes: list[Axes]) -> None:
        (ax,) = axes
        ax.vlines(jobs, ends[:, 0], ends[:, 1], color=QUIET, linewidth=1.0)
        ax.plot(jobs, value, "o-", color=BLUE, markersize=5)
        ax.axhline(0, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        ax.set_xlabel("additional jobs of all places")
        ax.set_ylabel(f"net value, {currency} thousand")
        ax.set_title("What the last jobs cost")
        remark(ax, f"bars: {interval_words(prob)} of the net value")

    return drawn(draw, 1, 3.0)

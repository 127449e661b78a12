"""Figures of durations: how many have found a job by when, with and without the programme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.summary import check_prob
from impactmodel.report.marks import fan, remark
from impactmodel.report.style import BLUE, INK, ORANGE, drawn, plain_ticks, plain_ticks_y
from impactmodel.report.tables import interval_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from impactmodel.effects.endings import Endings
    from impactmodel.evidence.spell_cells import SpellCells

_STYLES = ((BLUE, "o"), (ORANGE, "s"))


def plot_durations(
    endings: Endings,
    job: Sequence[str],
    *,
    observed: SpellCells | None = None,
    group: str | None = None,
    arms: tuple[str, str] = ("with the programme", "without"),
    prob: float = 0.9,
) -> Figure:
    """Draw the cumulative incidence of a job in both arms, and below it their difference.

    Parameters
    ----------
    endings
        How spells end, from `impactmodel.effects.durations.endings`.
    job
        Causes of exit that count as a job.
    observed
        Spells whose Aalen-Johansen estimates are drawn as marks, all groups and covariates
        together.
    group
        Which group is drawn; may be left out where there is one.
    arms
        What the treated and the comparison are called.
    prob
        Probability of the interval.

    Returns
    -------
    Figure
        Two panels over months since the start, in percentage points.

    Raises
    ------
    InputError
        If there are several groups and none is named, or there is no such group.
    """
    check_prob(prob)
    at = _group(endings, group)
    curves = 100 * endings.incidence(job)[:, :, at]
    step = 12 * endings.periods.years
    months = np.linspace(0.0, step * endings.horizon, endings.horizon + 1)
    start = np.zeros((len(curves), 2, 1))
    curves = np.concatenate([start, curves], axis=2)

    def draw(axes: list[Axes]) -> None:
        above, below = axes
        _levels(above, months, curves, (arms, prob))
        if observed is not None:
            _marks(above, months[1:], observed, job)
            remark(above, "marks: observed")
        above.set_title(f"Left to {' or '.join(job)} (% of all)".replace("_", " "))
        fan(below, months.tolist(), curves[:, 0] - curves[:, 1], prob)
        below.axhline(0.0, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
        below.set_title("Difference (points)")
        below.set_xlabel("months since the start")
        for ax in axes:
            ax.grid(visible=True, axis="y")
            ax.set_xlim(0, months[-1])
            plain_ticks(ax)
            plain_ticks_y(ax)
        remark(below, f"median, middle half, {interval_words(prob)}")

    return drawn(draw, 2, 2.4)


def _group(endings: Endings, group: str | None) -> int:
    if group is None and len(endings.groups) == 1:
        return 0
    if group not in endings.groups:
        raise InputError(
            "a figure shows one group",
            key="group",
            seen=group or "none",
            fix=f"name one of {', '.join(endings.groups)}",
        )
    return endings.groups.index(group)


def _levels(
    ax: Axes,
    months: NDArray[np.float64],
    curves: NDArray[np.float64],
    told: tuple[tuple[str, str], float],
) -> None:
    """Draw both arms, each named at its end."""
    names, prob = told
    medians = np.median(curves, axis=0)
    top = int(medians[1, -1] > medians[0, -1])
    for arm, (colour, _) in enumerate(_STYLES):
        fan(ax, months.tolist(), curves[:, arm], prob, colour)
        ax.annotate(
            names[arm],
            (months[-1], medians[arm, -1]),
            xytext=(-2, 20 if arm == top else -20),
            textcoords="offset points",
            ha="right",
            va="bottom" if arm == top else "top",
            color=colour,
        )
    # Room for the name above the upper curve.
    ax.set_ylim(0, 1.3 * float(np.quantile(curves, (1 + prob) / 2, axis=0).max()))


def _marks(ax: Axes, months: NDArray[np.float64], observed: SpellCells, job: Sequence[str]) -> None:
    from impactmodel.effects.survival import aalen_johansen

    places = [observed.causes.index(cause) for cause in job]
    for (colour, marker), treated in zip(_STYLES, (True, False), strict=True):
        found = aalen_johansen(*observed.arm(treated=treated)).incidence[:, places].sum(axis=1)
        seen = found[: len(months)]
        ax.plot(
            months[: len(seen)],
            100 * seen,
            linestyle="",
            marker=marker,
            markersize=3.0,
            markerfacecolor="white",
            markeredgecolor=colour,
            markeredgewidth=0.9,
            zorder=4,
        )

"""Figures of official indicators by month: everyone's counts, and activation by target group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from impactmodel.report.style import BLUE, INK, ORANGE, QUIET, drawn, plain_ticks_y

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from impactmodel.registers import GroupIndicators

_HEIGHT = 2.5
_COUNTS = (
    ("unemployed_and_in_services", "unemployed and in services", INK),
    ("unemployed", "unemployed", ORANGE),
    ("in_services", "in services", BLUE),
)
_DASHES: tuple[str | tuple[int, tuple[int, ...]], ...] = (
    "-",
    (0, (5, 2)),
    (0, (1, 1)),
    (0, (5, 1, 1, 1)),
    (0, (3, 1, 1, 1, 1, 1)),
)
_COLOURS = (BLUE, ORANGE, QUIET)
_TICKS = 7
# Names at the ends of lines stand at least this share of the axis apart.
_APART = 0.085


def plot_indicators(indicators: GroupIndicators) -> Figure:
    """Draw everyone's counts and the activation rate of every target group, month by month.

    Parameters
    ----------
    indicators
        Under disclosure control: where a count is withheld, its line has a gap.

    Returns
    -------
    Figure
        Two panels. They describe; they show no effect.
    """
    frame = indicators.frame
    groups = list(dict.fromkeys(frame.index.get_level_values("group")))
    everyone = frame.loc[groups[0]]
    days = [dt.date.fromisoformat(f"{month}-01") for month in everyone.index]

    def draw(axes: list[Axes]) -> None:
        counts = [(everyone[name], text, colour, "-") for name, text, colour in _COUNTS]
        _lines(axes[0], days, counts, "Everyone, persons on the last working day of the month")
        rates = [
            (
                frame.loc[name]["activation_rate"],
                name.replace("_", " "),
                INK if place == 0 else _COLOURS[(place - 1) % len(_COLOURS)],
                _DASHES[place % len(_DASHES)],
            )
            for place, name in enumerate(groups)
            if (frame.loc[name]["activation_rate"] > 0).any()
        ]
        _lines(axes[1], days, rates, "Activation rate by target group (%)")

    return drawn(draw, 2, _HEIGHT)


def _lines(
    ax: Axes,
    days: list[dt.date],
    lines: Sequence[tuple[pd.Series[float], str, str, object]],
    title: str,
) -> None:
    for values, _, colour, dash in lines:
        ax.plot(days, values.to_numpy(float), color=colour, linewidth=1.7, linestyle=dash)  # type: ignore[arg-type]
    ticks = days[:: -(-len(days) // _TICKS)]
    ax.set_xticks(ticks, [day.isoformat()[:7] for day in ticks])  # type: ignore[arg-type]
    ax.set_ylim(bottom=0)
    ax.set_xlim(days[0], days[-1])  # type: ignore[arg-type]
    low, high = ax.get_ylim()
    named = [(float(v.dropna().iloc[-1]), t, c) for v, t, c, _ in lines if v.notna().any()]
    place = float("-inf")
    for value, text, colour in sorted(named):
        place = max(value, place + _APART * (high - low))
        ax.annotate(
            text,
            (days[-1], place),
            (5, 0),
            textcoords="offset points",
            va="center",
            color=colour,
        )
    ax.set_title(title)
    ax.grid(visible=True, axis="y")
    ax.grid(visible=False, axis="x")
    plain_ticks_y(ax)

"""The tornado: how far one input at a time moves what a party gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.report.drivers_words import Words, changes
from impactmodel.report.marks import zero_line
from impactmodel.report.style import BLUE, LIGHT_BLUE, QUIET, drawn, plain_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from impactmodel.report.drivers_result import Driven

MOST_BARS = 10
_LONGEST = 46


def plot_tornado(driven: Driven, words: Words) -> Figure | None:
    """Draw the change of a party's mean gain at the low and the high value of each input.

    Parameters
    ----------
    driven
        What a party gains under each input.
    words
        Names and numbers in a language.

    Returns
    -------
    Figure or None
        The widest inputs on top, at most ten; None where no input moves the gain.
    """
    swings = driven.amounts.swings[:MOST_BARS]
    if not swings:
        return None
    moves = [changes(swing, driven) for swing in swings]
    scale = words.scale([move for pair in moves for move in pair])

    def draw(axes: list[Axes]) -> None:
        (ax,) = axes
        for place, (swing, pair) in enumerate(zip(swings, moves, strict=True)):
            y = len(swings) - 1 - place
            for move, value, dark in zip(pair, (swing.low, swing.high), (False, True), strict=True):
                if value is None:
                    continue
                face, hatch = (BLUE, None) if dark else (LIGHT_BLUE, "////")
                width = move / scale.factor
                ax.barh(y, width, 0.62, color=face, edgecolor=BLUE, linewidth=0.5, hatch=hatch)
                ax.annotate(
                    words.value(swing.name, value),
                    (width, y),
                    (4 if width >= 0 else -4, 0),
                    textcoords="offset points",
                    ha="left" if width >= 0 else "right",
                    va="center",
                    color=QUIET,
                    fontsize=8,
                )
        zero_line(ax)
        ax.margins(x=0.2)
        names = [_short(words.own[swing.name]) for swing in reversed(swings)]
        ax.set_yticks(range(len(swings)), names)
        ax.set_ylim(-0.6, len(swings) - 0.4)
        plain_ticks(ax)
        ax.set_xlabel(words.language.say("axis_change", {"unit": words.unit(scale)}))

    return drawn(draw, 1, 0.75 + 0.32 * len(swings))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

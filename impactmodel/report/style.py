"""One style for every figure: restrained, safe for the colour-blind, clear in black and white."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1f2328"
QUIET = "#59636e"
GRID = "#dfe3e8"
BLUE = "#0b4f8a"
LIGHT_BLUE = "#a9c7e3"
ORANGE = "#b35806"
LIGHT_ORANGE = "#f1c08b"
"""A blue and an orange that differ in lightness too: apart for every common colour vision, and in
print without colour, where losses are also hatched."""
WIDTH = 7.2
"""Inches: the width of a column of text."""

_SETTINGS: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": QUIET,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "axes.labelcolor": QUIET,
    "axes.labelsize": 9.5,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "figure.facecolor": "white",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "impactmodel",
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "ytick.left": False,
}


def drawn(draw: Callable[[Any], None], rows: int, height: float, columns: int = 1) -> Figure:
    """Return a figure of panels that ``draw`` filled, in the style of the house.

    Parameters
    ----------
    draw
        Called with the list of axes, row by row.
    rows, height
        How many rows of panels, and the height of each in inches.
    columns
        How many panels stand side by side.
    """
    import matplotlib
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        """A figure that a notebook shows although no window system made it."""

        def _repr_svg_(self) -> str:
            return svg(self)

    with matplotlib.rc_context(_SETTINGS):
        figure = ShownFigure(figsize=(WIDTH, rows * height + 0.35), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        draw(list(axes.flat))
    return figure


def svg(figure: Figure) -> str:
    """Return a figure as SVG text: the same figure gives the same bytes."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context(_SETTINGS):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def inline_svg(figure: Figure, name: str, title: str, description: str) -> str:
    """Return a figure as an SVG element for a page of several figures.

    Ids are prefixed with ``name``, so that figures do not share them; the element has a title and
    a description for those who hear the page.
    """
    text = svg(figure)
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    head, rest = text.split(">", 1)
    head = re.sub(r'\s(?:width|height)="[^"]*"', "", head)
    spoken = (
        f' role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>'
    )
    return head + spoken + rest


def plain_ticks(ax: Axes, *, factor: float = 1.0, after: str = "") -> None:
    """Write the ticks of the x axis with thousands separators and a true minus sign."""
    _ticks(ax.xaxis, factor, after)


def plain_ticks_y(ax: Axes, *, factor: float = 1.0, after: str = "") -> None:
    """Write the ticks of the y axis likewise."""
    _ticks(ax.yaxis, factor, after)


def _ticks(axis: Any, factor: float, after: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def write(value: float, _: object) -> str:
        text = f"{abs(value * factor):,.10g}" if abs(value * factor) < 1e15 else f"{value:g}"
        return ("\u2212" if value * factor < 0 and text != "0" else "") + text + after

    axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(write))

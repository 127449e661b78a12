"""The marks that figures are made of: half-eyes, histograms with atoms, fans, point intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.summary import describe_draws
from impactmodel.report.style import BLUE, INK, LIGHT_BLUE, LIGHT_ORANGE, ORANGE, QUIET

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_GRID = 256
_LOSS_HATCH = "////"
# Letters of title and remark that fit on one line of a figure also when they are translated, which
# makes them longer; and the room for a second line.
_TITLE_LINE = 60
_SECOND_LINE = 18.0
_LINE, _LABEL = 11.0, 9.5
"""Points from line to line of a label, and its size."""


def half_eye(ax: Axes, draws: NDArray[np.float64], y: float, prob: float) -> None:
    """Draw a density above its mean and equal-tailed interval, at height ``y``."""
    d = describe_draws(draws, prob)
    if d["sd"] > 0 and np.ptp(draws) > 0:
        low, high = np.quantile(draws, [0.001, 0.999])
        x = np.linspace(low, high, _GRID)
        density = _density(draws, x)
        top = y + 0.72 * density / density.max()
        ax.fill_between(x, y, top, color=LIGHT_BLUE, linewidth=0)
        ax.plot(x, top, color=BLUE, linewidth=0.9)
    point_interval(ax, d["mean"], (d["lower"], d["upper"]), y)


def _density(draws: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a Gaussian kernel density up to a factor, its width by Scott's rule."""
    width = draws.std(ddof=1) * draws.size ** (-1 / 5)
    z = (x[:, None] - draws) / width
    return np.asarray(np.exp(-0.5 * z * z).sum(axis=1))


def point_interval(
    ax: Axes, mean: float, interval: tuple[float, float], y: float, colour: str = INK
) -> None:
    """Draw a mean as a dot and an interval as a bar."""
    ax.plot(interval, (y, y), color=colour, linewidth=2.4, solid_capstyle="butt", zorder=3)
    ax.plot([mean], [y], "o", color=colour, markersize=5.5, zorder=4)


def zero_line(ax: Axes) -> None:
    """Mark zero."""
    ax.axvline(0.0, color=INK, linewidth=1.0, linestyle=(0, (4, 3)), zorder=2)


def histogram(
    ax: Axes,
    draws: NDArray[np.float64],
    *,
    atoms: Sequence[float] = (),
    loss_below: float | None = None,
) -> None:
    """Draw the share of draws by value; values that many draws share exactly get their own bar.

    Parameters
    ----------
    draws
        Finite draws.
    atoms
        Values to be kept out of the bins: a payment of zero, a cap, a total loss.
    loss_below
        Bars that end at or below this are hatched and orange.
    """
    spread = draws[~np.isin(draws, atoms)]
    edges = _edges(spread if spread.size else draws, draws, loss_below)
    width = float(edges[1] - edges[0])
    shares, _ = np.histogram(spread, edges)
    for left, share in zip(edges[:-1], shares / draws.size, strict=True):
        lost = loss_below is not None and left + width <= loss_below + width * 1e-6
        _bar(ax, float(left) + width / 2, float(share), width, lost=lost)
    for atom in atoms:
        share = float((draws == atom).mean())
        if share > 0:
            lost = loss_below is not None and atom < loss_below
            _bar(ax, atom, share, width * 0.55, lost=lost, solid=True)
    ax.set_ylim(bottom=0)


def _edges(
    spread: NDArray[np.float64], draws: NDArray[np.float64], fixed: float | None
) -> NDArray[np.float64]:
    """Return bin edges over nearly all draws, one of them at ``fixed`` where that is inside."""
    low, high = float(spread.min()), float(spread.max())
    if low == high:
        half = max(abs(low), 1.0) * 0.05
        low, high = low - half, high + half
    bins = int(np.clip(np.sqrt(draws.size), 12, 48))
    width = (high - low) / bins
    if fixed is None or not low < fixed < high:
        return np.asarray(np.linspace(low, high, bins + 1), dtype=float)
    below, above = int(np.ceil((fixed - low) / width)), int(np.ceil((high - fixed) / width))
    return np.asarray(fixed + width * np.arange(-below, above + 1), dtype=float)


def _bar(
    ax: Axes, x: float, height: float, width: float, *, lost: bool, solid: bool = False
) -> None:
    face, edge = (LIGHT_ORANGE, ORANGE) if lost else (LIGHT_BLUE, BLUE)
    ax.bar(
        x,
        height,
        width=width,
        color=edge if solid else face,
        edgecolor="white" if solid else edge,
        linewidth=0.5,
        hatch=_LOSS_HATCH if lost and not solid else None,
    )


def fan(
    ax: Axes, x: Sequence[object], draws: NDArray[np.float64], prob: float, colour: str = BLUE
) -> None:
    """Draw the median over time, the equal-tailed interval and the middle half around it.

    Parameters
    ----------
    draws
        Shape (draw, x).
    """
    tail = (1 - prob) / 2
    low, q1, mid, q3, high = np.quantile(draws, [tail, 0.25, 0.5, 0.75, 1 - tail], axis=0)
    ax.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)  # type: ignore[arg-type]
    ax.fill_between(x, q1, q3, color=colour, alpha=0.30, linewidth=0)  # type: ignore[arg-type]
    ax.plot(x, mid, color=colour, linewidth=1.6)  # type: ignore[arg-type]
    for edge in (low, high):
        ax.plot(x, edge, color=colour, linewidth=0.7, linestyle=(0, (3, 2)))  # type: ignore[arg-type]


def row_labels(ax: Axes, labels: Sequence[str]) -> None:
    """Label the rows of a drawing, the parts of a label below each other.

    Each part is a text of its own that ends at the axis: it may become longer in translation.
    """
    ax.set_yticks(range(len(labels)), [""] * len(labels))
    for y, label in enumerate(labels):
        parts = label.split(", ")
        for place, part in enumerate(parts):
            down = (place - (len(parts) - 1) / 2) * _LINE
            ax.annotate(
                part,
                (0.0, y),
                xycoords=ax.get_yaxis_transform(),
                xytext=(-7.0, -down),
                textcoords="offset points",
                ha="right",
                va="center",
                color=QUIET,
                fontsize=_LABEL,
            )


def remark(ax: Axes, text: str, where: str = "right") -> None:
    """Write a remark above the axes: beside the title, or under it where both are long."""
    x, side = (1.0, "right") if where == "right" else (0.0, "left")
    title = ax.get_title(loc="left")
    if len(title) + len(text) > _TITLE_LINE:
        ax.set_title(title, pad=_SECOND_LINE)
        x, side = 0.0, "left"
    ax.text(x, 1.02, text, transform=ax.transAxes, ha=side, va="bottom", color=QUIET, fontsize=9)

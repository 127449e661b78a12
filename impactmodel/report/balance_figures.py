"""Figures of a design stage: how alike the arms are before and after weighting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.effects.design_checks import BALANCE_LIMIT
from impactmodel.report.marks import remark, zero_line
from impactmodel.report.style import BLUE, INK, ORANGE, QUIET, drawn, plain_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from impactmodel.effects.balance import Balance
    from impactmodel.effects.design_stage import DesignStage

_ROW = 0.24


def plot_balance(stage: DesignStage) -> Figure:
    """Draw the standardised difference of each covariate before and after weighting (Love plot).

    Parameters
    ----------
    stage
        A design stage: no outcome has been read.

    Returns
    -------
    Figure
        One panel per stratum; covariates from the largest difference before weighting to the
        smallest, those held out of the weights marked, and the limit of the balance check shaded.
    """
    panels = [[b for b in stage.balance if b.group == label] for label in stage.labels]
    height = 1.1 + _ROW * max(len(rows) for rows in panels)

    def draw(axes: list[Axes]) -> None:
        for ax, label, rows in zip(axes, stage.labels, panels, strict=True):
            _panel(ax, sorted(rows, key=lambda b: abs(b.difference_before)))
            where = "" if len(stage.labels) == 1 else f", {label}"
            ax.set_title(f"Treated less comparison{where}")

    return drawn(draw, len(panels), height)


def _panel(ax: Axes, rows: list[Balance]) -> None:
    ax.axvspan(-BALANCE_LIMIT, BALANCE_LIMIT, color=QUIET, alpha=0.15, linewidth=0)
    zero_line(ax)
    for y, b in enumerate(rows):
        ax.plot(
            [b.difference_before, b.difference_after], [y, y], color=QUIET, linewidth=0.8, zorder=2
        )
        ax.plot([b.difference_before], [y], "o", color=ORANGE, markerfacecolor="white", zorder=3)
        ax.plot([b.difference_after], [y], "D" if b.held_out else "o", color=BLUE, zorder=4)
    names = [f"{b.covariate} (held out)" if b.held_out else b.covariate for b in rows]
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.tick_params(axis="y", colors=INK)
    plain_ticks(ax)
    ax.set_xlabel("standard deviations of the treated")
    remark(ax, f"open: before, filled: after weighting; shaded: within {BALANCE_LIMIT:g}")

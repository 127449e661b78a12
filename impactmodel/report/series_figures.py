"""Figures of one treated series: what was seen, what would have been, and the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.summary import check_prob
from impactmodel.report.marks import fan, remark
from impactmodel.report.numbers import unit_of
from impactmodel.report.style import INK, ORANGE, QUIET, drawn, plain_ticks_y
from impactmodel.report.tables import interval_words

if TYPE_CHECKING:
    import datetime as dt

    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from impactmodel.core.measures import OutcomeMeasure
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.evidence.panel import Panel

    type Array = npt.NDArray[np.float64]

_HEIGHT = 2.5
# Ends of lines closer than this share of the axis have their names moved apart.
_CLOSE = 0.1


def plot_series(
    outcomes: Outcomes, panel: Panel, *, before: Array | None = None, prob: float = 0.9
) -> Figure:
    """Draw a treated series with what it would have been, and below it the effect.

    Parameters
    ----------
    outcomes
        Draws of a design of one treated series: one group, the periods from its start on.
    panel
        The panel that they were computed from, for the periods before the start.
    before
        What the design says of the treated before the start (outcome, period), such as
        `effects.synthetic_control.fitted_before`; None: it is not drawn.
    prob
        Probability of the interval, which holds the error of prediction of each period.

    Returns
    -------
    Figure
        Two panels per outcome.

    Raises
    ------
    InputError
        If the outcomes have several groups or other periods than the panel.
    """
    check_prob(prob)
    first = _first(outcomes, panel)
    treated = panel.start < panel.periods.count
    weight = panel.weights[treated]
    seen = np.einsum("u,uto->ot", weight / weight.sum(), panel.y[treated])

    def draw(axes: list[Axes]) -> None:
        days = [start for start, _ in panel.periods.bounds()]
        for k, measure in enumerate(outcomes.measures):
            told = None if before is None else before[k]
            top, bottom = axes[2 * k], axes[2 * k + 1]
            _levels(top, (outcomes, measure), (days, first), (seen[k], told), prob)
            _difference(bottom, (outcomes, measure), (days, first), prob)

    return drawn(draw, 2 * len(outcomes.measures), _HEIGHT)


def _first(outcomes: Outcomes, panel: Panel) -> int:
    """Return the place of the first treated period."""
    groups = outcomes.dataset.sizes["group"]
    if groups != 1:
        raise InputError("a series is drawn for one group", key="outcomes", seen=groups)
    first = panel.periods.count - outcomes.periods.count
    days = [start for start, _ in panel.periods.bounds()]
    if first < 1 or outcomes.periods.bounds()[0][0] != days[first]:
        raise InputError("the outcomes do not end with the panel's periods", key="panel")
    return first


def _levels(
    ax: Axes,
    what: tuple[Outcomes, OutcomeMeasure],
    when: tuple[list[dt.date], int],
    lines: tuple[Array, Array | None],
    prob: float,
) -> None:
    (outcomes, measure), (days, first), (seen, told) = what, when, lines
    unit = unit_of(measure, measure.unit, effect=False)
    without = outcomes.level("counterfactual", measure.name).values[:, 0] * unit.factor
    fan(ax, days[first:], without, prob, ORANGE)
    ax.plot(days, seen * unit.factor, color=INK, linewidth=1.8)  # type: ignore[arg-type]
    if told is not None:
        line = np.append(told, np.median(without[:, 0]) / unit.factor) * unit.factor
        ax.plot(days[: first + 1], line, color=ORANGE, linewidth=1.6)  # type: ignore[arg-type]
    _since(ax, days, first)
    _name_lines(ax, days[-1], float(seen[-1] * unit.factor), float(np.median(without[:, -1])))
    ax.set_title(f"{measure.title}{unit.after_title}")


def _name_lines(ax: Axes, day: dt.date, observed: float, without: float) -> None:
    """Write the names at the ends of their lines, apart from each other where these meet."""
    low, high = ax.get_ylim()
    apart = 8 if abs(observed - without) < _CLOSE * (high - low) else 0
    up = 1 if observed >= without else -1
    for height, text, colour, shift in (
        (observed, "observed", INK, up * apart),
        (without, "without", ORANGE, -up * apart),
    ):
        ax.annotate(
            text,
            (day, height),
            (5, shift),
            textcoords="offset points",
            va="center",
            color=colour,
        )


def _difference(
    ax: Axes,
    what: tuple[Outcomes, OutcomeMeasure],
    when: tuple[list[dt.date], int],
    prob: float,
) -> None:
    (outcomes, measure), (days, first) = what, when
    unit = unit_of(measure, measure.unit, effect=True)
    effect = outcomes.effect().sel(outcome=measure.name).values[:, 0] * unit.factor
    fan(ax, days[first:], effect, prob)
    ax.axhline(0.0, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    _since(ax, days, first)
    ax.set_title(f"Effect{unit.after_title}")
    remark(ax, f"median, middle half, {interval_words(prob)}")


def _since(ax: Axes, days: list[dt.date], first: int) -> None:
    ax.axvline(days[first], color=QUIET, linewidth=1.0)  # type: ignore[arg-type]
    ax.set_xlim(days[0], days[-1])  # type: ignore[arg-type]
    ax.grid(visible=True, axis="y")
    ax.grid(visible=False, axis="x")
    plain_ticks_y(ax)

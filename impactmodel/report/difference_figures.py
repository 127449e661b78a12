"""What a difference-in-differences stands on: the event study, and other methods beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from impactmodel.core.summary import check_prob
from impactmodel.effects import DifferenceInDifferences, aggregate, difference_table
from impactmodel.effects.designs import prepare
from impactmodel.effects.did_prepared import PreparedDifferences
from impactmodel.report.numbers import percent, unit_of
from impactmodel.report.style import BLUE, INK, QUIET, drawn, plain_ticks_y
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from impactmodel.core.measures import OutcomeMeasure

type Array = NDArray[np.float64]

_APART = 0.13
_AFTER_WIDTH = 2.4


@dataclass(frozen=True, slots=True)
class EventStudy:
    """Effects by event time: periods since the first treated one, which is 0.

    Parameters
    ----------
    measure
        The outcome.
    at
        Event times. Before the start an estimate is a change from one period to the next, which
        parallel trends make zero; from the start on it is the effect since the period before.
    estimate, se
        By Callaway and Sant'Anna, with cluster-robust errors.
    mean, sd
        Of the posterior, from the start on; NaN before.
    """

    measure: OutcomeMeasure
    at: NDArray[np.intp]
    estimate: Array
    se: Array
    mean: Array
    sd: Array


def event_studies(design: DifferenceInDifferences) -> tuple[EventStudy, ...]:
    """Return the event study of each outcome.

    Raises
    ------
    NotIdentifiedError, InputError
        As `group_time_effects` does.
    """
    ready = prepare(design)
    if not isinstance(ready, PreparedDifferences):
        raise TypeError(f"{type(design).__name__} is not a difference-in-differences")
    return tuple(_event_study(ready, place) for place in range(len(ready.cells)))


def _event_study(ready: PreparedDifferences, place: int) -> EventStudy:
    cells, model = ready.cells[place], ready.models[place]
    found = aggregate(cells, "dynamic")
    since, share = cells.since[cells.after], cells.share[cells.after]
    mean, sd = np.full(len(found.at), np.nan), np.full(len(found.at), np.nan)
    for k, time in enumerate(found.at):
        here = (since == time) * share
        if here.any():
            first, covariance = model.moments((here / here.sum())[:, None])
            mean[k], sd[k] = float(first[0]), float(np.sqrt(covariance[0, 0]))
    return EventStudy(model.measure, found.at, found.estimate, found.se, mean, sd)


def plot_event_study(design: DifferenceInDifferences, prob: float = 0.9) -> Figure:
    """Draw the effect by periods since the start, and what was there before it.

    Parameters
    ----------
    design
        With its evidence.
    prob
        Probability of the intervals, which are normal.

    Returns
    -------
    Figure
        A panel per outcome: changes before the start in grey, estimates from the start on in blue
        and the pooled posterior in black beside them.
    """
    check_prob(prob)
    studies = event_studies(design)

    def draw(axes: list[Axes]) -> None:
        for ax, study in zip(axes, studies, strict=True):
            _draw(ax, study, float(ndtri(0.5 + prob / 2)))

    return drawn(draw, len(studies), 2.6)


def _draw(ax: Axes, study: EventStudy, z: float) -> None:
    unit = unit_of(study.measure, study.measure.unit, effect=True)
    before = study.at < 0
    for times, colour, name in (
        (before, QUIET, "change before the start"),
        (~before, BLUE, "estimate"),
    ):
        x = np.asarray(study.at[times] - (_APART if name == "estimate" else 0.0), dtype=float)
        _bars(ax, x, study.estimate[times], z * study.se[times], (unit.factor, colour, name))
    x = np.asarray(study.at[~before] + _APART, dtype=float)
    _bars(ax, x, study.mean[~before], z * study.sd[~before], (unit.factor, INK, "posterior"))
    ax.axhline(0.0, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    ax.axvline(-0.5, color=QUIET, linewidth=1.0)
    ax.set_xticks(study.at, [f"{t}".replace("-", "\u2212") for t in study.at])
    ax.set_xlabel("periods since the start (0: the first with the programme)")
    ax.grid(visible=False, axis="x")
    ax.grid(visible=True, axis="y")
    plain_ticks_y(ax)
    ax.set_title(f"Effect: {study.measure.title}{unit.after_title}")
    ax.legend(frameon=False, loc="best", fontsize=9)


def _bars(ax: Axes, x: Array, middle: Array, half: Array, look: tuple[float, str, str]) -> None:
    factor, colour, name = look
    ax.errorbar(
        x,
        middle * factor,
        yerr=half * factor,
        fmt="o",
        color=colour,
        markersize=5,
        elinewidth=_AFTER_WIDTH,
        label=name,
        zorder=3,
    )


def methods_table(design: DifferenceInDifferences, prob: float = 0.9) -> Table:
    """Tabulate the average effect by this and other methods; see `effects.difference_table`."""
    measures = {measure.name: measure for measure in design.panel.outcomes}
    rows = []
    for row in difference_table(design, prob=prob):
        measure = measures[row.outcome]
        unit = unit_of(measure, measure.unit, effect=True)
        rows.append(
            (
                measure.title + unit.after_title,
                row.method,
                _AVERAGES[row.quantity],
                unit.bare(row.estimate, row.error),
                unit.bare(row.error, row.error),
                f"{unit.bare(row.low, row.error)} to {unit.bare(row.high, row.error)}",
            )
        )
    return Table(
        title="The average effect by this and other methods",
        columns=(
            "Outcome",
            "Method",
            "Average over",
            "Effect",
            "Error",
            f"{percent(prob)} interval",
        ),
        rows=tuple(rows),
        note="Error: standard error, or posterior standard deviation. Intervals are normal. Where "
        "starts are staggered, two-way fixed effects compare the newly treated with those treated "
        "earlier; independent errors are nearly always too small. Both stand here as a warning.",
        words=(0, 1, 2),
    )


_AVERAGES = {
    "simple": "cohorts and periods",
    "dynamic": "periods since the start",
    "group": "cohorts",
    "calendar": "calendar periods",
    "regression": "weights of the regression",
}

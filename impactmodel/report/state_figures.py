"""The figure of states over time: who is where with and without the programme, and time gained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.outcome_data import ARMS
from impactmodel.core.summary import check_prob, describe_draws
from impactmodel.report.collapse import over_groups
from impactmodel.report.marks import point_interval, remark, zero_line
from impactmodel.report.style import (
    BLUE,
    GRID,
    LIGHT_BLUE,
    LIGHT_ORANGE,
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
    from numpy.typing import NDArray

    from impactmodel.core.measures import OutcomeMeasure
    from impactmodel.core.outcomes import Outcomes

_FILLS = (
    (BLUE, ""),
    (LIGHT_BLUE, ""),
    (LIGHT_ORANGE, "...."),
    (ORANGE, ""),
    (GRID, "////"),
    (QUIET, ""),
)
_SUM = 1e-6


def plot_states(outcomes: Outcomes, prob: float = 0.9) -> Figure:
    """Draw the shares of people in each state over time by arm, and the time gained in each.

    Parameters
    ----------
    outcomes
        Of the design `Transitions`: for each state whether people are in it at the end of a
        period (binary, stock) and the time spent in it (``months_`` or ``weeks_`` and the name).
    prob
        Probability of the interval.

    Returns
    -------
    Figure
        Three panels: mean shares with and without the programme, stacked, and the effect on the
        time in each state over all periods with its mean and equal-tailed interval. Whole cohort.

    Raises
    ------
    InputError
        If the outcomes do not hold states that add up to everybody, or more than six of them.
    """
    check_prob(prob)
    states = _states(outcomes)
    shares = {arm: np.stack([_mean_share(outcomes, arm, m) for m in states]) for arm in ARMS}
    if any(np.abs(values.sum(axis=0) - 1.0).max() > _SUM for values in shares.values()):
        raise InputError(
            "the states do not add up to everybody", key="outcomes", fix="give every state"
        )

    def draw(axes: list[Axes]) -> None:
        names = ("With the programme", "Without the programme")
        for ax, arm, name in zip(axes[:2], ARMS, names, strict=True):
            _stack(ax, outcomes, states, shares[arm], name)
        _legend(axes[0], states)
        _gained(axes[2], outcomes, states, prob)

    return drawn(draw, 3, 1.9)


def _states(outcomes: Outcomes) -> list[OutcomeMeasure]:
    found = [m for m in outcomes.measures if m.kind == "binary" and m.accrual == "stock"]
    if not 2 <= len(found) <= len(_FILLS):
        raise InputError(
            f"the figure needs from 2 to {len(_FILLS)} states",
            key="outcomes",
            seen=", ".join(m.name for m in found) or "none",
            fix="give the outcomes of Transitions",
        )
    return found


def _mean_share(outcomes: Outcomes, arm: str, state: OutcomeMeasure) -> NDArray[np.float64]:
    level = outcomes.level(arm, state.name)
    periods = range(outcomes.periods.count)
    return np.array([over_groups(level.isel(period=p), outcomes).mean() for p in periods])


def _stack(
    ax: Axes,
    outcomes: Outcomes,
    states: list[OutcomeMeasure],
    shares: NDArray[np.float64],
    title: str,
) -> None:
    edges = np.arange(outcomes.periods.count + 1) * outcomes.periods.every
    below = np.zeros(outcomes.periods.count)
    for (colour, hatch), share in zip(_FILLS[: len(states)], shares, strict=True):
        above = below + share
        low, high = (np.append(v, v[-1]) for v in (below, above))
        ax.fill_between(
            edges, low, high, step="post", facecolor=colour, edgecolor="white", linewidth=0.4,
            hatch=hatch,
        )  # fmt: skip
        below = above
    ax.set_ylim(0.0, 1.0)
    ax.set_xlim(0.0, float(edges[-1]))
    plain_ticks_y(ax, factor=100.0, after=" %")
    plain_ticks(ax)
    seen = "; shares at the end of each period" if outcomes.periods.every > 1 else ""
    ax.set_xlabel(f"{outcomes.periods.step}s since the start{seen}")
    ax.set_title(title)


def _legend(ax: Axes, states: list[OutcomeMeasure]) -> None:
    from matplotlib.patches import Patch

    patches = [
        Patch(facecolor=colour, edgecolor="white", hatch=hatch, label=state.title)
        for state, (colour, hatch) in zip(states, _FILLS, strict=False)
    ]
    ax.legend(
        handles=patches,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(states),
        frameon=False,
        fontsize=9,
        borderaxespad=0.2,
    )


def _gained(ax: Axes, outcomes: Outcomes, states: list[OutcomeMeasure], prob: float) -> None:
    effect, step = outcomes.effect(), outcomes.periods.step
    for y, state in enumerate(reversed(states)):
        part = effect.sel(outcome=f"{step}s_{state.name}").sum("period")
        d = describe_draws(over_groups(part, outcomes), prob)
        point_interval(ax, d["mean"], (d["lower"], d["upper"]), float(y))
    zero_line(ax)
    ax.set_yticks(range(len(states)), [state.title for state in reversed(states)])
    ax.set_ylim(-0.6, len(states) - 0.4)
    plain_ticks(ax)
    total = outcomes.periods.count * outcomes.periods.every
    ax.set_xlabel(f"{step}s per person over {total} {step}s")
    ax.set_title("Gained with the programme")
    remark(ax, f"dot: mean, bar: {interval_words(prob)}")

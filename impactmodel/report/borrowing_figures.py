"""What historical controls stand on: earlier groups, what they foretell, and what was borrowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.special import ndtri

from impactmodel.core.summary import check_prob
from impactmodel.effects import HistoricalControls, borrowing
from impactmodel.effects.arms import Arm, CountedArm
from impactmodel.effects.borrowed_mean import BorrowedMean
from impactmodel.effects.borrowed_share import BorrowedShare
from impactmodel.effects.designs import prepare
from impactmodel.effects.prepared import Prepared
from impactmodel.report.marks import point_interval
from impactmodel.report.numbers import number, percent, unit_of
from impactmodel.report.style import BLUE, INK, ORANGE, QUIET, drawn, plain_ticks
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 0.27
_MARGIN = 0.95


@dataclass(frozen=True, slots=True)
class Level:
    """The level of an outcome in a group, or as it is foretold for one.

    Parameters
    ----------
    name, kind
        What it is: an ``earlier`` group, what history ``foretold``, the ``own`` comparison, the
        comparison that is ``used``, or the ``treated``.
    people
        Of the group; what a distribution is worth in people (ELIR) otherwise.
    middle, lower, upper
        Mean and equal-tailed interval. A group alone has a uniform prior (shares) or a normal
        interval (means).
    """

    name: str
    kind: str
    people: float
    middle: float
    lower: float
    upper: float


def levels(design: HistoricalControls, prob: float = 0.9) -> tuple[Level, ...]:
    """Return every level that the comparison is made of, the earlier groups first."""
    check_prob(prob)
    tail, trial = (1 - prob) / 2, design.trial
    found = [_alone(arm, "earlier", prob) for arm in design.history]
    history = borrowing(design)
    lower, upper = history.quantile([tail, 1 - tail])
    worth = history.mixture.people("elir")
    found.append(
        Level(
            "foretold by the earlier groups",
            "foretold",
            worth,
            history.mean,
            float(lower),
            float(upper),
        )
    )
    if trial.control is not None:
        found.append(_alone(trial.control, "own", prob))
    used = _model(design).posterior()
    ends = (used.quantile(tail), used.quantile(1 - tail))
    found.append(Level("comparison that is used", "used", used.people("elir"), used.mean, *ends))
    return (*found, _alone(trial.treated, "treated", prob))


def _model(design: HistoricalControls) -> BorrowedShare | BorrowedMean:
    ready = prepare(design)
    model = ready.models[0] if isinstance(ready, Prepared) else None
    if not isinstance(model, BorrowedShare | BorrowedMean):
        raise TypeError(f"{type(design).__name__} is not a design with historical controls")
    return model


def _alone(arm: Arm, kind: str, prob: float) -> Level:
    from scipy.stats import beta

    if isinstance(arm, CountedArm):
        found = beta(arm.events + 1, arm.people - arm.events + 1)
        lower, upper = found.ppf([(1 - prob) / 2, (1 + prob) / 2])
        share = arm.events / arm.people
        return Level(arm.label, kind, arm.people, share, float(lower), float(upper))
    half = float(ndtri(0.5 + prob / 2)) * arm.error
    return Level(arm.label, kind, arm.people, arm.mean, arm.mean - half, arm.mean + half)


_COLOURS = {"earlier": QUIET, "foretold": BLUE, "own": QUIET, "used": INK, "treated": ORANGE}


def plot_borrowing(design: HistoricalControls, prob: float = 0.9) -> Figure:
    """Draw earlier groups, what they foretell, the comparison that is used, and the treated.

    Parameters
    ----------
    design
        With its arms.
    prob
        Probability of the intervals.
    """
    found = levels(design, prob)
    unit = unit_of(design.outcome, design.outcome.unit, effect=False)

    def draw(axes: list[Axes]) -> None:
        ax = axes[0]
        for y, level in enumerate(reversed(found)):
            ends = (level.lower * unit.factor, level.upper * unit.factor)
            point_interval(ax, level.middle * unit.factor, ends, float(y), _COLOURS[level.kind])
        ax.set_yticks(range(len(found)), [level.name for level in reversed(found)])
        ax.set_ylim(-0.6, len(found) - 0.4)
        plain_ticks(ax)
        ax.set_title(f"{design.outcome.title}: level by group")
        ax.set_xlabel(unit.name)

    return drawn(draw, 1, _MARGIN + _ROW * len(found))


def borrowing_table(design: HistoricalControls, prob: float = 0.9) -> Table:
    """Tabulate the same levels, with the people that each is made of or worth."""
    unit = unit_of(design.outcome, design.outcome.unit, effect=False)
    rows = []
    for level in levels(design, prob):
        spread = (level.upper - level.lower) / 4
        rows.append(
            (
                level.name,
                _KINDS[level.kind],
                number(level.people),
                unit.write(level.middle, spread),
                unit.span(level.lower, level.upper, spread),
            )
        )
    return Table(
        title=f"{design.outcome.title}: what the comparison is made of",
        columns=("Group", "What", "People", "Level", f"{percent(prob)} interval"),
        rows=tuple(rows),
        note="People of what is foretold or used: so many people would say as much (effective "
        "sample size by expected local information).",
        words=(0, 1),
    )


_KINDS = {
    "earlier": "earlier comparison group",
    "foretold": "predictive distribution of one more group",
    "own": "own comparison group",
    "used": "history and own comparison together",
    "treated": "with the programme",
}

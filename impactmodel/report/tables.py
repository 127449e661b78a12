"""Tables of results: text, ready to be shown; each names the probability and kind of interval."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impactmodel.core.summary import KIND, check_prob, describe_draws
from impactmodel.report.collapse import collapse, over_periods, unit_after
from impactmodel.report.numbers import Unit, percent, probability, unit_of

if TYPE_CHECKING:
    import great_tables
    import numpy as np
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from impactmodel.core.outcomes import Outcomes


_DAY = dt.timedelta(days=1)
# A spread below this share of that of the effect is an error of rounding.
_OBSERVED = 1e-9


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text. The first column heads its rows.

    Parameters
    ----------
    title
        What the table shows.
    columns, rows
        Headings and cells; every row is as long as the headings.
    note
        The probability and kind of the intervals and whatever a reader must know.
    words
        Columns of words, by index; the others hold numbers and are set flush right.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    words: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.title}: a row of {len(row)} for {len(self.columns)}")

    def frame(self) -> pd.DataFrame:
        """Return the cells as a data frame of text."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=list(self.columns))

    def great_table(self) -> great_tables.GT:
        """Return the table for a notebook, with its title and note, to be styled further."""
        import great_tables

        table = great_tables.GT(self.frame(), rowname_col=self.columns[0])
        table = table.tab_header(title=self.title).tab_stubhead(label=self.columns[0])
        numbers = [c for i, c in enumerate(self.columns) if i and i not in self.words]
        table = table.cols_align("right", columns=numbers) if numbers else table
        return table.tab_source_note(self.note) if self.note else table

    def _repr_html_(self) -> str:
        return str(self.great_table().as_raw_html())


def interval_words(prob: float) -> str:
    r"""Name an interval by its probability and kind.

    Examples
    --------
    >>> interval_words(0.9)
    '90\xa0% equal-tailed interval'
    """
    share = check_prob(prob) * 100
    return f"{percent(prob, 0 if float(share).is_integer() else 1)} {KIND} interval"


def interval_note(prob: float, draws: int) -> str:
    """Say what the intervals of a table are."""
    return f"Interval: {interval_words(prob)} of {draws:,} draws."


def described(draws: ArrayLike, unit: Unit, prob: float) -> tuple[str, str, str]:
    """Write draws as mean, standard deviation and interval."""
    d = describe_draws(draws, prob)
    return (
        unit.write(d["mean"], d["sd"]),
        unit.bare(d["sd"], d["sd"]),
        unit.span(d["lower"], d["upper"], d["sd"]),
    )


def mean_with_interval(draws: ArrayLike, unit: Unit, prob: float) -> str:
    """Write draws as mean and, in brackets, interval: to the precision of a spread of 1 at most."""
    d = describe_draws(draws, prob)
    spread = max(d["sd"], 1.0)
    return f"{unit.write(d['mean'], spread)} ({unit.span(d['lower'], d['upper'], spread)})"


def effects_table(outcomes: Outcomes, prob: float = 0.9, *, units: bool = False) -> Table:
    """Tabulate the effect on each outcome: whole cohort, whole time.

    Parameters
    ----------
    outcomes
        Draws of outcomes with and without the programme.
    prob
        Probability of the equal-tailed interval.
    units
        Whether a member of the cohort is a unit of a panel, not a person.

    Returns
    -------
    Table
        One row per outcome: level with and without the programme where known (mean of draws),
        effect per person (mean, standard deviation, interval) and the probability that it is
        above zero.
    """
    per = "per unit" if units else f"per person {_population(outcomes)}"
    rows = []
    for part in collapse(outcomes):
        level = unit_of(part.measure, part.unit, effect=False)
        with_, without = (
            "not known"
            if arm is None
            else level.write(float(arm.mean()), _spread(arm, part.effect))
            for arm in (part.treated, part.counterfactual)
        )
        unit = unit_of(part.measure, part.unit, effect=True)
        name = f"{part.measure.title}, {part.periods}"
        positive = probability(float((part.effect > 0).mean()))
        rows.append((name, with_, without, *described(part.effect, unit, prob), positive))
    return Table(
        title=f"Effect {per}",
        columns=(
            "Outcome",
            "With the programme",
            "Without",
            "Effect (mean)",
            "Standard deviation",
            interval_words(prob).capitalize(),
            "P(above zero)",
        ),
        rows=tuple(rows),
        note=f"Estimand: {outcomes.provenance.estimand}, {per}. "
        + interval_note(prob, outcomes.n_draws),
    )


def groups_table(outcomes: Outcomes, prob: float = 0.9) -> Table:
    """Tabulate the effect by group: one row per outcome and group, whole time."""
    effect = outcomes.effect()
    rows = []
    for measure in outcomes.measures:
        unit = unit_of(measure, unit_after(measure, outcomes.periods), effect=True)
        draws = over_periods(effect.sel(outcome=measure.name), measure, outcomes.periods)
        for group in effect["group"].values.tolist():
            people = float(outcomes.cohort_size.sel(group=group).mean())
            cells = described(draws.sel(group=group).values, unit, prob)
            rows.append((measure.title, str(group), f"{people:,.0f}", *cells))
    return Table(
        title="Effect by group",
        columns=(
            "Outcome",
            "Group",
            "People",
            "Effect (mean)",
            "Standard deviation",
            interval_words(prob).capitalize(),
        ),
        rows=tuple(rows),
        note=interval_note(prob, outcomes.n_draws),
        words=(0, 1),
    )


def periods_table(outcomes: Outcomes, prob: float = 0.9) -> Table:
    """Tabulate the effect by period: one row per outcome and period, whole cohort."""
    from impactmodel.report.collapse import over_groups

    effect = outcomes.effect()
    rows = []
    for measure in outcomes.measures:
        unit = unit_of(measure, measure.unit, effect=True)
        for index, (first, last) in enumerate(outcomes.periods.bounds()):
            draws = over_groups(effect.sel(outcome=measure.name).isel(period=index), outcomes)
            cells = described(draws, unit, prob)
            rows.append((measure.title, f"{first} to {last - _DAY}", *cells))
    return Table(
        title="Effect by period",
        columns=(
            "Outcome",
            "Period",
            "Effect (mean)",
            "Standard deviation",
            interval_words(prob).capitalize(),
        ),
        rows=tuple(rows),
        note=interval_note(prob, outcomes.n_draws),
        words=(0, 1),
    )


def _spread(level: NDArray[np.float64], effect: NDArray[np.float64]) -> float:
    """Return the spread of a level; one that was observed has the precision of the effect."""
    own, of_effect = float(level.std()), float(effect.std())
    return own if own > _OBSERVED * of_effect else of_effect


def _population(outcomes: Outcomes) -> str:
    return {"assigned": "assigned", "participants": "taking part", "compliers": "complying"}[
        outcomes.provenance.population
    ]

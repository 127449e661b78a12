"""Histories: how expected employment is spread over people and months.

A tax year, a paid-day counter and a cap per person see one person's months, not the expected
share of a cohort. `Histories` holds the probability of work in each month, with and without the
programme, and the named assumptions that turn these marginals into people's months.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.outcome_data import ARMS
from impactmodel.core.schedule import Periods, add_months
from impactmodel.core.seeds import stream
from impactmodel.core.spec import spec
from impactmodel.effects.dependence import (
    Comonotone,
    Dependence,
    month_states,
    simulate_states,
)

if TYPE_CHECKING:
    import pandas as pd

    from impactmodel.core.measures import OutcomeMeasure
    from impactmodel.core.outcomes import Outcomes

type Draws = NDArray[np.float64]

ROUNDING = 1e-9
"""A share this far outside 0 to 1 is rounding of float64 and counts as 0 or 1."""

type Filling = Literal["even", "block_at_end", "block_at_start"]

_FILLED = {
    "even": "the months of a period have the same probability of work",
    "block_at_end": "the months of work of a period lie at its end",
    "block_at_start": "the months of work of a period lie at its start",
}


@spec
class HistoryAssumptions:
    """How marginals become histories.

    Parameters
    ----------
    dependence
        Between the months of one person: ``comonotone`` (those who work most work always),
        ``independent`` or ``copula`` with a correlation between the two.
    filling
        Within a period longer than a month: ``even`` gives each month the period's share of
        people in work; ``block_at_end`` and ``block_at_start`` give everybody the expected months
        of work in one block.
    """

    dependence: Dependence = Comonotone()
    filling: Filling = "even"

    @property
    def statements(self) -> tuple[str, ...]:
        """Return the assumptions as sentences."""
        return (f"months of one person: {self.dependence.text()}", _FILLED[self.filling])


@dataclass(frozen=True, slots=True)
class Histories:
    """Months in work with and without the programme, as probabilities and assumptions.

    Parameters
    ----------
    probability
        Of work in each month, shape (draw, arm, group, month); arms treated, counterfactual.
    start
        First day of the first month.
    groups
        Names of the groups.
    assumptions
        How the months of one person hang together.

    Examples
    --------
    >>> half = np.full((1, 2, 1, 12), 0.5)
    >>> histories = Histories(half, dt.date(2024, 1, 1), ("all",))
    >>> weight = histories.states(0, 12, arm=0, group=0)[0, :, 0]
    >>> weight.tolist()[0], weight.tolist()[12]
    (0.5, 0.5)
    """

    probability: Draws
    start: dt.date
    groups: tuple[str, ...]
    assumptions: HistoryAssumptions = HistoryAssumptions()  # noqa: RUF009  a frozen value

    def __post_init__(self) -> None:
        p = self.probability
        if p.ndim != 4 or p.shape[1] != 2 or p.shape[2] != len(self.groups):
            raise InputError(
                "histories need dims draw, arm, group, month",
                seen=p.shape,
                fix=f"give 2 arms and {len(self.groups)} groups",
            )
        if not ((p >= 0) & (p <= 1)).all():
            raise InputError(
                "a share of people in work lies between 0 and 1",
                key="probability",
                seen=f"{float(p.min()):.4g} to {float(p.max()):.4g}",
            )

    @classmethod
    def from_outcomes(
        cls,
        outcomes: Outcomes,
        outcome: str,
        assumptions: HistoryAssumptions = HistoryAssumptions(),  # noqa: B008  a frozen value
    ) -> Histories:
        """Return histories of an employment outcome.

        Parameters
        ----------
        outcome
            Binary (in work in the period), days in work or a count in ``months``.

        Raises
        ------
        InputError
            If the level without the programme is not known or the outcome says nothing about
            months in work.
        """
        outcomes.require_levels(outcome)
        measure = outcomes.measure(outcome)
        levels = np.stack(
            [
                outcomes.level(arm, outcome).transpose("draw", "group", "period").values
                for arm in ARMS
            ],
            axis=1,
        )
        if measure.accrual == "cumulative":
            levels = np.diff(levels, axis=-1, prepend=0.0)
        shares = share_in_work(levels, outcomes.periods, measure)
        return cls.from_shares(
            shares,
            outcomes.periods,
            tuple(outcomes.dataset["group"].values.tolist()),
            assumptions,
        )

    @classmethod
    def from_shares(
        cls,
        shares: Draws,
        periods: Periods,
        groups: tuple[str, ...],
        assumptions: HistoryAssumptions = HistoryAssumptions(),  # noqa: B008  a frozen value
    ) -> Histories:
        """Fill the months of periods from the share of each period spent in work.

        Parameters
        ----------
        shares
            Shape (draw, arm, group, period).
        """
        near = (shares > -ROUNDING) & (shares < 1 + ROUNDING)
        shares = np.where(near, np.clip(shares, 0.0, 1.0), shares)
        return cls(
            _filled(shares, periods, assumptions.filling), periods.start, groups, assumptions
        )

    @property
    def statements(self) -> tuple[str, ...]:
        """Return the assumptions as sentences."""
        return self.assumptions.statements

    @property
    def n_months(self) -> int:
        """Number of months."""
        return int(self.probability.shape[3])

    def month(self, index: int) -> dt.date:
        """Return the first day of a month; the month belongs to the year of that day."""
        return add_months(self.start, index)

    def years(self) -> tuple[tuple[int, int, int], ...]:
        """Return (year, first month, month after the last) of each calendar year."""
        years = [self.month(i).year for i in range(self.n_months)]
        return tuple(
            (year, years.index(year), years.index(year) + years.count(year))
            for year in dict.fromkeys(years)
        )

    def states(self, first: int, after: int, *, arm: int, group: int) -> Draws:
        """Return how many people have worked k of some months, having missed b before them.

        Parameters
        ----------
        first, after
            The months ``first, ..., after - 1``, such as those of a calendar year.

        Returns
        -------
        numpy.ndarray
            Shares of people, shape (draw, k, b), k from 0 to ``after - first`` months in work and
            b from 0 to ``first`` months out of work before; they sum to 1 in every draw.
        """
        months = self.probability[:, arm, group, :after]
        return month_states(months, first, self.assumptions.dependence)

    def expected_months(self, first: int, after: int) -> Draws:
        """Return the expected months in work, shape (draw, arm, group)."""
        return np.asarray(self.probability[..., first:after].sum(axis=3))

    def draws(self, first: int, after: int) -> Histories:
        """Return the histories of some draws."""
        return Histories(self.probability[first:after], self.start, self.groups, self.assumptions)

    def central(self) -> Histories:
        """Return the histories at the mean of the draws, as one draw."""
        return Histories(
            self.probability.mean(axis=0, keepdims=True), self.start, self.groups, self.assumptions
        )

    def paths(self, people: int, *, seed: int, chunk: int = 200) -> Iterator[NDArray[np.bool_]]:
        """Simulate people month by month, in chunks of draws.

        Parameters
        ----------
        people
            People per group; as many as the cohort has, to see its luck.
        chunk
            Draws at a time, which bounds the memory.

        Yields
        ------
        numpy.ndarray
            In work or not, shape (draws of the chunk, arm, group, person, month). The two arms of
            one person are independent: nothing may depend on how they hang together.
        """
        if people < 1:
            raise InputError("nobody is to be simulated", key="people", seen=people)
        for start in range(0, len(self.probability), chunk):
            rng = stream(seed, "histories", start)
            part = self.probability[start : start + chunk]
            yield simulate_states(part, people, self.assumptions.dependence, rng)

    def spells(self, draw: int, people: int, *, seed: int) -> pd.DataFrame:
        """Simulate the spells of people in one draw.

        Returns
        -------
        pandas.DataFrame
            Columns ``arm, group, person, state, start, end``: the first day of a spell and the
            first day after it.
        """
        import pandas as pd

        states = next(self.draws(draw, draw + 1).paths(people, seed=seed))[0]
        rows = []
        for a, arm in enumerate(ARMS):
            for g, group in enumerate(self.groups):
                for person in range(people):
                    path = states[a, g, person]
                    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
                    rows += [
                        (
                            arm,
                            group,
                            person,
                            "in_work" if path[i] else "out_of_work",
                            self.month(i),
                            self.month(j),
                        )
                        for i, j in pairwise(edges)
                    ]
        return pd.DataFrame(rows, columns=["arm", "group", "person", "state", "start", "end"])


def share_in_work(levels: Draws, periods: Periods, measure: OutcomeMeasure) -> Draws:
    """Return the share of each period spent in work from a level in its own unit.

    Parameters
    ----------
    levels
        Of each period alone, also of a cumulative outcome; last dim period.
    measure
        Kind ``binary`` is a share already, ``days`` counts calendar days, ``count`` needs the unit
        ``months``.

    Raises
    ------
    InputError
        If it is another kind, or tells who has ever worked.
    """
    kind, unit = measure.kind, measure.unit
    if kind == "binary" and measure.accrual == "cumulative":
        raise InputError(
            "who has ever worked does not tell the months in work",
            key="outcome",
            seen=f"'{measure.name}', binary and cumulative",
            fix="use the share in work of each period, or months or days in work",
        )
    if kind == "binary":
        return levels
    bounds = periods.bounds()
    if kind == "days":
        return np.asarray(levels / np.array([(b - a).days for a, b in bounds]))
    if kind == "count" and unit == "months":
        in_months = periods.step in {"month", "year"}
        return np.asarray(levels / (_months(periods) if in_months else 12.0 * periods.years))
    raise InputError(
        "this outcome does not tell the months in work",
        key="outcome",
        seen=f"{kind} in {unit}",
        fix="use a binary outcome, days in work or a count with unit months",
    )


def _filled(shares: Draws, periods: Periods, filling: Filling) -> Draws:
    """Return monthly probabilities from shares of periods: (..., period) to (..., month)."""
    if periods.step in {"month", "year"}:
        lengths = _months(periods)
        if filling == "even":
            return np.repeat(shares, lengths, axis=-1)
        order = np.concatenate([np.arange(length) for length in lengths])
        if filling == "block_at_end":
            order = np.repeat(lengths, lengths) - 1 - order
        whole = np.repeat(shares * lengths, lengths, axis=-1)
        return np.asarray(np.clip(whole - order, 0.0, 1.0))
    if filling != "even":
        raise InputError(
            "periods shorter than a month have no months to fill in a block",
            key="filling",
            seen=filling,
            fix="use even",
        )
    return np.asarray(shares @ _month_weights(periods))


def _months(periods: Periods) -> NDArray[np.intp]:
    """Return the months in each period of months or years."""
    return np.array(periods.lengths) * (12 if periods.step == "year" else 1)


def _month_weights(periods: Periods) -> Draws:
    """Return the share of each month's days that lies in each period, (period, month)."""
    bounds = periods.bounds()
    last = bounds[-1][1]
    count = 0
    while add_months(periods.start, count + 1) <= last:
        count += 1
    if count == 0:
        raise InputError("the evidence covers no whole month", key="periods", seen=str(last))
    weights = np.zeros((periods.count, count))
    for month in range(count):
        a, b = add_months(periods.start, month), add_months(periods.start, month + 1)
        for row, (start, end) in enumerate(bounds):
            days = (min(end, b) - max(start, a)).days
            weights[row, month] = max(days, 0) / (b - a).days
    return weights

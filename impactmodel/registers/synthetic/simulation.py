"""The synthetic city month by month, with a twin beside everybody who starts the programme."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from impactmodel.registers.months import Window, first_day
from impactmodel.registers.synthetic.dynamics import (
    COACHING,
    Draws,
    Month,
    Moves,
    States,
    advance,
    beginning,
)
from impactmodel.registers.synthetic.people import Array, People, draw_people
from impactmodel.registers.synthetic.plan import Plan

BEFORE = 36
"""Months that are lived before the window, so that stocks are those of the chances."""

FOLLOW_UP = 12


@dataclass(slots=True)
class Twins:
    """Those who started the programme, as if they had not in that month.

    A twin has the person's own draws from then on, and may start the programme in a later month
    as anybody who has not begun may.

    Parameters
    ----------
    owner, entry
        The person whose twin it is, and the month in which that one started.
    states
        Where the twin is.
    """

    owner: Array
    entry: Array
    states: States


@dataclass(frozen=True, slots=True)
class Step:
    """A month that was lived: the states at its end, the moves in it, and the twins."""

    month: int
    people: People
    states: States
    moves: Moves
    twins: Twins


def live(spec: Plan, *, twins: bool = False) -> Iterator[Step]:
    """Yield the months of the window; the states are changed by the next month.

    Parameters
    ----------
    spec
        What is simulated.
    twins
        Whether twins are followed, for twelve months after the month of entry.
    """
    window = spec.window
    earlier = Window(first_day(window.months.start - BEFORE), 1)
    people = draw_people(spec.residents, spec.seed, window, spec.economy)
    states = beginning(people, earlier, spec.seed)
    none = np.zeros(0, dtype=np.int64)
    followed = Twins(none, none, states.take(none))
    for number in range(earlier.months.start, window.months.stop):
        month = Month.of(number, spec.economy, spec.programme)
        draws = Draws.of(spec.seed, number, spec.residents)
        before = states.take(np.arange(spec.residents)) if twins and _begun(month) else None
        moves = advance(states, people, month, draws)
        if before is not None:
            started = np.flatnonzero((states.begun == number) & (states.code == COACHING))
            followed = _with_new(followed, before, started, number)
            _advance_twins(followed, people, month, draws)
        if number >= window.months.start:
            yield Step(number, people, states, moves, followed)


def _begun(month: Month) -> bool:
    return first_day(month.number + 1) > month.programme.start


def _with_new(twins: Twins, before: States, started: Array, number: int) -> Twins:
    kept = np.flatnonzero(number - twins.entry <= FOLLOW_UP)
    return Twins(
        np.concatenate([twins.owner[kept], started]),
        np.concatenate([twins.entry[kept], np.full(len(started), number)]),
        twins.states.take(kept).joined(before.take(started)),
    )


def _advance_twins(twins: Twins, people: People, month: Month, draws: Draws) -> None:
    own = draws.take(twins.owner)
    # The month in which the person started is the one month in which the twin may not.
    own = Draws(np.where(twins.entry == month.number, 1.0, own.coach), own.move, own.day)
    advance(twins.states, people.take(twins.owner), month, own)

"""One month of the synthetic labour market: chances, draws and moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impactmodel.registers.months import Window, first_day, last_working_day, month_number
from impactmodel.registers.synthetic.economy import Economy, Phase
from impactmodel.registers.synthetic.people import (
    ADULT,
    NEVER,
    RETIRED,
    Array,
    People,
    day_number,
    uniforms,
)
from impactmodel.registers.synthetic.programme import Programme

GONE, OUTSIDE, EMPLOYED, UNEMPLOYED, LAID_OFF, COACHING, OTHER = -1, 0, 1, 2, 3, 4, 5
"""Codes of states; other services follow from `OTHER` in the order of the economy."""

USUAL_LAY_OFFS = 0.0006
_FINDING = (0.19, 0.14, 0.058)
_LONG, _YEAR = 3, 12
_DRIVE = 0.25
_LEAVES = {EMPLOYED: 0.0022, UNEMPLOYED: 0.006}
_RETURNS = (0.020, 0.055)
_RECALLED, _DISMISSED = 0.30, 0.02
_WHILE_IN_SERVICE = 0.5
_SERVED_AFTER_A_YEAR = 0.1
_HISTORY = 0xFFF
_BITS = np.array([bin(i).count("1") for i in range(_HISTORY + 1)], dtype=np.int8)


@dataclass(slots=True)
class States:
    """Where people are, as arrays over persons that a month changes in place.

    Parameters
    ----------
    code, since
        State, and the day on which it began.
    search
        Month in which the search for work began; services do not end it.
    worked
        Whether the search began from work.
    begun
        Month in which the programme began (`NEVER` if not).
    history
        A bit for each of the last twelve months: unemployed on its last working day.
    """

    code: Array
    since: Array
    search: Array
    worked: Array
    begun: Array
    history: Array

    def take(self, rows: Array) -> States:
        """Return a copy of these rows."""
        return States(*(getattr(self, name)[rows] for name in self.__slots__))

    def joined(self, other: States) -> States:
        """Return these rows and those of another."""
        pairs = ((getattr(self, n), getattr(other, n)) for n in self.__slots__)
        return States(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True, slots=True)
class Draws:
    """Uniform numbers of a month by person: for the programme, for a move, and for its day."""

    coach: Array
    move: Array
    day: Array

    @classmethod
    def of(cls, seed: int, month: int, n: int) -> Draws:
        """Return the numbers of a month, which are those of a person in every world."""
        return cls(*(uniforms(seed, name, month, n) for name in ("coach", "move", "day")))

    def take(self, rows: Array) -> Draws:
        """Return the numbers of these persons."""
        return Draws(self.coach[rows], self.move[rows], self.day[rows])


@dataclass(frozen=True, slots=True)
class Moves:
    """Who changed state in a month: rows, the state and day they left, and its last day."""

    rows: Array
    code: Array
    since: Array
    last: Array


@dataclass(frozen=True, slots=True)
class Month:
    """A month with the chances that hold in it."""

    number: int
    economy: Economy
    programme: Programme
    phase: Phase

    @classmethod
    def of(cls, number: int, economy: Economy, programme: Programme) -> Month:
        """Return a numbered month."""
        return cls(number, economy, programme, economy.phase(number))

    @property
    def season(self) -> int:
        """January is 0."""
        return self.number % 12

    def separation(self, kind: Array) -> Array:
        """Return the chance that work ends in unemployment."""
        by_type = np.array([t.separation for t in self.economy.types.values()])
        return (
            self.phase.separations * self.economy.seasons.separations[self.season] * by_type[kind]
        )

    def finding(self, people: People, states: States, rows: Array) -> Array:
        """Return the chance of finding work in open search, without the programme's effect."""
        length = self.number - states.search[rows]
        base = np.array(_FINDING)[(length >= _LONG).astype(int) + (length >= _YEAR)]
        base = np.where(length >= _LONG, base * self.phase.long_term, base)
        by_type = np.array([t.finding for t in self.economy.types.values()])
        chance = base * by_type[people.kind[rows]] * np.exp(_DRIVE * people.drive[rows])
        return np.asarray(chance * self.phase.finding * self.economy.seasons.finding[self.season])

    def starting(self, people: People, states: States, rows: Array) -> Array:
        """Return the chance of starting the programme."""
        if self.number < month_number(self.programme.start):
            return np.zeros(len(rows))
        selection = self.programme.selection
        age = (day_number(first_day(self.number)) - people.birth[rows]) / 365.25
        score = 0.08 * (_BITS[states.history[rows]] - 7.0) - 0.01 * (age - 42.0)
        score += 0.3 * (people.language[rows] == 2) + 0.3 * (people.education[rows] == 0)
        score = selection.recorded * score + selection.hidden * people.drive[rows]
        odds = self.programme.intake / (1 - self.programme.intake) * np.exp(score)
        chance: Array = np.where(states.begun[rows] == NEVER, odds / (1 + odds), 0.0)
        return chance


def beginning(people: People, window: Window, seed: int) -> States:
    """Return states some years before the window, which the years until then make usual."""
    n, month = len(people), window.months.start
    u, length = (uniforms(seed, name, 0, n) for name in ("first state", "first length"))
    age = people.months_old(month)
    able = people.active & (age >= ADULT) & (age < RETIRED)
    code = np.where(able, np.where(u < 0.86, EMPLOYED, UNEMPLOYED), OUTSIDE).astype(np.int8)
    before = np.where(code == UNEMPLOYED, 24 * length**2, 120 * length).astype(np.int32)
    return States(
        code=code,
        since=(day_number(first_day(month)) - 30 * before - 1).astype(np.int32),
        search=(month - before - 1).astype(np.int32),
        worked=length < 0.6,
        begun=np.full(n, NEVER, dtype=np.int32),
        history=np.where(code == UNEMPLOYED, _HISTORY >> 6, 0).astype(np.int16),
    )


def advance(states: States, people: People, month: Month, draws: Draws) -> Moves:
    """Move people by one month, in place, and return who moved.

    Nobody moves twice in a month. Whoever moves does so on a day up to the month's last working
    day, so that the state then is the one that official statistics count.
    """
    new = states.code.copy()
    _leave_work(new, states, people, month, draws)
    _leave_unemployment(new, states, people, month, draws)
    _leave_coaching(new, states, people, month, draws)
    _leave_services(new, states, people, month, draws)
    rows = np.flatnonzero(states.code == LAID_OFF)
    _choose(new, rows, draws.move[rows], [(_RECALLED, EMPLOYED), (_DISMISSED, UNEMPLOYED)])
    age = people.months_old(month.number)
    able = people.active & (age >= ADULT) & (age < RETIRED)
    rows = np.flatnonzero((states.code == OUTSIDE) & able)
    _choose(new, rows, draws.move[rows], list(zip(_RETURNS, (UNEMPLOYED, EMPLOYED), strict=True)))
    new[(age >= RETIRED) & (new > OUTSIDE)] = OUTSIDE
    new[people.exit_month == month.number] = GONE
    return _settle(new, states, people, month, draws)


type Options = list[tuple[Array | float, int]]


def _choose(new: Array, rows: Array, u: Array, options: Options) -> None:
    """Move rows to the option whose part of the unit interval their number falls in."""
    edge = np.zeros(len(rows))
    for chance, state in options:
        after = np.minimum(edge + chance, 1.0)
        new[rows[(u >= edge) & (u < after)]] = state
        edge = after


def _leave_work(new: Array, states: States, people: People, month: Month, draws: Draws) -> None:
    rows = np.flatnonzero(states.code == EMPLOYED)
    off = USUAL_LAY_OFFS + month.economy.lay_offs.share(month.number)
    options: Options = [
        (month.separation(people.kind[rows]), UNEMPLOYED),
        (off, LAID_OFF),
        (_LEAVES[EMPLOYED], OUTSIDE),
    ]
    _choose(new, rows, draws.move[rows], options)


def _leave_unemployment(
    new: Array, states: States, people: People, month: Month, draws: Draws
) -> None:
    rows = np.flatnonzero(states.code == UNEMPLOYED)
    starts = draws.coach[rows] < month.starting(people, states, rows)
    new[rows[starts]] = COACHING
    rows = rows[~starts]
    after = np.where(states.begun[rows] < NEVER, month.programme.effect, 1.0)
    usual = month.phase.services * month.economy.seasons.services[month.season]
    options: Options = [
        (month.finding(people, states, rows) * after, EMPLOYED),
        (_LEAVES[UNEMPLOYED], OUTSIDE),
    ]
    searched = month.number - states.search[rows]
    served = usual * np.where(searched >= _YEAR, _SERVED_AFTER_A_YEAR, 1.0)
    services = month.economy.services.values()
    options += [(served * s.intake, OTHER + i) for i, s in enumerate(services)]
    _choose(new, rows, draws.move[rows], options)


def _leave_coaching(new: Array, states: States, people: People, month: Month, draws: Draws) -> None:
    rows = np.flatnonzero(states.code == COACHING)
    found = month.finding(people, states, rows) * month.programme.lock_in
    options: Options = [(found, EMPLOYED), (1 / month.programme.length, UNEMPLOYED)]
    _choose(new, rows, draws.move[rows], options)


def _leave_services(new: Array, states: States, people: People, month: Month, draws: Draws) -> None:
    for i, service in enumerate(month.economy.services.values()):
        rows = np.flatnonzero(states.code == OTHER + i)
        after = np.where(states.begun[rows] < NEVER, month.programme.effect, 1.0)
        found = month.finding(people, states, rows) * after * _WHILE_IN_SERVICE
        options: Options = [(found, EMPLOYED), (1 / service.length, UNEMPLOYED)]
        _choose(new, rows, draws.move[rows], options)


def _settle(new: Array, states: States, people: People, month: Month, draws: Draws) -> Moves:
    """Write the new states and return the moves."""
    rows = np.flatnonzero(new != states.code)
    start = day_number(first_day(month.number))
    length = day_number(last_working_day(month.number)) - start + 1
    day = (start + np.floor(draws.day[rows] * length)).astype(np.int32)
    gone = new[rows] == GONE
    last = np.where(gone, people.exit_day[rows], day - 1)
    moves = Moves(rows, states.code[rows], states.since[rows], last.astype(np.int32))
    searching = (new[rows] == UNEMPLOYED) | (new[rows] == LAID_OFF)
    fresh = rows[searching & (moves.code <= EMPLOYED)]
    states.search[fresh] = month.number
    states.worked[fresh] = states.code[fresh] == EMPLOYED
    states.begun[rows[new[rows] == COACHING]] = month.number
    states.since[rows] = day
    states.code[:] = new
    history = (states.history << 1) | (new == UNEMPLOYED)
    states.history[:] = history & _HISTORY
    return moves

"""How long synthetic spells last, month by month, and who is in the stock on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.synthetic_chances import RATIOS, Vector, kinds_of
from impactmodel.clients.synthetic_people import People

MONTHS = 24
"""Months after entry that are followed."""
MONTH_DAYS = 30
DECIDED = 4
"""A job begun within four months makes 90 days of the first seven."""

LOCK_IN = ((0, 1.0), (1, 0.8), (2, 0.6), (2, 0.7))
"""Assumed by service: months in it, and the hazard of work then over that without it."""
LIFTED = 12
"""Months after which a service changes no hazard."""

_A = 3.0
_OTHER = (9.0, 1.08)
_KNOTS = np.concatenate([np.arange(MONTHS + 1.0), np.geomspace(MONTHS + 6, 2000, 60)])
_JOB_LOST, _JOB_FOUND = 0.03, 0.30


def cumulative_hazard(months: Vector, service: int, kind: int) -> Vector:
    """Return the cumulative hazard of work since entry, as a multiple of that of four months.

    Without a service it is log(1 + t / 3) / log(1 + 4 / 3): it slows down. A service multiplies
    the hazard by its lock-in factor while it lasts, and then until month 12 by the factor that
    makes the ratio at four months that of ``RATIOS``. It is linear between whole months.

    Examples
    --------
    >>> cumulative_hazard(np.array([4.0]), 2, 1)
    array([1.7])
    """
    knots = _log_hazard(_KNOTS)
    steps = np.diff(knots, prepend=0.0)
    inside, factor = LOCK_IN[service]
    during = knots[inside]
    after = (RATIOS[service, kind] - factor * during) / (1.0 - during)
    weights = np.where(inside >= _KNOTS, factor, after)
    weights[_KNOTS > LIFTED] = 1.0
    return np.asarray(np.interp(months, _KNOTS, np.cumsum(weights * steps)))


def _log_hazard(months: Vector) -> Vector:
    return np.asarray(np.log1p(months / _A) / np.log1p(DECIDED / _A))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Luck:
    """What decides a path beside the chance (person): the same whatever the service."""

    work: Vector
    other: Vector
    job: Vector
    gap: Vector

    @classmethod
    def draw(cls, people: People, rng: np.random.Generator) -> Luck:
        """Draw it; a spell ends at 65 years at the latest."""
        size = len(people["age"])
        scale, power = _OTHER
        other = scale * (rng.random(size) ** (-1 / power) - 1)
        pension = 12 * (65 - people["age"])
        return cls(
            work=rng.exponential(size=size),
            other=np.minimum(other, pension),
            job=3.0 + rng.geometric(_JOB_LOST, size).astype(np.float64),
            gap=rng.geometric(_JOB_FOUND, size).astype(np.float64),
        )


def months_to_work(people: People, chance: Vector, luck: Luck, service: int) -> Vector:
    """Return months (person) from entry to a job, infinite where another exit comes first.

    A job within four months has the given chance exactly; other exits strike the rest.
    """
    wanted = luck.work / -np.log1p(-chance)
    kinds = kinds_of(people)
    found = np.full(len(wanted), np.inf)
    for kind in np.unique(kinds):
        rows = kinds == kind
        reached = cumulative_hazard(_KNOTS, service, int(kind))
        found[rows] = np.interp(wanted[rows], reached, _KNOTS, right=np.inf)
    found[(found > DECIDED) & (luck.other < found)] = np.inf
    return found


def employed(start: Vector, luck: Luck) -> npt.NDArray[np.bool_]:
    """Return whether (person, month) unsubsidised work is held, in months of 30 days from 1.

    A first job lasts more than three months and is lost at 3 % a month after that; the next is
    found at 30 % a month and held.
    """
    month = np.arange(1, MONTHS + 1)
    begun = np.ceil(np.where(np.isinf(start), MONTHS + 1, start))[:, None]
    lost = begun + luck.job[:, None]
    again = lost + luck.gap[:, None]
    return np.asarray((month > begun) & ((month <= lost) | (month > again)))


def durations(people: People, chance: Vector, luck: Luck) -> Vector:
    """Return months (person) of unemployment from entry to any exit, without a service."""
    work = months_to_work(people, chance, luck, 0)
    return np.where(np.isinf(work), luck.other, work)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Stock:
    """Synthetic people found unemployed on a day.

    Parameters
    ----------
    people
        Complete features (person).
    elapsed
        Months since entry (person).
    """

    people: Mapping[str, npt.NDArray[np.generic]]
    elapsed: Vector

    @property
    def long_term(self) -> float:
        """Share of those unemployed for twelve months or more."""
        return float((self.elapsed >= 12).mean())

    def share(self, name: str, level: int) -> float:
        """Return the share of a level of a category or flag."""
        return float((self.people[name] == level).mean())

    def __repr__(self) -> str:
        return f"Stock({len(self.elapsed)} synthetic people, {self.long_term:.0%} for a year)"


def stock_of(people: People, lasts: Vector, size: int, rng: np.random.Generator) -> Stock:
    """Return the stock that an even inflow leaves: who stays long is found often.

    An entrant is in the stock with a weight of the length of the spell, at an elapsed time that is
    uniform within it; the seasons of entry are averaged over.
    """
    rows = rng.choice(len(lasts), size, p=lasts / lasts.sum())
    found = {name: values[rows] for name, values in people.items()}
    return Stock(found, lasts[rows] * rng.random(size))

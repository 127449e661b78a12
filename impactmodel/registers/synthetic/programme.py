"""The synthetic programme: when it starts, whom it takes, and the effect that is planted."""

from __future__ import annotations

import datetime as dt

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class Selection:
    """How those who start the programme differ from those who could.

    Parameters
    ----------
    recorded
        Strength of selection on what registers tell, on the log-odds of starting in a month: .08
        per month unemployed in the twelve before, .3 for a foreign language, .3 for basic school
        alone, -.1 per ten years of age; 0 for none.
    hidden
        Log-odds per standard deviation of a drive to find work that no register tells, and that
        also helps to find it: confounding that a study cannot see.
    """

    recorded: float = 1.0
    hidden: float = 0.0


@spec
class Programme:
    """Coaching, which a person takes at most once and only from unemployment.

    Parameters
    ----------
    start
        Any day of its first month.
    intake
        Chance in a month that a usual unemployed person starts it.
    effect
        How many times as likely as without it finding work is, once coaching has ended; 1 plants
        none.
    lock_in
        The same while coaching lasts.
    length
        Months that it lasts on average; at least one.
    selection
        Who starts.
    """

    start: dt.date = dt.date(2021, 1, 1)
    intake: float = 0.012
    effect: float = 2.0
    lock_in: float = 0.7
    length: float = 2.5
    selection: Selection = Selection()

    def __post_init__(self) -> None:
        if not 0 <= self.intake < 1:
            raise InputError("a chance is from 0 to below 1", key="intake", seen=self.intake)
        for key in ("effect", "lock_in"):
            if getattr(self, key) < 0:
                raise InputError("a factor is 0 or more", key=key, seen=getattr(self, key))
        if self.length < 1:
            raise InputError("coaching lasts a month or more", key="length", seen=self.length)


@spec
class Defects:
    """Faults planted in the extracts, as shares of rows, for trying checks and linkage reports.

    Parameters
    ----------
    duplicated
        Persons whose row stands twice.
    unmatched
        Rows of spells and of amounts whose key no person has.
    impossible
        Spells whose last day is before their first.
    """

    duplicated: float = 0.0
    unmatched: float = 0.0
    impossible: float = 0.0

    def __post_init__(self) -> None:
        for key in ("duplicated", "unmatched", "impossible"):
            if not 0 <= getattr(self, key) <= 1:
                raise InputError("a share is from 0 to 1", key=key, seen=getattr(self, key))

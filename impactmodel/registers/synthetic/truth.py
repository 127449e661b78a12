"""The truth of a synthetic city: what those in the programme would have been without it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.registers.months import Window, first_day
from impactmodel.registers.synthetic.dynamics import COACHING, EMPLOYED, Month, States
from impactmodel.registers.synthetic.extracts import CATEGORIES
from impactmodel.registers.synthetic.pay import wages
from impactmodel.registers.synthetic.people import Array, People, uniforms
from impactmodel.registers.synthetic.plan import Plan
from impactmodel.registers.synthetic.simulation import FOLLOW_UP, Step, live

if TYPE_CHECKING:
    import pandas as pd

EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class SyntheticTruth:
    """The average effect of a synthetic programme on those who started it.

    The mean over starters of what each was minus what the same person would have been, had that
    one not started in that month: with the same draws, and free to start in a later month as
    anybody is. That is the estimand of `MonthlyTrials`, where whoever starts later stays in
    comparison: the effect of starting now against not starting now. Those who die or move away
    within twelve months of their month of entry are left out, as `study_data` leaves them out.

    Parameters
    ----------
    groups
        Index (``attribute``, ``value``) with ``everyone`` first; columns ``n``,
        ``months_employed_with``, ``months_employed_without``, ``months_employed_effect`` and the
        same three of ``wages`` (EUR): means over months 1 to 12 after the month of entry.
    months
        Index ``month`` (0, that of entry, to 12); columns ``employed_with``,
        ``employed_without``, ``effect`` and ``in_programme``: shares on the last working day. A
        negative effect in the first months is lock-in.
    """

    groups: pd.DataFrame
    months: pd.DataFrame

    @property
    def months_employed(self) -> float:
        """The average effect on months employed in months 1 to 12."""
        return float(self.groups["months_employed_effect"].iloc[0])

    @property
    def wages(self) -> float:
        """The average effect on the sum of wages in months 1 to 12, in EUR."""
        return float(self.groups["wages_effect"].iloc[0])


@dataclass(slots=True)
class _Entrants:
    """Those who entered in one month: months of work and cents in both worlds."""

    rows: Array
    employed: Array
    cents: Array
    shares: list[Array] = field(default_factory=list)


def find_truth(spec: Plan, entry: Window) -> SyntheticTruth:
    """Return the truth of those who start in a window of months; see `SyntheticTruth`.

    Raises
    ------
    InputError
        If the register ends before twelve months after the last month of entry, or nobody starts.
    """
    if entry.months.stop + FOLLOW_UP > spec.window.months.stop:
        raise InputError(
            "the register ends before those who enter are followed for twelve months",
            key="entry",
            seen=entry.months.stop - 1,
            fix=f"end entry by {first_day(spec.window.months.stop - FOLLOW_UP - 1)}",
        )
    entrants: dict[int, _Entrants] = {}
    people: People | None = None
    for step in live(spec, twins=True):
        people = step.people
        if step.month in entry.months:
            entrants[step.month] = _entering(step)
        _follow(spec, step, entrants)
        if step.month >= entry.months.stop - 1 + FOLLOW_UP:
            break
    if people is None or not any(len(e.rows) for e in entrants.values()):
        raise InputError("nobody starts the programme", key="entry", fix="see its start and intake")
    return _summed(people, entrants)


def _entering(step: Step) -> _Entrants:
    own = step.twins.owner[step.twins.entry == step.month]
    return _Entrants(own, np.zeros((2, len(own))), np.zeros((2, len(own)), dtype=np.int64))


def _follow(spec: Plan, step: Step, entrants: dict[int, _Entrants]) -> None:
    """Add a month of both worlds to those who are followed."""
    current = [(m, e) for m, e in entrants.items() if step.month - m <= FOLLOW_UP]
    if not current:
        return
    month = Month.of(step.month, spec.economy, spec.programme)
    pay = uniforms(spec.seed, "wage", step.month, spec.residents)
    for entry, found in current:
        chosen = np.flatnonzero(step.twins.entry == entry)
        people, own = step.people.take(found.rows), pay[found.rows]
        worlds = (step.states.take(found.rows), step.twins.states.take(chosen))
        work = np.array([world.code == EMPLOYED for world in worlds])
        found.shares.append(np.vstack([work, worlds[0].code == COACHING]))
        if step.month > entry:
            found.employed += work
            for i, world in enumerate(worlds):
                found.cents[i] += _paid(people, world, month, own)


def _paid(people: People, states: States, month: Month, pay: Array) -> Array:
    cents = np.zeros(len(people), dtype=np.int64)
    rows, amounts = wages(people, states, month, pay)
    cents[rows] = amounts
    return cents


def _summed(people: People, entrants: dict[int, _Entrants]) -> SyntheticTruth:
    import pandas as pd

    found = list(entrants.values())
    rows = np.concatenate([e.rows for e in found])
    entry = np.repeat(list(entrants), [len(e.rows) for e in found])
    followed = np.flatnonzero(people.exit_month[rows] > entry + FOLLOW_UP)
    shares = np.concatenate([np.array(e.shares) for e in found], axis=2)[..., followed]
    columns: dict[str, Array] = {}
    for name, parts in (
        ("months_employed", [e.employed for e in found]),
        ("wages", [e.cents / 100 for e in found]),
    ):
        with_it, without = np.concatenate(parts, axis=1)[:, followed]
        columns |= {f"{name}_with": with_it, f"{name}_without": without}
        columns |= {f"{name}_effect": with_it - without}
    months = pd.DataFrame(
        shares.mean(axis=2), columns=["employed_with", "employed_without", "in_programme"]
    ).rename_axis("month")
    months.insert(2, "effect", months["employed_with"] - months["employed_without"])
    return SyntheticTruth(_by_group(pd.DataFrame(columns), people.take(rows[followed])), months)


def _by_group(frame: pd.DataFrame, people: People) -> pd.DataFrame:
    import pandas as pd

    parts = {(EVERYONE, EVERYONE): frame}
    for name, values in CATEGORIES.items():
        code = getattr(people, name)
        parts |= {(name, value): frame[code == i] for i, value in enumerate(values)}
    index = pd.MultiIndex.from_tuples(parts, names=["attribute", "value"])
    means = pd.DataFrame([part.mean() for part in parts.values()], index=index)
    means.insert(0, "n", [len(part) for part in parts.values()])
    return means

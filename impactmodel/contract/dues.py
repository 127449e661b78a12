"""What falls due when: every clause in force, its periods, its dates, and the limits over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impactmodel.contract.conditions import Limit
from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.contract.clause import Clause
    from impactmodel.core.schedule import Periods

TOTAL_CAP = "cap"


@dataclass(frozen=True, slots=True)
class Due:
    """A clause that pays for a period.

    Parameters
    ----------
    path
        Before the names of the clause's terms; see `OutcomesContract.in_force`.
    day
        When it is paid; None where no dates are known.
    """

    clause: Clause
    path: str
    period: int
    day: dt.date | None

    @property
    def moment(self) -> tuple[int, int]:
        """Sorts payments; those of one moment share limits: the day, or period and lag."""
        if self.day is not None:
            return (self.day.toordinal(), 0)
        return (self.period, self.clause.paid_after_months)


def dues_of(
    contract: OutcomesContract,
    windows: Periods | None,
    paid: Callable[[Clause], Sequence[int]],
) -> list[Due]:
    """Return every due, in the order of payment.

    Parameters
    ----------
    windows
        The measurement periods; None where they have no dates.
    paid
        The indices of the periods that a clause pays for.
    """
    agreed = contract.periods.bounds() if contract.periods is not None else ()
    kept_for = [(clause, frozenset(paid(clause))) for clause in contract.versions]
    pays = {id(clause): periods for clause, periods in kept_for}
    last = max(max(periods, default=-1) for _, periods in kept_for)
    days: dict[tuple[int, int], dt.date] = {}
    ended = contract.termination
    dues = []
    for period in range(last + 1):
        if agreed and period >= len(agreed):
            raise InputError(
                "the contract has no such measurement window",
                key="periods",
                seen=period,
                fix=f"the contract states {len(agreed)}",
            )
        in_force = contract.in_force(agreed[period][0] if agreed else None)
        for clause, path in in_force.values():
            if period not in pays[id(clause)]:
                continue
            if ended is not None and not ended.keeps(clause.name, *agreed[period]):
                continue
            day = days.get((clause.paid_after_months, period))
            if day is None and windows is not None:
                day = contract.payment_date(clause, windows, period)
                days[clause.paid_after_months, period] = day
            dues.append(Due(clause, path, period, day))
    order = {clause.name: place for place, clause in enumerate(contract.all_clauses)}
    dues.sort(key=lambda due: (due.moment, order[due.clause.name], due.period))
    return dues


@dataclass(frozen=True, slots=True)
class NamedLimit:
    """A limit and the name of its amount in rules."""

    name: str
    limit: Limit

    def key(self, due: Due) -> str:
        """Return what a due counts towards: the whole contract, a period or a year."""
        match self.limit.each:
            case "contract":
                return self.name
            case "period":
                return f"{self.name} of period {due.period + 1}"
            case "year":
                if due.day is None:
                    raise InputError(
                        "a limit in each year needs the contract's measurement windows",
                        key="periods",
                        fix="state start, step and count",
                    )
                return f"{self.name} of {due.day.year}"

    def covered(self, dues: Sequence[Due], places: Iterable[int]) -> dict[str, list[int]]:
        """Return by key the places of the dues that the limit covers."""
        found: dict[str, list[int]] = {}
        everything = not self.limit.payer and not self.limit.clauses
        if everything and self.limit.each == "contract":
            return {self.name: list(places)}
        for place in places:
            if everything or self.limit.covers(dues[place].clause):
                found.setdefault(self.key(dues[place]), []).append(place)
        return found


def limits_of(contract: OutcomesContract) -> tuple[NamedLimit, ...]:
    """Return the limits in the order in which they cut; the total cap is the last."""
    found = [NamedLimit(f"limit {n}", limit) for n, limit in enumerate(contract.limits, 1)]
    if contract.cap is not None:
        found.append(NamedLimit(TOTAL_CAP, Limit(contract.cap)))
    return tuple(found)


def moments(dues: Sequence[Due]) -> list[list[int]]:
    """Return the places of the dues that are paid together, in order."""
    together: dict[tuple[int, int], list[int]] = {}
    for place, due in enumerate(dues):
        together.setdefault(due.moment, []).append(place)
    return list(together.values())

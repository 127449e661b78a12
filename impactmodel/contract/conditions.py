"""What holds around the clauses: limits over several, amendments, early end."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from impactmodel.contract.clause import Clause
from impactmodel.contract.phrases import listed, spaced
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class Limit:
    """A cap over several clauses: of a payer's commitment, of a period, of a year.

    What is over it is cut in proportion from all payments of a date that it covers.

    Parameters
    ----------
    cap
        Most that is paid.
    payer, clauses
        Whose clauses, or which, it covers; all if neither is stated.
    each
        Over the whole ``contract``, in each measurement ``period`` or each calendar ``year`` of
        payment.
    """

    cap: float
    payer: str = ""
    clauses: tuple[str, ...] = ()
    each: Literal["contract", "period", "year"] = "contract"

    def __post_init__(self) -> None:
        if not self.cap > 0:
            raise InputError("a cap is above 0", key="cap", seen=self.cap)

    def covers(self, clause: Clause) -> bool:
        """Whether a clause's payments count towards the limit."""
        return (not self.payer or clause.payer == self.payer) and (
            not self.clauses or clause.name in self.clauses
        )

    def text(self, amount: str) -> str:
        """Say it in words."""
        whose = f" by {spaced(self.payer)}" if self.payer else ""
        under = f" under {listed(self.clauses)}" if self.clauses else ""
        when = "in all" if self.each == "contract" else f"in each {self.each}"
        return f"At most {amount} is paid{whose}{under} {when}."


@spec
class Amendment:
    """A change by date: it holds for measurement periods that start on the date or later.

    Parameters
    ----------
    date
        The first day.
    clauses
        Replace clauses of the same name, or are added.
    ends
        Names of clauses that end.
    """

    date: dt.date
    clauses: tuple[Clause, ...] = ()
    ends: tuple[str, ...] = ()


@spec
class Termination:
    """The early end of the contract, or of some clauses: those of one cohort, say.

    Parameters
    ----------
    date
        The day from which it has ended.
    clauses
        The clauses that end; all if empty.
    pays
        Periods that still count: those ``finished`` by the date, or those ``started`` before it.
    """

    date: dt.date
    clauses: tuple[str, ...] = ()
    pays: Literal["finished", "started"] = "finished"

    def keeps(self, clause: str, first: dt.date, after: dt.date) -> bool:
        """Whether a clause still pays for the period from ``first`` to before ``after``."""
        if self.clauses and clause not in self.clauses:
            return True
        return after <= self.date if self.pays == "finished" else first < self.date

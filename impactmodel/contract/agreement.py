"""The contract: parties, dates, evaluation, clauses and caps, as a value that loads from YAML."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import field
from pathlib import Path
from typing import Literal

from impactmodel.contract.clause import Clause, Evaluation
from impactmodel.contract.conditions import Amendment, Limit, Termination
from impactmodel.contract.costs import ReferenceCost
from impactmodel.contract.tariff import UnitTariff
from impactmodel.core.errors import InputError
from impactmodel.core.money import Rounding, check_currency
from impactmodel.core.schedule import Periods, add_months
from impactmodel.core.spec import load_yaml, spec


@spec
class OutcomesContract:
    """An outcome contract.

    Parameters
    ----------
    name, currency, price_base
        Title, currency and price level of every amount.
    start, last_start, end
        When the first and the last person start, and when the contract ends.
    clauses
        The payment promises.
    population
        Whose outcomes count; outcomes of another population are refused.
    evaluation, rounding
        How outcomes are measured and amounts rounded; to the cent, halves up, where not stated.
    cap, cap_per_person
        Most that is paid in all, and per person over all clauses.
    limits
        Caps over several clauses: of one payer, in one period or year; see `Limit`.
    minimum_cohort
        Fewer people than this and nothing is paid.
    periods
        The measurement windows, from the first; needed where something happens by date.
    payment_months
        Months of the year (1 to 12) on whose first day payments are made: the first such day from
        when a payment is due. Any day if empty.
    strata
        For each group of the cohort its strata (age, education, region, ...), for price cards.
    counting
        How units of an outcome are counted from people's spells; see `UnitTariff`.
    reference_costs
        Costs that a clause shares, by name; see `ReferenceCost`.
    amendments, termination
        Changes and the early end by date.
    units
        For each outcome what one unit of it is in words, for the term sheet: ``month in work``.
    source, notes
        Where the contract is published, and what a reader must know.

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.contract import Rate
    >>> clause = Clause("jobs", Rate(3000.0), payer="state", outcome="job")
    >>> OutcomesContract("Trial", "EUR", dt.date(2024, 1, 1), (clause,)).clause("jobs").payer
    'state'
    """

    name: str
    currency: str
    start: dt.date
    clauses: tuple[Clause, ...]
    price_base: str = ""
    last_start: dt.date | None = None
    end: dt.date | None = None
    population: Literal["assigned", "participants", "compliers"] = "assigned"
    evaluation: Evaluation = field(default_factory=Evaluation)
    rounding: Rounding | None = None
    cap: float | None = None
    cap_per_person: float | None = None
    limits: tuple[Limit, ...] = ()
    minimum_cohort: int = 0
    periods: Periods | None = None
    payment_months: tuple[int, ...] = ()
    strata: dict[str, dict[str, str]] = field(default_factory=dict)
    counting: dict[str, UnitTariff] = field(default_factory=dict)
    reference_costs: dict[str, ReferenceCost] = field(default_factory=dict)
    amendments: tuple[Amendment, ...] = ()
    termination: Termination | None = None
    units: dict[str, str] = field(default_factory=dict)
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_currency(self.currency)
        if not self.clauses:
            raise InputError("a contract needs a clause", key="clauses", fix="add one")
        check_parts(self)
        names = [clause.name for clause in self.clauses]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise InputError(
                    "two clauses have one name", key=f"clauses[{place}].name", seen=name
                )
        for key in ("cap", "cap_per_person"):
            limit = getattr(self, key)
            if limit is not None and not limit > 0:
                raise InputError(
                    "a cap is above 0", key=key, seen=limit, fix="leave it out for none"
                )
        if self.last_start is not None and self.last_start < self.start:
            raise InputError(
                "the last start comes before the first", key="last_start", seen=self.last_start
            )
        if self.end is not None and self.end <= (self.last_start or self.start):
            raise InputError("the contract ends before people start", key="end", seen=self.end)
        if self.minimum_cohort < 0:
            raise InputError(
                "a cohort is not negative", key="minimum_cohort", seen=self.minimum_cohort
            )

    @classmethod
    def from_yaml(cls, path: str | Path) -> OutcomesContract:
        """Read a contract; raise `InputError` with file, line and key of what cannot be used."""
        return load_yaml(cls, path)

    @property
    def rounds(self) -> Rounding:
        """The rounding rule; to the cent, halves up, where the contract states none."""
        return self.rounding or Rounding()

    @property
    def all_clauses(self) -> tuple[Clause, ...]:
        """Every clause that is ever in force; of an amended one the first version."""
        every = {clause.name: clause for clause in self.clauses}
        for amendment in self.amendments:
            every = {clause.name: clause for clause in amendment.clauses} | every
        order = [c.name for c in self.clauses]
        order += [c.name for a in self.amendments for c in a.clauses]
        return tuple(every[name] for name in dict.fromkeys(order))

    @property
    def versions(self) -> tuple[Clause, ...]:
        """Every version of every clause."""
        return (*self.clauses, *(c for a in self.amendments for c in a.clauses))

    @property
    def payers(self) -> tuple[str, ...]:
        """Every payer once, in order of the clauses."""
        return tuple(dict.fromkeys(clause.payer for clause in self.versions))

    @property
    def payees(self) -> tuple[str, ...]:
        """Everybody who is paid, once, in order of the clauses."""
        return tuple(dict.fromkeys(clause.payee for clause in self.versions))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Every outcome that a clause reads, once."""
        return tuple(dict.fromkeys(name for c in self.versions for name in c.reads))

    @property
    def pays_on_impact(self) -> bool:
        """Whether any clause pays on measured impact."""
        return any(clause.is_measured for clause in self.versions)

    def clause(self, name: str) -> Clause:
        """Return a clause by its name; of an amended one the first version."""
        for clause in self.all_clauses:
            if clause.name == name:
                return clause
        raise InputError(
            "no such clause",
            key="clause",
            seen=name,
            fix="use one of " + ", ".join(c.name for c in self.all_clauses),
        )

    def in_force(self, day: dt.date | None) -> dict[str, tuple[Clause, str]]:
        """Return by name the clauses for a period that starts on a day, and their paths.

        The path is the name of the clause, and for an amended version also the date from which it
        is in force: it stands before the names of its terms.
        """
        found = {clause.name: (clause, clause.name) for clause in self.clauses}
        for amendment in sorted(self.amendments, key=lambda a: a.date):
            if day is None:
                raise InputError(
                    "a contract with amendments needs its measurement windows",
                    key="periods",
                    fix="state start, step and count",
                )
            if amendment.date <= day:
                new = {c.name: (c, f"{c.name} from {amendment.date}") for c in amendment.clauses}
                found = {n: c for n, c in (found | new).items() if n not in amendment.ends}
        return found

    def payment_date(self, clause: Clause, periods: Periods, index: int) -> dt.date:
        """Return when a clause pays for a period: its end for the last person, lags, payment day.

        Raises
        ------
        InputError
            If that is after the contract's end.
        """
        if periods.clock == "since_start":
            first = self.last_start or self.start
            periods = dataclasses.replace(periods, start=first, clock="calendar")
        lag = self.evaluation.lag_months + clause.paid_after_months
        day = self._payment_day(add_months(periods.end(index), lag))
        if self.end is not None and day > self.end:
            raise InputError(
                f"the clause '{clause.name}' would pay on {day}, after the contract's end",
                key="end",
                seen=self.end,
                fix="move the end or shorten the lags",
            )
        return day

    def _payment_day(self, day: dt.date) -> dt.date:
        if not self.payment_months:
            return day
        first = day if day.day == 1 else add_months(day.replace(day=1), 1)
        while first.month not in self.payment_months:
            first = add_months(first, 1)
        return first


def check_parts(contract: OutcomesContract) -> None:
    """Raise `InputError` where a part of a contract names something that it does not have."""
    if any(month not in range(1, 13) for month in contract.payment_months):
        raise InputError("a month is 1 to 12", key="payment_months", seen=contract.payment_months)
    strange = [name for name in contract.units if name not in contract.outcomes]
    if strange:
        raise InputError(
            "the contract pays for no such outcome",
            key="units",
            seen=strange[0],
            fix="use one of " + ", ".join(contract.outcomes),
        )
    names = {clause.name for clause in contract.versions}
    for place, limit in enumerate(contract.limits):
        strange = [name for name in limit.clauses if name not in names]
        if strange or (limit.payer and limit.payer not in contract.payers):
            raise InputError(
                "the limit names no clause or payer of the contract",
                key=f"limits[{place}]",
                seen=strange[0] if strange else limit.payer,
            )
    dated = contract.amendments or contract.termination
    if dated and (contract.periods is None or contract.periods.clock != "calendar"):
        raise InputError(
            "what happens by date needs the contract's measurement windows on the calendar",
            key="periods",
            fix="state start, step, count and clock: calendar",
        )
    for clause in contract.versions:
        for cost in clause.costs:
            if cost not in contract.reference_costs:
                raise InputError(
                    f"'{clause.name}' shares a cost that the contract does not state",
                    key="reference_costs",
                    seen=cost,
                    fix="add it",
                )

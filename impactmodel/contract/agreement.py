"""The contract: parties, dates, evaluation, clauses and caps, as a value that loads from YAML."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import field
from pathlib import Path
from typing import Literal

from impactmodel.contract.terms import Basis, Gross, MeasuredImpact, Payment, Rate
from impactmodel.core.errors import InputError
from impactmodel.core.money import Rounding, check_currency
from impactmodel.core.schedule import Periods, add_months
from impactmodel.core.spec import load_yaml, spec

type Dependence = Literal["comonotone", "independent"]


@spec
class Evaluation:
    """How outcomes are measured.

    Parameters
    ----------
    comparison_size
        People in the comparison group; needed to pay on measured impact.
    lag_months
        Months from the end of a period until its results are known.
    estimator
        How the impact is estimated; the difference in means is simulated in the measured view.
    dependence
        How several outcomes of one person hang together, where a cap per person needs it:
        ``comonotone`` (who has the rarer has the commoner) or ``independent``.
    """

    comparison_size: int | None = None
    lag_months: int = 0
    estimator: Literal["difference_in_means"] = "difference_in_means"
    dependence: Dependence | None = None

    def __post_init__(self) -> None:
        if self.comparison_size is not None and self.comparison_size < 1:
            raise InputError(
                "the comparison group is empty",
                key="comparison_size",
                seen=self.comparison_size,
                fix="give its number of people",
            )
        if self.lag_months < 0:
            raise InputError("a lag is not negative", key="lag_months", seen=self.lag_months)


@spec
class Clause:
    """One payment promise: an outcome, its basis, a payment mechanism, a payer.

    Parameters
    ----------
    name
        Unique in the contract.
    payment, basis
        How much is paid, and for what beyond which level; see `impactmodel.contract.terms`.
    outcome, direction
        The outcome paid for, and whether an ``increase`` or a ``decrease`` is good.
    index
        Instead of an outcome: weights of several outcomes, whose weighted sum is paid for.
    payer
        Who pays.
    periods
        Indices of the outcome's periods that are paid for; all for a flow, the last otherwise.
    floor
        Least payment at a date: 0, or null where investors may have to pay.
    cap, cap_per_person
        Most that the clause pays in all, and per person.
    paid_after_months
        Months from the results until payment.
    units
        What one unit is called in texts.
    source
        Where the term is published; ``assumed`` marks a term that no source states.
    """

    name: str
    payment: Payment
    payer: str
    basis: Basis = field(default_factory=Gross)
    outcome: str = ""
    direction: Literal["increase", "decrease"] = "increase"
    index: dict[str, float] = field(default_factory=dict)
    periods: tuple[int, ...] | None = None
    floor: float | None = 0.0
    cap: float | None = None
    cap_per_person: float | None = None
    paid_after_months: int = 0
    source: str = ""
    assumed: bool = False

    def __post_init__(self) -> None:
        if bool(self.outcome) == bool(self.index):
            raise InputError(
                "give exactly one of 'outcome' and 'index'",
                key="outcome",
                seen="both" if self.outcome else "neither",
            )
        if self.index and self.direction == "decrease":
            raise InputError(
                "an index states directions by the sign of its weights",
                key="direction",
                fix="use negative weights instead",
            )
        for key in ("cap", "cap_per_person"):
            limit = getattr(self, key)
            if limit is not None and not limit > 0:
                raise InputError(
                    "a cap is above 0", key=key, seen=limit, fix="leave it out for none"
                )
        if self.paid_after_months < 0:
            raise InputError(
                "a payment lag is not negative",
                key="paid_after_months",
                seen=self.paid_after_months,
            )
        if not self.payer.strip():
            raise InputError("a clause needs a payer", key="payer")

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each outcome that the clause reads."""
        return self.index or {self.outcome: 1.0 if self.direction == "increase" else -1.0}

    @property
    def group_prices(self) -> dict[str, float] | None:
        """The price of each group, where prices differ by group."""
        payment = self.payment
        prices = payment.price if isinstance(payment, Rate) else None
        return prices if isinstance(prices, dict) else None

    @property
    def is_measured(self) -> bool:
        """Whether the clause pays on a difference from a live comparison group."""
        return isinstance(self.basis, MeasuredImpact)


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
        How outcomes are measured and amounts rounded.
    cap, cap_per_person
        Most that is paid in all, and per person over all clauses.
    minimum_cohort
        Fewer people than this and nothing is paid.
    source, notes
        Where the contract is published, and what a reader must know.

    Examples
    --------
    >>> import datetime as dt
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
    rounding: Rounding = field(default_factory=Rounding)
    cap: float | None = None
    cap_per_person: float | None = None
    minimum_cohort: int = 0
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_currency(self.currency)
        if not self.clauses:
            raise InputError("a contract needs a clause", key="clauses", fix="add one")
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
    def payers(self) -> tuple[str, ...]:
        """Every payer once, in order of the clauses."""
        return tuple(dict.fromkeys(clause.payer for clause in self.clauses))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Every outcome that a clause reads, once."""
        return tuple(dict.fromkeys(name for c in self.clauses for name in c.weights))

    @property
    def pays_on_impact(self) -> bool:
        """Whether any clause pays on measured impact."""
        return any(clause.is_measured for clause in self.clauses)

    def clause(self, name: str) -> Clause:
        """Return a clause by its name."""
        for clause in self.clauses:
            if clause.name == name:
                return clause
        raise InputError(
            "no such clause",
            key="clause",
            seen=name,
            fix="use one of " + ", ".join(c.name for c in self.clauses),
        )

    def payment_date(self, clause: Clause, periods: Periods, index: int) -> dt.date:
        """Return when a clause pays for a period: its end for the last person, and the lags.

        Raises
        ------
        InputError
            If that is after the contract's end.
        """
        if periods.clock == "since_start":
            first = self.last_start or self.start
            periods = dataclasses.replace(periods, start=first, clock="calendar")
        lag = self.evaluation.lag_months + clause.paid_after_months
        day = add_months(periods.bounds()[index][1], lag)
        if self.end is not None and day > self.end:
            raise InputError(
                f"the clause '{clause.name}' would pay on {day}, after the contract's end",
                key="end",
                seen=self.end,
                fix="move the end or shorten the lags",
            )
        return day

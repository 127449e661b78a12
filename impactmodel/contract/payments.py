"""Payments under uncertainty: what a contract pays in each draw."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from impactmodel.contract.agreement import OutcomesContract
from impactmodel.contract.clause import Clause
from impactmodel.contract.compile import PAID_BEFORE, capped, clause_rule, paid_share
from impactmodel.contract.dues import Due, dues_of, limits_of, moments
from impactmodel.contract.fused import fused_payments
from impactmodel.contract.person_caps import persons_of
from impactmodel.contract.quantities import check_joinable, clause_inputs, paid_periods
from impactmodel.contract.terms import Gross
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Input, values
from impactmodel.core.summary import describe_draws

if TYPE_CHECKING:
    from impactmodel.core.outcomes import Outcomes

type Draws = NDArray[np.float64]
type View = Literal["expected", "measured"]

EPOCH = dt.date(1970, 1, 1).toordinal()

DEADWEIGHT = (
    "pays for gross outcomes: it also pays for what would have happened anyway (deadweight), and "
    "may pay when the effect is negative"
)


@dataclass(frozen=True, slots=True)
class OutcomePayments:
    """Payments per draw, clause and due date, with who pays.

    Parameters
    ----------
    amount
        Dims ``draw, due``; along ``due``: ``clause``, ``payer``, ``payee``, ``period`` and
        ``date``.
    view
        ``expected``: the rule at the expected outcomes; ``measured``: at simulated measurements.
    """

    amount: xr.DataArray
    contract: OutcomesContract
    view: View
    lineage: str
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self.contract.currency

    @property
    def price_base(self) -> str:
        """The price level of every amount."""
        return self.contract.price_base

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return int(self.amount.sizes["draw"])

    def total(self) -> Draws:
        """Return the sum of all payments, shape (draw,)."""
        return np.asarray(self.amount.sum("due").values)

    def by_payer(self) -> dict[str, Draws]:
        """Return the sum of payments of each payer, each of shape (draw,)."""
        return self._grouped("payer")

    def by_payee(self) -> dict[str, Draws]:
        """Return what each payee receives, each of shape (draw,)."""
        return self._grouped("payee")

    def by_party(self) -> dict[str, Draws]:
        """Return what each party gains: payers less than nothing; the sum over parties is zero."""
        gained = {payer: -paid for payer, paid in self.by_payer().items()}
        for payee, received in self.by_payee().items():
            gained[payee] = gained.get(payee, np.zeros(self.n_draws)) + received
        return gained

    def by_clause(self) -> dict[str, Draws]:
        """Return the sum of payments under each clause, each of shape (draw,)."""
        return self._grouped("clause")

    def _grouped(self, along: str) -> dict[str, Draws]:
        names = self.amount[along].values
        amounts = self.amount.values
        return {str(n): amounts[:, names == n].sum(axis=1) for n in dict.fromkeys(names.tolist())}

    def by_date(self) -> list[tuple[dt.date, str, Draws]]:
        """Return (date, payer, amounts of shape (draw,)), by date."""
        rows = [
            (
                date_of(self.amount["date"].values[i]),
                str(self.amount["payer"].values[i]),
                np.asarray(self.amount.values[:, i]),
            )
            for i in range(self.amount.sizes["due"])
        ]
        return sorted(rows, key=lambda row: row[0])

    def probability_zero(self) -> float:
        """Return the share of draws in which nothing is paid."""
        return float((self.total() == 0).mean())

    def probability_at_cap(self) -> float | None:
        """Return the share of draws in which the total cap binds; None without a total cap."""
        if self.contract.cap is None:
            return None
        return float((self.total() >= self.contract.cap * (1 - 1e-12)).mean())

    def tail_mean(self, share: float = 0.05, side: Literal["low", "high"] = "low") -> float:
        """Return the mean payment in the lowest (or highest) share of draws (CVaR).

        ``low`` is the investors' bad tail, ``high`` the payers'. A draw at the edge of the tail
        counts in part.

        Raises
        ------
        InputError
            If the share does not lie above 0 and at most at 1.
        """
        if not 0 < share <= 1:
            raise InputError("a share lies above 0 and is at most 1", key="share", seen=share)
        ordered = np.sort(self.total())
        ordered = ordered[::-1] if side == "high" else ordered
        weights = np.clip(share * len(ordered) - np.arange(len(ordered)), 0.0, 1.0)
        return float((ordered * weights).sum() / weights.sum())

    def summary(self, prob: float = 0.9) -> dict[str, Any]:
        """Summarise the total: view, mean, sd, equal-tailed interval, P(nothing is paid), tails."""
        return {
            "view": self.view,
            "currency": self.currency,
            "total": describe_draws(self.total(), prob),
            "probability_zero": self.probability_zero(),
            "probability_at_cap": self.probability_at_cap(),
            "mean_of_lowest_5_percent": self.tail_mean(0.05, "low"),
            "mean_of_highest_5_percent": self.tail_mean(0.05, "high"),
        }


def date_of(value: Any) -> dt.date:
    """Return a date of a coordinate."""
    day: dt.date = np.datetime64(value, "D").astype(object)
    return day


def _days(dues: list[Due]) -> NDArray[np.datetime64]:
    # From day numbers: many dates are slow to convert one by one.
    since = [due.day.toordinal() - EPOCH if due.day is not None else None for due in dues]
    return np.array(since, dtype="datetime64[D]").astype("datetime64[ns]")


def payments(
    contract: OutcomesContract,
    outcomes: Outcomes,
    view: View | None = None,
    *,
    seed: int = 1,
) -> OutcomePayments:
    """Compute what a contract pays in each draw.

    Parameters
    ----------
    contract, outcomes
        The terms, and draws of outcomes for the contract's cohort (``cohort_size`` of the
        outcomes; use ``with_cohort_size`` for another).
    view
        ``measured`` simulates a finite cohort and comparison group (`Outcomes.measured`);
        ``expected`` takes the true expected outcomes. By default a contract that pays on measured
        impact is priced as measured, any other as expected.
    seed
        Of the simulated measurement.

    Returns
    -------
    OutcomePayments
        Draw i belongs to draw i of the outcomes.

    Raises
    ------
    DiagnosticsError, JoinError, InputError
        If the contract may not pay on these outcomes; see `check_joinable`.
    """
    check_joinable(contract, outcomes)
    view = view or ("measured" if contract.pays_on_impact else "expected")
    if view not in {"expected", "measured"}:
        raise InputError("unknown view", key="view", seen=view, fix="use expected or measured")
    if view == "measured":
        outcomes = outcomes.measured(_comparison(contract), seed=seed)
    dues = dues_of(contract, outcomes.periods, lambda clause: paid_periods(clause, outcomes))
    amounts, notes = _amounts(contract, outcomes, dues)
    amount = xr.DataArray(
        amounts,
        dims=("draw", "due"),
        coords={
            "clause": ("due", [due.clause.name for due in dues]),
            "payer": ("due", [due.clause.payer for due in dues]),
            "payee": ("due", [due.clause.payee for due in dues]),
            "period": ("due", [due.period for due in dues]),
            "date": ("due", _days(dues)),
        },
        name="payment",
    )
    about = outcomes.provenance.assuming(*assumed_terms(contract), *notes)
    return OutcomePayments(
        amount, contract, view, about.lineage, about.assumptions, warnings_of(contract)
    )


def assumed_terms(contract: OutcomesContract) -> tuple[str, ...]:
    """Return the terms that no source states, as assumptions."""
    return tuple(
        f"the terms of the clause '{c.name}' are assumed, no source states them"
        for c in contract.all_clauses
        if c.assumed
    )


def warnings_of(contract: OutcomesContract) -> tuple[str, ...]:
    """Return what a reader of any payment under the contract must be told."""
    return tuple(text for clause in contract.all_clauses for text in gross_warning(clause))


def gross_warning(clause: Clause) -> tuple[str, ...]:
    """Return the warning of deadweight of a clause that pays gross outcomes, or nothing."""
    return (f"the clause '{clause.name}' {DEADWEIGHT}",) if isinstance(clause.basis, Gross) else ()


def _comparison(contract: OutcomesContract) -> int:
    size = contract.evaluation.comparison_size
    if size is None and not contract.pays_on_impact:
        return 1
    if size is None:
        raise InputError(
            "a contract on measured impact must state the size of its comparison group",
            key="evaluation.comparison_size",
            fix="state it, or ask for view='expected'",
        )
    return size


def _amounts(
    contract: OutcomesContract, outcomes: Outcomes, dues: list[Due]
) -> tuple[Draws, tuple[str, ...]]:
    """Return the payments, shape (draw, due), after all caps, and what they assume."""
    fused = fused_payments(contract, outcomes, dues)
    if fused is not None:
        return fused, ()
    if contract.cap_per_person is not None:
        amounts, notes = _capped_per_person(contract, outcomes, dues, contract.cap_per_person)
    else:
        amounts, notes = _by_clause(contract, outcomes, dues), ()
    _limit(contract, dues, amounts)
    return amounts, notes


def _limit(contract: OutcomesContract, dues: list[Due], amounts: Draws) -> None:
    """Cut the payments, date by date, to every limit over several clauses."""
    limits = limits_of(contract)
    paid: dict[str, Draws] = {}
    inputs = Input("due"), Input(PAID_BEFORE)
    share_rule = paid_share(Input("due"), Input("payable"))
    for places in moments(dues) if limits else ():
        covered = [(one, one.covered(dues, places)) for one in limits]
        for one, keys in covered:
            rule = capped(one.name, one.limit.cap, *inputs)
            for key, members in keys.items():
                due = amounts[:, members].sum(axis=1)
                before = paid.get(key, np.zeros_like(due))
                payable = values(rule, {"due": due, PAID_BEFORE: before})
                amounts[:, members] *= values(share_rule, {"due": due, "payable": payable})[:, None]
        for _, keys in covered:
            for key, members in keys.items():
                paid[key] = paid.get(key, 0.0) + amounts[:, members].sum(axis=1)


def _by_clause(contract: OutcomesContract, outcomes: Outcomes, dues: list[Due]) -> Draws:
    amounts = np.empty((outcomes.n_draws, len(dues)))
    paid = {due.clause.name: np.zeros(outcomes.n_draws) for due in dues}
    for place, due in enumerate(dues):
        clause = due.clause
        _refuse_cap_per_person(clause)
        env = clause_inputs(contract, clause, outcomes, due.period)
        env[PAID_BEFORE] = paid[clause.name]
        amounts[:, place] = values(clause_rule(contract, clause, due.period, due.path), env)
        paid[clause.name] = paid[clause.name] + amounts[:, place]
    return amounts


def _refuse_cap_per_person(clause: Clause) -> None:
    """Refuse a cap per person on gross amounts: its expectation needs their distribution."""
    if clause.cap_per_person is None or clause.is_measured:
        return
    raise InputError(
        f"the cap per person of '{clause.name}' needs the outcomes of single persons, and "
        "draws hold only expected outcomes",
        key="cap_per_person",
        fix="settle it on person rows, or state a cap on the clause",
    )


def _capped_per_person(
    contract: OutcomesContract, outcomes: Outcomes, dues: list[Due], cap: float
) -> tuple[Draws, tuple[str, ...]]:
    """Hold each payment against what the cap per person leaves of it, as settlement does."""
    persons = persons_of(contract, outcomes, dues)
    amounts = np.minimum(_by_clause(contract, outcomes, dues), persons.granted(cap))
    note = f"outcomes of one person are taken as {persons.dependence} for the cap per person"
    return amounts, (note,) if len(dues) > 1 else ()

"""The monthly ladder: every quantity of the fund's life, draw by draw."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.distribution import draw
from impactmodel.core.errors import InputError
from impactmodel.core.schedule import add_months
from impactmodel.core.seeds import stream
from impactmodel.finance.enrolment import Enrolled, months_between
from impactmodel.finance.structure import FundingStructure, Senior

type Draws = NDArray[np.float64]

QUANTITIES = (
    "service_costs",
    "fees",
    "unfunded",
    "received",
    "owed",
    "drawn",
    "distributed",
    "surplus",
    "guarantee",
    "cash",
)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Quantities per draw and month, each of shape (draw, month), in the fund's currency.

    ``service_costs`` and ``fees`` are those paid; ``unfunded`` is what neither cash nor the
    commitment could pay; ``received`` and ``owed`` are outcome payments from and to payers;
    ``drawn``, ``distributed`` and ``guarantee`` are the senior tranche's; ``surplus`` is what the
    return cap left; ``cash`` is the vehicle's balance at the month's end.
    """

    dates: tuple[dt.date, ...]
    values: dict[str, Draws]
    by_payer: dict[str, Draws]


def build_ladder(
    structure: FundingStructure,
    due: list[tuple[dt.date, str, Draws]],
    enrolled: Enrolled | None,
    n_draws: int,
    seed: int,
) -> Ladder:
    """Run the waterfall of one fund.

    Each month: outcome payments come in; amounts owed to payers, fees and service costs are paid
    from cash and then from the undrawn commitment (what neither can pay is unfunded); cash beyond
    the planned costs that the commitment can no longer cover goes to the senior tranche up to its
    return cap; the rest is surplus. At the end the guarantee pays what principal is missing.
    """
    costs, fees = _planned(structure, enrolled, n_draws, seed)
    last = [months_between(structure.start, day) + 1 for day, _, _ in due]
    months = max([costs.shape[1], *last])
    costs, fees = _widen(costs, months), _widen(fees, months)
    fees += structure.fees.management_per_month
    by_payer = _received(structure, due, months, n_draws)
    net = sum(by_payer.values(), np.zeros((n_draws, months)))
    dates = tuple(add_months(structure.start, month) for month in range(months))
    values = {name: np.zeros((n_draws, months)) for name in QUANTITIES}
    values["received"], values["owed"] = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    senior = _Tranche(structure.senior, n_draws)
    _run(values, costs, fees, dates, senior)
    if structure.guarantee is not None:
        lost = np.maximum(senior.drawn - senior.repaid, 0.0)
        values["guarantee"][:, -1] = np.minimum(structure.guarantee.amount, lost)
    return Ladder(dates, values, by_payer)


def _run(
    values: dict[str, Draws],
    costs: Draws,
    fees: Draws,
    dates: tuple[dt.date, ...],
    senior: _Tranche,
) -> None:
    """Fill in the months one after another."""
    owed, months = values["owed"], len(dates)
    needs_later = np.cumsum((costs + fees + owed)[:, ::-1], axis=1)[:, ::-1]
    cash = np.zeros(len(costs))
    for month, day in enumerate(dates):
        senior.accrue(day)
        cash = cash + values["received"][:, month]
        need = owed[:, month] + fees[:, month] + costs[:, month]
        drawn = senior.draw(np.maximum(need - cash, 0.0))
        short = np.maximum(need - cash - drawn, 0.0)
        unfunded = np.minimum(short, costs[:, month])
        _require_fees_paid(short - unfunded, day)
        cash = cash + drawn - need + unfunded
        later = needs_later[:, month + 1] if month + 1 < months else 0.0
        free = np.maximum(cash - np.maximum(later - senior.undrawn, 0.0), 0.0)
        distributed = senior.repay(free)
        cash = cash - free
        row = {
            "service_costs": costs[:, month] - unfunded,
            "fees": fees[:, month],
            "unfunded": unfunded,
            "drawn": drawn,
            "distributed": distributed,
            "surplus": free - distributed,
            "cash": cash,
        }
        for name, value in row.items():
            values[name][:, month] = value


class _Tranche:
    """The senior tranche's balances, one per draw."""

    def __init__(self, terms: Senior, n_draws: int) -> None:
        self.terms = terms
        self.drawn = np.zeros(n_draws)
        self.repaid = np.zeros(n_draws)
        self._owed = np.zeros(n_draws)
        self._day: dt.date | None = None

    @property
    def undrawn(self) -> Draws:
        return self.terms.commitment - self.drawn

    def accrue(self, day: dt.date) -> None:
        """Let what is owed under the return cap grow since the last month."""
        if self._day is not None and self.terms.return_cap is not None:
            self._owed = self._owed * (1 + self.terms.return_cap) ** ((day - self._day).days / 365)
        self._day = day

    def draw(self, amount: Draws) -> Draws:
        drawn = np.minimum(amount, self.undrawn)
        self.drawn = self.drawn + drawn
        self._owed = self._owed + drawn
        return drawn

    def repay(self, free: Draws) -> Draws:
        """Return what the tranche takes of the free cash."""
        capped = self.terms.return_cap is not None
        taken = np.minimum(free, np.maximum(self._owed, 0.0)) if capped else free
        self._owed = self._owed - taken
        self.repaid = self.repaid + taken
        return taken


def _planned(
    structure: FundingStructure, enrolled: Enrolled | None, n_draws: int, seed: int
) -> tuple[Draws, Draws]:
    """Return service costs and one-off fees per draw and month."""
    plan, fees = structure.service_costs, structure.fees
    horizon = max(enrolled.active.shape[1] if enrolled is not None else 1, plan.fixed_months or 1)
    stop = horizon
    if structure.termination is not None:
        stop = min(horizon, months_between(structure.start, structure.termination))
    fixed_until = min(plan.fixed_months or horizon, stop)
    costs, once = np.zeros((n_draws, horizon)), np.zeros((n_draws, horizon))
    costs[:, 0] += plan.set_up
    costs[:, :fixed_until] += plan.fixed_per_month
    if enrolled is not None:
        rng = stream(seed, "service_costs")
        at_start = draw(plan.per_participant, n_draws, rng)[:, None]
        per_month = draw(plan.per_participant_month, n_draws, rng)[:, None]
        width = enrolled.active.shape[1]
        costs[:, :width] += at_start * enrolled.started + per_month * enrolled.active
    if (costs < 0).any():
        raise InputError(
            "a service cost is negative in some draws",
            key="service_costs",
            fix="use a lognormal distribution",
        )
    once[:, 0] += fees.arrangement * structure.senior.commitment
    after = enrolled.referral_months if enrolled is not None else fixed_until
    once = _widen(once, max(horizon, after + 1))
    once[:, after] += fees.evaluation
    return _widen(costs, once.shape[1]), once


def _widen(array: Draws, months: int) -> Draws:
    return np.pad(array, ((0, 0), (0, months - array.shape[1])))


def _received(
    structure: FundingStructure, due: list[tuple[dt.date, str, Draws]], months: int, n_draws: int
) -> dict[str, Draws]:
    by_payer: dict[str, Draws] = {}
    for day, payer, amount in due:
        if day < structure.start:
            raise InputError(
                f"an outcome payment on {day} comes before the fund starts",
                key="start",
                seen=structure.start,
                fix="move the fund or the contract",
            )
        place = by_payer.setdefault(payer, np.zeros((n_draws, months)))
        place[:, months_between(structure.start, day)] += amount
    return by_payer


def _require_fees_paid(short: Draws, day: dt.date) -> None:
    if (short > 1e-6).any():
        share = float((short > 1e-6).mean())
        raise InputError(
            f"in {share:.0%} of draws the fund cannot pay its fees or what it owes on {day}",
            key="senior.commitment",
            fix="raise the commitment or lower the fees",
        )

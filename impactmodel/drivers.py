"""What drives the result of a case: one input at a time, two together, scenarios, break-even."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from impactmodel.breakeven import BreakEven, break_even_cohort, break_even_effect
from impactmodel.core.errors import ImpactModelError, InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.finance import (
    Deferred,
    Grant,
    Swing,
    Tornado,
    TwoWay,
    cashflows,
    scenarios,
    tornado,
    two_way,
)
from impactmodel.finance.returns import present_value, years_of
from impactmodel.funding import cohort_of_fund
from impactmodel.levers import EFFECT, EFFECT_ON, Lever, Parts, levers, moved
from impactmodel.public import net_position

if TYPE_CHECKING:
    from impactmodel.accounts import Accounts
    from impactmodel.case import Settings
    from impactmodel.finance import Enrolled
    from impactmodel.finance.what_if import Changes
    from impactmodel.fiscal.budget_plan import DatedCost

type Draws = NDArray[np.float64]
type Gain = Literal["npv", "net", "paid"]

MOST_DRAWS = 1000
"""More draws than these are thinned evenly: the cost of varying inputs is bounded."""
CLOSE = 1e-3
"""Relative accuracy of a break-even; it is told with three digits."""
WIDEST = 3
"""Inputs that the worst and the best scenario move together."""
MOVES = 0.005
"""A swing below half a cent, and below this share of draws, is none."""
SCENARIOS: dict[str, float] = {"effects_low": -1.0, "effects_high": 1.0}


@dataclass(frozen=True, slots=True)
class Driven:
    """What one party gains, and what moves it.

    Parameters
    ----------
    gain
        ``npv``: net present value of a tranche; ``net``: what a payer saves less what it pays
        and spends beside;        ``paid``: what a payer pays, where no savings are computed.
    amounts
        The gain as stated, and under each input at its two values; inputs that move neither the
        gain nor the chance are left out.
    chances
        By input likewise, per draw 1 where a tranche loses money, or a payer pays more than it
        saves (``paid``: where it pays nothing).
    grid
        The gain at the values of the two inputs that move it most; None with fewer than two.
    scenarios
        The gain under several changes together.
    """

    gain: Gain
    party: str
    amounts: Tornado
    chances: Tornado
    grid: TwoWay | None
    scenarios: dict[str, Draws]


@dataclass(frozen=True, slots=True)
class Needed:
    """The break-even of investors: found, or why there is none."""

    of: Literal["effect", "cohort"]
    found: BreakEven | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Drivers:
    """What drives the result of a case.

    Parameters
    ----------
    levers
        Every input that was varied, by its key.
    driven
        Tranches first, then payers.
    refused
        Keys and values that cannot be computed, each with the reason.
    n_draws
        Draws that were used, the same at every change.
    """

    levers: dict[str, Lever]
    driven: tuple[Driven, ...]
    needed: tuple[Needed, ...]
    refused: tuple[tuple[str, float, str], ...]
    n_draws: int
    currency: str
    discount_rate: float


def find_drivers(settings: Settings, parts: Parts, accounts: Accounts) -> Drivers:
    """Vary the inputs of a case, one at a time and together, on the same draws throughout.

    Parameters
    ----------
    accounts
        Those of the run: what it computed on the same draws is not computed again.

    Raises
    ------
    InputError
        If a range or a scenario of the case cannot be used. What is varied by default and cannot
        be is listed with the reason.
    """
    parts = replace(parts, outcomes=_thinned(parts.outcomes))
    what_if = _WhatIf(settings, parts, accounts)
    usable: dict[str, Lever] = {}
    refused: list[tuple[str, float, str]] = []
    for lever in levers(parts, settings.sensitivity):
        possible = _possible(what_if, lever, refused)
        if possible.low is not None or possible.high is not None:
            usable[lever.key] = possible
    return Drivers(
        levers=usable,
        driven=tuple(_driven(what_if, usable, *about) for about in what_if.at({})),
        needed=_needed(settings, what_if),
        refused=tuple(refused),
        n_draws=parts.outcomes.n_draws,
        currency=parts.contract.currency,
        discount_rate=settings.discount_rate,
    )


def _possible(what_if: _WhatIf, lever: Lever, refused: list[tuple[str, float, str]]) -> Lever:
    """Return a lever without the values that cannot be computed; note why."""
    ends: list[float | None] = []
    for value in (lever.low, lever.high):
        try:
            what_if.at({} if value is None else {lever.key: value})
        except ImpactModelError as error:
            if lever.basis == "stated":
                raise _located(error, f"sensitivity.ranges.{lever.key}") from None
            refused.append((lever.key, float(value or 0.0), str(error)))
            ends.append(None)
        else:
            ends.append(value)
    return replace(lever, low=ends[0], high=ends[1])


def _thinned(outcomes: Outcomes) -> Outcomes:
    if outcomes.n_draws <= MOST_DRAWS:
        return outcomes
    places = np.linspace(0, outcomes.n_draws - 1, MOST_DRAWS).astype(int)
    return Outcomes(outcomes.dataset.isel(draw=places))


def _located(error: ImpactModelError, key: str) -> ImpactModelError:
    return InputError(str(error), key=key, fix="change it, or leave it out")


def _driven(what_if: _WhatIf, usable: dict[str, Lever], gain: Gain, party: str) -> Driven:
    ranges = {key: (lever.low, lever.high) for key, lever in usable.items()}
    measure = partial(what_if.gain, about=(gain, party))
    all_amounts = tornado(measure, ranges)
    all_chances = tornado(partial(what_if.chance, about=(gain, party)), ranges)
    moves = {s.name for s in all_amounts.swings if s.size > MOVES}
    moves |= {s.name for s in all_chances.swings if s.size > MOVES}
    amounts, chances = (
        Tornado(found.base, tuple(s for s in found.swings if s.name in moves))
        for found in (all_amounts, all_chances)
    )
    top = [swing.name for swing in amounts.swings[:2]]
    grid = None
    if len(top) == 2:
        first, second = ((key, _values(usable[key])) for key in top)
        grid = two_way(measure, first, second)
    named = _scenarios(what_if, usable, amounts)
    return Driven(gain, party, amounts, chances, grid, scenarios(measure, named))


def _values(lever: Lever) -> list[float | None]:
    """Return the values of an input in a two-way table; None: as stated."""
    ends = [lever.low, None, lever.high]
    return [value for place, value in enumerate(ends) if value is not None or place == 1]


def _scenarios(
    what_if: _WhatIf, usable: dict[str, Lever], amounts: Tornado
) -> dict[str, dict[str, float]]:
    """Return the sets of changes: effects together, the widest inputs together, the case's own."""
    effects = [key for key in usable if key.startswith(EFFECT_ON)]
    named = {name: dict.fromkeys(effects, sds) for name, sds in SCENARIOS.items() if effects}
    named["no_effect"] = {EFFECT: 0.0}
    widest = amounts.swings[:WIDEST]
    if len(widest) > 1:
        down, up = (_ends(widest, better=better) for better in (False, True))
        named |= {"widest_low": down, "widest_high": up}
    kept = {name: changes for name, changes in named.items() if what_if.possible(changes)}
    for name, changes in what_if.settings.sensitivity.scenarios.items():
        try:
            what_if.at(changes)
        except ImpactModelError as error:
            raise _located(error, f"sensitivity.scenarios.{name}") from None
        kept[name] = changes
    return kept


def _ends(swings: tuple[Swing, ...], *, better: bool) -> dict[str, float]:
    """Return of each input the value at which the gain is higher, or lower."""
    ends = {
        s.name: s.high if (s.at_low.mean() < s.at_high.mean()) == better else s.low for s in swings
    }
    return {name: value for name, value in ends.items() if value is not None}


def _needed(settings: Settings, what_if: _WhatIf) -> tuple[Needed, ...]:
    """Return the break-even effect and cohort of the senior investors."""
    parts = what_if.parts
    if parts.funding is None:
        return ()
    asked: tuple[tuple[Literal["effect", "cohort"], Callable[..., BreakEven]], ...] = (
        ("effect", break_even_effect),
        ("cohort", break_even_cohort),
    )
    found = []
    for of, solve in asked:
        try:
            answer = solve(
                parts.contract,
                what_if.accounts.paid_on(parts.outcomes, parts.public),
                parts.funding,
                view=settings.view,
                seed=settings.seed,
                accuracy=CLOSE,
            )
            found.append(Needed(of, answer))
        except ImpactModelError as error:
            found.append(Needed(of, None, str(error)))
    return tuple(found)


class _WhatIf:
    """A case under changes; parts that a change does not touch are computed once."""

    def __init__(self, settings: Settings, parts: Parts, accounts: Accounts) -> None:
        self.settings, self.parts, self.accounts = settings, parts, accounts

    def gain(self, changes: Changes, *, about: tuple[Gain, str]) -> Draws:
        """Return what a party gains under changes, shape (draw,)."""
        return self.at(changes)[about][0]

    def chance(self, changes: Changes, *, about: tuple[Gain, str]) -> Draws:
        """Return 1 in the draws that are bad for a party, shape (draw,)."""
        return self.at(changes)[about][1]

    def possible(self, changes: Changes) -> bool:
        """Tell whether a case can be computed under changes."""
        try:
            self.at(changes)
        except ImpactModelError:
            return False
        return True

    def at(self, changes: Changes) -> dict[tuple[Gain, str], tuple[Draws, Draws]]:
        """Return for every party its gain, and 1 in the draws that are bad for it."""
        return self.accounts.once(
            "gains",
            (self, frozenset(changes.items())),
            lambda: self._computed(moved(self.parts, changes, self.accounts)),
        )

    def _computed(self, parts: Parts) -> dict[tuple[Gain, str], tuple[Draws, Draws]]:
        outcomes, enrolled = self._cohort(parts)
        public = parts.public
        saved = None if public is None else self.accounts.savings(outcomes, public)
        paid = self.accounts.payments(parts.contract, outcomes, public)
        found: dict[tuple[Gain, str], tuple[Draws, Draws]] = {}
        if parts.funding is not None:
            flows = cashflows(parts.funding, paid, enrolment=enrolled, seed=self.settings.seed)
            years = years_of(flows)
            for tranche in parts.funding.tranches:
                if not isinstance(tranche, Deferred | Grant):
                    amounts = flows.tranche(tranche.name)
                    worth = present_value(amounts, years, self.settings.discount_rate)
                    loses = amounts.sum(axis=1) < -MOVES
                    found["npv", tranche.name] = worth, loses.astype(float)
        if saved is None:
            for payer, amounts in paid.by_payer().items():
                found["paid", payer] = amounts, (amounts == 0).astype(float)
            return found
        costs = self._costs(parts)
        gains = self.accounts.by_payer(saved)
        positions = net_position(saved, paid, costs, gains=gains).by_payer()
        for payer in parts.contract.payers:
            if payer in positions:
                net = positions[payer]
                found["net", payer] = net, (net < 0).astype(float)
        return found

    def _costs(self, parts: Parts) -> list[DatedCost]:
        plan, n = parts.budget, parts.outcomes.n_draws
        if plan is None:
            return []
        return self.accounts.once("costs", (plan, n), lambda: plan.drawn(n, self.settings.seed))

    def _cohort(self, parts: Parts) -> tuple[Outcomes, Enrolled | None]:
        fund = parts.funding
        if fund is None:
            return parts.outcomes, None
        dates = (parts.contract.start, parts.contract.last_start)
        key = (parts.outcomes, fund.enrolment, fund.start, fund.termination, *dates)

        def made() -> tuple[Outcomes, Enrolled | None]:
            return cohort_of_fund(parts.contract, parts.outcomes, fund, seed=self.settings.seed)

        return self.accounts.once("cohort", key, made)

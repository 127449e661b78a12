"""A payer's net position under other assumptions: switching values and swings.

Every assumption is a key: ``effect`` and ``effect|outcome`` multiply the effect in every draw;
``displacement``, ``deadweight`` and ``fade_out`` are the shares of the public side,
``discount_rate`` its rate, ``wage`` multiplies the wages of the profile, and ``price|clause`` is
the price (or share) that a clause pays.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.contract import reprice
from impactmodel.contract.terms import Rate, ShareOf
from impactmodel.core.distribution import draw, mean
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.finance import Tornado, tornado
from impactmodel.fiscal import Observed, RuleSide, UnitValues
from impactmodel.levers import effect_total, times_effect
from impactmodel.public import NetPosition, net_position

if TYPE_CHECKING:
    from impactmodel.accounts import Accounts
    from impactmodel.contract import OutcomesContract
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.fiscal import PublicSide
    from impactmodel.fiscal.budget_plan import DatedCost

type Draws = NDArray[np.float64]

PUBLIC = "all_public_payers"
SHARES = ("displacement", "deadweight", "fade_out")
_MOST = {"effect": 10.0, "price": 10.0, "wage": 4.0}
_LEAST = 1e-6
"""A price is above 0: from this share of the stated one on."""
_HIGHEST_RATE = 0.3
_TEN_PERCENT, _TEN_POINTS, _ONE_POINT = 0.1, 0.1, 0.01


@dataclass(frozen=True, slots=True)
class Reach:
    """An assumption that can be changed.

    Parameters
    ----------
    key
        See the module.
    stated
        As the case states it, on average; for a multiple 1.
    low, high
        What the swings put in: the interval of an uncertain quantity, a tenth less and more of a
        stated value, ten points of a stated share, one of a rate.
    lowest, highest
        Between which a switching value is looked for.
    """

    key: str
    stated: float
    low: float
    high: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Switch:
    """The value of an assumption at which a payer's mean net position is zero.

    Parameters
    ----------
    value
        None: there is none within the reach of the assumption.
    """

    key: str
    stated: float
    value: float | None


@dataclass(frozen=True, slots=True)
class Position:
    """Net positions under changed assumptions, all on the same draws.

    Parameters
    ----------
    outcomes
        As savings and payments saw them.
    accounts
        Those of the run: what it computed is not computed again.
    """

    outcomes: Outcomes
    public: PublicSide
    contract: OutcomesContract | None
    costs: tuple[DatedCost, ...]
    accounts: Accounts

    def at(self, changes: Mapping[str, float]) -> NetPosition:
        """Return the net positions under some changes.

        Raises
        ------
        InputError
            If the rules do not fit what is changed, such as more people in work than there are.
        """
        real = {k: v for k, v in changes.items() if v != self._stated(k)}
        return self.accounts.once(
            "net", (self, frozenset(real.items())), lambda: self._computed(real)
        )

    def _computed(self, changes: Mapping[str, float]) -> NetPosition:
        outcomes, side, contract = self._outcomes(changes), self._side(changes), self.contract
        saved = self.accounts.savings(outcomes, side)
        for name, price in changes.items():
            if contract is not None and name.startswith("price|"):
                contract = reprice(contract, name.partition("|")[2], price)
        paid = None if contract is None else self.accounts.payments(contract, outcomes, side)
        if "discount_rate" in changes:
            saved = dataclasses.replace(saved, discount_rate=changes["discount_rate"])
        return net_position(saved, paid, self.costs, self.accounts.by_payer(saved))

    def _stated(self, key: str) -> object:
        """Return the value at which a change is none."""
        kind, _, name = key.partition("|")
        if kind == "price":
            return self._prices().get(name, (None,))[0]
        return 1.0 if kind in {"effect", "wage"} else getattr(self.public, kind)

    def net(self, payer: str, changes: Mapping[str, float]) -> Draws:
        """Return the net position of a payer, or of all public payers, shape (draw,)."""
        parts = self.at(changes).by_payer()
        return parts[payer] if payer != PUBLIC else np.asarray(sum(parts.values()))

    def reaches(self, prob: float) -> tuple[Reach, ...]:
        """Return what can be changed, and how far; intervals are equal-tailed, of ``prob``."""
        tails = ((1 - prob) / 2, (1 + prob) / 2)
        found = [Reach("effect", 1.0, 0.9, 1.1, 0.0, _MOST["effect"])]
        for name, draws in self._effects().items():
            centre = float(draws.mean())
            if centre and np.ptp(draws) > 0:
                low, high = sorted(float(q) / centre for q in np.quantile(draws, tails))
                most = _MOST["effect"]
                found.append(Reach(f"effect|{name}", 1.0, low, high, 0.0, most))
        found += [self._share(name, tails) for name in SHARES if self._matters(name)]
        rate = self.public.discount_rate
        ends = (rate - _ONE_POINT, rate + _ONE_POINT)
        found.append(Reach("discount_rate", rate, *ends, 0.0, _HIGHEST_RATE))
        if isinstance(self.public, RuleSide):
            found.append(Reach("wage", 1.0, 0.9, 1.1, 0.25, _MOST["wage"]))
        for name, (price, most) in self._prices().items():
            ends = ((1 - _TEN_PERCENT) * price, min(most, (1 + _TEN_PERCENT) * price))
            found.append(Reach(f"price|{name}", price, *ends, _LEAST * price, most))
        return tuple(found)

    def quantities(self) -> dict[str, Draws]:
        """Return the draws of every uncertain quantity, by key."""
        found = {f"effect|{name}": draws for name, draws in self._effects().items()}
        for name in SHARES:
            if not isinstance(getattr(self.public, name), (int, float)) and self._matters(name):
                found[name] = self._drawn(name)
        return {name: draws for name, draws in found.items() if np.ptp(draws) > 0}

    def _share(self, name: str, tails: tuple[float, float]) -> Reach:
        stated = mean(getattr(self.public, name))
        if not isinstance(getattr(self.public, name), (int, float)):
            low, high = (float(q) for q in np.quantile(self._drawn(name), tails))
            return Reach(name, stated, low, high, 0.0, 1.0)
        low, high = max(0.0, stated - _TEN_POINTS), min(1.0, stated + _TEN_POINTS)
        return Reach(name, stated, low, high, 0.0, 1.0)

    def _drawn(self, name: str) -> Draws:
        return draw(
            getattr(self.public, name), self.outcomes.n_draws, stream(self.accounts.seed, name)
        )

    def _matters(self, name: str) -> bool:
        """Tell whether a share can do anything: fade-out only after the evidence."""
        periods, horizon = self.outcomes.periods, self.public.horizon_years
        longer = horizon is not None and horizon > periods.count * periods.years
        return name != "fade_out" or longer

    def _effects(self) -> dict[str, Draws]:
        """Return the effect on each outcome that anything depends on, over cohort and time."""
        read = (
            set(self.contract.outcomes)
            if self.contract and not self.accounts.pays_on_savings
            else set()
        )
        side = self.public
        if isinstance(side, Observed):
            read |= {flow.outcome for flow in side.flows}
        elif isinstance(side, UnitValues):
            read |= {value.outcome for value in side.values}
        found = {}
        for measure in self.outcomes.measures:
            drives = isinstance(side, RuleSide) and measure.name in (side.driver, self._driver())
            if measure.name in read or drives:
                found[measure.name] = effect_total(self.outcomes, measure.name)
        return found

    def _driver(self) -> str:
        found = [m.name for m in self.outcomes.measures if m.channel in {"employment", "earnings"}]
        return found[0] if len(found) == 1 else ""

    def _prices(self) -> dict[str, tuple[float, float]]:
        """Return by clause what it pays, and the most that is looked at: of a share, all of it."""
        found = {}
        for clause in self.contract.clauses if self.contract else ():
            match clause.payment:
                case Rate(price=float() | int() as price) if price > 0:
                    found[clause.name] = (float(price), _MOST["price"] * price)
                case ShareOf(share=float() | int() as share) if share > 0:
                    found[clause.name] = (float(share), max(1.0, float(share)))
        return found

    def _outcomes(self, changes: Mapping[str, float]) -> Outcomes:
        factors = [
            changes.get("effect", 1.0) * changes.get(f"effect|{m.name}", 1.0)
            for m in self.outcomes.measures
        ]
        if all(factor == 1 for factor in factors):
            return self.outcomes
        scaled = times_effect(self.outcomes, factors)
        return self.outcomes.replace(treated=scaled)

    def _side(self, changes: Mapping[str, float]) -> PublicSide:
        shares = {name: changes[name] for name in SHARES if name in changes}
        side = self.public
        if shares:
            side = self.accounts.as_values(side)
        if "wage" in changes and isinstance(side, RuleSide):
            persons = (dataclasses.replace(p, wage=p.wage * changes["wage"]) for p in side.persons)
            side = dataclasses.replace(side, persons=tuple(persons))
        return dataclasses.replace(side, **shares) if shares else side  # type: ignore[arg-type]


def payers_that_spend(net: NetPosition) -> tuple[str, ...]:
    """Return the payers that pay or bear a cost in some draw."""
    return tuple(name for name in net.saved if np.any(net.paid[name]) or np.any(net.spent[name]))


def switches(position: Position, payer: str, reaches: Iterable[Reach]) -> tuple[Switch, ...]:
    """Return for each assumption the value at which a payer's mean net position is zero.

    It is the root next to the stated value, all other assumptions as stated.
    """
    return tuple(Switch(r.key, r.stated, _switch(position, payer, r)) for r in reaches)


def _switch(position: Position, payer: str, reach: Reach) -> float | None:
    from scipy.optimize import brentq

    def gap(value: float) -> float:
        return float(position.net(payer, {reach.key: value}).mean())

    here = gap(reach.stated)
    if here == 0:
        return reach.stated
    for end in sorted((reach.lowest, reach.highest), key=lambda v: abs(v - reach.stated)):
        try:
            there = gap(end)
        except InputError:
            continue  # the rules do not reach so far
        if there == 0:
            if reach.key.startswith("effect"):
                continue  # no news: without an effect nothing is saved and nothing is paid
            return end
        if np.sign(there) != np.sign(here):
            width = abs(reach.highest - reach.lowest)
            return float(brentq(gap, reach.stated, end, xtol=1e-7 * width, rtol=1e-8))
    return None


def swings(position: Position, payer: str, reaches: Iterable[Reach]) -> Tornado | None:
    """Return how far a payer's net position moves with each assumption, the farthest first."""
    ranges = {}
    for reach in reaches:
        if reach.key == "effect":
            continue  # each outcome has its own interval
        try:
            moved = [position.net(payer, {reach.key: v}) for v in (reach.low, reach.high)]
        except InputError:
            continue
        if not np.array_equal(moved[0], moved[1]):
            ranges[reach.key] = (reach.low, reach.high)
    return tornado(lambda changes: position.net(payer, changes), ranges) if ranges else None

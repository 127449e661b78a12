"""Generated funds conserve cash to the cent, and a second waterfall in Decimal agrees on each.

The second one walks over one draw at a time, in exact decimals, straight from the words of
docs/finance.md; it shares no code with the library. Both must also refuse the same funds.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal, getcontext

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import add_months
from impactmodel.finance import (
    Bonus,
    CostGuarantee,
    Deferred,
    Distributions,
    Drawdown,
    Fees,
    FirstLoss,
    FundingStructure,
    Grant,
    IdleCash,
    IrrCap,
    Junior,
    MultipleCap,
    PrincipalGuarantee,
    RecyclableGrant,
    Recycling,
    Senior,
    ServiceCosts,
    SimpleCap,
    cashflows,
)
from tests.unit.finance.given import Given

START = dt.date(2024, 1, 31)
D = Decimal
ZERO = D(0)
HALF_CENT = D("0.005")
DRAWS = 2


def cents(rng: np.random.Generator, low: float, high: float) -> float:
    return round(float(rng.uniform(low, high)), 2)


def capped(rng: np.random.Generator) -> IrrCap | SimpleCap | MultipleCap:
    kind = rng.integers(3)
    rate = round(float(rng.uniform(0, 0.3)), 3)
    return [IrrCap(rate), SimpleCap(rate), MultipleCap(1 + rate)][kind]


def generated(rng: np.random.Generator) -> tuple[FundingStructure, Given]:
    """A fund and its payments: every type of every term comes up."""
    kinds = rng.permutation(["junior", "first_loss", "grant", "recyclable", "deferred", "manager"])
    making = {
        "junior": lambda: Junior(cents(rng, 10, 500), capped(rng)),
        "first_loss": lambda: FirstLoss(cents(rng, 10, 300), capped(rng)),
        "grant": lambda: Grant(cents(rng, 10, 300)),
        "recyclable": lambda: RecyclableGrant(cents(rng, 10, 300)),
        "deferred": lambda: Deferred(cents(rng, 10, 300), cents(rng, 0.05, 1), "provider"),
        "manager": lambda: Deferred(
            cents(rng, 5, 50), cents(rng, 0.05, 1), "fund_manager", capped(rng), "manager_waits"
        ),
    }
    maybe = rng.random(12) < 0.4
    guarantees = (
        *([PrincipalGuarantee(cents(rng, 5, 400), share=0.8, retention=20.0)] if maybe[0] else []),
        *([PrincipalGuarantee(cents(rng, 5, 90), "second")] if maybe[1] else []),
        *([CostGuarantee(cents(rng, 5, 400))] if maybe[2] else []),
    )
    bonuses = (Bonus(0.3, cap=cents(rng, 5, 90)), Bonus(0.25, "fund_manager"))
    months = int(rng.integers(1, 13))
    structure = FundingStructure(
        "F",
        "EUR",
        START,
        Senior(cents(rng, 50, 2000), None if maybe[3] else capped(rng)),
        subordinate=tuple(making[str(k)]() for k in kinds[: rng.integers(0, 6)]),
        service_costs=ServiceCosts(
            set_up=cents(rng, 0, 200),
            fixed_per_month=cents(rng, 1, 120),
            fixed_months=months,
        ),
        fees=Fees(
            0.01 if maybe[4] else 0.0,
            cents(rng, 0, 3) if rng.random() < 0.5 else 0.0,
            cents(rng, 0, 20),
        ),
        guarantees=guarantees,
        drawdown=Drawdown(
            order="pro_rata" if maybe[5] else "junior_first",
            per_month=cents(rng, 50, 300) if maybe[6] else None,
            until=add_months(START, int(rng.integers(6, 14))) if maybe[7] else None,
        ),
        recycling=Recycling(
            limit=cents(rng, 0, 300) if maybe[8] else None,
            reserve=cents(rng, 0, 100) if maybe[9] else 0.0,
        ),
        waterfall="by_tranche" if maybe[10] else "principal_first",
        bonuses=bonuses[: rng.integers(0, 3)],
        surplus_to="city",
    )
    rows = []
    for day in sorted(int(d) for d in rng.integers(0, 30 * (months + 6), rng.integers(1, 6))):
        low = -40 if maybe[11] else 0
        amounts = [cents(rng, low, 900) for _ in range(DRAWS)]
        payer = ["city", "state"][int(rng.integers(2))]
        rows.append((START + dt.timedelta(days=day), payer, np.array(amounts)))
    return surplus_terms(rng, structure), Given(tuple(rows), DRAWS, currency="EUR")


def surplus_terms(rng: np.random.Generator, structure: FundingStructure) -> FundingStructure:
    """Performance fees, interest on cash and a distribution calendar, each in some funds."""
    maybe = rng.random(5) < 0.4
    bonuses = structure.bonuses
    if structure.senior.return_cap is None and maybe[0]:
        fees = (
            Bonus(0.2, "fund_manager", hurdle=capped(rng)),
            Bonus(0.25, "adviser", cents(rng, 5, 200) if maybe[1] else None, capped(rng)),
        )
        bonuses = (fees[0], *bonuses[:1], *fees[1 : 1 + int(rng.integers(2))])
    months = tuple(int(m) + 1 for m in rng.permutation(12)[: rng.integers(1, 5)])
    days = tuple(START + dt.timedelta(days=int(d)) for d in rng.integers(0, 600, 2))
    return dataclasses.replace(
        structure,
        bonuses=bonuses,
        idle_cash=IdleCash(round(float(rng.uniform(0.001, 0.1)), 3), "bank") if maybe[2] else None,
        distributions=Distributions(months if maybe[3] else (), days if maybe[4] else ()),
    )


class RefusedError(Exception):
    """The fund cannot pay its fees."""


class Second:
    """One draw of a fund, in Decimal."""

    def __init__(self, fund: FundingStructure, payments: Given, draw: int) -> None:
        self.fund = fund
        bills = fund.service_costs.fixed_months or 0
        self.days = [add_months(START, m) for m in range(80)]
        net: dict[int, dict[str, Decimal]] = {}
        for day, payer, amount in payments.rows:
            place = next(m for m, d in enumerate(self.days) if d >= day)
            at = net.setdefault(place, {})
            at[payer] = at.get(payer, ZERO) + D(repr(float(amount[draw])))
        self.net = net
        self.months = max([bills + 1, *(m + 1 for m in net)])
        self.flows: list[dict[str, Decimal]] = [{} for _ in range(self.months)]
        self.state = {
            t.name: {"left": D(repr(t.commitment)), "P": ZERO, "R": ZERO, "in": ZERO, "out": ZERO}
            for t in fund.tranches
        }
        self.cost, self.fee = self.bills(bills)
        self.hurdles = [{"P": ZERO, "R": ZERO, "paid": ZERO} for _ in fund.bonuses]
        recycling = fund.recycling
        self.recyclable = None if recycling.limit is None else D(repr(recycling.limit))

    def bills(self, count: int) -> tuple[list[Decimal], list[Decimal]]:
        fund = self.fund
        cost, fee = [ZERO] * self.months, [ZERO] * self.months
        for month in range(self.months):
            if month < count:
                cost[month] += D(repr(fund.service_costs.fixed_per_month))
            fee[month] += D(repr(fund.fees.management_per_month))
        cost[0] += D(repr(fund.service_costs.set_up))
        fee[0] += D(repr(fund.fees.arrangement)) * D(repr(fund.senior.commitment))
        fee[count] += D(repr(fund.fees.evaluation))
        return cost, fee

    def add(self, month: int, party: str, amount: Decimal) -> None:
        self.flows[month][party] = self.flows[month].get(party, ZERO) + amount

    def cap(self, tranche: object) -> tuple[str, Decimal] | None:
        if isinstance(tranche, RecyclableGrant):
            return "multiple", D(1)
        return self.terms(tranche.return_cap)  # type: ignore[attr-defined]

    def terms(self, cap: object) -> tuple[str, Decimal] | None:
        match cap:
            case IrrCap(rate=rate):
                return "irr", D(repr(rate))
            case SimpleCap(rate=rate):
                return "simple", D(repr(rate))
            case MultipleCap(multiple=multiple):
                return "multiple", D(repr(multiple))
        return None

    def draw_on(self, tranche: object, amount: Decimal) -> None:
        s = self.state[tranche.name]  # type: ignore[attr-defined]
        s["left"] -= amount
        s["P"] += amount
        s["in"] += amount
        cap = None if isinstance(tranche, Grant) else self.cap(tranche)
        if cap and cap[0] == "multiple":
            s["R"] += (cap[1] - 1) * amount
        if tranche is self.open_ended():
            for bonus, hurdle in zip(self.fund.bonuses, self.hurdles, strict=True):
                kind = self.terms(bonus.hurdle)
                hurdle["P"] += amount
                if kind and kind[0] == "multiple":
                    hurdle["R"] += (kind[1] - 1) * amount

    def open_ended(self) -> object | None:
        return next((t for t in self.repayable() if self.cap(t) is None), None)

    def repayable(self) -> list[object]:
        listed = [t for t in self.fund.tranches if not isinstance(t, Grant)]
        return sorted(listed, key=lambda t: isinstance(t, FirstLoss))

    def defer(self) -> list[list[tuple[object, Decimal]]]:
        waiting: list[list[tuple[object, Decimal]]] = [[] for _ in range(self.months)]
        for t in self.fund.subordinate:
            if isinstance(t, Deferred):
                left = D(repr(t.commitment))
                bills = self.cost if t.of == "provider" else self.fee
                for month in range(self.months):
                    waits = min(D(repr(t.share)) * bills[month], left)
                    left -= waits
                    bills[month] -= waits
                    waiting[month].append((t, waits))
        return waiting

    def raise_cash(self, wanted: Decimal, month: int) -> Decimal:
        cash_tranches = [t for t in self.fund.tranches if not isinstance(t, Deferred)]
        grants = [[t] for t in cash_tranches if isinstance(t, Grant)]
        first = [[t] for t in cash_tranches if isinstance(t, FirstLoss)]
        rest = [t for t in cash_tranches if not isinstance(t, (Grant, FirstLoss))]
        order = self.fund.drawdown.order
        groups = [*grants, *first, *([rest] if order == "pro_rata" else [[t] for t in rest[::-1]])]
        raised = ZERO
        for group in groups:
            available = sum((self.state[t.name]["left"] for t in group), ZERO)
            now = min(wanted - raised, available)
            size = sum((D(repr(t.commitment)) for t in group), ZERO)
            for t in group:
                part = now * D(repr(t.commitment)) / size
                self.draw_on(t, part)
                self.add(month, t.name, -part)
            raised += now
        return raised

    def undrawn(self) -> Decimal:
        names = [t.name for t in self.fund.tranches if not isinstance(t, Deferred)]
        return sum((self.state[n]["left"] for n in names), ZERO)

    def most(self, month: int) -> Decimal | None:
        terms = self.fund.drawdown
        if terms.until is not None and self.days[month] > terms.until:
            return ZERO
        return None if terms.per_month is None else D(repr(terms.per_month))

    def run(self) -> list[dict[str, Decimal]]:
        waiting, cash = self.defer(), ZERO
        pays_out = self.pays_out()
        owed = [max(-sum(self.net.get(m, {}).values(), ZERO), ZERO) for m in range(self.months)]
        called = [ZERO] * len(self.fund.guarantees)
        for m in range(self.months):
            if m:
                years = D((self.days[m] - self.days[m - 1]).days) / 365
                self.accrue(years)
                if self.fund.idle_cash is not None:
                    interest = cash * D(repr(self.fund.idle_cash.rate)) * years
                    cash += interest
                    self.add(m, "bank", -interest)
            for t, waits in waiting[m]:
                self.draw_on(t, waits)
            for payer, amount in self.net.get(m, {}).items():
                self.add(m, payer, -amount)
            cash += max(sum(self.net.get(m, {}).values(), ZERO), ZERO)
            cash = self.settle_bills(m, cash, owed[m], called)
            if pays_out[m]:
                free = max(cash - self.kept(m, owed), ZERO)
                cash -= free
                self.share_out(m, free)
        assert cash == 0
        self.call(called)
        return self.flows

    def pays_out(self) -> list[bool]:
        """Whether a month distributes: as the calendar says, and in the last in any case."""
        terms, days = self.fund.distributions, self.days[: self.months]
        if not terms.months and not terms.dates:
            return [True] * self.months
        firsts = [min((d for d in days if d >= date), default=None) for date in terms.dates]
        return [
            day.month in terms.months or day in firsts or m == self.months - 1
            for m, day in enumerate(days)
        ]

    def accrue(self, years: Decimal) -> None:
        for bonus, hurdle in zip(self.fund.bonuses, self.hurdles, strict=True):
            self.grow(hurdle, self.terms(bonus.hurdle), years)
        for t in self.repayable():
            self.grow(self.state[t.name], self.cap(t), years)  # type: ignore[attr-defined]

    @staticmethod
    def grow(s: dict[str, Decimal], cap: tuple[str, Decimal] | None, years: Decimal) -> None:
        if cap and cap[0] == "irr":
            s["R"] += (s["P"] + s["R"]) * ((1 + cap[1]) ** years - 1)
        if cap and cap[0] == "simple":
            s["R"] += s["P"] * cap[1] * years

    def settle_bills(self, m: int, cash: Decimal, owed: Decimal, called: list[Decimal]) -> Decimal:
        first = min(cash, owed)
        bills = self.cost[m] + self.fee[m]
        reserve = D(repr(self.fund.recycling.reserve))
        own = self.recycled(min(max(cash - first - reserve, ZERO), bills))
        wanted, most = owed - first + bills - own, self.most(m)
        raised = self.raise_cash(wanted if most is None else min(wanted, most), m)
        last = self.recycled(min(cash - first - own, wanted - raised))
        missing = min(wanted - raised - last, self.cost[m])
        if wanted - raised - last - missing > D("1e-6"):
            raise RefusedError
        for place, g in enumerate(self.fund.guarantees):
            if isinstance(g, CostGuarantee):
                helps = min(missing, D(repr(g.amount)) - called[place])
                called[place] += helps
                missing -= helps
                self.add(m, g.guarantor, -helps)
        self.add(m, "provider", self.cost[m] - missing)
        self.add(m, "fund_manager", self.fee[m])
        return cash - first - own - last

    def recycled(self, amount: Decimal) -> Decimal:
        if self.recyclable is None:
            return amount
        used = min(amount, self.recyclable)
        self.recyclable -= used
        return used

    def kept(self, m: int, owed: list[Decimal]) -> Decimal:
        later = range(m + 1, self.months)
        need = {k: self.cost[k] + self.fee[k] + owed[k] for k in later}
        most = {k: self.most(k) for k in later}
        beyond = sum((max(need[k] - v, ZERO) for k, v in most.items() if v is not None), ZERO)
        total = sum(need.values(), ZERO)
        kept = max(total - self.undrawn(), beyond, ZERO)
        reserve = D(repr(self.fund.recycling.reserve)) if total > HALF_CENT else ZERO
        if self.recyclable is not None:
            kept = min(kept, self.recyclable + sum((owed[k] for k in later), ZERO))
            reserve = min(reserve, self.recyclable)
        return max(kept, reserve)

    def share_out(self, m: int, free: Decimal) -> None:
        rounds = [("R", "P")] if self.fund.waterfall == "by_tranche" else [("P",), ("R",)]
        for parts in rounds:
            for t in self.repayable():
                for part in parts:
                    now = min(free, self.state[t.name][part])  # type: ignore[attr-defined]
                    self.state[t.name][part] -= now  # type: ignore[attr-defined]
                    self.receive(m, t, now)
                    free -= now
        rest = free
        listed = list(zip(self.fund.bonuses, self.hurdles, strict=True))
        for bonus, hurdle in [one for one in listed if one[0].hurdle is None]:
            rest -= self.bonus(m, bonus, hurdle, free)
        for bonus, hurdle in [one for one in listed if one[0].hurdle is not None]:
            missing = hurdle["P"] + hurdle["R"]
            rest -= self.bonus(m, bonus, hurdle, max(rest - missing, ZERO))
        open_ended = self.open_ended()
        if open_ended is not None:
            self.receive(m, open_ended, rest)
        else:
            self.add(m, self.fund.surplus_to, rest)

    def bonus(self, m: int, bonus: Bonus, at: dict[str, Decimal], shared: Decimal) -> Decimal:
        now = D(repr(bonus.share)) * shared
        if bonus.cap is not None:
            now = min(now, D(repr(bonus.cap)) - at["paid"])
        at["paid"] += now
        self.add(m, bonus.to, now)
        return now

    def receive(self, m: int, tranche: object, amount: Decimal) -> None:
        holder = tranche.of if isinstance(tranche, Deferred) else tranche.name  # type: ignore[attr-defined]
        self.state[tranche.name]["out"] += amount  # type: ignore[attr-defined]
        self.add(m, holder, amount)
        if tranche is self.open_ended():
            for hurdle in self.hurdles:
                to_return = min(amount, hurdle["R"])
                hurdle["R"] -= to_return
                hurdle["P"] = max(hurdle["P"] - (amount - to_return), ZERO)

    def call(self, called: list[Decimal]) -> None:
        for g in self.fund.guarantees:
            if isinstance(g, PrincipalGuarantee):
                s = self.state[self.fund.senior.name]
                loss = max(max(s["in"] - s["out"], ZERO) - D(repr(g.retention)), ZERO)
                pays = min(D(repr(g.share)) * loss, D(repr(g.amount)))
                self.receive(self.months - 1, self.fund.senior, pays)
                self.add(self.months - 1, g.guarantor, -pays)


def check(seed: int, seen: dict[str, int]) -> None:
    rng = np.random.default_rng(seed)
    structure, payments = generated(rng)
    try:
        flows = cashflows(structure, payments)
    except InputError:
        seen["refused"] += 1
        with pytest.raises(RefusedError):
            [Second(structure, payments, draw).run() for draw in range(DRAWS)]
        return
    array, parties = flows.flows.values, flows.parties
    assert np.abs(array.sum(axis=2)).max() < 0.005, seed
    for draw in range(DRAWS):
        second = Second(structure, payments, draw).run()
        for month, row in enumerate(second):
            for k, party in enumerate(parties):
                if party != "vehicle":
                    ours, theirs = array[draw, month, k], float(row.get(party, ZERO))
                    assert abs(ours - theirs) < 0.005, (seed, draw, month, party, ours, theirs)
            assert set(row) <= set(parties)
    seen["agreed"] += 1
    ladder = flows.ladder
    counted = ("unfunded", "surplus", "owed", "interest")
    most = {name: float(ladder.values[name].max()) for name in counted}
    fees = [paid for b, paid in zip(structure.bonuses, ladder.bonuses, strict=True) if b.hurdle]
    waits = [ladder.paid_in[t.name] for t in structure.subordinate if isinstance(t, Deferred)]
    for name, parts in (
        ("guarantee", ladder.called),
        ("bonus", ladder.bonuses),
        ("deferred", waits),
        ("fee", fees),
    ):
        most[name] = max((float(part.max()) for part in parts), default=0.0)
    for name, amount in most.items():
        seen[name] = seen.get(name, 0) + int(amount > 0.005)


@pytest.mark.parametrize("count", [400, pytest.param(6500, marks=pytest.mark.slow)])
def test_generated_funds_conserve_cash_and_agree_with_a_second_waterfall(count: int) -> None:
    getcontext().prec = 34
    seen = {"agreed": 0, "refused": 0}
    for seed in range(count):
        check(seed, seen)
    # The generator reaches every branch: none of these is rare.
    assert seen["agreed"] > 0.8 * count
    for name in (
        *("refused", "unfunded", "guarantee", "bonus", "surplus", "deferred", "owed"),
        *("interest", "fee"),
    ):
        assert seen[name] > 0.02 * count, seen

"""The central scenario of dated rules: the months and years of persons as one net of rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.central import Central, CentralInput
from impactmodel.core.rule import Difference, Input, Named, Product, Rule, RuleBook, Sum
from impactmodel.core.schedule import Periods
from impactmodel.effects.histories import Histories
from impactmodel.fiscal.benefit_central import before_blocks, benefit_blocks
from impactmodel.fiscal.extras import Extras
from impactmodel.fiscal.extras_central import extra_totals
from impactmodel.fiscal.finnish_lines import (
    BASIC_LINES,
    FLOWS,
    WORK_FLOWS,
    YEAR_BOOKS,
    YEAR_FLOWS,
    Flow,
)
from impactmodel.fiscal.ledger_data import ARMS, discount_factors
from impactmodel.fiscal.living_central import LIVING, Income, living_blocks, rates_of_a_year
from impactmodel.fiscal.months import Months
from impactmodel.fiscal.rule_net import Net, person_reads, total, work_block

type Draws = NDArray[np.float64]
type _Parts = dict[tuple[str, str], list[tuple[float, str]]]

_SEEN = 1e-12


@dataclass(frozen=True, slots=True)
class _Case:
    """A person's year: k months in work, b months on benefit before."""

    person: int
    year: int
    first: int
    after: int
    k: int
    b: int

    @property
    def key(self) -> str:
        return f"person{self.person + 1}|{self.year}|work{self.k}|before{self.b}"


def central_of_rules(
    months: Months, people: Draws, discount_rate: float, extras: Extras
) -> Central:
    """Return the central scenario: histories at the mean of the draws, persons' years as rules.

    Parameters
    ----------
    people
        Per group.
    """
    net = Net(months)
    histories = months.histories.central()
    groups = histories.groups
    counts: dict[str, list[Rule]] = {}
    cases: dict[str, _Case] = {}
    reads: dict[str, str] = {}
    for g, group in enumerate(groups):
        reads[f"people|{group}"] = _count(
            net, f"people|{group}", f"people, {group}", people[g], unit="people"
        )
        weights = months.profile.weights(group)
        for year, first, after in histories.years():
            for k, b, shares in _states(histories, (first, after), g):
                for i in np.flatnonzero(weights).tolist():
                    case = _Case(i, year, first, after, k, b)
                    cases[case.key] = case
                    names = _case_counts(net, case, group, weights[i], shares)
                    reads |= {name: name for name in names}
                    more, less, alike = (Input(name) for name in names)
                    change = Difference(more, less)
                    counts.setdefault(case.key, []).append(
                        Product((Input(f"people|{group}"), alike, change))
                    )
    for case in cases.values():
        _add_case(net, case)
    flows = [f for f in FLOWS if any(_touched(net, case, f) for case in cases.values())]
    people_book = RuleBook(tuple(Named(key, Sum(terms)) for key, terms in counts.items()))
    first_day = months.histories.start
    net.add("people", "More people in each state with the programme", people_book, first_day, reads)
    years = [year for year, _, _ in histories.years()]
    periods = Periods(dt.date(years[0], 1, 1), "year", len(years), clock="calendar")
    factors = dict(zip(years, discount_factors(periods, discount_rate).tolist(), strict=True))
    _add_totals(net, cases, flows, factors, extras)
    return Central(net.inputs, net.parameters, tuple(net.blocks.values()), "EUR")


def _states(
    histories: Histories, span: tuple[int, int], group: int
) -> list[tuple[int, int, tuple[float, float]]]:
    """Return (k, b, shares of people with and without) of every state that occurs."""
    arms = [histories.states(*span, arm=arm, group=group)[0] for arm in range(len(ARMS))]
    seen = np.argwhere((arms[0] > _SEEN) | (arms[1] > _SEEN))
    return [(int(k), int(b), (float(arms[0][k, b]), float(arms[1][k, b]))) for k, b in seen]


def _count(net: Net, key: str, label: str, value: float, unit: str = "share") -> str:
    net.inputs[key] = CentralInput(label, unit, float(value), "outcomes and histories")
    return key


def _case_counts(
    net: Net, case: _Case, group: str, weight: float, shares: tuple[float, float]
) -> tuple[str, str, str]:
    state = f"{case.year}|work{case.k}|before{case.b}|{group}"
    words = f"{case.year}: {case.k} months in work, {case.b} on benefit before, {group}"
    return (
        _count(net, f"treated|{state}", f"share of people with, {words}", shares[0]),
        _count(net, f"without|{state}", f"share of people without, {words}", shares[1]),
        _count(
            net,
            f"person{case.person + 1}|share|{group}",
            f"share of persons like person {case.person + 1}, {group}",
            weight,
        ),
    )


def _add_case(net: Net, case: _Case) -> None:
    """Add the months and the year of a case; its results are named ``line|payer``."""
    months, i = net.months, case.person
    n = case.after - case.first
    parts, incomes = _add_months(net, case)
    days = months.days_before(case.year)
    before = [before_blocks(net, i, place, days) for place in range(len(days))]
    stretch = months.stretch(case.first, case.after)
    reads: dict[str, str] = {}
    sums = [
        _sum(
            name,
            [key for income in incomes for key in getattr(income, kind)],
            [key for blocks in before for key in getattr(blocks, kind)],
            stretch,
            reads,
        )
        for name, kind in (("wage", "wages"), ("taxable_benefit", "benefits"))
    ]
    book = months.rules.book(*YEAR_BOOKS)
    day = max(dt.date(case.year, 1, 1), months.histories.start)
    reads |= person_reads(net, i, day, tuple(book.inputs()))
    known = months.profile.persons[i].municipal_rate
    if known is not None:
        book = RuleBook(tuple(rule for rule in book.rules if rule.name != "municipal_rate"))
        reads["municipal_rate"] = net.person(i, "municipal_rate", known, "municipal tax rate")
    named, months_read = _lines_of(parts, stretch)
    reads |= months_read
    title = f"Person {i + 1}, {case.year}: {case.k} of {n} months in work, {case.b} before"
    housed = months.profile.persons[i].rent is not None
    rates = rates_of_a_year() if housed else ()
    whole = RuleBook((*sums, *book.rules, *rates, *named))
    net.add(case.key, title, whole, dt.date(case.year, 1, 1), reads)
    if housed:
        living_blocks(net, i, case.key, incomes)


def _lines_of(parts: _Parts, stretch: float) -> tuple[list[Named], dict[str, str]]:
    """Return the lines of a case, from its months and its year's taxes, and what they read."""
    named: list[Named] = []
    reads: dict[str, str] = {}
    for (line, payer), terms in parts.items():
        names = [f"{line}|{payer} {j}" for j in range(len(terms))]
        reads |= dict(zip(names, (key for _, key in terms), strict=True))
        signed = [Input(name) * sign for name, (sign, _) in zip(names, terms, strict=True)]
        named.append(Named(f"{line}|{payer}", total(signed)))
    for flow in YEAR_FLOWS:
        named += [
            Named(f"{flow.line}|{p}", _times(Input(r) * s, 1 / stretch)) for p, s, r in flow.sides
        ]
    return named, reads


def _sum(
    name: str, inside: Sequence[str], before: Sequence[str], stretch: float, reads: dict[str, str]
) -> Named:
    """Return the sum of a year's amounts: months inside, stretched, and before the start."""
    names = [f"{name} {j}" for j in range(len(inside))]
    earlier = [f"{name} before {j}" for j in range(len(before))]
    reads |= dict(zip([*names, *earlier], [*inside, *before], strict=True))
    own = _times(total([Input(n) for n in names]), stretch)
    return Named(name, Sum([own, *(Input(n) for n in earlier)]) if earlier else own)


def _times(rule: Rule, factor: float) -> Rule:
    return rule if factor == 1 else Product((rule, factor))


def _add_months(net: Net, case: _Case) -> tuple[_Parts, list[Income]]:
    """Add the months of a case; return the parts of its lines and the income of each month."""
    months, i = net.months, case.person
    day_of = months.histories.month
    on_benefit = list(range(case.first, case.after - case.k))
    if months.benefit_last:
        on_benefit = list(range(case.first + case.k, case.after))
    parts: _Parts = {}
    incomes: list[Income] = []
    for place, t in enumerate(on_benefit):
        blocks = benefit_blocks(net, i, t, (*range(case.b), *on_benefit[:place]))
        incomes.append(Income(t, blocks.wages, blocks.benefits))
        lines = months.benefit_lines(day_of(t))
        line = next(name for name in BASIC_LINES if lines[name][i, 0])
        for flow, key in blocks.flows(line):
            _collect(parts, [flow], key)
        if blocks.wage:
            _collect(parts, WORK_FLOWS, blocks.wage)
    for t in range(case.first, case.after):
        if t not in on_benefit:
            key = work_block(net, i, day_of(t))
            incomes.append(Income(t, (f"{key}/wage",), ()))
            _collect(parts, WORK_FLOWS, key)
    return parts, incomes


def _collect(parts: _Parts, flows: Sequence[Flow], key: str) -> None:
    for flow in flows:
        for payer, sign, result in flow.sides:
            parts.setdefault((flow.line, payer), []).append((sign, f"{key}/{result}"))


def _touched(net: Net, case: _Case, flow: Flow) -> bool:
    return _block_of(net, case.key, f"{flow.line}|{flow.sides[0][0]}") is not None


def _block_of(net: Net, key: str, result: str) -> str | None:
    """Return the block of a case that gives a result: its year, or the living of its household."""
    for block in (key, f"{key}|{LIVING}"):
        if block in net.blocks and result in net.blocks[block].book.names():
            return block
    return None


def _add_totals(
    net: Net,
    cases: Mapping[str, _Case],
    flows: Sequence[Flow],
    factors: Mapping[int, float],
    extras: Extras,
) -> None:
    reads: dict[str, str] = {}
    rules: list[Named] = []
    by_payer: dict[str, list[Rule]] = {}
    for year, factor in factors.items():
        name = f"discount|{year}"
        net.inputs[name] = CentralInput(f"discount factor of {year}", "factor", factor, "stated")
        reads[name] = name
    for flow in flows:
        for payer, _, _ in flow.sides:
            for year in factors:
                terms: list[Rule] = []
                for key, case in cases.items():
                    result = f"{flow.line}|{payer}"
                    block = _block_of(net, key, result) if case.year == year else None
                    if block is not None:
                        reads[f"{block}/{result}"] = f"{block}/{result}"
                        reads[f"people/{key}"] = f"people/{key}"
                        terms.append(Input(f"people/{key}") * Input(f"{block}/{result}"))
                rules.append(Named(f"{flow.line}|{payer}|{year}", total(terms)))
    idle = {key: (case.year, case.after - case.first - case.k) for key, case in cases.items()}
    rules += extra_totals(net, extras, [rule.name for rule in rules], idle, reads)
    for name in [rule.name for rule in rules]:
        _, payer, day = name.split("|")
        by_payer.setdefault(payer, []).append(Input(name) * Input(f"discount|{day}"))
    rules += [Named(payer, Sum(terms)) for payer, terms in by_payer.items()]
    net.add(
        "totals",
        "Totals by payer, line and year",
        RuleBook(tuple(rules)),
        net.months.histories.start,
        reads,
    )

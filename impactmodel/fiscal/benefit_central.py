"""Months on benefit in the central scenario: blocks of rules, each after the months before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from impactmodel.core.central import CentralInput
from impactmodel.core.rule import Input, Named, RuleBook
from impactmodel.fiscal.benefit_months import (
    ALL_DAYS,
    COUNTERS,
    PERIOD_DAYS,
    counted_back,
    counter_of,
    opening,
)
from impactmodel.fiscal.finnish_lines import (
    ALLOWANCE_BOOKS,
    ALLOWANCE_LINE,
    BENEFIT_FLOWS,
    MONTH_BOOKS,
    PERIOD_BOOK,
    Flow,
)
from impactmodel.fiscal.rule_net import Net, part_time_wage, person_reads, work_block

_LABELS = {
    COUNTERS[0]: "paid days",
    ALL_DAYS: "paid days of all benefits",
    PERIOD_DAYS: "paid days of the period",
}


@dataclass(frozen=True, slots=True)
class BenefitBlocks:
    """Blocks of a month on benefit.

    Parameters
    ----------
    basic
        Key of the block of basic-level benefit, which holds the counters.
    allowance
        Key of that of earnings-related allowance; empty where the person has none.
    wage
        Key of that of part-time work; empty without.
    """

    basic: str
    allowance: str
    wage: str

    @property
    def benefits(self) -> tuple[str, ...]:
        """Keys of the amounts that the month pays."""
        allowance = (f"{self.allowance}/monthly_allowance",) if self.allowance else ()
        return (f"{self.basic}/monthly_benefit", *allowance)

    @property
    def wages(self) -> tuple[str, ...]:
        """Keys of the wages of the month."""
        return (f"{self.wage}/wage",) if self.wage else ()

    def flows(self, line: str) -> list[tuple[Flow, str]]:
        """Return the lines of the month and their blocks; ``line`` is that of the basic level."""
        found = [(flow, self.basic) for flow in BENEFIT_FLOWS if flow.line == line]
        if self.allowance:
            found += [
                (flow, self.allowance) for flow in BENEFIT_FLOWS if flow.line == ALLOWANCE_LINE
            ]
        return found


def benefit_blocks(net: Net, i: int, t: int, before: Sequence[int]) -> BenefitBlocks:
    """Add a month on benefit after other months on benefit, in order."""
    months, day = net.months, net.months.histories.month(t)
    after = ",".join(f"{months.histories.month(m):%Y-%m}" for m in before)
    key = f"person{i + 1}|{day:%Y-%m}|{after}"
    title = f"Person {i + 1}, {day:%Y-%m} on benefit after {len(before)} months"
    if f"benefit|{key}" in net.blocks:
        counters = {}
    elif before:
        last = benefit_blocks(net, i, before[-1], before[:-1]).basic
        counters = {name: f"{last}/{name}_after" for name in _counters(net, i)}
    else:
        counters = {name: _opening(net, i, name) for name in _counters(net, i)}
    return _blocks(net, i, day, (key, title), counters)


def before_blocks(net: Net, i: int, place: int, days: Sequence[dt.date]) -> BenefitBlocks:
    """Add one of the months of a year before the start."""
    day = days[place]
    so_far = float(counted_back(net.months, len(days) - place)[i, 0])
    key = net.person(i, "days_before_the_start", so_far, "paid days before the month", day)
    title = f"Person {i + 1}, {day:%Y-%m} before the start, on benefit"
    names = (f"before|person{i + 1}|{day:%Y-%m}", title)
    return _blocks(net, i, day, names, dict.fromkeys(COUNTERS, key))


def _related(net: Net, i: int) -> bool:
    return bool(net.months.related()[i])


def _counters(net: Net, i: int) -> list[str]:
    """Return the counters that some month of a person reads."""
    histories = net.months.histories
    used = {counter_of(net.months, histories.month(t)) for t in range(histories.n_months)}
    used |= {ALL_DAYS, PERIOD_DAYS} if _related(net, i) else set()
    return [name for name in COUNTERS if name in used]


def _opening(net: Net, i: int, name: str) -> str:
    months = net.months
    value = float(opening(months)[name][i, 0])
    if name == counter_of(months, months.histories.start):
        return net.person(i, "paid_days", value, "paid days at the start")
    label = _LABELS[name]
    return net.person(i, label.replace(" ", "_"), value, f"{label} at the start")


def _blocks(
    net: Net, i: int, day: dt.date, names: tuple[str, str], counters: Mapping[str, str]
) -> BenefitBlocks:
    (key, title), related = names, _related(net, i)
    works = net.months.profile.persons[i].part_time_wage > 0
    wage = work_block(net, i, day, part_time=True) if works else ""
    allowance = f"allowance|{key}" if related else ""
    if f"benefit|{key}" in net.blocks:
        return BenefitBlocks(f"benefit|{key}", allowance, wage)
    if related:
        _allowance_block(net, i, day, names, counters)
    basic = net.months.rules.book(*MONTH_BOOKS)
    before = {name: f"{name}_before" for name in counters}
    after = []
    for name, opened in before.items():
        added = "paid_days" if name == PERIOD_DAYS else name
        total = Input(opened) + Input(added)
        if related and name in {ALL_DAYS, PERIOD_DAYS}:
            total = total + Input("allowance_days_of_month")
        after.append(Named(f"{name}_after", total, f"{_LABELS[name]} after the month"))
    counted = Input(before[counter_of(net.months, day)])
    share = Input("rest_of_month" if related else "whole_month")
    rules = (
        Named("month_share", share * 1.0, "share of the month on this benefit"),
        _part_time(),
        Named("days_paid_before", counted * 1.0, "counter"),
        *basic.rules,
        *after,
    )
    reads = _reads(net, i, day, RuleBook(rules))
    reads |= {opened: counters[name] for name, opened in before.items()}
    if related:
        reads["rest_of_month"] = f"{allowance}/subsidy_share"
        reads["allowance_days_of_month"] = f"{allowance}/allowance_days"
        title += ", basic level"
    return BenefitBlocks(
        net.add(f"benefit|{key}", title, RuleBook(rules), day, reads), allowance, wage
    )


def _allowance_block(
    net: Net, i: int, day: dt.date, names: tuple[str, str], counters: Mapping[str, str]
) -> None:
    key, title = names
    rules = net.months.rules
    book = RuleBook(
        (
            Named("idle_share", Input("whole_month") * 1.0, "share of the month on benefit"),
            Named("allowance_days_before", Input("period_days") * 1.0, "paid days of the period"),
            *rules.book(PERIOD_BOOK).rules,
            Named(
                "month_share", Input("allowance_share") * 1.0, "share of the month on this benefit"
            ),
            _part_time(),
            Named("days_paid_before", Input("all_days") * 1.0, "counter"),
            *rules.book(*ALLOWANCE_BOOKS).rules,
        )
    )
    reads = _reads(net, i, day, book)
    reads |= {"period_days": counters[PERIOD_DAYS], "all_days": counters[ALL_DAYS]}
    net.add(f"allowance|{key}", f"{title}, earnings-related", book, day, reads)


def _part_time() -> Named:
    wage = Input("stated_part_time_wage") * Input("month_share")
    return Named("part_time_wage", wage, "part-time wage of the days on this benefit")


def _reads(net: Net, i: int, day: dt.date, book: RuleBook) -> dict[str, str]:
    label = "share of a month out of work that is on benefit"
    net.inputs.setdefault("month_share", CentralInput(label, "", 1.0, "a month out of work"))
    stated = {"whole_month": "month_share", "stated_part_time_wage": part_time_wage(net, i)}
    return person_reads(net, i, day, tuple(book.inputs())) | stated

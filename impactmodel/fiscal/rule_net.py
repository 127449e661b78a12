"""The net of rules while it is collected: inputs, parameters and blocks of persons' months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from impactmodel.core.central import Block, CentralInput, CentralParameter
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Input, Named, Rule, RuleBook, Sum
from impactmodel.fiscal.finnish_lines import EMPLOYER_BOOK, EMPLOYER_RESULTS, MONTH_BOOKS
from impactmodel.fiscal.months import COUNTERS, Months
from impactmodel.fiscal.rule_closure import book_behind

_LARGEST = 20_000


@dataclass(slots=True)
class Net:
    """Inputs, parameters and blocks while they are collected."""

    months: Months
    inputs: dict[str, CentralInput] = field(default_factory=dict)
    parameters: dict[str, CentralParameter] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)

    def add(
        self, key: str, title: str, book: RuleBook, day: dt.date, reads: Mapping[str, str]
    ) -> str:
        """Add a block once; names that ``reads`` does not give are parameters of the day."""
        if key not in self.blocks:
            missing = book.inputs() - set(reads)
            given = {name: reads[name] for name in book.inputs() - missing}
            given |= {name: self._parameter(name, day) for name in missing}
            self.blocks[key] = Block(key, title, book, given)
            if len(self.blocks) > _LARGEST:
                raise InputError(
                    "the central scenario of so many persons has too many cells",
                    key="profile",
                    seen=f"{len(self.months.profile.persons)} persons",
                    fix="show it for a profile of fewer persons",
                )
        return key

    def person(self, i: int, name: str, value: Any, label: str, day: dt.date | None = None) -> str:
        """Add an input of a person; a value that changes in time stands by its date."""
        key = f"person{i + 1}|{name}" + (f"|{day}" if day else "")
        point = str(value) if isinstance(value, str) else float(value)
        unit = "text" if isinstance(value, str) else ""
        self.inputs.setdefault(
            key, CentralInput(f"person {i + 1}, {label}", unit, point, "profile")
        )
        return key

    def _parameter(self, name: str, day: dt.date) -> str:
        found = self.months.rules.find(name, day)
        value, parameter = found.value, found.parameter
        key = f"{name}|{value.valid_from}"
        self.parameters[key] = CentralParameter(
            label=parameter.label,
            unit=parameter.unit,
            value=found.amount,
            valid_from=str(value.valid_from),
            source=found.sentence(self.months.rules.sources),
            status=f"reform, {value.status}" if found.reform else value.status,
            verified=value.is_verified,
        )
        return key


def person_reads(net: Net, i: int, day: dt.date, names: Sequence[str]) -> dict[str, str]:
    """Return keys of a person's inputs of the rules; what changes in time stands by its date."""
    found = {}
    for name, column in net.months.person_inputs(day).items():
        if name in names:
            moving = name in {"age", "integration_years", "benefit_kind"}
            value, label = column[i, 0], net.months.rules.inputs[name].label
            found[name] = net.person(i, name, value, label, day if moving else None)
    return found


def benefit_block(net: Net, i: int, t: int, before: Sequence[int]) -> str:
    """Add a month on benefit after other months on benefit; return its key."""
    months = net.months
    day = months.histories.month(t)
    counters = [counter_block(net, i, m) for m in before]
    names = [f"counted {j}" for j in range(len(counters))]
    counted = months.counter(day)
    reads = dict(zip(names, (f"{key}/{counted}" for key in counters), strict=True))
    same = counted == months.counter(months.histories.start)
    name = "paid_days" if same else "paid_days_of_all_benefits"
    paid = float(months.opening(day)[i, 0])
    reads["paid_days_at_start"] = net.person(i, name, paid, "paid days at the start")
    opening = total([Input("paid_days_at_start"), *(Input(name) for name in names)])
    book = RuleBook(
        (Named("days_paid_before", opening, "counter"), *months.rules.book(*MONTH_BOOKS).rules)
    )
    reads |= _month_reads(net, i, day, book)
    title = f"Person {i + 1}, {day:%Y-%m} on benefit after {len(counters)} months"
    key = f"benefit|person{i + 1}|{day:%Y-%m}|" + ",".join(key.split("|")[-1] for key in counters)
    return net.add(key, title, book, day, reads)


def counter_block(net: Net, i: int, month: int) -> str:
    """Add what a month on benefit adds to the counter of paid days; return its key."""
    months = net.months
    day = months.histories.month(month)
    book = book_behind(months.rules.book(*MONTH_BOOKS), COUNTERS)
    title = f"Person {i + 1}, days that {day:%Y-%m} on benefit adds to the counter"
    return net.add(
        f"counter|person{i + 1}|{day:%Y-%m}", title, book, day, _month_reads(net, i, day, book)
    )


def work_block(net: Net, i: int, day: dt.date) -> str:
    """Add a month in work; return its key."""
    months = net.months
    book = book_behind(months.rules.book(EMPLOYER_BOOK), EMPLOYER_RESULTS)
    wage = months.profile.persons[i].wage
    reads = person_reads(net, i, day, tuple(book.inputs()))
    reads["monthly_wage"] = net.person(i, "wage", wage, "gross wage of a month in work")
    whole = RuleBook((Named("wage", Input("monthly_wage") * 1.0, "wage"), *book.rules))
    title = f"Person {i + 1}, {day:%Y-%m} in work"
    return net.add(f"work|person{i + 1}|{day:%Y-%m}", title, whole, day, reads)


def before_block(net: Net, i: int, day: dt.date) -> str:
    """Add the benefit of a month before the start; return the key of its amount."""
    book = book_behind(net.months.rules.book(*MONTH_BOOKS), ["monthly_benefit"])
    title = f"Person {i + 1}, {day:%Y-%m} before the start, on benefit"
    key = f"before|person{i + 1}|{day:%Y-%m}"
    return f"{net.add(key, title, book, day, _month_reads(net, i, day, book))}/monthly_benefit"


def _month_reads(net: Net, i: int, day: dt.date, book: RuleBook) -> dict[str, str]:
    reads = person_reads(net, i, day, tuple(book.inputs()))
    for name, value, label in (
        ("month_share", 1.0, "share of a month on benefit"),
        ("part_time_wage", 0.0, "part-time wage of a month on benefit"),
    ):
        net.inputs.setdefault(name, CentralInput(label, "", value, "a month out of work"))
        reads[name] = name
    return reads


def total(terms: Sequence[Rule]) -> Rule:
    """Return the sum of terms, zero without any."""
    return Sum(terms) if terms else Sum((0.0,))

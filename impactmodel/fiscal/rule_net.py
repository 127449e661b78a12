"""The net of rules while it is collected: inputs, parameters and blocks of persons' months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from impactmodel.core.central import Block, CentralInput, CentralParameter
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Input, Named, Rule, RuleBook, Sum
from impactmodel.fiscal.finnish_lines import EMPLOYER_BOOK, EMPLOYER_RESULTS
from impactmodel.fiscal.months import Months
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


def work_block(net: Net, i: int, day: dt.date, *, part_time: bool = False) -> str:
    """Add the wage of a month in work, or of part-time work on benefit; return its key."""
    months, person = net.months, net.months.profile.persons[i]
    book = book_behind(months.rules.book(EMPLOYER_BOOK), EMPLOYER_RESULTS)
    reads = person_reads(net, i, day, tuple(book.inputs()))
    name, title = "work", f"Person {i + 1}, {day:%Y-%m} in work"
    if part_time:
        name, title = "part_time", f"Person {i + 1}, {day:%Y-%m} in part-time work on benefit"
        reads["monthly_wage"] = part_time_wage(net, i)
    else:
        reads["monthly_wage"] = net.person(i, "wage", person.wage, "gross wage of a month in work")
    whole = RuleBook((Named("wage", Input("monthly_wage") * 1.0, "wage"), *book.rules))
    return net.add(f"{name}|person{i + 1}|{day:%Y-%m}", title, whole, day, reads)


def part_time_wage(net: Net, i: int) -> str:
    """Return the key of a person's part-time wage of a month on benefit."""
    wage, label = (
        net.months.profile.persons[i].part_time_wage,
        "part-time wage of a month on benefit",
    )
    return net.person(i, "part_time_wage", wage, label)


def total(terms: Sequence[Rule]) -> Rule:
    """Return the sum of terms, zero without any."""
    return Sum(terms) if terms else Sum((0.0,))

"""Rules of a country: dated parameters from files, read by rule books, with their sources.

Two clocks: ``at(date)`` gives the rules in force on a date; ``as_signed(date)`` freezes what was
known on the day of a contract. Two modes: strict refuses a date that the files do not cover;
carry-forward takes the last value there and flags it in the result.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.rule import RuleBook
from impactmodel.core.spec import load
from impactmodel.core.yaml import Document
from impactmodel.fiscal.parameter_files import (
    Parameter,
    ParameterFile,
    Source,
    SourceFile,
    Value,
    read_parameters,
)
from impactmodel.fiscal.reform import Reform, patched
from impactmodel.fiscal.rule_closure import book_behind
from impactmodel.fiscal.rule_results import Computed, Found, RuleInput, check_inputs, explanation

type Mode = Literal["strict", "carry_forward"]
type Dates = tuple[dt.date, dt.date]


@dataclass(frozen=True, slots=True)
class Rules:
    """The fiscal rules of a country: parameters over time and the books that read them.

    Examples
    --------
    >>> import datetime as dt
    >>> rules = load_rules("fi")
    >>> day = dt.date(2024, 6, 1)
    >>> rules.at(day).value("deduction.basic.maximum")
    3980.0
    >>> rules.as_signed(dt.date(2019, 6, 1)).at(day).value("deduction.basic.maximum")
    3305.0
    """

    country: str
    parameters: Mapping[str, Parameter]
    covered: Mapping[str, Dates]
    sources: Mapping[str, Source]
    books: Mapping[str, RuleBook]
    inputs: Mapping[str, RuleInput]
    mode: Mode = "strict"
    signed: dt.date | None = None
    reforms: tuple[str, ...] = ()
    # Shared by rules made of these: plans rest on books and names, which no copy has otherwise.
    _plans: dict[Any, Plan] = field(default_factory=dict, repr=False, compare=False)

    def carry_forward(self) -> Rules:
        """Return the same rules, which use the last value after the covered dates and flag it."""
        return replace(self, mode="carry_forward")

    def as_signed(self, date: dt.date) -> Rules:
        """Return the rules as known on ``date``: what became known later does not count."""
        return replace(self, signed=date)

    def reformed(self, reform: Reform) -> Rules:
        """Return the rules with the dated values of a reform in the place of their own.

        A value holds from its day on, over everything that the rules change later, or until a
        day on which they hold again. A reform without changes, or with the values that are in
        force anyway, changes no result.

        Raises
        ------
        InputError
            For a parameter that the rules do not have, a value of the wrong shape, a change
            outside the covered dates, or two changes of one parameter whose dates overlap.

        Examples
        --------
        >>> import datetime as dt
        >>> from impactmodel.fiscal.reform import Change, Reform
        >>> change = Change("benefit.basic_daily_amount", dt.date(2025, 1, 1), 40.0)
        >>> raised = load_rules("fi").reformed(Reform("raised", changes=(change,)))
        >>> raised.at(dt.date(2024, 12, 31)).value("benefit.basic_daily_amount")
        37.21
        >>> raised.at(dt.date(2026, 12, 31)).value("benefit.basic_daily_amount")
        40.0
        """
        strict = self.mode == "strict"
        parameters, sources = patched(self.parameters, self.covered, reform, strict=strict)
        return replace(
            self,
            parameters=parameters,
            sources={**self.sources, **sources},
            reforms=(*self.reforms, reform.name),
        )

    def with_values(self, values: Mapping[str, tuple[Value, ...]]) -> Rules:
        """Return the rules with other dated values of some parameters, unmarked; see `reformed`."""
        changed = {name: replace(self.parameters[name], values=v) for name, v in values.items()}
        return replace(self, parameters={**self.parameters, **changed})

    def at(self, date: dt.date) -> RulesAt:
        """Return the rules in force on ``date``."""
        return RulesAt(self, _day(date))

    def book(self, *names: str) -> RuleBook:
        """Return the named books as one, in the order given; every book without a name."""
        strange = [name for name in names if name not in self.books]
        if strange:
            known = ", ".join(self.books)
            raise InputError("no such rule book", seen=strange[0], fix=f"use one of {known}")
        wanted = tuple(names) or tuple(self.books)
        return RuleBook(tuple(rule for name in wanted for rule in self.books[name].rules))

    def find(self, name: str, date: dt.date) -> Found:
        """Return the value of a parameter in force on ``date``, as far as it was known.

        Raises
        ------
        InputError
            If there is no such parameter, if the date lies before the covered ones, or, in strict
            mode, after them.
        """
        if name not in self.parameters:
            raise InputError("no such parameter", seen=name, key=self.country)
        parameter, (first, last) = self.parameters[name], self.covered[name]
        if date < first or (date > last and self.mode == "strict"):
            later = "" if date < first else ", or use carry_forward() to take the last value"
            raise InputError(
                f"the parameter is not covered on {date}, only from {first} to {last}",
                key=f"{self.country}.{name}",
                fix=f"ask for a covered date{later}",
            )
        due = [value for value in parameter.values if value.valid_from <= date]
        known = [v for v in due if self.signed is None or v.known <= self.signed]
        if not known:
            raise InputError(
                f"no value of {date} was known when the rules were frozen on {self.signed}",
                key=f"{self.country}.{name}",
                fix="freeze the rules on a later date",
            )
        chosen = known[-1]
        return Found(parameter, chosen, date, carried=date > last, frozen=chosen is not due[-1])

    def plan(self, books: tuple[str, ...], given: frozenset[str], only: tuple[str, ...]) -> Plan:
        """Return what a computation needs beside the given names; see `RulesAt.compute`."""
        key = (books, given, only)
        if key not in self._plans:
            whole = self.book(*books)
            book = RuleBook(tuple(rule for rule in whole.rules if rule.name not in given))
            strange = [name for name in only if name not in book.names()]
            if strange:
                fix = "name results of the books that are not given as inputs"
                raise InputError("no rule gives this", seen=strange[0], fix=fix)
            book = book_behind(book, only) if only else book
            results = {name for one in self.books.values() for name in one.names()}
            known = {n: RuleInput(n, "result of a rule") for n in results} | dict(self.inputs)
            read = book.inputs() & set(self.parameters)
            self._plans[key] = Plan(book, book.inputs() - read, known, tuple(sorted(read)))
        return self._plans[key]

    def unverified(self) -> tuple[tuple[Parameter, Value], ...]:
        """Return every value that must be verified before it is relied on."""
        return tuple(
            (parameter, value)
            for parameter in self.parameters.values()
            for value in parameter.values
            if not value.is_verified
        )

    def changes(self, first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
        """Return the dates after ``first``, up to ``last``, on which some parameter changes."""
        days = {v.valid_from for p in self.parameters.values() for v in p.values}
        return tuple(sorted(day for day in days if first < day <= last))


@dataclass(frozen=True, slots=True)
class RulesAt:
    """The rules of one date; made by `Rules.at`."""

    rules: Rules
    date: dt.date

    def find(self, name: str) -> Found:
        """Return a parameter with its value, dates and source; see `Rules.find`."""
        return self.rules.find(name, self.date)

    def value(self, name: str) -> float | tuple[tuple[float, float], ...] | None:
        """Return the value of a parameter; nothing while it is not in force."""
        return self.find(name).value.value

    def compute(self, inputs: Mapping[str, Any], *books: str, only: Sequence[str] = ()) -> Computed:
        """Compute rule books over inputs that broadcast together.

        Parameters
        ----------
        inputs
            A number, array or text (array) by name; see ``rules.inputs`` for meaning and unit.
            A name that a rule defines replaces the rule: a known municipal tax rate, say.
        books
            Names of books, computed in this order.
        only
            Results that are wanted: nothing else is computed or needs inputs.

        Returns
        -------
        Computed
            Every result of the books by name, and every parameter value that was used.

        Raises
        ------
        InputError
            If an input is missing, unknown or out of its range, or a parameter is not covered.
        """
        book, found = self.prepare(inputs, books, only)
        env = {**inputs, **{one.parameter.id: one.amount for one in found}}
        return Computed(self.date, book.values(env), found)

    def explain(self, name: str, inputs: Mapping[str, Any], *books: str) -> str:
        """Say how one result comes about: the steps and each value with date and source.

        Parameters
        ----------
        name
            A result of the books.
        inputs
            One number or text by name.
        books
            Names of books, as in `compute`.
        """
        book, found = self.prepare(inputs, books, (name,))
        facts = {**inputs, **{one.parameter.id: one.amount for one in found}}
        return explanation(name, book.audit(facts), found, self.rules.sources)

    def prepare(
        self, inputs: Mapping[str, Any], books: Sequence[str], only: Sequence[str]
    ) -> tuple[RuleBook, tuple[Found, ...]]:
        """Return the rules that a computation needs and the values they read; see `compute`."""
        plan = self.rules.plan(tuple(books), frozenset(inputs), tuple(only))
        check_inputs(inputs, plan.needed, plan.known)
        return plan.book, tuple(self.find(name) for name in plan.read)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a computation needs: its rules, their inputs, the parameters that they read."""

    book: RuleBook
    needed: frozenset[str]
    known: Mapping[str, RuleInput]
    read: tuple[str, ...]


def load_rules(country: str = "fi") -> Rules:
    """Load the shipped rules of a country: ``fi``, Finland 2019–2026.

    Raises
    ------
    InputError
        If no rules are shipped for the country.
    """
    if country not in _COUNTRIES:
        fix = f"use one of {', '.join(_COUNTRIES)}"
        raise InputError("no rules are shipped for this country", seen=country, fix=fix)
    return _COUNTRIES[country]()


@cache
def _finland() -> Rules:
    from impactmodel.fiscal.fi import BOOKS, INPUTS, PARAMETERS

    return read_rules("fi", PARAMETERS, BOOKS, INPUTS)


_COUNTRIES: Mapping[str, Callable[[], Rules]] = {"fi": _finland}


def read_rules(
    country: str,
    folder: Path,
    books: Mapping[str, RuleBook],
    inputs: Mapping[str, RuleInput],
) -> Rules:
    """Read the parameter files of a folder for rule books, and check that the two fit.

    Raises
    ------
    InputError
        For any fault of a file (see `read_parameters`), a parameter that stands in two files or
        that no rule reads, a rule that reads an unknown name, a source that is not in
        ``sources.yaml`` or that no value names.
    """
    paths = sorted(p for p in folder.glob("*.yaml") if p.name != "sources.yaml")
    files = {path.name: read_parameters(Document.read(path)) for path in paths}
    sources = load(SourceFile, Document.read(folder / "sources.yaml")).sources
    problems = [
        *_twice(files),
        *_unused(files, books, inputs),
        *_unsourced(files, tuple(source.key for source in sources)),
    ]
    if problems:
        raise InputError.of(problems)
    return Rules(
        country=country,
        parameters=MappingProxyType({p.id: p for f in files.values() for p in f.parameters}),
        covered=MappingProxyType(
            {p.id: (f.covered_from, f.covered_to) for f in files.values() for p in f.parameters}
        ),
        sources=MappingProxyType({source.key: source for source in sources}),
        books=MappingProxyType(dict(books)),
        inputs=MappingProxyType(dict(inputs)),
    )


def _twice(files: Mapping[str, ParameterFile]) -> list[Problem]:
    seen: dict[str, str] = {}
    problems = []
    for name, file in files.items():
        for parameter in file.parameters:
            if parameter.id in seen:
                what, fix = f"the parameter stands in {seen[parameter.id]} too", "remove one"
                problems.append(Problem(what, fix, "", parameter.id, name))
            seen.setdefault(parameter.id, name)
    return problems


def _unused(
    files: Mapping[str, ParameterFile],
    books: Mapping[str, RuleBook],
    inputs: Mapping[str, RuleInput],
) -> list[Problem]:
    ids = {p.id: name for name, file in files.items() for p in file.parameters}
    unread, strange = loose_names(ids, books, inputs)
    return [
        *(
            Problem("no rule reads this parameter", "use it or remove it", "", name, ids[name])
            for name in unread
        ),
        *(
            Problem("a rule reads this name, and nothing gives it", "add the parameter", "", name)
            for name in strange
        ),
    ]


def loose_names(
    parameters: Collection[str], books: Mapping[str, RuleBook], inputs: Collection[str]
) -> tuple[list[str], list[str]]:
    """Return the parameters that no rule reads, and the names that rules read and nothing gives."""
    defined = {name for book in books.values() for name in book.names()}
    read = {name for book in books.values() for name in book.inputs()} - defined
    unread = [name for name in parameters if name not in read]
    return unread, sorted(read - set(parameters) - set(inputs))


def _unsourced(files: Mapping[str, ParameterFile], keys: tuple[str, ...]) -> list[Problem]:
    problems, named = [], set()
    for name, file in files.items():
        for parameter in file.parameters:
            for value in parameter.values:
                for key in (value.source, *(cite.source for cite in value.also)):
                    named.add(key)
                    if key not in keys:
                        fix = "add it to sources.yaml"
                        what = "the source is not in sources.yaml"
                        problems.append(Problem(what, fix, key, parameter.id, name))
    problems += [
        Problem("no value names this source", "remove it", "", key, "sources.yaml")
        for key in keys
        if key not in named
    ]
    return problems


def _day(date: object) -> dt.date:
    if not isinstance(date, dt.date) or isinstance(date, dt.datetime):
        raise InputError("rules are looked up by a date", seen=date, fix="give a datetime.date")
    return date

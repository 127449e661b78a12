"""A study: entries of people in both arms with their outcomes, covariates and follow-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.registers.counters import BenefitDays, PaidDays
from impactmodel.registers.gate import under
from impactmodel.registers.measures import (
    AgeAtEntry,
    Around,
    StudyMeasure,
    Variable,
    attribute_of,
    require_before,
    require_one_month,
    require_states,
    require_variable,
    unit_of,
)
from impactmodel.registers.months import Window, first_day, number_of
from impactmodel.registers.purpose import Purpose
from impactmodel.registers.reading import collect
from impactmodel.registers.sources import PersonRegister, Source
from impactmodel.registers.trials import MonthlyTrials

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import Column, Table

TAKEN = ("person", "month", "treated", "group", "entry", "left")


@spec
class Study:
    """What is asked of linked registers: who enters, what is measured, and how long.

    Parameters
    ----------
    population
        The `PersonRegister` of those who are studied; whoever is not in it does not enter.
    variables
        Months of persons, by name.
    trials
        Who enters when, and in which arm.
    outcomes
        By name, over months from entry on.
    covariates
        By name, over months before entry or from attributes.
    group
        An attribute of the population (a category) whose values are the groups; empty for none.
    """

    population: str
    variables: dict[str, Variable]
    trials: MonthlyTrials
    outcomes: dict[str, Around]
    covariates: dict[str, StudyMeasure] = field(default_factory=dict)
    group: str = ""

    def __post_init__(self) -> None:
        if not self.outcomes:
            raise InputError("no outcome is named", key="outcomes", fix="name at least one")
        both = sorted(set(self.outcomes) & set(self.covariates))
        if both:
            raise InputError("one name is both an outcome and a covariate", seen=both[0])
        for name, outcome in self.outcomes.items():
            if outcome.first < 0:
                raise InputError(
                    "an outcome is measured from entry on",
                    key=f"outcomes.{name}.first",
                    seen=outcome.first,
                    fix="start at 0 or later",
                )
        for name, measure in {**self.outcomes, **self.covariates}.items():
            if name in TAKEN:
                raise InputError("this name is taken", key=name, fix="choose another")
            if isinstance(measure, Around) and measure.variable not in self.variables:
                raise InputError("there is no such variable", key=name, seen=measure.variable)
            if isinstance(measure, Around):
                require_one_month(name, measure, self.variables[measure.variable])

    @property
    def follow_up(self) -> int:
        """The last month, counted from entry, that an outcome needs."""
        return max(outcome.last for outcome in self.outcomes.values())

    def window(self) -> Window:
        """Return the months that a measure of an entry can touch."""
        around = [
            measure
            for measure in (*self.outcomes.values(), *self.covariates.values())
            if isinstance(measure, Around)
        ]
        first = min(0, *(measure.first for measure in around))
        last = max(0, *(measure.last for measure in around))
        months = self.trials.window.months
        start = first_day(months.start + first)
        return Window(start, len(months) - first + last, self.trials.window.calendar)

    def require(self, sources: Mapping[str, Source]) -> None:
        """Refuse what the declared sources cannot answer.

        Raises
        ------
        InputError
            If a source, state, amount or attribute is not declared, a covariate could be known
            only after entry, or an extract was taken before the follow-up ends.
        """
        register = self.population_of(sources)
        for name, variable in self.variables.items():
            require_variable(f"variables.{name}", variable, sources)
        for key, (source, states) in {
            "trials": (self.trials.source, self.trials.states),
            "trials.eligible": (self.trials.eligible.source, self.trials.eligible.states),
        }.items():
            require_states(key, source, states, sources)
        for name, measure in self.covariates.items():
            require_before(name, measure, sources, self.trials.window)
        end = self.window().end
        # A register that tells who can no longer be followed must tell it to the end.
        names = self.used() + ([self.population] if register.exits else [])
        early = [name for name in names if sources[name].extracted < end]
        if early:
            raise InputError(
                f"the extract was taken before the follow-up ends on {end}",
                key=f"sources.{early[0]}.extracted",
                seen=sources[early[0]].extracted.isoformat(),
                fix="shorten the follow-up, end entry earlier, or take a later extract",
            )

    def used(self) -> list[str]:
        """Return the registers of months that the study reads."""
        named = [self.trials.source, self.trials.eligible.source]
        for variable in self.variables.values():
            named.append(variable.source)
            if isinstance(variable, PaidDays | BenefitDays) and variable.restart is not None:
                named.append(variable.restart.source)
        return list(dict.fromkeys(named))

    def population_of(self, sources: Mapping[str, Source]) -> PersonRegister:
        """Return the register of those who are studied."""
        register = sources.get(self.population)
        if not isinstance(register, PersonRegister):
            raise InputError(
                "the population is a register of persons", key="population", seen=self.population
            )
        if self.group:
            kind = attribute_of(self.population, self.group, sources).kind
            if kind != "category":
                raise InputError("groups are the values of a category", key="group", seen=kind)
        return register


@dataclass(frozen=True, slots=True, repr=False)
class StudyData:
    """A study computed: one row per entry, without keys of persons.

    Parameters
    ----------
    frame
        ``treated``, ``entry`` (first day of its month), ``group`` where asked for, outcomes and
        covariates; money in units of the currency.
    counts
        Entries by arm, and those left out because they could not be followed, by reason.
    units
        Unit of each outcome.
    purpose
        Under which the extracts were received; without one nothing may be made of the study, see
        `impactmodel.registers.gate.Gate`.
    """

    frame: pd.DataFrame
    counts: pd.DataFrame
    units: dict[str, str]
    purpose: Purpose | None = None

    def __repr__(self) -> str:
        arms = self.frame["treated"].value_counts()
        return f"StudyData({arms.get(1, 0)} treated and {arms.get(0, 0)} in comparison)"


def study_data(
    study: Study,
    sources: Mapping[str, Source],
    tables: Mapping[str, Table],
    purpose: Purpose | None = None,
) -> StudyData:
    """Compute a study.

    Parameters
    ----------
    study, sources
        What is asked, and the declared extracts.
    tables
        Standard tables of the extracts by name; see `impactmodel.registers.validation.read`.
    purpose
        Under which the extracts were received; the result carries it.

    Raises
    ------
    InputError
        See `Study.require`; or if an arm is empty.
    """
    everybody = collect("study", measured(study, sources, tables))
    counts = everybody.groupby(["treated", "left"]).size().reset_index(name="n")
    frame = everybody[everybody["left"] == ""].drop(columns="left")
    require_arms(frame)
    units = {}
    for name, measure in {**study.outcomes, **study.covariates}.items():
        if isinstance(measure, Around):
            unit, size = unit_of(study.variables[measure.variable], sources)
            if measure.how != "any":
                frame[name] /= size
            units[name] = "" if measure.how == "any" else unit
    frame.insert(1, "entry", frame.pop("month").map(first_day))
    outcomes = {name: unit for name, unit in units.items() if name in study.outcomes}
    # An engine gives rows in any order: sort, so that a seed means the same rows on all of them.
    columns = list(frame.columns)
    frame = frame.sort_values(columns, ignore_index=True)
    frame = frame if purpose is None else under(frame, purpose)
    return StudyData(frame, counts, outcomes, purpose)


def measured(study: Study, sources: Mapping[str, Source], tables: Mapping[str, Table]) -> Table:
    """Return a row per entry with all that is measured, and why it is left out, if it is.

    Columns ``month, treated, left``, ``group`` where asked for, outcomes and covariates; money in
    cents.

    Raises
    ------
    InputError
        See `Study.require`.
    """
    study.require(sources)
    register = study.population_of(sources)
    entries = study.trials.entries(tables).inner_join(tables[study.population], "person")
    left = entries.mutate(left=_left(entries, register, study.follow_up))
    return _measured(study, tables, left)


def require_arms(frame: pd.DataFrame) -> None:
    """Raise `InputError` if an arm of a study has no rows."""
    for arm, word in ((1, "treated"), (0, "in comparison")):
        if not (frame["treated"] == arm).any():
            raise InputError(f"nobody is {word}", key="trials", fix="see the window and the states")


def _left(entries: Table, register: PersonRegister, follow_up: int) -> Column:
    """Return why an entry cannot be followed to the end: the first exit, or empty."""
    import ibis

    reasons = []
    for reason in register.exits:
        month = number_of(entries[reason])
        reasons.append(((month <= entries.month + follow_up).fill_null(False), reason))
    return ibis.cases(*reasons, else_="") if reasons else ibis.literal("")


def _measured(study: Study, tables: Mapping[str, Table], entries: Table) -> Table:
    """Return a row per entry with all that is measured; what has no row in a register is zero."""
    window = study.window()
    months = {name: variable.read(tables, window) for name, variable in study.variables.items()}
    result = entries.select(
        "person",
        "month",
        "treated",
        "left",
        **({"group": entries[study.group]} if study.group else {}),
    )
    for name, measure in {**study.outcomes, **study.covariates}.items():
        if isinstance(measure, Around):
            found = measure.summed(months[measure.variable], entries)
            joined = result.left_join(found, ["person", "month"])
            result = joined.select(*result.columns, **{name: found.value.fill_null(0.0)})
        else:
            person = tables[measure.source]
            joined = result.left_join(person, "person")
            value = (
                measure.of(person, result.month, study.trials.window.months)
                if isinstance(measure, AgeAtEntry)
                else measure.of(person)
            )
            result = joined.select(*(result[c] for c in result.columns), **{name: value})
    return result.drop("person")

"""What the rules see of a profile: each person's months and years, on benefit and in work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import add_months
from impactmodel.effects.histories import Histories
from impactmodel.fiscal.finnish_lines import (
    ALLOWANCE_LINE,
    ASSISTANCE_BOOK,
    BASIC_LINES,
    EMPLOYER_BOOK,
    EMPLOYER_RESULTS,
    HOUSING_BOOK,
    YEAR_BOOKS,
)
from impactmodel.fiscal.parameters import Rules
from impactmodel.fiscal.profile import Profile
from impactmodel.fiscal.rule_closure import names_behind
from impactmodel.fiscal.rule_results import Computed, Found

type Draws = NDArray[np.float64]

_SUBSIDY = "labour_market_subsidy"
_SUPPORT_IN_FORCE = "benefit.general_support.in_force"
STEPS_FROM = dt.date(2024, 9, 2)
"""Periods of allowance that begin on this day or later fall by steps (HE 13/2024)."""
DAYS_A_MONTH = 21.5
_AVERAGE_RATE = "municipal_tax.rate.average"
_MOVED = 0.05
"""A change of the average municipal rate that no council decides: the shift of 2023 was .1264."""


@dataclass(slots=True)
class Used:
    """The parameter values that a computation read."""

    found: dict[tuple[str, dt.date, bool, bool], Found] = field(default_factory=dict)

    def note(self, computed: Computed) -> Computed:
        """Remember the values of a computation and return it."""
        for one in computed.used:
            key = (one.parameter.id, one.value.valid_from, one.carried, one.frozen)
            self.found.setdefault(key, one)
        return computed


@dataclass(frozen=True, slots=True)
class Months:
    """Inputs of the rules for a profile, month by month.

    Parameters
    ----------
    benefit_last
        Within a year, months on benefit come after months in work.
    """

    rules: Rules
    profile: Profile
    histories: Histories
    benefit_last: bool = False
    used: Used = field(default_factory=Used)
    _inputs: dict[dt.date, dict[str, Any]] = field(default_factory=dict, repr=False)

    def require_persons(self) -> None:
        """Raise `InputError` for a person whom the rules of these months do not fit."""
        start, years = self.histories.start, [year for year, _, _ in self.histories.years()]
        early = not self.rules.at(start).value(_SUPPORT_IN_FORCE)
        average = [self.rules.at(dt.date(year, 1, 1)).value(_AVERAGE_RATE) for year in years]
        moved = np.ptp(np.array(average, dtype=float)) > _MOVED
        for place, person in enumerate(self.profile.persons):
            if early and person.benefit == "general_support":
                raise InputError(
                    f"general support is not in force on {start}",
                    key=f"persons[{place}].benefit",
                    seen=person.benefit,
                    fix="use basic_level, which is whichever benefit is in force",
                )
            if moved and person.municipal_rate is not None:
                raise InputError(
                    f"one municipal tax rate does not fit {years[0]} to {years[-1]}: between them "
                    "municipal tax became state tax",
                    key=f"persons[{place}].municipal_rate",
                    seen=person.municipal_rate,
                    fix="leave it out, or count years on one side of the change",
                )

    def person_inputs(self, day: dt.date) -> dict[str, Any]:
        """Return the inputs of a person on a date, each of shape (person, 1)."""
        if day not in self._inputs:
            self._inputs[day] = self._person_inputs(day)
        return self._inputs[day]

    def _person_inputs(self, day: dt.date) -> dict[str, Any]:
        profile, passed = self.profile, _years(self.histories.start, day)
        return {
            "age": _tall(profile.column("age") + np.floor(passed)),
            "children_under_18": _tall(profile.column("children")),
            "sole_carer": _tall(profile.column("sole_carer")),
            "church_member": _tall(profile.column("church")),
            "municipality": _tall(profile.column("municipality")),
            "service_share": _tall(profile.column("service_share")),
            "integration_ground": _tall(profile.column("integration_ground")),
            "integration_years": _tall(profile.column("integration_years") + passed),
            "benefit_kind": _tall(self.benefit_kinds(day)),
            "benefit_ground": _tall(profile.column("benefit_ground")),
            "previous_wage": _tall(profile.column("insured_wage")),
            "allowance_maximum": _tall(profile.column("maximum_days")),
            "allowance_steps": _tall(self.stepped()),
            "part_time_wage": self.part_time(),
            "adults": _tall(profile.column("adults")),
            "children_10_to_17": _tall(
                profile.column("children") - profile.column("children_under_10")
            ),
            "children_under_10": _tall(profile.column("children_under_10")),
            "municipality_group": _tall(
                np.array([person.housing_group or "others" for person in profile.persons])
            ),
            "rent": _tall(self.rents()),
            "housing_cost": _tall(self.rents()),
        }

    def wages(self) -> Draws:
        """Return each person's wage of a month in work, (person, 1)."""
        return _tall(self.profile.column("wage").astype(float))

    def part_time(self) -> Draws:
        """Return each person's wage of a month on benefit, (person, 1)."""
        return _tall(self.profile.column("part_time_wage").astype(float))

    def rents(self) -> Draws:
        """Return each person's rent, zero where none is known."""
        return np.array([person.rent or 0.0 for person in self.profile.persons])

    def housed(self) -> NDArray[np.bool_]:
        """Return for whom housing allowance and social assistance are counted."""
        return np.array([person.rent is not None for person in self.profile.persons])

    def benefit_kinds(self, day: dt.date) -> NDArray[np.str_]:
        """Return the basic-level benefit of each person: from its first day general support."""
        stated = np.where(self.related(), "basic_level", self.profile.column("benefit"))
        if not self.rules.at(day).value(_SUPPORT_IN_FORCE):
            return np.asarray(stated)
        return np.where(stated == "basic_allowance", "general_support", "basic_level")

    def parameters_behind(self, books: Sequence[str], results: Sequence[str]) -> set[str]:
        """Return the parameters behind results of books that the profile's texts read."""
        texts: dict[str, set[str]] = {}
        for t in range(self.histories.n_months):
            for name, values in self.texts(self.histories.month(t)).items():
                texts.setdefault(name, set()).update(values)
        behind = names_behind(self.rules.book(*books), results, texts)
        return behind & set(self.rules.parameters)

    def texts(self, day: dt.date) -> Mapping[str, set[str]]:
        """Return the texts that occur in the profile, by the name of an input of the rules."""
        return {
            name: set(values[:, 0].tolist())
            for name, values in self.person_inputs(day).items()
            if self.rules.inputs[name].options
        }

    def benefit_lines(self, day: dt.date) -> Mapping[str, NDArray[np.bool_]]:
        """Return for each line of benefits who may be paid it on a date, (person, 1)."""
        kinds, related = self.benefit_kinds(day), self.related()
        if self.rules.at(day).value(_SUPPORT_IN_FORCE):
            basic = np.full(len(kinds), "general_support")
        else:
            basic = np.where(kinds == "basic_level", _SUBSIDY, kinds)
        found = {line: _tall(basic == line) for line in BASIC_LINES}
        return found | {ALLOWANCE_LINE: _tall(related)}

    def related(self) -> NDArray[np.bool_]:
        """Return who is on earnings-related allowance while it lasts."""
        return np.asarray(self.profile.column("benefit") == "earnings_related")

    def stepped(self) -> Draws:
        """Return whose period of allowance began when it falls by steps."""
        return np.array(
            [
                person.stepped
                if person.stepped is not None
                else float(began(self.histories.start, person.paid_days) >= STEPS_FROM)
                for person in self.profile.persons
            ]
        )

    def employer(self, day: dt.date, wage: Draws) -> Computed:
        """Compute the employer's contributions of a month, wage of shape (person, any)."""
        inputs = self.employer_inputs(day, wage)
        found = self.rules.at(day).compute(inputs, EMPLOYER_BOOK, only=EMPLOYER_RESULTS)
        return self.used.note(found)

    def employer_inputs(self, day: dt.date, wage: Draws) -> dict[str, Any]:
        """Return the inputs of the employer's contributions; see `employer`."""
        return {**self.only(day, (EMPLOYER_BOOK,)), "wage": wage}

    def taxes(self, year: int, wage: Draws, benefit: Draws) -> Computed:
        """Compute the taxes of a year, wage and benefit of shape (person, any)."""
        inputs = self.tax_inputs(year, wage, benefit)
        return self.used.note(self.rules.at(dt.date(year, 1, 1)).compute(inputs, *YEAR_BOOKS))

    def tax_inputs(self, year: int, wage: Draws, benefit: Draws) -> dict[str, Any]:
        """Return the inputs of the taxes of a year; see `taxes`."""
        day = dt.date(year, 1, 1)
        return {
            **self.only(max(day, self.histories.start), YEAR_BOOKS),
            **self._known_rate(day),
            "wage": wage,
            "taxable_benefit": benefit,
        }

    def housing(self, day: dt.date, wage: Draws, benefit: Draws) -> Computed:
        """Compute the housing allowance of a month, gross wage and benefit (person, any)."""
        return self.used.note(
            self.rules.at(day).compute(self.housing_inputs(day, wage, benefit), HOUSING_BOOK)
        )

    def housing_inputs(self, day: dt.date, wage: Draws, benefit: Draws) -> dict[str, Any]:
        """Return the inputs of the housing allowance; see `housing`."""
        return {
            **self.only(day, (HOUSING_BOOK,)),
            "gross_wage": wage,
            "spouse_gross_wage": 0.0,
            "other_gross_income": benefit + _tall(self.profile.column("other_income")),
            "wealth": 0.0,
        }

    def assistance(self, day: dt.date, net_wage: Draws, other: Draws) -> Computed:
        """Compute the social assistance of a month from net wage and other net income."""
        return self.used.note(
            self.rules.at(day).compute(
                self.assistance_inputs(day, net_wage, other), ASSISTANCE_BOOK
            )
        )

    def assistance_inputs(self, day: dt.date, net_wage: Draws, other: Draws) -> dict[str, Any]:
        """Return the inputs of the social assistance; see `assistance`."""
        return {
            **self.only(day, (ASSISTANCE_BOOK,)),
            "net_wage": net_wage,
            "spouse_net_wage": 0.0,
            "other_net_income": other + _tall(self.profile.column("other_income")),
        }

    def days_before(self, year: int) -> tuple[dt.date, ...]:
        """Return the first days of the months of a year before the start."""
        start = self.histories.start
        months = range(1, start.month) if year == start.year else ()
        return tuple(dt.date(year, month, 1) for month in months)

    def stretch(self, first: int, after: int) -> float:
        """Return months of a year from the first on over those inside the horizon.

        Above one in the year in which the horizon ends: the rest of that year goes on in the same
        way, and its taxes are shared by months.
        """
        inside = after - first
        return (inside + 12 - self.histories.month(after - 1).month) / inside

    def only(self, day: dt.date, books: tuple[str, ...]) -> dict[str, Any]:
        """Return the inputs of persons that books read on a date."""
        needed = self.rules.book(*books).inputs()
        return {n: v for n, v in self.person_inputs(day).items() if n in needed}

    def _known_rate(self, day: dt.date) -> dict[str, Any]:
        """Return the municipal tax rates, where the profile knows some."""
        known = [person.municipal_rate for person in self.profile.persons]
        if all(rate is None for rate in known):
            return {}
        names = _tall(self.profile.column("municipality"))
        found = self.rules.at(day).compute(
            {"municipality": names}, "income_tax", only=("municipal_rate",)
        )
        rates = np.broadcast_to(found["municipal_rate"], names.shape)
        given = np.array([np.nan if rate is None else rate for rate in known])[:, None]
        return {"municipal_rate": np.where(np.isnan(given), rates, given)}


def began(day: dt.date, paid_days: float) -> dt.date:
    """Return when a period without a break began that has so many paid days on a day.

    Examples
    --------
    >>> began(dt.date(2025, 1, 1), 43.0)
    datetime.date(2024, 11, 1)
    """
    months, rest = divmod(paid_days, DAYS_A_MONTH)
    whole = add_months(day, -int(months))
    return whole - dt.timedelta(days=round(rest / DAYS_A_MONTH * 365 / 12))


def _tall(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(values)[:, None]


def _years(start: dt.date, day: dt.date) -> float:
    """Return years from the start to a later day, in whole months."""
    return max((day.year - start.year) * 12 + day.month - start.month, 0) / 12

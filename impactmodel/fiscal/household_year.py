"""Example households month by month and year by year, to lay beside another model's results.

A household has one person with months on benefit and months in work, computed by the same months
as savings. Each month follows the rules of its first day; taxes are those of the year's totals,
spread over months at their share of the year's income. What the state, Kela and the municipality
pay the household is left gross and net.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.effects.histories import Histories
from impactmodel.fiscal.benefit_months import benefit_month, opening
from impactmodel.fiscal.finnish_lines import (
    ALLOWANCE_BOOKS,
    ASSISTANCE_BOOK,
    CONTRIBUTIONS,
    EMPLOYER_BOOK,
    HOUSING_BOOK,
    INCOME_TAXES,
    MONTH_BOOKS,
    PERIOD_BOOK,
    YEAR_BOOKS,
)
from impactmodel.fiscal.living_flows import net_rates
from impactmodel.fiscal.months import Months
from impactmodel.fiscal.parameters import Rules
from impactmodel.fiscal.profile import Person, Profile

type Array = NDArray[np.float64]

_MONTHS = 12
_LIVING = ("housing_allowance", "social_assistance")
_RESULTS = (
    "monthly_benefit",
    *CONTRIBUTIONS,
    *INCOME_TAXES,
    *_LIVING,
    "employer_contributions",
)


@spec
class Household:
    """An example household of one person in and out of work, with or without others.

    Parameters
    ----------
    person
        Who works and is out of work; ``rent`` is needed, and all of it is accepted for social
        assistance. ``paid_days`` are those before the year.
    months_employed
        Months in work; the last ones of the year.
    child_benefit
        Untaxed income of a month that social assistance counts and housing allowance does not.

    Raises
    ------
    InputError
        If a value is out of its range, or no rent is given.
    """

    person: Person
    months_employed: int
    child_benefit: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.months_employed <= _MONTHS:
            raise InputError(
                "a year has 12 months",
                key="months_employed",
                seen=self.months_employed,
                fix="give a whole number from 0 to 12",
            )
        if not 0 <= self.child_benefit < float("inf"):
            raise InputError(
                "this is not negative and not infinite",
                key="child_benefit",
                seen=self.child_benefit,
            )
        if self.person.rent is None:
            raise InputError(
                "an example household needs a rent", key="person.rent", fix="give one, or 0"
            )


@dataclass(frozen=True, slots=True)
class HouseholdYear:
    """Results of example households.

    Parameters
    ----------
    year
        The calendar year.
    households
        The examples.
    months
        Amounts of each month by name, EUR, shape (household, 12).
    totals
        Amounts of the year by name, EUR, shape (household,).
    unverified
        One sentence for every value used that must be verified before the result is relied on.
    """

    year: int
    households: tuple[Household, ...]
    months: Mapping[str, Array]
    totals: Mapping[str, Array]
    unverified: tuple[str, ...]

    def to_csv(self) -> str:
        """Return one row per household and month: its inputs, then every amount in cents' decimals.

        Examples
        --------
        >>> from impactmodel.fiscal import load_rules
        >>> person = Person(wage=2500.0, age=30.0, municipality="helsinki", rent=700.0)
        >>> example = Household(person, months_employed=6)
        >>> text = household_year(load_rules("fi"), 2024, [example]).to_csv()
        >>> len(text.splitlines()), text.startswith("household,year,month,wage")
        (13, True)
        """
        inputs = [field.name for field in fields(Person)]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        own = ["months_employed", "child_benefit"]
        writer.writerow(["household", "year", "month", *inputs, *own, *self.months])
        for i, household in enumerate(self.households):
            stated = [getattr(household.person, name) for name in inputs]
            stated += [getattr(household, name) for name in own]
            for month in range(_MONTHS):
                amounts = [f"{values[i, month]:.2f}" for values in self.months.values()]
                writer.writerow([i + 1, self.year, month + 1, *stated, *amounts])
        return out.getvalue()


def household_year(rules: Rules, year: int, households: Sequence[Household]) -> HouseholdYear:
    """Compute benefits, taxes, housing allowance and social assistance of example households.

    Parameters
    ----------
    rules
        The Finnish rules.
    year
        A calendar year that they cover.
    households
        Any number of examples; they are computed together.

    Returns
    -------
    HouseholdYear
        Amounts by month and year. ``disposable_income`` = net wage and net benefit + housing
        allowance + social assistance + child benefit.

    Raises
    ------
    InputError
        If there is no household, or the rules do not cover the year.

    Notes
    -----
    Assumptions: the same rent all year; every due benefit is claimed and reviewed each month; no
    waiting days, means test or wealth. A kind of benefit that has ended goes on as general support.
    Source of the chain: SISU 26.10, Statistics Finland; agreement in ``docs/fiscal_parameters.md``.

    Examples
    --------
    A year on labour market subsidy in Helsinki with a rent of 700 euros, rules of 2019.

    >>> from impactmodel.fiscal import load_rules
    >>> person = Person(wage=2000.0, age=30.0, municipality="helsinki", rent=700.0)
    >>> example = Household(person, months_employed=0)
    >>> found = household_year(load_rules("fi"), 2019, [example])
    >>> round(float(found.totals["disposable_income"][0]), 2)
    14367.48
    """
    if not households:
        raise InputError("no household is given", key="households", fix="give at least one")
    return _Year(rules, year, tuple(households)).result()


class _Year:
    """The steps of a year, all households at once."""

    def __init__(self, rules: Rules, year: int, households: tuple[Household, ...]) -> None:
        self.year, self.households = year, households
        nobody = Histories(np.zeros((1, 2, 1, _MONTHS)), dt.date(year, 1, 1), ("all",))
        self.months = Months(rules, Profile(tuple(h.person for h in households)), nobody)
        self.months.require_persons()
        self.days = [self.months.histories.month(t) for t in range(_MONTHS)]
        self.employed = np.array(
            [[m >= _MONTHS - h.months_employed for m in range(_MONTHS)] for h in households]
        )

    def result(self) -> HouseholdYear:
        wage = np.where(self.employed, self.months.wages(), self.months.part_time())
        benefit = self.benefits()
        earned, paid = (each.sum(axis=1, keepdims=True) for each in (wage, benefit))
        found = self.months.taxes(self.year, earned, paid)
        taxes = {name: np.array(found[name])[:, 0] for name in (*CONTRIBUTIONS, *INCOME_TAXES)}
        rate, levy = net_rates(found, earned, earned + paid)
        months = {
            "gross_wage": wage,
            "unemployment_benefit": benefit,
            "net_wage": wage * (1.0 - rate - levy),
            "net_benefit": benefit * (1.0 - rate),
        }
        child_benefit = np.array([[h.child_benefit] for h in self.households])
        months |= self.living(months, child_benefit)
        months["disposable_income"] = child_benefit + sum(
            months[name] for name in ("net_wage", "net_benefit", *_LIVING)
        )
        months["employer_contributions"] = self.employer(wage)
        totals = {name: values.sum(axis=1) for name, values in months.items()} | taxes
        return HouseholdYear(self.year, self.households, months, totals, self.unverified())

    def benefits(self) -> Array:
        out = np.zeros(self.employed.shape)
        counters = opening(self.months)
        for t, day in enumerate(self.days):
            idle = ~self.employed[:, t : t + 1]
            found = benefit_month(self.months, day, counters)
            out[:, t : t + 1] = idle * found["total_benefit"]
            counters = {name: days + idle * found[name] for name, days in counters.items()}
        return out

    def living(self, months: Mapping[str, Array], child_benefit: Array) -> dict[str, Array]:
        found = {name: np.empty(self.employed.shape) for name in _LIVING}
        for t, day in enumerate(self.days):
            wage, benefit, net_wage, net_benefit = (m[:, t : t + 1] for m in months.values())
            housing = self.months.housing(day, wage, benefit)["housing_allowance"]
            other = net_benefit + housing + child_benefit
            assistance = self.months.assistance(day, net_wage, other)["social_assistance"]
            found["housing_allowance"][:, t : t + 1] = housing
            found["social_assistance"][:, t : t + 1] = assistance
        return found

    def employer(self, wage: Array) -> Array:
        out = np.empty_like(wage)
        for t, day in enumerate(self.days):
            inputs = self.months.employer_inputs(day, wage[:, t : t + 1])
            found = self.months.rules.at(day).compute(inputs, EMPLOYER_BOOK)
            out[:, t : t + 1] = self.months.used.note(found)["employer_contributions"]
        return out

    def unverified(self) -> tuple[str, ...]:
        books: tuple[str, ...] = (
            *MONTH_BOOKS[:1],
            *YEAR_BOOKS,
            EMPLOYER_BOOK,
            HOUSING_BOOK,
            ASSISTANCE_BOOK,
        )
        results: tuple[str, ...] = _RESULTS
        if self.months.related().any():
            books += (PERIOD_BOOK, ALLOWANCE_BOOKS[0])
            results += ("subsidy_share", "monthly_allowance")
        behind = self.months.parameters_behind(books, results)
        sources = self.months.rules.sources
        return tuple(
            one.sentence(sources)
            for one in self.months.used.found.values()
            if one.parameter.id in behind and not one.value.is_verified
        )

"""Example households month by month and year by year, to lay beside another model's results.

A household has one person with months on benefit and months in work. Each month follows the rules
of its first day; taxes are those of the year's totals, spread over months at their share of the
year's income. What the state, Kela and the municipality pay the household is left gross and net.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.fiscal.finnish_lines import CONTRIBUTIONS, INCOME_TAXES
from impactmodel.fiscal.living_flows import net_rates
from impactmodel.fiscal.parameters import Rules
from impactmodel.fiscal.profile import Benefit, MunicipalityGroup

type Array = NDArray[np.float64]
type MonthlyBenefit = Benefit | Literal["earnings_related_allowance"]

_MONTHS = 12


@spec
class Household:
    """An example household of one person in and out of work, with or without children.

    Parameters
    ----------
    wage
        Gross wage of a month in work, EUR.
    months_employed
        Months in work; the last ones of the year.
    rent
        Rent of a month with heating, EUR; all of it is accepted for social assistance.
    benefit
        What is paid out of work.
    previous_wage
        Monthly wage behind an earnings-related allowance; ``wage`` where it is not given.
    age, church
        Age in full years; whether church tax is paid (1 or 0).
    children_10_to_17, children_under_10
        Children in the household; the person is then their sole carer.
    child_benefit
        Untaxed income of a month that social assistance counts and housing allowance does not.
    municipality, municipality_group
        Whose tax rate is taken, and the group of housing allowance.
    days_before
        Days of allowance paid in the same period before the year.
    stepped
        Whether the period of allowance began on or after 2 September 2024 (1 or 0).
    name
        A label of the example.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    wage: float
    months_employed: int
    rent: float
    benefit: MonthlyBenefit = "basic_level"
    previous_wage: float | None = None
    age: float = 30.0
    church: float = 0.0
    children_10_to_17: float = 0.0
    children_under_10: float = 0.0
    child_benefit: float = 0.0
    municipality: str = "helsinki"
    municipality_group: MunicipalityGroup = "helsinki"
    days_before: float = 0.0
    stepped: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.months_employed <= _MONTHS:
            raise InputError(
                "a year has 12 months",
                key="months_employed",
                seen=self.months_employed,
                fix="give a whole number from 0 to 12",
            )
        for key in ("wage", "rent", "previous_wage", "child_benefit", "days_before"):
            value = getattr(self, key)
            if value is not None and not 0 <= value < float("inf"):
                raise InputError("this is not negative and not infinite", key=key, seen=value)


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
        >>> example = Household(wage=2500.0, months_employed=6, rent=700.0)
        >>> text = household_year(load_rules("fi"), 2024, [example]).to_csv()
        >>> len(text.splitlines()), text.startswith("household,year,month,wage")
        (13, True)
        """
        inputs = [field.name for field in fields(Household)]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["household", "year", "month", *inputs, *self.months])
        for i, household in enumerate(self.households):
            stated = [getattr(household, name) for name in inputs]
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
    >>> example = Household(wage=2000.0, months_employed=0, rent=700.0)
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
        self.rules, self.year, self.households = rules, year, households
        self.employed = np.array(
            [[m >= _MONTHS - h.months_employed for m in range(_MONTHS)] for h in households]
        )
        self.unverified: dict[str, None] = {}

    def column(self, name: str) -> NDArray[Any]:
        return np.array([getattr(household, name) for household in self.households])

    def compute(self, month: int, inputs: Mapping[str, Any], *books: str) -> Mapping[str, Array]:
        date = dt.date(self.year, month + 1, 1)
        found = self.rules.at(date).compute(inputs, *books)
        for one in found.unverified:
            self.unverified.setdefault(one.sentence(self.rules.sources))
        shape = (len(self.households),)
        return {name: np.broadcast_to(v, shape) for name, v in found.values.items()}

    def result(self) -> HouseholdYear:
        wage = self.employed * self.column("wage")[:, None]
        benefit = self.benefits()
        taxes = self.taxes(wage.sum(axis=1), benefit.sum(axis=1))
        earned = wage.sum(axis=1)
        rate, levy = net_rates(taxes, earned, earned + benefit.sum(axis=1))
        months = {
            "gross_wage": wage,
            "unemployment_benefit": benefit,
            "net_wage": wage * (1.0 - rate - levy)[:, None],
            "net_benefit": benefit * (1.0 - rate)[:, None],
        }
        months["housing_allowance"] = self.housing(wage, benefit)
        months["social_assistance"] = self.assistance(months)
        child_benefit = np.broadcast_to(self.column("child_benefit")[:, None], wage.shape)
        months["disposable_income"] = (
            months["net_wage"]
            + months["net_benefit"]
            + months["housing_allowance"]
            + months["social_assistance"]
            + child_benefit
        )
        months["employer_contributions"] = self.employer(wage)
        totals = {name: values.sum(axis=1) for name, values in months.items()} | taxes
        return HouseholdYear(self.year, self.households, months, totals, tuple(self.unverified))

    def benefits(self) -> Array:
        out = np.zeros(self.employed.shape)
        related = self.column("benefit") == "earnings_related_allowance"
        paid = self.column("days_before").astype(float)
        for month in range(_MONTHS):
            idle = ~self.employed[:, month]
            basic, allowance = self.basic(month, related), self.allowance(month, paid)
            out[:, month] = idle * np.where(
                related, allowance["monthly_allowance"], basic["monthly_benefit"]
            )
            paid = paid + idle * allowance["allowance_days"]
        return out

    def basic(self, month: int, related: NDArray[np.bool_]) -> Mapping[str, Array]:
        ended = not self.rules.at(dt.date(self.year, month + 1, 1)).value(
            "benefit.labour_market_subsidy.in_force"
        )
        kind = np.where(related | ended, "basic_level", self.column("benefit"))
        inputs = {"benefit_kind": kind, "service_share": 0.0, **self.idle_month()}
        return self.compute(month, inputs, "unemployment_benefit")

    def allowance(self, month: int, paid: Array) -> Mapping[str, Array]:
        before = [h.wage if h.previous_wage is None else h.previous_wage for h in self.households]
        inputs = {
            "previous_wage": np.array(before),
            "allowance_days_before": paid,
            "allowance_steps": self.column("stepped"),
            **self.idle_month(),
        }
        return self.compute(month, inputs, "earnings_related_allowance")

    def idle_month(self) -> dict[str, Any]:
        return {"children_under_18": self.children(), "month_share": 1.0, "part_time_wage": 0.0}

    def children(self) -> Array:
        return np.asarray(self.column("children_10_to_17") + self.column("children_under_10"))

    def taxes(self, wage: Array, benefit: Array) -> dict[str, Array]:
        inputs = {
            "wage": wage,
            "taxable_benefit": benefit,
            "age": self.column("age"),
            "children_under_18": self.children(),
            "sole_carer": (self.children() > 0).astype(float),
            "church_member": self.column("church"),
            "municipality": self.column("municipality"),
        }
        found = self.compute(0, inputs, "employee_contributions", "income_tax")
        return {name: np.array(found[name]) for name in (*CONTRIBUTIONS, *INCOME_TAXES)}

    def housing(self, wage: Array, benefit: Array) -> Array:
        out = np.empty_like(wage)
        for month in range(_MONTHS):
            inputs = {
                "adults": 1.0,
                "children_under_18": self.children(),
                "municipality_group": self.column("municipality_group"),
                "rent": self.column("rent"),
                "gross_wage": wage[:, month],
                "spouse_gross_wage": 0.0,
                "other_gross_income": benefit[:, month],
                "wealth": 0.0,
            }
            out[:, month] = self.compute(month, inputs, "housing_allowance")["housing_allowance"]
        return out

    def assistance(self, months: Mapping[str, Array]) -> Array:
        out = np.empty_like(months["net_wage"])
        for month in range(_MONTHS):
            other = months["net_benefit"][:, month] + months["housing_allowance"][:, month]
            inputs = {
                "adults": 1.0,
                "children_10_to_17": self.column("children_10_to_17"),
                "children_under_10": self.column("children_under_10"),
                "net_wage": months["net_wage"][:, month],
                "spouse_net_wage": 0.0,
                "other_net_income": other + self.column("child_benefit"),
                "housing_cost": self.column("rent"),
            }
            out[:, month] = self.compute(month, inputs, "social_assistance")["social_assistance"]
        return out

    def employer(self, wage: Array) -> Array:
        out = np.empty_like(wage)
        for month in range(_MONTHS):
            inputs = {"wage": wage[:, month], "age": self.column("age")}
            found = self.compute(month, inputs, "employer_contributions")
            out[:, month] = found["employer_contributions"]
        return out

"""A profile of persons: who the cohort is, for rules that see one person's year."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.spec import spec

type Benefit = Literal[
    "labour_market_subsidy",
    "basic_allowance",
    "general_support",
    "basic_level",
    "earnings_related",
]
type BenefitGround = Literal["unemployment", "lay_off"]
type Ground = Literal["none", "refugee", "other"]
type MunicipalityGroup = Literal["helsinki", "capital_region", "larger_cities", "others"]

_TEXTS = (
    "benefit",
    "benefit_ground",
    "municipality",
    "municipality_group",
    "integration_ground",
    "group",
    "name",
)


@spec
class Person:
    """An example person and how many of the cohort are like this one.

    Parameters
    ----------
    wage
        Gross wage of a month in work, EUR.
    age
        In full years, at the start.
    benefit
        What is paid in months out of work; ``basic_level`` is whichever of labour market subsidy
        and general support is in force, ``earnings_related`` is earnings-related allowance as long
        as it lasts and ``basic_level`` after it.
    weight
        People like this one; only proportions count.
    paid_days
        Counter of benefit days paid before the start, by the rules of the start: to 2024 days of
        labour market subsidy out of services, from 2025 of every benefit. For ``earnings_related``
        the days paid since its period began.
    other_days
        Further benefit days before the start that count from 2025 only: allowances before the
        subsidy, days in services.
    children
        Under 18 in the family.
    sole_carer, church
        Whether the person cares for them alone, and pays church tax (1 or 0).
    municipality
        ``helsinki`` or ``average``, whose tax rate is taken.
    municipal_rate
        A tax rate that is known instead, as a share.
    service_share
        Share of benefit days in employment-promoting services.
    integration_ground, integration_years
        For clients of integration services: the ground, and years since the first home
        municipality at the start.
    rent
        Rent of a month with heating. With a rent housing allowance and social assistance are
        counted, without one neither is.
    municipality_group
        Group of housing allowance; Helsinki's own where the municipality is ``helsinki``.
    adults, children_under_10
        Adults of the household (1 or 2), and how many of the children are under 10.
    other_income
        Income of the household's other members in a month, which both benefits count in full.
    group
        The group of the outcomes to which the person belongs; empty for every group.
    name
        A label such as ``long-term unemployed``; never a person's own name.
    previous_wage
        Gross wage of a month behind an earnings-related allowance, EUR; ``wage`` where not given.
    maximum_days
        Longest period of earnings-related allowance: 300, 400 or 500 paid days.
    stepped
        Whether that period began on or after 2 September 2024 (1 or 0), so that the allowance
        falls by steps. Where not given it is taken to have begun as long before the start as the
        days paid.
    part_time_wage
        Gross wage of part-time work in a month on benefit, EUR, which is then adjusted for it.
    benefit_ground
        ``lay_off`` for days of lay-off, weather barrier or additional days, of which the
        municipality bears nothing from 2025.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    wage: float
    age: float
    benefit: Benefit = "basic_level"
    weight: float = 1.0
    paid_days: float = 0.0
    children: float = 0.0
    sole_carer: float = 0.0
    church: float = 0.0
    municipality: str = "average"
    municipal_rate: float | None = None
    service_share: float = 0.0
    integration_ground: Ground = "none"
    integration_years: float = 0.0
    group: str = ""
    name: str = ""
    other_days: float = 0.0
    rent: float | None = None
    municipality_group: MunicipalityGroup | Literal[""] = ""
    adults: float = 1.0
    children_under_10: float = 0.0
    other_income: float = 0.0
    previous_wage: float | None = None
    maximum_days: float = 400.0
    stepped: float | None = None
    part_time_wage: float = 0.0
    benefit_ground: BenefitGround = "unemployment"

    def __post_init__(self) -> None:
        for key, (low, high) in _RANGES.items():
            value = getattr(self, key)
            if value is not None and not low <= value <= high:
                raise InputError(
                    "the value is out of its range",
                    key=key,
                    seen=value,
                    fix=f"give a number from {low:g} to {high:g}",
                )
        for key in ("sole_carer", "church", "stepped"):
            if getattr(self, key) not in {0, 1, *([None] if key == "stepped" else [])}:
                raise InputError("this is 1 or 0", key=key, seen=getattr(self, key))
        if self.children_under_10 > self.children:
            raise InputError(
                "more children under 10 than children",
                key="children_under_10",
                seen=self.children_under_10,
            )
        if self.rent is not None and not self.housing_group:
            raise InputError(
                "housing allowance needs the group of municipalities",
                key="municipality_group",
                fix="give helsinki, capital_region, larger_cities or others",
            )
        self._check_allowance()
        if not self.wage > 0 or not self.weight > 0:
            key = "weight" if self.wage > 0 else "wage"
            raise InputError("this must be above 0", key=key, seen=getattr(self, key))

    def _check_allowance(self) -> None:
        if self.maximum_days not in _MAXIMUM_DAYS:
            raise InputError(
                "there is no such longest period of earnings-related allowance",
                key="maximum_days",
                seen=self.maximum_days,
                fix="use 300, 400 or 500",
            )
        if self.benefit != "earnings_related":
            for key in ("previous_wage", "stepped"):
                if getattr(self, key) is not None:
                    raise InputError(
                        "this belongs to earnings-related allowance alone",
                        key=key,
                        fix="leave it out, or state the benefit earnings_related",
                    )
        elif self.integration_ground != "none":
            raise InputError(
                "benefits of integration are of the basic level",
                key="integration_ground",
                seen=self.integration_ground,
                fix="use none beside earnings_related",
            )

    @property
    def insured_wage(self) -> float:
        """The monthly wage behind an earnings-related allowance."""
        return self.wage if self.previous_wage is None else self.previous_wage

    @property
    def housing_group(self) -> str:
        """The group of municipalities of housing allowance; empty where it is not known."""
        return self.municipality_group or ("helsinki" if self.municipality == "helsinki" else "")

    def __repr__(self) -> str:
        return "Person(...)"


_MAXIMUM_DAYS = (300.0, 400.0, 500.0)
_RANGES = {
    "wage": (0.0, 100_000.0),
    "age": (15.0, 100.0),
    "weight": (0.0, 1e12),
    "paid_days": (0.0, 10_000.0),
    "other_days": (0.0, 10_000.0),
    "children": (0.0, 30.0),
    "municipal_rate": (0.0, 1.0),
    "service_share": (0.0, 1.0),
    "integration_years": (0.0, 100.0),
    "rent": (0.0, 100_000.0),
    "adults": (1.0, 2.0),
    "children_under_10": (0.0, 30.0),
    "other_income": (0.0, 100_000.0),
    "previous_wage": (0.0, 100_000.0),
    "part_time_wage": (0.0, 100_000.0),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """Persons with weights.

    Examples
    --------
    >>> profile = Profile((Person(wage=2500.0, age=30.0), Person(wage=2000.0, age=50.0, weight=3)))
    >>> profile.weights("all").tolist(), profile.mean_wage("all")
    ([0.25, 0.75], 2125.0)
    """

    persons: tuple[Person, ...]

    def __post_init__(self) -> None:
        if not self.persons:
            raise InputError("the profile has no person", fix="give at least one")

    @classmethod
    def from_csv(cls, path: str | Path) -> Profile:
        """Read a profile from a CSV file with the columns of `Person`.

        An empty cell takes the column's default.

        Raises
        ------
        InputError
            With file, line and column of every fault: an unknown column, a missing one, text
            where a number belongs, a value out of its range. No value of a row is shown.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise InputError(
                f"the profile cannot be read: {reason}", file=str(path), fix="check the path"
            ) from None
        reader = csv.DictReader(text.splitlines())
        columns = [name.strip() for name in reader.fieldnames or []]
        reader.fieldnames = columns
        problems = _column_problems(columns, str(path))
        persons = []
        for row in reader if not problems else ():
            found = _read_row(row, str(path), reader.line_num)
            if isinstance(found, Person):
                persons.append(found)
            else:
                problems += found
        if not persons and not problems:
            problems = [Problem("the profile has no person", "add a row", "", "", str(path), 2)]
        if problems:
            raise InputError.of(problems)
        return cls(tuple(persons))

    def column(self, name: str) -> NDArray[Any]:
        """Return a column as an array, one value per person."""
        return np.array([getattr(person, name) for person in self.persons])

    def weights(self, group: str) -> NDArray[np.float64]:
        """Return the share of each person in a group; zero for persons of other groups.

        Raises
        ------
        InputError
            If nobody in the profile belongs to the group.
        """
        inside = np.array([person.group in {"", group} for person in self.persons])
        weight = np.where(inside, self.column("weight").astype(float), 0.0)
        if not weight.sum() > 0:
            raise InputError(
                "no person of the profile belongs to this group of the outcomes",
                key="group",
                seen=group,
                fix="add persons, or leave the column group empty",
            )
        return np.asarray(weight / weight.sum())

    def mean_wage(self, group: str) -> float:
        """Return the weighted mean of the monthly wages of a group."""
        return float(self.weights(group) @ self.column("wage").astype(float))

    def require_groups(self, groups: Sequence[str]) -> None:
        """Raise `InputError` for a person of a group that the outcomes do not have."""
        for place, person in enumerate(self.persons):
            if person.group and person.group not in groups:
                raise InputError(
                    "the outcomes have no such group",
                    key=f"persons[{place}].group",
                    seen=person.group,
                    fix=f"use one of {', '.join(groups)}",
                )

    def __repr__(self) -> str:
        return f"Profile({len(self.persons)} persons)"


def _column_problems(columns: Sequence[str], file: str) -> list[Problem]:
    known = [field.name for field in dataclasses.fields(Person)]
    problems = []
    for name in columns:
        if name not in known:
            near = get_close_matches(name, known, 1)
            fix = f"did you mean '{near[0]}'?" if near else "remove it"
            problems.append(Problem("unknown column", fix, "", name, file, 1))
        elif columns.count(name) > 1:
            problems.append(Problem("the column stands twice", "remove one", "", name, file, 1))
    problems += [
        Problem("this column is missing", "add it", "", name, file, 1)
        for name in ("wage", "age")
        if name not in columns
    ]
    return problems


def _read_row(row: Mapping[str, Any], file: str, line: int) -> Person | list[Problem]:
    values: dict[str, Any] = {}
    problems = []
    if None in row or None in row.values():
        return [
            Problem("the row has another number of cells than the header", "", "", "", file, line)
        ]
    for name, cell in row.items():
        text = cell.strip()
        if name in _TEXTS:
            if text:
                values[name] = text
            continue
        try:
            if text:
                values[name] = float(text)
        except ValueError:
            fix = "write it with a decimal point and no spaces"
            problems.append(Problem("this is not a number", fix, "", name, file, line))
    problems += [
        Problem("this cell is empty", "fill it in", "", name, file, line)
        for name in ("wage", "age")
        if not row[name].strip()
    ]
    if problems:
        return problems
    try:
        return Person(**values)
    except InputError as error:
        placed = error.located(file=file, line=line).problems
        return [dataclasses.replace(problem, seen="") for problem in placed]

"""A grid of example households, to lay another model's results beside ours row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.spec import load_yaml, spec
from impactmodel.fiscal.household_year import Household, household_year
from impactmodel.fiscal.parameters import Rules
from impactmodel.fiscal.profile import Benefit, MunicipalityGroup, Person

type Row = tuple[str, int, float, int, str, str]
"""(household, year, wage, months in work, benefit, municipality)."""

KEYS = ("household", "year", "wage", "months_employed", "benefit", "municipality")
_MOST = 100_000


@spec
class GridHousehold:
    """A household of a grid with one adult; amounts a month, EUR. See `Person`."""

    rent: float
    children: float = 0.0
    children_under_10: float = 0.0
    child_benefit: float = 0.0
    age: float = 30.0
    church: float = 0.0


@spec
class ExampleGrid:
    """Every combination of wage, months in work, benefit, household, municipality and year.

    Parameters
    ----------
    years, wages, months_employed
        Calendar years; gross wages of a month in work, EUR; months in work of a year.
    households
        By name.
    benefits
        What is paid out of work.
    municipalities
        Group of housing allowance by municipality whose tax rate is taken.
    """

    years: tuple[int, ...]
    wages: tuple[float, ...]
    households: dict[str, GridHousehold]
    months_employed: tuple[int, ...] = (0, 6, 12)
    benefits: tuple[Benefit, ...] = ("basic_level",)
    municipalities: dict[str, MunicipalityGroup] = field(
        default_factory=lambda: {"helsinki": "helsinki"}
    )

    def __post_init__(self) -> None:
        sizes = {
            key: getattr(self, key)
            for key in ("years", "wages", "households", "months_employed", "benefits")
        } | {"municipalities": self.municipalities}
        size = 1
        for key, values in sizes.items():
            if not values or len(set(values)) < len(values):
                what = "is given twice" if values else "is missing"
                raise InputError(f"a value of the grid {what}", key=key, fix="give each one once")
            size *= len(values)
        if size > _MOST:
            raise InputError("the grid is too large", key="grid", seen=f"{size:,} rows")

    @classmethod
    def from_yaml(cls, path: str | Path) -> ExampleGrid:
        """Read a grid; `InputError` names file, line and key of a fault."""
        return load_yaml(cls, path)

    def rows(self, year: int) -> dict[Row, Household]:
        """Return the households of a year by their place in the grid."""
        found: dict[Row, Household] = {}
        for (name, home), wage, months, benefit, (municipality, group) in product(
            self.households.items(),
            self.wages,
            self.months_employed,
            self.benefits,
            self.municipalities.items(),
        ):
            row = (name, year, wage, months, str(benefit), municipality)
            person = Person(
                wage=wage,
                age=home.age,
                benefit=benefit,
                children=home.children,
                children_under_10=home.children_under_10,
                sole_carer=float(home.children > 0),
                church=home.church,
                municipality=municipality,
                municipality_group=group,
                rent=home.rent,
                name=name,
            )
            found[row] = Household(person, months, home.child_benefit)
        return found


@dataclass(frozen=True, slots=True)
class GridResult:
    """Amounts of a year for every row of a grid, EUR.

    Parameters
    ----------
    rows
        Their places in the grid.
    amounts
        By line, shape (row,).
    unverified
        One sentence for every value used that must be verified, reforms included.
    """

    rows: tuple[Row, ...]
    amounts: Mapping[str, NDArray[np.float64]]
    unverified: tuple[str, ...]

    def to_csv(self) -> str:
        """Return one row per household and year: its place, then the amounts in cents' decimals."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*KEYS, *self.amounts])
        for place, row in enumerate(self.rows):
            writer.writerow([*row, *(f"{v[place]:.2f}" for v in self.amounts.values())])
        return out.getvalue()


def example_grid(rules: Rules, grid: ExampleGrid) -> GridResult:
    """Compute a grid of example households.

    Raises
    ------
    InputError
        If the rules do not cover a year, or do not know a municipality.

    Examples
    --------
    >>> from impactmodel.fiscal import load_rules
    >>> grid = ExampleGrid((2019,), (2000.0,), {"single": GridHousehold(700.0)}, (0,))
    >>> found = example_grid(load_rules("fi"), grid)
    >>> round(float(found.amounts["disposable_income"][0]), 2)
    14367.48
    """
    rows: list[Row] = []
    parts: list[Mapping[str, NDArray[np.float64]]] = []
    unverified: dict[str, None] = {}
    for year in grid.years:
        here = grid.rows(year)
        found = household_year(rules, year, list(here.values()))
        rows += here
        parts.append(found.totals)
        unverified |= dict.fromkeys(found.unverified)
    amounts = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return GridResult(tuple(rows), amounts, tuple(unverified))

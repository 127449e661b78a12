"""Grids of example households, and what a release changes in them."""

import csv
import dataclasses
import datetime as dt
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.fiscal import load_rules
from impactmodel.fiscal.example_grid import ExampleGrid, GridHousehold, example_grid
from impactmodel.fiscal.reform import Change, Reform
from impactmodel.fiscal.release_diff import changed_values, release_diff, values_pinned

GOLDEN = Path(__file__).parents[2] / "golden"
PINNED = GOLDEN / "example_grid"
RULES = load_rules("fi")
SMALL = ExampleGrid(
    years=(2024, 2025),
    wages=(1500.0, 3000.0),
    households={"single": GridHousehold(700.0)},
    months_employed=(0, 12),
)


def test_sisu_stands_row_by_row_beside_the_grid():
    """SISU's own households of 2025: the years that it gives, laid beside ours by their keys."""
    theirs = pd.read_csv(GOLDEN / "sisu" / "household_grid_dev.csv.gz")
    theirs = theirs[(theirs["year"] == 2025) & (theirs["benefit_type"] != "earnings_related")]
    grid = ExampleGrid(
        years=(2025,),
        wages=tuple(sorted(float(w) for w in theirs["wage_eur_month"].unique())),
        months_employed=tuple(sorted(int(m) for m in theirs["months_employed"].unique())),
        households={"single": GridHousehold(float(theirs["rent_eur_month"].iloc[0]))},
    )
    found = example_grid(RULES, grid)
    ours = pd.read_csv(io.StringIO(found.to_csv()))
    both = ours.merge(
        theirs,
        left_on=["wage", "months_employed"],
        right_on=["wage_eur_month", "months_employed"],
    )
    assert len(both) == len(theirs) > 10
    for line, other in (
        ("state_tax", "state_tax_eur_year"),
        ("disposable_income", "disposable_income_eur_year"),
        ("housing_allowance", "housing_allowance_eur_year"),
    ):
        # The tolerance of test_sisu_households: a year of rounded months.
        assert np.abs(both[line] - both[other]).max() <= 1.0, line


def test_every_combination_stands_once():
    rows = list(csv.DictReader(example_grid(RULES, SMALL).to_csv().splitlines()))
    assert len(rows) == 8
    keys = {(r["year"], r["wage"], r["months_employed"]) for r in rows}
    assert len(keys) == 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wages": ()}, "wages: a value of the grid is missing"),
        ({"years": (2024, 2024)}, "years: a value of the grid is given twice"),
        ({"months_employed": (13,)}, "a year has 12 months"),
        ({"years": (2031,)}, "not covered on 2031"),
    ],
)
def test_a_grid_that_cannot_be_computed(change, message):
    with pytest.raises(InputError, match=message):
        example_grid(RULES, dataclasses.replace(SMALL, **change))


def test_the_pinned_results_are_those_of_now():
    """A change here is a change of published results: explain it in the change log, then pin."""
    values = json.loads((PINNED / "values.json").read_text(encoding="utf-8"))
    grid = ExampleGrid.from_yaml(PINNED / "grid.yaml")
    assert changed_values(RULES, values) == {}
    assert release_diff(RULES, grid, PINNED / "results.csv", values) == ()


@pytest.fixture
def pinned(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(example_grid(RULES, SMALL).to_csv())
    return path


def test_a_changed_value_is_named_with_every_line_that_it_moves(pinned):
    name = next(n for n in RULES.parameters if "unemployment_insurance" in n and "employee" in n)
    before = RULES.at(dt.date(2025, 1, 1)).value(name)
    raised = tuple((age, rate + 0.001 if rate else 0.0) for age, rate in before)
    change = Change(name, dt.date(2025, 1, 1), raised, until=dt.date(2026, 1, 1))
    later = RULES.reformed(Reform("release", changes=(change,)))
    values = values_pinned(RULES)
    (said,) = changed_values(later, values).items()
    assert said[0] == name
    assert said[1].startswith("from 2025-01-01: [[")
    lines = {c.line: c for c in release_diff(later, SMALL, pinned, values)}
    own = lines["employee_unemployment_insurance"]
    # Two wages of a year in work in 2025: 0.1 % of 18,000 and of 36,000 euros.
    assert (own.rows, own.of, own.parameters) == (2, 8, (name,))
    assert (own.least, own.most) == (pytest.approx(18.0), pytest.approx(36.0))
    assert {"disposable_income", "employee_unemployment_insurance"} <= set(lines)
    assert "housing_allowance" not in lines


def test_a_changed_rule_is_told_from_a_changed_value(pinned):
    text = pinned.read_text().splitlines()
    head = text[0].split(",")
    row = text[1].split(",")
    at = head.index("disposable_income")
    row[at] = f"{float(row[at]) - 5:.2f}"
    pinned.write_text("\n".join([text[0], ",".join(row), *text[2:]]) + "\n")
    (change,) = release_diff(RULES, SMALL, pinned, values_pinned(RULES))
    assert change.sentence() == (
        "disposable_income: 1 of 8 rows, +5.00 EUR a year, by no parameter: a rule changed"
    )


def test_another_grid_is_refused(pinned):
    other = dataclasses.replace(SMALL, wages=(1500.0,))
    with pytest.raises(InputError, match="the pinned results are of another grid"):
        release_diff(RULES, other, pinned, values_pinned(RULES))

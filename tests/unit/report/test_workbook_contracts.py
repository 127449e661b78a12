"""Every example contract in the workbook: live formulas, right to the cent after three changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from impactmodel.contract import OutcomesContract, central, payments
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import load
from impactmodel.core.yaml import Document
from tests.conftest import program
from tests.property.generated import make
from tests.property.test_generated_contracts import as_outcomes
from tests.spreadsheet import convert
from tests.unit.report.test_workbook import (
    CENT,
    altered,
    closed_form,
    run,
    totals_of,
    verdict,
    written,
)

ROOT = Path(__file__).parents[3]
CASES = Document.read(ROOT / "tests/cases/contracts.yaml").data
# Nine independent outcomes of one person combine in 511 ways.
INDEPENDENT = "dwp_independent"
CROWDED = "dwp_crowded"
OTHERS = ("amendments", "limits", "termination", INDEPENDENT)
EXAMPLES = sorted(path.stem for path in (ROOT / "examples/contracts").glob("*.yaml"))


def certain(contract: OutcomesContract, rows: list[dict]) -> Outcomes:
    """Return the results of a case as two draws around them; of single people, some shares."""
    groups = list(dict.fromkeys(row.get("group", "all") for row in rows))
    names = list(contract.outcomes)
    count = contract.periods.count if contract.periods else 1
    level = np.zeros((2, len(groups), len(names), count))
    without = np.zeros_like(level)
    size = dict.fromkeys(groups, 0)
    for row in rows:
        people = row.get("people", 100)
        group = row.get("group", "all")
        if "person" in row:
            mean = 0.2 + 0.07 * names.index(row["outcome"])
        else:
            mean = row["mean"] if "mean" in row else row["total"] / people
        at = groups.index(group), names.index(row["outcome"]), row.get("period", 0)
        level[:, *at] = mean * 0.9, mean * 1.1
        without[:, *at] = row.get("comparison", 0.0)
        size[group] = people
    return Outcomes.from_draws(
        level,
        without,
        measures=[
            OutcomeMeasure(name, kind="binary" if contract.cap_per_person else "count")
            for name in names
        ],
        periods=contract.periods or Periods(contract.start),
        cohort_size=[list(size.values())] * 2,
        groups=groups,
        provenance=Provenance(
            population=contract.population, price_base=contract.price_base, source="a case"
        ),
    )


PRICES = ("price", "share", "amount", "steps", "bands", "then")
LIMITS = ("cap", "cap_per_person", "baseline", "prediction", "at_least", "steps", "bands", "floor")


def raised(key, value):
    """Return another value of an input: of a table, later thresholds and larger amounts."""
    if key.startswith("only|"):
        return round(value / 2, 6)  # shares of people, of all of them at most
    if isinstance(value, tuple):
        return tuple((round(low * 1.03, 6), round(paid * 1.13 + 0.07, 4)) for low, paid in value)
    return round(value * 1.13 + 0.07, 4)


def changes(contract, outcomes):
    """Return three changes: a price, a cap or threshold and an outcome; each moves what is paid."""
    scenario = central(contract, outcomes)
    plain = scenario.totals()
    known = {**scenario.inputs, **scenario.parameters}
    term = {key: key.partition("@")[0].rpartition(".")[2] for key in scenario.parameters}
    limits = sorted(term, key=lambda key: LIMITS.index(term[key]) if term[key] in LIMITS else 99)
    kinds = (
        [key for key in term if term[key] in PRICES],
        [key for key in limits if term[key] in LIMITS or key.startswith("limit ")],
        [key for key in scenario.inputs if not key.startswith("people|")],
    )
    found = {}
    for keys in kinds:
        free = [key for key in keys if key not in found]
        moving = (
            key
            for key in free
            if scenario.changed({key: raised(key, known[key].value)}).totals() != plain
        )
        # Behind a gate, all or nothing, some terms move nothing: change one all the same.
        key = next(moving, free[0])
        found[key] = raised(key, known[key].value)
    return found, scenario.changed(found).totals()


def some_generated():
    """Return the first generated contracts with amendments, limits and an early end."""
    for part in ("amendments", "limits", "termination"):
        for seed in range(6000, 6100):
            data, rows = make(seed)
            outcomes = as_outcomes(data, rows)
            contract = load(OutcomesContract, data)
            dues = payments(contract, outcomes, "expected").amount["due"]
            if data.get(part) and len(dues) > 3:
                yield part, (contract, outcomes)
                break


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """For each contract: three changes, the totals that they give, and the recalculated file."""
    folder = tmp_path_factory.mktemp("books")
    made = run(tmp_path_factory.mktemp("run"), "nsw", closed_form)
    agreed = dict(some_generated())
    for name in EXAMPLES:
        contract = OutcomesContract.from_yaml(ROOT / f"examples/contracts/{name}.yaml")
        rows = next(case["results"] for case in CASES if case["contract"] == name)
        agreed[name] = contract, certain(contract, rows)
    capped, found = agreed["dwp_innovation_fund"]
    apart = dataclasses.replace(capped.evaluation, dependence="independent")
    agreed[INDEPENDENT] = dataclasses.replace(capped, evaluation=apart), found
    expected, files = {}, []
    for name, (contract, outcomes) in agreed.items():
        result = dataclasses.replace(
            made,
            assessment=None,
            outcomes=outcomes,
            paid_on=outcomes,
            payments=payments(contract, outcomes, "expected"),
            savings=None,
        )
        expected[name] = changes(contract, outcomes)
        path = written(result, folder / name)
        files.append(altered(path, expected[name][0], folder / "changed" / f"{name}.xlsx"))
    share = next(key for key in expected[INDEPENDENT][0] if key.startswith("only|"))
    wrong = folder / INDEPENDENT / "workbook.xlsx"
    files.append(altered(wrong, {share: 1.5}, folder / "changed" / f"{CROWDED}.xlsx"))
    expected[CROWDED] = {share: 1.5}, {}
    convert(program("libreoffice"), folder / "after", "xlsx", *files)
    return {
        name: (*one, openpyxl.load_workbook(folder / "after" / f"{name}.xlsx", data_only=True))
        for name, one in expected.items()
    }


@pytest.mark.slow
@pytest.mark.libreoffice
@pytest.mark.parametrize("name", [*EXAMPLES, *OTHERS])
def test_a_contract_is_live_to_the_cent_after_three_changes(books, name):
    changed, expected, book = books[name]
    assert len(changed) == 3
    assert totals_of(book)["contract"] == pytest.approx(expected, abs=CENT)
    assert verdict(book).startswith("PASS (")


@pytest.mark.slow
@pytest.mark.libreoffice
def test_combinations_of_more_people_than_there_are_fail_the_checks(books):
    changed, _, book = books[CROWDED]
    assert list(changed.values()) == [1.5]
    assert verdict(book) == "FAIL"
    rows = list(book["Checks"].iter_rows(values_only=True))
    (row,) = (row for row in rows if row[0] == "Sum of the shares of people")
    assert row[1] > 0.5
    assert row[4] == "FAIL"


def test_every_example_has_a_published_case():
    assert set(EXAMPLES) == {case["contract"] for case in CASES}
    assert len(EXAMPLES) >= 15

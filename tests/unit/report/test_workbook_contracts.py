"""Every example contract in the workbook: live formulas, right to the cent after three changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from impactmodel.contract import OutcomesContract, central, payments
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import load
from impactmodel.core.yaml import Document
from tests.property.generated import make
from tests.property.test_generated_contracts import as_outcomes
from tests.unit.report.test_workbook import CENT, recalculated, run, totals_of, verdict, written

ROOT = Path(__file__).parents[3]
CASES = Document.read(ROOT / "tests/cases/contracts.yaml").data
EXAMPLES = sorted(path.stem for path in (ROOT / "examples/contracts").glob("*.yaml"))
# A cap per person over all clauses is no formula of expected outcomes: values only.
NO_FORMULA = {"dwp_innovation_fund"}


def certain(contract: OutcomesContract, rows: list[dict]) -> Outcomes:
    """Return the results of a case as two draws around them."""
    groups = list(dict.fromkeys(row.get("group", "all") for row in rows))
    names = list(contract.outcomes)
    count = contract.periods.count if contract.periods else 1
    level = np.zeros((2, len(groups), len(names), count))
    without = np.zeros_like(level)
    size = dict.fromkeys(groups, 0)
    for row in rows:
        people = row.get("people", 100)
        group = row.get("group", "all")
        mean = row["mean"] if "mean" in row else row["total"] / people
        at = groups.index(group), names.index(row["outcome"]), row.get("period", 0)
        level[:, *at] = mean * 0.9, mean * 1.1
        without[:, *at] = row.get("comparison", 0.0)
        size[group] = people
    return Outcomes.from_draws(
        level,
        without,
        measures=[OutcomeMeasure(name, kind="count") for name in names],
        periods=contract.periods or Periods(contract.start),
        cohort_size=[list(size.values())] * 2,
        groups=groups,
        provenance=Provenance(
            population=contract.population, price_base=contract.price_base, source="a case"
        ),
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run whose contract is replaced by each example."""

    def few(data):
        data["draws"] = 500
        data["design"] = {"type": "experiment", "adjust": False}

    return run(tmp_path_factory.mktemp("run"), "nsw", few)


def changes(contract, outcomes):
    """Return three changes: people, an outcome and a term; each moves what is paid."""
    scenario = central(contract, outcomes)
    plain = scenario.totals()
    found = {}
    kinds = (
        [key for key in scenario.inputs if key.startswith("people|")],
        [key for key in scenario.inputs if not key.startswith("people|")],
        list(scenario.parameters),
    )
    known = {**scenario.inputs, **scenario.parameters}
    for keys in kinds:
        for key in keys:
            value = known[key].value
            if isinstance(value, float | int):
                new = round(value * 1.13 + 0.07, 4)
                found[key] = new
                if scenario.changed({key: new}).totals() != plain:
                    break
                del found[key]
        else:
            # Behind a gate, all or nothing, most inputs move nothing: change one all the same.
            number = next((k for k in keys if isinstance(known[k].value, float | int)), None)
            found |= {number: round(known[number].value * 1.13 + 0.07, 4)} if number else {}
    return found, scenario.changed(found).totals()


def assert_live(made, contract, outcomes, libreoffice, folder):
    """The workbook follows three changes to the cent, and its checks pass."""
    result = dataclasses.replace(
        made,
        outcomes=outcomes,
        paid_on=outcomes,
        payments=payments(contract, outcomes, "expected"),
        savings=None,
    )
    path = written(result, folder / "made")
    changed, expected = changes(contract, outcomes)
    assert len(changed) == 3
    book = recalculated(libreoffice, path, folder / "after", changed)
    assert totals_of(book)["contract"] == pytest.approx(expected, abs=CENT)
    assert verdict(book).startswith("PASS")


@pytest.mark.slow
@pytest.mark.libreoffice
@pytest.mark.parametrize("name", [n for n in EXAMPLES if n not in NO_FORMULA])
def test_an_example_is_live_to_the_cent_after_three_changes(made, name, libreoffice, tmp_path):
    contract = OutcomesContract.from_yaml(ROOT / f"examples/contracts/{name}.yaml")
    rows = next(case["results"] for case in CASES if case["contract"] == name)
    assert_live(made, contract, certain(contract, rows), libreoffice, tmp_path)


# The first seeds whose contracts have amendments, or limits in each year or period.
@pytest.mark.slow
@pytest.mark.libreoffice
@pytest.mark.parametrize("part", ["amendments", "limits", "termination"])
def test_a_generated_contract_is_live_to_the_cent(made, part, libreoffice, tmp_path):
    for seed in range(6000, 6100):
        data, rows = make(seed)
        outcomes = as_outcomes(data, rows)
        contract = load(OutcomesContract, data)
        if data.get(part) and len(payments(contract, outcomes, "expected").amount["due"]) > 3:
            break
    assert data.get(part)
    assert_live(made, contract, outcomes, libreoffice, tmp_path)


def test_every_example_has_a_published_case():
    assert set(EXAMPLES) == {case["contract"] for case in CASES}
    assert len(EXAMPLES) >= 15

"""Every case of contracts.yaml settles, explains itself and gives the same in Excel."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from xlsxwriter.utility import xl_col_to_name

from impactmodel.contract import OutcomesContract, describe, person_rule, reconcile, settle
from impactmodel.contract.compile import clause_rule
from impactmodel.core.rule import describe as rule_in_words
from impactmodel.core.rule import excel, inputs
from impactmodel.core.yaml import Document
from tests.spreadsheet import recalculate

ROOT = Path(__file__).parents[2]
CASES = Document.read(Path(__file__).with_name("contracts.yaml")).data
IDS = [f"{case['contract']}-{case['total']}" for case in CASES]


def settled(case):
    contract = OutcomesContract.from_yaml(ROOT / "examples/contracts" / f"{case['contract']}.yaml")
    return settle(contract, pd.DataFrame(case["results"]))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_settles_to_the_published_amount(case):
    settlement = settled(case)
    assert settlement.total == Decimal(str(case["total"]))
    assert sum(settlement.by_payer().values()) == settlement.total


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_explains_every_clause_in_words(case):
    settlement = settled(case)
    for clause in settlement.contract.clauses:
        text = settlement.explain(clause.name)
        assert text.startswith(f"{clause.name}, period 0: ")
        assert "paid: " in text
        assert settlement.contract.currency in text
    terms = describe(settlement.contract)
    assert all(clause.payer.replace("_", " ") in terms for clause in settlement.contract.clauses)


def test_reconciliation_finds_the_one_line_that_differs():
    case = next(c for c in CASES if "claimed" in c)
    settlement = settled(case)
    claim = {line.clause: line.paid for line in settlement.lines} | {
        k: Decimal(v) for k, v in case["claimed"].items()
    }
    table = pd.DataFrame({"clause": list(claim), "paid": [float(v) for v in claim.values()]})
    (difference,) = reconcile(settlement, table)
    assert difference.clause == case["differs"]
    assert sum(claim.values()) == 848540
    assert difference.text == (
        "metric_17: computed 4620 for 21 units, claimed 4400; the claim is under by 220 GBP, "
        "-1 units at 220"
    )
    honest = table.assign(paid=[float(line.paid) for line in settlement.lines])
    assert reconcile(settlement, honest) == ()


@pytest.mark.libreoffice
@pytest.mark.parametrize(
    "case",
    [c for c in CASES if "person" not in c["results"][0]],
    ids=[i for i, c in zip(IDS, CASES, strict=True) if "person" not in c["results"][0]],
)
def test_excel_formula_gives_the_same_payment(case, libreoffice, tmp_path):
    settlement = settled(case)
    sheet: dict[str, float | str] = {}
    expected = []
    for row, line in enumerate(settlement.lines, start=1):
        assert line.trail is not None
        clause = settlement.contract.clause(line.clause)
        rule = clause_rule(settlement.contract, clause, line.period)
        cells = {}
        for column, name in enumerate(sorted(inputs(rule)), start=1):
            cell = f"{xl_col_to_name(column)}{row}"
            cells[name] = cell
            sheet[cell] = float(line.facts[name])
        sheet[f"A{row}"] = excel(rule, cells)
        expected.append(float(line.amount))
    values = recalculate(libreoffice, tmp_path, sheet)
    rounds = settlement.contract.rounds
    found = [rounds.apply(Decimal(repr(values[f"A{r}"]))) for r in range(1, len(expected) + 1)]
    assert [float(amount) for amount in found] == expected


@pytest.mark.libreoffice
def test_the_cap_per_person_is_a_formula_too(libreoffice, tmp_path):
    case = next(c for c in CASES if c["contract"] == "dwp_innovation_fund")
    settlement = settled(case)
    rule = person_rule(settlement.contract)
    names = sorted(inputs(rule))
    cells = {name: f"B{row}" for row, name in enumerate(names, start=1)}
    quantity = {f"{r['outcome']}.total": float(r["quantity"]) for r in case["results"]}
    sheet: dict[str, float | str] = {cells[name]: quantity[name] for name in names}
    sheet["A1"] = excel(rule, cells)
    assert recalculate(libreoffice, tmp_path, sheet)["A1"] == 8200.0 == float(settlement.total)
    # Without the cap the same person would earn 9,800 by the published tariff.
    uncapped = replace(settlement.contract, cap_per_person=None)
    sheet["A1"] = excel(person_rule(uncapped), cells)
    assert recalculate(libreoffice, tmp_path, sheet)["A1"] == 9800.0
    text = rule_in_words(rule)
    assert text.startswith("the smallest of")
    assert "8,200" in text

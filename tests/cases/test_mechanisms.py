"""One case file for each mechanism: terms, results and what is paid by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from impactmodel.contract import OutcomesContract, count_spells, describe, settle
from impactmodel.core.spec import load
from impactmodel.core.yaml import Document

FILES = sorted(Path(__file__).with_name("mechanisms").glob("*.yaml"))
HEAD = {"name": "A case", "currency": "EUR", "start": "2024-01-01"}
CASES = [
    pytest.param(path, n, id=f"{path.stem}-{n}")
    for path in FILES
    for n in range(len(Document.read(path).data["cases"]))
]


@pytest.mark.parametrize(("path", "number"), CASES)
def test_a_mechanism_pays_what_was_computed_by_hand(path, number):
    data = Document.read(path).data
    contract = load(OutcomesContract, HEAD | data["contract"])
    case = data["cases"][number]
    if "spells" in case:
        results = count_spells(contract, pd.DataFrame(case["spells"]), case["until"])
    else:
        results = pd.DataFrame(case["results"])
    settled = settle(contract, results)
    assert settled.total == Decimal(str(case["total"]))
    owed = {payer: Decimal(amount) for payer, amount in case.get("by_payer", {}).items()}
    assert owed.items() <= settled.by_payer().items()
    gained = {party: Decimal(amount) for party, amount in case.get("by_party", {}).items()}
    assert gained.items() <= settled.by_party().items()
    assert sum(settled.by_party().values()) == 0
    for day, amount in case.get("dates", {}).items():
        paid = [line.paid for line in settled.lines if str(line.day) == str(day)]
        assert sum(paid) == amount
    assert all(clause.payer.replace("_", " ") in describe(contract) for clause in contract.clauses)


def test_every_mechanism_of_the_language_has_a_case():
    text = "".join(path.read_text() for path in FILES)
    kinds = ("rate", "share", "steps", "bands", "fixed", "cost_share", "recovery", "gate", "sum")
    assert all(f"type: {kind}" in text for kind in (*kinds, "each_group", "limited", "card"))

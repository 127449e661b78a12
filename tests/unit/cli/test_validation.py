"""Commands that validate public savings: files in, sentences and exit codes out."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from impactmodel.case import Case
from impactmodel.cli.main import status
from impactmodel.core.spec import dump
from impactmodel.fiscal import Person
from impactmodel.running import run_case
from tests.evidence import published_job

PUBLISHED = Path(__file__).parents[2] / "cases" / "fiscal" / "published.yaml"


@pytest.fixture
def case(tmp_path):
    """A stranger's case: 250 people in training, half a year before the first follow-up year."""
    person = Person(wage=2300.0, age=45.0, benefit="labour_market_subsidy", paid_days=90.0)
    data = {
        "name": "Training in a small town",
        "draws": 100,
        "evidence": published_job("2023-01-01", 1, people=250, estimate=0.12, se=0.02, level=0.3),
        "public": {"type": "rules", "persons": [dump(person, defaults=False)]},
    }
    path = tmp_path / "case.yaml"
    path.write_text(json.dumps(data, default=str))
    return path


@pytest.fixture
def sheet(case, tmp_path):
    saved = run_case(Case.from_yaml(case)).savings
    view = saved.ledger.view("payer", "line", "year", payers=saved.ledger.public_payers)
    frame = view.mean("draw").to_series().rename("amount").reset_index()
    path = tmp_path / "theirs.csv"
    frame[frame["amount"].abs() > 1e-9].round({"amount": 2}).to_csv(path, index=False)
    return path


def test_reconcile_names_the_cause_and_writes_the_bridge(case, sheet, tmp_path, capsys):
    frame = pd.read_csv(sheet)
    frame[frame["line"] != "employer_pension"].to_csv(sheet, index=False)
    missing = frame.loc[frame["line"] == "employer_pension", "amount"].sum()
    out = tmp_path / "bridge"
    assert status(["reconcile", str(case), str(sheet), "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (step, rest) = said["steps"]
    assert (step["cause"], step["text"]) == (
        "scope",
        "not in the sheet: pension_insurers, employer_pension",
    )
    assert float(step["amount"]) == pytest.approx(missing, abs=0.01)
    assert abs(float(rest["amount"])) < 0.2
    assert pd.read_csv(out / "bridge.csv")["text"].tolist() == [step["text"], rest["text"]]
    assert "Reconciliation: Training in a small town" in (out / "bridge.html").read_text()
    assert status(["reconcile", str(case), str(sheet)]) == 0
    assert "their total" in capsys.readouterr().out


def test_reconcile_refuses_a_case_without_rules(case, sheet, capsys):
    data = json.loads(case.read_text())
    del data["public"]
    case.write_text(json.dumps(data))
    assert status(["reconcile", str(case), str(sheet)]) == 2
    assert "give a public side of type rules" in capsys.readouterr().err


def test_run_cases_prints_a_line_for_each_amount(tmp_path, capsys):
    assert status(["run-cases", str(PUBLISHED)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "8 of 8 amounts of 3 cases agree."
    assert all(line.startswith("PASS ") for line in said[:-1])
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(PUBLISHED.read_text().replace("amount: 30000", "amount: 30001"))
    assert status(["run-cases", str(wrong)]) == 1
    said = capsys.readouterr().out
    assert (
        "FAIL a year of subsidy against a wage of 30,000 euros, 2024, Helsinki: gross_wage" in said
    )
    assert "7 of 8 amounts" in said


def test_check_parameters_says_what_is_stale(tmp_path, capsys):
    assert status(["check-parameters", "--on", "2026-05-01"]) == 0
    assert "Passed: no gap in the covered dates." in capsys.readouterr().out
    assert status(["check-parameters", "--on", "2027-01-01"]) == 1
    assert "covered to 2026-12-31, used on 2027-01-01" in capsys.readouterr().out
    assert status(["check-parameters", "--on", "May"]) == 2
    assert "write YYYY-MM-DD" in capsys.readouterr().err
    reform = tmp_path / "reform.yaml"
    reform.write_text(
        "name: More\nchanges:\n  - {parameter: benefit.basic_daily_amount, "
        "valid_from: 2025-01-01, value: 50}\n"
    )
    arguments = ["check-parameters", "--on", "2026-04-01", "--reform", str(reform), "--json"]
    assert status(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    last = found["checks"][-1]
    assert last["verdict"] == "warning"
    assert "benefit.basic_daily_amount from 2025-01-01: REFORM “More”" in last["findings"]


def test_example_grid_writes_a_csv_and_marks_a_reform(tmp_path, capsys):
    grid = tmp_path / "grid.yaml"
    grid.write_text(
        "years: [2025]\nwages: [2000]\nmonths_employed: [0]\nbenefits: [labour_market_subsidy]\n"
        "households: {single: {rent: 500}}\n"
    )
    reform = tmp_path / "reform.yaml"
    reform.write_text(
        "name: More\nchanges:\n  - {parameter: benefit.basic_daily_amount, "
        "valid_from: 2025-01-01, value: 50}\n"
    )
    assert status(["example-grid", str(grid), "--reform", str(reform)]) == 0
    out = capsys.readouterr()
    (row,) = csv.DictReader(io.StringIO(out.out))
    assert float(row["unemployment_benefit"]) == 258 * 50
    assert "REFORM “More”" in out.err

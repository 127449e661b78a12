"""The workbook, recalculated by LibreOffice, against the library's central scenario."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from impactmodel import run_case
from impactmodel.case import Case
from impactmodel.contract import central as contract_central
from impactmodel.contract import person_caps
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.yaml import Document
from impactmodel.fiscal import Person, RuleSide, UnitValue, UnitValues, savings
from impactmodel.report import workbook
from impactmodel.report.workbook import SHEETS
from tests.spreadsheet import convert

ROOT = Path(__file__).parents[3]
CENT = 0.005
HEADINGS = {
    "What the contract pays": "contract",
    "Public savings": "savings",
    "Net position: savings less payments and costs": "net",
}
VALUE_COLUMN = {"Parameters": 4, "Assumptions": 4}


def run(folder, example, change=dict):
    data = Document.read(ROOT / f"examples/{example}/case.yaml").data
    change(data)
    path = folder / "case.yaml"
    path.write_text(json.dumps(data, default=str))
    return run_case(Case.from_yaml(path))


def closed_form(data):
    data["design"] = {"type": "experiment", "adjust": False}
    data["draws"] = 500


def few(data):
    data["draws"] = 500


def strange(data):
    """Another currency, payers, dates and names that a spreadsheet could take for formulas."""
    job, pay = "=1+1", 'wage "net" of tax'
    data["name"] = '=HYPERLINK("x")'
    data["draws"] = 400
    data["evidence"] = {
        "type": "published",
        "published": {
            "study": {
                "citation": "=cmd|' /C calc'!A0",
                "estimand": "ITT",
                "population": "assigned",
                "design": "=design",
                "verified": False,
            },
            "periods": {"start": "2031-07-01", "step": "year", "count": 2},
            "cohort_size": 120,
            "estimates": [
                {
                    "outcome": {"name": job, "kind": "binary", "label": "+job, 'kept'"},
                    "estimate": 0.11,
                    "periods": [n, n],
                    "uncertainty": {"type": "standard_error", "se": 0.02},
                    "level": {"mean": 0.3},
                }
                for n in (1, 2)
            ]
            + [
                {
                    "outcome": {"name": pay, "kind": "amount", "unit": "NOK/year"},
                    "estimate": 4000 * n,
                    "periods": [n, n],
                    "uncertainty": {"type": "standard_error", "se": 900},
                    "level": {"mean": 150000, "person_sd": 60000},
                }
                for n in (1, 2)
            ],
        },
    }
    data["contract"] = {
        "name": "@contract",
        "currency": "NOK",
        "start": "2031-07-01",
        "cap": 700000,
        "evaluation": {"comparison_size": 90, "lag_months": 5},
        "clauses": [
            {
                "name": "=SUM(A1)",
                "outcome": job,
                "basis": {"type": "above_baseline", "baseline": 0.3},
                "payment": {"type": "rate", "price": 30000},
                "payer": "city of 'Æ|ø'",
                "cap": 500000,
            },
            {
                "name": '-pay & "more"',
                "outcome": pay,
                "basis": {"type": "measured_impact"},
                "payment": {"type": "bands", "table": [[0, 0.2], [400000, 0.4]], "scale": "total"},
                "payer": "=state",
            },
        ],
    }
    data["view"] = "expected"
    data["public"] = {
        "type": "unit_values",
        "currency": "NOK",
        "discount_rate": 0.04,
        "fade_out": 0.1,
        "deadweight": 0.05,
        "values": [
            {
                "line": "=tax",
                "outcome": pay,
                "value": 0.3,
                "payer": "=state",
                "counterparty": "participant",
            },
            {"line": "+service", "outcome": job, "value": 9000, "payer": "city of 'Æ|ø'"},
        ],
    }
    for key in ("funding", "beside", "budget", "sensitivity", "targets", "translations", "notes"):
        data.pop(key, None)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return {
        "nsw": run(tmp_path_factory.mktemp("nsw"), "nsw", closed_form),
        "koto_sib": run(tmp_path_factory.mktemp("koto"), "koto_sib", few),
        "strange": run(tmp_path_factory.mktemp("strange"), "koto_sib", strange),
        "rules": two_persons(),
        "ips": run(tmp_path_factory.mktemp("ips"), "ips", few),
        "allowance": three_on_allowances(),
    }


def at_work(persons, month, label, months=15):
    """Savings by rules of persons from a month of 2024 on, ever more of them in work."""
    worked = np.linspace(0.3, 0.6, months)
    draws = Outcomes.from_draws(
        np.stack([worked, worked + 0.1])[:, None, None, :],
        np.full((2, 1, 1, months), 0.25),
        measures=[OutcomeMeasure("job", kind="binary", channel="employment")],
        periods=Periods(dt.date(2024, month, 1), "month", months),
        cohort_size=[[100.0], [120.0]],
        provenance=Provenance(source=label),
    )
    return savings(draws, RuleSide(persons=persons, driver="job", label=label), seed=1)


def two_persons():
    """Two persons, a year that starts in autumn, the law of 2025 inside."""
    subsidy = {"benefit": "labour_market_subsidy", "municipality": "helsinki"}
    persons = (
        Person(wage=2500.0, age=34.0, paid_days=250.0, weight=0.7, **subsidy),
        Person(wage=3900.0, age=55.0, paid_days=690.0, weight=0.3, children=2.0, **subsidy),
    )
    return at_work(persons, 10, "two persons")


def three_on_allowances():
    """Earnings-related allowance that ends, part-time work on subsidy with a rent, a lay-off."""
    related = {"benefit": "earnings_related", "municipality": "helsinki"}
    persons = (
        Person(
            wage=2900.0, age=41.0, previous_wage=3200.0, paid_days=230.0, maximum_days=300.0,
            rent=760.0, weight=0.5, **related,
        ),
        Person(
            wage=2300.0, age=28.0, benefit="labour_market_subsidy", part_time_wage=600.0,
            rent=690.0, children=1.0, sole_carer=1.0, municipality_group="others", weight=0.3,
        ),
        Person(
            wage=3500.0, age=50.0, previous_wage=3500.0, benefit_ground="lay_off", weight=0.2,
            **related,
        ),
    )  # fmt: skip
    return at_work(persons, 7, "three persons", months=8)


def centrals(result):
    """The scenarios that the sheet must agree with, from the library's own functions."""
    if not hasattr(result, "savings"):
        return {"savings": result.central()}
    paid = {"contract": contract_central(result.payments.contract, result.paid_on)}
    return paid | ({"savings": result.savings.central()} if result.savings else {})


def written(result, folder):
    folder.mkdir(exist_ok=True)
    return workbook(result, path=folder / "workbook.xlsx")


def altered(path, changes, target):
    """Change cells of a file by their keys and save it elsewhere."""
    book = openpyxl.load_workbook(path)
    for key, value in changes.items():
        (cell,) = [
            sheet.cell(row[0].row, VALUE_COLUMN[name])
            for name in VALUE_COLUMN
            for sheet in [book[name]]
            for row in sheet.iter_rows()
            if row[-1].value == key
        ]
        rows = value if isinstance(value, tuple) else ((None, value),)
        for place, (start, number) in enumerate(rows):
            assert cell.offset(place).fill.start_color.rgb == "FFFFF2CC"
            cell.offset(place).value = number
            if start is not None:
                cell.offset(place, -1).value = start
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)
    return target


def recalculated(libreoffice, path, folder, changes=None):
    """Change cells of the file by their keys, recalculate it and read the values."""
    changed = altered(path, changes or {}, folder / "changed" / "workbook.xlsx")
    convert(libreoffice, folder, "xlsx", changed)
    return openpyxl.load_workbook(folder / "workbook.xlsx", data_only=True)


def totals_of(book):
    """The results of every last block on the sheet Calculation, by part."""
    found, part = {}, ""
    for row in book["Calculation"].iter_rows(min_row=5):
        part = HEADINGS.get(row[0].value, part)
        key = row[4].value
        if isinstance(key, str) and key.startswith("totals/"):
            found.setdefault(part, {})[key.removeprefix("totals/")] = row[2].value
    return found


def verdict(book):
    return book["Checks"]["B5"].value


CHANGES = {
    "nsw": {
        "people|all": 300.0,
        "re78|treated|all|0": 9000.0,
        "additional_jobs.price": 6500.0,
        "cap": 500_000.0,
    },
    "koto_sib": {
        "taxes|treated|all|0": 2000.5,
        "value|1": 0.9,
        "taxes_and_transfers.share": 0.25,
        "discount|0": 0.5,
    },
    "strange": {
        "=SUM(A1).baseline": 0.2,
        "cap": 150_000.0,
        "=1+1|treated|all|1": 0.9,
        '-pay & "more".bands': ((10.0, 0.5), (300_000.0, 0.75)),
        "displacement": 0.2,
    },
    "rules": {
        "person1|wage": 3100.0,
        "municipal_tax.rate.helsinki|2025-01-01": 0.08,
        "people|all": 40.0,
        "person2|paid_days": 10.0,
    },
    "ips": {
        "job|treated|all|0": 0.7,
        "additional_jobs.price": 4321.0,
        "cap": 50_000.0,
    },
    "allowance": {
        "person1|paid_days_of_the_period": 290.0,
        "person1|rent": 640.0,
        "person2|part_time_wage": 450.0,
        "person3|previous_wage": 2800.0,
    },
}


@pytest.mark.slow
@pytest.mark.libreoffice
@pytest.mark.parametrize("name", CHANGES)
def test_recalculated_it_is_the_central_scenario_to_the_cent(name, results, libreoffice, tmp_path):
    path = written(results[name], tmp_path / "made")
    before = recalculated(libreoffice, path, tmp_path / "before")
    after = recalculated(libreoffice, path, tmp_path / "after", CHANGES[name])
    assert_stored_values_are(before, path)
    scenarios = centrals(results[name])
    assert (verdict(before), verdict(after)) == ("PASS", f"PASS ({_cells(CHANGES[name])} changed)")
    for part, central in scenarios.items():
        known = {**central.inputs, **central.parameters}
        changes = {key: value for key, value in CHANGES[name].items() if key in known}
        assert len(changes) >= 2
        plain, changed = central.totals(), central.changed(changes).totals()
        assert totals_of(before)[part] == pytest.approx(plain, abs=CENT)
        assert totals_of(after)[part] == pytest.approx(changed, abs=CENT)
        assert changed != pytest.approx(plain, abs=1.0)


def _cells(changes):
    return sum(2 * len(v) if isinstance(v, tuple) else 1 for v in changes.values())


def assert_stored_values_are(fresh, path):
    """Every number that the file stores is the one that recalculation gives."""
    count = 0
    for sheet in openpyxl.load_workbook(path, data_only=True):
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, (int, float)):
                    count += 1
                    again = fresh[sheet.title][cell.coordinate].value
                    assert again == pytest.approx(cell.value, rel=1e-9, abs=1e-6), cell.coordinate
    assert count > 50


@pytest.mark.libreoffice
def test_a_wrong_formula_fails_the_checks(results, libreoffice, tmp_path):
    path = written(results["nsw"], tmp_path / "made")
    book = openpyxl.load_workbook(path)
    (cell,) = [
        row[2]
        for row in book["Calculation"].iter_rows()
        if row[4].value == "totals/income_tax|state|1978"
    ]
    cell.value = f"{cell.value}+1"
    book.save(path)
    fresh = recalculated(libreoffice, path, tmp_path / "fresh")
    assert verdict(fresh) == "FAIL"


def test_the_net_position_is_savings_less_payments_in_present_value(results, tmp_path):
    result = results["nsw"]
    book = openpyxl.load_workbook(written(result, tmp_path), data_only=True)
    found, net = centrals(result), totals_of(book)["net"]
    # One payment in 1980, two years after the first year of the ledger, at 3 %.
    paid = found["contract"].totals()["state"] / 1.03**2
    saved = found["savings"].totals()["state"]
    assert net["paid|state"] == pytest.approx(paid, abs=CENT)
    # Evaluation in 1980, procurement in 1978, administration in 1979.
    spent = 30_000 / 1.03**2 + 10_000 + 8_000 / 1.03
    assert net["spent|state"] == pytest.approx(spent, abs=CENT)
    assert net["net|state"] == pytest.approx(saved - paid - spent, abs=CENT)


@pytest.mark.parametrize("name", CHANGES)
def test_it_has_the_eight_sheets_and_every_statement(name, results, tmp_path):
    result = results[name]
    book = openpyxl.load_workbook(written(result, tmp_path))
    assert tuple(book.sheetnames) == SHEETS
    said = {cell.value for row in book["Assumptions"].iter_rows() for cell in row}
    for text in (*result.assumptions, *getattr(result, "warnings", ())):
        assert text in said
    for sheet in book:
        assert sheet.freeze_panes is not None
        assert sheet.page_setup.orientation == "landscape"


def test_what_a_case_names_is_text_and_no_formula(results, tmp_path):
    book = openpyxl.load_workbook(written(results["strange"], tmp_path))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    texts = {cell.value for cell in cells if cell.data_type == "s"}
    formulas = [cell.value for cell in cells if cell.data_type == "f"]
    assert {"=tax", "=state", "+service", "=cmd|' /C calc'!A0"} <= texts
    assert formulas
    assert not [f for f in formulas if "cmd" in f or "HYPERLINK" in f or "SUM(A1)" in f]
    assert not [cell for cell in cells if cell.hyperlink and cell.hyperlink.target]


def test_unverified_values_are_marked(results, tmp_path):
    book = openpyxl.load_workbook(written(results["rules"], tmp_path))
    central = results["rules"].central()
    rows = list(book["Parameters"].iter_rows(min_row=5, values_only=True))
    marked = {row[11] for row in rows if row[8] == "UNVERIFIED"}
    assert marked == {key for key, one in central.parameters.items() if not one.verified}
    assert marked
    assert {row[11] for row in rows if row[8] == "verified"} == set(central.parameters) - marked


def test_the_uncertainty_is_that_of_the_draws(results, tmp_path):
    result = results["koto_sib"]
    book = openpyxl.load_workbook(written(result, tmp_path), data_only=True)
    rows = list(book["Uncertainty"].iter_rows(values_only=True))
    at = [row[0] for row in rows].index(
        "Net position, present value: savings less payments and costs"
    )
    assert rows[at + 1][2:8] == (
        "Mean", "Standard deviation", "P5", "P50", "P95", "P(pays more than it saves)"
    )  # fmt: skip
    draws = result.net.by_payer()["state"]
    expected = [draws.mean(), draws.std(ddof=1), *np.quantile(draws, [0.05, 0.5, 0.95])]
    assert list(rows[at + 2][2:7]) == pytest.approx(expected)
    assert rows[at + 2][7] == pytest.approx((draws < 0).mean())
    titles = [row[0] for row in rows if row[0]]
    assert any(title.startswith("The rules at expected months") for title in titles)
    assert "the 90% equal-tailed interval" in titles[1]


def test_payments_that_are_no_formula_are_values_and_the_sheet_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(person_caps, "MOST_COMBINATIONS", 0)

    def capped(data):
        few(data)
        data["contract"]["clauses"] = data["contract"]["clauses"][:1]
        data["contract"]["cap_per_person"] = 1400

    result = run(tmp_path, "koto_sib", capped)
    book = openpyxl.load_workbook(written(result, tmp_path), data_only=True)
    assert set(totals_of(book)) == {"savings"}
    said = [str(row[0]) for row in book["Checks"].iter_rows(values_only=True)]
    assert any(
        "no formulas: the payments of the contract: cap_per_person: one person's outcomes combine "
        "in too many ways" in text
        for text in said
    )
    shown = [row[0] for row in book["Uncertainty"].iter_rows(values_only=True)]
    assert "Outcome payments, undiscounted" in shown


@pytest.mark.slow
@pytest.mark.libreoffice
def test_many_groups_and_periods_fit_into_excels_formulas(libreoffice, tmp_path):
    rng = np.random.default_rng(3)
    groups = tuple(f"group {n}" for n in range(300))
    draws = Outcomes.from_draws(
        rng.uniform(0.5, 0.9, (1, 300, 1, 3)),
        rng.uniform(0.1, 0.4, (1, 300, 1, 3)),
        measures=[OutcomeMeasure("pay", kind="amount", unit="EUR/year")],
        periods=Periods(dt.date(2024, 1, 1), "year", 3),
        cohort_size=rng.uniform(1, 9, (1, 300)),
        groups=groups,
        provenance=Provenance(),
    )
    tax = UnitValue("tax", "pay", 0.3, "state", "participant")
    found = savings(draws, UnitValues((tax,), "EUR"), seed=1)
    path = written(found, tmp_path / "made")
    cells = [
        cell.value
        for sheet in openpyxl.load_workbook(path)
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    assert max(map(len, cells)) <= 8_192
    # 300 groups of "people × (with − without)" are about 15,000 characters.
    rows = openpyxl.load_workbook(path)["Calculation"].iter_rows(values_only=True)
    assert [row[4] for row in rows if "part 2" in str(row[4])]
    fresh = recalculated(libreoffice, path, tmp_path / "fresh")
    assert verdict(fresh) == "PASS"
    assert totals_of(fresh)["savings"] == pytest.approx(found.central().totals(), abs=CENT)


def test_a_case_with_evidence_alone_has_the_eight_sheets_too(tmp_path):
    def bare(data):
        closed_form(data)
        for key in ("contract", "funding", "public", "budget"):
            del data[key]

    path = written(run(tmp_path, "nsw", bare), tmp_path)
    book = openpyxl.load_workbook(path, data_only=True)
    assert tuple(book.sheetnames) == SHEETS
    assert verdict(book) == "PASS"
    assert book["Uncertainty"]["A4"].value == "Effect per person, whole cohort and whole time"

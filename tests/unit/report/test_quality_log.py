"""The quality log holds what the run knows, and leaves owners and signatures open."""

import dataclasses
import datetime as dt

import openpyxl

import impactmodel as im
from impactmodel.fiscal import Change, Reform, RuleSide, load_rules, savings
from impactmodel.report.quality_log import ROLES, quality_tables
from tests.unit.fiscal.test_reform import DAILY, PERSON, people

REFORM = Reform("Raised", changes=(Change(DAILY, dt.date(2025, 1, 1), 50.0),))


def logs(saved):
    return {table.title: table for table in quality_tables(None, saved)}


def test_every_assumption_stands_once_and_weak_ones_are_red():
    saved = savings(people(), RuleSide(persons=(PERSON,), reform=REFORM))
    table = logs(saved)["Assumptions log"]
    rows = {row[1]: row for row in table.rows}
    assert set(saved.assumptions) <= set(rows)
    marked = next(row for text, row in rows.items() if text.startswith("REFORM"))
    assert marked[3] == "RED"
    value = next(row for text, row in rows.items() if text.startswith(f"{DAILY} from 2025-01-01"))
    assert value[2:4] == ("Reform “Raised”", "RED")
    assert any(row[3] == "GREEN" for row in table.rows)
    assert {row[4] for row in table.rows} == {""}
    assert [row[0] for row in table.rows] == [f"A{i}" for i in range(1, len(rows) + 1)]


def test_checks_tell_a_stale_value_from_a_good_one():
    good = logs(savings(people(), RuleSide(persons=(PERSON,))))["Checks log"]
    assert "failed" not in {row[1] for row in good.rows}
    assert any(row[0].startswith("ledger: every transfer") for row in good.rows)
    late = savings(people(start="2027-01-01"), RuleSide(persons=(PERSON,), carry_forward=True))
    failed = [row for row in logs(late)["Checks log"].rows if row[1] == "failed"]
    assert [row[0].split(": ")[1] for row in failed] == [
        "the covered dates reach the day of use (stale-by date)"
    ]


def test_data_log_names_the_sources_of_the_values_in_use():
    saved = savings(people(), RuleSide(persons=(PERSON,)))
    named = {row[0] for row in logs(saved)["Data log"].rows}
    used = saved.explainer.months.used.found.values()
    assert named == {load_rules("fi").sources[one.value.source].title for one in used}


def test_the_workbook_has_the_log_and_lines_to_sign(tmp_path):
    saved = savings(people(), RuleSide(persons=(PERSON,)))
    im.report.workbook(dataclasses.replace(saved, label="a test"), path=tmp_path / "w.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "w.xlsx")["Quality log"]
    first = [row[0].value for row in sheet.iter_rows()]
    for role in ROLES:
        at = first.index(role) + 1
        assert sheet.cell(at, 2).value is None

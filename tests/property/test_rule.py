"""For any rule, numpy and Decimal agree, and LibreOffice agrees with both."""

from __future__ import annotations

import csv
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impactmodel.core.rule import (
    Bands,
    Constant,
    Difference,
    Gate,
    Input,
    Maximum,
    Minimum,
    Product,
    Round,
    Rule,
    Share,
    Steps,
    Sum,
    audit,
    describe,
    excel,
    values,
)

numbers = st.integers(-500, 500).map(lambda n: n / 4)
tables = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4, unique_by=lambda r: r[0])
leaves = st.one_of(numbers.map(Constant), st.sampled_from([Input("x"), Input("y")]))


def _grow(inner: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(Sum),
        pairs.map(Product),
        pairs.map(Minimum),
        pairs.map(Maximum),
        pairs.map(lambda p: Difference(*p)),
        st.tuples(st.sampled_from([0.25, 0.5, 1.5]), inner).map(lambda p: Share(*p)),
        inner.map(lambda r: Round(r, 0)),
        st.tuples(inner, tables).map(lambda p: Steps(p[0], sorted(p[1]))),
        st.tuples(inner, tables).map(lambda p: Bands(p[0], sorted(p[1]))),
        st.tuples(inner, st.sampled_from([">=", ">", "<", "<="]), inner, inner, inner).map(
            lambda p: Gate(*p)
        ),
    )


rules = st.recursive(leaves, _grow, max_leaves=6)


@settings(max_examples=300, deadline=None)
@given(rules, numbers, numbers)
def test_numpy_and_decimal_agree(rule: Rule, x: float, y: float) -> None:
    # Quarters and their products are exact in binary, so both readers must agree fully; products
    # of many of them may need more than 53 bits, hence the relative 1e-12.
    got = float(values(rule, {"x": x, "y": y}))
    exact = audit(rule, {"x": x, "y": y}).value
    assert got == pytest.approx(float(exact), rel=1e-12, abs=1e-9)
    assert describe(rule)


@pytest.mark.libreoffice
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_agrees(tmp_path) -> None:
    import xlsxwriter

    found: list[tuple[Rule, float, float]] = []

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(rules, numbers, numbers)
    def collect(rule: Rule, x: float, y: float) -> None:
        found.append((rule, x, y))

    collect()
    path = tmp_path / "rules.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    for row, (rule, x, y) in enumerate(found):
        sheet.write_number(row, 0, x)
        sheet.write_number(row, 1, y)
        sheet.write_formula(row, 2, excel(rule, {"x": f"A{row + 1}", "y": f"B{row + 1}"}))
    book.close()
    profile = tmp_path / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        '<item oor:path="/org.openoffice.Office.Calc/Formula/Load">'
        '<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>'
    )
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false",
            "--outdir",
            str(tmp_path),
            str(path),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    with (tmp_path / "rules.csv").open(newline="") as file:
        cells = [row[2] for row in csv.reader(file)]
    assert len(cells) == len(found) > 100
    for cell, (rule, x, y) in zip(cells, found, strict=True):
        expected = float(audit(rule, {"x": x, "y": y}).value)
        assert float(cell) == pytest.approx(expected, rel=1e-9, abs=1e-6), excel(
            rule, {"x": "A1", "y": "B1"}
        )

"""For any rule, numpy and Decimal agree, and LibreOffice agrees with both."""

from __future__ import annotations

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
from tests.spreadsheet import recalculate

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
        st.tuples(inner, st.sampled_from(["half_up", "half_even", "down", "up"])).map(
            lambda p: Round(p[0], 0, p[1])
        ),
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
def test_libreoffice_agrees(libreoffice, tmp_path) -> None:
    found: list[tuple[Rule, float, float]] = []

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(rules, numbers, numbers)
    def collect(rule: Rule, x: float, y: float) -> None:
        found.append((rule, x, y))

    collect()
    cells: dict[str, float | str] = {}
    for row, (rule, x, y) in enumerate(found, start=1):
        formula = excel(rule, {"x": f"A{row}", "y": f"B{row}"})
        cells |= {f"A{row}": x, f"B{row}": y, f"C{row}": formula}
    values_of = recalculate(libreoffice, tmp_path, cells)
    assert len(found) > 100
    for row, (rule, x, y) in enumerate(found, start=1):
        expected = float(audit(rule, {"x": x, "y": y}).value)
        assert values_of[f"C{row}"] == pytest.approx(expected, rel=1e-9, abs=1e-6), cells[f"C{row}"]

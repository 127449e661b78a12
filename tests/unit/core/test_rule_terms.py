"""Named terms of a rule: given anew, every computing reader takes them; rewriting keeps meaning."""

from decimal import Decimal

import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.rule import (
    Bands,
    Constant,
    Gate,
    Input,
    Lookup,
    Maximum,
    Minimum,
    Named,
    Quotient,
    Round,
    Share,
    Steps,
    Sum,
    audit,
    excel,
    inputs,
    rewrite,
    terms,
    values,
)

X = Input("x")
TABLE = ((10.0, 0.1), (20.0, 0.5))
OTHER = ((10.0, 0.3), (40.0, 0.7))
CASES = {
    "constant": (X * Constant(2.0, name="t"), X * 2.0, 3.0, X * 3.0),
    "share": (Share(0.5, X, "t"), Share(0.5, X), 0.25, Share(0.25, X)),
    "steps": (Steps(X, TABLE, 1.0, "t"), Steps(X, TABLE, 1.0), OTHER, Steps(X, OTHER, 1.0)),
    "bands": (Bands(X, TABLE, "t"), Bands(X, TABLE), OTHER, Bands(X, OTHER)),
}
POINTS = (5.0, 10.0, 25.0, 60.0)


@pytest.mark.parametrize(("named", "plain"), [case[:2] for case in CASES.values()], ids=CASES)
def test_without_a_value_given_it_is_the_rule_itself(named, plain):
    for x in POINTS:
        assert float(values(named, {"x": x})) == float(values(plain, {"x": x}))
        assert audit(named, {"x": x}).value == audit(plain, {"x": x}).value
    assert excel(named, {"x": "B1"}) == excel(plain, {"x": "B1"})
    assert named.text() == plain.text()
    assert inputs(named) == {"x"}
    assert list(terms(named)) == ["t"]
    assert terms(plain) == {}


@pytest.mark.parametrize(("named", "plain", "value", "other"), CASES.values(), ids=CASES)
def test_given_anew_numpy_and_decimal_take_it(named, plain, value, other):
    for x in POINTS:
        given = {"x": x, "t": value}
        assert float(values(named, given)) == float(values(other, {"x": x}))
        assert audit(named, given).value == audit(other, {"x": x}).value
    assert float(values(named, {"x": 60.0, "t": value})) != float(values(plain, {"x": 60.0}))


def test_given_a_cell_excel_reads_it():
    assert excel(CASES["constant"][0], {"x": "B1", "t": "B2"}) == "=B1*B2"
    assert excel(CASES["share"][0], {"x": "B1", "t": "B2"}) == "=B2*B1"
    spans = {"x": "B1", "t.from": "D1:D2", "t.value": "E1:E2", "t.rise": "F1:F2"}
    assert "LOOKUP(ROUND(B1,9),D1:D2,E1:E2)" in excel(CASES["steps"][0], spans)
    assert excel(CASES["bands"][0], spans) == "=SUMPRODUCT((B1>D1:D2)*(B1-D1:D2)*F1:F2)"


def test_a_table_given_anew_is_checked():
    with pytest.raises(InputError, match="thresholds of the step table 't' must rise"):
        values(CASES["steps"][0], {"x": 1.0, "t": ((2.0, 1.0), (1.0, 1.0))})


WHOLE = Named(
    "whole",
    Sum(
        (
            Minimum((X, Maximum((3.0, Share(0.5, X, "t"))))),
            Gate(X, ">=", 4.0, Quotient(X, 2.0), Round(X, 1)),
            Lookup("who", {"a": X * 2.0, "b": Steps(X, TABLE)}),
            Bands(X, TABLE) - 1.5,
        )
    ),
)


def test_rewriting_nothing_returns_the_same_rule():
    assert rewrite(WHOLE, lambda node: node) is WHOLE


def test_rewriting_reaches_every_node():
    renamed = rewrite(WHOLE, lambda node: Input("y") if node == X else node)
    assert inputs(renamed) == {"y", "who"}
    for who in "ab":
        for x in POINTS:
            before = audit(WHOLE, {"x": x, "who": who}).value
            assert audit(renamed, {"y": x, "who": who}).value == before
    assert isinstance(before, Decimal)

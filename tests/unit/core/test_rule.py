"""The nodes of a rule: each reading against a value worked out by hand."""

from decimal import Decimal

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.rule import (
    Bands,
    Constant,
    Difference,
    Gate,
    Input,
    Lookup,
    Maximum,
    Minimum,
    Named,
    Product,
    Quotient,
    Round,
    RuleBook,
    Share,
    Steps,
    Sum,
    audit,
    describe,
    excel,
    inputs,
    values,
    walk,
)

X = Input("x")
CELLS = {"x": "A1", "y": "B1", "kind": "C1"}

CASES = [
    (Sum((X, 2.5)), 10, "12.5", "=A1+2.5"),
    (Difference(X, Difference(5, 2)), 10, "7", "=A1-(5-2)"),
    (Product((Sum((X, 1)), 2)), 10, "22", "=(A1+1)*2"),
    (Quotient(X, 4), 10, "2.5", "=A1/4"),
    (Quotient(X, Product((2, 2))), 10, "2.5", "=A1/(2*2)"),
    (Minimum((X, 7)), 10, "7", "=MIN(A1,7)"),
    (Maximum((0, X)), -3, "0", "=MAX(0,A1)"),
    (Share(0.3, X), 10, "3", "=0.3*A1"),
    (Round(Product((X, 0.1)), 1), 0.25, "0", "=ROUND(A1*0.1,1)"),
    (Round(X, 1), 0.25, "0.3", "=ROUND(A1,1)"),
    (Round(X, 0, "down"), 2.9, "2", "=ROUNDDOWN(ROUND(A1,6),0)"),
    (
        Round(X, 1, "half_even"),
        0.25,
        "0.2",
        "=IF(ABS(MOD(ABS(ROUND(A1,7)*10^1),1)-0.5)<10^-6/2,2*ROUND(ROUND(A1,7)*10^1/2,0)/10^1,"
        "ROUND(ROUND(A1,7),1))",
    ),
    (Round(X, 0, "up"), 2.1, "3", "=ROUNDUP(ROUND(A1,6),0)"),
    (
        Steps(X, [(0.1, 5), (0.2, 9)]),
        0.2,
        "9",
        "=IF(ROUND(A1,9)<0.1,0,LOOKUP(ROUND(A1,9),{0.1,0.2},{5,9}))",
    ),
    (
        Bands(X, [(100, 0.1), (200, 0.3)]),
        300,
        "40",
        "=(0.1*MAX(0,MIN(A1,200)-100)+0.3*MAX(0,A1-200))",
    ),
    (Gate(X, ">=", 10, 4, 1), 10, "4", "=IF(ROUND(A1,9)>=ROUND(10,9),4,1)"),
    (Gate(X, "<", 10, 4, 1), 10, "1", "=IF(ROUND(A1,9)<ROUND(10,9),4,1)"),
    (Named("fee", Share(0.5, X)), 10, "5", "=0.5*A1"),
]


@pytest.mark.parametrize(("rule", "x", "expected", "formula"), CASES)
def test_readers_agree_with_hand_computation(rule, x, expected, formula):
    assert float(values(rule, {"x": float(x)})) == pytest.approx(float(expected), abs=1e-12)
    assert audit(rule, {"x": x}).value == Decimal(expected)
    assert excel(rule, CELLS) == formula


def test_decimal_takes_a_float_at_its_shortest_form():
    assert audit(Product((X, 0.1)), {"x": 3}).value == Decimal("0.3")
    assert 3 * 0.1 != 0.3


def test_trail_names_every_step():
    rule = Named("payment", Minimum((Input("jobs") * Constant(3000, "EUR"), 50000)))
    trail = audit(rule, {"jobs": 20})
    assert trail.value == 50000
    assert trail.text().splitlines() == [
        "jobs: given = 20",
        "jobs × 3,000 EUR: 20 × 3,000 = 60,000",
        "the smallest of (jobs × 3,000 EUR; 50,000): 60,000; 50,000 = 50,000",
        "payment: the smallest of (jobs × 3,000 EUR; 50,000) = 50,000",
    ]


def test_text_reader_says_the_rule_in_words():
    assert describe(Gate(X, ">=", 0.1, Share(0.5, Input("saving")))) == (
        "if x is at least 0.1: 50 % of saving, otherwise 0"
    )
    assert "from 0.1: 5" in describe(Steps(X, [(0.1, 5)]))


def test_lookup_by_stratum():
    price = Lookup("kind", {"young": 100, "old": Share(0.5, X)})
    got = values(price, {"kind": np.array(["young", "old"]), "x": 10.0})
    assert got.tolist() == [100.0, 5.0]
    assert audit(price, {"kind": "old", "x": 10}).value == 5
    assert excel(price, CELLS) == '=IF(C1="young",100,IF(C1="old",0.5*A1,NA()))'
    with pytest.raises(
        InputError, match=r"no row for this kind \(seen: 'middle'\); use one of young"
    ):
        values(price, {"kind": np.array(["middle"]), "x": 1.0})
    with pytest.raises(InputError, match="no row for this kind"):
        audit(price, {"kind": "middle", "x": 1})


def test_named_tables_come_with_the_inputs():
    scale = Bands(X, "scale")
    env = {"x": 300.0, "scale": ((100.0, 0.1), (200.0, 0.3))}
    assert float(values(scale, env)) == 40.0
    assert audit(scale, env).value == 40
    cells = {"x": "A1", "scale.from": "P!B2:B3", "scale.rise": "P!D2:D3"}
    assert excel(scale, cells) == "=SUMPRODUCT((A1>P!B2:B3)*(A1-P!B2:B3)*P!D2:D3)"
    assert inputs(scale) == {"x", "scale"}


@pytest.mark.parametrize("table", [[], [(2, 1), (1, 1)], [(1, 1), (1, 2)]])
def test_bad_tables_are_refused(table):
    with pytest.raises(InputError, match="step table"):
        Steps(X, table)


def test_division_by_zero_and_missing_input_raise():
    with pytest.raises(InputError, match="division by zero: x is 0"):
        values(Quotient(1, X), {"x": [1.0, 0.0]})
    with pytest.raises(InputError, match="division by zero"):
        audit(Quotient(1, X), {"x": 0})
    with pytest.raises(InputError, match=r"needs the input 'x' \(seen: 'y'\); give a value for it"):
        values(X, {"y": 1.0})


def test_step_threshold_is_reached_exactly_in_every_reader():
    reduction = Quotient(Difference(155, X), 155)
    assert (155 - 139.5) / 155 == 0.1
    assert (1450.8 - 1305.72) / 1450.8 < 0.1
    for rule in (Steps(reduction, [(0.1, 1)]), Gate(reduction, ">=", 0.1, 1)):
        assert float(values(rule, {"x": 139.5})) == 1.0
        assert audit(rule, {"x": 139.5}).value == 1
    scaled = Steps(Quotient(Difference(1450.8, X), 1450.8), [(0.1, 1)])
    assert float(values(scaled, {"x": 1305.72})) == 1.0
    assert audit(scaled, {"x": 1305.72}).value == 1


def test_rule_book_orders_and_checks_names():
    book = RuleBook((Named("tax", Share(0.2, X)), Named("net", X - Input("tax"))))
    assert {k: float(v) for k, v in book.values({"x": 10.0}).items()} == {"tax": 2.0, "net": 8.0}
    assert book.audit({"x": 10})["net"].value == 8
    assert book.excel({"x": "A1", "tax": "A2"}) == {"tax": "=0.2*A1", "net": "=A1-A2"}
    assert book.inputs() == {"x"}
    with pytest.raises(InputError, match="rule 'a' reads 'b' before it is defined"):
        RuleBook((Named("a", Input("b")), Named("b", X)))
    with pytest.raises(InputError, match="defines a name twice"):
        RuleBook((Named("a", X), Named("a", X)))


def test_walk_reaches_every_node():
    rule = Minimum((Share(0.5, X), Constant(3)))
    assert [type(node).__name__ for node in walk(rule)] == ["Minimum", "Share", "Input", "Constant"]

"""Specs: round trip, located errors, refusal of unknown keys and of numbers written as text."""

import datetime as dt
from typing import Annotated, Literal

import pytest
from pydantic import Field

from impactmodel.core.distribution import Beta, LogNormal, Uncertain, draw, mean
from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, json_schema, load, load_yaml, spec
from impactmodel.core.yaml import Document


@spec
class Rate:
    price: float
    type: Literal["rate"] = "rate"

    def __post_init__(self) -> None:
        if self.price < 0:
            raise InputError("the price is negative", key="price", seen=self.price, fix="raise it")


@spec
class Share:
    share: Uncertain
    type: Literal["share"] = "share"


@spec
class Plan:
    name: str
    pays: tuple[Annotated[Rate | Share, Field(discriminator="type")], ...]
    start: dt.date | None = None


GOOD = """
name: plan
pays:
  - type: rate
    price: 3
  - {type: share, share: {type: beta, mean: 0.3, sd: 0.1}}
start: 2020-01-31
"""


def test_load_and_dump_are_inverse(tmp_path):
    (tmp_path / "plan.yaml").write_text(GOOD)
    plan = load_yaml(Plan, tmp_path / "plan.yaml")
    assert plan == Plan("plan", (Rate(3.0), Share(Beta(0.3, 0.1))), dt.date(2020, 1, 31))
    assert load(Plan, dump(plan)) == plan


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: 3\npays: []", "f.yaml, line 1, name: input should be a valid string (seen: 3)"),
        (
            "name: {a: b}\npays: []",
            "f.yaml, line 1, name: input should be a valid string (seen: a mapping with a); "
            "put a text with a colon in quotes",
        ),
        ("name: a\nname: b", "f.yaml, line 2: not valid YAML: found duplicate key"),
        (
            "name: no\npays:\n- {type: rate, price: '3'}",
            "f.yaml, line 3, pays[0].price: input should be a valid number, unable to parse",
        ),
        (
            "name: a\npays:\n - type: rate\n   price: -1",
            "f.yaml, line 4, pays[0].price: the price is negative (seen: -1.0); raise it",
        ),
        (
            "name: a\npays:\n - type: rate\n   prise: 1",
            "f.yaml, line 4, pays[0].prise: unknown key; did you mean 'price'?",
        ),
        (
            "name: a\nprice: 1\npays:\n - {type: rate, price: 1}",
            "f.yaml, line 2, price: unknown key; this key stands elsewhere, see `impactmodel",
        ),
        (
            "name: a\npays:\n - {type: tax}",
            "f.yaml, line 3, pays[0]: 'type' must be one of 'rate', 'share' (seen: tax)",
        ),
        ("name: a", "f.yaml, pays: this key is missing; add it"),
        ("name: [", "f.yaml, line 1: not valid YAML"),
        ("", "f.yaml: the file is empty; fill it in"),
        (
            "name: a\npays:\n - {type: rate, price: .nan}",
            "f.yaml, line 3, pays[0].price: input should be a finite number (seen: nan)",
        ),
        (
            "name: a\npays:\n - {type: share, share: {type: beta, mean: 0.3, sd: 0.9}}",
            "f.yaml, line 3, pays[0].share.sd: no beta distribution is so wide (seen: 0.9)",
        ),
    ],
)
def test_errors_say_what_where_and_what_to_do(text, message):
    with pytest.raises(InputError) as caught:
        load(Plan, Document.parse(text, "f.yaml"))
    shown = str(caught.value)
    assert shown.startswith(message.split(", unable")[0]), shown


type Shared = float | dict[str, float]


@spec
class One:
    price: Shared
    type: Literal["one"] = "one"


@spec
class Two:
    level: Shared
    type: Literal["two"] = "two"


@spec
class Deal:
    pays: tuple[Annotated[One | Two, Field(discriminator="type")], ...]
    basis: Shared = 0.0


@pytest.mark.parametrize("bad", ["'3'", "{a: '3'}", "true", ".inf", "{a: .inf}", "{a: .nan}"])
@pytest.mark.parametrize(
    "text",
    [
        "pays:\n- {{type: one, price: {0}}}",
        "pays:\n- {{type: two, level: {0}}}",
        "pays: []\nbasis: {0}",
    ],
)
def test_a_type_that_specs_share_is_as_strict(text, bad):
    with pytest.raises(InputError, match=r"f\.yaml, line 2, (pays\[0\]\.|basis)"):
        load(Deal, Document.parse(text.format(bad), "f.yaml"))
    good = load(Deal, Document.parse(text.format("{a: 3}"), "f.yaml"))
    assert load(Deal, dump(good)) == good


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rate(price="3"), "price: Rate needs float here (seen: '3')"),
        (lambda: Rate(price=True), "price: Rate needs float here (seen: True)"),
        (lambda: Rate(price=float("inf")), "price: Rate needs a finite number here (seen: inf)"),
        (lambda: Plan("a", [Rate(1)]), "pays: Plan needs tuple here, not a list"),
    ],
)
def test_python_construction_is_as_strict(make, message):
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value) == message


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml: the file cannot be read: No such file"):
        load_yaml(Plan, tmp_path / "none.yaml")


def test_schema_refuses_unknown_keys():
    assert json_schema(Plan)["additionalProperties"] is False


def test_yaml_12_keeps_no_and_octal_as_written():
    assert Document.parse("a: no\nb: 010").data == {"a": "no", "b": 10}


def test_document_parts_keep_file_and_line():
    part = Document.parse("x: 1\nplan:\n  name: 3\n  pays: []", "case.yaml").at("plan")
    with pytest.raises(
        InputError, match=r"case\.yaml, line 3, plan\.name: input should be a valid"
    ):
        load(Plan, part)
    with pytest.raises(InputError, match=r"case\.yaml, line 2, plan\.fund: this key is missing"):
        part.at("fund")


@pytest.mark.parametrize(("value", "sd"), [(Beta(0.3, 0.1), 0.1), (LogNormal(50.0, 20.0), 20.0)])
def test_distributions_have_their_stated_moments(value, sd):
    import numpy as np

    draws = draw(value, 200_000, np.random.default_rng(1))
    # Standard errors of a mean and of an sd (kurtosis below 10): 4 of each.
    assert draws.mean() == pytest.approx(mean(value), abs=4 * sd / 200_000**0.5)
    assert draws.std() == pytest.approx(sd, rel=0.03)


def test_the_member_of_a_union_that_was_meant_complains_alone():
    @spec
    class Flat:
        amount: float
        type: Literal["flat"] = "flat"

        def __post_init__(self):
            if self.amount < 0:
                raise InputError("an amount is not negative", key="amount", seen=self.amount)

    @spec
    class Rows:
        rows: tuple[float, ...]
        type: Literal["rows"] = "rows"

    @spec
    class Offer:
        price: float | dict[str, float] | Flat | Rows

    with pytest.raises(InputError) as caught:
        load(Offer, {"price": {"type": "flat", "amount": -1.0}})
    (problem,) = caught.value.problems
    assert (problem.key, problem.what) == ("price.amount", "an amount is not negative")
    two = [{"price": {"type": "flat", "amount": -1.0}}, {"price": "much"}]
    with pytest.raises(InputError) as caught:
        load(tuple[Offer, ...], two)
    keys = {problem.key for problem in caught.value.problems}
    assert {"[0].price.amount", "[1].price"} <= keys

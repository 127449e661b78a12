"""One fault in a parameter file, one message that says where and what to do."""

import datetime as dt
import re

import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.rule import Input, Named, RuleBook, Steps
from impactmodel.fiscal.parameters import read_rules
from impactmodel.fiscal.rule_results import RuleInput

GOOD = """\
subject: fees
covered_from: 2020-01-01
covered_to: 2021-12-31
parameters:
  - id: fee.rate
    label: "Fee"
    unit: share
    shape: number
    values:
      - valid_from: 2020-01-01
        value: 0.02
        source: act
        locator: "section 3"
        status: enacted
        confidence: high
        retrieved: 2021-06-01
      - valid_from: 2021-01-01
        value: 0.03
        source: act
        url: "https://example.org/act"
        quote: "three per cent"
        status: enacted
        confidence: high
        retrieved: 2021-06-01
"""
SOURCES = """\
sources:
  - key: act
    title: "Fees Act"
"""
BOOKS = {"fees": RuleBook((Named("fee", Input("wage") * Input("fee.rate")),))}
INPUTS = {"wage": RuleInput("wage", "eur_year", 0.0)}


@pytest.fixture
def read(tmp_path):
    def reader(text=GOOD, sources=SOURCES, books=BOOKS, **more):
        files = {"fees": text, "sources": sources, **more}
        for name, content in files.items():
            (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
        return read_rules("xx", tmp_path, books, INPUTS)

    return reader


def edited(old, new, count=1):
    assert old in GOOD
    return GOOD.replace(old, new, count)


def second(new):
    """Replace the first day of the second value."""
    return edited("valid_from: 2021-01-01", new)


def test_the_good_file_reads(read):
    rules = read()
    assert rules.at(dt.date(2020, 12, 31)).value("fee.rate") == 0.02
    got = rules.at(dt.date(2021, 1, 1)).compute({"wage": 100}, "fees")
    assert float(got["fee"]) == 3.0
    assert rules.unverified() == ()


FAULTS = {
    "gap": (
        edited("valid_from: 2020-01-01", "valid_from: 2020-02-01"),
        "line 10, parameters[0].values[0].valid_from: gap: fee.rate has no value from 2020-01-01 "
        "(seen: 2020-02-01); give the earlier value, or null with its source",
    ),
    "order": (
        second("valid_from: 2019-01-01"),
        "line 17, parameters[0].values[1].valid_from: the values of fee.rate are not in the order "
        "of their dates (seen: 2019-01-01 after 2020-01-01); sort them",
    ),
    "duplicate": (
        second("valid_from: 2020-01-01"),
        "line 17, parameters[0].values[1].valid_from: fee.rate has two values for one date "
        "(seen: 2020-01-01); remove one, or give the later one a later known_from",
    ),
    "null": (
        edited("value: 0.03", "value: null"),
        "line 18, parameters[0].values[1].value: null needs the parameter's null_means "
        "(seen: null); give null_means: zero, or give a value",
    ),
    "no place": (
        edited('        locator: "section 3"\n', ""),
        "line 12, parameters[0].values[0].source: the value names no place in its source "
        "(seen: act); give a locator, or a url and a quote, that were read; "
        "otherwise verified: false",
    ),
    "address without quotation": (
        edited('        quote: "three per cent"\n', ""),
        "line 19, parameters[0].values[1].source: the value names no place in its source "
        "(seen: act); give a locator, or a url and a quote, that were read; "
        "otherwise verified: false",
    ),
    "verified by nobody": (
        edited('        locator: "section 3"\n', '        locator: "x"\n        verified: true\n'),
        "line 14, parameters[0].values[0].verified: a verified value says by whom and when "
        "(seen: true); give verified_by and verified_on",
    ),
    "second source without a place": (
        edited(
            '        locator: "section 3"\n', '        locator: "x"\n        also: [{source: b}]\n'
        ),
        "line 14, parameters[0].values[0].also[0]: the source names no place (seen: b); "
        "give a locator, or a url and a quote, or leave the source out",
    ),
    "read before known": (
        edited(
            '        locator: "section 3"\n',
            '        locator: "x"\n        known_from: 2022-01-01\n',
        ),
        "line 14, parameters[0].values[0].known_from: the value was read before it was known "
        "(seen: known from 2022-01-01, retrieved 2021-06-01)",
    ),
    "a table where a number belongs": (
        edited("value: 0.03", "value: [[0, 0.03]]"),
        "line 18, parameters[0].values[1].value: a parameter of shape number needs one number "
        "(seen: rows)",
    ),
    "no value": (
        GOOD[: GOOD.index("    values:")] + "    values: []\n",
        "line 9, parameters[0].values: the parameter has no value; give one with its source",
    ),
    "missing date": (
        edited("      - valid_from: 2021-01-01\n        value: 0.03\n", "      - value: 0.03\n"),
        "line 17, parameters[0].values[1].valid_from: this key is missing; add it",
    ),
    "missing value": (
        edited("        value: 0.03\n", ""),
        "line 17, parameters[0].values[1].value: this key is missing; add it",
    ),
    "unknown key": (
        edited("        locator:", "        locater:"),
        "line 13, parameters[0].values[0].locater: unknown key; did you mean 'locator'?",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_a_value(read, tmp_path, fault):
    text, message = FAULTS[fault]
    where = re.escape(f"{tmp_path / 'fees.yaml'}, {message}")
    with pytest.raises(InputError, match=f"^{where}$"):
        read(text)


TABLE = GOOD.replace("shape: number", "shape: steps").replace("value: 0.02", "value: [[0, 0.02]]")
STEP_BOOKS = {"fees": RuleBook((Named("fee", Steps(Input("wage"), "fee.rate")),))}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0.03", "a parameter of shape steps needs rows of [threshold, value] (seen: 0.03)"),
        (
            "[[5, 0.1], [5, 0.2]]",
            "the thresholds of the rows must rise (seen: 5, 5); sort the rows",
        ),
        ("[]", "the thresholds of the rows must rise (seen: no rows); sort the rows"),
    ],
)
def test_fault_of_a_table(read, value, message):
    text = TABLE.replace("value: 0.03", f"value: {value}")
    with pytest.raises(InputError, match=re.escape(f"parameters[0].values[1].value: {message}")):
        read(text, books=STEP_BOOKS)


def test_several_faults_are_counted(read):
    text = edited("value: 0.03", "value: null").replace(
        "valid_from: 2020-01-01", "valid_from: 2020-02-01"
    )
    with pytest.raises(InputError, match=re.escape("(and 1 more problem)")):
        read(text)


def test_a_later_known_value_corrects_an_earlier_one(read):
    text = second("valid_from: 2020-01-01\n        known_from: 2020-09-01")
    rules = read(text)
    assert rules.at(dt.date(2020, 3, 1)).value("fee.rate") == 0.03
    assert rules.as_signed(dt.date(2020, 8, 31)).at(dt.date(2020, 3, 1)).value("fee.rate") == 0.02
    assert rules.as_signed(dt.date(2020, 9, 1)).at(dt.date(2020, 3, 1)).value("fee.rate") == 0.03


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"more": GOOD},
            "more.yaml, fee.rate: the parameter stands in fees.yaml too; remove one",
        ),
        (
            {"text": GOOD.replace("id: fee.rate", "id: fee.other")},
            "fees.yaml, fee.other: no rule reads this parameter; use it or remove it "
            "(and 1 more problem)",
        ),
        (
            {"sources": SOURCES.replace("key: act", "key: law")},
            "fees.yaml, fee.rate: the source is not in sources.yaml (seen: act); "
            "add it to sources.yaml (and 2 more problems)",
        ),
        (
            {"sources": SOURCES + '  - key: idle\n    title: "x"\n'},
            "sources.yaml, idle: no value names this source; remove it",
        ),
        (
            {"books": {"fees": RuleBook((*BOOKS["fees"].rules, Named("tax", Input("tax.rate"))))}},
            "tax.rate: a rule reads this name, and nothing gives it; add the parameter",
        ),
    ],
    ids=["twice", "unused", "unsourced", "idle source", "dead reference"],
)
def test_files_rules_and_sources_fit(read, given, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        read(**given)

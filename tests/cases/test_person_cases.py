"""Cases of households in YAML: those of tests/cases/fiscal hold, and a wrong one fails."""

import dataclasses
from pathlib import Path

import pytest

from impactmodel.core.errors import InputError
from impactmodel.fiscal import Household, Person
from impactmodel.fiscal.person_cases import Expected, PersonCase, PersonCases, failed, run_cases

FILES = sorted((Path(__file__).parent / "fiscal").glob("*.yaml"))
IDLE = Household(Person(2000.0, 30.0, rent=600.0, municipality="helsinki"), 0)


def one(*expected, **more):
    return PersonCases((PersonCase("idle", IDLE, expected),), **more)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_published_amounts_hold(path):
    outcomes = run_cases(PersonCases.from_yaml(path))
    assert len(outcomes) >= 8
    assert failed(outcomes) == 0, "\n".join(o.sentence() for o in outcomes if not o.passed)


def test_a_cent_off_fails_and_says_by_how_much():
    (outcome,) = run_cases(one(Expected("unemployment_benefit", "2024", 9600.17)))
    assert outcome.sentence() == (
        "FAIL idle: unemployment_benefit 2024: expected 9,600.17, found 9,600.18, +0.01"
    )
    assert failed([outcome]) == 1


def test_the_tolerance_of_a_line_counts():
    wide = Expected("unemployment_benefit", "2024", 9600.0, tolerance=0.5)
    assert failed(run_cases(one(wide))) == 0
    assert failed(run_cases(one(dataclasses.replace(wide, tolerance=0.1)))) == 1


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (("state_taxes", "2024", 1.0), "no such line of a year .*did you mean 'state_tax'"),
        (("state_tax", "2024-06", 1.0), "no such line of a month"),
        (("state_tax", "2031", 1.0), "not covered on 2031"),
    ],
)
def test_what_the_rules_do_not_give_is_refused(expected, message):
    with pytest.raises(InputError, match=message):
        run_cases(one(Expected(*expected)))


def test_what_is_no_case_is_refused(tmp_path):
    for build, message in (
        (lambda: Expected("state_tax", "June 2024", 1.0), "no year or month"),
        (lambda: Expected("state_tax", "2024", 1.0, tolerance=0.0), "tolerance is above 0"),
        (lambda: PersonCase("x", IDLE, ()), "expects nothing"),
        (lambda: PersonCases(()), "there is no case"),
    ):
        with pytest.raises(InputError, match=message):
            build()
    path = tmp_path / "cases.yaml"
    path.write_text(
        "cases:\n  - name: a\n    household: {wage: 1, months: 2, rent: 3}\n    expect: []\n"
    )
    with pytest.raises(InputError, match=r"cases\.yaml, line 3"):
        PersonCases.from_yaml(path)

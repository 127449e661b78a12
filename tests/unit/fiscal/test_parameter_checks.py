"""Checks of parameters: each fault is planted once and found by its own check alone."""

import dataclasses
import datetime as dt

import pytest

from impactmodel.fiscal import load_rules
from impactmodel.fiscal.parameter_checks import check_parameters

RULES = load_rules("fi")
DAY = dt.date(2026, 4, 15)
NAME = "benefit.basic_daily_amount"


def with_values(values):
    return RULES.with_values({NAME: tuple(values)})


def values():
    return list(RULES.parameters[NAME].values)


def replaced(place=0, **changes):
    found = values()
    found[place] = dataclasses.replace(found[place], **changes)
    return with_values(found)


def errors(rules, day=DAY):
    return {c.name: c.findings for c in check_parameters(rules, day) if c.verdict == "failed"}


def test_the_shipped_parameters_pass():
    assert errors(RULES) == {}


@pytest.mark.parametrize(
    ("rules", "name", "finding"),
    [
        (
            lambda: replaced(source="nowhere"),
            "every value names the place in its source, or is marked",
            "no source 'nowhere'",
        ),
        (
            lambda: replaced(locator=None, url=None, quote=None, verified=None),
            "every value names the place in its source, or is marked",
            "no place in",
        ),
        (
            lambda: replaced(known_from=dt.date(2026, 1, 1), retrieved=dt.date(2025, 1, 1)),
            "no value was read before its source, or before it was known",
            "read on 2025-01-01, it was known on 2026-01-01",
        ),
        (
            lambda: with_values(values()[1:]),
            "no gap in the covered dates",
            f"{NAME}: no value from 2019-01-01",
        ),
        (
            lambda: with_values([values()[0], *values()]),
            "no two values of one parameter for one day",
            NAME,
        ),
        (
            lambda: dataclasses.replace(
                RULES,
                parameters={**RULES.parameters, "dead": RULES.parameters[NAME]},
                covered={**RULES.covered, "dead": RULES.covered[NAME]},
            ),
            "every parameter is read by a rule, every name that a rule reads is given",
            "dead: no rule reads it",
        ),
    ],
)
def test_a_planted_fault_is_found_by_its_check(rules, name, finding):
    found = errors(rules())
    assert list(found) == [name]
    assert any(finding in text for text in found[name])


def test_a_value_read_before_its_source_was_published():
    key = values()[0].source
    late = dataclasses.replace(RULES.sources[key], date=dt.date(2030, 1, 1))
    found = errors(dataclasses.replace(RULES, sources={**RULES.sources, key: late}))
    (said,) = found.values()
    assert "its source was published on 2030-01-01" in said[0]


def test_after_the_covered_dates_every_parameter_is_stale():
    (found,) = errors(RULES, dt.date(2027, 1, 1)).values()
    assert len(found) == len(RULES.parameters)


def test_values_read_long_ago_and_unverified_ones_are_warnings():
    checks = {c.name: c for c in check_parameters(replaced(-1, retrieved=dt.date(2024, 1, 1)), DAY)}
    old = checks["no value in force was last read more than a year ago"]
    assert old.verdict == "warning"
    assert any(text.startswith(NAME) for text in old.findings)
    weak = checks["every value in force is verified"]
    assert any("UNVERIFIED" in text for text in weak.findings)

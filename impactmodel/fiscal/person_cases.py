"""Cases of single households that staff write in YAML: what the rules must give, to the cent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from impactmodel.core.errors import InputError
from impactmodel.core.spec import load_yaml, spec
from impactmodel.fiscal.household_year import Household, HouseholdYear, household_year
from impactmodel.fiscal.parameters import Rules, load_rules
from impactmodel.fiscal.reform import Reform

_PERIOD = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2]))?")


@spec
class Expected:
    """An amount that the rules must give.

    Parameters
    ----------
    line
        A line of `household_year`: of a month or a year ``gross_wage, unemployment_benefit,
        net_wage, net_benefit, housing_allowance, social_assistance, disposable_income,
        employer_contributions``, of a year also every tax and contribution.
    period
        A year, ``"2024"``, or a month, ``"2024-06"``.
    amount
        EUR.
    tolerance
        EUR; half a cent by default.
    source
        Where the amount comes from.
    """

    line: str
    period: str
    amount: float
    tolerance: float = 0.005
    source: str = ""

    def __post_init__(self) -> None:
        if not _PERIOD.fullmatch(self.period):
            raise InputError(
                "this is no year or month", key="period", seen=self.period, fix='"2024", "2024-06"'
            )
        if not self.tolerance > 0:
            raise InputError("a tolerance is above 0", key="tolerance", seen=self.tolerance)

    @property
    def year(self) -> int:
        """The calendar year."""
        return int(self.period[:4])


@spec
class PersonCase:
    """A household and what the rules must give for it.

    Parameters
    ----------
    name
        Of the case.
    household
        See `Household`.
    expect
        Amounts.
    """

    name: str
    household: Household
    expect: tuple[Expected, ...]

    def __post_init__(self) -> None:
        if not self.expect:
            raise InputError("the case expects nothing", key="expect", fix="give an amount")


@spec
class PersonCases:
    """Cases that are run together.

    Parameters
    ----------
    country
        Whose rules.
    reform
        Values laid over the rules.
    carry_forward
        Use the last values after the covered dates.
    cases
        The cases.
    """

    cases: tuple[PersonCase, ...]
    country: str = "fi"
    reform: Reform | None = None
    carry_forward: bool = False

    def __post_init__(self) -> None:
        names = [case.name for case in self.cases]
        twice = [name for name in names if names.count(name) > 1]
        if twice or not names:
            what = "two cases have one name" if twice else "there is no case"
            raise InputError(what, key="cases", seen=twice[0] if twice else None)

    @classmethod
    def from_yaml(cls, path: str | Path) -> PersonCases:
        """Read cases; `InputError` names file, line and key of a fault."""
        return load_yaml(cls, path)

    def rules(self) -> Rules:
        """Return the rules that the cases run on."""
        rules = load_rules(self.country)
        rules = rules.carry_forward() if self.carry_forward else rules
        return rules if self.reform is None else rules.reformed(self.reform)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What the rules gave in the place of an expected amount."""

    case: str
    expected: Expected
    found: float

    @property
    def gap(self) -> float:
        """What was found less what was expected."""
        return self.found - self.expected.amount

    @property
    def passed(self) -> bool:
        """Whether the two agree."""
        return abs(self.gap) <= self.expected.tolerance + 1e-9

    def sentence(self) -> str:
        """Say it on one line."""
        expected = self.expected
        word, gap = ("PASS", "") if self.passed else ("FAIL", f", {self.gap:+,.2f}")
        return (
            f"{word} {self.case}: {expected.line} {expected.period}: expected "
            f"{expected.amount:,.2f}, found {self.found:,.2f}{gap}"
        )


def run_cases(cases: PersonCases) -> tuple[CaseResult, ...]:
    """Compute every expected amount of some cases.

    Raises
    ------
    InputError
        If the rules do not cover a year or have no such line.

    Examples
    --------
    A year of basic allowance in 2024: 258 days of 37.21 euros.

    >>> expected = Expected("unemployment_benefit", "2024", 9600.18)
    >>> from impactmodel.fiscal import Person
    >>> idle = Household(Person(2000.0, 30.0, rent=600.0, municipality="helsinki"), 0)
    >>> run_cases(PersonCases((PersonCase("idle", idle, (expected,)),)))[0].sentence()
    'PASS idle: unemployment_benefit 2024: expected 9,600.18, found 9,600.18'
    """
    rules = cases.rules()
    years = {one.year for case in cases.cases for one in case.expect}
    found: dict[tuple[int, str], tuple[HouseholdYear, int]] = {}
    for year in sorted(years):
        here = [case for case in cases.cases if any(one.year == year for one in case.expect)]
        computed = household_year(rules, year, [case.household for case in here])
        found |= {(year, case.name): (computed, place) for place, case in enumerate(here)}
    return tuple(
        CaseResult(case.name, one, _amount(case.name, one, *found[one.year, case.name]))
        for case in cases.cases
        for one in case.expect
    )


def _amount(case: str, expected: Expected, computed: HouseholdYear, place: int) -> float:
    _, _, month = expected.period.partition("-")
    lines = computed.months if month else computed.totals
    if expected.line not in lines:
        near = get_close_matches(expected.line, list(lines), 1)
        kind = "month" if month else "year"
        raise InputError(
            f"the rules give no such line of a {kind}",
            key=f"{case}: line",
            seen=expected.line,
            fix=f"did you mean '{near[0]}'?" if near else f"use one of {', '.join(lines)}",
        )
    values = lines[expected.line]
    return float(values[place, int(month) - 1] if month else values[place])


def failed(results: Iterable[CaseResult]) -> int:
    """Return how many expected amounts were not met."""
    return sum(not result.passed for result in results)

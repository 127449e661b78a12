"""Our sheet computed again as another model may have: other values, times, people, methods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from impactmodel.core.errors import ImpactModelError
from impactmodel.core.outcomes import Outcomes
from impactmodel.fiscal.claimed_sheet import Place, SheetStatement, place_name
from impactmodel.fiscal.expected_months import sheet_of_expected_months
from impactmodel.fiscal.months import Months
from impactmodel.fiscal.other_methods import AverageRates, UntaxedBenefit, value_kept, values_of
from impactmodel.fiscal.profile import Person, Profile
from impactmodel.fiscal.rule_results import amount_text
from impactmodel.fiscal.rule_savings import rule_savings
from impactmodel.fiscal.rule_side import RuleSide

if TYPE_CHECKING:
    from impactmodel.fiscal.parameter_files import Value
    from impactmodel.fiscal.parameters import Rules
    from impactmodel.fiscal.savings import Savings

type Cause = Literal["vintage", "scope", "timing", "method", "unexplained"]
type Sheet = dict[Place, float]
type Change = Callable[[Sheet], Sheet]

_RATES = (0.02, 0.03, 0.035, 0.04, 0.05)
_MOST_KINDS = 12


@dataclass(frozen=True, slots=True)
class Basis:
    """What a sheet is computed from; the parts that another model may have otherwise."""

    outcomes: Outcomes
    persons: tuple[Person, ...]
    rules: Rules
    months_of: type[Months] = Months
    expected_months: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One way in which another model may differ: its cause in words, and how to compute it.

    Parameters
    ----------
    change
        What the sheet is computed from.
    after
        What is done with the computed sheet.
    """

    cause: Cause
    text: str
    change: Callable[[Basis], Basis] | None = None
    after: Change | None = None


@dataclass(slots=True)
class Recomputed:
    """Sheets of public payers by what they are computed from; each is computed once."""

    side: RuleSide
    seed: int
    basis: Basis
    _known: dict[tuple[str, ...], Sheet | None] = field(default_factory=dict)

    def savings(self, basis: Basis) -> Savings:
        """Compute the savings of a basis."""
        return rule_savings(
            basis.outcomes,
            basis.rules,
            Profile(basis.persons),
            self.side,
            seed=self.seed,
            months_of=basis.months_of,
        )

    def sheet(self, options: tuple[Option, ...]) -> Sheet | None:
        """Return our sheet under some options; None where the rules do not fit them."""
        basis = self.basis
        for option in options:
            basis = option.change(basis) if option.change else basis
        key = tuple(option.text for option in options if option.change)
        if key not in self._known:
            try:
                self._known[key] = _sheet(self.savings(basis), basis.expected_months)
            except ImpactModelError:
                self._known[key] = None
        found = self._known[key]
        for option in options:
            if found is not None and option.after:
                found = option.after(found)
        return found


def _sheet(savings: Savings, expected: bool) -> Sheet:
    public = set(savings.ledger.public_payers)
    if expected:
        found = sheet_of_expected_months(savings)
        cells = {(p, n, y): v for (n, p, y), v in found.items() if p in public}
    else:
        view = savings.ledger.view("payer", "line", "year").mean("draw")
        data = savings.ledger.dataset
        cells = {
            (payer, line, year): float(view.sel(payer=payer, line=line, year=year))
            for payer, line in zip(
                data["payer"].values.tolist(), data["line"].values.tolist(), strict=True
            )
            for year in savings.ledger.years
            if payer in public
        }
    return {(place_name(p), place_name(n), y): v for (p, n, y), v in cells.items()}


def options(basis: Basis, side: RuleSide, states: SheetStatement) -> Iterator[Option]:
    """Yield the ways in which a sheet may differ, but for values of single parameters."""
    yield from _timing(basis.outcomes, side, states)
    yield from _people(basis)
    yield Option(
        "method",
        "expected months are put through the rules: f(E[x]) in place of E[f(x)]",
        lambda b: replace(b, expected_months=True),
    )
    yield Option(
        "method",
        "the tax that is lost with the benefit is not netted",
        lambda b: replace(b, months_of=UntaxedBenefit),
    )
    yield Option(
        "method",
        "average tax rates in place of marginal ones",
        lambda b: replace(b, months_of=AverageRates),
    )
    yield from _vintages(basis, states)


def _timing(outcomes: Outcomes, side: RuleSide, states: SheetStatement) -> Iterator[Option]:
    start = outcomes.periods.start
    if outcomes.periods.clock == "since_start":
        for day in (
            dt.date(start.year, 1, 1),
            dt.date(start.year, 7, 1),
            dt.date(start.year - 1, start.month, 1),
            dt.date(start.year + 1, start.month, 1),
            dt.date(start.year + 1, 1, 1),
        ):
            if day != start:
                yield Option("timing", f"people start on {day}, not on {start}", _starting(day))
    for shift, word in ((1, "later"), (-1, "earlier")):
        yield Option("timing", f"every amount stands a year {word}", after=_shifted(shift))
    rates = {side.discount_rate, *_RATES}
    for rate in [states.discount_rate] if states.discount_rate is not None else sorted(rates):
        if rate:
            for first, word in ((0, "first year"), (1, "year before the first")):
                text = f"amounts are discounted at {rate:.3g} a year to the {word}"
                yield Option("timing", text, after=_discounted(rate, first))
    whole = _months_inside(outcomes, side)
    if any(months < 12 for months in whole.values()):
        text = "years that are partly inside the horizon are counted as whole years"
        yield Option("timing", text, after=_times({y: 12 / m for y, m in whole.items()}))
    if whole and max(whole.values()) == 12:
        text = "half of the first year is counted"
        yield Option("timing", text, after=_times({min(whole): 6 / whole[min(whole)]}))
    if states.price_factors:
        text = f"amounts are in the prices of {states.price_base or 'another base'}"
        yield Option("timing", text, after=_times(states.price_factors))


def _people(basis: Basis) -> Iterator[Option]:
    groups = basis.outcomes.dataset["group"].values.tolist()
    for group in groups if len(groups) > 1 else ():
        yield Option("scope", f"the group '{group}' is not counted", _without_group(group))
    for key in ("benefit", "name"):
        kinds = list(dict.fromkeys(str(getattr(p, key)) for p in basis.persons))
        for kind in kinds if 1 < len(kinds) <= _MOST_KINDS else ():
            text = f"persons of the profile with {key} '{kind}' are not counted"
            yield Option("scope", text, _without_kind(key, kind))


def _vintages(basis: Basis, states: SheetStatement) -> Iterator[Option]:
    reform, rules = states.reform, basis.rules
    if reform is not None:
        theirs = rules.reformed(reform)
        names = ", ".join(dict.fromkeys(change.parameter for change in reform.changes))
        yield Option("vintage", f"its stated parameter values: {names}", _ruled(theirs))
    first = min(day for day, _ in rules.covered.values()).year
    last = max(day for _, day in rules.covered.values()).year
    start, end = basis.outcomes.periods.start.year, basis.outcomes.periods.bounds()[-1][1].year
    for year in range(min(last, end + 1), max(first, start - 3) - 1, -1):
        day = dt.date(year, 1, 1)
        yield Option("vintage", f"the values of {day} in every year", _ruled(values_of(rules, day)))
        if first < year <= end:
            signed = rules.as_signed(day)
            yield Option("vintage", f"the rules as they were known on {day}", _ruled(signed))


def single_values(rules: Rules, names: set[str], first: int, last: int) -> Iterator[Option]:
    """Yield one parameter at a time at a value that it had before, has, or will have."""
    for name in sorted(names):
        parameter = rules.parameters[name]
        due = [v for v in parameter.values if v.valid_from <= dt.date(last, 12, 31)]
        used = [v for v in due if v.valid_from > dt.date(first, 1, 1)]
        for value in due[-len(used) - 2 :] if len(due) > 1 else ():
            text = (
                f"{name} is {amount_text(parameter, value)} (from {value.valid_from}) in every year"
            )
            yield Option("vintage", text, _one_value(name, value))


def _one_value(name: str, value: Value) -> Callable[[Basis], Basis]:
    return lambda b: replace(b, rules=value_kept(b.rules, name, value))


def _ruled(rules: Rules) -> Callable[[Basis], Basis]:
    return lambda b: replace(b, rules=rules)


def _starting(day: dt.date) -> Callable[[Basis], Basis]:
    return lambda b: replace(b, outcomes=b.outcomes.starting(day))


def _without_group(group: str) -> Callable[[Basis], Basis]:
    def change(basis: Basis) -> Basis:
        data = basis.outcomes.dataset
        kept = data.isel(group=[g != group for g in data["group"].values.tolist()])
        persons = tuple(p for p in basis.persons if p.group != group)
        return replace(basis, outcomes=Outcomes(kept), persons=persons)

    return change


def _without_kind(key: str, kind: str) -> Callable[[Basis], Basis]:
    return lambda b: replace(b, persons=tuple(p for p in b.persons if str(getattr(p, key)) != kind))


def _shifted(years: int) -> Change:
    return lambda sheet: {(p, n, y + years): v for (p, n, y), v in sheet.items()}


def _discounted(rate: float, first: int) -> Change:
    def change(sheet: Sheet) -> Sheet:
        zero = min(year for _, _, year in sheet)
        return {k: v * (1 + rate) ** -(k[2] - zero + first) for k, v in sheet.items()}

    return change


def _times(factors: Mapping[int, float]) -> Change:
    return lambda sheet: {k: v * factors.get(k[2], 1.0) for k, v in sheet.items()}


def _months_inside(outcomes: Outcomes, side: RuleSide) -> dict[int, int]:
    """Return how many months of each year lie inside the horizon."""
    periods = outcomes.periods
    years = side.horizon_years or periods.count * periods.years
    first = periods.start.year * 12 + periods.start.month - 1
    inside: dict[int, int] = {}
    for month in range(first, first + round(years * 12)):
        inside[month // 12] = inside.get(month // 12, 0) + 1
    return inside

"""Explains the cells of a ledger computed by dated rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impactmodel.fiscal.benefit_months import (
    Counters,
    allowance_inputs,
    basic_inputs,
    benefit_before,
    benefit_month,
    running,
    wage_before,
)
from impactmodel.fiscal.extras import Extras
from impactmodel.fiscal.finnish_lines import (
    ALLOWANCE_LINE,
    BENEFIT_LINES,
    EMPLOYER_RESULTS,
    HOUSING_BOOK,
    LIVING_FLOWS,
    YEAR_BOOKS,
    YEAR_FLOWS,
    flow_of,
)
from impactmodel.fiscal.living_flows import net_income, net_rates
from impactmodel.fiscal.months import Months
from impactmodel.fiscal.values_in_use import InUse, listed, values_in_use
from impactmodel.fiscal.year_flows import year_flows

type Draws = NDArray[np.float64]
type _Values = Mapping[str, Sequence[InUse]]

_SEEN = 1e-12
_PAID = ("gross_wage", *BENEFIT_LINES)


@dataclass(frozen=True, slots=True)
class RuleExplainer:
    """The rules, persons and histories behind a ledger."""

    months: Months
    driver: str
    extras: Extras
    _said: dict[tuple[str, int], _Values] = field(default_factory=dict)
    _counters: dict[str, Draws] = field(default_factory=dict)
    at_means: dict[tuple[int, int], Mapping[tuple[str, str, int], Draws]] = field(
        default_factory=dict
    )
    """What a person of each arm and group brings at the expected months, where that was asked."""

    def sentence(self, payer: str, line: str, year: int) -> str:
        """Say the months in work, the result and every value behind it with date and source."""
        stated = self.extras.sentence(line)
        if stated is not None:
            return f"{self._work(year)}; {stated}"
        flow = flow_of(line)
        result = flow.result_for(payer)
        if result == "wage":
            return f"{self._work(year)}; the profile's wage of months in work"
        own = line in BENEFIT_LINES or flow in LIVING_FLOWS
        key = (line if own else flow.level, year)
        if key not in self._said:
            self._said[key] = self._values(line, year)
        values = self._said[key].get(result, ())
        said = listed(values, self.months.rules.sources)
        behind = f"; values: {said}" if said else ", which is zero whatever the values"
        return f"{self._work(year)}; {self._meaning(result)}{behind}"

    def _work(self, year: int) -> str:
        histories = self.months.histories
        worked = histories.expected_months(*self._span(year)).mean(axis=0)
        parts = [
            f"{with_it:.2f} months in work with and {without:.2f} without the programme"
            + (f" ({group})" if len(histories.groups) > 1 else "")
            for group, with_it, without in zip(histories.groups, *worked.tolist(), strict=True)
        ]
        return f"by '{self.driver}', " + ", ".join(parts)

    def _meaning(self, result: str) -> str:
        rules = (rule for book in self.months.rules.books.values() for rule in book.rules)
        return next(rule.label for rule in rules if rule.name == result)

    def _span(self, year: int) -> tuple[int, int]:
        return next((f, a) for y, f, a in self.months.histories.years() if y == year)

    def _values(self, line: str, year: int) -> _Values:
        """Return the values in use by result, from every month or the year of a line."""
        flow = flow_of(line)
        if flow.level == "year":
            results = [flow.sides[0][2] for flow in YEAR_FLOWS]
            rules, inputs = self.months.rules.at(dt.date(year, 1, 1)), self._tax_inputs(year)
            return values_in_use(rules, inputs, YEAR_BOOKS, results)
        found: dict[str, list[InUse]] = {}
        for day, inputs in self._month_inputs(line, year):
            results = [result for _, _, result in flow.sides]
            if flow.level == "work_month":
                results = list(EMPLOYER_RESULTS)
            used = values_in_use(self.months.rules.at(day), inputs, flow.books, results)
            for result, values in used.items():
                known = found.setdefault(result, [])
                known += [one for one in values if one.text not in {other.text for other in known}]
        return found

    def _tax_inputs(self, year: int) -> dict[str, Any]:
        """Return the taxed wages and benefits that occur, (person, states)."""
        months, (first, after) = self.months, self._span(year)
        flows = next(made for y, _, _, made in year_flows(months) if y == year)
        k, b = np.nonzero(self._occurs(first, after))
        shape = (len(months.profile.persons), after - first + 1, first + 1)
        paid = [np.broadcast_to(flows[line, "participant"], shape)[:, k, b] for line in _PAID]
        stretch = months.stretch(first, after)
        taxed = np.concatenate(
            [
                np.asarray(paid[0]) * stretch + wage_before(months, year),
                np.asarray(sum(paid[1:])) * stretch + benefit_before(months, year),
            ]
        )
        # States that differ in no person's income are one.
        wage, benefit = np.split(np.unique(taxed, axis=1), 2)
        return months.tax_inputs(year, wage, benefit)

    def _month_inputs(self, line: str, year: int) -> Iterator[tuple[dt.date, dict[str, Any]]]:
        months, (first, after) = self.months, self._span(year)
        for t in self._telling_months(first, after):
            day = months.histories.month(t)
            if flow_of(line) in LIVING_FLOWS:
                yield day, self._living_inputs(line, year, t)
                continue
            if line not in BENEFIT_LINES:
                wages = np.hstack([months.wages(), months.part_time()])
                yield day, months.employer_inputs(day, wages)
                continue
            mine = months.benefit_lines(day)[line][:, 0]
            if mine.any():
                inputs = allowance_inputs if line == ALLOWANCE_LINE else basic_inputs
                yield day, _rows(inputs(months, day, self._counted(t)), mine)

    def _counted(self, t: int) -> Counters:
        """Return the counters of a month after 0, 1, ..., t others on benefit."""
        if not self._counters:
            self._counters.update(running(self.months))
        return {name: days[:, : t + 1] for name, days in self._counters.items()}

    def _living_inputs(self, line: str, year: int, t: int) -> dict[str, Any]:
        """Return the incomes of a month that occur, on benefit and in work, of housed persons."""
        months, day = self.months, self.months.histories.month(t)
        wage, part_time = months.wages(), months.part_time()
        benefit = benefit_month(months, day, self._counted(t))["total_benefit"]
        benefit = np.unique(np.broadcast_to(benefit, (len(wage), t + 1)), axis=1)
        cases = benefit.shape[1]
        gross = (
            np.hstack([np.repeat(part_time, cases, axis=1), wage]),
            np.hstack([benefit, np.zeros_like(wage)]),
        )
        if line == HOUSING_BOOK:
            return _rows(months.housing_inputs(day, *gross), months.housed())
        taxed = self._tax_inputs(year)
        earned, paid = taxed["wage"], taxed["taxable_benefit"]
        rate, levy = net_rates(months.taxes(year, earned, paid), earned, earned + paid)
        housing = months.housing(day, *gross)["housing_allowance"]
        shaped = (each[:, :, None] for each in (*gross, housing))
        net_wage, left = net_income((rate[:, None, :], levy[:, None, :]), *shaped)
        flat = (len(wage), -1)
        inputs = months.assistance_inputs(day, net_wage.reshape(flat), left.reshape(flat))
        return _rows(inputs, months.housed())

    def _telling_months(self, first: int, after: int) -> list[int]:
        """Return the first and the last month of every stretch without a change of the rules."""
        months = self.months
        days = [months.histories.month(t) for t in range(first, after)]
        starts = [
            0,
            *(j + 1 for j in range(len(days) - 1) if months.rules.changes(*days[j : j + 2])),
        ]
        ends = [*(j - 1 for j in starts[1:]), len(days) - 1]
        return [first + j for j in sorted({*starts, *ends})]

    def _occurs(self, first: int, after: int) -> NDArray[np.bool_]:
        """Return which (months in work, months on benefit before) occur at the mean of draws."""
        histories = self.months.histories.central()
        found = [
            histories.states(first, after, arm=arm, group=group)[0] > _SEEN
            for arm in (0, 1)
            for group in range(len(histories.groups))
        ]
        return np.asarray(np.any(found, axis=0))


def _rows(inputs: Mapping[str, Any], persons: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the inputs of some persons."""
    return {name: v[persons] if np.ndim(v) == 2 else v for name, v in inputs.items()}

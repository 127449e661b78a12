"""Explains the cells of a ledger computed by dated rules."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from impactmodel.fiscal.finnish_lines import EMPLOYER_BOOK, MONTH_BOOKS, YEAR_BOOKS, flow_of
from impactmodel.fiscal.rule_closure import parameters_behind
from impactmodel.fiscal.rule_results import Found
from impactmodel.fiscal.year_flows import Months


@dataclass(frozen=True, slots=True)
class RuleExplainer:
    """The rules, persons and histories behind a ledger."""

    months: Months
    driver: str

    def sentence(self, payer: str, line: str, year: int) -> str:
        """Say the months in work, the result of the rules and every value with date and source."""
        flow = flow_of(line)
        result = flow.result_for(payer)
        found = self._values(result, line, year)
        sources = self.months.rules.sources
        listed = "".join(f"\n- {one.sentence(sources)}" for one in found)
        detail = f"; values:{listed}" if found else ": the profile's wage of months in work"
        return f"{self._work(year)}; {self._meaning(result)}{detail}"

    def _work(self, year: int) -> str:
        histories = self.months.histories
        first, after = next((f, a) for y, f, a in histories.years() if y == year)
        worked = histories.expected_months(first, after).mean(axis=0)
        parts = [
            f"{with_it:.2f} months in work with and {without:.2f} without the programme"
            + (f" ({group})" if len(histories.groups) > 1 else "")
            for group, with_it, without in zip(histories.groups, *worked.tolist(), strict=True)
        ]
        return f"by '{self.driver}', " + ", ".join(parts)

    def _meaning(self, result: str) -> str:
        for book in self.months.rules.books.values():
            for rule in book.rules:
                if rule.name == result:
                    return rule.label or rule.name.replace("_", " ")
        return result.replace("_", " ")

    def _values(self, result: str, line: str, year: int) -> tuple[Found, ...]:
        """Return the parameter values that the result reads in a year, each once."""
        months = self.months
        found: dict[tuple[str, dt.date], Found] = {}
        for day in self._days(line, year):
            texts = months.texts(day)
            for name in parameters_behind(months.rules, [result], self._books(line), texts):
                one = months.rules.find(name, day)
                found.setdefault((one.parameter.id, one.value.valid_from), one)
        return tuple(found.values())

    def _books(self, line: str) -> tuple[str, ...]:
        level = flow_of(line).level
        books = {"benefit_month": MONTH_BOOKS, "work_month": (EMPLOYER_BOOK,), "year": YEAR_BOOKS}
        return books[level]

    def _days(self, line: str, year: int) -> tuple[dt.date, ...]:
        if flow_of(line).level == "year":
            return (dt.date(year, 1, 1),)
        histories = self.months.histories
        first, after = next((f, a) for y, f, a in histories.years() if y == year)
        days = [histories.month(t) for t in range(first, after)]
        if flow_of(line).channel == "benefit":
            days = [d for d in days if np.any(self.months.benefit_line(d) == line)]
        return tuple(days)

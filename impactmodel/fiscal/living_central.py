"""Housing allowance and social assistance in the central scenario: blocks of rules by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from impactmodel.core.central import CentralInput
from impactmodel.core.rule import Difference, Input, Maximum, Named, RuleBook, Sum
from impactmodel.fiscal.finnish_lines import (
    ASSISTANCE_BOOK,
    CONTRIBUTIONS,
    HOUSING_BOOK,
    INCOME_TAXES,
    LIVING_FLOWS,
)
from impactmodel.fiscal.rule_net import Net, person_reads, total


@dataclass(frozen=True, slots=True)
class Income:
    """A month of the histories and the keys of its wages and its benefits."""

    month: int
    wages: tuple[str, ...]
    benefits: tuple[str, ...]


LIVING = "living"
_LEAST = 1e-9
_RATES = ("income_tax_rate", "contribution_rate")


def rates_of_a_year() -> tuple[Named, ...]:
    """Return the rules of the rates at which a year's taxes leave its income."""
    gross = Sum((Input("wage"), Input("taxable_benefit")))
    taxes = Sum([Input(name) for name in INCOME_TAXES])
    contributions = Sum([Input(name) for name in CONTRIBUTIONS])
    return (
        Named(_RATES[0], taxes / Maximum((gross, _LEAST)), "share of income that taxes take"),
        Named(
            _RATES[1],
            contributions / Maximum((Input("wage"), _LEAST)),
            "share of wages that contributions take",
        ),
    )


def living_blocks(net: Net, i: int, case: str, incomes: Sequence[Income]) -> None:
    """Add a block for every month of a person's year, and their sums by line and payer."""
    months = [_month(net, i, case, income) for income in sorted(incomes, key=lambda one: one.month)]
    reads: dict[str, str] = {}
    named: list[Named] = []
    for flow in LIVING_FLOWS:
        for payer, sign, result in flow.sides:
            names = [f"{flow.line}|{payer} {j}" for j in range(len(months))]
            keys = (f"{month}/{result}" for month in months)
            reads |= dict(zip(names, keys, strict=True))
            terms = [Input(name) * sign for name in names]
            named.append(Named(f"{flow.line}|{payer}", total(terms)))
    title = f"{net.blocks[case].title}, housing allowance and social assistance"
    day = net.months.histories.month(min(one.month for one in incomes))
    net.add(f"{case}|{LIVING}", title, RuleBook(tuple(named)), day, reads)


def _month(net: Net, i: int, case: str, income: Income) -> str:
    months = net.months
    day = months.histories.month(income.month)
    housing, assistance = (months.rules.book(name) for name in (HOUSING_BOOK, ASSISTANCE_BOOK))
    sums: list[Named] = []
    reads: dict[str, str] = {}
    for kind, keys in (("earned", income.wages), ("paid", income.benefits)):
        names = [f"{kind} {j}" for j in range(len(keys))]
        reads |= dict(zip(names, keys, strict=True))
        label = {"earned": "wages of the month", "paid": "benefits of the month"}[kind]
        sums.append(Named(kind, total([Input(name) for name in names]), label))
    book = RuleBook((*sums, *_gross(), *housing.rules, *_left(), *assistance.rules))
    reads |= person_reads(net, i, day, tuple(book.inputs()))
    reads["other_income"] = net.person(
        i, "other_income", months.profile.persons[i].other_income, "income of other members"
    )
    reads |= {name: f"{case}/{name}" for name in _RATES}
    reads["nothing"] = "nothing"
    net.inputs.setdefault("nothing", CentralInput("no spouse's wage, no wealth", "", 0.0, "stated"))
    title = f"Person {i + 1}, {day:%Y-%m}: housing allowance and social assistance"
    return net.add(f"{case}|{LIVING}|{day:%Y-%m}", title, book, day, reads)


def _gross() -> tuple[Named, ...]:
    none = Input("nothing") * 1.0
    return (
        Named("gross_wage", Input("earned") * 1.0, "gross wage"),
        Named("spouse_gross_wage", none, "spouse's gross wage"),
        Named("other_gross_income", Input("paid") + Input("other_income"), "other gross income"),
        Named("wealth", none, "wealth"),
    )


def _left() -> tuple[Named, ...]:
    kept = Difference(1.0, Input(_RATES[0]))
    earned = Input("earned")
    return (
        Named("net_wage", earned * kept - earned * Input(_RATES[1]), "net wage"),
        Named("spouse_net_wage", Input("nothing") * 1.0, "spouse's net wage"),
        Named(
            "other_net_income",
            Sum((Input("paid") * kept, Input("housing_allowance"), Input("other_income"))),
            "other net income",
        ),
    )

"""The central scenario of a contract: what it pays at the mean of the draws, as rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impactmodel.contract.agreement import Clause, OutcomesContract
from impactmodel.contract.compile import (
    MINIMUM_COHORT,
    PAID_BEFORE,
    PEOPLE,
    TOTAL_CAP,
    capped_rule,
    clause_rule,
    paid_share_rule,
    reference_name,
    total_name,
)
from impactmodel.contract.payments import date_of, payments
from impactmodel.contract.terms import AboveBaseline, Gross, reference_level, term_name
from impactmodel.core.central import Amount, Block, Central, CentralInput, CentralParameter
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Constant, Input, Named, Rule, RuleBook, Sum, inputs, terms

if TYPE_CHECKING:
    from impactmodel.core.outcomes import Outcomes

_SAID = {
    "price": "price per unit",
    "share": "share",
    "steps": "steps: from, amount",
    "bands": "bands: above, amount per unit",
    "base": "base: from, amount",
    "floor": "least payment at a date",
    "cap": "most in all",
    "cap_per_person": "most per person",
    "baseline": "agreed baseline per person",
    "prediction": "the contract's prediction per person",
}


def central(contract: OutcomesContract, outcomes: Outcomes) -> Central:
    """Return what a contract pays in the central scenario, as rules.

    Every outcome is at the mean of its draws and every group at its mean number of people. The
    rules are those that pay: for each due (a clause and a period), then the total cap in the order
    of dates.

    Returns
    -------
    Central
        Inputs are people and outcomes; parameters are the terms of the contract. The results of
        the last block are named ``clause|payer|date``, and by payer (undiscounted).

    Raises
    ------
    InputError
        If a cap per person over all clauses makes the payment depend on how the outcomes of one
        person hang together.
    DiagnosticsError, JoinError
        As in `impactmodel.contract.payments`.

    Assumptions
    -----------
    The rule at the expected outcomes: with a measured view, the mean over draws of what is paid
    differs from it where a floor, a cap or a step bends the rule.

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.contract import Clause, Rate
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.core.outcomes import Outcomes, Provenance
    >>> from impactmodel.core.schedule import Periods
    >>> found = Outcomes.from_draws([[0.5], [0.7]], [[0.4], [0.4]],
    ...     measures=[OutcomeMeasure("job", kind="binary")],
    ...     periods=Periods(dt.date(2024, 1, 1), "year", 1), cohort_size=100,
    ...     provenance=Provenance())
    >>> clause = Clause("jobs", Rate(3000.0), payer="state", outcome="job")
    >>> scenario = central(OutcomesContract("Trial", "EUR", dt.date(2024, 1, 1), (clause,)), found)
    >>> {name: round(paid) for name, paid in scenario.totals().items()}
    {'jobs|state|2025-01-01': 180000, 'state': 180000}
    >>> round(scenario.changed({"jobs.price": 1000.0}).totals()["state"])
    60000
    """
    from impactmodel.fiscal.stated_central import central_outcomes

    if contract.cap_per_person is not None:
        raise InputError(
            "a cap per person over all clauses depends on how the outcomes of one person hang "
            "together: the payment is no formula of expected outcomes",
            key="cap_per_person",
            fix="show the payments as values",
        )
    point = central_outcomes(outcomes)
    due = payments(contract, point, view="expected").amount
    net = _Net(contract, point)
    dues = [
        _Due(contract.clause(str(name)), int(period), date_of(day))
        for name, period, day in zip(
            due["clause"].values, due["period"].values, due["date"].values, strict=True
        )
    ]
    for one in dues:
        _add_due(net, one)
    shares = _add_cap(net, dues)
    _add_totals(net, dues, shares)
    return Central(net.inputs, net.parameters, tuple(net.blocks), contract.currency)


@dataclass(frozen=True, slots=True)
class _Due:
    """A clause that pays for a period on a day."""

    clause: Clause
    period: int
    day: dt.date

    @property
    def key(self) -> str:
        return f"due|{self.clause.name}|{self.period}"


@dataclass(slots=True)
class _Net:
    """Inputs, terms and blocks while they are collected."""

    contract: OutcomesContract
    point: Outcomes
    inputs: dict[str, CentralInput] = field(default_factory=dict)
    parameters: dict[str, CentralParameter] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    paid: dict[str, str] = field(default_factory=dict)

    @property
    def groups(self) -> list[str]:
        """Groups of the cohort."""
        return [str(group) for group in self.point.dataset["group"].values.tolist()]

    def add(self, key: str, title: str, rules: list[Named], reads: Mapping[str, str]) -> None:
        """Add a block; what it reads and ``reads`` does not give is an input or a term."""
        book = RuleBook(tuple(rules))
        names = set(book.inputs()).union(*(terms(rule) for rule in rules))
        self.blocks.append(Block(key, title, book, {n: reads.get(n, n) for n in sorted(names)}))

    def people(self, group: str) -> Input:
        """Return the input of a group's people."""
        size = float(self.point.cohort_size.sel(group=group).values[0])
        return self._input(f"people|{group}", f"people, {group}", "people", size)

    def level(self, outcome: str, arm: str, group: str, period: int) -> Input:
        """Return the input of an outcome's level per cohort member; arm: treated or without."""
        measure = self.point.measure(outcome)
        array = self.point.dataset["treated" if arm == "treated" else "counterfactual"]
        place = array.sel(group=group, outcome=outcome).isel(period=period)
        label = f"{measure.title}, {arm}, {group}, period {period + 1}"
        key = f"{outcome}|{arm}|{group}|{period}"
        return self._input(key, label, measure.unit, float(place.values[0]))

    def _input(self, key: str, label: str, unit: str, value: float) -> Input:
        source = self.point.provenance.source or "evidence"
        self.inputs.setdefault(key, CentralInput(label, unit, value, source))
        return Input(key, label)

    def term(self, name: str, label: str, unit: str, value: Amount, clause: Clause | None) -> None:
        """Note a term of a clause, or of the contract."""
        source, assumed = (clause.source, clause.assumed) if clause else ("", False)
        self.parameters.setdefault(
            name,
            CentralParameter(
                label=label,
                unit=unit,
                value=value,
                valid_from=str(self.contract.start),
                source=source or self.contract.source or "no source stated",
                status="assumption" if assumed else "contract",
                verified=False,
            ),
        )


def _add_due(net: _Net, due: _Due) -> None:
    """Add the block of a due: people and totals, what was paid before, and the clause's rule."""
    clause = due.clause
    rule = clause_rule(clause, net.contract.minimum_cohort)
    needed = inputs(rule)
    _note_terms(net, clause, rule)
    rules = [Named(PEOPLE, Sum([net.people(g) for g in net.groups]), "people of the cohort")]
    for outcome in clause.weights:
        for group in (None, *net.groups):
            where = net.groups if group is None else [group]
            if total_name(outcome, group) in needed:
                rules.append(_total(net, due, outcome, group, where))
            if reference_name(outcome, group) in needed:
                rules.append(_reference(net, due, outcome, group, where))
    reads: dict[str, str] = {}
    if clause.cap is not None:
        before = net.paid.get(clause.name)
        earlier: Rule = Input("earlier", "paid before and at the last date")
        rules.append(Named(PAID_BEFORE, Sum((earlier,)) if before else Sum((0.0,)), "paid before"))
        reads = {"earlier": before} if before else {}
        net.paid[clause.name] = f"{due.key}/paid_after"
    paid = f"due under '{_words(clause.name)}'"
    rules.append(Named("payment", rule.rule, paid))
    if clause.cap is not None:
        both = Sum((Input(PAID_BEFORE, "paid before"), Input("payment", paid)))
        rules.append(Named("paid_after", both, "paid before and at this date"))
    title = f"{_words(clause.name)}, period {due.period + 1}: due from {_words(clause.payer)} "
    title += f"on {due.day}"
    net.add(due.key, title, rules, reads)


def _total(net: _Net, due: _Due, outcome: str, group: str | None, groups: list[str]) -> Named:
    terms_ = [net.people(g) * net.level(outcome, "treated", g, due.period) for g in groups]
    label = f"{net.point.measure(outcome).title}, {group or 'whole cohort'}"
    return Named(total_name(outcome, group), Sum(terms_), label)


def _reference(net: _Net, due: _Due, outcome: str, group: str | None, groups: list[str]) -> Named:
    terms_ = [net.people(g) * _comparison(net, due, outcome, g) for g in groups]
    label = f"{net.point.measure(outcome).title} to compare with, {group or 'whole cohort'}"
    return Named(reference_name(outcome, group), Sum(terms_), label)


def _comparison(net: _Net, due: _Due, outcome: str, group: str) -> Rule:
    """Return the level per person that a clause compares with: measured, or a term."""
    basis = due.clause.basis
    level = reference_level(basis, group)
    if level is None:
        return net.level(outcome, "without", group, due.period)
    if isinstance(basis, Gross):
        return Constant(level)
    term, fixed = "prediction", getattr(basis, "prediction", None)
    if isinstance(basis, AboveBaseline):
        term, fixed = "baseline", basis.baseline
    name = term_name(due.clause.name, term, group if isinstance(fixed, dict) else "")
    label = _label(due.clause, name)
    net.term(name, label, net.point.measure(outcome).unit, level, due.clause)
    return Constant(level, name=name)


def _note_terms(net: _Net, clause: Clause, rule: Rule) -> None:
    for name, value in terms(rule).items():
        if name == MINIMUM_COHORT:
            net.term(name, "people under which nothing is paid", "people", value, None)
            continue
        term = name.removeprefix(f"{clause.name}.").split("@")[0]
        unit = "share" if term == "share" else net.contract.currency
        net.term(name, _label(clause, name), unit, value, clause)


def _label(clause: Clause, name: str) -> str:
    term, _, group = name.removeprefix(f"{clause.name}.").partition("@")
    return f"{_words(clause.name)}: {_SAID[term]}" + (f", {group}" if group else "")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _add_cap(net: _Net, dues: list[_Due]) -> dict[dt.date, str]:
    """Add a block of the total cap for each date; return the key of the share that is paid."""
    capped = capped_rule(net.contract.cap)
    if capped is None:
        return {}
    (cap,) = terms(capped).values()
    net.term(TOTAL_CAP, "most that is paid in all", net.contract.currency, cap, None)
    shares: dict[dt.date, str] = {}
    before = ""
    for day in dict.fromkeys(due.day for due in dues):
        mine = [due for due in dues if due.day == day]
        reads = {due.key: f"{due.key}/payment" for due in mine}
        if before:
            reads["earlier"] = before
        parts = [Input(due.key, f"due under '{_words(due.clause.name)}'") for due in mine]
        earlier: Rule = Input("earlier", "paid before and at the last date")
        rules = [
            Named("due", Sum(parts), "due at this date"),
            Named(PAID_BEFORE, Sum((earlier,)) if before else Sum((0.0,)), "paid before"),
            Named(capped.name, capped.rule, "payable under the total cap"),
            Named(paid_share_rule().name, paid_share_rule().rule, "share of it that is paid"),
            Named(
                "paid_after",
                Sum((Input(PAID_BEFORE, "paid before"), Input(capped.name))),
                "paid before and at this date",
            ),
        ]
        net.add(f"cap|{day}", f"The total cap on {day}", rules, reads)
        shares[day], before = f"cap|{day}/paid_share", f"cap|{day}/paid_after"
    return shares


def _add_totals(net: _Net, dues: list[_Due], shares: Mapping[dt.date, str]) -> None:
    """Add the last block: what is paid by clause, payer and date, and by payer."""
    reads = {due.key: f"{due.key}/payment" for due in dues}
    reads |= {f"share|{day}": key for day, key in shares.items()}
    paid: dict[tuple[str, str], list[Rule]] = {}
    for due in dues:
        amount: Rule = Input(due.key, f"due under '{_words(due.clause.name)}'")
        if due.day in shares:
            amount = amount * Input(f"share|{due.day}", "share that is paid")
        name = f"{due.clause.name}|{due.clause.payer}|{due.day}"
        paid.setdefault((due.clause.payer, name), []).append(amount)
    rules = [Named(name, Sum(amounts)) for (_, name), amounts in paid.items()]
    for payer in net.contract.payers:
        names = [name for whose, name in paid if whose == payer]
        rules.append(Named(payer, Sum([Input(name) for name in names])))
    net.add("totals", "Payments by clause, payer and date", rules, reads)

"""The central scenario of a contract: what it pays at the mean of the draws, as rules."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impactmodel.contract.agreement import OutcomesContract
from impactmodel.contract.central_limits import limit_blocks, limit_terms
from impactmodel.contract.central_persons import (
    PERSONS,
    SOURCE,
    granted_name,
    level_name,
    person_block,
)
from impactmodel.contract.clause import Clause
from impactmodel.contract.compile import (
    MINIMUM_COHORT,
    PAID_BEFORE,
    PEOPLE,
    PERSON_CAP,
    clause_rule,
    people_name,
    reference_name,
    total_name,
)
from impactmodel.contract.dues import Due, dues_of
from impactmodel.contract.names import term_name
from impactmodel.contract.payments import payments
from impactmodel.contract.person_caps import persons_of
from impactmodel.contract.phrases import spaced
from impactmodel.contract.quantities import paid_periods
from impactmodel.contract.terms import AboveBaseline, Gross, reference_level
from impactmodel.core.central import Amount, Block, Central, CentralInput, CentralParameter
from impactmodel.core.rule import (
    Constant,
    Input,
    Minimum,
    Named,
    Rule,
    RuleBook,
    Sum,
    inputs,
    terms,
)

if TYPE_CHECKING:
    from impactmodel.core.outcomes import Outcomes

_SAID = {
    "price": "price per unit",
    "share": "share",
    "then": "share after recovery",
    "principal": "principal",
    "base_return": "base return per period",
    "amount": "fixed amount",
    "at_least": "threshold or floor",
    "at_most": "most",
    "coefficient": "coefficient",
    "indexation": "index factor",
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
    rules are those that pay: for each due (a clause and a period), then the limits over several
    clauses in the order of dates.

    Returns
    -------
    Central
        Inputs are people and outcomes; parameters are the terms of the contract. The results of
        the last block are named ``clause|payer|date``, and by payer (undiscounted).

    Raises
    ------
    InputError
        If under a cap per person over all clauses the outcomes of one person combine in too many
        ways to be tabulated.
    DiagnosticsError, JoinError
        As in `impactmodel.contract.payments`.

    Assumptions
    -----------
    With a cap per person over all clauses the inputs are not levels of outcomes but the shares of
    people with each combination of them, at the mean of the draws weighted by people.

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

    point = central_outcomes(outcomes)
    payments(contract, point, view="expected")
    net = _Net(contract, point)
    dues = dues_of(contract, point.periods, lambda clause: paid_periods(clause, point))
    if contract.cap_per_person is not None:
        _add_persons(net, dues, outcomes, contract.cap_per_person)
    for place, one in enumerate(dues):
        _add_due(net, one, place)
    keys = _add_limits(net, dues)
    _add_totals(net, dues, keys)
    return Central(net.inputs, net.parameters, tuple(net.blocks), contract.currency)


def _add_persons(net: _Net, dues: list[Due], outcomes: Outcomes, cap: float) -> None:
    """Add the block of the cap per person, and the shares of people that it reads."""
    persons = persons_of(net.contract, outcomes, dues)
    several = len({due.period for due in dues}) > 1
    titles = [
        net.point.measure(due.clause.outcome).title
        + (f" in period {due.period + 1}" if several else "")
        for due in dues
    ]
    people = Sum([net.people(group) for group in net.groups])
    block = person_block(dues, titles, persons.prices, cap, persons.combinations(), people)
    for key, (label, share) in block.shares.items():
        net.inputs[key] = CentralInput(label, "share", share, SOURCE)
    label = "most per person over all clauses"
    net.term(PERSON_CAP, label, net.contract.currency, cap, None)
    net.add(PERSONS, "The cap per person over all clauses", block.rules, {})
    net.capped = True


def _key(due: Due) -> str:
    return f"due|{due.path}|{due.period}"


@dataclass(slots=True)
class _Net:
    """Inputs, terms and blocks while they are collected."""

    contract: OutcomesContract
    point: Outcomes
    inputs: dict[str, CentralInput] = field(default_factory=dict)
    parameters: dict[str, CentralParameter] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    paid: dict[str, str] = field(default_factory=dict)
    capped: bool = False

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


def _add_due(net: _Net, due: Due, place: int) -> None:
    """Add the block of a due: people and totals, what was paid before, and the clause's rule."""
    clause = due.clause
    rule = clause_rule(net.contract, clause, due.period, due.path)
    needed = inputs(rule)
    _note_terms(net, due, rule)
    counted = list(clause.groups) or net.groups
    rules = [Named(PEOPLE, Sum([net.people(g) for g in counted]), "people of the cohort")]
    rules += [
        Named(people_name(g), Sum((net.people(g),)), f"people, {g}")
        for g in counted
        if people_name(g) in needed
    ]
    rules += _quantities(net, due, place, needed, counted)
    reads: dict[str, str] = {}
    if PAID_BEFORE in needed:
        before = net.paid.get(clause.name)
        earlier: Rule = Input("earlier", "paid before and at the last date")
        rules.append(Named(PAID_BEFORE, Sum((earlier,)) if before else Sum((0.0,)), "paid before"))
        reads = {"earlier": before} if before else {}
        net.paid[clause.name] = f"{_key(due)}/paid_after"
    paid = f"due under '{spaced(clause.name)}'"
    rules.append(Named("payment", rule.rule, paid))
    if PAID_BEFORE in needed:
        both = Sum((Input(PAID_BEFORE, "paid before"), Input("payment", paid)))
        rules.append(Named("paid_after", both, "paid before and at this date"))
    if net.capped:
        left = Input(granted_name(place), "left by the cap per person")
        rules.append(Named("held", Minimum((Input("payment", paid), left)), f"{paid}, held to it"))
        names = (level_name(place), granted_name(place))
        reads |= {name: f"{PERSONS}/{name}" for name in names}
    title = f"{spaced(due.path)}, period {due.period + 1}: due from {spaced(clause.payer)} "
    title += f"on {due.day}"
    net.add(_key(due), title, rules, reads)


def _quantities(
    net: _Net, due: Due, place: int, needed: Container[str], counted: list[str]
) -> list[Named]:
    """Return the totals and references that a due's rule needs."""
    rules = []
    for outcome in due.clause.reads:
        for group in (None, *counted):
            where = counted if group is None else [group]
            if net.capped and total_name(outcome, group) in needed:
                level = Input(level_name(place), f"share of people with it, {spaced(outcome)}")
                rules.append(_total(net, outcome, group, [Input(PEOPLE) * level]))
            elif total_name(outcome, group) in needed:
                levels = [
                    net.people(g) * net.level(outcome, "treated", g, due.period) for g in where
                ]
                rules.append(_total(net, outcome, group, levels))
            if reference_name(outcome, group) in needed:
                rules.append(_reference(net, due, outcome, group, where))
    return rules


def _total(net: _Net, outcome: str, group: str | None, levels: list[Rule]) -> Named:
    label = f"{net.point.measure(outcome).title}, {group or 'whole cohort'}"
    return Named(total_name(outcome, group), Sum(levels), label)


def _reference(net: _Net, due: Due, outcome: str, group: str | None, groups: list[str]) -> Named:
    terms_ = [net.people(g) * _comparison(net, due, outcome, g) for g in groups]
    label = f"{net.point.measure(outcome).title} to compare with, {group or 'whole cohort'}"
    return Named(reference_name(outcome, group), Sum(terms_), label)


def _comparison(net: _Net, due: Due, outcome: str, group: str) -> Rule:
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
    name = term_name(due.path, term, group if isinstance(fixed, dict) else "")
    label = _label(due, name)
    net.term(name, label, net.point.measure(outcome).unit, level, due.clause)
    return Constant(level, name=name)


def _note_terms(net: _Net, due: Due, rule: Rule) -> None:
    for name, value in terms(rule).items():
        if name == MINIMUM_COHORT:
            net.term(name, "people under which nothing is paid", "people", value, None)
        elif name.startswith("cost."):
            title = name.removeprefix("cost.").replace("@", ", ")
            net.term(name, f"reference cost: {title}", net.contract.currency, value, None)
        else:
            net.term(name, _label(due, name), _unit(net, name), value, due.clause)


def _unit(net: _Net, name: str) -> str:
    term = name.partition("@")[0].rpartition(".")[2]
    shares = {"share": "share", "then": "share", "base_return": "share"}
    factors = {"coefficient": "factor", "indexation": "factor"}
    return (shares | factors).get(term, net.contract.currency)


def _label(due: Due, name: str) -> str:
    inner, _, group = name.removeprefix(f"{due.path}.").partition("@")
    *where, term = inner.split(".")
    place = f" ({' '.join(where)})" if where else ""
    return f"{spaced(due.path)}: {_SAID[term]}{place}" + (f", {group}" if group else "")


def _add_limits(net: _Net, dues: list[Due]) -> list[str]:
    """Add the blocks of the limits; return the key of what is paid for each due."""
    for name, amount, label in limit_terms(net.contract):
        net.term(name, label, net.contract.currency, amount, None)
    labels = [f"due under '{spaced(due.clause.name)}'" for due in dues]
    keys = [f"{_key(due)}/{'held' if net.capped else 'payment'}" for due in dues]
    for block in limit_blocks(net.contract, dues, labels):
        reads = {name: keys[place] for place, name in block.amounts.items()} | block.earlier
        net.add(block.key, block.title, block.rules, reads)
        for place, name in block.paid.items():
            keys[place] = f"{block.key}/{name}"
    return keys


def _add_totals(net: _Net, dues: list[Due], keys: list[str]) -> None:
    """Add the last block: what is paid by clause, payer and date, and by payer."""
    reads: dict[str, str] = {}
    paid: dict[tuple[str, str], list[Rule]] = {}
    for due, key in zip(dues, keys, strict=True):
        reads[_key(due)] = key
        amount = Input(_key(due), f"paid under '{spaced(due.clause.name)}'")
        name = f"{due.clause.name}|{due.clause.payer}|{due.day}"
        paid.setdefault((due.clause.payer, name), []).append(amount)
    rules = [Named(name, Sum(amounts)) for (_, name), amounts in paid.items()]
    for payer in net.contract.payers:
        names = [name for whose, name in paid if whose == payer]
        rules.append(Named(payer, Sum([Input(name) for name in names] or [0.0])))
    net.add("totals", "Payments by clause, payer and date", rules, reads)

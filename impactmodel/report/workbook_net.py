"""Net positions in the central scenario: savings less payments and costs, as rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from impactmodel.core.central import Block, Central, CentralInput
from impactmodel.core.distribution import mean
from impactmodel.core.rule import Difference, Input, Named, Rule, RuleBook, Sum
from impactmodel.report.workbook_parts import CONTRACT, NET, SAVINGS, Part, payments_of

if TYPE_CHECKING:
    from impactmodel.contract import OutcomePayments
    from impactmodel.fiscal import PublicCost, Savings


def net_part(
    joined: Central,
    parts: dict[str, Part],
    savings: Savings,
    payments: OutcomePayments | None,
    costs: Sequence[PublicCost] = (),
) -> tuple[Central, dict[str, Part]]:
    """Return the joined scenario and its parts with the net position of each payer.

    Results are named ``saved|payer``, ``paid|payer``, ``spent|payer`` (all in present value
    at the public side's rate, to the first year of its ledger) and ``net|payer``.
    """
    saved, paid = parts[SAVINGS], parts.get(CONTRACT)
    dues = payments_of(paid, payments.contract) if paid and payments else []
    contract = payments.contract.payers if payments else ()
    reads: dict[str, str] = {}
    inputs: dict[str, CentralInput] = {}
    rules: list[Named] = []
    spenders = [cost.payer for cost in costs]
    for payer in dict.fromkeys([*savings.ledger.public_payers, *contract, *spenders]):
        terms: list[Rule] = []
        for due in [due for due in dues if due.payer == payer]:
            key = _factor(inputs, due.day.year, savings)
            reads |= {key: key, f"due|{due.name}": paid.total(due.name) if paid else ""}
            terms.append(Input(f"due|{due.name}") * Input(key))
        rules.append(Named(f"paid|{payer}", _sum(terms), f"{payer} pays, present value"))
        borne_by = [cost for cost in costs if cost.payer == payer]
        spent = _spent(borne_by, savings, inputs, reads)
        rules.append(
            Named(f"spent|{payer}", _sum(spent), f"{payer} spends beside it, present value")
        )
        rules.append(_saved(payer, saved, reads))
        borne = Sum((Input(f"paid|{payer}"), Input(f"spent|{payer}")))
        net = Difference(Input(f"saved|{payer}"), borne)
        rules.append(Named(f"net|{payer}", net, f"{payer}, net position"))
    block = Block(
        "net:totals", "Net position by payer, in present value", RuleBook(tuple(rules)), reads
    )
    keys = {key: key for key in inputs} | {
        f"totals/{name}": f"net:totals/{name}" for name in block.book.names()
    }
    own = Central(inputs, {}, (replace(block, key="totals"),), joined.currency)
    whole = replace(joined, inputs={**joined.inputs, **inputs}, blocks=(*joined.blocks, block))
    return whole, {**parts, NET: Part(own, keys)}


def _saved(payer: str, saved: Part, reads: dict[str, str]) -> Named:
    gained: list[Rule] = []
    if payer in saved.totals():
        reads[f"gained|{payer}"] = saved.total(payer)
        gained = [Input(f"gained|{payer}")]
    return Named(f"saved|{payer}", _sum(gained), f"{payer} saves, present value")


def _spent(
    costs: Sequence[PublicCost],
    savings: Savings,
    inputs: dict[str, CentralInput],
    reads: dict[str, str],
) -> list[Rule]:
    """Make costs and their discount factors inputs; return the terms of their present value."""
    spent: list[Rule] = []
    for cost in costs:
        key, name = _factor(inputs, cost.date.year, savings), _cost(inputs, cost, savings)
        reads |= {key: key, name: name}
        spent.append(Input(name) * Input(key))
    return spent


def _factor(inputs: dict[str, CentralInput], year: int, savings: Savings) -> str:
    """Make the discount factor of a year an input; return its key."""
    key, first = f"payment_discount|{year}", savings.ledger.years[0]
    inputs[key] = CentralInput(
        f"discount factor of payments in {year}",
        "factor",
        (1 + savings.discount_rate) ** -(year - first),
        f"{savings.discount_rate:g} a year to {first}",
    )
    return key


def _cost(inputs: dict[str, CentralInput], cost: PublicCost, savings: Savings) -> str:
    """Make a cost an input at its mean; return its key."""
    key = f"cost|{cost.payer}|{cost.name}|{cost.date}"
    label = f"{cost.name} of {cost.payer} on {cost.date}"
    inputs[key] = CentralInput(
        label, savings.currency, mean(cost.amount), cost.source or "assumption"
    )
    return key


def _sum(terms: list[Rule]) -> Rule:
    return Sum(terms) if terms else Sum((0.0,))

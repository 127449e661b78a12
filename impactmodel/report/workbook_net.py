"""Net positions in the central scenario: savings less payments in present value, as rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from impactmodel.core.central import Block, Central, CentralInput
from impactmodel.core.rule import Difference, Input, Named, Rule, RuleBook, Sum
from impactmodel.report.workbook_parts import CONTRACT, NET, SAVINGS, Part, payments_of

if TYPE_CHECKING:
    from impactmodel.contract import OutcomePayments
    from impactmodel.fiscal import Savings


def net_part(
    joined: Central, parts: dict[str, Part], savings: Savings, payments: OutcomePayments
) -> tuple[Central, dict[str, Part]]:
    """Return the joined scenario and its parts with the net position of each payer.

    Results are named ``saved|payer``, ``paid|payer`` (both in present value at the public side's
    rate, to the first year of its ledger) and ``net|payer``.
    """
    saved, paid = parts[SAVINGS], parts[CONTRACT]
    first = savings.ledger.years[0]
    dues = payments_of(paid, payments.contract)
    reads: dict[str, str] = {}
    inputs: dict[str, CentralInput] = {}
    rules: list[Named] = []
    for payer in dict.fromkeys([*savings.ledger.public_payers, *payments.contract.payers]):
        terms: list[Rule] = []
        for due in [due for due in dues if due.payer == payer]:
            key = f"payment_discount|{due.day.year}"
            inputs[key] = CentralInput(
                f"discount factor of payments in {due.day.year}",
                "factor",
                (1 + savings.discount_rate) ** -(due.day.year - first),
                f"{savings.discount_rate:g} a year to {first}",
            )
            reads |= {key: key, f"due|{due.name}": paid.total(due.name)}
            terms.append(Input(f"due|{due.name}") * Input(key))
        rules.append(Named(f"paid|{payer}", _sum(terms), f"{payer} pays, present value"))
        gained: list[Rule] = []
        if payer in saved.totals():
            reads[f"gained|{payer}"] = saved.total(payer)
            gained = [Input(f"gained|{payer}")]
        rules.append(Named(f"saved|{payer}", _sum(gained), f"{payer} saves, present value"))
        net = Difference(Input(f"saved|{payer}"), Input(f"paid|{payer}"))
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


def _sum(terms: list[Rule]) -> Rule:
    return Sum(terms) if terms else Sum((0.0,))

"""The limits over several clauses as rules of the central scenario."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impactmodel.contract.compile import capped, paid_share
from impactmodel.contract.dues import TOTAL_CAP, Due, limits_of, moments
from impactmodel.core.rule import Input, Named, Rule, Sum

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract

_EARLIER = "paid before and at the last date"


@dataclass(slots=True)
class LimitBlock:
    """The rules of one date.

    Parameters
    ----------
    amounts
        By place of a due: the name under which its payment is read.
    earlier
        By name of an input: the result of an earlier block that it reads.
    paid
        By place of a due: the name of what is left of its payment.
    """

    key: str
    title: str
    rules: list[Named] = field(default_factory=list)
    amounts: dict[int, str] = field(default_factory=dict)
    earlier: dict[str, str] = field(default_factory=dict)
    paid: dict[int, str] = field(default_factory=dict)

    def add(self, name: str, rule: Rule, label: str) -> Input:
        """Add a rule; return an input that reads its result."""
        self.rules.append(Named(name, rule, label))
        return Input(name, label)


def limit_terms(contract: OutcomesContract) -> list[tuple[str, float, str]]:
    """Return the name, amount and label of each limit's cap."""
    return [
        (
            one.name,
            one.limit.cap,
            "most that is paid in all" if one.name == TOTAL_CAP else f"{one.name}: most",
        )
        for one in limits_of(contract)
    ]


def limit_blocks(
    contract: OutcomesContract, dues: list[Due], labels: list[str]
) -> list[LimitBlock]:
    """Return one block for each date, in order; none without a limit.

    Parameters
    ----------
    labels
        Of the payment of each due.
    """
    after: dict[str, str] = {}
    blocks = []
    for places in moments(dues) if limits_of(contract) else ():
        day = dues[places[0]].day
        block = LimitBlock(f"cap|{day}", f"Limits over several clauses on {day}")
        _fill(block, contract, dues, labels, places, after)
        blocks.append(block)
    return blocks


def _fill(
    block: LimitBlock,
    contract: OutcomesContract,
    dues: list[Due],
    labels: list[str],
    places: list[int],
    after: dict[str, str],
) -> None:
    """Fill a block; ``after`` holds the key of what was paid under each limit so far."""
    amounts: dict[int, Rule] = {}
    for place in places:
        block.amounts[place] = f"due {place}"
        amounts[place] = Input(f"due {place}", labels[place])
    covered = [(one, one.covered(dues, places)) for one in limits_of(contract)]
    before: dict[str, Rule] = {}
    for one, keys in covered:
        for key, members in keys.items():
            due = block.add(f"{key}: due", Sum([amounts[m] for m in members]), f"due, {key}")
            earlier: Rule = Sum((0.0,))
            if key in after:
                block.earlier[f"{key}: earlier"] = after[key]
                earlier = Sum((Input(f"{key}: earlier", _EARLIER),))
            before[key] = block.add(f"{key}: before", earlier, f"paid before, {key}")
            most = capped(one.name, one.limit.cap, due, before[key])
            payable = block.add(f"{key}: payable", most, f"payable, {key}")
            share = block.add(f"{key}: share", paid_share(due, payable), f"share paid, {key}")
            for place in members:
                name = f"{key}: {place}"
                amounts[place] = block.add(name, amounts[place] * share, labels[place])
                block.paid[place] = name
    for _, keys in covered:
        for key, members in keys.items():
            now = Sum((before[key], *(amounts[m] for m in members)))
            block.add(f"{key}: after", now, f"paid before and at this date, {key}")
            after[key] = f"{block.key}/{key}: after"

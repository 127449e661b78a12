"""Several central scenarios as one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from impactmodel.core.central import Block, Central, CentralInput, CentralParameter

if TYPE_CHECKING:
    from impactmodel.contract import OutcomesContract

SAVINGS, CONTRACT, NET = "savings", "contract", "net"
HEADINGS = {
    CONTRACT: "What the contract pays",
    SAVINGS: "Public savings",
    NET: "Net position: savings less payments and costs",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One central scenario inside the joined one.

    Parameters
    ----------
    keys
        For each key of its inputs, parameters and results: the key in the joined scenario.
    """

    central: Central
    keys: Mapping[str, str]

    def total(self, name: str) -> str:
        """Return the joined key of a result of the last block."""
        return self.keys[f"{self.central.blocks[-1].key}/{name}"]

    def totals(self) -> tuple[str, ...]:
        """Return the names of the results of the last block."""
        return self.central.blocks[-1].book.names()


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of the central scenario: its result's name in the last block of the contract."""

    clause: str
    payer: str
    day: dt.date
    name: str


def payments_of(part: Part, contract: OutcomesContract) -> list[Paid]:
    """Return the payments of a contract's central scenario, in order."""
    heads = {f"{c.name}|{c.payer}|": (c.name, c.payer) for c in contract.versions}
    found = []
    for name in part.totals():
        head, day = name[:-10], name[-10:]
        if head in heads:
            found.append(Paid(*heads[head], dt.date.fromisoformat(day), name))
    return found


def join(centrals: Mapping[str, Central]) -> tuple[Central, dict[str, Part]]:
    """Return scenarios as one: an input of the same name and value in two of them stands once."""
    inputs: dict[str, CentralInput] = {}
    parameters: dict[str, CentralParameter] = {}
    blocks: list[Block] = []
    parts: dict[str, Part] = {}
    for name, central in centrals.items():
        keys: dict[str, str] = {}
        for key, one in central.inputs.items():
            known = inputs.get(key)
            same = known is None or known.value == one.value
            keys[key] = key if same else f"{name}:{key}"
            inputs.setdefault(keys[key], one)
        for key, parameter in central.parameters.items():
            keys[key] = f"{name}:{key}" if key in parameters or key in inputs else key
            parameters[keys[key]] = parameter
        for block in central.blocks:
            new = f"{name}:{block.key}"
            keys |= {f"{block.key}/{result}": f"{new}/{result}" for result in block.book.names()}
            reads = {local: keys[key] for local, key in block.reads.items()}
            blocks.append(replace(block, key=new, reads=reads))
        parts[name] = Part(central, keys)
    currency = next((central.currency for central in centrals.values()), "")
    return Central(inputs, parameters, tuple(blocks), currency), parts

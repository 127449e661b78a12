"""The central scenario: every input at its stated point, as one net of rules.

What a workbook needs to compute live: inputs, dated parameters, blocks of rules that read them and
each other, and the value of every cell. The blocks are the rules themselves, not a copy of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from impactmodel.core.errors import InputError
from impactmodel.core.rule import RuleBook
from impactmodel.core.rule.numbers import Table

type Amount = float | str | Table


@dataclass(frozen=True, slots=True)
class CentralInput:
    """A value that a reader may change: its name, unit, point and where it comes from."""

    label: str
    unit: str
    value: Amount
    source: str


@dataclass(frozen=True, slots=True)
class CentralParameter:
    """A dated parameter: value, first day, source and whether somebody verified it."""

    label: str
    unit: str
    value: Amount
    valid_from: str
    source: str
    status: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Rules that are computed together.

    Parameters
    ----------
    key, title
        Its name and a heading.
    book
        The rules.
    reads
        For each name that the rules read, named constants included: the key of an input or a
        parameter, or ``block/result`` of an earlier block.
    """

    key: str
    title: str
    book: RuleBook
    reads: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Central:
    """The central scenario.

    Parameters
    ----------
    inputs, parameters
        By key.
    blocks
        In an order in which each reads only what is before it. The last is ``totals``. Of public
        savings its results are named ``line|payer|year`` (undiscounted) and ``payer`` (present
        value); of a contract ``clause|payer|date`` and ``payer`` (undiscounted).
    currency
        Of every amount.
    """

    inputs: Mapping[str, CentralInput]
    parameters: Mapping[str, CentralParameter]
    blocks: tuple[Block, ...]
    currency: str

    def __repr__(self) -> str:
        return f"Central({len(self.inputs)} inputs, {len(self.blocks)} blocks, {self.currency})"

    def values(self) -> dict[str, Any]:
        """Compute every cell from the rules: inputs, parameters and ``block/result``, by key."""
        known: dict[str, Any] = {key: one.value for key, one in self.inputs.items()}
        known |= {key: one.value for key, one in self.parameters.items()}
        for block in self.blocks:
            results = block.book.values({name: known[key] for name, key in block.reads.items()})
            known |= {f"{block.key}/{name}": float(value) for name, value in results.items()}
        return known

    def totals(self) -> dict[str, float]:
        """Return the results of the last block: every cell of the ledger, and every payer."""
        known, last = self.values(), self.blocks[-1]
        return {name: known[f"{last.key}/{name}"] for name in last.book.names()}

    def changed(self, changes: Mapping[str, Amount]) -> Central:
        """Return the scenario with other inputs or parameters.

        Raises
        ------
        InputError
            If a key is neither an input nor a parameter.
        """
        inputs, parameters = dict(self.inputs), dict(self.parameters)
        for key, value in changes.items():
            if key in inputs:
                inputs[key] = replace(inputs[key], value=value)
            elif key in parameters:
                parameters[key] = replace(parameters[key], value=value)
            else:
                raise InputError("the central scenario has no such input", key="changes", seen=key)
        return replace(self, inputs=inputs, parameters=parameters)

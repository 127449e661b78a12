"""The ledger: who gains and who pays, line by line, draw by draw, in double entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError, JoinError

type Draws = NDArray[np.float64]

PRIVATE = ("participant", "employer")
"""Parties that are not the public purse."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line between two parties.

    Parameters
    ----------
    line
        What flows, such as ``income_tax``.
    payer
        Who is better off by ``amount`` than without the programme.
    counterparty
        Who is worse off by it; empty for a use or saving of real resources, which no party gives.
    amount
        Shape (draw, year).
    """

    line: str
    payer: str
    counterparty: str
    amount: Draws

    @property
    def is_transfer(self) -> bool:
        """Whether what one party gains another loses."""
        return bool(self.counterparty)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entries of one programme; positive = better off than without it.

    Raises
    ------
    InputError
        If a line is booked twice between the same parties, or from a party to itself.
    JoinError
        If the entries have different draws or years.
    """

    entries: tuple[Entry, ...]
    years: tuple[int, ...]
    currency: str

    def __post_init__(self) -> None:
        seen = set()
        for entry in self.entries:
            key = (entry.line, entry.payer, entry.counterparty)
            if key in seen:
                raise InputError(
                    "a line is booked twice between the same parties",
                    key=entry.line,
                    seen=f"{entry.payer}, {entry.counterparty}",
                )
            seen.add(key)
            if entry.payer == entry.counterparty:
                raise InputError("a party cannot pay itself", key=entry.line, seen=entry.payer)
            if entry.amount.ndim != 2 or entry.amount.shape[1] != len(self.years):
                raise JoinError(f"the line '{entry.line}' has other years than the ledger")
            if len(entry.amount) != len(self.entries[0].amount):
                raise JoinError(f"the line '{entry.line}' has another number of draws")

    @property
    def parties(self) -> tuple[str, ...]:
        """Every party, in order of appearance."""
        names = (n for e in self.entries for n in (e.payer, e.counterparty) if n)
        return tuple(dict.fromkeys(names))

    @property
    def lines(self) -> tuple[str, ...]:
        """Every line, in order of appearance."""
        return tuple(dict.fromkeys(entry.line for entry in self.entries))

    def of(self, party: str, lines: Iterable[str] | None = None) -> Draws:
        """Return what a party gains, shape (draw, year), on some lines or on all."""
        if party not in self.parties:
            raise InputError(
                "no such party in the ledger",
                key="payer",
                seen=party,
                fix="use one of " + ", ".join(self.parties),
            )
        chosen = set(self.lines if lines is None else lines)
        total = np.zeros_like(self.entries[0].amount)
        for entry in self.entries:
            if entry.line in chosen and entry.payer == party:
                total = total + entry.amount
            elif entry.line in chosen and entry.counterparty == party:
                total = total - entry.amount
        return total

    def imbalance(self) -> float:
        """Return the largest sum of transfers over all parties, in any draw and year: 0."""
        transfers = [e for e in self.entries if e.is_transfer]
        if not transfers:
            return 0.0
        book = Ledger(tuple(transfers), self.years, self.currency)
        total = sum(book.of(party) for party in book.parties)
        return float(np.abs(total).max())

"""A tranche's running account in every draw: what was drawn, repaid, and is still due."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impactmodel.finance.structure import FundingStructure
from impactmodel.finance.tranches import Cap, Deferred, Tranche, as_cap, cap_of

type Draws = NDArray[np.float64]


class Hurdle:
    """What a tranche must still receive to have earned a hurdle; balances as in `Account`.

    What it receives pays the hurdle's return first, then the principal.
    """

    def __init__(self, cap: Cap) -> None:
        self.cap = cap
        self.principal, self.due = np.zeros(1), np.zeros(1)

    @property
    def missing(self) -> Draws:
        """What is still to be received today."""
        return self.principal + self.due

    def accrue(self, years: float) -> None:
        """Let the hurdle's return grow."""
        if years > 0:
            self.due = self.due + self.cap.accrued(self.principal, self.due, years)

    def drawn(self, amount: Draws) -> None:
        """Count what the tranche paid in."""
        self.principal, self.due = self.principal + amount, self.due + self.cap.due_on_draw(amount)

    def received(self, amount: Draws) -> None:
        """Count what the tranche received."""
        to_due = np.minimum(amount, self.due)
        self.due = self.due - to_due
        self.principal = np.maximum(self.principal - (amount - to_due), 0.0)


class Account:
    """Balances of one tranche, and its flows, shape (month, draw).

    Balances have shape (draw,), or (1,) as long as they are the same in every draw.
    """

    def __init__(self, tranche: Tranche, months: int, n_draws: int) -> None:
        self.tranche, self.cap = tranche, cap_of(tranche)
        self.drawn = np.zeros((months, n_draws))
        self.repaid = np.zeros((months, n_draws))
        self.covered = np.zeros(n_draws)
        self.undrawn = np.array([float(tranche.commitment)])
        self.principal, self.due = np.zeros(1), np.zeros(1)
        self.hurdles: list[Hurdle] = []

    def accrue(self, years: float) -> None:
        """Let what is due under the return cap grow."""
        if self.cap is not None and years > 0:
            self.due = self.due + self.cap.accrued(self.principal, self.due, years)
        for hurdle in self.hurdles:
            hurdle.accrue(years)

    def draw(self, month: int, amount: Draws) -> None:
        """Take in an amount that the commitment covers."""
        self.drawn[month] += amount
        self.undrawn = np.maximum(self.undrawn - amount, 0.0)
        self.principal = self.principal + amount
        if self.cap is not None:
            self.due = self.due + self.cap.due_on_draw(amount)
        for hurdle in self.hurdles:
            hurdle.drawn(amount)

    def repay(self, month: int, free: Draws, *, principal: bool, due: bool) -> Draws:
        """Pay the return that is due, then the principal; return the cash that is left."""
        if due:
            paid = np.minimum(free, self.due)
            self.due, free = self.due - paid, free - paid
            self.take(month, paid)
        if principal:
            paid = np.minimum(free, self.principal)
            self.principal, free = self.principal - paid, free - paid
            self.take(month, paid)
        return free

    def take(self, month: int, amount: Draws) -> None:
        """Receive an amount: what is due, or what is left when every tranche has that."""
        self.repaid[month] += amount
        for hurdle in self.hurdles:
            hurdle.received(amount)

    def lost(self) -> Draws:
        """Return what was drawn and neither repaid nor covered by a guarantee, shape (draw,)."""
        received = self.repaid.sum(axis=0) + self.covered
        return np.asarray(np.maximum(self.drawn.sum(axis=0) - received, 0.0))

    def received(self) -> Draws:
        """Return what the tranche received, guarantees at the end included, (month, draw)."""
        if not self.covered.any():
            return self.repaid
        received = self.repaid.copy()
        received[-1] += self.covered
        return received


class Accounts:
    """The accounts of all tranches of a fund."""

    def __init__(self, structure: FundingStructure, months: int, n_draws: int) -> None:
        self.all = {t.name: Account(t, months, n_draws) for t in structure.tranches}
        self.repaid = [self.all[t.name] for t in structure.repaid]
        self.groups = [[self.all[t.name] for t in group] for group in structure.drawn if group]
        self.deferred = [
            (self.all[t.name], t) for t in structure.tranches if isinstance(t, Deferred)
        ]
        self.residual = next((a for a in self.repaid if a.cap is None), None)
        self.by_tranche = structure.waterfall == "by_tranche"
        caps = [as_cap(bonus.hurdle, "hurdle") for bonus in structure.bonuses]
        self.hurdles = [None if cap is None else Hurdle(cap) for cap in caps]
        if self.residual is not None:
            self.residual.hurdles = [hurdle for hurdle in self.hurdles if hurdle is not None]

    def undrawn(self) -> Draws:
        """Return what all tranches that pay in cash have not yet paid in, shape (draw,)."""
        total = sum(account.undrawn for group in self.groups for account in group)
        return np.asarray(total)

    def accrue(self, years: float) -> None:
        """Let what is due under return caps grow."""
        for account in self.repaid:
            account.accrue(years)

    def draw(self, month: int, amount: Draws) -> Draws:
        """Draw an amount group by group; return what was drawn in all."""
        wanted = amount
        for group in self.groups:
            committed = sum(account.tranche.commitment for account in group)
            drawn = np.minimum(wanted, np.asarray(sum(account.undrawn for account in group)))
            for account in group:
                # Of one group all are drawn in proportion, so all are exhausted together.
                share = account.tranche.commitment / committed
                account.draw(month, drawn * share)
            wanted = wanted - drawn
        return amount - wanted

    def repay(self, month: int, free: Draws) -> Draws:
        """Repay tranches in their order; return what is left beyond all that is due."""
        passes = [(True, True)] if self.by_tranche else [(True, False), (False, True)]
        for principal, due in passes:
            for account in self.repaid:
                free = account.repay(month, free, principal=principal, due=due)
        return free

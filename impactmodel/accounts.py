"""What a case makes of outcomes: savings and payments, each computed once of the same parts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impactmodel.contract import payments
from impactmodel.core.errors import InputError
from impactmodel.fiscal import Observed, as_outcomes, savings

if TYPE_CHECKING:
    from impactmodel.contract import OutcomePayments, OutcomesContract
    from impactmodel.contract.payments import View
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.fiscal import PublicSide, Savings

type Draws = NDArray[np.float64]

_BY_VALUE = (str, int, float, dt.date, frozenset)


class Accounts:
    """Savings and payments under the settings of a case.

    Parameters
    ----------
    view
        As in `impactmodel.contract.payments`.
    pays_on_savings
        Whether the contract pays on public money.
    """

    def __init__(self, *, view: View | None, pays_on_savings: bool, seed: int) -> None:
        self.view, self.pays_on_savings, self.seed = view, pays_on_savings, seed
        self._known: dict[tuple[Any, ...], tuple[tuple[Any, ...], Any]] = {}

    def once[T](self, name: str, parts: tuple[Any, ...], made: Callable[[], T]) -> T:
        """Return what was made of the same parts before, or make it.

        Numbers, texts, dates and sets are the same where they are equal, all else where it is the
        same object.
        """
        key = (name, *(p if isinstance(p, _BY_VALUE) else id(p) for p in parts))
        if key not in self._known:
            self._known[key] = parts, made()  # the parts are kept, so that their ids stay theirs
        found: T = self._known[key][1]
        return found

    def savings(self, outcomes: Outcomes, public: PublicSide) -> Savings:
        """Return what each payer gains."""
        side = self.as_values(public)
        return self.once(
            "savings", (outcomes, side), lambda: savings(outcomes, side, seed=self.seed)
        )

    def by_payer(self, saved: Savings) -> dict[str, Draws]:
        """Return the present value of what each payer gains."""
        return self.once("by_payer", (saved,), saved.by_payer)

    def as_values(self, public: PublicSide) -> PublicSide:
        """Return observed money as unit values, which is what savings make of it first."""
        if not isinstance(public, Observed):
            return public
        return self.once("values", (public,), public.unit_values)

    def paid_on(self, outcomes: Outcomes, public: PublicSide | None) -> Outcomes:
        """Return the outcomes that the contract pays on: these, or those of public money."""
        if not self.pays_on_savings:
            return outcomes
        if public is None:
            raise InputError("a contract on savings needs a public side", key="pays_on")
        saved = self.savings(outcomes, public)
        return self.once("paid_on", (saved,), lambda: as_outcomes(saved))

    def payments(
        self, contract: OutcomesContract, outcomes: Outcomes, public: PublicSide | None
    ) -> OutcomePayments:
        """Return what the contract pays."""
        on = self.paid_on(outcomes, public)
        return self.once(
            "payments", (contract, on), lambda: payments(contract, on, self.view, seed=self.seed)
        )

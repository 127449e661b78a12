"""What payers have set aside, and what they spend beside outcome payments."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.distribution import Uncertain, draw, mean
from impactmodel.core.errors import InputError
from impactmodel.core.money import check_currency
from impactmodel.core.seeds import stream
from impactmodel.core.spec import load_yaml, spec

type Draws = NDArray[np.float64]
type DatedCost = tuple[dt.date, str, str, Draws]
"""Day, payer, name of the cost, and amounts of shape (draw,)."""


@spec
class PublicCost:
    """A cost that a payer bears beside outcome payments: evaluation, procurement, administration.

    Parameters
    ----------
    name
        What it is for.
    payer
        Who bears it.
    amount
        A number, or a distribution where it is not known.
    date
        When it falls due.
    source
        Where the amount was read; without one it is an assumption.
    """

    name: str
    payer: str
    amount: Uncertain
    date: dt.date
    source: str = ""

    def __post_init__(self) -> None:
        _named(self.name, "name")
        _named(self.payer, "payer")
        if mean(self.amount) < 0:
            raise InputError("a cost is not negative", key="amount", seen=mean(self.amount))


@spec
class Appropriation:
    """What a payer may spend in one budget year."""

    payer: str
    year: int
    amount: float
    source: str = ""

    def __post_init__(self) -> None:
        _check_limit(self.payer, self.amount)


@spec
class Commitment:
    """What a payer has committed itself to over all years, and may not exceed."""

    payer: str
    amount: float
    source: str = ""

    def __post_init__(self) -> None:
        _check_limit(self.payer, self.amount)


@spec
class BudgetPlan:
    """The payers' own budget: costs beside outcome payments, appropriations and commitments.

    Parameters
    ----------
    currency
        Of every amount.
    costs
        In the net position of whom they burden.
    appropriations
        By payer and budget year, one for each.
    commitments
        By payer, over all years, one for each.

    Examples
    --------
    >>> plan = BudgetPlan("EUR", (PublicCost("evaluation", "state", 5.0, dt.date(2024, 6, 30)),))
    >>> [(str(day), payer, name, drawn.tolist()) for day, payer, name, drawn in plan.drawn(2, 1)]
    [('2024-06-30', 'state', 'evaluation', [5.0, 5.0])]
    """

    currency: str
    costs: tuple[PublicCost, ...] = ()
    appropriations: tuple[Appropriation, ...] = ()
    commitments: tuple[Commitment, ...] = ()

    def __post_init__(self) -> None:
        check_currency(self.currency)
        _once("costs", [(one.payer, one.name, one.date) for one in self.costs])
        _once("appropriations", [(one.payer, one.year) for one in self.appropriations])
        _once("commitments", [one.payer for one in self.commitments])

    @classmethod
    def from_yaml(cls, path: str | Path) -> BudgetPlan:
        """Read it from a YAML file; see `impactmodel.core.spec.load_yaml`."""
        return load_yaml(cls, path)

    def drawn(self, n: int, seed: int) -> list[DatedCost]:
        """Return n draws of every cost.

        Raises
        ------
        InputError
            If a draw of a cost is negative.
        """
        found = []
        for place, cost in enumerate(self.costs):
            rng = stream(seed, "public cost", cost.payer, cost.name, str(cost.date))
            amounts = draw(cost.amount, n, rng)
            if amounts.min() < 0:
                raise InputError(
                    "a cost is not negative",
                    key=f"costs[{place}].amount",
                    seen=f"draws from {amounts.min():.3g}",
                    fix="give a distribution above 0, such as a lognormal",
                )
            found.append((cost.date, cost.payer, cost.name, amounts))
        return found

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The costs that no source states."""
        return tuple(
            f"the cost '{one.name}' of {one.payer} is assumed, no source states it"
            for one in self.costs
            if not one.source
        )


def _named(value: str, key: str) -> None:
    if not value.strip():
        raise InputError("this must be named", key=key, fix="give it a name")


def _check_limit(payer: str, amount: float) -> None:
    _named(payer, "payer")
    if not amount >= 0:
        raise InputError("a limit is not negative", key="amount", seen=amount)


def _once(key: str, names: list[object]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InputError("this stands twice", key=f"{key}[{place}]", seen=name, fix="keep one")

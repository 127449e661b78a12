"""Public savings per draw, by payer, line and year."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from impactmodel.core.outcomes import Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal.ledger import Ledger
from impactmodel.fiscal.ledger_data import Draws, discount_factors

if TYPE_CHECKING:
    from impactmodel.core.central import Central


class Explainer(Protocol):
    """Says what stands behind the cells of a ledger."""

    def sentence(self, payer: str, line: str, year: int) -> str:
        """Say the values, dates and sources behind one cell."""
        ...


@dataclass(frozen=True, slots=True)
class Savings:
    """Savings of every payer, draw by draw; positive: better off than without the programme.

    Parameters
    ----------
    ledger
        Undiscounted entries per cohort member.
    discount_rate
        Per calendar year, to the first.
    periods
        Those of the outcomes, which say when their cohort starts.
    explainer
        What stands behind each cell.
    provenance
        Of the outcomes; its lineage is the draw index.
    assumptions
        Everything stated, evidence included.
    label
        Said in every output.
    make_central
        Makes the central scenario.
    """

    ledger: Ledger
    discount_rate: float
    periods: Periods
    explainer: Explainer
    provenance: Provenance
    assumptions: tuple[str, ...]
    label: str
    make_central: Callable[[], Central]

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self.ledger.currency

    @property
    def price_base(self) -> str:
        """The price level of every amount, where stated."""
        return self.ledger.price_base

    @property
    def lineage(self) -> str:
        """Identifies the draws."""
        return self.provenance.lineage

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return self.ledger.n_draws

    @property
    def discount(self) -> Draws:
        """Factor of each period."""
        return discount_factors(self.ledger.periods, self.discount_rate)

    def by_payer(self) -> dict[str, Draws]:
        """Return the present value of what each payer gains, each of shape (draw,)."""
        return self.ledger.by_payer(self.discount)

    def by_line(self, payer: str | None = None) -> dict[str, Draws]:
        """Return the present value by line, of one payer or of the public purse."""
        payers = self.ledger.public_payers if payer is None else (payer,)
        view = self.ledger.view("line", payers=payers, factors=self.discount)
        return {str(n): np.asarray(view.sel(line=n).values) for n in view["line"].values.tolist()}

    def by_year(self, payer: str | None = None) -> dict[int, Draws]:
        """Return the undiscounted gain by budget year, of one payer or of the public purse."""
        payers = self.ledger.public_payers if payer is None else (payer,)
        view = self.ledger.view("year", payers=payers)
        return {int(y): np.asarray(view.sel(year=y).values) for y in view["year"].values.tolist()}

    def by_group(self) -> dict[str, Draws]:
        """Return the present value of the public purse by group of the cohort."""
        view = self.ledger.view("group", payers=self.ledger.public_payers, factors=self.discount)
        return {str(g): np.asarray(view.sel(group=g).values) for g in view["group"].values.tolist()}

    def total(self) -> Draws:
        """Return the present value for the public purse: all payers but private ones."""
        return self.ledger.total(self.discount)

    def explain(self, payer: str, line: str, year: int) -> str:
        """Return a sentence on one cell: its mean, and value, date and source behind it.

        Raises
        ------
        InputError
            If the ledger has no such payer, line or year, or the line does not touch the payer.
        """
        amount = self.ledger.cell(payer, line, year)
        return (
            f"{payer}, {line}, {year}: on average {amount.mean():,.2f} {self.currency} "
            f"(undiscounted, whole cohort); {self.explainer.sentence(payer, line, year)}"
        )

    def central(self) -> Central:
        """Return the central scenario, every input at its stated point, as rules."""
        return self.make_central()


@dataclass(frozen=True, slots=True)
class StatedValues:
    """Explains cells by stated values: one text per (line, payer)."""

    texts: Mapping[tuple[str, str], str]

    def sentence(self, payer: str, line: str, year: int) -> str:
        """Say the stated values behind a cell; they hold for every year."""
        return self.texts[line, payer]

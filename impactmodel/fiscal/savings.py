"""Public savings per draw, by payer and year, from any outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.distribution import draw, mean
from impactmodel.core.errors import DiagnosticsError, InputError
from impactmodel.core.money import same
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.schedule import Periods
from impactmodel.core.seeds import stream
from impactmodel.fiscal.ledger import PRIVATE, Entry, Ledger
from impactmodel.fiscal.unit_values import UnitValue, UnitValues

type Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Savings:
    """Savings of every party, draw by draw; positive = better off than without the programme.

    Parameters
    ----------
    ledger
        Undiscounted entries by calendar year.
    discount
        Factor of each year, at ``discount_rate`` to the first year of the ledger.
    periods
        Those of the outcomes.
    statements
        What stands behind each line: value, source, status.
    """

    ledger: Ledger
    discount: Draws
    statements: dict[str, str]
    discount_rate: float
    periods: Periods
    lineage: str
    assumptions: tuple[str, ...]
    label: str

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self.ledger.currency

    def by_payer(self) -> dict[str, Draws]:
        """Return the discounted gain of every party, each of shape (draw,)."""
        return {p: self.ledger.of(p) @ self.discount for p in self.ledger.parties}

    def by_year(self, payer: str) -> Draws:
        """Return the undiscounted gain of a party, shape (draw, year)."""
        return self.ledger.of(payer)

    def by_line(self, payer: str) -> dict[str, Draws]:
        """Return the discounted gain of a party on each line, each of shape (draw,)."""
        return {n: self.ledger.of(payer, [n]) @ self.discount for n in self.ledger.lines}

    def total(self) -> Draws:
        """Return the discounted gain of the public purse: all but participant and employer."""
        parts = [d for p, d in self.by_payer().items() if p not in PRIVATE]
        return np.asarray(sum(parts, np.zeros(len(self.ledger.entries[0].amount))))

    def explain(self, payer: str, line: str, year: int) -> str:
        """Return a sentence on one cell: its mean, and the value and source behind it.

        Raises
        ------
        InputError
            If the ledger has no such payer, line or year.
        """
        if line not in self.ledger.lines:
            raise InputError(
                "no such line in the ledger",
                key="line",
                seen=line,
                fix="use one of " + ", ".join(self.ledger.lines),
            )
        if year not in self.ledger.years:
            raise InputError(
                "no such year in the ledger",
                key="year",
                seen=year,
                fix="use one of " + ", ".join(map(str, self.ledger.years)),
            )
        amount = self.ledger.of(payer, [line])[:, self.ledger.years.index(year)]
        return (
            f"{payer}, {line}, {year}: on average {amount.mean():,.2f} {self.currency} "
            f"(undiscounted); {self.statements[line]}"
        )


def savings(outcomes: Outcomes, public: UnitValues, *, seed: int = 1) -> Savings:
    r"""Compute who gains what from the effect.

    For each flow: effect per person × people × (1 - displacement) × value per unit, booked in the
    year in which the outcome's period ends. A flow outcome counts in every period, a stock or
    cumulative one in its last.

    Parameters
    ----------
    outcomes
        Draws of outcomes; draw i of the savings is draw i of them.
    public
        The unit values.
    seed
        Of uncertain values.

    Raises
    ------
    InputError
        If a value is driven by an outcome that is not there.
    JoinError
        If currencies or price bases differ.
    """
    about = outcomes.provenance
    if about.diagnostics.startswith("failed"):
        raise DiagnosticsError(
            f"no saving is computed on a fit that failed its diagnostics ({about.diagnostics})"
        )
    same("currency", public.currency, outcomes.currency, "the public side", "the evidence")
    same("price base", public.price_base, about.price_base, "the public side", "the evidence")
    ends = [
        end.year if (end.month, end.day) != (1, 1) else end.year - 1
        for _, end in outcomes.periods.bounds()
    ]
    years = tuple(range(min(ends), max(ends) + 1))
    stays = 1.0 - draw(public.displacement, outcomes.n_draws, stream(seed, "displacement"))
    entries = []
    for place, value in enumerate(public.values):
        try:
            effect = _effect_by_year(outcomes, value, ends, years)
        except InputError as error:
            raise error.located(key=f"values[{place}]") from None
        rng = stream(seed, "unit value", value.line, value.payer)
        per_unit = draw(value.value, outcomes.n_draws, rng)
        amount = effect * (stays * per_unit)[:, None]
        entries.append(Entry(value.line, value.payer, value.counterparty, amount))
    since = np.arange(len(years))
    statements: dict[str, str] = {}
    for value in public.values:
        before = f"{statements[value.line]}; " if value.line in statements else ""
        statements[value.line] = f"{before}{value.text()}"
    return Savings(
        ledger=Ledger(tuple(entries), years, public.currency),
        discount=(1 + public.discount_rate) ** -since.astype(float),
        statements=statements,
        discount_rate=public.discount_rate,
        periods=outcomes.periods,
        lineage=about.lineage,
        assumptions=_assumptions(public),
        label=public.label,
    )


def _effect_by_year(
    outcomes: Outcomes, value: UnitValue, ends: list[int], years: tuple[int, ...]
) -> Draws:
    measure = outcomes.measure(value.outcome)
    effect = outcomes.effect().sel(outcome=value.outcome)
    total = (effect * outcomes.cohort_size).sum("group").transpose("draw", "period").values
    by_year = np.zeros((outcomes.n_draws, len(years)))
    for period, year in enumerate(ends):
        if measure.accrual == "flow" or period == len(ends) - 1:
            by_year[:, years.index(year)] += total[:, period]
    return by_year


def _assumptions(public: UnitValues) -> tuple[str, ...]:
    found = [
        f"public side, {v.line} for {v.payer}: {v.text()}"
        for v in public.values
        if v.status == "assumption" or not v.verified
    ]
    if mean(public.displacement):
        found.append(f"{mean(public.displacement):.0%} of the effect is displaced from others")
    else:
        found.append("no displacement: jobs gained are taken as not lost by others")
    if public.label:
        found.append(public.label)
    return tuple(found)

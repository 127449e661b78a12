"""From a third party's total of savings to ours: a bridge of causes that adds up to the cent.

Causes are found by computing our sheet again as another model may have: with other parameter
values, times, people or methods. One is named only where it makes amounts agree that did not; what
no computation explains is named as unexplained.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError
from impactmodel.fiscal.claimed_sheet import ClaimedSheet, SheetStatement
from impactmodel.fiscal.sheet_search import Fit, Pair, Search, cents
from impactmodel.fiscal.sheet_variants import Basis, Cause, Recomputed, options

if TYPE_CHECKING:
    import pandas as pd

    from impactmodel.core.outcomes import Outcomes
    from impactmodel.fiscal.rule_side import RuleSide

_PENSION = ("employee_pension", "employer_pension")
_ORDER: tuple[Cause, ...] = ("timing", "method", "vintage", "scope")


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a bridge: what its cause adds on the way from their total to ours."""

    cause: Cause
    text: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Bridge:
    """Two totals of public savings and the steps between them.

    Parameters
    ----------
    claimed, computed
        Their total and ours: means of the draws, undiscounted, all years.
    steps
        ``claimed`` + their sum = ``computed``, to the cent.
    agree, compared
        Amounts (payer, line, year) that agree once the causes are counted, of those in both.
    tolerance
        Amounts that differ by no more agree.
    notes
        What the sheet states and no computation used.
    """

    claimed: Decimal
    computed: Decimal
    steps: tuple[Step, ...]
    agree: int
    compared: int
    tolerance: float
    currency: str
    notes: tuple[str, ...] = ()

    def by_cause(self) -> dict[Cause, Decimal]:
        """Return the sum of the steps of each cause, every cause named."""
        causes: tuple[Cause, ...] = ("vintage", "scope", "timing", "method", "unexplained")
        return {
            cause: sum((s.amount for s in self.steps if s.cause == cause), Decimal(0))
            for cause in causes
        }


def reconcile_savings(
    outcomes: Outcomes,
    side: RuleSide,
    sheet: str | Path | pd.DataFrame | ClaimedSheet,
    *,
    stated: SheetStatement | None = None,
    tolerance: float = 0.5,
    seed: int = 1,
) -> Bridge:
    """Explain the difference between a third party's sheet of savings and ours.

    Parameters
    ----------
    outcomes, side, seed
        As for `impactmodel.fiscal.savings`; the side is one of rules.
    sheet
        Rows of ``payer, line, year, amount``; see `ClaimedSheet.read`.
    stated
        What the sheet states of itself, in place of what stands in its file.
    tolerance
        Two amounts agree that differ by no more, in the currency: half of the last digit shown.

    Returns
    -------
    Bridge
        Steps by cause: ``vintage`` (values, dates), ``scope`` (lines, payers, people), ``timing``
        (start, shift, part of a year, discounting, prices), ``method`` (expected months, tax on
        benefit, average rates, pension), ``unexplained``.

    Raises
    ------
    InputError
        If the sheet cannot be read, has no payer and line in common with ours, or its stated
        values fit no parameter.

    Notes
    -----
    Up to three causes at once are searched, one of each kind, and up to three values of single
    parameters; the fewest causes win that leave the fewest amounts unlike. Where causes interact,
    an amount belongs to the cause that is taken away first: timing, method, vintage, scope.
    """
    claim = sheet if isinstance(sheet, ClaimedSheet) else ClaimedSheet.read(sheet)
    states = claim.states if stated is None else stated
    if not tolerance > 0:
        raise InputError("a tolerance is above 0", key="tolerance", seen=tolerance)
    basis = Basis(outcomes, side.people().persons, side.rules())
    ours = Recomputed(side, seed, basis)
    base = ours.savings(basis)
    search = Search(claim, ours, tolerance, states)
    best = search.run(list(options(basis, side, states)), base.ledger.years)
    return _bridge(search, best, base.currency)


def _bridge(search: Search, best: Fit, currency: str) -> Bridge:
    claim, model = search.claim, search.model(best)
    search.settle(model)
    claimed = cents(claim.total)
    steps = list(_extra(search))
    at = claimed + sum((step.amount for step in steps), Decimal(0))
    total = search.total(model)
    unexplained = Step("unexplained", "no computation of ours gives this", total - at)
    if best.factor != 1.0:
        plain = replace(best, factor=1.0)
        steps.append(
            Step(*_scaled(best.factor, search.people), search.total(search.model(plain)) - total)
        )
        best, total = plain, search.total(search.model(plain))
    left = best.options
    for option in sorted(best.options, key=lambda one: _ORDER.index(one.cause)):
        left = tuple(one for one in left if one is not option)
        after = search.total(search.ours.sheet(left) or {})
        steps.append(Step(option.cause, option.text, after - total))
        total = after
    steps += _missing(search)
    steps.append(unexplained)
    computed = claimed + sum((step.amount for step in steps), Decimal(0))
    compared = search.compared(model)
    return Bridge(
        claimed=claimed,
        computed=computed,
        steps=tuple(steps),
        agree=len(compared) - len(search.differing(model)),
        compared=len(compared),
        tolerance=search.tolerance,
        currency=currency,
        notes=_notes(search.states),
    )


def _extra(search: Search) -> Iterator[Step]:
    """Yield what only their sheet counts."""
    sums: dict[Pair, Decimal] = {}
    for (payer, line, _), amount in search.claim.amounts.items():
        if amount and (payer, line) not in search.both:
            sums[payer, line] = sums.get((payer, line), Decimal(0)) + amount
    public = {payer for payer, _ in search.known}
    for (payer, line), amount in sums.items():
        why = "" if payer in public else f" ({payer} is no public payer here)"
        yield Step("scope", f"only in the sheet: {payer}, {line}{why}", -cents(amount))


def _missing(search: Search) -> Iterator[Step]:
    """Yield what only ours counts; pension contributions left out together are a method."""
    sums: dict[Pair, float] = {}
    for (payer, line, _), amount in search.plain.items():
        if (payer, line) in search.known - search.both:
            sums[payer, line] = sums.get((payer, line), 0.0) + amount
    # Rounded one after the other, so that the last running total is ours to the cent.
    at = sum(v for k, v in search.plain.items() if k[:2] in search.both)
    lines = {line for _, line in sums}
    pension = set(_PENSION) <= lines and not any(n in _PENSION for _, n in search.both)
    for (payer, line), amount in sums.items():
        step = cents(at + amount) - cents(at)
        at += amount
        if pension and line in _PENSION:
            yield Step("method", f"savings are net of pension contributions: {line}", step)
        else:
            yield Step("scope", f"not in the sheet: {payer}, {line}", step)


def _scaled(factor: float, people: float) -> tuple[Cause, str]:
    if abs(factor + 1) < 1e-6:
        return "method", "gains and costs have the other sign"
    for unit in (1e-3, 1e-6):
        if abs(factor / unit - 1) < 1e-6:
            return "method", f"amounts are in units of {1 / unit:,.0f}"
    return "scope", (
        f"every amount is {factor:.6g} of ours, as if {factor * people:,.6g} people were counted "
        f"and not {people:,.6g}"
    )


def _notes(states: SheetStatement) -> tuple[str, ...]:
    said = []
    if states.price_base and not states.price_factors:
        said.append(
            f"the sheet states the prices of {states.price_base}; without price factors by year "
            "nothing was converted"
        )
    return (*said, states.note) if states.note else tuple(said)

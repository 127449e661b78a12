"""From a third party's total of savings to ours: a bridge of causes that adds up to the cent.

Causes are found by computing our sheet again as another model may have: with other parameter
values, XX
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError
from impactmodel.fiscal.claimed_sheet import ClaimedSheet, SheetStatement
from impactmodel.fiscal.finnish_lines import FLOWS
from impactmodel.fiscal.rule_closure import names_behind
from impactmodel.fiscal.sheet_variants import (
    Basis,
    Cause,
    Option,
    Recomputed,
    Sheet,
    options,
    single_values,
)

if TYPE_CHECKING:
    import pandas as pd

    from impactmodel.core.outcomes import Outcomes
    from impactmodel.fiscal.rule_side import RuleSide

type Pair = tuple[str, str]
"""(payer, line)."""

_CENT = Decimal("0.01")
_NOTHING = 1e-9
_MOST_CAUSES = 3
_MOST_VALUES = 3
_MOST_TRIED = 12
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


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a set of options reproduces the sheet; the smallest is the best."""

    differ: int
    causes: int
    distance: float
    options: tuple[Option, ...]
    factor: float = 1.0

    @property
    def rank(self) -> tuple[int, int, float]:
        return self.differ, self.causes, self.distance


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
    search = _Search(claim, ours, tolerance, states)
    best = search.run(list(options(basis, side, states)), base.ledger.years)
    return _bridge(search, best, base.currency)


class _Search:
    """Looks for the options that reproduce a sheet."""

    def __init__(
        self, claim: ClaimedSheet, ours: Recomputed, tolerance: float, states: SheetStatement
    ) -> None:
        self.claim, self.ours, self.tolerance, self.states = claim, ours, tolerance, states
        self.plain = ours.sheet(()) or {}
        self.theirs = _pairs({k: float(v) for k, v in claim.amounts.items()}, 0.0)
        self.known = _pairs(self.plain, _NOTHING)
        self.both = self.theirs & self.known
        if not self.both:
            fix = "; ".join(f"{p}, {n}" for p, n in sorted(self.known)[:3])
            raise InputError(
                "no payer and line of the sheet is one of ours", key="sheet", fix=f"such as {fix}"
            )
        self.people = float(ours.basis.outcomes.cohort_size.values.sum(axis=1).mean())

    def run(self, single: list[Option], years: Sequence[int]) -> _Fit:
        best = self.fit(())
        for causes in range(1, _MOST_CAUSES + 1):
            best = self.best(best, self._chosen(best, single, causes))
        for _ in range(_MOST_VALUES):
            if not best.differ:
                return best
            alone = tuple(one for one in best.options if one.cause != "vintage")
            starts = dict.fromkeys([best.options, alone])
            values = ((*some, one) for one in self._values(best, years) for some in starts)
            more = self.best(best, values)
            if more is best:
                return best
            best = more
        return best

    def _chosen(
        self, best: _Fit, single: list[Option], causes: int
    ) -> Iterator[tuple[Option, ...]]:
        """Yield sets of options, those first that should reproduce the sheet best."""
        if causes == 1:
            yield from ((option,) for option in single)
            return
        some: list[tuple[Option, ...]] = list(combinations(single, 2))
        if causes > 2:
            some = [(*best.options, one) for one in single if len(best.options) == causes - 1]
        apart = [one for one in some if len({option.cause for option in one}) == causes]
        ranked = ((self._guess(one), place, one) for place, one in enumerate(apart))
        for _, _, one in sorted(ranked)[:_MOST_TRIED]:
            yield one

    def _guess(self, some: tuple[Option, ...]) -> float:
        """Return how far the sum of the options' own changes is from the sheet."""
        model = dict(self.plain)
        for option in some:
            if option.change is None:
                continue
            alone = self.ours.sheet((option,))
            if alone is None:
                return float("inf")
            for key in {*alone, *self.plain}:
                change = alone.get(key, 0.0) - self.plain.get(key, 0.0)
                model[key] = model.get(key, 0.0) + change
        for option in some:
            model = option.after(model) if option.after else model
        factor = self._factor(model)
        fits = [self._fit(some, model, one) for one in (1.0, factor) if one is not None]
        return min(fit.distance for fit in fits)

    def _values(self, best: _Fit, years: Sequence[int]) -> Iterator[Option]:
        """Yield single values that stand behind every line that still differs, or any of them."""
        rules = self.ours.basis.rules
        behind = [
            names_behind(rules.book(), _results(line), {}) & set(rules.parameters)
            for line in {line for (_, line, _) in self.differing(self.model(best))}
        ]
        names = set.intersection(*behind) or set.union(*behind)
        return single_values(rules, names, years[0], years[-1])

    def best(self, best: _Fit, tried: Iterable[tuple[Option, ...]]) -> _Fit:
        """Return the best fit; nothing more is tried once the sheet is reproduced."""
        if not best.differ:
            return best
        for some in tried:
            found = self.fit(some)
            best = found if found.rank < best.rank else best
            if not best.differ and found is best:
                return best
        return best

    def fit(self, some: tuple[Option, ...]) -> _Fit:
        """Return how well some options reproduce the sheet, with fewer people where that helps."""
        model = self.ours.sheet(some)
        if model is None:
            return _Fit(10**9, len(some), float("inf"), some)
        plain = self._fit(some, model, 1.0)
        factor = self._factor(model)
        if factor is None or not plain.differ:
            return plain
        return min(plain, self._fit(some, model, factor), key=lambda fit: fit.rank)

    def _fit(self, some: tuple[Option, ...], model: Sheet, factor: float) -> _Fit:
        scaled = {k: v * factor for k, v in model.items()}
        gaps = [abs(t - m) for t, m in self.compared(scaled).values()]
        differ = sum(gap > self.tolerance for gap in gaps)
        return _Fit(differ, len(some) + (factor != 1.0), sum(gaps), some, factor)

    def _factor(self, model: Sheet) -> float | None:
        if self.states.people is not None:
            return self.states.people / self.people
        pairs = [(t, m) for t, m in self.compared(model).values() if abs(m) > self.tolerance]
        if not pairs:
            return None
        middle = median(t / m for t, m in pairs)
        near = [(t, m) for t, m in pairs if abs(t - middle * m) <= 0.01 * abs(middle * m)]
        weight = sum(abs(m) for _, m in near)
        factor = sum(abs(t) for t, _ in near) / weight if near and middle > 0 else middle
        return None if abs(factor - 1) < 1e-6 or not factor else factor

    def compared(self, model: Sheet) -> dict[tuple[str, str, int], tuple[float, float]]:
        """Return (theirs, ours) of every amount of a payer and line that both have."""
        both = self.theirs & (self.known | _pairs(model, _NOTHING))
        cells = {k for k in (*model, *self.claim.amounts) if k[:2] in both}
        found = {k: (float(self.claim.amounts.get(k, 0)), model.get(k, 0.0)) for k in cells}
        return {k: v for k, v in found.items() if v[0] or abs(v[1]) > _NOTHING}

    def differing(self, model: Sheet) -> list[tuple[str, str, int]]:
        """Return the amounts that do not agree."""
        compared = self.compared(model)
        return [k for k, (t, m) in compared.items() if abs(t - m) > self.tolerance]

    def model(self, fit: _Fit) -> Sheet:
        found = self.ours.sheet(fit.options) or {}
        return {k: v * fit.factor for k, v in found.items()}

    def settle(self, model: Sheet) -> None:
        """Take as in both what theirs and ours or the found model have, or neither of these two."""
        found = _pairs(model, _NOTHING)
        self.both = (self.theirs & (self.known | found)) | (self.known - self.theirs - found)

    def total(self, model: Mapping[tuple[str, str, int], float]) -> Decimal:
        return _cents(sum(v for k, v in model.items() if k[:2] in self.both))


def _results(line: str) -> list[str]:
    """Return the results behind a line; taxes and living depend on the benefit too."""
    flow = next((flow for flow in FLOWS if flow.line == line), None)
    levels = () if flow is None else (flow.level,)
    more = ["monthly_benefit"] if levels and levels[0] in {"year", "living_month"} else []
    if levels == ("living_month",):
        more += [result for one in FLOWS if one.level == "year" for _, _, result in one.sides]
    return more + ([] if flow is None else [result for _, _, result in flow.sides])


def _bridge(search: _Search, best: _Fit, currency: str) -> Bridge:
    claim, model = search.claim, search.model(best)
    search.settle(model)
    claimed = _cents(claim.total)
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


def _extra(search: _Search) -> Iterator[Step]:
    """Yield what only their sheet counts."""
    sums: dict[Pair, Decimal] = {}
    for (payer, line, _), amount in search.claim.amounts.items():
        if (payer, line) not in search.both:
            sums[payer, line] = sums.get((payer, line), Decimal(0)) + amount
    public = {payer for payer, _ in search.known}
    for (payer, line), amount in sums.items():
        why = "" if payer in public else f" ({payer} is no public payer here)"
        yield Step("scope", f"only in the sheet: {payer}, {line}{why}", -_cents(amount))


def _missing(search: _Search) -> Iterator[Step]:
    """Yield what only ours counts; pension contributions left out together are a method."""
    sums: dict[Pair, float] = {}
    for (payer, line, _), amount in search.plain.items():
        if (payer, line) not in search.both:
            sums[payer, line] = sums.get((payer, line), 0.0) + amount
    # Rounded one after the other, so that the last running total is ours to the cent.
    at = sum(v for k, v in search.plain.items() if k[:2] in search.both)
    lines = {line for _, line in sums}
    pension = set(_PENSION) <= lines and not any(n in _PENSION for _, n in search.both)
    for (payer, line), amount in sums.items():
        step = _cents(at + amount) - _cents(at)
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


def _pairs(sheet: Mapping[tuple[str, str, int], float], least: float) -> set[Pair]:
    return {(payer, line) for (payer, line, _), value in sheet.items() if abs(value) > least}


def _cents(value: float | Decimal) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return exact.quantize(_CENT, ROUND_HALF_UP)

"""The search for the options that reproduce a third party's sheet of savings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from statistics import median

from impactmodel.core.errors import InputError
from impactmodel.fiscal.claimed_sheet import ClaimedSheet, SheetStatement
from impactmodel.fiscal.finnish_lines import FLOWS, YEAR_FLOWS
from impactmodel.fiscal.rule_closure import names_behind
from impactmodel.fiscal.sheet_variants import Option, Recomputed, Sheet, single_values

type Pair = tuple[str, str]
"""(payer, line)."""

_CENT = Decimal("0.01")
_NOTHING = 1e-9
_MOST_CAUSES = 3
_MOST_VALUES = 3
_MOST_TRIED = 12


@dataclass(frozen=True, slots=True)
class Fit:
    """How a set of options reproduces the sheet; the smallest is the best."""

    differ: int
    causes: int
    distance: float
    options: tuple[Option, ...]
    factor: float = 1.0

    @property
    def rank(self) -> tuple[int, int, float]:
        """Amounts that differ, then causes, then distance."""
        return self.differ, self.causes, self.distance


class Search:
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

    def run(self, single: list[Option], years: Sequence[int]) -> Fit:
        """Return the best fit of single options, pairs, triples and single values."""
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

    def _chosen(self, best: Fit, single: list[Option], causes: int) -> Iterator[tuple[Option, ...]]:
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

    def _values(self, best: Fit, years: Sequence[int]) -> Iterator[Option]:
        """Yield single values that stand behind every line that still differs, or any of them."""
        rules = self.ours.basis.rules
        behind = [
            names_behind(rules.book(), _results(line), {}) & set(rules.parameters)
            for line in {line for (_, line, _) in self.differing(self.model(best))}
        ]
        names = set.intersection(*behind) or set.union(*behind)
        return single_values(rules, names, years[0], years[-1])

    def best(self, best: Fit, tried: Iterable[tuple[Option, ...]]) -> Fit:
        """Return the best fit; nothing more is tried once the sheet is reproduced."""
        if not best.differ:
            return best
        for some in tried:
            found = self.fit(some)
            best = found if found.rank < best.rank else best
            if not best.differ and found is best:
                return best
        return best

    def fit(self, some: tuple[Option, ...]) -> Fit:
        """Return how well some options reproduce the sheet, with fewer people where that helps."""
        model = self.ours.sheet(some)
        if model is None:
            return Fit(10**9, len(some), float("inf"), some)
        plain = self._fit(some, model, 1.0)
        factor = self._factor(model)
        if factor is None or not plain.differ:
            return plain
        return min(plain, self._fit(some, model, factor), key=lambda fit: fit.rank)

    def _fit(self, some: tuple[Option, ...], model: Sheet, factor: float) -> Fit:
        scaled = {k: v * factor for k, v in model.items()}
        gaps = [abs(t - m) for t, m in self.compared(scaled).values()]
        differ = sum(gap > self.tolerance for gap in gaps)
        return Fit(differ, len(some) + (factor != 1.0), sum(gaps), some, factor)

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

    def model(self, fit: Fit) -> Sheet:
        """Return our sheet under a fit."""
        found = self.ours.sheet(fit.options) or {}
        return {k: v * fit.factor for k, v in found.items()}

    def settle(self, model: Sheet) -> None:
        """Take as in both what theirs and ours or the found model have, or neither of these two."""
        found = _pairs(model, _NOTHING)
        self.both = (self.theirs & (self.known | found)) | (self.known - self.theirs - found)

    def total(self, model: Mapping[tuple[str, str, int], float]) -> Decimal:
        """Return the total over the payers and lines of both, in cents."""
        return cents(sum(v for k, v in model.items() if k[:2] in self.both))


def _results(line: str) -> list[str]:
    """Return the results behind a line; taxes and living depend on the benefit too."""
    flow = next((flow for flow in FLOWS if flow.line == line), None)
    levels = () if flow is None else (flow.level,)
    more = ["monthly_benefit"] if levels and levels[0] in {"year", "living_month"} else []
    if levels == ("living_month",):
        more += [result for one in YEAR_FLOWS for _, _, result in one.sides]
    return more + ([] if flow is None else [result for _, _, result in flow.sides])


def _pairs(sheet: Mapping[tuple[str, str, int], float], least: float) -> set[Pair]:
    return {(payer, line) for (payer, line, _), value in sheet.items() if abs(value) > least}


def cents(value: float | Decimal) -> Decimal:
    """Return an amount rounded to cents, halves away from zero."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return exact.quantize(_CENT, ROUND_HALF_UP)

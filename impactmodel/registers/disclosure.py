"""Disclosure control: which cells of a table are hidden, why, and that they stay hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.registers.attack import Measure
from impactmodel.registers.rounding import rounded
from impactmodel.registers.small_counts import LEAST, is_small
from impactmodel.registers.tabulation import LARGEST, Tabulation

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

COMPLEMENT = "complement"
_SLACK = 1e-6


@spec
class DisclosureRules:
    """When a cell is sensitive, and how wide a reader's interval for it must stay.

    Parameters
    ----------
    threshold
        The fewest people of a cell; 3 is the least that is usual, 10 is recommended.
    dominance_n, dominance_k
        A sum is sensitive if its ``n`` largest contributions make more than ``k`` % of it; 0
        turns the rule off.
    p_percent
        A sum is sensitive if the second largest contributor can work out the largest to within
        ``p`` %: if the others together have less than ``p`` % of the largest, or if nobody has
        anything, which tells what each has; 0 turns it off.
    zeros
        Whether empty cells are shown or hidden.
    interval
        The width that a reader's interval for a hidden sum must have, as a share of the sum; for
        a sensitive count the width is ``threshold``, for another hidden count 1.
    round_to
        Show all counts, rounded to multiples of 3 or 5 that add up, instead of hiding cells.
    """

    threshold: int = LEAST
    dominance_n: int = 2
    dominance_k: float = 85.0
    p_percent: float = 10.0
    zeros: Literal["show", "hide"] = "show"
    interval: float = 0.2
    round_to: Literal[0, 3, 5] = 0

    def __post_init__(self) -> None:
        if self.threshold < 2:
            raise InputError(
                "one person is never shown alone", key="threshold", seen=self.threshold
            )
        if not 0 <= self.dominance_n <= LARGEST:
            raise InputError(f"it is 0 to {LARGEST}", key="dominance_n", seen=self.dominance_n)
        for key, high in (("dominance_k", 100.0), ("p_percent", 100.0), ("interval", 1.0)):
            if not 0 <= getattr(self, key) <= high:
                raise InputError(f"it is 0 to {high:g}", key=key, seen=getattr(self, key))
        if not self.interval:
            raise InputError("a hidden sum needs some width", key="interval", seen=self.interval)
        if self.round_to and self.round_to < self.threshold:
            raise InputError(
                "a base below the threshold does not hide small cells",
                key="round_to",
                seen=self.round_to,
                fix="raise the base to 5, or hide cells instead",
            )

    def reasons(self, table: Tabulation) -> list[str]:
        """Return why each cell is sensitive by itself, as words joined by ``;``; or nothing."""
        found: list[list[str]] = [[] for _ in table.keys]
        for i, count in enumerate(table.counts):
            if is_small(count, self.threshold):
                found[i].append("threshold")
            if count == 0 and self.zeros == "hide":
                found[i].append("zero")
        if table.sums is not None and table.largest is not None:
            for cell in np.flatnonzero(table.counts):
                found[cell] += self._of_sum(float(table.sums[cell]), table.largest[cell])
        return [";".join(words) for words in found]

    def _of_sum(self, total: float, parts: NDArray[np.float64]) -> list[str]:
        words = []
        top = float(parts[: self.dominance_n].sum())
        if self.dominance_n and top > self.dominance_k / 100 * total:
            words.append("dominance")
        rest = total - float(parts[:2].sum())
        if self.p_percent and (total == 0 or rest < self.p_percent / 100 * parts[0]):
            words.append("p_percent")
        return words


@dataclass(frozen=True, slots=True, repr=False)
class Release:
    """A table under disclosure control; ``frame`` is what may leave.

    Parameters
    ----------
    table
        The table as it is: it stays where it was made.
    rules
        Those that were applied.
    reasons
        (cell) why it is hidden; empty if it is shown.
    rounded
        (cell) rounded counts, where the rules ask for them.
    """

    table: Tabulation
    rules: DisclosureRules
    reasons: tuple[str, ...]
    rounded: NDArray[np.int64] | None = None

    def __repr__(self) -> str:
        return f"Release of {self.table!r}: {int(self.hidden.sum())} of {len(self.reasons)} hidden"

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """(cell) whether it is not shown."""
        return np.array([bool(reason) for reason in self.reasons])

    def frame(self) -> pd.DataFrame:
        """Return the cells: classifications, count, the sum where there is one, and the reason."""
        import pandas as pd

        table, shown = self.table, ~self.hidden
        frame = pd.DataFrame(list(table.keys), columns=list(table.dims))
        counts = table.counts if self.rounded is None else self.rounded
        frame["count"] = pd.array(counts, dtype="Int64")
        frame.loc[~shown, "count"] = pd.NA
        if table.sums is not None:
            frame[table.value] = np.where(shown, table.sums, np.nan)
        frame["reason"] = list(self.reasons)
        return frame

    def intervals(self) -> pd.DataFrame:
        """Return the smallest and largest count that a reader can work out for each hidden cell."""
        import pandas as pd

        cells = np.flatnonzero(self.hidden)
        ends = _measures(self.table, self.rules, [])[0].intervals(self.hidden, cells)
        frame = pd.DataFrame([self.table.keys[i] for i in cells], columns=list(self.table.dims))
        return frame.assign(smallest=ends[:, 0], largest=ends[:, 1])


def protect(table: Tabulation, rules: DisclosureRules, earlier: Sequence[Release] = ()) -> Release:
    """Hide sensitive cells, and others until none can be worked out.

    Parameters
    ----------
    table, rules
        What is to be released, and how.
    earlier
        Releases with the same classifications, which a reader may subtract from this one. The
        difference of two populations is held to the threshold too; of the same population, what
        was shown before is taken as known.

    Raises
    ------
    InputError
        If an earlier release has other classifications, or gives a sensitive cell away; or if sums
        are to be rounded.
    """
    for release in earlier:
        if release.table.dims != table.dims:
            raise InputError(
                "an earlier release has other classifications",
                key="earlier",
                seen=", ".join(release.table.dims),
                fix="tabulate both by the same",
            )
    if rules.round_to:
        return _rounded(table, rules, earlier)
    # Rounded counts say nothing exact to subtract.
    exact = [release for release in earlier if release.rounded is None]
    reasons = rules.reasons(table)
    for release in exact:
        if release.table.population != table.population:
            for i in _small_differences(table, rules, release):
                reasons[i] = ";".join(word for word in (reasons[i], "difference") if word)
    primary = np.array([bool(reason) for reason in reasons])
    hidden = _closed(table, primary, _measures(table, rules, exact))
    words = [reason or (COMPLEMENT if hidden[i] else "") for i, reason in enumerate(reasons)]
    return Release(table, rules, tuple(words))


def _rounded(table: Tabulation, rules: DisclosureRules, earlier: Sequence[Release]) -> Release:
    if table.sums is not None:
        raise InputError("only counts are rounded", key="round_to", seen=rules.round_to)
    for release in earlier:
        if release.table.population == table.population and release.rounded is None:
            raise InputError(
                "the same people were released unrounded: both together say more than either",
                key="round_to",
                seen=table.population,
                fix="hide cells again, as in the earlier release",
            )
    counts = rounded(table.equations(), table.counts, rules.round_to)
    return Release(table, rules, ("",) * len(table.keys), counts)


def _closed(
    table: Tabulation, primary: NDArray[np.bool_], measures: list[Measure]
) -> NDArray[np.bool_]:
    """Return the cells to hide so that every interval is wide enough, in every measure."""
    hidden = primary.copy()
    fixed = table.counts == 0
    grown = True
    while grown:
        grown = False
        for measure in measures:
            cells = np.flatnonzero((hidden | measure.unseen) & (measure.needs > 0))
            ends = measure.intervals(hidden, cells)
            for cell in cells[ends[:, 1] - ends[:, 0] < measure.needs[cells] * (1 - _SLACK)]:
                more = measure.complement(hidden, int(cell), fixed) & ~hidden & ~measure.unseen
                hidden |= more
                grown = grown or bool(more.any())
    return hidden


def _measures(
    table: Tabulation, rules: DisclosureRules, earlier: Sequence[Release]
) -> list[Measure]:
    """Return all that a reader can calculate with: the table, and its differences to earlier ones.

    None of the earlier ones is rounded. A hidden count beside a hidden sum is protected only where
    it is small: the sum is what tells.
    """
    equations, counts = table.equations(), table.counts.astype(float)
    small = is_small(counts, rules.threshold) | ((counts == 0) & (rules.zeros == "hide"))
    zero, none = np.zeros(len(counts)), np.zeros(len(counts), dtype=bool)
    known, known_sums, changes = none, none, []
    for release in earlier:
        before, sums, shown = _aligned(table, release)
        if release.table.population == table.population:
            known = known | (shown & (before == counts))
            known_sums = known_sums | (shown & (sums is not None))
        else:
            changes.append((before, sums, shown))
    plain = 1.0 if table.sums is None else 0.0
    count_needs = np.where(small, float(rules.threshold), plain)
    found = [Measure(equations, counts, zero, known, none, count_needs, True)]
    sum_needs = zero
    if table.sums is not None:
        # A sum of nothing has no share: the smallest other sum gives its width.
        positive = table.sums[table.sums > 0]
        least = positive.min() if len(positive) else 0.0
        width = np.where(counts > 0, np.maximum(table.sums, least), 0.0)
        sum_needs = rules.interval * width
        found.append(Measure(equations, table.sums, zero, known_sums, none, sum_needs, False))
    for before, sums, shown in changes:
        change, low = _difference(counts, before)
        few = is_small(np.abs(change), rules.threshold)
        needs = np.where(few, float(rules.threshold), np.where(shown, count_needs, 0.0))
        found.append(Measure(equations, change, low, none, ~shown, needs, True))
        if table.sums is not None and sums is not None:
            change, low = _difference(table.sums, sums)
            needs = np.where(few, rules.interval * np.abs(change), 0.0)
            needs = np.maximum(needs, np.where(shown, sum_needs, 0.0))
            found.append(Measure(equations, change, low, none, ~shown, needs, False))
    return found


def _difference(
    now: NDArray[np.float64], before: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a difference and its bounds; one that has one sign is of people who joined or left."""
    change = now - before
    if (change <= 0).all():
        change = -change
    nested = bool((change >= 0).all())
    return change, np.zeros_like(now) if nested else -np.maximum(now, before)


def _small_differences(
    table: Tabulation, rules: DisclosureRules, release: Release
) -> NDArray[np.int64]:
    counts, _, shown = _aligned(table, release)
    return np.flatnonzero(shown & is_small(np.abs(table.counts - counts), rules.threshold))


def _aligned(
    table: Tabulation, release: Release
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.bool_]]:
    """Return counts, sums and what was shown of an earlier release by the cells of this table."""
    before = release.table
    where = {key: i for i, key in enumerate(before.keys)}
    places = np.array([where.get(key, -1) for key in table.keys])
    found, at = places >= 0, np.maximum(places, 0)
    counts = np.where(found, before.counts[at], 0.0)
    shown = np.where(found, ~release.hidden[at], True)
    same = before.value == table.value and before.sums is not None
    sums = np.where(found, before.sums[at], 0.0) if same and before.sums is not None else None
    return counts, sums, shown

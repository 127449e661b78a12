"""Hidden cells stay hidden, whatever the table: bounds computed again without the library."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from impactmodel.registers import DisclosureRules, Release, Tabulation, protect, tabulate
from impactmodel.registers.tabulation import TOTAL

TABLES = arrays(
    np.int64, st.tuples(st.integers(2, 4), st.integers(2, 4)), elements=st.integers(0, 25)
)
RULES = DisclosureRules(threshold=4)


def people(counts: np.ndarray, population: str = "p") -> Tabulation:
    rows = [(f"r{i}", f"c{j}") for i, j in np.ndindex(counts.shape) for _ in range(counts[i, j])]
    frame = pd.DataFrame(rows, columns=["r", "c"])
    return tabulate(frame, ["r", "c"], population=population)


def bounds(release: Release) -> dict[tuple[str, ...], tuple[float, float]]:
    """Bounds of the inner cells from what is shown, by other equations: only inner unknowns."""
    frame = release.frame()
    seen = {(row["r"], row["c"]): row["count"] for _, row in frame.iterrows()}
    inner = [key for key in seen if TOTAL not in key]
    lhs, rhs = [], []
    for key, count in seen.items():
        if pd.isna(count):
            continue
        lhs.append([all(k in (TOTAL, c) for k, c in zip(key, cell, strict=True)) for cell in inner])
        rhs.append(float(count))
    found: dict[tuple[str, ...], tuple[float, float]] = {}
    for key, count in seen.items():
        if not pd.isna(count):
            continue
        cost = np.array(
            [float(all(k in (TOTAL, c) for k, c in zip(key, cell, strict=True))) for cell in inner]
        )
        ends = []
        for sign in (1, -1):
            solved = linprog(
                sign * cost,
                A_eq=np.array(lhs, float) if lhs else None,
                b_eq=rhs if lhs else None,
                bounds=(0, None),
            )
            ends.append(sign * float(solved.fun or 0.0) if solved.status == 0 else sign * -np.inf)
        found[key] = (ends[0], ends[1])
    return found


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_no_small_cell_is_shown_or_can_be_worked_out(counts: np.ndarray) -> None:
    if not counts.any():
        return
    release = protect(people(counts), RULES)
    table = release.table
    small = (table.counts > 0) & (table.counts < RULES.threshold)
    assert release.hidden[small].all()
    for key, (low, high) in bounds(release).items():
        need = RULES.threshold if small[table.keys.index(key)] else 1
        assert high - low >= need - 1e-6, key


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_what_is_shown_is_true_and_adds_up(counts: np.ndarray) -> None:
    if not counts.any():
        return
    release = protect(people(counts), RULES)
    shown = release.frame()["count"]
    kept = shown.notna().to_numpy()
    assert (shown[kept].to_numpy(dtype=float) == release.table.counts[kept]).all()
    rounded = protect(people(counts), DisclosureRules(threshold=3, round_to=5))
    assert not (rounded.table.equations() @ rounded.frame()["count"].to_numpy(dtype=float)).any()


@settings(max_examples=60, deadline=None)
@given(TABLES, st.integers(0, 3), st.integers(0, 3), st.integers(1, 3))
def test_people_who_joined_cannot_be_counted_by_subtraction(
    counts: np.ndarray, row: int, column: int, joined: int
) -> None:
    if not counts.any():
        return
    before = protect(people(counts, "before"), RULES)
    more = counts.copy()
    more[row % counts.shape[0], column % counts.shape[1]] += joined
    now = protect(people(more, "now"), RULES, [before])
    earlier = before.frame().set_index(["r", "c"])["count"]
    later = now.frame().set_index(["r", "c"])["count"]
    change = later - earlier.reindex(later.index).fillna(0).where(
        later.index.isin(earlier.index), 0
    )
    seen_before = earlier.reindex(later.index).notna() | ~later.index.isin(earlier.index)
    change = change[later.notna() & seen_before]
    assert not ((change > 0) & (change < RULES.threshold)).any()

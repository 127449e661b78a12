"""The loops of the compiled pass over draws, with the code of clauses between them.

Draws are computed in blocks of `BLOCK`, side by side: what a due reads lies together for the draws
of a block, and so do the sums and the limits. A block of outcomes is read once, in the order in
which it is stored; payments are written as soon as some moments are settled. Blocks do not depend
on each other, so that threads share them and change no digit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 16
"""Draws that are computed together: few enough to stay in the processor's cache."""

HELD = 16
"""Dues of a block that are held before they are written: few enough for the nearest cache."""

_HEAD = """
def run(treated, base, size, paid, of_treated, of_base, of_people, weights, reads, shape, first_of,
        constants, clause, starts, rows, caps, keys, members_of, members, most_dues, most_rows):
    draws, groups, wrong = paid.shape[0], size.shape[1], 0.0
    after, most = of_treated.size, of_treated.size + of_base.size
    x = np.empty((most + of_people.size, BLOCK))
    who, n = np.empty(BLOCK, np.uintp), np.empty((groups, BLOCK))
    total, share = np.empty((most_rows, BLOCK)), np.empty(BLOCK)
    due = np.empty((HELD + most_dues, BLOCK))
    before = np.empty((clause.max() + 1, BLOCK))
    spent = np.empty((keys.max() + 1 if keys.size else 1, BLOCK))
    for b in range(0, draws, BLOCK):
        # The last block repeats the last draw, so that every loop is as long.
        for i in range(BLOCK):
            who[i] = min(b + i, draws - 1)
            for g in range(groups):
                n[g, i] = size[who[i], g]
        before[:], spent[:] = 0.0, 0.0
        # A few draws at a time, so that each is read in the order in which it is stored.
        for s in range(0, BLOCK, 8):
            for r in range(of_treated.size):
                for i in range(s, s + 8):
                    x[r, i] = treated[who[i], 0, of_treated[r]] * n[0, i]
            for r in range(of_base.size):
                for i in range(s, s + 8):
                    x[after + r, i] = base[who[i], 0, of_base[r]] * n[0, i]
            for g in range(1, groups):
                for r in range(of_treated.size):
                    for i in range(s, s + 8):
                        x[r, i] += treated[who[i], g, of_treated[r]] * n[g, i]
                for r in range(of_base.size):
                    for i in range(s, s + 8):
                        x[after + r, i] += base[who[i], g, of_base[r]] * n[g, i]
        for r in range(of_people.size):
            x[most + r] = 0.0
            for g in range(groups):
                for i in range(BLOCK):
                    x[most + r, i] += weights[of_people[r], g] * n[g, i]
        held = starts[0]
        for m in range(rows.size - 1):
            for u in range(starts[m], starts[m + 1]):
                first, own, h = first_of[u], clause[u], u - held
"""
_TAIL = """
            cuts = 0.0
            for r in range(rows[m], rows[m + 1]):
                t, key = r - rows[m], keys[r]
                total[t] = 0.0
                for p in range(members_of[r], members_of[r + 1]):
                    h = members[p] - held
                    for i in range(BLOCK):
                        total[t, i] += due[h, i]
                found = 0.0
                for i in range(BLOCK):
                    left = caps[r] - spent[key, i]
                    room = left if left > 0.0 else 0.0
                    cut = total[t, i] > room
                    share[i] = (room if cut else 1.0) / (total[t, i] if cut else 1.0)
                    found += 1.0 if cut else 0.0
                if found > 0.0:
                    total[t] = 0.0
                    for p in range(members_of[r], members_of[r + 1]):
                        h = members[p] - held
                        for i in range(BLOCK):
                            due[h, i] *= share[i]
                            total[t, i] += due[h, i]
                cuts += found
            for r in range(rows[m], rows[m + 1]):
                t, key = r - rows[m], keys[r]
                # A later limit's cut may lower what counts towards an earlier one.
                if cuts > 0.0 and r + 1 < rows[m + 1]:
                    total[t] = 0.0
                    for p in range(members_of[r], members_of[r + 1]):
                        h = members[p] - held
                        for i in range(BLOCK):
                            total[t, i] += due[h, i]
                for i in range(BLOCK):
                    spent[key, i] += total[t, i]
            last = starts[m + 1]
            if last - held >= HELD or m + 2 == rows.size:
                for s in range(0, BLOCK, 4):
                    for u in range(held, last):
                        for i in range(s, s + 4):
                            paid[who[i], u] = due[u - held, i]
                held = last
    return wrong
"""


def source(shapes: Mapping[str, int]) -> str:
    """Return the source of the pass: the code of each numbered shape between the loops."""
    lines = []
    for text, number in shapes.items():
        lines.append(f"                {'if' if number == 0 else 'elif'} shape[u] == {number}:")
        lines += ["                    " + line for line in text.split("\n")]
    return _HEAD + "\n".join(lines) + _TAIL


@cache
def compiled(text: str) -> Callable[..., float]:
    """Compile the source of a pass, once in a process."""
    import numba

    space: dict[str, Any] = {"np": np, "BLOCK": BLOCK, "HELD": HELD}
    # The source is made of the node types of rules and numbered names: no text of a contract.
    exec(text, space)  # noqa: S102
    run: Callable[..., float] = numba.njit(
        space["run"], nogil=True, error_model="numpy", fastmath={"reassoc", "contract"}
    )
    return run


def threads() -> int:
    """Return how many threads share the draws: as many as processors, if nothing states fewer.

    ``NUMBA_NUM_THREADS`` and ``OMP_NUM_THREADS`` limit them.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    stated = (os.environ.get(name, "") for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"))
    return max(1, min([usable or 1, *(int(one) for one in stated if one.isdigit())]))


def run_shared(
    run: Callable[..., float], by_draw: tuple[NDArray[np.float64], ...], rest: tuple[Any, ...]
) -> float:
    """Run a pass on slices of the arrays that have a draw first; return the sum of its results."""
    draws, workers = len(by_draw[0]), threads()
    each = BLOCK * -(-draws // (BLOCK * workers))
    parts = [slice(low, low + each) for low in range(0, draws, each)]

    def work(part: slice) -> float:
        return run(*(one[part] for one in by_draw), *rest)

    if len(parts) == 1:
        return work(parts[0])
    with ThreadPoolExecutor(len(parts)) as pool:
        return sum(pool.map(work, parts))

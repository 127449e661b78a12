"""The loops of the compiled pass over draws, with the code of clauses between them.

Draws are computed `WIDTH` at a time, as lanes (`impactmodel.contract.lanes`): an input is a row of
lanes, and so are dues, sums and limits. A block of outcomes is read once, in the order in which it
is stored, and turned into rows; payments are turned back and written as soon as some moments are
settled. Blocks do not depend on each other, so that threads share them and change no digit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np

from impactmodel.core.memory import WIDTH
from impactmodel.core.rule.scalar import HALF_PLACE

HELD = 64
"""Dues of a block that are held before they are written: few enough for the nearest cache."""

PARTS = 4
"""Parts of the draws for each thread: a thread that is held up leaves some to the others."""

_HEAD = """
def run(first, last, n, x, due, total, before, spent, treated, base, size, paid, of_treated,
        of_base, of_people, weights, reads, of_due, shape, clause, constants, starts, rows, caps,
        keys, members_of, members):
    groups, wrong = size.shape[1], False
    zero, one, half_place = fill(0.0), fill(1.0), fill(HALF_PLACE)
    for block in range(first, last):
        # The last block starts early enough to be a whole one.
        b = min(block * WIDTH, paid.shape[0] - WIDTH)
        for r in range(before.shape[0]):
            store(before, r, zero)
        for r in range(spent.shape[0]):
            store(spent, r, zero)
        for g in range(groups):
            for i in range(WIDTH):
                n[g, i] = size[b + i, g]
        for j in range(of_people.shape[0]):
            for r in range(of_people[j, 2]):
                found = zero
                for g in range(groups):
                    found = found + fill(weights[of_people[j, 0] + r, g]) * load(n, g)
                store(x, of_people[j, 1] + r, found)
"""
_ARM = """
        for j in range(of_{arm}.shape[0]):
            at, to, many = of_{arm}[j, 0], of_{arm}[j, 1], of_{arm}[j, 2]
            whole = many - many % WIDTH
            for g in range(groups):
                people = load(n, g)
                for r in range(0, whole, WIDTH):
                    if g == 0:
                        turn_in({arm}, (b, g, at + r), people, x, to + r)
                    else:
                        turn_in_more({arm}, (b, g, at + r), people, x, to + r)
                for r in range(whole, many):
                    for i in range(WIDTH):
                        part = {arm}[b + i, g, at + r] * n[g, i]
                        x[to + r, i] = part + (x[to + r, i] if g else 0.0)
"""
_DUES = """
        held = starts[0]
        for m in range(rows.size - 1):
            for u in range(starts[m], starts[m + 1]):
                of, h = of_due[u], u - held
                own = clause[of]
                # The next block comes nearer meanwhile, about as much of it as a due reads.
                if of_treated.size:
                    fetch(treated, b + WIDTH, u)
                if of_base.size:
                    fetch(base, b + WIDTH, u)
                paid_before = load(before, own)
"""
_TAIL = """
                store(before, own, paid_before + value)
                store(due, h, value)
            cut = False
            for r in range(rows[m], rows[m + 1]):
                found = zero
                for p in range(members_of[r], members_of[r + 1]):
                    found = found + load(due, members[p] - held)
                room = most(fill(caps[r]) - load(spent, keys[r]), zero)
                if any_above(found, room):
                    cut = True
                    kept = choose(room, found, one, room / found)
                    found = zero
                    for p in range(members_of[r], members_of[r + 1]):
                        value = load(due, members[p] - held) * kept
                        store(due, members[p] - held, value)
                        found = found + value
                store(total, r - rows[m], found)
            for r in range(rows[m], rows[m + 1]):
                found = load(total, r - rows[m])
                # A later limit's cut may lower what counts towards an earlier one.
                if cut and r + 1 < rows[m + 1]:
                    found = zero
                    for p in range(members_of[r], members_of[r + 1]):
                        found = found + load(due, members[p] - held)
                store(spent, keys[r], load(spent, keys[r]) + found)
            last_due = starts[m + 1]
            if last_due - held >= HELD or m + 2 == rows.size:
                whole = last_due - (last_due - held) % WIDTH
                for u in range(held, whole, WIDTH):
                    turn_out(paid, (b, u), due, u - held)
                for u in range(whole, last_due):
                    for i in range(WIDTH):
                        paid[b + i, u] = due[u - held, i]
                held = last_due
    return wrong
"""


def source(shapes: Mapping[str, int]) -> str:
    """Return the source of the pass: the code of each numbered shape between the loops."""
    lines = []
    for text, number in shapes.items():
        lines.append(f"                {'if' if number == 0 else 'elif'} shape[of] == {number}:")
        lines += ["                    " + line for line in text.split("\n")]
    lines += ["                else:", "                    value = zero"]
    arms = [_ARM.replace("{arm}", arm) for arm in ("treated", "base")]
    return "".join((_HEAD, *arms, _DUES, "\n".join(lines), _TAIL))


@cache
def compiled(text: str) -> Callable[..., bool]:
    """Compile the source of a pass, once in a process."""
    import numba

    from impactmodel.contract import lanes

    space: dict[str, Any] = {"WIDTH": WIDTH, "HELD": HELD, "HALF_PLACE": HALF_PLACE}
    space |= lanes.FUNCTIONS
    # The source is made of the node types of rules and numbered names: no text of a contract.
    exec(text, space)  # noqa: S102
    run: Callable[..., bool] = numba.njit(
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
    run: Callable[..., bool], draws: int, sizes: tuple[int, ...], given: tuple[Any, ...]
) -> bool:
    """Run a pass over one or more whole blocks of draws; return whether a part was wrong.

    Parameters
    ----------
    sizes
        Rows of lanes that a part computes in: of people by group, inputs, dues held, totals of a
        moment, sums by clause and by limit.
    given
        What the pass reads and writes.
    """
    blocks, workers = -(-draws // WIDTH), threads()

    def work(part: range) -> bool:
        return run(part.start, part.stop, *(np.empty((size, WIDTH)) for size in sizes), *given)

    if workers == 1:
        return work(range(blocks))
    each = max(1, -(-blocks // (workers * PARTS)))
    parts = [range(low, min(low + each, blocks)) for low in range(0, blocks, each)]
    with ThreadPoolExecutor(workers) as pool:
        return any(list(pool.map(work, parts)))

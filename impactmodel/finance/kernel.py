"""The compiled kernel: roots of many cash flows that signs alone prove to have one root.

Imported on the first rate of return: numba takes a second to load. The unknown is the force of
interest x = ln(1 + r), so that a flow's value is a sum of exponentials c exp(-t x), defined for
every real x. Sums run in the order of the dates (no reassociation), in one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np
from numpy.typing import NDArray

from impactmodel.finance.roots import NOTHING, ZERO

type Floats = NDArray[np.float64]
type Counts = NDArray[np.int64]

UNSETTLED = -1
"""Number of roots where signs leave it open, or Newton's method did not converge."""
LANES = 16
"""Flows solved in step."""
STEPS = 16
CLOSE = 1e-9
"""Newton's error after a step this small is its square times the horizon: below rounding."""


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile a function on its first call; keep the code on disk where there is a place for it."""
    try:
        return cast("F", numba.njit(function, cache=True, error_model="numpy"))
    except RuntimeError:  # neither the package's folder nor the user's can be written
        return cast("F", numba.njit(function, error_model="numpy"))


@compiled
def solve_settled(
    rows: Floats, times: Floats, gaps: Floats, which: Counts
) -> tuple[Floats, Counts]:
    """Return rates and numbers of roots; `UNSETTLED` where other means are needed.

    Parameters
    ----------
    rows
        Shape (draw, period).
    times
        Rising, shape (period,).
    gaps, which
        The distinct gaps between dates, and the place of each gap among them.
    """
    n, periods = rows.shape
    rate, count = np.full(n, np.nan), np.zeros(n, dtype=np.int64)
    flow, block = np.empty(periods), np.zeros((periods, LANES))
    who, filled = np.empty(LANES, dtype=np.int64), 0
    for i in range(n):
        changes = _clean(rows[i], flow)
        if changes == 0 and flow.sum() < 0:
            rate[i] = -1.0
        elif changes > 0:
            count[i] = 1 if changes == 1 else _bound(flow)
        if count[i] == 1:
            block[:, filled], who[filled] = flow, i
            filled += 1
        if filled == LANES or (filled > 0 and i == n - 1):
            x = _newton(block, times, gaps, which)
            for lane in range(filled):
                rate[who[lane]] = np.expm1(x[lane])
                if not np.isfinite(x[lane]):
                    count[who[lane]] = UNSETTLED
            filled = 0
    return rate, count


@compiled
def _clean(row: Floats, flow: Floats) -> int:
    """Copy a row without its rounding residues; return how often its sign changes."""
    largest = 0.0
    for amount in row:
        largest = max(largest, abs(amount))
    floor, changes, last = NOTHING * largest, 0, 0.0
    for j in range(len(row)):
        amount = row[j] if abs(row[j]) > floor else 0.0
        flow[j] = amount
        if amount != 0.0:
            if amount * last < 0.0:
                changes += 1
            last = 1.0 if amount > 0.0 else -1.0
    return changes


@compiled
def _bound(flow: Floats) -> int:
    """Return the number of roots where sums from the front and the back settle it.

    The sums from the front change sign at least as often as there are roots x > 0, the sums from
    the back at least as often as there are roots x < 0; without a root at 0 the parities agree.
    """
    floor = ZERO * np.abs(flow).sum()
    above, below = _changes_of_sums(flow, floor), _changes_of_sums(flow[::-1], floor)
    if abs(flow.sum()) <= floor:
        return 1 if above == 0 and below == 0 else UNSETTLED
    return above + below if above <= 1 and below <= 1 else UNSETTLED


@compiled
def _changes_of_sums(flow: Floats, floor: float) -> int:
    changes, running, last = 0, 0.0, 0.0
    for amount in flow:
        running += amount
        if abs(running) > floor:
            if running * last < 0.0:
                changes += 1
            last = 1.0 if running > 0.0 else -1.0
    return changes


@compiled
def _newton(block: Floats, times: Floats, gaps: Floats, which: Counts) -> Floats:
    """Return the one root x of each flow of shape (period, lane), or not a number.

    Newton's method and Horner's rule, in step for all lanes so that the processor takes them
    together.
    """
    x, step = _start(block, times), np.full(LANES, np.inf)
    factors, value, slope = np.empty((len(gaps), LANES)), np.empty(LANES), np.empty(LANES)
    last = len(block) - 1
    for _ in range(STEPS):
        for k in range(len(gaps)):
            for lane in range(LANES):
                factors[k, lane] = np.exp(-gaps[k] * x[lane])
        for lane in range(LANES):
            value[lane] = block[last, lane]
            slope[lane] = -times[last] * block[last, lane]
        for j in range(last - 1, -1, -1):
            factor = factors[which[j]]
            for lane in range(LANES):
                value[lane] = value[lane] * factor[lane] + block[j, lane]
                slope[lane] = slope[lane] * factor[lane] - times[j] * block[j, lane]
        moving = False
        for lane in range(LANES):
            # A lane that is there stays: no flow's rate depends on its neighbours. A slope beyond
            # the largest number would pass for convergence.
            if abs(step[lane]) > CLOSE:
                finite = np.isfinite(slope[lane])
                step[lane] = value[lane] / slope[lane] if finite else np.nan
                x[lane] -= step[lane]
                moving = moving or abs(step[lane]) > CLOSE
        if not moving:
            break
    return np.where(np.abs(step) <= CLOSE, x, np.nan)


@compiled
def _start(block: Floats, times: Floats) -> Floats:
    """Return the root of the flow whose receipts and outlays fall at their mean times."""
    ins, outs, late, early = np.zeros(LANES), np.zeros(LANES), np.zeros(LANES), np.zeros(LANES)
    for j in range(len(block)):
        for lane in range(LANES):
            received = max(block[j, lane], 0.0)
            paid = received - block[j, lane]
            ins[lane] += received
            outs[lane] += paid
            late[lane] += received * times[j]
            early[lane] += paid * times[j]
    return np.log(ins / outs) / (late / ins - early / outs)

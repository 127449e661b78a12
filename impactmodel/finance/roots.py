"""How many roots a cash flow has, and where.

A flow's value at the force of interest x = ln(1 + r) is f(x) = sum of c exp(-t x). Reversing the
flow in time turns roots below zero into roots above zero, so only x > 0 is searched.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Counts = NDArray[np.int64]

NOTHING = 1e-12
"""Amounts below this share of a flow's largest are rounding."""
ZERO = 1e-12
"""Share of a flow's gross amount below which a sum counts as zero."""
NARROW = 1e-10
"""Width in x at which an interval is no longer halved."""
APART = 1e-6
"""Roots nearer than this in x are one (a double root is known to half the digits)."""
_SEARCH_STEPS = 200


def sign_changes(columns: Floats) -> Counts:
    """Return how often the sign changes along each flow of shape (period, draw), zeros left out.

    Examples
    --------
    >>> sign_changes(np.array([[-1.0], [0.0], [2.0], [-1.0]])).tolist()
    [2]
    """
    changes = np.zeros(columns.shape[1], dtype=np.int64)
    last = np.zeros(columns.shape[1])
    for column in columns:
        changes += column * last < 0
        np.copyto(last, np.sign(column), where=column != 0)
    return changes


def real_roots(rows: Floats, times: Floats) -> list[Floats]:
    """Return all roots x of each flow of shape (draw, period), in rising order, none twice."""
    above = _positive_roots(rows, times)
    below = _positive_roots(rows[:, ::-1], (times[-1] - times)[::-1])
    gross = np.abs(rows).sum(axis=1)
    at_zero = (np.abs(rows.sum(axis=1)) <= ZERO * gross) & (gross > 0)
    found = []
    for row in range(len(rows)):
        zero = [0.0] if at_zero[row] else []
        roots = np.sort(np.concatenate([zero, above[row], -below[row]]))
        if at_zero[row]:
            roots = roots[(roots == 0) | (np.abs(roots) > APART)]
        keep = np.diff(roots, prepend=-np.inf) > APART
        found.append(roots[keep])
    return found


def outer_bound(rows: Floats, times: Floats) -> Floats:
    """Return per flow an x > 0 beyond which there is no root: its sums from the front agree."""
    bound = np.ones(len(rows))
    open_ = np.ones(len(rows), dtype=bool)
    while open_.any():
        discounted = rows[open_] * np.exp(-_elapsed(rows[open_], times) * bound[open_, None])
        more = sign_changes(np.cumsum(discounted, axis=1).T) > 0
        places = np.flatnonzero(open_)
        bound[places[more]] *= 2
        open_[places[~more]] = False
    return bound


def crossing(rows: Floats, times: Floats, low: Floats, high: Floats) -> Floats:
    """Return the root in (low, high) of each flow, by Newton's method kept inside the bracket."""
    elapsed = _elapsed(rows, times)
    low, high = low.copy(), high.copy()
    rising = _sums(rows, elapsed, high) >= 0
    x = (low + high) / 2
    for _ in range(_SEARCH_STEPS):
        weights = rows * np.exp(-elapsed * x[:, None])
        value, slope = weights.sum(axis=1), -(weights * elapsed).sum(axis=1)
        right = (value >= 0) == rising
        high, low = np.where(right, x, high), np.where(right, low, x)
        with np.errstate(all="ignore"):
            new = x - value / slope
        new = np.where((new > low) & (new < high), new, (low + high) / 2)
        moved = np.abs(new - x)
        x = new
        if (moved <= 1e-15 * (1 + np.abs(x))).all():
            break
    return x


def _elapsed(rows: Floats, times: Floats) -> Floats:
    """Return times from each flow's first amount; earlier dates, which hold nothing, are 0."""
    first = (rows != 0).argmax(axis=1)
    return np.asarray(np.maximum(times[None, :] - times[first][:, None], 0.0))


def _sums(rows: Floats, elapsed: Floats, x: Floats) -> Floats:
    return np.asarray((rows * np.exp(-elapsed * x[:, None])).sum(axis=1))


def _positive_roots(rows: Floats, times: Floats) -> list[Floats]:
    """Return the roots x > 0 of each flow: intervals are halved until at most one is inside."""
    found: list[list[float]] = [[] for _ in rows]
    if len(rows) == 0:
        return []
    elapsed = _elapsed(rows, times)
    who = np.flatnonzero((rows != 0).any(axis=1))
    low, high = np.full(who.size, NARROW), outer_bound(rows[who], times)
    while who.size:
        flows, since = rows[who], elapsed[who]
        value, slope, at_low, at_high = _ranges(flows, since, low, high)
        crosses = (at_low >= 0) != (at_high >= 0)
        monotone = (slope[0] > 0) | (slope[1] < 0)
        empty = (value[0] > 0) | (value[1] < 0) | (monotone & ~crosses)
        single = monotone & crosses & ~empty
        narrow = ~empty & ~single & (high - low <= NARROW * (1 + high))
        gross = np.abs(flows * np.exp(-since * low[:, None])).sum(axis=1)
        touches = narrow & (crosses | (np.abs(at_low) <= ZERO * gross))
        for place in np.flatnonzero(touches):
            found[who[place]].append(float(low[place] + high[place]) / 2)
        if single.any():
            roots = crossing(flows[single], times, low[single], high[single])
            for row, root in zip(who[single], roots, strict=True):
                found[row].append(float(root))
        split = ~(empty | single | narrow)
        middle = (low[split] + high[split]) / 2
        who = np.concatenate([who[split], who[split]])
        low, high = np.concatenate([low[split], middle]), np.concatenate([middle, high[split]])
    return [np.array(sorted(roots)) for roots in found]


def _ranges(
    rows: Floats, elapsed: Floats, low: Floats, high: Floats
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats], Floats, Floats]:
    """Return bounds on f and on its slope over [low, high], and f at both ends.

    Receipts and outlays are each a falling function of x, as are their sums weighted by time.
    """
    near = rows * np.exp(-elapsed * low[:, None])
    far = rows * np.exp(-elapsed * high[:, None])
    value = _between(near, far)
    weighted = _between(near * elapsed, far * elapsed)
    return value, (-weighted[1], -weighted[0]), near.sum(axis=1), far.sum(axis=1)


def _between(near: Floats, far: Floats) -> tuple[Floats, Floats]:
    ins = np.maximum(near, 0).sum(axis=1), np.maximum(far, 0).sum(axis=1)
    outs = -np.minimum(near, 0).sum(axis=1), -np.minimum(far, 0).sum(axis=1)
    return ins[1] - outs[0], ins[0] - outs[1]

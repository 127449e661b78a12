"""Newton's method for many cash flows with one root each; a bracketed search where it fails.

The unknown is the force of interest x = ln(1 + r), so that a flow's value is a sum of
exponentials c exp(-t x), defined for every real x.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impactmodel.finance.roots import crossing, outer_bound

type Floats = NDArray[np.float64]

STEPS = 12
CLOSE = 1e-9
"""Newton's error after a step this small is its square times the horizon: below rounding."""


def newton(columns: Floats, times: Floats) -> Floats:
    """Return the one root x of each flow.

    Parameters
    ----------
    columns
        Shape (period, draw); each flow has exactly one root.
    times
        Shape (period,), rising.

    Returns
    -------
    Floats
        Shape (draw,).
    """
    horner = _Horner(columns, times)
    with np.errstate(all="ignore"):
        x = _start(columns, times)
        step = np.full_like(x, np.inf)
        for _ in range(STEPS):
            value, slope = horner.at(x)
            np.divide(value, slope, out=step)
            x -= step
            if not (np.abs(step) > CLOSE).any():
                break
        failed = np.flatnonzero(~(np.abs(step) <= CLOSE) | ~np.isfinite(x))
    if failed.size:
        x[failed] = _bracketed(columns[:, failed].T, times)
    return x


def _start(columns: Floats, times: Floats) -> Floats:
    """Return the root of the flow whose receipts and outlays fall at their mean times."""
    received = np.maximum(columns, 0.0)
    ins, total = received.sum(axis=0), columns.sum(axis=0)
    late = times @ received
    outs, early = ins - total, late - times @ columns
    return np.asarray(np.log(ins / outs) / (late / ins - early / outs))


class _Horner:
    """Value and slope of flows by Horner's rule over the gaps between dates."""

    def __init__(self, columns: Floats, times: Floats) -> None:
        self.columns = columns
        self.weighted = columns * -times[:, None]
        self.gaps, self.which = np.unique(np.diff(times), return_inverse=True)

    def at(self, x: Floats) -> tuple[Floats, Floats]:
        """Return value and slope, each of shape (draw,), at one x per flow."""
        factors = np.exp(-self.gaps[:, None] * x)
        value, slope = self.columns[-1].copy(), self.weighted[-1].copy()
        for i in range(len(self.which) - 1, -1, -1):
            factor = factors[self.which[i]]
            value *= factor
            value += self.columns[i]
            slope *= factor
            slope += self.weighted[i]
        return value, slope


def _bracketed(rows: Floats, times: Floats) -> Floats:
    """Return the one root of each row from a bracket found by doubling."""
    x = np.zeros(len(rows))
    nonzero = rows != 0
    first_sign = np.sign(rows[np.arange(len(rows)), nonzero.argmax(axis=1)])
    total = rows.sum(axis=1)
    above = np.sign(total) * first_sign < 0
    below = np.sign(total) * first_sign > 0
    for side, sign in ((above, 1.0), (below, -1.0)):
        if side.any():
            part = rows[side] if sign > 0 else rows[side][:, ::-1]
            gaps = times if sign > 0 else (times[-1] - times)[::-1]
            low = np.zeros(len(part))
            x[side] = sign * crossing(part, gaps, low, outer_bound(part, gaps))
    return x

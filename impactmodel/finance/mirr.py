"""Modified internal rates of return: one rate for every flow, whatever its signs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from impactmodel.core.errors import InputError
from impactmodel.finance.irr import prepared

type Floats = NDArray[np.float64]


def mirr(
    flows: ArrayLike,
    dates: Sequence[dt.date] | None = None,
    *,
    finance_rate: float,
    reinvestment_rate: float,
) -> Floats:
    r"""Return the modified internal rate of return of each cash flow.

    .. math::
        \left( \frac{\sum c^+_t (1 + r_r)^{T - t}}{\sum c^-_t (1 + r_f)^{-t}} \right)^{1/T} - 1

    Parameters
    ----------
    flows, dates
        As in `impactmodel.finance.irr`: per year of 365 days with dates, per period without.
    finance_rate, reinvestment_rate
        At which outlays are discounted to the first date and receipts carried to the last.

    Returns
    -------
    Floats
        Shape (draw,); not a number where nothing was paid in, -1 where nothing came back.

    Raises
    ------
    InputError
        As `irr`, or if a rate is not above -100 %, or there is no span of time.

    Examples
    --------
    >>> mirr([-100.0, 0.0, 121.0], finance_rate=0.05, reinvestment_rate=0.05).round(12).tolist()
    [0.1]
    """
    for key, rate in (("finance_rate", finance_rate), ("reinvestment_rate", reinvestment_rate)):
        if not rate > -1:
            raise InputError("a rate is above -100 %", key=key, seen=rate)
    amounts, times = prepared(flows, dates)
    span = times[-1] - times[0]
    if not span > 0:
        raise InputError("a rate needs a span of time", key="dates", seen=f"{len(times)} date")
    ends = np.maximum(amounts, 0.0) @ (1 + reinvestment_rate) ** (times[-1] - times)
    begins = np.maximum(-amounts, 0.0) @ (1 + finance_rate) ** -times
    ratio = np.divide(ends, begins, out=np.full_like(ends, np.nan), where=begins > 0)
    return np.asarray(ratio ** (1 / span) - 1)

"""Internal rates of return of many cash flows at once, with the number of their roots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from impactmodel.core.errors import InputError
from impactmodel.finance.roots import NOTHING, real_roots

type Floats = NDArray[np.float64]
DAYS = 365.0
"""Of a year, ACT/365 Fixed."""

type Choice = Literal["undefined", "lowest", "highest"]


@dataclass(frozen=True, slots=True)
class Rates:
    """Internal rates of return, one per cash flow.

    Parameters
    ----------
    rate
        Per year for dated flows, per period otherwise; 0.05 is 5 %. Not a number where no rate or
        several solve the flow; -1 where money went in and none came back.
    n_roots
        How many rates above -100 % solve the flow.
    """

    rate: Floats
    n_roots: NDArray[np.int64]


def irr(
    flows: ArrayLike, dates: Sequence[dt.date] | None = None, *, several: Choice = "undefined"
) -> Rates:
    r"""Solve :math:`\sum_i c_i (1 + r)^{-t_i} = 0` for each cash flow.

    Parameters
    ----------
    flows
        Shape (period,) or (draw, period); positive is received by the investor.
    dates
        One per period, for :math:`t_i` in years of 365 days from the first date (ACT/365 Fixed,
        as XIRR does). Without dates :math:`t_i = i` and the rate is per period.
    several
        What to give where several rates solve a flow: ``undefined`` (not a number), the
        ``lowest`` or the ``highest``.

    Returns
    -------
    Rates
        Of shape (draw,); (1,) for one flow.

    Raises
    ------
    InputError
        If a flow is not finite, or dates and flows differ in number.

    Notes
    -----
    A flow has at most as many roots as its signs change, and above (below) 0 at most as many as
    the signs of its sums from the front (the back) change (Laguerre). Where these do not settle
    the number, roots are isolated by bisection with bounds on the flow's value and slope.

    References
    ----------
    G. J. O. Jameson (2006), Counting zeros of generalised polynomials, The Mathematical Gazette
    90, doi:10.1017/S0025557200179628.

    Examples
    --------
    >>> irr([-100.0, 110.0]).rate.round(9).tolist()
    [0.1]
    >>> two = irr([-100.0, 230.0, -132.0])
    >>> two.rate.tolist(), two.n_roots.tolist()
    ([nan], [2])
    >>> irr([-100.0, 0.0]).rate.tolist()
    [-1.0]
    """
    if several not in {"undefined", "lowest", "highest"}:
        raise InputError(
            "unknown choice", key="several", seen=several, fix="use undefined, lowest or highest"
        )
    from impactmodel.finance.kernel import UNSETTLED, solve_settled

    amounts, times = prepared(flows, dates)
    # Whole days (or periods): differences of years would tell equal gaps apart by rounding.
    per_year = 1.0 if dates is None else DAYS
    gaps, which = np.unique(np.rint(np.diff(times) * per_year), return_inverse=True)
    rate, count = solve_settled(np.ascontiguousarray(amounts), times, gaps / per_year, which)
    hard = np.flatnonzero(count == UNSETTLED)
    if hard.size == 0:
        return Rates(rate, count)
    rate[hard] = np.nan
    for place, roots in zip(hard, real_roots(_cleaned(amounts[hard]), times), strict=True):
        count[place] = roots.size
        if roots.size == 1 or (roots.size and several != "undefined"):
            rate[place] = np.expm1(roots[-1] if several == "highest" else roots[0])
    return Rates(rate, count)


def all_roots(flows: ArrayLike, dates: Sequence[dt.date] | None = None) -> list[Floats]:
    """Return every rate above -100 % that solves each cash flow, in rising order.

    Parameters and errors as in `irr`. A rate at which the flow's value touches zero without
    crossing it is one root.

    Examples
    --------
    >>> all_roots([-100.0, 230.0, -132.0])[0].round(9).tolist()
    [0.1, 0.2]
    """
    amounts, times = prepared(flows, dates)
    return [np.expm1(roots) for roots in real_roots(_cleaned(amounts), times)]


def year_fractions(dates: Sequence[dt.date]) -> Floats:
    """Return the years of 365 days from the first date.

    Examples
    --------
    >>> year_fractions([dt.date(2023, 1, 1), dt.date(2024, 1, 1)]).tolist()
    [0.0, 1.0]
    """
    return np.array([(day - dates[0]).days / DAYS for day in dates])


def prepared(flows: ArrayLike, dates: Sequence[dt.date] | None) -> tuple[Floats, Floats]:
    """Return flows of shape (draw, period), and rising times."""
    amounts = np.atleast_2d(np.asarray(flows, dtype=float))
    if amounts.ndim != 2 or amounts.shape[1] == 0:
        raise InputError(
            "cash flows have the shape (draw, period)", key="flows", seen=amounts.shape
        )
    if not np.isfinite(amounts).all():
        raise InputError("a cash flow is not a finite number", key="flows")
    if dates is None:
        return amounts, np.arange(amounts.shape[1], dtype=float)
    if len(dates) != amounts.shape[1]:
        raise InputError(
            f"{amounts.shape[1]} amounts need as many dates", key="dates", seen=len(dates)
        )
    days = sorted(set(dates))
    times = year_fractions(days)
    if list(dates) == days:
        return amounts, times
    place = {day: i for i, day in enumerate(days)}
    merged = np.zeros((len(amounts), len(days)))
    for column, day in enumerate(dates):
        merged[:, place[day]] += amounts[:, column]
    return merged, times


def _cleaned(rows: Floats) -> Floats:
    """Return flows of shape (draw, period) with their rounding residues set to zero."""
    size = np.abs(rows)
    return np.where(size > NOTHING * size.max(axis=1, keepdims=True), rows, 0.0)

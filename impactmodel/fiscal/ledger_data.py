"""The data behind `Ledger`: its dims, its one validation, calendar years and present values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.measures import Channel
from impactmodel.core.schedule import Periods

if TYPE_CHECKING:
    import xarray as xr

type Draws = NDArray[np.float64]

DIMS = ("draw", "group", "entry", "period")
ARMS = ("treated", "counterfactual")
BALANCE = 1e-9
"""Largest imbalance of a transfer, relative to its largest amount: rounding of float64."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a ledger: a flow of money between payers, with and without the programme.

    Parameters
    ----------
    name
        Such as ``municipal_tax``.
    channel
        What kind of flow it is: ``tax``, ``benefit``, ``earnings``, ``service``, ...
    driver
        The outcome that moves it.
    treated, counterfactual
        By payer: money received (paid: negative) per cohort member, shape (draw, group, period).
    transfer
        A transfer is paid by some and received by others and sums to zero over all; a resource
        that is used or saved (a wage for work, a service) does not.
    """

    name: str
    channel: Channel
    driver: str
    treated: Mapping[str, Draws]
    counterfactual: Mapping[str, Draws]
    transfer: bool = True

    def __post_init__(self) -> None:
        if set(self.treated) != set(self.counterfactual):
            raise InputError(f"the two arms of '{self.name}' name different payers")


def year_shares(periods: Periods) -> tuple[tuple[int, ...], Draws]:
    """Return the calendar years of periods and the share of each period's days in each year.

    Examples
    --------
    >>> years, shares = year_shares(Periods(dt.date(2021, 7, 2), "year", 1))
    >>> years, (shares * 365).round().tolist()
    ((2021, 2022), [[183.0, 182.0]])
    """
    bounds = periods.bounds()
    last = bounds[-1][1] - dt.timedelta(days=1)
    years = tuple(range(bounds[0][0].year, last.year + 1))
    shares = np.zeros((len(bounds), len(years)))
    for row, (start, end) in enumerate(bounds):
        for column, year in enumerate(years):
            first, after = max(start, dt.date(year, 1, 1)), min(end, dt.date(year + 1, 1, 1))
            shares[row, column] = max((after - first).days, 0) / (end - start).days
    return years, shares


def discount_factors(periods: Periods, rate: float) -> Draws:
    r"""Return the factor of each period: :math:`(1 + r)^{-t}`, t in calendar years from the first.

    A period that crosses a new year has the mean of its days' factors.

    Examples
    --------
    >>> discount_factors(Periods(dt.date(2024, 1, 1), "year", 2), 0.25).tolist()
    [1.0, 0.8]
    """
    if not rate > -1:
        raise InputError("a discount rate is above -100 %", key="discount_rate", seen=rate)
    years, shares = year_shares(periods)
    return np.asarray(shares @ (1.0 + rate) ** -(np.array(years) - float(years[0])))


def check_ledger(data: xr.Dataset) -> None:
    """Raise `InputError` unless the data are a ledger; see `Ledger`."""
    names = list(zip(data["line"].values.tolist(), data["payer"].values.tolist(), strict=True))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"the line '{twice[0][0]}' has two entries for one payer and period",
            key="ledger",
            seen=twice[0][1],
            fix="give each line once, with one amount per payer",
        )
    for arm in ARMS:
        if data[arm].dims != DIMS:
            raise InputError(f"'{arm}' must have the dims {DIMS}", seen=data[arm].dims)
        if not np.isfinite(data[arm].values).all():
            raise InputError(f"'{arm}' has amounts that are not finite", key="ledger")
    for name, gap, largest in imbalances(data):
        if gap > BALANCE * largest:
            raise InputError(
                f"the transfer '{name}' does not sum to zero over the payers",
                key="ledger",
                seen=f"off by up to {gap:.6g}",
                fix="give both sides of it",
            )
    _one_driver(data["channel"].values.tolist(), data["driver"].values.tolist())


def imbalances(data: xr.Dataset) -> Iterator[tuple[str, float, float]]:
    """Yield each transfer in each arm: line, largest sum over payers, largest amount."""
    lines = data["line"].values
    for name in dict.fromkeys(lines.tolist()):
        part = np.flatnonzero(lines == name)
        if data["transfer"].values[part].all():
            for arm in ARMS:
                amounts = data[arm].values[:, :, part]
                yield name, float(np.abs(amounts.sum(axis=2)).max()), float(np.abs(amounts).max())


def _one_driver(channels: Sequence[Channel], drivers: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for channel, driver in zip(channels, drivers, strict=True):
        if channel != "other" and seen.setdefault(channel, driver) != driver:
            raise InputError(
                f"the channel '{channel}' has two drivers: the same money would count twice",
                key="ledger",
                seen=f"{seen[channel]} and {driver}",
                fix="keep one of them",
            )

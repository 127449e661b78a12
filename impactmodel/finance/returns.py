"""Investor returns in each draw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.summary import KIND, check_prob, describe_draws
from impactmodel.finance.irr import all_roots, irr, year_fractions
from impactmodel.finance.mirr import mirr
from impactmodel.finance.risk import cvar

if TYPE_CHECKING:
    from impactmodel.finance.cashflows import CashFlows

type Draws = NDArray[np.float64]

CVAR_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Returns:
    """Returns of one tranche per draw, each of shape (draw,).

    Parameters
    ----------
    irr, n_roots
        Internal rate of return per year (-1 = total loss, NaN = undefined) and number of roots.
    mirr
        Modified rate: outlays financed and receipts reinvested at ``discount_rate``.
    moic
        Multiple of invested capital: received / paid in; NaN where nothing was paid in.
    npv
        Net present value at ``discount_rate`` at the fund's start.
    payback_years
        Years until the cumulative flow stays at or above zero; NaN where it never does.
    trough
        Most that was out at any time, as a positive amount.
    invested
        Paid in, undiscounted, as a positive amount.
    gain
        Received less paid in, undiscounted; below zero is a loss.
    several
        All rates of each draw that has more than one, by the draw's index.
    """

    irr: Draws
    n_roots: NDArray[np.int64]
    mirr: Draws
    moic: Draws
    npv: Draws
    payback_years: Draws
    trough: Draws
    invested: Draws
    gain: Draws
    discount_rate: float
    currency: str
    lineage: str
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    several: dict[int, Draws] = field(default_factory=dict)
    tranche: str = ""

    @property
    def probability_of_loss(self) -> float:
        """Share of draws in which the investors lose money."""
        return float(self.loses.mean())

    @property
    def loses(self) -> NDArray[np.bool_]:
        """Whether the investors get less than they paid in (beyond 0.005), shape (draw,)."""
        return np.asarray(self.gain < -0.005)

    def cvar(self, level: float = CVAR_LEVEL) -> float:
        """Return the mean loss of net present value in the worst 1 - level of draws."""
        return cvar(self.npv, level)

    def summary(self, prob: float = 0.9) -> dict[str, Any]:
        """Summarise: ratios as median and interval with the share that is undefined or multiple."""
        one = np.ones_like(self.n_roots)
        return {
            "irr": _ratio(self.irr, self.n_roots, prob),
            "mirr": _ratio(self.mirr, one, prob),
            "moic": _ratio(self.moic, one, prob),
            "npv": {**describe_draws(self.npv, prob), "discount_rate": self.discount_rate},
            "probability_of_loss": self.probability_of_loss,
            "expected_loss": float(np.maximum(-self.gain, 0.0).mean()),
            "cvar": {"npv": self.cvar(), "level": CVAR_LEVEL},
            "trough": describe_draws(self.trough, prob),
            "currency": self.currency,
        }


def returns(flows: CashFlows, tranche: str = "", *, discount_rate: float = 0.035) -> Returns:
    """Compute the returns of a tranche.

    Parameters
    ----------
    tranche
        Its name; empty: the senior investors'. Guarantees of the tranche are counted.
    discount_rate
        Per year, for the net present value and the modified rate.

    Raises
    ------
    InputError
        If the discount rate is not above -100 %, or no tranche has the name.
    """
    amounts = flows.tranche(tranche or flows.structure.senior.name)
    measured = measures(amounts, flows.dates, discount_rate)
    return Returns(
        **measured,
        discount_rate=discount_rate,
        currency=flows.structure.currency,
        lineage=flows.lineage,
        assumptions=flows.assumptions,
        warnings=flows.warnings,
        tranche=tranche or flows.structure.senior.name,
    )


def measures(amounts: Draws, dates: Sequence[dt.date], discount_rate: float) -> dict[str, Any]:
    """Return every measure of flows of shape (draw, date), as `Returns` names them."""
    years = year_fractions(dates)
    rates = irr(amounts, dates)
    paid = -np.minimum(amounts, 0.0).sum(axis=1)
    got = np.maximum(amounts, 0.0).sum(axis=1)
    running = np.cumsum(amounts, axis=1)
    many = np.flatnonzero(rates.n_roots > 1)
    rate = {"finance_rate": discount_rate, "reinvestment_rate": discount_rate}
    return {
        "irr": rates.rate,
        "n_roots": rates.n_roots,
        "several": dict(zip(many.tolist(), all_roots(amounts[many], dates), strict=True)),
        "npv": present_value(amounts, years, discount_rate),
        "mirr": mirr(amounts, dates, **rate) if len(dates) > 1 else np.full(len(amounts), np.nan),
        "moic": np.divide(got, paid, out=np.full_like(got, np.nan), where=paid > 0),
        "payback_years": _payback(running, years, paid),
        "trough": np.maximum(-running.min(axis=1), 0.0),
        "invested": paid,
        "gain": got - paid,
    }


def years_of(flows: CashFlows) -> Draws:
    """Return the time of each flow in years of 365 days since the fund's start."""
    return year_fractions(flows.dates)


def present_value(amounts: Draws, years: Draws, rate: float) -> Draws:
    r"""Return :math:`\sum_t c_t (1 + r)^{-t}` per draw.

    Examples
    --------
    >>> float(present_value(np.array([[0.0, 110.0]]), np.array([0.0, 1.0]), 0.1)[0].round(9))
    100.0
    """
    if not rate > -1:
        raise InputError("a discount rate is above -100 %", key="discount_rate", seen=rate)
    return np.asarray(amounts @ (1 + rate) ** -years)


def _payback(running: Draws, years: Draws, paid: Draws) -> Draws:
    # Amounts below a hundredth of a cent are rounding in the sums.
    above = running >= -1e-4
    stays = np.flip(np.logical_and.accumulate(np.flip(above, axis=1), axis=1), axis=1)
    when = years[stays.argmax(axis=1)]
    return np.where(stays.any(axis=1) & (paid > 0), when, np.nan)


def _ratio(values: Draws, n_roots: NDArray[np.int64], prob: float) -> dict[str, Any]:
    tail = (1 - check_prob(prob)) / 2
    known = values[np.isfinite(values)]
    quantiles: list[float | None] = [None, None, None]
    if known.size:
        quantiles = [float(q) for q in np.quantile(known, [0.5, tail, 1 - tail])]
    return {
        "median": quantiles[0],
        "lower": quantiles[1],
        "upper": quantiles[2],
        "prob": prob,
        "kind": KIND,
        "p_undefined": float((~np.isfinite(values)).mean()),
        "p_multiple": float((n_roots > 1).mean()),
    }

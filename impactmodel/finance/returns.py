"""Investor returns in each draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.summary import KIND, check_prob, describe_draws
from impactmodel.finance.cashflows import CashFlows
from impactmodel.finance.irr import irr

type Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Returns:
    """Returns of the senior tranche per draw, each of shape (draw,).

    Parameters
    ----------
    irr, n_roots
        Internal rate of return per year (-1 = total loss, NaN = undefined) and number of roots.
    moic
        Multiple of invested capital: received / paid in; NaN where nothing was paid in.
    npv
        Net present value at ``discount_rate`` at the fund's start.
    payback_years
        Years until the cumulative flow stays at or above zero; NaN where it never does.
    trough
        Most that was out at any time, as a positive amount.
    gain
        Received less paid in, undiscounted; below zero is a loss.
    """

    irr: Draws
    n_roots: NDArray[np.int64]
    moic: Draws
    npv: Draws
    payback_years: Draws
    trough: Draws
    gain: Draws
    discount_rate: float
    currency: str
    lineage: str
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def probability_of_loss(self) -> float:
        """Share of draws in which the investors lose money."""
        return float(self.loses.mean())

    @property
    def loses(self) -> NDArray[np.bool_]:
        """Whether the investors get less than they paid in (beyond 0.005), shape (draw,)."""
        return np.asarray(self.gain < -0.005)

    def summary(self, prob: float = 0.9) -> dict[str, Any]:
        """Summarise: ratios as median and interval with the share that is undefined or multiple."""
        return {
            "irr": _ratio(self.irr, self.n_roots, prob),
            "moic": _ratio(self.moic, np.ones_like(self.n_roots), prob),
            "npv": {**describe_draws(self.npv, prob), "discount_rate": self.discount_rate},
            "probability_of_loss": self.probability_of_loss,
            "expected_loss": float(np.maximum(-self.gain, 0.0).mean()),
            "trough": describe_draws(self.trough, prob),
            "currency": self.currency,
        }


def returns(flows: CashFlows, *, discount_rate: float = 0.035) -> Returns:
    """Compute the senior investors' returns.

    Parameters
    ----------
    discount_rate
        Per year, for the net present value.

    Raises
    ------
    InputError
        If the discount rate is not above -100 %.
    """
    amounts, years = flows.investor, years_of(flows)
    rates = irr(amounts, flows.dates)
    paid = -np.minimum(amounts, 0.0).sum(axis=1)
    got = np.maximum(amounts, 0.0).sum(axis=1)
    running = np.cumsum(amounts, axis=1)
    return Returns(
        irr=rates.rate,
        n_roots=rates.n_roots,
        moic=np.divide(got, paid, out=np.full_like(got, np.nan), where=paid > 0),
        npv=present_value(amounts, years, discount_rate),
        payback_years=_payback(running, years, paid),
        trough=np.maximum(-running.min(axis=1), 0.0),
        gain=got - paid,
        discount_rate=discount_rate,
        currency=flows.structure.currency,
        lineage=flows.lineage,
        assumptions=flows.assumptions,
        warnings=flows.warnings,
    )


def years_of(flows: CashFlows) -> Draws:
    """Return the time of each flow in years of 365 days since the fund's start."""
    return np.array([(day - flows.dates[0]).days / 365 for day in flows.dates])


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

"""Portfolios: several funds held together, with shocks in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.money import same
from impactmodel.core.seeds import stream
from impactmodel.finance.cashflows import CashFlows
from impactmodel.finance.returns import Returns, measures

type Draws = NDArray[np.float64]
type Order = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SameDraws:
    """Draw i of each fund belongs to draw i of the others: all come from the same outcomes."""

    def orders(self, gains: list[Draws], _rng: np.random.Generator) -> list[Order]:
        """Return the draws as they are."""
        return [np.arange(len(gain)) for gain in gains]


@dataclass(frozen=True, slots=True)
class CommonShock:
    r"""Funds that nothing but a common shock ties together: a one-factor Gaussian copula.

    Each fund's draws are put in the order of :math:`\sqrt\rho M + \sqrt{1 - \rho}\, e_k` from
    the worst gain to the best, so every fund keeps its own distribution and any two have normal
    scores that correlate with ``correlation``; 0 is independence.

    References
    ----------
    R. L. Iman, W. J. Conover (1982), A distribution-free approach to inducing rank correlation
    among input variables, Communications in Statistics 11, doi:10.1080/03610918208812265.
    """

    correlation: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.correlation <= 1:
            raise InputError(
                "a common shock correlates between 0 and 1",
                key="correlation",
                seen=self.correlation,
            )

    def orders(self, gains: list[Draws], rng: np.random.Generator) -> list[Order]:
        """Return for each fund which of its draws stands at each place."""
        common = rng.standard_normal(len(gains[0]))
        found = []
        for gain in gains:
            own = rng.standard_normal(len(gain))
            score = np.sqrt(self.correlation) * common + np.sqrt(1 - self.correlation) * own
            # Equal gains, such as total losses, are put in random order.
            worst_first = np.lexsort((rng.random(len(gain)), gain))
            order = np.empty(len(gain), dtype=np.int64)
            order[np.argsort(score)] = worst_first
            found.append(order)
        return found


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The investors' flows of several funds together.

    Parameters
    ----------
    by_fund
        Each of shape (draw, date), in the portfolio's order of draws.
    orders
        Which draw of the fund stands at each place of the portfolio.
    """

    by_fund: dict[str, Draws]
    dates: tuple[dt.date, ...]
    orders: dict[str, Order]
    currency: str
    lineage: str
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def flows(self) -> Draws:
        """The sum over the funds, shape (draw, date)."""
        return np.asarray(sum(self.by_fund.values()))

    def returns(self, *, discount_rate: float = 0.035) -> Returns:
        """Compute the returns of the whole."""
        return Returns(
            **measures(self.flows, self.dates, discount_rate),
            discount_rate=discount_rate,
            currency=self.currency,
            lineage=self.lineage,
            assumptions=self.assumptions,
            warnings=self.warnings,
            tranche="portfolio",
        )


def portfolio(
    funds: Mapping[str, CashFlows],
    dependence: SameDraws | CommonShock,
    *,
    weights: Mapping[str, float] | None = None,
    seed: int = 1,
) -> Portfolio:
    """Hold the senior tranches of several funds together.

    Parameters
    ----------
    funds
        By name.
    dependence
        `SameDraws` for funds on the same outcomes, `CommonShock` for unrelated ones: how far
        they fail together is an assumption, and named as one.
    weights
        The share of each senior tranche that is held; all of it by default.
    seed
        Of the common shock.

    Raises
    ------
    JoinError
        If currencies, price bases or numbers of draws differ; if draws that are held as the same
        are unrelated, or related ones would be torn apart.
    InputError
        If there is no fund, or a weight names none.
    """
    _check(funds, dependence, weights)
    names, flows = list(funds), list(funds.values())
    gains = [fund.investor.sum(axis=1) for fund in flows]
    orders = dependence.orders(gains, stream(seed, "portfolio"))
    dates = tuple(sorted({day for fund in flows for day in fund.dates}))
    place = {day: i for i, day in enumerate(dates)}
    by_fund = {}
    for name, fund, order in zip(names, flows, orders, strict=True):
        wide = np.zeros((len(order), len(dates)))
        wide[:, [place[day] for day in fund.dates]] = fund.investor[order]
        by_fund[name] = wide * (weights or {}).get(name, 1.0)
    lineage, said = flows[0].lineage, []
    if isinstance(dependence, CommonShock):
        lineage = f"portfolio of {', '.join(names)}, seed {seed}"
        said = [
            f"the funds {', '.join(names)} share a shock of correlation {dependence.correlation:g}"
        ]
    return Portfolio(
        by_fund=by_fund,
        dates=dates,
        orders=dict(zip(names, orders, strict=True)),
        currency=flows[0].structure.currency,
        lineage=lineage,
        assumptions=tuple(dict.fromkeys([*said, *(a for f in flows for a in f.assumptions)])),
        warnings=tuple(dict.fromkeys(w for f in flows for w in f.warnings)),
    )


def _check(
    funds: Mapping[str, CashFlows],
    dependence: SameDraws | CommonShock,
    weights: Mapping[str, float] | None,
) -> None:
    if not funds:
        raise InputError("there is no fund", key="funds")
    for name in weights or {}:
        if name not in funds:
            raise InputError("no fund has this name", key="weights", seen=name)

    def join(first: tuple[str, CashFlows], other: tuple[str, CashFlows]) -> tuple[str, CashFlows]:
        (name, fund), (other_name, held) = first, other
        for what in ("currency", "price_base"):
            ours, theirs = getattr(fund.structure, what), getattr(held.structure, what)
            same(what.replace("_", " "), ours, theirs, name, other_name)
        if len(fund.investor) != len(held.investor):
            raise JoinError(
                f"{name} has {len(fund.investor)} draws, {other_name} {len(held.investor)}"
            )
        related = fund.lineage == held.lineage
        if isinstance(dependence, SameDraws) and not related:
            raise JoinError(
                f"the draws of {name} and {other_name} are unrelated; make both from one Outcomes, "
                "or state a CommonShock"
            )
        if isinstance(dependence, CommonShock) and related:
            raise JoinError(
                f"{name} and {other_name} stand on the same draws: a common shock would tear them "
                "apart; use SameDraws"
            )
        return first

    reduce(join, funds.items())

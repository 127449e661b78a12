"""Appraisal: marginal value of public funds, perspectives, benefit and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from impactmodel.core.distribution import Uncertain, draw
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.summary import KIND, check_prob
from impactmodel.fiscal.ledger_data import Draws
from impactmodel.fiscal.savings import Savings


@dataclass(frozen=True, slots=True)
class Appraisal:
    """What a programme is worth to its participants and to everybody, against what it costs.

    Parameters
    ----------
    gains
        Present value by payer, public and private, before the programme's cost; draws.
    public
        Names of the public payers.
    cost
        What the programme costs the public purse, draws.
    currency
        Of every amount.
    """

    gains: dict[str, Draws]
    public: tuple[str, ...]
    cost: Draws
    currency: str

    @property
    def willingness_to_pay(self) -> Draws:
        """What the programme is worth to private parties: their gain, draws."""
        return self._sum([p for p in self.gains if p not in self.public])

    @property
    def net_cost(self) -> Draws:
        """What the programme costs the public purse after its savings, draws."""
        return self.cost - self._sum(self.public)

    @property
    def benefit(self) -> Draws:
        """The gain of everybody before the programme's cost, draws."""
        return self._sum(tuple(self.gains))

    @property
    def net_benefit(self) -> Draws:
        """The gain of everybody after the programme's cost, draws."""
        return self.benefit - self.cost

    @property
    def mvpf(self) -> Draws:
        r"""The marginal value of public funds, draws: willingness to pay over net cost.

        Infinite where the programme pays for itself and is worth something; not a number where it
        pays for itself and is worth nothing or less.
        """
        wtp, net = self.willingness_to_pay, self.net_cost
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = wtp / net
        return np.where(net > 0, ratio, np.where(wtp > 0, np.inf, np.nan))

    @property
    def benefit_cost_ratio(self) -> Draws:
        """Benefit over cost, draws; not a number without a cost."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.cost > 0, self.benefit / self.cost, np.nan)

    def summary(self, prob: float = 0.9) -> dict[str, dict[str, Any]]:
        """Summarise the two ratios: median, interval, how often infinite and undefined.

        A ratio has no useful mean. The quantiles are over the draws in which it is defined.
        """
        found = {"mvpf": self.mvpf, "benefit_cost_ratio": self.benefit_cost_ratio}
        return {name: ratio_summary(values, prob) for name, values in found.items()}

    def _sum(self, names: tuple[str, ...] | list[str]) -> Draws:
        parts = [self.gains[name] for name in names if name in self.gains]
        return np.asarray(sum(parts, np.zeros(self.cost.shape)))


def mvpf(savings: Savings, *, cost: Uncertain, seed: int = 1) -> Appraisal:
    r"""Appraise a programme: MVPF = willingness to pay / net cost to the public purse.

    Parameters
    ----------
    savings
        With every private gain as a line: wages after tax, benefits lost.
    cost
        Cost of the programme per cohort member, present value.
    seed
        Of an uncertain cost.

    Raises
    ------
    InputError
        If the ledger has no private side.

    Notes
    -----
    Hendren and Sprung-Keyser (2020), A Unified Welfare Analysis of Government Policies, Quarterly
    Journal of Economics 135(3), doi:10.1093/qje/qjaa006. Assumption: a private party's willingness
    to pay is its gain in money.
    """
    ledger = savings.ledger
    if set(ledger.payers) == set(ledger.public_payers):
        raise InputError(
            "without a private side there is no willingness to pay",
            key="savings",
            fix="add lines for what participants gain",
        )
    people = ledger.dataset["cohort_size"].values.sum(axis=1)
    per_member = draw(cost, savings.n_draws, stream(seed, "programme cost"))
    return Appraisal(
        savings.by_payer(), ledger.public_payers, per_member * people, savings.currency
    )


def benefit_cost(lines: Mapping[str, Draws]) -> Draws:
    r"""Return benefit over cost, draws: what lines gain over what lines lose.

    A line is a benefit if its mean is above zero and a cost if it is below, in every draw alike, so
    that draws are compared with one another. Not a number where there is no cost.

    Examples
    --------
    >>> benefit_cost({"tax": np.array([6.0, 9.0]), "payments": np.array([-3.0, -3.0])}).tolist()
    [2.0, 3.0]
    """
    values = [np.asarray(draws, dtype=float) for draws in lines.values()]
    nothing = np.zeros(values[0].shape)
    benefit = sum((v for v in values if v.mean() > 0), nothing)
    cost = -sum((v for v in values if v.mean() < 0), nothing)
    return np.where(cost > 0, benefit / np.where(cost > 0, cost, 1.0), np.nan)


def ratio_summary(values: Draws, prob: float) -> dict[str, Any]:
    """Summarise a ratio: median, equal-tailed interval, how often infinite and undefined.

    The quantiles are over the draws in which it is defined.
    """
    tail = (1 - check_prob(prob)) / 2
    defined = values[~np.isnan(values)]
    points = [float("nan")] * 3
    if defined.size:
        points = np.quantile(defined, [0.5, tail, 1 - tail], method="inverted_cdf").tolist()
    return {
        "median": points[0],
        "lower": points[1],
        "upper": points[2],
        "prob": prob,
        "kind": KIND,
        "p_infinite": float(np.isinf(values).mean()),
        "p_undefined": float(np.isnan(values).mean()),
    }

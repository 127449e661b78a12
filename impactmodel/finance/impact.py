"""What impact investors report beside money, draw by draw, with the identifiers of the standards.

Identifiers were looked up where they are defined: INDIGO in the project schema of the INDIGO data
standard (github.com/INDIGO-Initiative/indigo-data-standard, schema/project.json), IRIS+ in the
catalogue of the Global Impact Investing Network, version 5.3 (iris.thegiin.org). A measure that
neither standard names has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.summary import KIND, check_prob
from impactmodel.finance.returns import Returns

type Draws = NDArray[np.float64]

INDIGO = {
    "people": "service_and_beneficiaries.targeted_number_service_users_or_beneficiaries_total",
    "paid": "overall_project_finance.total_outcome_payments_made.amount",
    "invested": "investment_details.total_funds_invested.latest.amount",
    "irr": "investment_details.internal_rate_of_return.latest",
    "investor_repayment": "investments.investor_repayment",
}
IRIS = {"people": "PI4060", "job_placement_rate": "PI3527"}
"""Client Individuals: Total, and Job Placement Rate."""

REPAYMENT = (
    "No repayment (no principle or return)",
    "Some repayment (but below value of principle)",
    "Principal repaid (but no net return)",
    "Principal + positive financial returns",
)
"""INDIGO's words for how far investors were repaid, as its code list spells them."""


@dataclass(frozen=True, slots=True)
class Impact:
    """Impact beside money, each of shape (draw,).

    Parameters
    ----------
    people
        Served.
    outcomes
        Additional outcomes that the programme made (the effect over the cohort), by name.
    value
        Social value of the outcomes, discounted.
    invested
        What the investors paid in.
    paid
        What the outcome payers paid.
    cost
        What the service and the fund cost.
    irr
        Of the investors.
    gain
        What the investors received less what they paid in.
    valued
        The outcomes that have a social value.
    """

    people: Draws
    outcomes: dict[str, Draws]
    value: Draws
    invested: Draws
    paid: Draws
    cost: Draws
    irr: Draws
    gain: Draws
    currency: str
    valued: tuple[str, ...] = ()

    def outcomes_per_unit_paid(self, outcome: str) -> Draws:
        """Return additional outcomes per unit of currency that the payers paid.

        Not a number where nothing was paid.
        """
        return _ratio(self._outcome(outcome), self.paid)

    def cost_per_outcome(self, outcome: str) -> Draws:
        """Return the cost of service and fund per additional outcome.

        Not a number where the programme made none or fewer: a cost per outcome below zero would
        read as a bargain.
        """
        made = self._outcome(outcome)
        return _ratio(self.cost, np.where(made > 0, made, 0.0))

    @property
    def sroi(self) -> Draws:
        """Social return on investment: social value per unit of cost (Social Value UK, 2012)."""
        return _ratio(self.value, self.cost)

    @property
    def impact_multiple(self) -> Draws:
        """Impact multiple of money: social value per unit that the investors paid in.

        The value carries its own uncertainty in the draws, so no further discount for the chance
        that impact fails is taken (Addy, Chorengel, Collins and Etzel 2019, Harvard Business
        Review 97(1)).
        """
        return _ratio(self.value, self.invested)

    @property
    def investor_repayment(self) -> NDArray[np.int64]:
        """The place in `REPAYMENT` of each draw: how far investors were repaid."""
        received = self.gain + self.invested
        some = (received > _CENT).astype(np.int64)
        whole = (self.gain > -_CENT).astype(np.int64)
        more = (self.gain > _CENT).astype(np.int64)
        return some + whole * some + more

    def summary(self, prob: float = 0.9) -> dict[str, Any]:
        """Summarise: median and interval, the share undefined, and the identifiers."""
        measures: dict[str, Draws] = {
            "people": self.people,
            "invested": self.invested,
            "paid": self.paid,
            "irr": self.irr,
            "value": self.value,
            "sroi": self.sroi,
            "impact_multiple": self.impact_multiple,
        }
        for name in self.outcomes:
            measures[f"outcomes.{name}"] = self.outcomes[name]
            measures[f"cost_per_outcome.{name}"] = self.cost_per_outcome(name)
            measures[f"outcomes_per_unit_paid.{name}"] = self.outcomes_per_unit_paid(name)
        repaid = np.bincount(self.investor_repayment, minlength=len(REPAYMENT)) / len(self.gain)
        shares = dict(zip(REPAYMENT, repaid.tolist(), strict=True))
        return {
            "currency": self.currency,
            "measures": {name: _described(name, draws, prob) for name, draws in measures.items()},
            "investor_repayment": {"indigo": INDIGO["investor_repayment"], **shares}
            if self.invested.any()
            else None,
        }

    def _outcome(self, name: str) -> Draws:
        if name not in self.outcomes:
            raise InputError(
                "no such outcome",
                key="outcome",
                seen=name,
                fix="name one of " + ", ".join(self.outcomes),
            )
        return self.outcomes[name]


_CENT = 0.005


def impact(  # noqa: PLR0913  what impact is measured by
    returns: Returns | None,
    *,
    people: ArrayLike,
    outcomes: Mapping[str, ArrayLike],
    values: Mapping[str, ArrayLike],
    paid: ArrayLike,
    cost: ArrayLike | None,
    currency: str = "",
) -> Impact:
    """Put impact beside an investor's returns, draw by draw.

    Parameters
    ----------
    returns
        Of the investors, whose draws all others share; None without investors.
    people
        Served: a number or draws.
    outcomes
        Additional outcomes over the cohort, by name, as draws of the effect.
    values
        Social value of one more of an outcome, already discounted, by the outcome's name. An
        outcome without a value counts for none: no value is made up.
    paid, cost
        Outcome payments; the cost of service and fund, None where it is not known.
    currency
        Where there are no returns to say it.

    Raises
    ------
    InputError
        If an outcome that has a value is missing, or numbers of draws differ.
    """
    n = np.size(paid) if returns is None else len(returns.gain)
    made = {name: _draws(draws, n, f"outcomes.{name}") for name, draws in outcomes.items()}
    worth = np.zeros(n)
    for name, value in values.items():
        if name not in made:
            raise InputError("a value for an outcome that is not there", key="values", seen=name)
        worth = worth + made[name] * _draws(value, n, f"values.{name}")
    return Impact(
        people=_draws(people, n, "people"),
        outcomes=made,
        value=worth,
        invested=np.zeros(n) if returns is None else returns.invested,
        paid=_draws(paid, n, "paid"),
        cost=_draws(np.nan if cost is None else cost, n, "cost"),
        irr=np.full(n, np.nan) if returns is None else returns.irr,
        gain=np.zeros(n) if returns is None else returns.gain,
        currency=currency if returns is None else returns.currency,
        valued=tuple(values),
    )


def _draws(value: ArrayLike, n: int, key: str) -> Draws:
    draws = np.asarray(value, dtype=float)
    if draws.ndim == 0:
        return np.full(n, float(draws))
    if draws.shape != (n,):
        raise InputError(f"{n} draws are needed", key=key, seen=draws.shape)
    return draws


def _ratio(top: Draws, bottom: Draws) -> Draws:
    return np.asarray(np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0))


def _described(name: str, draws: Draws, prob: float) -> dict[str, Any]:
    tail = (1 - check_prob(prob)) / 2
    known = draws[np.isfinite(draws)]
    cuts = np.quantile(known, [0.5, tail, 1 - tail]).tolist() if known.size else [None] * 3
    found = dict(zip(("median", "lower", "upper"), cuts, strict=True))
    found |= {"prob": prob, "kind": KIND, "p_undefined": 1 - known.size / draws.size}
    codes = {"indigo": INDIGO.get(name), "iris": IRIS.get(name)}
    return found | {standard: code for standard, code in codes.items() if code}

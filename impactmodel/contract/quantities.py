"""From draws of outcomes to the inputs of a clause's rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impactmodel.contract.agreement import Clause, OutcomesContract
from impactmodel.contract.compile import PEOPLE, reference_name, total_name
from impactmodel.contract.terms import Gross, reference_level
from impactmodel.core.errors import DiagnosticsError, InputError, JoinError
from impactmodel.core.money import same
from impactmodel.core.outcomes import Outcomes

type Draws = NDArray[np.float64]


def check_joinable(contract: OutcomesContract, outcomes: Outcomes) -> None:
    """Raise unless the contract may pay on these outcomes.

    Raises
    ------
    DiagnosticsError
        If the fit failed its diagnostics and nobody overrode them.
    JoinError
        If currency, price base or population differ.
    InputError
        If an outcome is missing or a period does not exist.
    """
    about = outcomes.provenance
    if about.diagnostics.startswith("failed"):
        raise DiagnosticsError(
            f"no payment is computed on a fit that failed its diagnostics ({about.diagnostics}); "
            "improve the fit, or override it on record with EffectFit.override(reason)"
        )
    same("currency", contract.currency, outcomes.currency, "the contract", "the evidence")
    same("price base", contract.price_base, about.price_base, "the contract", "the evidence")
    if about.population != contract.population:
        raise JoinError(
            f"the contract pays for the {contract.population}, the effect is that of the "
            f"{about.population}; use evidence on the {contract.population}"
        )
    for place, clause in enumerate(contract.clauses):
        try:
            for name in clause.weights:
                outcomes.measure(name)
            paid_periods(clause, outcomes)
        except InputError as error:
            raise error.located(key=f"clauses[{place}]") from None


def paid_periods(clause: Clause, outcomes: Outcomes) -> tuple[int, ...]:
    """Return the indices of the periods that a clause pays for."""
    count = outcomes.periods.count
    if clause.periods is not None:
        for index in clause.periods:
            if not 0 <= index < count:
                raise InputError(
                    "the evidence has no such period",
                    key="periods",
                    seen=index,
                    fix=f"use 0 to {count - 1}",
                )
        return clause.periods
    flows = [outcomes.measure(name).accrual == "flow" for name in clause.weights]
    if len(set(flows)) > 1:
        raise InputError(
            "an index mixes flows with stocks or cumulative outcomes",
            key="periods",
            fix="state the periods that are paid for",
        )
    return tuple(range(count)) if flows[0] else (count - 1,)


def clause_inputs(clause: Clause, outcomes: Outcomes, period: int) -> dict[str, Draws]:
    """Return the inputs of a clause's rule for one period, each of shape (draw,)."""
    size = outcomes.cohort_size.values
    groups = [str(g) for g in outcomes.dataset["group"].values.tolist()]
    prices = clause.group_prices
    if prices is not None:
        _check_groups(clause.name, prices, groups)
    env: dict[str, Draws] = {PEOPLE: size.sum(axis=1)}
    for name in clause.weights:
        total, reference = _totals(clause, outcomes, name, period, groups)
        env[total_name(name)] = (total * size).sum(axis=1)
        env[reference_name(name)] = (reference * size).sum(axis=1)
        if prices is not None:
            for place, group in enumerate(groups):
                env[total_name(name, group)] = total[:, place] * size[:, place]
                env[reference_name(name, group)] = reference[:, place] * size[:, place]
    return env


def _totals(
    clause: Clause, outcomes: Outcomes, name: str, period: int, groups: list[str]
) -> tuple[Draws, Draws]:
    """Return outcome and reference per person, shape (draw, group)."""
    data = outcomes.dataset
    known = bool(data["counterfactual_known"].sel(outcome=name))
    if not known and not clause.is_measured:
        outcomes.require_levels(name)
    treated = data["treated"].sel(outcome=name).isel(period=period).values
    base = data["counterfactual"].sel(outcome=name).isel(period=period).values
    if clause.is_measured:
        return treated, base
    levels = [reference_level(clause.basis, group) for group in groups]
    fixed = np.array([0.0 if isinstance(clause.basis, Gross) else level for level in levels])
    return treated, np.broadcast_to(fixed.astype(float), treated.shape)


def _check_groups(clause: str, prices: dict[str, float], groups: list[str]) -> None:
    if set(prices) != set(groups):
        raise InputError(
            f"the prices of '{clause}' are for other groups than the evidence has",
            key="payment.price",
            seen=", ".join(prices),
            fix="give one price for each of " + ", ".join(groups),
        )

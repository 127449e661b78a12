"""The inputs of a case that are varied: which there are, how far, and what a change does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from impactmodel.contract import Rate, ShareOf
from impactmodel.core.distribution import mean
from impactmodel.core.errors import InputError
from impactmodel.finance import changed

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from impactmodel.accounts import Accounts
    from impactmodel.contract import Clause, OutcomesContract
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.finance import FundingStructure
    from impactmodel.fiscal import BudgetPlan, PublicSide
    from impactmodel.sensitivity import Sensitivity

type Kind = Literal["effect", "price", "cap", "lag", "delay", "people", "cost", "value", "stated"]
type Basis = Literal["sd", "share", "months", "stated"]

EFFECT, EFFECT_ON, COHORT, CLAUSE = "effect", "effect.", "cohort", "clause."
COSTS = (
    *(f"service_costs.{k}" for k in ("set_up", "per_participant", "per_participant_month")),
    "service_costs.fixed_per_month",
    *(f"fees.{key}" for key in ("arrangement", "management_per_month", "evaluation")),
)
"""Paths of a fund's costs."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a case that a change may touch; a path starts with the name of one."""

    outcomes: Outcomes
    contract: OutcomesContract
    funding: FundingStructure | None
    public: PublicSide | None
    budget: BudgetPlan | None = None


@dataclass(frozen=True, slots=True)
class Lever:
    """An input, and the two values that it is given; None leaves it as stated.

    Parameters
    ----------
    key
        ``effect.<outcome>``: standard deviations by which the effect on an outcome moves;
        ``effect``, ``cohort``, ``clause.<name>``: a multiple of the whole effect, of the cohort,
        of what a clause pays; else a path such as ``funding.service_costs.set_up``.
    names
        The outcomes, or the line of the public side, that it is about.
        Of a cost that a payer bears beside outcome payments: its name.
    basis
        Where the two values come from: the standard deviation of an uncertain input, a share of
        a stated number, a delay in months, or the case.
    """

    key: str
    kind: Kind
    low: float | None
    high: float | None
    basis: Basis
    names: tuple[str, ...] = ()


def levers(parts: Parts, asked: Sensitivity) -> tuple[Lever, ...]:
    """Return every input that is varied; a range of the case comes in place of the default."""
    found = {
        lever.key: lever
        for lever in (
            *_effects(parts.outcomes),
            *_terms(parts.contract, asked),
            *_people(parts.funding, asked),
            *_costs(parts.funding, asked),
            *_values(parts.public, asked),
            *_spent(parts.budget, asked),
        )
    }
    for key, (low, high) in asked.ranges.items():
        default = found.get(key)
        if default is None:
            found[key] = Lever(key, "stated", low, high, "stated")
        else:
            found[key] = replace(default, low=low, high=high, basis="stated")
    return tuple(found.values())


def moved(parts: Parts, changes: Mapping[str, Any], accounts: Accounts) -> Parts:
    """Return the parts of a case under changes; what they do not touch is the same object.

    Outcomes that were moved likewise before are the same object too.

    Raises
    ------
    InputError
        If a path leads nowhere, or a value cannot be used.
    """
    own = {k: v for k, v in changes.items() if k in _OWN or k.startswith(_PREFIXES)}
    found = changed(parts, {k: v for k, v in changes.items() if k not in own})
    for key, value in own.items():
        if key.startswith(CLAUSE):
            contract = _times(found, key.removeprefix(CLAUSE), value)
            found = replace(found, contract=contract)
        else:
            before = found.outcomes
            made = partial(_moved, before, key, value)
            found = replace(found, outcomes=accounts.once(key, (before, value), made))
    return found


_OWN = (EFFECT, COHORT)
_PREFIXES = (EFFECT_ON, CLAUSE)


def _moved(outcomes: Outcomes, key: str, value: float) -> Outcomes:
    """Return outcomes under one change of effect or cohort."""
    if key == EFFECT:
        return scaled_effect(outcomes, value)
    if key == COHORT:
        return outcomes.with_cohort_size(value * outcomes.cohort_size.values)
    return _shifted(outcomes, key.removeprefix(EFFECT_ON), value)


def effect_total(outcomes: Outcomes, name: str) -> NDArray[np.float64]:
    """Return the effect on an outcome summed over the cohort, shape (draw,).

    Periods of a flow are summed; of another accrual the last counts.
    """
    people = _effect(outcomes, name) * outcomes.cohort_size
    by_period = people.sum("group").transpose("draw", "period").values
    if outcomes.measure(name).accrual == "flow":
        return np.asarray(by_period.sum(axis=1))
    return np.asarray(by_period[:, -1])


def scaled_effect(outcomes: Outcomes, factor: float) -> Outcomes:
    """Multiply the whole effect, on all outcomes, groups and periods.

    What would have been without the programme stays; probabilities stay within 0 and 1.
    """
    scaled = times_effect(outcomes, [factor] * len(outcomes.measures))
    return outcomes.replace(treated=_possible(outcomes, scaled))


def times_effect(outcomes: Outcomes, factors: Sequence[float]) -> NDArray[np.float64]:
    """Return the treated arm with each effect multiplied, shape (draw, group, outcome, period)."""
    dims = ("draw", "group", "outcome", "period")
    base = outcomes.dataset["counterfactual"].transpose(*dims).values
    effect = outcomes.effect().transpose(*dims).values
    return np.asarray(base + np.array(factors)[:, None] * effect)


def _effect(outcomes: Outcomes, name: str) -> xr.DataArray:
    return outcomes.effect().sel(outcome=name).transpose("draw", "group", "period")


def _shifted(outcomes: Outcomes, name: str, sds: float) -> Outcomes:
    r"""Move the effect on one outcome so that its total moves by ``sds`` standard deviations.

    Each group and period moves as it does with the total over the draws, by
    :math:`Cov(e_{gp}, T) / sd(T)`; probabilities stay within 0 and 1.
    """
    outcomes.measure(name)
    total, effect = _per_head(outcomes, name), _effect(outcomes, name).values
    spread = float(total.std())
    if spread == 0:
        raise InputError("this effect is known exactly", key=f"{EFFECT_ON}{name}")
    together = ((total - total.mean())[:, None, None] * (effect - effect.mean(axis=0))).mean(axis=0)
    return _added(outcomes, name, sds * together / spread)


def _per_head(outcomes: Outcomes, name: str) -> NDArray[np.float64]:
    people = outcomes.cohort_size.values.sum(axis=1)
    return effect_total(outcomes, name) / np.where(people > 0, people, 1.0)


def _added(outcomes: Outcomes, name: str, shift: NDArray[np.float64]) -> Outcomes:
    dims = ("draw", "group", "outcome", "period")
    treated = outcomes.dataset["treated"].transpose(*dims).values.copy()
    place = [measure.name for measure in outcomes.measures].index(name)
    treated[:, :, place, :] += shift
    return outcomes.replace(treated=_possible(outcomes, treated))


def _possible(outcomes: Outcomes, treated: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep probabilities within 0 and 1, where the level is known."""
    known = outcomes.dataset["counterfactual_known"]
    for place, measure in enumerate(outcomes.measures):
        if measure.kind == "binary" and bool(known.sel(outcome=measure.name)):
            treated[:, :, place, :] = np.clip(treated[:, :, place, :], 0.0, 1.0)
    return treated


def _times(parts: Parts, name: str, factor: float) -> OutcomesContract:
    """Multiply what a clause's mechanism pays, as an index factor of every period."""
    contract = parts.contract
    if name not in {clause.name for clause in contract.clauses}:
        raise InputError("no clause has this name", key=f"{CLAUSE}{name}")
    periods = contract.periods or parts.outcomes.periods

    def one(clause: Clause) -> Clause:
        if clause.name != name:
            return clause
        stated = clause.indexation or (1.0,) * periods.count
        return replace(clause, indexation=tuple(factor * f for f in stated))

    return replace(contract, clauses=tuple(one(clause) for clause in contract.clauses))


def _effects(outcomes: Outcomes) -> Iterator[Lever]:
    for measure in outcomes.measures:
        if float(_per_head(outcomes, measure.name).std()) > 0:
            yield Lever(f"{EFFECT_ON}{measure.name}", "effect", -1, 1, "sd", (measure.name,))


def _around(key: str, kind: Kind, value: Any, asked: Sensitivity, **bounds: float) -> Lever:
    """Return a lever around a number or a distribution, within bounds."""
    middle, spread = mean(value), getattr(value, "sd", None)
    basis: Basis = "share" if spread is None else "sd"
    by = asked.change * abs(middle) if spread is None else spread
    low = max(middle - by, bounds.get("least", 0.0))
    return Lever(key, kind, low, min(middle + by, bounds.get("most", np.inf)), basis)


def _terms(contract: OutcomesContract, asked: Sensitivity) -> Iterator[Lever]:
    share = asked.change
    for place, clause in enumerate(contract.clauses):
        names, at = tuple(clause.weights), f"contract.clauses.{place}"
        match clause.payment:
            case Rate(price=float(price)) if price > 0:
                low, high = price * (1 - share), price * (1 + share)
                yield Lever(f"{at}.payment.price", "price", low, high, "share", names)
            case ShareOf(share=float(part)):
                low, high = part * (1 - share), min(part * (1 + share), 1.0)
                yield Lever(f"{at}.payment.share", "price", low, high, "share", names)
            case _:
                key = f"{CLAUSE}{clause.name}"
                yield Lever(key, "price", 1 - share, 1 + share, "share", names)
        for cap in ("cap", "cap_per_person"):
            if getattr(clause, cap) is not None:
                found = _around(f"{at}.{cap}", "cap", getattr(clause, cap), asked)
                yield replace(found, names=names)
    if contract.cap is not None:
        yield _around("contract.cap", "cap", contract.cap, asked)
    for place, limit in enumerate(contract.limits):
        yield _around(f"contract.limits.{place}.cap", "cap", limit.cap, asked)
    lag = contract.evaluation.lag_months
    yield Lever("contract.evaluation.lag_months", "lag", None, lag + asked.months, "months")


def _people(fund: FundingStructure | None, asked: Sensitivity) -> Iterator[Lever]:
    plan = None if fund is None else fund.enrolment
    if plan is None:
        yield Lever(COHORT, "people", 1 - asked.change, 1 + asked.change, "share")
        return
    at = "funding.enrolment"
    if mean(plan.shortfall) == 0:
        yield Lever(f"{at}.shortfall", "people", None, asked.change, "share")
    else:
        yield _around(f"{at}.shortfall", "people", plan.shortfall, asked, most=1.0)
    if plan.take_up != 1:
        yield _around(f"{at}.take_up", "people", plan.take_up, asked, most=1.0)
    if mean(plan.drop_out_per_month) > 0:
        yield _around(f"{at}.drop_out_per_month", "people", plan.drop_out_per_month, asked, most=1)
    late = mean(plan.late_start_months)
    yield Lever(f"{at}.late_start_months", "delay", None, late + asked.months, "months")


def _costs(fund: FundingStructure | None, asked: Sensitivity) -> Iterator[Lever]:
    for path in COSTS if fund is not None else ():
        room, key = path.split(".")
        value = getattr(getattr(fund, room), key)
        if mean(value) > 0:
            yield _around(f"funding.{path}", "cost", value, asked)


def _values(public: PublicSide | None, asked: Sensitivity) -> Iterator[Lever]:
    for place, value in enumerate(getattr(public, "values", ())):
        found = _around(f"public.values.{place}.value", "value", value.value, asked, least=-np.inf)
        if mean(value.value) != 0:
            yield replace(found, names=(value.line,))


def _spent(budget: BudgetPlan | None, asked: Sensitivity) -> Iterator[Lever]:
    for place, cost in enumerate(budget.costs if budget else ()):
        if mean(cost.amount) > 0:
            found = _around(f"budget.costs.{place}.amount", "cost", cost.amount, asked)
            yield replace(found, names=(cost.name,))

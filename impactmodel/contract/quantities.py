"""From draws of outcomes to the inputs of a clause's rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from impactmodel.contract.agreement import OutcomesContract
from impactmodel.contract.clause import Clause
from impactmodel.contract.compile import PEOPLE, people_name, reference_name, total_name
from impactmodel.contract.terms import Gross, reference_level
from impactmodel.core.errors import DiagnosticsError, InputError, JoinError, Problem
from impactmodel.core.money import same
from impactmodel.core.outcome_data import ARMS
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.schedule import Periods

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
        With every outcome, period and group of the clauses that the evidence does not have.
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
    agreed = contract.periods
    if agreed is not None and not _same_windows(agreed, outcomes.periods):
        raise JoinError(
            f"the contract measures {_said(agreed)}, the evidence covers "
            f"{_said(outcomes.periods)}; use evidence on the contract's windows"
        )
    problems = [
        problem
        for place, clause in enumerate(contract.versions)
        for problem in _problems(contract, clause, outcomes, f"clauses[{place}]")
    ]
    if problems:
        raise InputError.of(problems)


def _problems(
    contract: OutcomesContract, clause: Clause, outcomes: Outcomes, place: str
) -> list[Problem]:
    """Return why a clause cannot be paid on these outcomes: all reasons, not the first."""
    found: list[Problem] = []
    for name in clause.reads:
        try:
            outcomes.measure(name)
        except InputError as error:
            found += error.located(key=place).problems
    groups = [str(g) for g in outcomes.dataset["group"].values.tolist()]
    checks: list[Callable[[], object]] = [lambda: _told_apart(contract, clause, groups)]
    if not found:
        checks.append(lambda: paid_periods(clause, outcomes))
    for check in checks:
        try:
            check()
        except InputError as error:
            found += error.located(key=place).problems
    return found


def _told_apart(contract: OutcomesContract, clause: Clause, every: list[str]) -> None:
    """Raise unless the evidence has the groups that a clause pays for, or prices apart."""
    groups, apart = _counted(clause, every), clause.groups_apart(contract.strata)
    if apart:
        _check_groups(clause.name, apart, groups)


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


def _same_windows(agreed: Periods, found: Periods) -> bool:
    same = (agreed.step, agreed.every) == (found.step, found.every)
    dated = "since_start" in {agreed.clock, found.clock} or agreed.start == found.start
    return same and dated and found.count <= agreed.count


def _said(periods: Periods) -> str:
    return f"{periods.count} × {periods.every} {periods.step} from {periods.start}"


def clause_inputs(
    contract: OutcomesContract, clause: Clause, outcomes: Outcomes, period: int
) -> dict[str, Draws]:
    """Return the inputs of a clause's rule for one period, each of shape (draw,)."""
    every = [str(g) for g in outcomes.dataset["group"].values.tolist()]
    groups = _counted(clause, every)
    held = {group: every.index(group) for group in groups}
    size = outcomes.cohort_size.values[:, list(held.values())]
    apart = clause.groups_apart(contract.strata)
    if apart:
        _check_groups(clause.name, apart, groups)
    env: dict[str, Draws] = {PEOPLE: size.sum(axis=1)}
    env |= {people_name(g): size[:, n] for n, g in enumerate(groups) if apart}
    for name in clause.reads:
        total, reference = _totals(clause, outcomes, name, period, held)
        total, reference = total * size, reference * size
        env[total_name(name)] = total.sum(axis=1)
        env[reference_name(name)] = reference.sum(axis=1)
        for place, group in enumerate(groups if apart else ()):
            env[total_name(name, group)] = total[:, place]
            env[reference_name(name, group)] = reference[:, place]
    return env


def _counted(clause: Clause, groups: list[str]) -> list[str]:
    for group in clause.groups:
        if group not in groups:
            raise InputError(
                f"'{clause.name}' pays for a group that the evidence does not have",
                key="groups",
                seen=group,
                fix=_other_groups(groups),
            )
    return list(clause.groups) or groups


def _other_groups(groups: list[str]) -> str:
    if len(groups) > 1:
        return "use " + ", ".join(groups)
    return (
        f"use '{groups[0]}', the only one, or estimate each group "
        "(an experiment tells them with separate_groups or pool_groups: true)"
    )


def _totals(
    clause: Clause, outcomes: Outcomes, name: str, period: int, groups: Mapping[str, int]
) -> tuple[Draws, Draws]:
    """Return outcome and reference per person of groups by their place, shape (draw, group)."""
    data, places = outcomes.dataset, list(groups.values())
    place = outcomes.measures.index(outcomes.measure(name))
    known = bool(data["counterfactual_known"].values[place])
    if not known and not clause.is_measured:
        outcomes.require_levels(name)
    treated, base = (data[arm].values[:, :, place, period][:, places] for arm in ARMS)
    if clause.is_measured:
        return treated, base
    levels = [reference_level(clause.basis, group) for group in groups]
    fixed = np.array([0.0 if isinstance(clause.basis, Gross) else level for level in levels])
    return treated, np.broadcast_to(fixed.astype(float), treated.shape)


def _check_groups(clause: str, apart: tuple[str, ...], groups: list[str]) -> None:
    if set(apart) != set(groups):
        raise InputError(
            f"the prices of '{clause}' are for other groups than the evidence has",
            key="payment.price",
            seen=", ".join(apart),
            fix=_other_groups(groups),
        )

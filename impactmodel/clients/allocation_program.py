"""The linear programme of an allocation: variables, limits, floors, and why none may exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.clients.allocation_rules import AllocationRules, ChanceAbove, TailMean
from impactmodel.clients.allocation_types import ClientTypes, Counts
from impactmodel.core.errors import InputError, Problem

type Vector = npt.NDArray[np.float64]

_TOO_LARGE = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Maximise ``value @ x`` with ``matrix @ x <= limit``, 0 <= x <= upper.

    The first variables are places (type, service), flattened; further ones belong to the tail
    mean. Rows: people of a type, places of a service, the budget, floors, draws of the tail.

    Parameters
    ----------
    matrix
        Sparse, of scipy.
    names
        Of the rows that are floors.
    floors
        First row of the floors.
    """

    value: Vector
    matrix: Any
    limit: Vector
    lower: Vector
    upper: Vector
    names: tuple[str, ...]
    floors: int


def program(types: ClientTypes, rules: AllocationRules, lot: Counts) -> Program:
    """Lay the programme out for the places that the lottery has left.

    Parameters
    ----------
    lot
        Places drawn by lot already (type, service).

    Raises
    ------
    InputError
        If the tail mean has too many types and draws, or the lottery overspends the budget.
    """
    from scipy import sparse

    count, services = types.eligible.shape
    left = types.size - lot.sum(axis=1)
    places = np.array([rules.capacity[s] for s in types.services]) - lot.sum(axis=0)
    rows: list[Any] = [
        sparse.kron(sparse.eye_array(count), np.ones((1, services))),
        sparse.kron(np.ones((1, count)), sparse.eye_array(services)),
    ]
    limits = [left.astype(float), places.astype(float)]
    if rules.budget is not None:
        cost = np.array([rules.cost[s] for s in types.services])
        limits.append(np.array([_unspent(rules.budget, float(lot.sum(axis=0) @ cost))]))
        rows.append(sparse.csr_array(np.tile(cost, count)[None]))
    first = sum(len(part) for part in limits)
    for floor in rules.floors:
        held = _held(types, floor.group, floor.service)
        total = [rules.capacity[s] for s in types.services if floor.service in ("", s)]
        need = np.ceil(floor.share * sum(total) - 1e-9) - float(lot[held].sum())
        rows.append(sparse.csr_array(-held.ravel()[None].astype(float)))
        limits.append(np.array([-need]))
    upper = np.where(types.eligible, np.minimum(left[:, None], places), 0).astype(float).ravel()
    made = Program(
        value=_value(types, rules),
        matrix=sparse.csr_array(sparse.vstack(rows)),
        limit=np.concatenate(limits),
        lower=np.zeros(count * services),
        upper=upper,
        names=tuple(floor.title for floor in rules.floors),
        floors=first,
    )
    tail = rules.objective
    return _with_tail(made, types, tail.share, lot) if isinstance(tail, TailMean) else made


def _unspent(budget: float, spent: float) -> float:
    """Return what the places drawn by lot leave of the budget."""
    if spent > budget:
        raise InputError(
            "the budget does not pay for the places drawn by lot",
            key="budget",
            seen=budget,
            fix=f"raise it by {spent - budget:g}, or lower random_share",
        )
    return budget - spent


def explain(made: Program, rules: AllocationRules) -> InputError:
    """Say which floors cannot be met, by how many places, and whether the budget is why."""
    from scipy import sparse
    from scipy.optimize import linprog

    n, k = made.matrix.shape[1], len(made.names)
    bounds: Any = np.column_stack(
        [np.append(made.lower, np.zeros(k)), np.append(made.upper, np.full(k, np.inf))]
    )
    slack = np.zeros((made.matrix.shape[0], k))
    slack[made.floors + np.arange(k), np.arange(k)] = -1.0

    def shortfall(limit: Vector) -> Vector:
        found = linprog(
            np.concatenate([np.zeros(n), np.ones(k)]),
            A_ub=sparse.hstack([made.matrix, sparse.csr_array(slack)]),
            b_ub=limit,
            bounds=bounds,
            method="highs",
        )
        return np.asarray(found.x)[n:]

    short = shortfall(made.limit)
    why = "too few eligible people or places"
    if rules.budget is not None:
        unpaid = made.limit.copy()
        unpaid[made.floors - 1] = np.inf
        if shortfall(np.where(np.isinf(unpaid), 1e15, unpaid)).sum() < 1e-6:
            why = "the budget is too small"
    problems = [
        Problem(
            f"{name}: short by {np.ceil(miss - 1e-6):.0f} places, {why}",
            "lower the floor, or widen capacity, budget or eligibility",
            key="floors",
        )
        for name, miss in zip(made.names, short, strict=True)
        if miss > 1e-6
    ]
    if not problems:
        problems = [Problem("no whole numbers of places keep to all rules", key="floors")]
    return InputError.of(problems)


def _held(types: ClientTypes, group: str, service: str) -> npt.NDArray[np.bool_]:
    """Return which places (type, service) count for a floor."""
    of = np.array([service in ("", s) for s in types.services])
    return np.asarray(types.mark(group)[:, None] & of)


def _value(types: ClientTypes, rules: AllocationRules) -> Vector:
    if isinstance(rules.objective, ChanceAbove):
        return np.asarray((types.gain > rules.objective.threshold).mean(axis=0).ravel())
    if isinstance(rules.objective, TailMean):
        return np.zeros(types.eligible.size)
    return np.asarray(types.mean_gain.ravel())


def _with_tail(made: Program, types: ClientTypes, share: float, lot: Counts) -> Program:
    r"""Add the tail mean: maximise :math:`t - \frac{1}{\alpha D} \sum_d z_d`.

    With :math:`z_d \ge t - g_d(x)`, :math:`z_d \ge 0` (Rockafellar and Uryasev 2000).
    """
    from scipy import sparse

    draws = len(types.gain)
    if types.gain.size > _TOO_LARGE:
        raise InputError(
            "the tail mean of so many types and draws is too large a programme",
            key="objective",
            seen=types.gain.shape,
            fix="put clients into types, or use fewer draws",
        )
    gain = types.gain.reshape(draws, -1)
    by_lot = gain @ lot.ravel()
    right: Any = sparse.hstack([sparse.csr_array(np.ones((draws, 1))), -sparse.eye_array(draws)])
    more = made.matrix.shape[0]
    matrix = sparse.vstack(
        [
            sparse.hstack([made.matrix, sparse.csr_array((more, draws + 1))]),
            sparse.hstack([sparse.csr_array(-gain), right]),
        ]
    )
    most = float(np.abs(gain).max(initial=0.0)) * float(types.size.sum() + 1)
    return Program(
        value=np.concatenate([made.value, [1.0], np.full(draws, -1 / (share * draws))]),
        matrix=sparse.csr_array(matrix),
        limit=np.concatenate([made.limit, by_lot]),
        lower=np.concatenate([made.lower, [-most], np.zeros(draws)]),
        upper=np.concatenate([made.upper, [most], np.full(draws, 2 * most)]),
        names=made.names,
        floors=made.floors,
    )

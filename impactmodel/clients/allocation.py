"""Allocation of places: a proposal that maximises expected gains within capacity and floors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.clients.allocation_program import Program, explain, program
from impactmodel.clients.allocation_rules import AllocationRules
from impactmodel.clients.allocation_types import ClientTypes, Counts, Mask
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.evidence.columns import Labels

type Values = npt.NDArray[np.float64]

_WHOLE = 1e-6
_SMALL = 5000
_NEAR = 400
_SECONDS = 60.0
_INFEASIBLE = 2


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Allocation:
    """A proposal: how many people of each type get a place in each service.

    It informs; whoever knows the person decides.

    Parameters
    ----------
    types, rules
        What was allocated, and by which rules.
    by_lot
        Places drawn by lot among everybody eligible (type, service).
    by_gain
        Places that the objective chose (type, service).
    price
        What one more place of each service would add to the objective (service).
    bound
        No allocation within the rules is above this in the objective, given the lottery.
    value
        The objective at this allocation.
    seed
        Of the lottery.
    """

    types: ClientTypes
    rules: AllocationRules
    by_lot: Counts
    by_gain: Counts
    price: Values
    bound: float
    value: float
    seed: int

    @property
    def places(self) -> Counts:
        """All places (type, service)."""
        return np.asarray(self.by_lot + self.by_gain)

    @property
    def gain(self) -> Values:
        """Expected gain over all people, draw by draw (draw,)."""
        return np.asarray(np.einsum("dts,ts->d", self.types.gain, self.places))

    def share_of_places(self, group: str) -> float:
        """Return the share of all proposed places that go to a group; NaN without places."""
        total = int(self.places.sum())
        held = int(self.places[self.types.mark(group)].sum())
        return held / total if total else float("nan")

    def chances(self) -> Values:
        """Return the chance of each service for one person of each type (type, service)."""
        size = np.maximum(self.types.size, 1)
        return np.asarray(self.places / size[:, None])

    def margins(self) -> Values:
        """Return the mean gain above the price of a place (type, service).

        A score to inform: how much would be lost by giving the place to the next in line.
        """
        return np.asarray(self.types.mean_gain - self.price)

    def __repr__(self) -> str:
        used = ", ".join(
            f"{s} {n} of {self.rules.capacity[s]}"
            for s, n in zip(self.types.services, self.places.sum(axis=0), strict=True)
        )
        return f"Allocation({self.types.people} people; places: {used})"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Drawn:
    """People proposed by lot within types.

    Parameters
    ----------
    service
        Code (person): 0 none, then the allocation's services.
    random
        Whose place was drawn by lot among everybody eligible: compare them with those who were
        eligible alike and drew nothing to learn effects (person).
    """

    service: Labels
    random: Mask

    def __repr__(self) -> str:
        return f"Drawn({len(self.service)} people, {int(self.random.sum())} places by lot)"


def allocate(types: ClientTypes, rules: AllocationRules, *, seed: int = 0) -> Allocation:
    r"""Propose an allocation.

    .. math:: \max_x \sum_{ts} \bar g_{ts} x_{ts}, \quad \sum_s x_{ts} \le n_t, \quad
        \sum_t x_{ts} \le c_s, \quad \sum_{ts} k_s x_{ts} \le B, \quad
        \sum_{t \in g, s} x_{ts} \ge f_g

    First ``random_share`` of each service's places is drawn by lot. With people and places as the
    only limits the rest is a transport problem, whose corners are whole numbers. With a budget,
    floors or a tail mean, up to some thousands of variables are solved in whole numbers; more by
    rounding the corner's few broken places and choosing again around them, and ``bound - value``
    says what that can have cost.

    Raises
    ------
    InputError
        If types and rules have other services, a floor names an unknown group, or floors cannot
        be met, which says by how many places.

    Examples
    --------
    One place, and two people of whom the second gains more:

    >>> made = ClientTypes.of(("course",), [1, 1], [[0.1], [0.2]])
    >>> allocate(made, AllocationRules({"course": 1}, random_share=0.0)).places.ravel().tolist()
    [0, 1]
    """
    if set(types.services) != set(rules.capacity):
        raise InputError(
            "types and rules have other services",
            key="capacity",
            seen=", ".join(rules.capacity),
            fix=f"state the capacity of {', '.join(types.services)}",
        )
    lot = draw_lots(types, rules, seed)
    made = program(types, rules, lot)
    corner, bound, price = _relaxed(made, rules, len(types.services), len(types.size))
    n = types.eligible.size
    whole = bool((np.abs(corner[:n] - np.rint(corner[:n])) < _WHOLE).all())
    if not whole and n <= _SMALL:
        corner, _ = _whole_numbers(made, rules, np.ones(n, dtype=bool), corner)
    elif not whole:
        corner = _around(made, rules, corner, price)
    places = np.rint(corner[:n]).astype(np.int64).reshape(types.eligible.shape)
    value = float(made.value @ np.concatenate([places.ravel(), corner[n:]]))
    return Allocation(types, rules, lot, places, price, bound, value, seed)


def draw_lots(types: ClientTypes, rules: AllocationRules, seed: int) -> Counts:
    """Draw the random places among eligible people, each with the same chance (type, service)."""
    rng = stream(seed, "allocation", "lots")
    left = types.size.copy()
    lot = np.zeros(types.eligible.shape, dtype=np.int64)
    for s, service in enumerate(types.services):
        pool = np.where(types.eligible[:, s], left, 0)
        count = min(rules.drawn_by_lot(service), int(pool.sum()))
        if count:
            lot[:, s] = rng.multivariate_hypergeometric(pool, count, method="marginals")
            left -= lot[:, s]
    return lot


def propose_people(found: Allocation, type_of: Labels) -> Drawn:
    """Draw which people of each type get its places; ties are decided by lot alone.

    Parameters
    ----------
    found
        The allocation.
    type_of
        Type of each person, as `ClientTypes.of_people` returns it.

    Raises
    ------
    InputError
        If there are other numbers of people of a type than were allocated.
    """
    size = np.bincount(type_of, minlength=len(found.types.size))
    if not np.array_equal(size, found.types.size):
        raise InputError("these are other people than were allocated", key="type_of")
    order = stream(found.seed, "allocation", "people").permutation(len(type_of))
    order = order[np.argsort(type_of[order], kind="stable")]
    service = np.zeros(len(type_of), dtype=np.intp)
    random = np.zeros(len(type_of), dtype=bool)
    start = np.cumsum(size) - size
    rank = np.arange(len(type_of)) - start[type_of[order]]
    last = np.cumsum(np.column_stack([found.by_lot, found.by_gain]), axis=1)[type_of[order]]
    cell = (rank[:, None] >= last).sum(axis=1)
    services = len(found.types.services)
    placed = cell < 2 * services
    service[order[placed]] = cell[placed] % services + 1
    random[order] = cell < services
    return Drawn(service, random)


def _relaxed(
    made: Program, rules: AllocationRules, services: int, types: int
) -> tuple[Values, float, Values]:
    """Return a corner of the programme, its value and the prices of the services' places."""
    from scipy.optimize import linprog

    bounds: Any = np.column_stack([made.lower, made.upper])
    found = linprog(
        -made.value,
        A_ub=made.matrix,
        b_ub=made.limit,
        bounds=bounds,
        method="highs-ipm",
    )
    if found.status == _INFEASIBLE:
        raise explain(made, rules)
    if found.status != 0 or found.x is None or found.fun is None:
        raise ArithmeticError(f"the allocation's programme was not solved: {found.message}")
    price = -found.ineqlin.marginals[types : types + services]
    return np.asarray(found.x), float(-found.fun), np.maximum(price, 0.0)


def _whole_numbers(
    made: Program, rules: AllocationRules, free: Mask, start: Values
) -> tuple[Values, bool]:
    """Solve in whole numbers for the free places, the others held at where they are."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    n = len(free)
    more = np.ones(len(made.value) - n, dtype=bool)
    at = np.flatnonzero(np.concatenate([free, more]))
    held = start.copy()
    held[at] = 0.0
    limit = made.limit - made.matrix @ held
    whole = np.concatenate([np.ones(int(free.sum())), np.zeros(len(more))])
    found = milp(
        -made.value[at],
        integrality=whole,
        bounds=Bounds(made.lower[at], made.upper[at]),
        constraints=LinearConstraint(made.matrix[:, at], -np.inf, limit),
        options={"mip_rel_gap": 1e-9, "time_limit": _SECONDS},
    )
    if found.x is None:
        if found.status != _INFEASIBLE:
            raise ArithmeticError(
                f"the allocation was not solved in whole numbers: {found.message}"
            )
        if free.all():
            raise explain(made, rules)
        return start, False
    held[at] = found.x
    return held, True


def _around(made: Program, rules: AllocationRules, corner: Values, price: Values) -> Values:
    """Choose in whole numbers among the broken places and those next in line.

    A corner breaks at most one place for each floor and the budget, so that few are needed.
    """
    n = len(corner)
    services = len(price)
    types = n // services
    broken = np.abs(corner - np.rint(corner)) >= _WHOLE
    margin = (made.value.reshape(types, services) - price).ravel()
    near = _NEAR
    while near < n:
        close = np.argsort(np.abs(margin), kind="stable")[:near]
        rows = np.zeros(types, dtype=bool)
        rows[np.concatenate([close, np.flatnonzero(broken)]) // services] = True
        free = np.repeat(rows, services)
        start = np.where(free, corner, np.rint(corner))
        found, solved = _whole_numbers(made, rules, free, start)
        if solved:
            return found
        near *= 4
    return _whole_numbers(made, rules, np.ones(n, dtype=bool), corner)[0]

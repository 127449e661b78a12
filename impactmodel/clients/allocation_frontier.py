"""The frontier between the mean gain and the gain of the group that gains least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.clients.allocation_gain import THOUSAND
from impactmodel.clients.allocation_program import Program, explain, program
from impactmodel.clients.allocation_rules import AllocationRules, TailMean
from impactmodel.clients.allocation_types import ClientTypes
from impactmodel.core.errors import InputError

type Values = npt.NDArray[np.float64]

_SLACK = 1e-9


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class FrontierPoint:
    """One allocation on the frontier; places may be broken, as expected counts are.

    Parameters
    ----------
    places
        Expected places (type, service).
    mean_gain
        Per 1,000 people, draw by draw (draw,).
    group_gain
        Per 1,000 people of each group, draw by draw (draw, group).
    worst
        Place of the group that gains least on average.
    share
        Share of all places by group (group).
    """

    places: Values
    mean_gain: Values
    group_gain: Values
    worst: int
    share: Values

    @property
    def worst_gain(self) -> Values:
        """Gain per 1,000 people of the group that gains least on average (draw,)."""
        return np.asarray(self.group_gain[:, self.worst])

    def __repr__(self) -> str:
        return f"FrontierPoint({self.mean_gain.mean():.2f} per 1,000)"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Frontier:
    """Allocations from the highest mean gain to the highest gain of the worst-off group.

    Parameters
    ----------
    groups
        Names.
    group_share
        Share of all people by group (group).
    points
        In the order of what the worst-off group gains.
    """

    groups: tuple[str, ...]
    group_share: Values
    points: tuple[FrontierPoint, ...]

    def __repr__(self) -> str:
        return f"Frontier({len(self.points)} points; groups {', '.join(self.groups)})"


def frontier(
    types: ClientTypes, rules: AllocationRules, groups: tuple[str, ...], *, points: int = 8
) -> Frontier:
    r"""Trace the frontier: never one optimum.

    For :math:`t` in equal steps, from what the group that gains least has under the highest mean
    gain to the most that it can have,

    .. math:: \max_x \frac{1}{N} \sum_{ts} \bar g_{ts} x_{ts} \quad \text{with} \quad
        \frac{1}{N_g} \sum_{t \in g, s} \bar g_{ts} x_{ts} \ge t \; \text{for all groups } g

    within capacity, budget, floors and eligibility. No place is drawn by lot here; keep some
    random in the allocation that is chosen.

    Parameters
    ----------
    types, rules
        As in `impactmodel.clients.allocation.allocate`.
    groups
        Marks of types, such as people with and without an impairment.
    points
        At least 2.

    Raises
    ------
    InputError
        With one point, a group without people, an objective that is the tail mean, or floors that
        cannot be met.
    """
    if points < 2:
        raise InputError("a frontier has two points or more", key="points", seen=points)
    if isinstance(rules.objective, TailMean):
        raise InputError("a frontier is of means", key="objective", fix="use expected")
    marks = np.stack([types.mark(name) for name in groups]).astype(np.float64)
    size = marks @ types.size
    if (size == 0).any():
        raise InputError("a group has nobody", key="groups", seen=groups[int(size.argmin())])
    none = np.zeros(types.eligible.shape, dtype=np.int64)
    made = program(types, rules, none)
    by_group = (marks[:, :, None] * types.mean_gain).reshape(len(groups), -1) / size[:, None]
    start = _solve(made, rules, by_group, None)
    lowest = float((by_group @ start).min())
    highest = _most(made, by_group)
    found = [_point(types, marks, size, start)]
    for t in np.linspace(lowest, highest, points)[1:]:
        slack = _SLACK * max(1.0, abs(highest))
        found.append(_point(types, marks, size, _solve(made, rules, by_group, float(t) - slack)))
    return Frontier(groups, size / types.people, tuple(found))


def _solve(made: Program, rules: AllocationRules, by_group: Values, least: float | None) -> Values:
    from scipy import sparse

    matrix, limit = made.matrix, made.limit
    if least is not None:
        matrix = sparse.vstack([matrix, sparse.csr_array(-by_group)])
        limit = np.append(limit, np.full(len(by_group), -least))
    found = best(made.value, (matrix, limit), (made.lower, made.upper))
    if found is None:
        raise explain(made, rules)
    return found


def _most(made: Program, by_group: Values) -> float:
    """Return the highest gain that every group can have at once."""
    from scipy import sparse

    column = np.zeros((made.matrix.shape[0], 1))
    below: Any = sparse.hstack(
        [sparse.csr_array(-by_group), sparse.csr_array(np.ones((len(by_group), 1)))]
    )
    wide: Any = sparse.hstack([made.matrix, sparse.csr_array(column)])
    n = made.matrix.shape[1]
    found = best(
        np.append(np.zeros(n), 1.0),
        (sparse.vstack([wide, below]), np.append(made.limit, np.zeros(len(by_group)))),
        (np.append(made.lower, -np.inf), np.append(made.upper, np.inf)),
    )
    if found is None:
        raise ArithmeticError("the worst-off group's best programme was not solved")
    return float(found[-1])


def best(value: Values, rows: tuple[Any, Values], box: tuple[Values, Values]) -> Values | None:
    """Maximise ``value @ x`` within rows and bounds; None where nothing fits."""
    from scipy.optimize import linprog

    bounds: Any = np.column_stack(box)
    found = linprog(-value, A_ub=rows[0], b_ub=rows[1], bounds=bounds, method="highs-ipm")
    return np.asarray(found.x) if found.status == 0 else None


def _point(types: ClientTypes, marks: Values, size: Values, x: Values) -> FrontierPoint:
    places = np.clip(x.reshape(types.eligible.shape), 0.0, None)
    by_type = np.einsum("dts,ts->dt", types.gain, places)
    group_gain = THOUSAND * by_type @ marks.T / size
    held = marks @ places.sum(axis=1)
    return FrontierPoint(
        places=places,
        mean_gain=np.asarray(THOUSAND * by_type.sum(axis=1) / types.people),
        group_gain=np.asarray(group_gain),
        worst=int(group_gain.mean(axis=0).argmin()),
        share=np.asarray(held / max(float(places.sum()), 1.0)),
    )

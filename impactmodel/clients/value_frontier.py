"""Jobs given up for money: allocations from the highest net value to the most jobs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.allocation_frontier import best
from impactmodel.clients.allocation_program import Program, explain, program
from impactmodel.clients.allocation_rules import AllocationRules, Expected
from impactmodel.clients.allocation_types import ClientTypes
from impactmodel.clients.value import PlaceValue
from impactmodel.clients.worth import Jobs, NetValue
from impactmodel.core.errors import InputError
from impactmodel.evidence.columns import Labels

type Values = npt.NDArray[np.float64]

_SLACK = 1e-9


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PricedTypes:
    """The same types of clients, with gains in jobs and in money.

    Parameters
    ----------
    jobs, money
        Gain of one person from a service: points of a chance, and net value of the place.
    type_of
        Type of each person (person).
    """

    jobs: ClientTypes
    money: ClientTypes
    type_of: Labels

    def __repr__(self) -> str:
        return f"PricedTypes({self.jobs!r})"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ValuePoint:
    """One allocation; places may be broken, as expected counts are.

    Parameters
    ----------
    places
        By service (service).
    jobs, value
        Jobs added and net value, over all people, draw by draw (draw,).
    """

    places: Values
    jobs: Values
    value: Values

    def __repr__(self) -> str:
        return f"ValuePoint({self.places.sum():.0f} places)"


def priced_types(
    types: ClientTypes, type_of: Labels, groups: Values, value: PlaceValue, payer: str = ""
) -> PricedTypes:
    r"""Return types of people who are alike in gain, marks and what a job of theirs is worth.

    .. math:: n_{dts} = g_{dts} \sum_g w_{tg} u_{dg} - k_{ds} \, 1[\text{payer pays for } s]

    Parameters
    ----------
    types, type_of
        With gains in jobs, and the type of each person.
    groups
        Membership (person, group).
    value
        What a job and a place are worth; its draws are taken as independent of those of the types.
    payer
        Whose net value; empty for all public payers together.
    """
    unit = value.value_of_unit(payer)
    person = np.column_stack([type_of, groups @ unit.mean(axis=0)])
    _, first, code = np.unique(person, axis=0, return_index=True, return_inverse=True)
    code = np.asarray(code.ravel(), dtype=np.intp)
    old = type_of[first]
    jobs = ClientTypes(
        types.services,
        np.bincount(code).astype(np.int64),
        types.gain[:, old],
        {name: mark[old] for name, mark in types.marks.items()},
        types.eligible[old],
    )
    draws = np.arange(len(types.gain)) % len(unit)
    at = [value.services.index(s) for s in types.services]
    cost = (value.cost * value.bears(payer))[draws][:, at]
    gain = jobs.gain * (unit[draws] @ groups[first].T)[:, :, None] - cost[:, None, :]
    return PricedTypes(jobs, dataclasses.replace(jobs, gain=gain), code)


def priced_for(
    aim: Jobs | NetValue,
    value: PlaceValue | None,
    types: ClientTypes,
    type_of: Labels,
    groups: Values,
) -> PricedTypes | None:
    """Return `priced_types` for whom an aim names; None where nothing says what a job is worth."""
    if value is None or not value.per_unit:
        return None
    payer = aim.payer if isinstance(aim, NetValue) else ""
    return priced_types(types, type_of, groups, value, payer)


def value_frontier(
    priced: PricedTypes, rules: AllocationRules, *, points: int = 6
) -> tuple[ValuePoint, ...]:
    r"""Trace what the last jobs cost: from the highest net value to the most jobs.

    For :math:`t` in equal steps from the jobs of the allocation with the highest net value to the
    most that can be had, the highest net value with at least :math:`t` jobs, within capacity,
    budget, floors and eligibility. No place is drawn by lot here.

    Parameters
    ----------
    priced
        Types with gains in jobs and money.
    rules
        As in `impactmodel.clients.allocation.allocate`; the objective is the mean.
    points
        At least 2.

    Raises
    ------
    InputError
        With one point, or floors that cannot be met.

    Examples
    --------
    Two people and two places at 1,000. A job of the first is worth 20,000, of the second 5,000,
    and each place adds .1 jobs: only the first place pays for itself.

    >>> jobs = ClientTypes.of(("course",), [1, 1], [[0.1], [0.1]])
    >>> money = ClientTypes.of(("course",), [1, 1], [[1000.0], [-500.0]])
    >>> rules = AllocationRules({"course": 2}, random_share=0.0)
    >>> found = value_frontier(PricedTypes(jobs, money, np.array([0, 1])), rules, points=2)
    >>> [(round(float(p.jobs[0]), 3), round(float(p.value[0]))) for p in found]
    [(0.1, 1000), (0.2, 500)]
    """
    if points < 2:
        raise InputError("a frontier has two points or more", key="points", seen=points)
    plain = dataclasses.replace(rules, objective=Expected())
    made = program(priced.jobs, plain, np.zeros(priced.jobs.eligible.shape, dtype=np.int64))
    jobs, money = priced.jobs.mean_gain.ravel(), priced.money.mean_gain.ravel()
    in_money = dataclasses.replace(made, value=money)
    richest = _solve(in_money, plain, jobs, None)
    most = _solve(made, plain, jobs, None)
    low, high = float(jobs @ richest), float(jobs @ most)
    found = [_point(priced, richest)]
    for t in np.linspace(low, high, points)[1:]:
        least = float(t) - _SLACK * max(1.0, abs(high))
        found.append(_point(priced, _solve(in_money, plain, jobs, least)))
    return tuple(found)


def _solve(made: Program, rules: AllocationRules, jobs: Values, least: float | None) -> Values:
    from scipy import sparse

    matrix, limit = made.matrix, made.limit
    if least is not None:
        matrix = sparse.vstack([matrix, sparse.csr_array(-jobs[None])])
        limit = np.append(limit, -least)
    found = best(made.value, (matrix, limit), (made.lower, made.upper))
    if found is None:
        raise explain(made, rules)
    return found


def _point(priced: PricedTypes, x: Values) -> ValuePoint:
    places = np.clip(x.reshape(priced.jobs.eligible.shape), 0.0, None)
    return ValuePoint(
        places.sum(axis=0),
        np.asarray(np.einsum("dts,ts->d", priced.jobs.gain, places)),
        np.asarray(np.einsum("dts,ts->d", priced.money.gain, places)),
    )

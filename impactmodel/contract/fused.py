"""Payments of many draws in one compiled pass over the outcomes.

The clauses' rules are read by `impactmodel.core.rule.scalar`; clauses whose rules have one shape
share code. Block by block of draws, the pass computes every due in order, with caps and limits, so
that each outcome is read once. Compiling takes seconds: small jobs and rules that have no scalar
reading (groups one by one, say) stay with numpy, whose payments are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from impactmodel.contract.compile import PAID_BEFORE, PEOPLE, clause_rule
from impactmodel.contract.dues import Due, limits_of, moments
from impactmodel.contract.terms import reference_level
from impactmodel.core.rule.scalar import Scalar

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.contract.clause import Clause
    from impactmodel.core.outcomes import Outcomes

type Draws = NDArray[np.float64]

WORTH_IT = 5_000_000
"""Payments (draws × dues) from which compiling pays, if the contract is priced more than once."""


BLOCK = 16
"""Draws that are computed together: few enough to stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A clause's rule as scalar code: its lines, the inputs and constants that they read."""

    text: str
    inputs: tuple[str, ...]
    constants: tuple[float, ...]


@dataclass(slots=True)
class _Job:
    """Everything that the compiled pass reads; lists have one row per due.

    An input is a number: treated outcomes by outcome and period, then counterfactual ones in the
    same order, then people weighted by the levels of ``weights``, the first of which counts all.
    """

    weights: dict[tuple[float, ...], int]
    shapes: dict[str, int] = field(default_factory=dict)
    shape: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    constants: list[float] = field(default_factory=list)
    reads: list[list[int]] = field(default_factory=list)
    clause: list[int] = field(default_factory=list)


def fused_payments(
    contract: OutcomesContract, outcomes: Outcomes, dues: Sequence[Due]
) -> Draws | None:
    """Return the payments after all caps, shape (draw, due); None where numpy must compute them."""
    if outcomes.n_draws * len(dues) < WORTH_IT or contract.cap_per_person is not None:
        return None
    job = _job(contract, outcomes, dues)
    if job is None:
        return None
    data = outcomes.dataset
    draws, groups, *cells = (data.sizes[d] for d in ("draw", "group", "outcome", "period"))
    people = 2 * cells[0] * cells[1]
    most = max(1, *(len(reads) for reads in job.reads))
    reads = np.array([found + [people] * (most - len(found)) for found in job.reads])
    used, rows = np.unique(reads, return_inverse=True)
    arms = [
        np.broadcast_to(data[arm].values, (draws, groups, *cells)).reshape(draws, groups, -1)
        for arm in ("treated", "counterfactual")
    ]
    paid = np.empty((draws, len(dues)))
    run = _compiled(_source(job))
    wrong = run(
        *arms,
        np.ascontiguousarray(outcomes.cohort_size.values, dtype=float),
        *(_places(part) for part in _by_arm(used, people)),
        np.array(list(job.weights)),
        _places(rows.reshape(reads.shape)),
        _places(job.shape),
        _places(job.first),
        np.array(job.constants or [0.0]),
        _places(job.clause),
        *_limits(contract, list(dues)),
        paid,
    )
    # The numpy reader says where a division by zero stands.
    return None if wrong else paid


def _by_arm(used: NDArray[np.int64], people: int) -> tuple[NDArray[np.int64], ...]:
    """Split the inputs in use into places of the treated, of the others, and of weights."""
    first, second = np.searchsorted(used, (people // 2, people))
    return used[:first], used[first:second] - people // 2, used[second:] - people


def _job(contract: OutcomesContract, outcomes: Outcomes, dues: Sequence[Due]) -> _Job | None:
    names = {measure.name: place for place, measure in enumerate(outcomes.measures)}
    groups = [str(g) for g in outcomes.dataset["group"].values.tolist()]
    clauses = {n: k for k, n in enumerate(dict.fromkeys(due.clause.name for due in dues))}
    varies = {due.path: due.clause.varies for due in {due.path: due for due in dues}.values()}
    known = outcomes.dataset["counterfactual_known"].values
    levelled = {name for name, place in names.items() if known[place]}
    found: dict[tuple[str, int], tuple[int, int, list[tuple[int, bool]]]] = {}
    job = _Job({(1.0,) * len(groups): 0})
    for due in dues:
        key = due.path, due.period if varies[due.path] else 0
        if key not in found:
            clause = due.clause
            if not clause.is_measured and not levelled.issuperset(clause.reads):
                return None
            new = _read(contract, due)
            if new is None:
                return None
            inputs = [_input(job, name, clause, names, groups, outcomes) for name in new.inputs]
            shape = job.shapes.setdefault(new.text, len(job.shapes))
            found[key] = shape, len(job.constants), inputs
            job.constants += new.constants
        shape, first, inputs = found[key]
        job.shape.append(shape)
        job.first.append(first)
        job.reads.append([place + due.period * dated for place, dated in inputs])
        job.clause.append(clauses[due.clause.name])
    return job


def _input(
    job: _Job,
    name: str,
    clause: Clause,
    names: dict[str, int],
    groups: list[str],
    outcomes: Outcomes,
) -> tuple[int, bool]:
    """Return the number of an input in the first period, and whether it moves with periods."""
    count = outcomes.periods.count
    of, _, kind = name.rpartition(".")
    if kind == "total" or (clause.is_measured and name != PEOPLE):
        arm = 0 if kind == "total" else len(names)
        return (arm + names[of]) * count, True
    levels = (1.0,) * len(groups)
    if name != PEOPLE:
        levels = tuple(float(reference_level(clause.basis, g) or 0.0) for g in groups)
    return 2 * len(names) * count + job.weights.setdefault(levels, len(job.weights)), False


def _read(contract: OutcomesContract, due: Due) -> _Read | None:
    """Read a clause's rule as scalar code; None where it has no such reading."""
    clause = due.clause
    apart = clause.groups or clause.groups_apart(contract.strata)
    if apart or clause.cap_per_person is not None:
        return None
    inputs: list[str] = []

    def name_of(name: str) -> str:
        if name == PAID_BEFORE:
            return "before[own, i]"
        if name not in inputs:
            inputs.append(name)
        return f"x[r{inputs.index(name)}, i]"

    scalar = Scalar(name_of)
    result = scalar.read(clause_rule(contract, clause, due.period, due.path))
    if result is None:
        return None
    body = [*scalar.lines, f"value = {result}", "before[own, i] += value", "due[u, i] = value"]
    lines = [
        *(f"r{n} = reads[u, {n}]" for n in range(len(inputs))),
        *(f"c{n} = constants[first + {n}]" for n in range(len(scalar.constants))),
        "for i in range(BLOCK):",
        *(f"    {line}" for line in body),
    ]
    return _Read("\n".join(lines), tuple(inputs), tuple(scalar.constants))


def _places(found: ArrayLike) -> NDArray[np.uintp]:
    # Unsigned places spare the compiled loop a look at the sign of each.
    return np.array(found, dtype=np.uintp)


_HEAD = """
def run(treated, base, size, of_treated, of_base, of_people, weights, reads, shape, first_of,
        constants, clause, starts, rows, caps, keys, members_of, members, paid):
    draws, groups, dues, wrong = paid.shape[0], size.shape[1], paid.shape[1], 0.0
    after, most = of_treated.size, of_treated.size + of_base.size
    x = np.empty((most + of_people.size, BLOCK))
    who, n = np.empty(BLOCK, np.uintp), np.empty((groups, BLOCK))
    total, share = np.empty(BLOCK), np.empty(BLOCK)
    due = np.empty((dues, BLOCK))
    before = np.empty((clause.max() + 1, BLOCK))
    spent = np.empty((keys.max() + 1 if keys.size else 1, BLOCK))
    for b in range(0, draws, BLOCK):
        # The last block repeats the last draw, so that every loop is as long.
        for i in range(BLOCK):
            who[i] = min(b + i, draws - 1)
            for g in range(groups):
                n[g, i] = size[who[i], g]
        before[:], spent[:] = 0.0, 0.0
        # A few draws at a time, so that each is read in the order in which it is stored.
        for s in range(0, BLOCK, 4):
            for r in range(of_treated.size):
                for i in range(s, s + 4):
                    x[r, i] = treated[who[i], 0, of_treated[r]] * n[0, i]
            for r in range(of_base.size):
                for i in range(s, s + 4):
                    x[after + r, i] = base[who[i], 0, of_base[r]] * n[0, i]
            for g in range(1, groups):
                for r in range(of_treated.size):
                    for i in range(s, s + 4):
                        x[r, i] += treated[who[i], g, of_treated[r]] * n[g, i]
                for r in range(of_base.size):
                    for i in range(s, s + 4):
                        x[after + r, i] += base[who[i], g, of_base[r]] * n[g, i]
        for r in range(of_people.size):
            x[most + r] = 0.0
            for g in range(groups):
                for i in range(BLOCK):
                    x[most + r, i] += weights[of_people[r], g] * n[g, i]
        for m in range(rows.size - 1):
            for u in range(starts[m], starts[m + 1]):
                first, own = first_of[u], clause[u]
"""
_TAIL = """
            for r in range(rows[m], rows[m + 1]):
                total[:] = 0.0
                for p in range(members_of[r], members_of[r + 1]):
                    for i in range(BLOCK):
                        total[i] += due[members[p], i]
                cuts = 0.0
                for i in range(BLOCK):
                    left = caps[r] - spent[keys[r], i]
                    room = left if left > 0.0 else 0.0
                    cut = total[i] > 0.0 and total[i] > room
                    share[i] = room / total[i] if cut else 1.0
                    cuts += 1.0 if cut else 0.0
                if cuts > 0.0:
                    for p in range(members_of[r], members_of[r + 1]):
                        for i in range(BLOCK):
                            due[members[p], i] *= share[i]
            for r in range(rows[m], rows[m + 1]):
                total[:] = 0.0
                for p in range(members_of[r], members_of[r + 1]):
                    for i in range(BLOCK):
                        total[i] += due[members[p], i]
                for i in range(BLOCK):
                    spent[keys[r], i] += total[i]
        for s in range(0, BLOCK, 8):
            for u in range(dues):
                for i in range(s, s + 8):
                    paid[who[i], u] = due[u, i]
    return wrong
"""


def _source(job: _Job) -> str:
    """Return the source of the pass: the code of each shape between the loops over draws."""
    lines = []
    for text, number in job.shapes.items():
        lines.append(f"                {'if' if number == 0 else 'elif'} shape[u] == {number}:")
        lines += ["                    " + line for line in text.split("\n")]
    return _HEAD + "\n".join(lines) + _TAIL


def _limits(contract: OutcomesContract, dues: list[Due]) -> tuple[Any, ...]:
    """Return the limits as flat arrays: by moment its first due and rows, by row the rest."""
    limits = limits_of(contract)
    rows, caps, keys, starts, members = [0], [], [], [0], []
    known: dict[str, int] = {}
    together = moments(dues)
    for places in together:
        for one in limits:
            for key, covered in one.covered(dues, places).items():
                caps.append(one.limit.cap)
                keys.append(known.setdefault(key, len(known)))
                members += covered
                starts.append(len(members))
        rows.append(len(caps))
    of_moments = np.cumsum([0, *(len(places) for places in together)])
    whole = [_places(found) for found in (of_moments, rows, keys, starts, members)]
    return *whole[:2], np.array(caps, dtype=float), *whole[2:]


@cache
def _compiled(source: str) -> Callable[..., float]:
    import numba

    space: dict[str, Any] = {"np": np, "BLOCK": BLOCK}
    # The source is made of the node types of rules and numbered names: no text of a contract.
    exec(source, space)  # noqa: S102
    compiled: Callable[..., float] = numba.njit(
        space["run"], nogil=True, error_model="numpy", fastmath={"reassoc", "contract"}
    )
    return compiled

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
from numpy.typing import NDArray

from impactmodel.contract.compile import PAID_BEFORE, PEOPLE, clause_rule
from impactmodel.contract.dues import Due, limits_of, moments
from impactmodel.contract.terms import reference_level
from impactmodel.core.rule.scalar import Scalar

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.core.outcomes import Outcomes

type Draws = NDArray[np.float64]

WORTH_IT = 5_000_000
"""Payments (draws × dues) from which compiling pays, if the contract is priced more than once."""


BLOCK = 32
"""Draws that are computed together: few enough to stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A clause's rule as scalar code: its lines, the inputs and constants that they read."""

    text: str
    inputs: tuple[str, ...]
    constants: tuple[float, ...]


@dataclass(slots=True)
class _Job:
    """Everything that the compiled pass reads, one row per due."""

    shapes: dict[str, int] = field(default_factory=dict)
    shape: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    constants: list[float] = field(default_factory=list)
    reads: list[list[int]] = field(default_factory=list)
    clause: list[int] = field(default_factory=list)
    levels: list[list[float]] = field(default_factory=list)


def fused_payments(
    contract: OutcomesContract, outcomes: Outcomes, dues: Sequence[Due]
) -> Draws | None:
    """Return the payments after all caps, shape (draw, due); None where numpy must compute them."""
    if outcomes.n_draws * len(dues) < WORTH_IT or contract.cap_per_person is not None:
        return None
    job = _job(contract, outcomes, dues)
    if job is None:
        return None
    most = max(len(reads) for reads in job.reads)
    data = outcomes.dataset
    shape = tuple(data.sizes[d] for d in ("draw", "group", "outcome", "period"))
    paid = np.empty((shape[0], len(dues)))
    run = _compiled(_source(job))
    wrong = run(
        np.broadcast_to(data["treated"].values, shape),
        np.broadcast_to(data["counterfactual"].values, shape),
        np.ascontiguousarray(outcomes.cohort_size.values, dtype=float),
        _places([due.period for due in dues]),
        _places(job.shape),
        _places(job.first),
        np.array(job.constants or [0.0]),
        _places([reads + [0] * (most - len(reads)) for reads in job.reads]),
        _places(job.clause),
        np.array(job.levels),
        *_limits(contract, list(dues)),
        paid,
    )
    # The numpy reader says where a division by zero stands.
    return None if wrong else paid


def _job(contract: OutcomesContract, outcomes: Outcomes, dues: Sequence[Due]) -> _Job | None:
    names = [measure.name for measure in outcomes.measures]
    groups = [str(g) for g in outcomes.dataset["group"].values.tolist()]
    clauses = list(dict.fromkeys(due.clause.name for due in dues))
    known = outcomes.dataset["counterfactual_known"]
    levelled = {name for name in names if bool(known.sel(outcome=name))}
    found: dict[tuple[str, int], _Read] = {}
    first: dict[tuple[str, int], int] = {}
    job = _Job()
    for due in dues:
        clause = due.clause
        if not clause.is_measured and not levelled.issuperset(clause.reads):
            return None
        key = due.path, due.period if clause.varies else 0
        if key not in found:
            new = _read(contract, due)
            if new is None:
                return None
            found[key], first[key] = new, len(job.constants)
            job.constants += new.constants
        read = found[key]
        job.shape.append(job.shapes.setdefault(read.text, len(job.shapes)))
        job.first.append(first[key])
        job.reads.append([names.index(name.rpartition(".")[0]) for name in read.inputs])
        job.clause.append(clauses.index(clause.name))
        job.levels.append([reference_level(clause.basis, g) or 0.0 for g in groups])
    return job


def _read(contract: OutcomesContract, due: Due) -> _Read | None:
    """Read a clause's rule as scalar code; None where it has no such reading."""
    clause = due.clause
    apart = clause.groups or clause.groups_apart(contract.strata)
    if apart or clause.cap_per_person is not None:
        return None
    reads: list[str] = []

    def name_of(name: str) -> str:
        if name in {PEOPLE, PAID_BEFORE}:
            return {PEOPLE: "people[i]", PAID_BEFORE: "before[own, i]"}[name]
        if name not in reads:
            reads.append(name)
        return f"x[{reads.index(name)}, i]"

    scalar = Scalar(name_of)
    result = scalar.read(clause_rule(contract, clause, due.period, due.path))
    if result is None:
        return None
    constants = [f"c{n} = constants[first + {n}]" for n in range(len(scalar.constants))]
    body = [*scalar.lines, f"value = {result}", "before[own, i] += value", "due[u, i] = value"]
    lines = [
        *_inputs(reads, measured=clause.is_measured),
        *constants,
        "for i in range(n):",
        *(f"    {line}" for line in body),
    ]
    return _Read("\n".join(lines), tuple(reads), tuple(scalar.constants))


def _inputs(reads: list[str], *, measured: bool) -> list[str]:
    """Return the lines that sum each input over the groups."""
    lines = []
    for place, name in enumerate(reads):
        arm = "treated" if name.endswith(".total") else "base" if measured else ""
        each = f"{arm}[b + i, g, reads[u, {place}], t]" if arm else "levels[u, g]"
        lines += [
            f"x[{place}, :n] = 0.0",
            "for g in range(groups):",
            "    for i in range(n):",
            f"        x[{place}, i] += {each} * size[b + i, g]",
        ]
    return lines


def _places(found: Sequence[Any]) -> NDArray[np.uintp]:
    # Unsigned places spare the compiled loop a look at the sign of each.
    return np.array(found, dtype=np.uintp)


_HEAD = """
def run(treated, base, size, period, shape, first_of, constants, reads, clause, levels,
        rows, caps, keys, members_of, members, paid):
    groups, dues, wrong = size.shape[1], paid.shape[1], 0.0
    x = np.empty((reads.shape[1], BLOCK))
    people, total, share = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    due = np.empty((dues, BLOCK))
    before = np.empty((clause.max() + 1, BLOCK))
    spent = np.empty((keys.max() + 1 if keys.size else 1, BLOCK))
    for b in range(0, paid.shape[0], BLOCK):
        n = min(BLOCK, paid.shape[0] - b)
        before[:], spent[:], people[:] = 0.0, 0.0, 0.0
        for g in range(groups):
            for i in range(n):
                people[i] += size[b + i, g]
        for u in range(dues):
            t, first, own = period[u], first_of[u], clause[u]
"""
_TAIL = """
        for m in range(rows.size - 1):
            for r in range(rows[m], rows[m + 1]):
                total[:] = 0.0
                for p in range(members_of[r], members_of[r + 1]):
                    for i in range(n):
                        total[i] += due[members[p], i]
                for i in range(n):
                    room = max(0.0, caps[r] - spent[keys[r], i])
                    cut = total[i] > 0.0 and total[i] > room
                    share[i] = room / total[i] if cut else 1.0
                for p in range(members_of[r], members_of[r + 1]):
                    for i in range(n):
                        due[members[p], i] *= share[i]
            for r in range(rows[m], rows[m + 1]):
                for p in range(members_of[r], members_of[r + 1]):
                    for i in range(n):
                        spent[keys[r], i] += due[members[p], i]
        for i in range(n):
            for u in range(dues):
                paid[b + i, u] = due[u, i]
    return wrong
"""


def _source(job: _Job) -> str:
    """Return the source of the pass: the code of each shape between the loops over draws."""
    lines = []
    for text, number in job.shapes.items():
        lines.append(f"            {'if' if number == 0 else 'elif'} shape[u] == {number}:")
        lines += ["                " + line for line in text.split("\n")]
    return _HEAD + "\n".join(lines) + _TAIL


def _limits(contract: OutcomesContract, dues: list[Due]) -> tuple[Any, ...]:
    """Return the limits as flat arrays: by moment its rows, by row its cap, key and members."""
    limits = limits_of(contract)
    rows, caps, keys, starts, members = [0], [], [], [0], []
    known: dict[str, int] = {}
    together = moments(dues) if limits else []
    for places in together:
        for one in limits:
            for key, covered in one.covered(dues, places).items():
                caps.append(one.limit.cap)
                keys.append(known.setdefault(key, len(known)))
                members += covered
                starts.append(len(members))
        rows.append(len(caps))
    whole = [_places(found) for found in (rows, keys, starts, members)]
    return whole[0], np.array(caps, dtype=float), whole[1], whole[2], whole[3]


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

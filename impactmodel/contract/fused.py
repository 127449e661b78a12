"""Payments of many draws in one compiled pass over the outcomes.

The clauses' rules are read by `impactmodel.core.rule.scalar`; clauses whose rules have one shape
share code. Block by block of draws, the pass computes every due in order, with caps and limits, so
that each outcome is read once. Compiling takes seconds: small jobs and rules that have no scalar
reading (groups one by one, say) stay with numpy, whose payments are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from impactmodel.contract.compile import PAID_BEFORE, PEOPLE, clause_rule
from impactmodel.contract.dues import Due, limits_of, moments
from impactmodel.contract.fused_loops import HELD, compiled, run_shared, source
from impactmodel.contract.terms import reference_level
from impactmodel.core.memory import WIDTH, large_empty
from impactmodel.core.rule.scalar import Scalar

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.contract.clause import Clause
    from impactmodel.core.outcomes import Outcomes

type Draws = NDArray[np.float64]

WORTH_IT = 5_000_000
"""Payments (draws × dues) from which compiling pays, if the contract is priced more than once."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A clause's rule as scalar code: its lines, the inputs and constants that they read."""

    text: str
    inputs: tuple[str, ...]
    constants: tuple[float, ...]


@dataclass(slots=True)
class _Job:
    """Everything that the compiled pass reads of clauses, and which of them each due is under.

    A term is a clause in force, or one of its periods where its rule differs between periods. An
    input is a number: treated outcomes by outcome and period, then counterfactual ones in the
    same order, then people weighted by the levels of ``weights``, the first of which counts all.
    """

    weights: dict[tuple[float, ...], int]
    shapes: dict[str, int] = field(default_factory=dict)
    constants: list[tuple[float, ...]] = field(default_factory=list)
    shape: list[int] = field(default_factory=list)
    clause: list[int] = field(default_factory=list)
    inputs: list[list[tuple[int, bool]]] = field(default_factory=list)
    of_due: list[int] = field(default_factory=list)

    def reads(self, dues: Sequence[Due], filler: int) -> NDArray[np.int64]:
        """Return the inputs of each due, shape (due, input), after the last one the filler."""
        most = max(1, *(len(inputs) for inputs in self.inputs))
        rest = [(filler, False)] * most
        table = np.array([(inputs + rest)[:most] for inputs in self.inputs])[self.of_due]
        periods = np.array([due.period for due in dues])
        return np.asarray(table[:, :, 0] + table[:, :, 1] * periods[:, None])


def fused_payments(
    contract: OutcomesContract, outcomes: Outcomes, dues: Sequence[Due]
) -> Draws | None:
    """Return the payments after all caps, shape (draw, due); None where numpy must compute them."""
    few = outcomes.n_draws < WIDTH or outcomes.n_draws * len(dues) < WORTH_IT
    if few or contract.cap_per_person is not None:
        return None
    job = _job(contract, outcomes, dues)
    if job is None:
        return None
    data = outcomes.dataset
    draws, groups, *cells = (data.sizes[d] for d in ("draw", "group", "outcome", "period"))
    people = 2 * cells[0] * cells[1]
    reads = job.reads(dues, people)
    used, rows = np.unique(reads, return_inverse=True)
    arms = [
        np.broadcast_to(data[arm].values, (draws, groups, *cells)).reshape(draws, groups, -1)
        for arm in ("treated", "counterfactual")
    ]
    paid = large_empty((draws, len(dues)))
    size = np.ascontiguousarray(outcomes.cohort_size.values, dtype=float)
    *limits, most_dues, most_rows, keys = _limits(contract, list(dues))
    sizes = groups, len(used), HELD + most_dues, most_rows, max(job.clause) + 1, keys
    given = (
        *(*arms, size, paid),
        *_by_kind(used, people),
        np.array(list(job.weights)),
        _places(rows.reshape(reads.shape)),
        *(_places(found) for found in (job.of_due, job.shape, job.clause)),
        _table(job.constants),
        *limits,
    )
    wrong = run_shared(compiled(source(job.shapes)), draws, sizes, given)
    # The numpy reader says where a division by zero stands.
    return None if wrong else paid


def _by_kind(used: NDArray[np.int64], people: int) -> tuple[NDArray[np.uintp], ...]:
    """Return where treated and other outcomes and people weighted are read, in rows of three.

    A row is a run of neighbouring places: the first, the first row of lanes and their number.
    """
    found = []
    for low, high in ((0, people // 2), (people // 2, people), (people, np.inf)):
        to = np.flatnonzero((used >= low) & (used < high))
        first = np.flatnonzero(np.diff(used[to], prepend=-2) != 1)
        runs = used[to][first] - low, to[first], np.diff(first, append=len(to))
        found.append(_places(np.column_stack(runs)))
    return tuple(found)


def _job(contract: OutcomesContract, outcomes: Outcomes, dues: Sequence[Due]) -> _Job | None:
    names = {measure.name: place for place, measure in enumerate(outcomes.measures)}
    groups = [str(g) for g in outcomes.dataset["group"].values.tolist()]
    clauses = {n: k for k, n in enumerate(dict.fromkeys(due.clause.name for due in dues))}
    known = outcomes.dataset["counterfactual_known"].values
    levelled = {name for name, place in names.items() if known[place]}
    varies = {id(clause): clause.varies for clause in contract.versions}
    keys = [(due.path, due.period if varies[id(due.clause)] else 0) for due in dues]
    terms = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    firsts = dict(zip(reversed(keys), reversed(dues), strict=True))
    job = _Job({(1.0,) * len(groups): 0}, of_due=[terms[key] for key in keys])
    for due in (firsts[key] for key in terms):
        clause = due.clause
        if not clause.is_measured and not levelled.issuperset(clause.reads):
            return None
        new = _read(contract, due)
        if new is None:
            return None
        job.inputs.append(
            [_input(job, name, clause, names, groups, outcomes) for name in new.inputs]
        )
        job.shape.append(job.shapes.setdefault(new.text, len(job.shapes)))
        job.constants.append(new.constants)
        job.clause.append(clauses[clause.name])
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
            return "paid_before"
        if name not in inputs:
            inputs.append(name)
        return f"x{inputs.index(name)}"

    scalar = Scalar(name_of)
    result = scalar.read(clause_rule(contract, clause, due.period, due.path))
    if result is None:
        return None
    lines = [
        *(f"x{n} = load(x, reads[u, {n}])" for n in range(len(inputs))),
        *(f"c{n} = fill(constants[of, {n}])" for n in range(len(scalar.constants))),
        *scalar.lines,
        f"value = {result}",
    ]
    return _Read("\n".join(lines), tuple(inputs), tuple(scalar.constants))


def _table(rows: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Return rows of numbers as a table, after the end of each zeros."""
    table = np.zeros((len(rows), max(1, *(len(row) for row in rows))))
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def _places(found: ArrayLike) -> NDArray[np.uintp]:
    # Unsigned places spare the compiled loop a look at the sign of each.
    return np.array(found, dtype=np.uintp)


def _limits(contract: OutcomesContract, dues: list[Due]) -> tuple[Any, ...]:
    """Return the limits as flat arrays: by moment its first due and rows, by row the rest.

    After them the most dues and rows of a moment, and the number of sums that limits are held to.
    """
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
    most_dues, most_rows = max(len(places) for places in together), int(np.diff(rows).max())
    return *whole[:2], np.array(caps, dtype=float), *whole[2:], most_dues, most_rows, len(known)

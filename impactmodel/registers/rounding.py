"""Controlled rounding: counts as multiples of a base that still add up to their totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array


def rounded(equations: csr_array, counts: NDArray[np.int64], base: int) -> NDArray[np.int64]:
    """Round each count to a neighbouring multiple of ``base``, as near as additivity lets.

    With q = floor(count / base), each cell is (q + z) base with z in {0, 1}, z = 0 for multiples,
    totals equal the sums of their parts, and the sum of the distances is least. Two-way tables
    always have a solution.

    Parameters
    ----------
    equations
        (equation, cell) that are zero.
    counts
        (cell).
    base
        The base.

    Raises
    ------
    InputError
        If no such table exists (possible from three classifications on).
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    low, rest = np.divmod(counts, base)
    cost = (base - 2.0 * rest) * (rest > 0)
    target = -(equations @ low.astype(float))
    found = milp(
        cost,
        constraints=LinearConstraint(equations, target, target),
        bounds=Bounds(0.0, (rest > 0).astype(float)),
        integrality=np.ones(len(counts), dtype=np.int64),
    )
    if found.x is None:
        raise InputError(
            "no rounded table adds up", key="round_to", seen=base, fix="hide cells instead"
        )
    return np.asarray((low + np.rint(found.x).astype(np.int64)) * base)

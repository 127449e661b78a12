"""What a reader can work out about cells that are not shown, and which further ones to hide.

A reader knows the cells that are shown, that totals are the sums of their parts, and the smallest
value that a cell can have. The interval that remains for a hidden cell is found exactly, by
mathematical programming (HiGHS): counts as whole numbers, sums as real ones.

M. Fischetti and J. J. Salazar, Solving the cell suppression problem on tabular data with linear
constraints, Management Science 47(7), 2001, 1008-1027, https://doi.org/10.1287/mnsc.47.7.1008.10268
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

_SCALE = 1e4
_SLACK = 1e-6


@dataclass(frozen=True, slots=True, repr=False)
class Measure:
    """What a reader sees of one quantity of a table.

    Parameters
    ----------
    equations
        (equation, cell) that are zero for every possible table.
    values
        (cell) the truth.
    lower
        (cell) the smallest possible value.
    known
        (cell) what a reader has from elsewhere.
    unseen
        (cell) what a reader cannot see even where the table shows it: in a difference, what the
        earlier table hid.
    needs
        (cell) how wide the interval of a cell must be if it is not shown.
    whole
        Whether values are whole numbers.
    """

    equations: csr_array
    values: NDArray[np.float64]
    lower: NDArray[np.float64]
    known: NDArray[np.bool_]
    unseen: NDArray[np.bool_]
    needs: NDArray[np.float64]
    whole: bool

    def intervals(self, hidden: NDArray[np.bool_], cells: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return (cell, 2): smallest and largest possible value of some cells.

        Parameters
        ----------
        hidden
            (cell) whether a cell is not shown.
        cells
            Which ones; what a reader has no bound for is infinite.
        """
        free = np.flatnonzero((hidden | self.unseen) & ~self.known)
        scale = self._scale()
        ends = np.repeat(self.values[cells][:, None], 2, axis=1)
        limit = _SCALE * 100 if not self.whole else 10.0 * self._largest() + 1000.0
        for row, cell in enumerate(cells):
            place = np.flatnonzero(free == cell)
            if not len(place):
                continue
            for side, sign in ((0, 1.0), (1, -1.0)):
                cost = np.zeros(len(free))
                cost[place[0]] = sign
                move = self._solve(free, cost, scale, limit)[place[0]]
                far = abs(move) >= limit * (1 - _SLACK)
                ends[row, side] += (-np.inf * sign if far else move) / scale
        return ends

    def complement(
        self, hidden: NDArray[np.bool_], cell: int, fixed: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Return the cells, cheapest in what is lost, that let one be larger by what it needs.

        Parameters
        ----------
        hidden
            (cell) those that are hidden already.
        cell
            The cell to protect.
        fixed
            (cell) those that cannot help: zeros that are shown, and what a reader has already.

        Raises
        ------
        InputError
            If no cells can do it.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import hstack

        scale, size = self._scale(), len(self.values)
        hidden = hidden | self.unseen
        weight = np.where(hidden, _SLACK, 1.0 + np.abs(self.values) * scale)
        stuck = (fixed & ~hidden) | self.known
        up = np.where(stuck, 0.0, np.inf)
        down = np.where(stuck, 0.0, np.maximum((self.values - self.lower) * scale, 0.0))
        need = float(self.needs[cell]) * scale
        aim = np.zeros((1, 2 * size))
        aim[0, cell], aim[0, size + cell] = 1.0, -1.0
        found = milp(
            np.concatenate([weight, weight]),
            constraints=[
                LinearConstraint(hstack([self.equations, -self.equations]).tocsr(), 0.0, 0.0),
                LinearConstraint(aim, need, need),
            ],
            bounds=Bounds(0.0, np.concatenate([up, down])),
            integrality=np.full(2 * size, int(self.whole)),
        )
        if found.x is None:
            raise InputError(
                "a cell cannot be protected: what was released before, or can be worked out, "
                "gives it away",
                fix="withdraw the earlier release, or release a coarser table",
            )
        moved = np.abs(found.x[:size] - found.x[size:])
        return np.asarray(moved > _SLACK)

    def _solve(
        self, free: NDArray[np.int64], cost: NDArray[np.float64], scale: float, limit: float
    ) -> NDArray[np.float64]:
        from scipy.optimize import Bounds, LinearConstraint, milp

        down = np.maximum((self.lower - self.values)[free] * scale, -limit)
        found = milp(
            cost,
            constraints=LinearConstraint(self.equations[:, free], 0.0, 0.0),
            bounds=Bounds(np.minimum(down, 0.0), limit),
            integrality=np.full(len(free), int(self.whole)),
        )
        if found.x is None:
            raise InputError("the bounds of a cell were not found", seen=found.message)
        return np.asarray(found.x)

    def _largest(self) -> float:
        return float(np.abs(self.values).max(initial=0.0))

    def _scale(self) -> float:
        """Bring sums to a size at which the solver's tolerance is harmless."""
        return 1.0 if self.whole or not self._largest() else _SCALE / self._largest()

"""What is done with a published score: segments, and the loss of rounding its points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.clients import Clients
from impactmodel.clients.score_table import ScoreTable, Vector
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class HighLow:
    """Three segments by a short-term and a long-term chance, as in Austria.

    Parameters
    ----------
    high
        A: the short-term chance is above this.
    low
        C: the long-term chance is below this, and it is not A.
    """

    high: float = 0.66
    low: float = 0.25

    def __post_init__(self) -> None:
        for key in ("high", "low"):
            if not 0 < getattr(self, key) < 1:
                raise InputError("a chance between 0 and 1", key=key, seen=getattr(self, key))

    def segments(
        self, short: Vector, long: Vector | None = None
    ) -> tuple[npt.NDArray[np.intp], tuple[str, ...]]:
        """Return codes (person) and labels; B and C are one segment without a long-term chance.

        Examples
        --------
        >>> import numpy as np
        >>> HighLow().segments(np.array([0.7, 0.4]))
        (array([0, 1]), ('A', 'B or C'))
        >>> HighLow().segments(np.array([0.7, 0.4, 0.4]), np.array([0.2, 0.2, 0.3]))
        (array([0, 2, 1]), ('A', 'B', 'C'))
        """
        if long is None:
            return np.where(short > self.high, 0, 1).astype(np.intp), ("A", "B or C")
        rest = np.where(long < self.low, 2, 1)
        return np.where(short > self.high, 0, rest).astype(np.intp), ("A", "B", "C")


@dataclass(frozen=True, slots=True)
class RoundingLoss:
    """What rounding of the points does to the chances of some people.

    Parameters
    ----------
    step
        Unit to which points are rounded.
    largest, mean
        Largest and mean absolute change of a chance.
    moved
        Share of people who change segment A.
    bound
        Largest change that rounding to this step could make for anybody: a quarter of half a step
        for every number that is added.
    """

    step: float
    largest: float
    mean: float
    moved: float
    bound: float


def rounding_loss(
    score: ScoreTable, clients: Clients, step: float, rule: HighLow | None = None
) -> RoundingLoss:
    """Compare a score with itself in coarser points.

    Parameters
    ----------
    score
        The score.
    clients
        The people whose chances are compared.
    step
        Coarser unit, such as .1 for whole points of a tenth.
    rule
        Where segment A begins.
    """
    high = (rule or HighLow()).high
    before, after = score.chance(clients), score.in_steps(step).chance(clients)
    change = np.abs(after - before)
    return RoundingLoss(
        step=step,
        largest=float(change.max()),
        mean=float(change.mean()),
        moved=float(((before > high) != (after > high)).mean()),
        bound=0.25 * 0.5 * step * (1 + len(score.points)),
    )

"""How the chance of work moves while months pass: the chance given still out of work after m."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.effects.endings import Endings

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class EmployabilityPath:
    """Chances of work within a horizon, given still out of work after m periods.

    Parameters
    ----------
    chance
        (draw, ..., m), m = 0, 1, ... periods; NaN where nobody is left.
    still_out
        Share that has not left by any cause after m periods (draw, ..., m).
    horizon
        Periods.
    """

    chance: Array
    still_out: Array
    horizon: int

    def __repr__(self) -> str:
        return f"EmployabilityPath({self.chance.shape[-1]} periods, horizon {self.horizon})"


def employability_path(probability: Array, job: Sequence[int], horizon: int) -> EmployabilityPath:
    r"""Turn probabilities of leaving by period and cause into a path.

    .. math:: e_m = \frac{F_{m+h} - F_m}{S_m}, \quad F_m = \sum_{t \le m} \sum_{k \in job} f_{kt},
        \quad S_m = 1 - \sum_{t \le m} \sum_k f_{kt}

    so that :math:`F_{m+h} = F_m + S_m e_m` in every draw. Where *f* is an average over people,
    the path is that of those who are left: it falls also because the employable leave first.

    Parameters
    ----------
    probability
        *f* (draw, ..., period, cause).
    job
        Places of the causes that count as work.
    horizon
        *h*, in periods.

    Raises
    ------
    InputError
        If the horizon is beyond the periods, or there is no such cause.

    Examples
    --------
    Each period a fifth of those left finds work: the path is level.

    >>> f = 0.2 * 0.8 ** np.arange(4)
    >>> employability_path(f[None, :, None], (0,), 2).chance.round(4).tolist()
    [[0.36, 0.36, 0.36]]
    """
    periods, causes = probability.shape[-2:]
    if not 1 <= horizon <= periods:
        raise InputError(
            "the horizon is outside the periods", key="horizon", seen=horizon, fix=f"1 to {periods}"
        )
    if not job or not set(job) <= set(range(causes)):
        raise InputError("there is no such cause", key="job", seen=tuple(job))
    start = np.zeros((*probability.shape[:-2], 1))
    work = probability[..., list(job)].sum(axis=-1).cumsum(axis=-1)
    gone = probability.sum(axis=-1).cumsum(axis=-1)
    by, left = (np.concatenate([start, v], axis=-1) for v in (work, gone))
    months = periods - horizon + 1
    still = np.clip(1 - left[..., :months], 0.0, 1.0)
    gained = by[..., horizon:] - by[..., :months]
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = np.where(still > 0, gained / still, np.nan)
    return EmployabilityPath(chance, still, horizon)


def path_of_endings(
    endings: Endings, job: tuple[str, ...], horizon: int, *, treated: bool = False
) -> EmployabilityPath:
    """Return the path of groups from a fitted duration design (draw, group, m).

    Parameters
    ----------
    endings
        From `impactmodel.effects.endings`.
    job
        Causes that count as work.
    horizon
        In periods of the design.
    treated
        Whether with the programme; by default without it.
    """
    unknown = [cause for cause in job if cause not in endings.causes]
    if unknown:
        raise InputError(
            "there is no such cause of exit",
            key="job",
            seen=unknown[0],
            fix=f"use {', '.join(endings.causes)}",
        )
    places = [endings.causes.index(cause) for cause in job]
    return employability_path(endings.probability[:, 0 if treated else 1], places, horizon)

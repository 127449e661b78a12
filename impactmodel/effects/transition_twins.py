r"""Frequentist twins of transitions: maximum likelihood, and the Aalen-Johansen estimator.

.. math:: \hat P_{m,ij} = n_{m,ij} / n_{m,i}, \qquad \hat\pi_m = \hat\pi_{m-1} \hat P_m

Errors are by the delta method: each row errs as a multinomial of the people at risk,
:math:`\hat\pi_{m-1,i}^2\, [\operatorname{diag}(\hat P_{m,i}) - \hat P_{m,i}\hat P_{m,i}'] /
n_{m,i}` (Aalen and Johansen 1978, Scandinavian Journal of Statistics 5; for one absorbing state it
is Greenwood's formula). Occupancy is consistent without the Markov property too, as long as loss
does not depend on the past (Datta and Satten 2001, Statistics and Probability Letters 55); its
error then is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.evidence.state_cells import StateCells

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TransitionEstimates:
    """Transition probabilities with errors (arm, group, band, from, to); NaN without anybody.

    ``at_risk`` holds the months of people that each row rests on (arm, group, band, from).
    """

    probability: Array
    se: Array
    at_risk: Array


@dataclass(frozen=True, slots=True, eq=False)
class StateOccupancy:
    """Occupancy and months in each state by the Aalen-Johansen estimator; arm 0 is treated.

    Parameters
    ----------
    occupancy, covariance
        Probability of each state (arm, group, month, state), and between states (..., state).
    time, time_covariance
        Expected months in each state (arm, group, state), and between states (..., state).
    """

    occupancy: Array
    covariance: Array
    time: Array
    time_covariance: Array

    def gained(self) -> tuple[Array, Array]:
        """Return months gained in each state and their errors (group, state)."""
        variance = np.diagonal(self.time_covariance, axis1=-2, axis2=-1).sum(axis=0)
        return self.time[0] - self.time[1], np.sqrt(variance)


def transition_estimates(cells: StateCells, bands: tuple[int, ...] = ()) -> TransitionEstimates:
    """Estimate transition probabilities by maximum likelihood.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame({"treated": [1, 1, 1, 0, 0], "month": [0, 1, 1, 0, 1],
    ...     "from": ["", "out", "out", "", "out"], "to": ["out", "work", "out", "out", "out"],
    ...     "n": [100, 20, 80, 9, 9]})
    >>> found = transition_estimates(StateCells.from_frame(counts, states=("work", "out")))
    >>> found.probability[0, 0, 0, 1].tolist(), round(float(found.se[0, 0, 0, 1, 0]), 6)
    ([0.2, 0.8], 0.04)
    """
    total = cells.banded(bands)
    n = total.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        p = total / n[..., None]
        se = np.sqrt(p * (1.0 - p) / n[..., None])
    return TransitionEstimates(p, se, n)


def aalen_johansen(cells: StateCells) -> StateOccupancy:
    """Estimate occupancy and months in each state without a model of time.

    A state in which nobody's next month is known is taken to be kept for that month.

    Examples
    --------
    With everybody followed it is the share seen in each state.

    >>> import pandas as pd
    >>> counts = pd.DataFrame({"treated": [1, 1, 1, 0, 0], "month": [0, 1, 1, 0, 1],
    ...     "from": ["", "out", "out", "", "out"], "to": ["out", "work", "out", "out", "out"],
    ...     "n": [100, 20, 80, 9, 9]})
    >>> found = aalen_johansen(StateCells.from_frame(counts, states=("work", "out")))
    >>> found.occupancy[0, 0, 1].tolist(), found.gained()[0].round(9).tolist()
    ([0.2, 0.8], [[0.2, -0.2]])
    """
    n = cells.initial.sum(axis=-1)[..., None]
    p = cells.initial / n
    eye = np.eye(p.shape[-1])
    own = (p[..., :, None] * eye - p[..., :, None] * p[..., None, :]) / n[..., None]
    occupancy, covariance = [p], [own]
    # Covariance of the months so far with the present occupancy, and of the months so far.
    with_now, of_time = own, own
    for month in range(cells.months - 1):
        row, noise = _step(cells.counts[:, :, month], p)
        turned = np.swapaxes(row, -1, -2)
        p = (p[..., None, :] @ row)[..., 0, :]
        carried = with_now @ row
        own = turned @ own @ row + noise
        with_now = carried + own
        of_time = of_time + carried + np.swapaxes(carried, -1, -2) + own
        occupancy.append(p)
        covariance.append(own)
    path = np.stack(occupancy, axis=2)
    return StateOccupancy(path, np.stack(covariance, axis=2), path.sum(axis=2), of_time)


def _step(counts: Array, p: Array) -> tuple[Array, Array]:
    """Return the transition matrix of a month and the covariance that its errors add."""
    n = counts.sum(axis=-1, keepdims=True)
    eye = np.eye(p.shape[-1])
    row = np.where(n > 0, counts / np.maximum(n, 1.0), eye)
    spread = row[..., :, None] * eye - row[..., :, None] * row[..., None, :]
    weight = p**2 / np.maximum(n[..., 0], 1.0)
    return row, (weight[..., None, None] * spread).sum(axis=-3)

r"""A Markov chain in discrete time: occupancy, joint occupancy, and months spent in a state.

.. math:: \pi_{m} = \pi_{m-1} P_{b(m)}, \qquad
    P(X_s = i, X_t = j) = \pi_s(i)\, (P_{b(s+1)} \cdots P_{b(t)})_{ij}

Everything is exact; arrays may have any leading dims (draw, arm, group).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """A chain whose transition probabilities are constant within bands of months.

    Parameters
    ----------
    initial
        Probability of each state in month 0 (..., state).
    transition
        Probability of moving (..., band, from, to).
    band
        Band of the move into month 1, 2, ... (month - 1).

    Examples
    --------
    Half find work each month and nobody loses it.

    >>> chain = Chain(np.array([0.0, 1.0]), np.array([[[1.0, 0.0], [0.5, 0.5]]]), np.zeros(2, int))
    >>> chain.occupancy()[:, 0].tolist()
    [0.0, 0.5, 0.75]
    """

    initial: Array
    transition: Array
    band: Codes

    @property
    def months(self) -> int:
        """Number of months, the first one included."""
        return len(self.band) + 1

    def occupancy(self) -> Array:
        """Return the probability of each state in each month (..., month, state)."""
        lead = np.broadcast_shapes(self.initial.shape[:-1], self.transition.shape[:-3])
        states = self.initial.shape[-1]
        out = np.empty((*lead, self.months, states))
        out[..., 0, :] = self.initial
        for month, band in enumerate(self.band):
            out[..., month + 1, :] = _moved(out[..., month, :], self.transition[..., band, :, :])
        return out

    def joint_occupancy(self) -> Array:
        """Return P(X_s = i, X_t = j) of all pairs of months (..., s, i, t, j)."""
        single = self.occupancy()
        states = single.shape[-1]
        out = np.empty((*single.shape, self.months, states))
        now = single[..., :1, :, None] * np.eye(states)
        for t in range(self.months):
            if t:
                # All earlier months move on together; the present one joins them.
                own = single[..., t : t + 1, :, None] * np.eye(states)
                moves = self.transition[..., self.band[t - 1], None, :, :]
                now = np.concatenate([now @ moves, own], axis=-3)
            out[..., : t + 1, :, t, :] = now
            out[..., t, :, : t + 1, :] = np.moveaxis(now, -1, -3)
        return out

    def at(self, draws: Codes) -> Chain:
        """Return some draws (the first dim)."""
        return Chain(self.initial[draws], self.transition[draws], self.band)


def band_of(bands: Sequence[int], months: int) -> Codes:
    """Return the band of the move into month 1, ..., ``months - 1``.

    ``bands`` are the months from which a new band begins.

    Examples
    --------
    >>> band_of((3,), 6).tolist()
    [0, 0, 1, 1, 1]
    """
    return np.searchsorted(np.asarray(bands, dtype=int), np.arange(1, months), side="right")


def person_covariance(chain: Chain, states: Sequence[int], every: int) -> Array:
    """Return the covariance between people of months in states and of states at period ends.

    Outcomes are the months spent in each of ``states`` during a period of ``every`` months, then
    whether the person is in each of them in the last month of the period.

    Returns
    -------
    numpy.ndarray
        (..., outcome, period, outcome, period).
    """
    picked = list(states)
    # Axes (..., state, month, state, month): each pair is cut into outcomes and periods.
    joint = np.swapaxes(np.swapaxes(chain.joint_occupancy(), -4, -3), -2, -1)
    joint = joint[..., picked, :, :, :][..., picked, :]
    single = np.swapaxes(chain.occupancy()[..., picked], -2, -1)
    mean = _cut(single, every)
    # Cut one pair of axes, turn the two pairs, and cut the other.
    turned = np.moveaxis(_cut(joint, every), (-2, -1), (-4, -3))
    second = _cut(turned, every)
    return np.asarray(second - mean[..., :, :, None, None] * mean[..., None, None, :, :])


def _cut(values: Array, every: int) -> Array:
    """Turn (..., state, month) into (..., outcome, period): sums, then values at period ends."""
    *lead, states, months = values.shape
    parts = values.reshape(*lead, states, months // every, every)
    return np.concatenate([parts.sum(axis=-1), parts[..., -1]], axis=-2)


def _moved(probability: Array, transition: Array) -> Array:
    return np.asarray((probability[..., None, :] @ transition)[..., 0, :])

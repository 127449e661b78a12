r"""Intensities of a chain in continuous time, where people are seen at intervals only.

.. math:: P(t) = e^{Qt}, \qquad
    \ell(Q) = \sum_{r, s, t} n_{rst} \log P(t)_{rs}

A state that is entered at a known time, such as death, contributes
:math:`\sum_{k \ne s} P(t)_{rk}\, q_{ks}` instead (Kalbfleisch and Lawless 1985, Journal of the
American Statistical Association 80; Jackson 2011, Journal of Statistical Software 38). A twin for
registers that are read once a year, or interviews.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize

from impactmodel.core.errors import InputError

type Array = npt.NDArray[np.float64]

_STEP = 1e-3
_GRADIENT = 1e-3
# A logarithm of a rate that errs more than this is not seen in the data.
_UNKNOWN = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class IntervalCounts:
    """Pairs of successive observations, counted.

    Parameters
    ----------
    begin, end
        States (row); ``interval`` is the time between them and ``people`` how many.
    exact
        States whose entry is dated exactly, and which are absorbing.
    """

    begin: npt.NDArray[np.intp]
    end: npt.NDArray[np.intp]
    interval: Array
    people: Array
    exact: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not (self.interval > 0).all():
            raise InputError("an interval is longer than nothing", key="interval")
        if not (self.people >= 0).all():
            raise InputError("a count is 0 or more", key="people")


@dataclass(frozen=True, slots=True, eq=False)
class Intensities:
    """Maximum likelihood estimates.

    Parameters
    ----------
    q, se
        Intensities per unit of time (from, to), and standard errors of those that were estimated
        (NaN elsewhere); the diagonal of ``q`` makes rows sum to zero.
    minus_twice_log_likelihood
        At the maximum.
    """

    q: Array
    se: Array
    minus_twice_log_likelihood: float

    def probabilities(self, time: float) -> Array:
        """Return the probability of each state after a time (from, to)."""
        return np.asarray(linalg.expm(self.q * time))

    def time_in_states(self, horizon: float, start: int) -> Array:
        """Return the expected time in each state up to a horizon, from a state (state)."""
        n = len(self.q)
        # The exponential of [[Q, I], [0, 0]] holds the integral of that of Q.
        big = np.zeros((2 * n, 2 * n))
        big[:n, :n], big[:n, n:] = self.q, np.eye(n)
        return np.asarray(linalg.expm(big * horizon)[start, n:])


def interval_likelihood(counts: IntervalCounts, q: Array) -> float:
    """Return the log-likelihood of intensities.

    Examples
    --------
    One way out at rate .1: 7 of 10 stay for a year.

    >>> counts = IntervalCounts(np.array([0, 0]), np.array([0, 1]), np.ones(2),
    ...     np.array([7.0, 3.0]))
    >>> value = interval_likelihood(counts, np.array([[-0.1, 0.1], [0.0, 0.0]]))
    >>> bool(abs(value - (7 * -0.1 + 3 * np.log(1 - np.exp(-0.1)))) < 1e-12)
    True
    """
    times, where = np.unique(counts.interval, return_inverse=True)
    power = cast("Array", linalg.expm(q[None] * times[:, None, None]))
    chance = power[where, counts.begin, counts.end]
    for state in counts.exact:
        into = q[:, state].copy()
        into[state] = 0.0
        known = counts.end == state
        chance[known] = power[where[known], counts.begin[known]] @ into
    with np.errstate(divide="ignore"):
        return float(counts.people @ np.log(np.maximum(chance, 0.0)))


def fit_intensities(counts: IntervalCounts, start: Array) -> Intensities:
    """Estimate intensities by maximum likelihood.

    Parameters
    ----------
    start
        Starting values (from, to); a zero stays zero.

    Raises
    ------
    InputError
        If the search does not converge: a transition that is never needed has no finite estimate.
    """
    places = np.argwhere((start > 0) & ~np.eye(len(start), dtype=bool))
    at = (places[:, 0], places[:, 1])

    def matrix(log_rate: Array) -> Array:
        q = np.zeros_like(start)
        q[at] = np.exp(log_rate)
        q[np.diag_indices_from(q)] = -q.sum(axis=1)
        return q

    scale = float(counts.people.sum())

    def loss(log_rate: Array) -> float:
        return -interval_likelihood(counts, matrix(log_rate)) / scale

    found = optimize.minimize(loss, np.log(start[at]), method="BFGS", options={"gtol": 1e-8})
    hessian = _hessian(loss, found.x) * scale
    slope = float(np.abs(cast("Array", found.jac)).max())
    if not slope < _GRADIENT or np.linalg.eigvalsh(hessian).min() <= _UNKNOWN**-2:
        raise InputError(
            "the likelihood has no maximum inside",
            key="start",
            seen=f"slope {slope:.1e}",
            fix="leave out transitions that the data do not show",
        )
    q, se = matrix(found.x), np.full_like(start, np.nan)
    se[at] = q[at] * np.sqrt(np.diag(np.linalg.inv(hessian)))
    return Intensities(q, se, 2.0 * found.fun * scale)


def _hessian(loss: Callable[[Array], float], x: Array) -> Array:
    """Return second differences of a function at its minimum."""
    n = len(x)
    step = _STEP * np.eye(n)
    out = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            signs = ((1, 1), (1, -1), (-1, 1), (-1, -1))
            parts = [a * b * loss(x + a * step[i] + b * step[j]) for a, b in signs]
            out[i, j] = out[j, i] = sum(parts) / (4 * _STEP**2)
    return out

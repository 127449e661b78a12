"""Quantiles of the binomial distribution, for counts that many draws need at once."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

type _Numbers = NDArray[np.float64]


def binomial_quantile(q: ArrayLike, n: ArrayLike, p: ArrayLike) -> _Numbers:
    r"""Return the least count k with :math:`P(K \le k) \ge q` for :math:`K \sim Bin(n, p)`.

    A normal approximation with a term for skewness gives a first count; whole steps, each taken by
    the exact distribution function, lead from it to the quantile.

    Parameters
    ----------
    q, p
        Probabilities in [0, 1].
    n
        Whole numbers, at least one. The three broadcast against each other.

    Returns
    -------
    array
        Whole numbers from 0 to n; not a number where an argument is none of these.

    Notes
    -----
    The same counts as ``scipy.stats.binom.ppf`` (but 0 at q = 0), which takes most of a second to
    import.

    Examples
    --------
    >>> binomial_quantile([0.0, 0.25, 0.26, 1.0], 2, 0.5)
    array([0., 0., 1., 2.])
    """
    arrays = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (q, n, p)))
    wanted, people, share = (np.ravel(x) for x in arrays)
    mean = people * share
    with np.errstate(invalid="ignore", divide="ignore"):
        z = special.ndtri(wanted)
        guess = mean + np.sqrt(mean * (1 - share)) * z + (1 - 2 * share) * (z * z - 1) / 6 - 0.5
    # Infinite at q = 0 and 1; not a number there if nothing varies.
    count = np.clip(np.ceil(np.where(np.isnan(guess), mean, guess)), 0.0, people)
    below = _below(count, people, share)
    low = np.flatnonzero(below < wanted)
    less = below - _probability(count, people, share)
    enough = np.flatnonzero((less >= wanted) & (wanted < 1))
    while low.size:
        low = low[count[low] < people[low]]
        count[low] += 1
        low = low[_below(count[low], people[low], share[low]) < wanted[low]]
    while enough.size:
        enough = enough[count[enough] > 0]
        less = _below(count[enough] - 1, people[enough], share[enough])
        enough = enough[less >= wanted[enough]]
        count[enough] -= 1
    known = (wanted >= 0) & (wanted <= 1) & (share >= 0) & (share <= 1) & (people >= 1)
    return np.where(known, count, np.nan).reshape(arrays[0].shape)


def _below(count: _Numbers, people: _Numbers, share: _Numbers) -> _Numbers:
    """Return the probability of so many or fewer."""
    found = special.betainc(np.maximum(people - count, 1.0), count + 1, 1 - share)
    return cast("_Numbers", np.where(count >= people, 1.0, found))


def _probability(count: _Numbers, people: _Numbers, share: _Numbers) -> _Numbers:
    """Return the probability of just so many."""
    ways = -special.betaln(people - count + 1, count + 1) - np.log1p(people)
    log = ways + special.xlogy(count, share) + special.xlog1py(people - count, -share)
    return cast("_Numbers", np.exp(log))

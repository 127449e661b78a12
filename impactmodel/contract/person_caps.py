"""Caps per person over several outcomes, in expectation over people.

A person's payment is min(sum of price × outcome, cap), which depends on how the outcomes of one
person hang together. With binary outcomes and a stated dependence the expectation is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from impactmodel.contract.clause import Dependence

type Draws = NDArray[np.float64]


def capped_shares(
    probabilities: Draws, prices: Sequence[float], cap: float, dependence: Dependence
) -> Draws:
    r"""Return the expected payment per person of each outcome, in order, under a cap per person.

    Outcome *i* is paid what the cap leaves after the outcomes before it:
    :math:`E[\min(S_i, c)] - E[\min(S_{i-1}, c)]` with :math:`S_i = \sum_{j \le i} p_j Y_j`.

    Parameters
    ----------
    probabilities
        Shape (draw, outcome).
    prices
        One per outcome, in the order of payment.
    cap
        Most per person.
    dependence
        ``comonotone``: :math:`Y_i = 1\{U < \pi_i\}` with one U per person; ``independent``.

    Returns
    -------
    array
        Shape (draw, outcome).

    Examples
    --------
    >>> capped_shares(np.array([[0.5, 0.5]]), [6.0, 6.0], 8.0, "comonotone").tolist()
    [[3.0, 1.0]]
    >>> capped_shares(np.array([[0.5, 0.5]]), [6.0, 6.0], 8.0, "independent").tolist()
    [[3.0, 2.0]]
    """
    joint = _comonotone if dependence == "comonotone" else _independent
    expected = joint(np.asarray(probabilities, dtype=float), np.asarray(prices, dtype=float), cap)
    return np.diff(expected, axis=1, prepend=0.0)


def _comonotone(probabilities: Draws, prices: Draws, cap: float) -> Draws:
    # Between two neighbouring probabilities the set of outcomes that happen is constant in U.
    edges = np.sort(probabilities, axis=1)
    widths = np.diff(edges, axis=1, prepend=0.0)
    happens = probabilities[:, None, :] >= edges[:, :, None]
    sums = np.minimum(np.cumsum(happens * prices, axis=2), cap)
    return np.asarray((widths[:, :, None] * sums).sum(axis=1))


def _independent(probabilities: Draws, prices: Draws, cap: float) -> Draws:
    draws, count = probabilities.shape
    chances: dict[float, Draws] = {0.0: np.ones(draws)}
    expected = np.empty((draws, count))
    for i in range(count):
        share = probabilities[:, i]
        grown: dict[float, Draws] = {}
        for paid, chance in chances.items():
            for value, weight in ((paid, 1 - share), (min(paid + prices[i], cap), share)):
                grown[value] = grown.get(value, np.zeros(draws)) + chance * weight
        chances = grown
        expected[:, i] = sum(value * chance for value, chance in chances.items())
    return expected

"""Threshold clustering: results that gather just above what is paid for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from impactmodel.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Clustering:
    """Results near a threshold.

    Parameters
    ----------
    below, above
        Results within the window under the threshold, and from it on.
    expected_share
        Share above it that a density without a jump would give.
    probability
        P(at least so many above | no jump): small where results gather above the threshold.
    excess
        Results above it beyond the expected share.
    """

    threshold: float
    window: float
    below: int
    above: int
    expected_share: float
    probability: float

    @property
    def excess(self) -> float:
        """Results above the threshold beyond the expected share."""
        return self.above - self.expected_share * (self.below + self.above)


def threshold_clustering(results: ArrayLike, threshold: float, window: float) -> Clustering:
    r"""Test whether results (weeks in work, say) gather just above a threshold.

    With counts :math:`b` and :math:`a` in the windows just below and just above, and :math:`b_2`,
    :math:`a_2` in the next windows, the density without a jump is taken as log-linear: the ratio
    of two neighbouring windows is :math:`\rho = \sqrt[3]{a_2 / b_2}`, since the outer windows are
    three widths apart, and the share above is :math:`\rho / (1 + \rho)`. Given
    :math:`a + b`, :math:`a` is then binomial. The test is one-sided and exact, given the outer
    windows.

    Parameters
    ----------
    results
        One number per person, site or cohort.
    threshold, window
        What is paid for, and the width of each of the four windows, in the same unit.

    Raises
    ------
    InputError
        If a window has no results: nothing can be said then.

    Assumptions
    -----------
    Nothing else changes at the threshold, and the outer windows are not themselves displaced: a
    window should be wider than what people can shift. The outer counts are taken as exact.

    References
    ----------
    The idea of comparing counts beside a threshold: McCrary, Journal of Econometrics 142 (2008),
    doi:10.1016/j.jeconom.2007.05.005.

    Examples
    --------
    >>> weeks = [23] * 4 + [25] * 2 + [26] * 14 + [28] * 4
    >>> found = threshold_clustering(weeks, 26, 2)
    >>> (found.below, found.above, found.expected_share, round(found.probability, 6))
    (2, 14, 0.5, 0.00209)
    """
    from scipy import stats

    if not window > 0:
        raise InputError("a window has a width", key="window", seen=window)
    x = np.asarray(results, dtype=float)
    if not np.isfinite(x).all():
        raise InputError("a result is not a number", key="results", fix="leave out what is missing")
    edges = threshold + window * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    far_below, below, above, far_above = (
        int(((x >= low) & (x < high)).sum()) for low, high in pairwise(edges.tolist())
    )
    if not (far_below and far_above and below + above):
        raise InputError(
            "there are no results on both sides of the threshold",
            key="window",
            seen=window,
            fix="use a wider window or more results",
        )
    ratio = (far_above / far_below) ** (1 / 3)
    share = ratio / (1 + ratio)
    tail = stats.binom.sf(above - 1, below + above, share)
    return Clustering(threshold, window, below, above, float(share), float(tail))

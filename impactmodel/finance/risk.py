"""Risk of draws: the mean loss in the worst cases."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from impactmodel.core.errors import InputError


def cvar(gains: ArrayLike, level: float = 0.95) -> float:
    r"""Return the conditional value at risk: the mean loss in the worst 1 - level of the draws.

    With n draws the worst :math:`(1 - level) n` are averaged; where that is not a whole number,
    the last draw counts in part.

    Parameters
    ----------
    gains
        Shape (draw,); a loss is negative.
    level
        In [0, 1).

    Returns
    -------
    float
        A loss is positive: minus the mean gain.

    Raises
    ------
    InputError
        If there is no draw, or the level is not in [0, 1).

    References
    ----------
    R. T. Rockafellar, S. Uryasev (2002), Conditional value-at-risk for general loss
    distributions, Journal of Banking & Finance 26, doi:10.1016/S0378-4266(02)00271-6.

    Examples
    --------
    >>> cvar([-10.0, -4.0, 0.0, 2.0], level=0.5), cvar([-10.0, -4.0, 0.0, 2.0], level=0.625)
    (7.0, 8.0)
    """
    values = np.sort(np.asarray(gains, dtype=float).ravel())
    if not 0 <= level < 1:
        raise InputError("a level lies in [0, 1)", key="level", seen=level)
    if values.size == 0:
        raise InputError("there is no draw", key="gains")
    worst = (1 - level) * values.size
    weights = np.clip(worst - np.arange(values.size), 0.0, 1.0)
    return float(-(weights @ values) / worst)

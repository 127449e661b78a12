"""The area under the ROC curve, with its standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtri

from impactmodel.clients.rates import auc, auc_sd
from impactmodel.core.errors import InputError

type Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Area:
    """An area under the ROC curve.

    Parameters
    ----------
    value
        P(who reached the target had the higher chance), ties counting half.
    error
        Its standard error (DeLong).
    """

    value: float
    error: float

    def interval(self, probability: float) -> tuple[float, float]:
        """Return a confidence interval, normal on the logit scale.

        Examples
        --------
        >>> [round(v, 4) for v in Area(0.7, 0.01).interval(0.95)]
        [0.68, 0.7192]
        """
        if not 0 < self.value < 1:
            return self.value, self.value
        z = float(ndtri((1 + probability) / 2))
        half = z * self.error / (self.value * (1 - self.value))
        middle = float(logit(self.value))
        return float(expit(middle - half)), float(expit(middle + half))


def area(score: Vector, y: Vector) -> Area:
    """Return the area under the ROC curve.

    Parameters
    ----------
    score
        What ranks people (person).
    y
        1 for those who reached the target, 0 for the others.

    Raises
    ------
    InputError
        If there are fewer than two of either.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44(3), doi:10.2307/2531595.

    Examples
    --------
    Of four pairs three are in order.

    >>> area(np.array([0.1, 0.3, 0.2, 0.4]), np.array([0.0, 0.0, 1.0, 1.0])).value
    0.75
    """
    yes = y == 1
    m, n = int(yes.sum()), int((~yes).sum())
    if min(m, n) < 2:
        raise InputError("two people with the target and two without are needed", key="y")
    return Area(auc(score, y), auc_sd(score, y))

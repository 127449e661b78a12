"""How spells end: probabilities by period and cause, and every estimand that follows from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods

type Array = npt.NDArray[np.float64]

_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Endings:
    r"""Probabilities of leaving in each period by each cause, draw by draw.

    .. math:: f_{kt} = h_{kt} \prod_{j < t} \Big(1 - \sum_l h_{lj}\Big), \quad
        F_{kt} = \sum_{j \le t} f_{kj}

    averaged over the patterns of covariates of each group. *F* is the cumulative incidence: one
    minus a product of :math:`1 - h_k` alone is not a probability of leaving by *k*, since who has
    left by another cause cannot leave again.

    Parameters
    ----------
    probability
        *f* (draw, arm, group, period, cause); arm 0 is treated, arm 1 is without the programme.
    causes, groups
        Names.
    periods
        Length of a period and number of periods.

    Examples
    --------
    >>> import datetime as dt
    >>> months = Periods(dt.date(2024, 1, 1), "month", 2)
    >>> hazard = np.full((1, 2, 1, 2, 2), [0.2, 0.3])
    >>> half = Endings(leaving(hazard), ("job", "other"), ("all",), months)
    >>> half.incidence(("job",))[0, 0, 0].round(3).tolist()
    [0.2, 0.3]
    >>> half.median(("job", "other"))[0, 0, 0], half.median(("job",))[0, 0, 0]
    (np.float64(1.0), np.float64(nan))
    """

    probability: Array
    causes: tuple[str, ...]
    groups: tuple[str, ...]
    periods: Periods

    @property
    def horizon(self) -> int:
        """Number of periods."""
        return int(self.probability.shape[3])

    def incidence(self, causes: Sequence[str]) -> Array:
        """Return the probability of having left by one of the causes (draw, arm, group, period)."""
        return np.asarray(np.cumsum(self.probability[..., self._at(causes)].sum(axis=-1), axis=-1))

    def months_without(self, causes: Sequence[str], horizon: int) -> Array:
        r"""Return the mean months until an exit by one of the causes, up to a horizon.

        .. math:: \mu_h = m \sum_{j=0}^{h-1} (1 - F_j)

        with *m* months in a period. An exit counts at the end of its period; who leaves by another
        cause counts up to the horizon.

        Returns
        -------
        numpy.ndarray
            Shape (draw, arm, group).
        """
        if not 1 <= horizon <= self.horizon:
            raise InputError(
                "the horizon is outside the periods",
                key="horizon",
                seen=horizon,
                fix=f"use 1 to {self.horizon}",
            )
        outside = 1 - self.incidence(causes)[..., : horizon - 1]
        return np.asarray(12 * self.periods.years * (1 + outside.sum(axis=-1)))

    def median(self, causes: Sequence[str]) -> Array:
        """Return the period by whose end half have left by one of the causes (draw, arm, group).

        NaN where that is not reached within the periods.
        """
        reached = self.incidence(causes) >= 0.5
        first = reached.argmax(axis=-1) + 1.0
        return np.where(reached.any(axis=-1), first, np.nan)

    def moments(self, values: Array) -> tuple[Array, Array]:
        """Return mean and covariance between people of numbers that depend on the ending.

        Parameters
        ----------
        values
            The number for each ending (quantity, period, cause) followed by that of people who
            stay, as (quantity, period x cause + 1).

        Returns
        -------
        tuple
            Means (draw, arm, group, quantity) and covariances (..., quantity, quantity).
        """
        flat = self.probability.reshape(*self.probability.shape[:3], -1)
        stay = 1 - flat.sum(axis=-1, keepdims=True)
        p = np.concatenate([flat, stay], axis=-1)
        mean = p @ values.T
        quantities = len(values)
        pairs = (values[:, None, :] * values[None, :, :]).reshape(quantities**2, -1)
        square = (p @ pairs.T).reshape(*mean.shape, quantities)
        return mean, square - mean[..., :, None] * mean[..., None, :]

    def _at(self, causes: Sequence[str]) -> list[int]:
        unknown = [c for c in causes if c not in self.causes]
        if unknown or not causes:
            raise InputError(
                "there is no such cause of exit",
                key="causes",
                seen=", ".join(unknown),
                fix=f"use {', '.join(self.causes)}",
            )
        return [self.causes.index(c) for c in dict.fromkeys(causes)]


def leaving(hazard: Array) -> Array:
    """Return the probability of leaving in a period by a cause from hazards (..., period, cause).

    Examples
    --------
    >>> leaving(np.array([[0.5, 0.0], [0.5, 0.5]])).tolist()
    [[0.5, 0.0], [0.25, 0.25]]
    """
    stay = np.cumprod(1 - hazard.sum(axis=-1), axis=-1)
    before = np.concatenate([np.ones_like(stay[..., :1]), stay[..., :-1]], axis=-1)
    return np.asarray(before[..., None] * hazard)


def average_endings(
    hazards: Callable[[slice, int], Array], draws: int, weights: Array, size: int
) -> Array:
    """Return probabilities of leaving averaged over patterns (draw, arm, group, period, cause).

    Parameters
    ----------
    hazards
        Gives the hazards of some draws in an arm (draw, pattern, period, cause).
    weights
        Share of each pattern in its group (group, pattern).
    size
        Numbers in the hazards of one draw, which bounds the memory.
    """
    step = max(1, _CHUNK // size)
    parts = []
    for start in range(0, draws, step):
        part = slice(start, min(start + step, draws))
        arms = [np.tensordot(weights, leaving(hazards(part, arm)), (1, 1)) for arm in (0, 1)]
        # (group, draw, period, cause) of each arm becomes (draw, arm, group, period, cause).
        parts.append(np.moveaxis(np.stack(arms), 2, 0))
    return np.concatenate(parts)

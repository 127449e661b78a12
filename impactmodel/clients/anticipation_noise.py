"""Predicted and observed of groups, and how far apart noise alone puts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Matrix = npt.NDArray[np.float64]


@spec
class CalibrationLimits:
    """What is accepted in a later window.

    Parameters
    ----------
    slope
        Distance of the slope from 1.
    bias, group_bias
        Distance of the mean chance from the share that reached the target: of all, of a group.
    least
        People in the smallest group that is judged.
    """

    slope: float = 0.05
    bias: float = 0.01
    group_bias: float = 0.02
    least: int = 500


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """Predicted and observed of some people.

    Parameters
    ----------
    who
        All, or a group as ``feature: level``, or a tenth by chance.
    people, reached
        Their number, and how many reached the target.
    predicted
        Their mean chance.
    noise
        Standard error of the observed share if the chances are right.
    fit
        Standard deviation of the mean chance over draws: what the training window leaves open.
    """

    who: str
    people: int
    reached: int
    predicted: float
    noise: float
    fit: float = 0.0

    @property
    def observed(self) -> float:
        """Share that reached the target."""
        return self.reached / self.people

    @property
    def bias(self) -> float:
        """Predicted minus observed."""
        return self.predicted - self.observed

    @property
    def error(self) -> float:
        """Standard error of predicted minus observed: of the outcomes, and of the mean chance."""
        return float(np.hypot(self.noise, self.fit))

    def interval(self, probability: float) -> tuple[float, float]:
        """Return Wilson's confidence interval of the observed share.

        Examples
        --------
        >>> row = CalibrationRow("all", 10, 1, 0.2, 0.1)
        >>> [round(v, 4) for v in row.interval(0.95)]
        [0.0179, 0.4042]
        """
        z = float(ndtri((1 + probability) / 2))
        n, p = self.people, self.observed
        middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        return float(middle - half), float(middle + half)

    def shown_beyond(self, limit: float, probability: float = 0.95) -> bool:
        """Return whether the whole interval of the bias, given its error, lies beyond a limit.

        Examples
        --------
        Four points of bias are 2 errors of .01 beyond a limit of 2 points, but not 2 of .015.

        >>> row = CalibrationRow("health: yes", 900, 270, 0.34, 0.01)
        >>> row.shown_beyond(0.02), CalibrationRow("", 900, 270, 0.34, 0.015).shown_beyond(0.02)
        (True, False)
        """
        return abs(self.bias) - float(ndtri((1 + probability) / 2)) * self.error > limit

    def chance_beyond(self, limit: float, *, fit: bool = False) -> float:
        r"""Return the chance that noise alone puts the observed share beyond a limit.

        It is :math:`2\Phi(-limit / s)` with *s* the noise of the outcomes if the chances are
        right, or with ``fit`` the error, which holds what the fit leaves open too. It is normal:
        the exact Poisson-binomial differs by half a step of the share in either tail, .02 at 500
        people, up or down.

        Examples
        --------
        A group of 500 with chances of .3: a third of such groups lie beyond 2 points.

        >>> round(CalibrationRow("", 500, 150, 0.3, (0.21 / 500) ** 0.5).chance_beyond(0.02), 2)
        0.33
        """
        s = self.error if fit else self.noise
        return float(2 * ndtr(-limit / s)) if s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class GroupNoise:
    """Whether the biases of all groups at once are larger than noise allows.

    Parameters
    ----------
    rows
        The groups that are judged.
    limit, prob
        Limit of a group's bias, and probability with which all of them stay in the band.
    critical
        Half width of the band in errors of each group: if the chances are right, no group's bias
        is larger with probability ``prob``.
    probability
        P(a largest bias, in errors, at least as large as the one seen | the chances are right).
    """

    rows: tuple[CalibrationRow, ...]
    limit: float
    prob: float
    critical: float
    probability: float

    @property
    def beyond(self) -> int:
        """Groups whose observed bias lies beyond the limit."""
        return sum(abs(row.bias) > self.limit for row in self.rows)

    @property
    def expected(self) -> float:
        """Groups that the noise of outcomes alone puts beyond the limit, on average."""
        return sum(row.chance_beyond(self.limit) for row in self.rows)

    @property
    def expected_with_fit(self) -> float:
        """The same, with what the fit leaves open."""
        return sum(row.chance_beyond(self.limit, fit=True) for row in self.rows)

    @property
    def bands(self) -> tuple[float, ...]:
        """Half width of the simultaneous band of each group's bias, in the order of the rows."""
        return tuple(self.critical * row.error for row in self.rows)

    @property
    def larger(self) -> tuple[str, ...]:
        """Groups outside the band: their bias is larger than noise allows."""
        pairs = zip(self.rows, self.bands, strict=True)
        return tuple(row.who for row, band in pairs if abs(row.bias) > band)

    @property
    def failed(self) -> tuple[str, ...]:
        """Groups beyond the limit and outside the band: noise does not excuse them."""
        outside = set(self.larger)
        return tuple(r.who for r in self.rows if abs(r.bias) > self.limit and r.who in outside)


def noise_of_groups(
    rows: tuple[CalibrationRow, ...],
    replicated: Matrix,
    limits: CalibrationLimits | None = None,
    prob: float = 0.95,
) -> GroupNoise:
    r"""Judge the biases of all groups of a size at once.

    The band is that of the largest of all standardised biases,
    :math:`\max_g |b_g| / s_g`, whose law under the model is that of its replications: groups share
    people, so that their noise goes together, which no bound such as Bonferroni's uses.

    Parameters
    ----------
    rows
        The groups.
    replicated
        The bias that each group would show if the outcomes were drawn from the chances of a draw
        (draw, row).
    limits
        Which groups are judged, and the limit.
    prob
        That all stay in the band if the chances are right.

    Raises
    ------
    InputError
        If no group is large enough, or the probability is none.
    """
    limits = limits or CalibrationLimits()
    if not 0 < prob < 1:
        raise InputError("a probability lies between 0 and 1", key="prob", seen=prob)
    kept = [i for i, row in enumerate(rows) if row.people >= limits.least and row.error > 0]
    if not kept:
        raise InputError("no group is large enough to be judged", key="least", seen=limits.least)
    judged = tuple(rows[i] for i in kept)
    error = np.array([row.error for row in judged])
    largest = np.abs(replicated[:, kept] / error).max(axis=1)
    seen = max(abs(row.bias) / row.error for row in judged)
    return GroupNoise(
        rows=judged,
        limit=limits.group_bias,
        prob=prob,
        critical=float(np.quantile(largest, prob, method="higher")),
        probability=float((1 + (largest >= seen).sum()) / (1 + len(largest))),
    )

"""Compliers seen among others: draws of their rate, given the shares of the strata."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, xlog1py, xlogy

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    r"""An envelope of the likelihood of the compliers' rate, and draws under it.

    Given the share *c* of compliers in the share *u* of mixed people, either their rate is drawn
    from its prior and accepted by the likelihood over its maximum, or the mixed rate *q* from
    :math:`B(k_1 + 1, k_0 + 1)`, which stands for a rate of compliers, accepted by the prior of
    that over its maximum. In units of the highest likelihood the envelopes have the masses 1 and
    *width u / c*; the smaller one is taken.

    Parameters
    ----------
    counts
        Mixed people without and with the outcome.
    events, non_events
        Of the beta prior of the compliers' rate, each at least 1.

    Examples
    --------
    One person with the outcome and one without: B(2, 2) = 1/6 over the highest likelihood 1/4.

    >>> round(Mixed(np.array([1.0, 1.0]), 1.0, 1.0).width, 6)
    0.666667
    """

    counts: Array
    events: float
    non_events: float

    @property
    def width(self) -> float:
        """Mass of the envelope by the mixed rate where all mixed people are compliers."""
        k = self.counts + 1
        return float(self._density(self._mode) * np.exp(betaln(k[1], k[0]) - self._log_highest))

    def envelope(self, compliers: Array, mixed: Array) -> Array:
        """Return the mass of the smaller envelope, at most 1 (share of compliers, of mixed)."""
        some = np.where(compliers > 0, compliers, 1.0)
        out: Array = np.where(compliers > 0, np.minimum(1.0, self.width * mixed / some), 1.0)
        return out

    def draw(
        self, compliers: Array, others: Array, rate: Array, rng: np.random.Generator
    ) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Draw the compliers' rate under the envelope; return it and whether it is accepted.

        Parameters
        ----------
        compliers, others, rate
            Shares of compliers and of the people they are mixed with, and the others' rate.
        """
        mixed, n, k = compliers + others, len(compliers), self.counts
        implied = (mixed * rng.beta(k[1] + 1, k[0] + 1, n) - others * rate) / compliers
        inside = (implied >= 0) & (implied <= 1)
        prior = inside * self._density(np.where(inside, implied, self._mode))
        drawn = rng.beta(self.events, self.non_events, n)
        q = (compliers * drawn + others * rate) / mixed
        likelihood = np.exp(xlogy(k[1], q) + xlog1py(k[0], -q) - self._log_highest)
        by_mixed = self.width * mixed < compliers
        sure = np.where(by_mixed, prior / self._density(self._mode), likelihood)
        return np.where(by_mixed, implied, drawn), rng.random(n) < sure

    @property
    def _log_highest(self) -> float:
        return float(xlogy(self.counts, self.counts / max(self.counts.sum(), 1.0)).sum())

    @property
    def _mode(self) -> float:
        a, b = self.events - 1, self.non_events - 1
        return a / (a + b) if a + b > 0 else 0.5

    def _density(self, rate: Array | float) -> Array:
        from scipy.stats import beta

        return np.asarray(beta.pdf(rate, self.events, self.non_events))


def highest(power: float, *mixed: Mixed) -> float:
    r"""Return the highest value, 0 < c ≤ 1, of :math:`c^{power} \prod \min(1, width / c)`.

    Examples
    --------
    >>> highest(0.0, Mixed(np.array([1.0, 1.0]), 1.0, 1.0))
    1.0
    """
    # Between the widths it is a power of c, so highest at one of them or at 1.
    places = np.minimum([1.0, *(m.width for m in mixed)], 1.0)
    return float(max(c**power * np.prod([min(1.0, m.width / c) for m in mixed]) for c in places))

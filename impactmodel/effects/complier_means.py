"""Compliers' means with and without the programme, by moments: bootstrap and Wald twin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import NotIdentifiedError
from impactmodel.effects.people_bootstrap import Atoms

type Array = npt.NDArray[np.float64]

_TRIES = 200


@dataclass(frozen=True, slots=True)
class Wald:
    """The ratio of two intention-to-treat effects.

    Parameters
    ----------
    outcome
        Name.
    assigned, assigned_se
        Effect of the invitation on the outcome, unequal variances allowed.
    take_up, take_up_se
        Effect of the invitation on take-up: the share of compliers.
    compliers, compliers_se
        Their ratio, and its error by the delta method.
    """

    outcome: str
    assigned: float
    assigned_se: float
    take_up: float
    take_up_se: float
    compliers: float
    compliers_se: float

    @property
    def strength(self) -> float:
        """F statistic of the first stage."""
        return (self.take_up / self.take_up_se) ** 2 if self.take_up_se > 0 else np.inf


def wald(name: str, people: Array, sums: Array, squares: Array) -> Wald:
    r"""Return the Wald estimate from sums by arm.

    The error of the ratio :math:`\theta` is that of the difference in means of
    :math:`Y - \theta D` over the take-up difference.

    Parameters
    ----------
    people
        By assignment (2), not invited first.
    sums
        Of take-up and outcome (assignment, 2).
    squares
        Sums of products of the two (assignment, 2, 2).

    Raises
    ------
    NotIdentifiedError
        If the invitation does not move take-up at all.

    References
    ----------
    Angrist, Imbens and Rubin (1996), JASA 91(434), doi:10.1080/01621459.1996.10476902.

    Examples
    --------
    Half of the invited take part, nobody else; 6 of 10 against 4 of 10 have the outcome.

    >>> sums = np.array([[0.0, 4.0], [5.0, 6.0]])
    >>> squares = np.array([[[0.0, 0.0], [0.0, 4.0]], [[5.0, 4.0], [4.0, 6.0]]])
    >>> round(wald("job", np.array([10.0, 10.0]), sums, squares).compliers, 6)
    0.4
    """
    mean = sums / people[:, None]
    take_up, assigned = mean[1] - mean[0]
    if take_up == 0:
        raise NotIdentifiedError(
            f"'{name}': the invitation does not move take-up, there are no compliers to be seen"
        )
    ratio = assigned / take_up
    variance = squares / people[:, None, None] - mean[:, :, None] * mean[:, None, :]
    contrasts = np.array([[1.0, 0.0], [0.0, 1.0], [-ratio, 1.0]])
    spread = np.einsum("ca,zab,cb->cz", contrasts, variance, contrasts)
    se = np.sqrt(np.maximum(spread / (people - 1.0), 0.0).sum(axis=1))
    return Wald(
        name,
        float(assigned),
        float(se[1]),
        float(take_up),
        float(se[0]),
        float(ratio),
        float(se[2] / abs(take_up)),
    )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ComplierMeans:
    r"""The Bayesian bootstrap of the compliers' means of an outcome that is not binary.

    .. math::
        E[Y_1 \mid c] = \frac{E[DY \mid Z{=}1] - E[DY \mid Z{=}0]}{\pi_c}, \quad
        E[Y_0 \mid c] = \frac{E[(1-D)Y \mid Z{=}0] - E[(1-D)Y \mid Z{=}1]}{\pi_c}

    with :math:`\pi_c = E[D \mid Z{=}1] - E[D \mid Z{=}0]`, for the posterior of the distribution of
    people, cut to where the share and (for outcomes that cannot be negative) the means are not.

    Parameters
    ----------
    atoms
        Distinct people in cells numbered 2 Z + D.
    positive
        Whether the outcome cannot be negative.
    """

    atoms: Atoms
    positive: bool

    def means(self, weights: Array) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
        """Return share (draw), means (draw, arm; treated first) and which draws are possible."""
        there = np.unique(self.atoms.cell)
        seen, seen_sums = self.atoms.sums(weights)
        people, sums = np.zeros((2, len(weights), 4))
        people[:, there], sums[:, there] = seen, seen_sums[..., 0]
        everybody = np.stack([people[:, 0] + people[:, 1], people[:, 2] + people[:, 3]])
        share = people[:, 3] / everybody[1] - people[:, 1] / everybody[0]
        some = np.where(share > 0, share, 1.0)
        treated = (sums[:, 3] / everybody[1] - sums[:, 1] / everybody[0]) / some
        untreated = (sums[:, 0] / everybody[0] - sums[:, 2] / everybody[1]) / some
        possible = share > 0
        if self.positive:
            possible &= (treated >= 0) & (untreated >= 0)
        return share, np.column_stack([treated, untreated]), possible

    def exact(self, n: int, rng: np.random.Generator) -> tuple[Array, Array, float]:
        """Draw share and means; return them and the share of draws that were possible.

        Raises
        ------
        NotIdentifiedError
            If hardly any draw is.
        """
        shares: list[Array] = []
        means: list[Array] = []
        found = tried = 0
        while found < n:
            for weights in self.atoms.weights(n, rng):
                share, mean, possible = self.means(weights)
                shares.append(share[possible])
                means.append(mean[possible])
                found, tried = found + int(possible.sum()), tried + len(weights)
            if tried >= _TRIES * n and found < n:
                raise NotIdentifiedError(
                    f"'{self.atoms.name}': compliers would need a negative share or a negative "
                    "mean: there are defiers, the invitation itself moves the outcome, or it "
                    "hardly moves take-up"
                )
        return np.concatenate(shares)[:n], np.concatenate(means)[:n], found / tried

    def read(self, blocks: Iterator[Array]) -> tuple[Array, Array, float]:
        """Compute share and means of weights that a sampler drew; impossible draws are resampled.

        The possible draws before each impossible one take its place, so that the number of draws
        stays and chains keep their order.
        """
        parts = [self.means(weights) for weights in blocks]
        share, mean = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        possible = np.concatenate([part[2] for part in parts])
        if not possible.any():
            raise NotIdentifiedError(
                f"'{self.atoms.name}': compliers would need a negative share or a negative mean"
            )
        last = np.maximum.accumulate(np.where(possible, np.arange(len(possible)), -1))
        take = np.where(last >= 0, last, int(np.argmax(possible)))
        return share[take], mean[take], float(possible.mean())

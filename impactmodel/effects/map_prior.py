r"""The meta-analytic-predictive prior: what earlier comparison groups say about the next one.

.. math:: y_h \sim f(\theta_h), \quad \theta_h \sim N(\mu, \tau^2), \quad
    \theta_* \sim N(\mu, \tau^2)

for earlier groups *h* and the next one (*), on the logit scale for shares. The density of
:math:`\theta_*` given the earlier data is computed by quadrature, without simulation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from impactmodel.effects.arms import BorrowingPriors, CountedArm, MeasuredArm, require_history
from impactmodel.effects.between_studies import Estimates
from impactmodel.effects.mixture_fit import nearest_betas, nearest_normals
from impactmodel.effects.mixtures import BetaMixture, NormalMixture
from impactmodel.effects.pooling import HalfNormal, Pooled, PoolingPrior
from impactmodel.effects.share_posterior import SharePosterior, sinh_grid

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MapPrior[M: BetaMixture | NormalMixture]:
    """The exact predictive density of the next group's mean, and the mixture nearest to it.

    Parameters
    ----------
    x, mass
        Grid on the model's scale (logit for shares) and its probabilities (point).
    mixture
        The nearest mixture of conjugate components, on the outcome's scale.
    divergence
        Kullback-Leibler divergence of the mixture from the exact density, in nats.
    spread_mean, spread_sd
        Posterior mean and sd of the spread between groups.
    text
        The model in a sentence.
    """

    x: Array
    mass: Array
    mixture: M
    divergence: float
    spread_mean: float
    spread_sd: float
    text: str

    @property
    def values(self) -> Array:
        """The grid on the outcome's scale (point)."""
        return special.expit(self.x) if isinstance(self.mixture, BetaMixture) else self.x

    @property
    def mean(self) -> float:
        """Mean on the outcome's scale, exactly."""
        return float(self.mass @ self.values)

    @property
    def sd(self) -> float:
        """Standard deviation on the outcome's scale, exactly."""
        return math.sqrt(float(self.mass @ (self.values - self.mean) ** 2))

    def quantile(self, q: npt.ArrayLike) -> Array:
        """Return quantiles on the outcome's scale."""
        middle = np.cumsum(self.mass) - self.mass / 2
        return np.asarray(np.interp(np.asarray(q, dtype=float), middle, self.values))


def map_prior_of_shares(
    history: Sequence[CountedArm], priors: BorrowingPriors | None = None
) -> MapPrior[BetaMixture]:
    """Return the predictive prior of a share from earlier groups' counts.

    Parameters
    ----------
    history
        Earlier comparison groups, one or more.
    priors
        Of mean and spread; the vague component is not part of this.

    Examples
    --------
    >>> earlier = [CountedArm("A", 100, 25), CountedArm("B", 80, 22)]
    >>> map_prior_of_shares(earlier).divergence < 0.001
    True
    """
    require_history(history)
    given = priors or BorrowingPriors()
    spread = given.spread or HalfNormal(1.0)
    prior = PoolingPrior(given.mean or 0.0, given.mean_sd or 2.0, spread)
    counts = np.array([(arm.events, arm.people) for arm in history], dtype=float)
    posterior = SharePosterior.of(counts, prior)
    x, mass = posterior.predictive()
    mixture, divergence = nearest_betas(x, mass)
    mean, sd = posterior.spread_moments()
    text = f"shares of {len(history)} earlier groups on the logit scale; {prior.text()}"
    return MapPrior(x, mass, mixture, divergence, mean, sd, text)


def map_prior_of_means(
    history: Sequence[MeasuredArm], priors: BorrowingPriors | None = None
) -> MapPrior[NormalMixture]:
    """Return the predictive prior of a mean from earlier groups' means and sds.

    The sds between people are taken as known.
    """
    require_history(history)
    given = priors or BorrowingPriors()
    people = np.array([arm.people for arm in history], dtype=float)
    means = np.array([arm.mean for arm in history])
    sd = math.sqrt(float(people @ np.array([arm.sd for arm in history]) ** 2 / people.sum()))
    centre = float(people @ means / people.sum()) if given.mean is None else given.mean
    prior = PoolingPrior(centre, given.mean_sd or 10 * sd, given.spread or HalfNormal(sd / 2))
    # One group alone says nothing of the spread; the quadrature needs no second one.
    pooled = Pooled(Estimates(means, np.array([arm.error for arm in history])), prior)
    center, scale = pooled.mean_moments()[0], _narrowest(pooled)
    x, step = sinh_grid(center, scale)
    sds = np.sqrt(pooled.variance + pooled.tau**2)
    used = pooled.weights > pooled.weights.max() * 1e-16
    z = (x[:, None] - pooled.centre[used]) / sds[used]
    mass = (np.exp(-0.5 * z**2) / sds[used]) @ pooled.weights[used] * step
    mass /= mass.sum()
    mixture, divergence = nearest_normals(x, mass, sd)
    text = f"means of {len(history)} earlier groups, sds between people known; {prior.text()}"
    return MapPrior(x, mass, mixture, divergence, *pooled.spread_moments(), text)


def _narrowest(pooled: Pooled) -> float:
    """Return the sd of the narrowest part of the predictive density that has weight."""
    sds = np.sqrt(pooled.variance + pooled.tau**2)
    order = np.argsort(sds)
    at = int(np.searchsorted(np.cumsum(pooled.weights[order]), 1e-4))
    return float(sds[order][min(at, len(order) - 1)])

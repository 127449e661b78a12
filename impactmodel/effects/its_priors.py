"""What an interrupted time series assumes of its scales and controls."""

from __future__ import annotations

from dataclasses import field
from math import sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Array = npt.NDArray[np.float64]
type Start = Literal["mean", "first"]

# A scale whose prior density is this far (log) below its peak plays no part.
_NEGLIGIBLE = 40.0


@spec
class ScalePrior:
    r"""Prior of a standard deviation, in standard deviations of the series before the start.

    .. math:: 1/\sigma^2 \sim \text{Gamma}(\nu/2,\ \nu g^2/2), \quad \sigma < l

    Parameters
    ----------
    guess, observations
        :math:`g`, and :math:`\nu`: how many observations the guess is worth.
    limit
        :math:`l`, the largest value.

    Examples
    --------
    >>> ScalePrior(0.1, 4.0).guess
    0.1
    """

    guess: float
    observations: float
    limit: float = 1.2

    def __post_init__(self) -> None:
        for key in ("guess", "observations", "limit"):
            if not getattr(self, key) > 0:
                raise InputError("this must be above 0", key=key, seen=getattr(self, key))
        if self.bounds[0] >= self.bounds[1]:
            raise InputError("the limit is far below the guess", key="limit", seen=self.limit)

    @property
    def bounds(self) -> tuple[float, float]:
        """Where the logarithm of the scale can lie."""
        low = self.guess * sqrt(self.observations / (2 * _NEGLIGIBLE))
        return float(np.log(low)), float(np.log(self.limit))

    def log(self, sigma: Array) -> Array:
        """Return the log density of the standard deviation, up to a constant."""
        square = self.observations * self.guess**2 / (2 * sigma**2)
        return np.asarray(-(self.observations + 1) * np.log(sigma) - square)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw below the limit, by the inverse of the distribution."""
        from scipy import stats

        rate = self.observations * self.guess**2 / 2
        gamma = stats.gamma(self.observations / 2, scale=1 / rate)
        above = gamma.sf(self.limit**-2)
        return np.asarray(gamma.isf(above * rng.random(n)) ** -0.5)


@spec
class SeriesPriors:
    r"""Priors of an interrupted time series, in standard deviations of the series before the start.

    Coefficients of *k* standardised controls *X* over *n* periods before the start have
    Zellner's prior

    .. math::
        \beta \sim N(0, \sigma^2 (\kappa S)^{-1}), \quad
        S = \tfrac12 X^\top X / n + \tfrac12 \mathrm{diag}(X^\top X / n).

    Parameters
    ----------
    noise
        Of the noise of each period, :math:`\sigma`.
    level, slope, season
        Of the steps of the level, of its slope, and of the season from one period to the next.
    information
        :math:`\kappa`: how many observations the prior of the coefficients is worth.
    start
        Where the first level is expected, with standard deviation 1: at the ``mean`` before the
        start, or at the ``first`` observation.
    constant
        Whether the controls have a constant of their own, beside the level.

    Examples
    --------
    >>> SeriesPriors().level
    ScalePrior(guess=0.1, observations=4.0, limit=1.0)
    """

    noise: ScalePrior = field(default_factory=lambda: ScalePrior(0.5, 0.1))
    level: ScalePrior = field(default_factory=lambda: ScalePrior(0.1, 4.0, 1.0))
    slope: ScalePrior = field(default_factory=lambda: ScalePrior(0.01, 4.0, 1.0))
    season: ScalePrior = field(default_factory=lambda: ScalePrior(0.05, 4.0, 1.0))
    information: float = 0.01
    start: Start = "mean"
    constant: bool = False

    def __post_init__(self) -> None:
        if not self.information > 0:
            raise InputError("this must be above 0", key="information", seen=self.information)

    def of(self, name: str) -> ScalePrior:
        """Return the prior of a scale by its name."""
        return {
            "noise": self.noise,
            "level": self.level,
            "slope": self.slope,
            "season": self.season,
        }[name]


def causal_impact_priors(controls: int) -> SeriesPriors:
    """Return the priors of R's CausalImpact 1.4.1 with its defaults, for so many controls.

    The level can hardly move (guess .01, worth 32 observations); with controls the noise is
    guessed from an expected R² of .8, worth 50 observations. CausalImpact's spike-and-slab prior
    keeps every coefficient where there are at most two controls, and only then are the priors
    the same.

    Raises
    ------
    InputError
        For more than two controls.

    Examples
    --------
    >>> causal_impact_priors(0).level
    ScalePrior(guess=0.01, observations=32.0, limit=1.0)
    """
    if not 0 <= controls <= 2:
        raise InputError(
            "CausalImpact drops some of more than two controls at random",
            key="controls",
            seen=controls,
            fix="use SeriesPriors()",
        )
    noise = ScalePrior(sqrt(0.2), 50.0) if controls else ScalePrior(1.0, 0.01)
    small = ScalePrior(0.01, 32.0, 1.0)
    return SeriesPriors(noise, small, small, small, 0.01, "first", constant=controls > 0)

"""Priors of hazards of leaving a spell: their level, their course over time, the effect on them."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Array = npt.NDArray[np.float64]


@spec
class Constant:
    """The same in every period: a geometric baseline, or proportional odds of an effect."""

    type: Literal["constant"] = field(default="constant", kw_only=True)

    @property
    def scale(self) -> float | None:
        """There is no spread."""
        return None

    def shape(self, ends: tuple[int, ...]) -> Array:
        """Return no column of deviations (band, 0)."""
        return np.empty((len(ends), 0))


@spec
class RandomWalk:
    r"""Neighbouring periods are alike: steps :math:`N(0, s^2)`, *s* half-normal.

    Parameters
    ----------
    step
        Scale of the half-normal prior of *s*, the sd of a step from one period to the next, on
        the log-odds scale. The walk is centred on its mean over the follow-up; between bands of
        several periods its steps are as long as the bands' middles are apart.

    Examples
    --------
    >>> RandomWalk().shape((1, 2, 3)).round(3).tolist()
    [[-0.667, -0.333], [0.333, -0.333], [0.333, 0.667]]
    """

    step: float = 0.3
    type: Literal["random_walk"] = field(default="random_walk", kw_only=True)

    def __post_init__(self) -> None:
        _require_positive(self)

    @property
    def scale(self) -> float | None:
        """Scale of the half-normal prior of the spread."""
        return self.step

    def shape(self, ends: tuple[int, ...]) -> Array:
        """Return what each standardised step adds to each band (band, step)."""
        edges = np.concatenate([[0], ends])
        length = np.diff(edges)
        apart = np.diff((edges[1:] + edges[:-1]) / 2)
        walk = np.tril(np.ones((len(ends), len(ends))), -1)[:, :-1] * np.sqrt(apart)
        return np.asarray(walk - (length / length.sum()) @ walk)


@spec
class PooledPeriods:
    """Periods are like draws from one distribution: deviations N(0, s²), s half-normal(spread)."""

    spread: float = 0.5
    type: Literal["pooled_periods"] = field(default="pooled_periods", kw_only=True)

    def __post_init__(self) -> None:
        _require_positive(self)

    @property
    def scale(self) -> float | None:
        """Scale of the half-normal prior of the spread."""
        return self.spread

    def shape(self, ends: tuple[int, ...]) -> Array:
        """Return one column for each band."""
        return np.eye(len(ends))


type OverTime = Annotated[Constant | RandomWalk | PooledPeriods, Field(discriminator="type")]


@spec
class HazardPriors:
    r"""Priors of a multinomial logit of leaving by each cause *k* in each period *t*.

    .. math::
        \log \frac{h_{kt}}{1 - \sum_l h_{lt}} = \alpha_k + a_{kt} + z'\gamma_k + u_{kg}
        + (w - \tfrac12)\,(\delta_k + d_{kt} + v_{kg})

    with *w* 1 for the treated and 0 in comparison, symmetric between the arms; *z* covariates
    standardised over people, and deviations *u*, *v* of groups where they are pooled.

    Parameters
    ----------
    base_hazard
        Each cause's prior median probability of leaving in a period, at
        :math:`\alpha_k \sim N(\cdot, s^2)`.
    level_sd, treatment_sd, slope_sd
        Standard deviations of :math:`\alpha`, :math:`\delta` and :math:`\gamma`.
    baseline, effect
        How *a* and *d* move over time: `Constant`, `RandomWalk` or `PooledPeriods`. A `Constant`
        effect is a strong assumption, which is checked.
    group_sd
        Scale of the half-normal prior of the spread between groups, of level and of effect.
    bands
        Last period of each band in which hazards and effect are constant, such as ``(1, 2, 4)``;
        empty: each period is its own.

    Examples
    --------
    >>> HazardPriors(effect=Constant()).effect.shape((1, 2)).shape
    (2, 0)
    """

    base_hazard: float = 0.05
    level_sd: float = 1.5
    treatment_sd: float = 1.0
    slope_sd: float = 0.5
    baseline: OverTime = field(default_factory=RandomWalk)
    effect: OverTime = field(default_factory=lambda: RandomWalk(0.15))
    group_sd: float = 0.5
    bands: tuple[int, ...] = ()
    type: Literal["hazard"] = field(default="hazard", kw_only=True)

    def __post_init__(self) -> None:
        _require_positive(self)
        edges = (0, *self.bands)
        if any(b <= a for a, b in zip(edges, self.bands, strict=False)):
            raise InputError(
                "bands are given by their last periods, each later than the one before",
                key="bands",
                seen=self.bands,
            )

    def ends(self, horizon: int) -> tuple[int, ...]:
        """Return the last period of each band up to a horizon."""
        inside = [end for end in self.bands or range(1, horizon + 1) if end < horizon]
        return (*inside, horizon)


@spec
class DirichletPriors:
    r"""Independent Dirichlet priors of every arm, group, stratum and period: the conjugate model.

    The probabilities of leaving by each cause and of staying in a period are
    :math:`\text{Dirichlet}(w h, \ldots, w h, w (1 - K h))` for *K* causes: nothing is shared
    between periods or arms, so that the posterior is exact and follows the data closely.

    Parameters
    ----------
    hazard
        Prior mean *h* of each cause's probability of leaving in a period.
    weight
        What the prior is worth, in people at risk in each period.

    Examples
    --------
    >>> DirichletPriors().alpha(2).round(3).tolist()
    [0.05, 0.05, 0.9]
    """

    hazard: float = 0.05
    weight: float = 1.0
    type: Literal["dirichlet"] = field(default="dirichlet", kw_only=True)

    def __post_init__(self) -> None:
        _require_positive(self)

    def alpha(self, causes: int) -> Array:
        """Return the parameters: each cause, then staying."""
        leave = _leaving(self.hazard, causes, "hazard")
        return self.weight * np.array([self.hazard] * causes + [1 - leave])


type DurationPriors = Annotated[HazardPriors | DirichletPriors, Field(discriminator="type")]


def base_level(priors: HazardPriors, causes: int) -> float:
    """Return the log odds of leaving by one of the causes, against staying."""
    leave = _leaving(priors.base_hazard, causes, "base_hazard")
    return float(np.log(priors.base_hazard / (1 - leave)))


def _leaving(hazard: float, causes: int, key: str) -> float:
    if not hazard * causes < 1:
        raise InputError(
            f"{causes} causes leave nobody to stay",
            key=key,
            seen=hazard,
            fix=f"give less than {1 / causes:.3g}",
        )
    return hazard * causes


def _require_positive(priors: object) -> None:
    for f in fields(priors):  # type: ignore[arg-type]
        value = getattr(priors, f.name)
        if isinstance(value, float | int) and not value > 0:
            raise InputError("this must be above 0", key=f.name, seen=value)

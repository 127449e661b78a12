"""A look at data that are still growing: the probability that a trigger will be met."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from impactmodel.core.distribution import Normal
from impactmodel.core.errors import InputError
from impactmodel.effects.arms import CountedArm
from impactmodel.effects.priors import BetaPriors

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SoFar:
    """Both arms at a look, and the people still to come.

    Parameters
    ----------
    treated, comparison
        Events and people so far.
    treated_to_come, comparison_to_come
        People whose outcome is not known yet.
    """

    treated: CountedArm
    comparison: CountedArm
    treated_to_come: int
    comparison_to_come: int

    def __post_init__(self) -> None:
        for key in ("treated_to_come", "comparison_to_come"):
            if getattr(self, key) < 0:
                raise InputError("this must not be negative", key=key, seen=getattr(self, key))


def predictive_probability(
    seen: SoFar,
    trigger: Callable[[Array, Array], npt.NDArray[np.bool_]] | float,
    *,
    priors: tuple[BetaPriors, BetaPriors] | None = None,
) -> float:
    """Return the probability that a trigger is met at the end, given what is seen at a look.

    Events still to come are beta-binomial in each arm; every final table is weighed, exactly.

    Parameters
    ----------
    seen
        The data so far.
    trigger
        Threshold of the final difference in shares, or a function of final events of the treated
        (column) and of the comparison (row) that says whether it is met.
    priors
        Of the treated's and the comparison's share; uniform by default.

    Raises
    ------
    InputError
        If the function does not answer for every table.

    References
    ----------
    Lee and Liu (2008), Clinical Trials 5(2), https://doi.org/10.1177/1740774508089279.

    Examples
    --------
    >>> done = SoFar(CountedArm("t", 10, 6), CountedArm("c", 10, 4), 0, 0)
    >>> predictive_probability(done, 0.1), predictive_probability(done, 0.3)
    (1.0, 0.0)
    """
    from scipy import stats

    uniform = BetaPriors()
    own = priors or (uniform, uniform)
    final, mass = [], []
    for arm, to_come, prior in zip(
        (seen.treated, seen.comparison),
        (seen.treated_to_come, seen.comparison_to_come),
        own,
        strict=True,
    ):
        more = np.arange(to_come + 1)
        a = prior.events + arm.events
        b = prior.non_events + arm.people - arm.events
        final.append((arm.events + more).astype(np.float64))
        mass.append(stats.betabinom.pmf(more, to_come, a, b) if to_come else np.ones(1))
    if isinstance(trigger, (int, float)):
        people = (
            seen.treated.people + seen.treated_to_come,
            seen.comparison.people + seen.comparison_to_come,
        )
        # A difference that is the threshold up to rounding reaches it.
        gap = final[0][:, None] / people[0] - final[1] / people[1]
        met = np.asarray(gap >= trigger - 1e-12)
    else:
        met = np.asarray(trigger(final[0][:, None], final[1][None, :]))
        met = np.broadcast_to(met, np.broadcast_shapes(met.shape, (len(final[0]), len(final[1]))))
    if met.shape != (len(final[0]), len(final[1])) or met.dtype != np.bool_:
        raise InputError(
            "a trigger says yes or no for every final table",
            key="trigger",
            seen=f"{met.dtype} of shape {met.shape}",
        )
    return float(mass[0] @ met @ mass[1])


def predictive_probability_of_difference(
    estimate: float,
    error: float,
    final_error: float,
    threshold: float,
    *,
    prior: Normal | None = None,
) -> float:
    r"""Return the probability that a final difference reaches a threshold, given a look at it.

    With *t* the share of the final information that is in, and :math:`m, v` the posterior mean and
    variance of the effect, the final difference is
    :math:`N(t\,d + (1 - t)\,m,\; (1 - t)^2 v + (1 - t)\,SE_{final}^2)`.

    Parameters
    ----------
    estimate, error
        The difference so far and its standard error.
    final_error
        Standard error of the difference at the end.
    threshold
        Of the final difference.
    prior
        Of the effect; None: flat.

    Raises
    ------
    InputError
        If the final error is not the smaller one.

    Examples
    --------
    An estimate at the threshold stays on its side with probability one half.

    >>> predictive_probability_of_difference(0.1, 0.05, 0.03, 0.1)
    0.5
    """
    if not 0 < final_error < error:
        raise InputError(
            "the final error is above 0 and below the error so far",
            key="final_error",
            seen=final_error,
        )
    share = (final_error / error) ** 2
    mean, variance = estimate, error**2
    if prior is not None:
        precision = error**-2 + prior.sd**-2
        mean = (estimate / error**2 + prior.mean / prior.sd**2) / precision
        variance = 1 / precision
    centre = share * estimate + (1 - share) * mean
    spread = (1 - share) ** 2 * variance + (1 - share) * final_error**2
    return float(special.ndtr((centre - threshold) / math.sqrt(spread)))

"""How alike two weighted arms are: standardised differences, variance ratios, effective sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Balance:
    """One covariate of the treated and of comparison people, before and after weighting.

    Parameters
    ----------
    covariate, group
        Its name, and the group it was compared in (``all`` where groups are together).
    treated, before, after
        Mean of the treated, and of comparison people with equal and with the frozen weights.
    difference_before, difference_after
        (mean of treated - mean of comparison) / sd of the treated.
    variance_ratio
        Variance of the treated over the weighted variance of comparison people.
    held_out
        Whether the weights leave it out, so that it tests them.
    """

    covariate: str
    group: str
    treated: float
    before: float
    after: float
    difference_before: float
    difference_after: float
    variance_ratio: float
    held_out: bool


def weighted_mean(values: Array, weights: Array) -> float:
    """Return the mean of values with weights that need not sum to one."""
    return float(weights @ values / weights.sum())


def weighted_variance(values: Array, weights: Array) -> float:
    """Return the variance around the weighted mean, weights taken as shares of a population."""
    return weighted_mean((values - weighted_mean(values, weights)) ** 2, weights)


def effective_size(weights: Array, people: Array) -> float:
    r"""Return Kish's effective sample size :math:`(\sum w)^2 / \sum w^2` over people.

    Examples
    --------
    >>> effective_size(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    1.6
    """
    total = float(people @ weights)
    return total**2 / float(people @ weights**2)


def sd_of_treated(values: Array, people: Array) -> float:
    """Return the standard deviation (n - 1) that differences are divided by."""
    n = float(people.sum())
    return float(np.sqrt(weighted_variance(values, people) * n / (n - 1.0)))


def standardised_difference(
    values: Array, treated: npt.NDArray[np.bool_], people: Array, weights: Array
) -> float:
    """Return (mean of treated - mean of comparison) / sd of the treated.

    Parameters
    ----------
    values, people, weights
        Value, number of people and weight of one person in each row.
    treated
        Arm of each row.

    Returns
    -------
    float
        The sd is that of all treated people, n - 1, without weights. Where they have none, that
        of comparison people.

    Examples
    --------
    Means 2 and 1, and the sd of (1, 3) is the square root of 2.

    >>> values, treated = np.array([1.0, 3.0, 1.0]), np.array([True, True, False])
    >>> round(standardised_difference(values, treated, np.ones(3), np.ones(3)), 6)
    0.707107
    """
    use = people * weights
    gap = weighted_mean(values[treated], use[treated]) - weighted_mean(
        values[~treated], use[~treated]
    )
    sd = sd_of_treated(values[treated], people[treated])
    if not sd > 0:
        sd = sd_of_treated(values[~treated], people[~treated])
    return gap / sd if sd > 0 else 0.0


def compare_arms(
    name: str,
    values: Array,
    arms: tuple[npt.NDArray[np.bool_], Array, Array],
    *,
    group: str = "all",
    held_out: bool = False,
) -> Balance:
    """Return the balance of one covariate.

    Parameters
    ----------
    values
        Of each row.
    arms
        Arm, number of people and frozen weight of one person of each row.
    """
    treated, people, weights = arms
    use = people * weights
    after = weighted_variance(values[~treated], use[~treated])
    before = weighted_variance(values[treated], use[treated])
    return Balance(
        covariate=name,
        group=group,
        treated=weighted_mean(values[treated], use[treated]),
        before=weighted_mean(values[~treated], people[~treated]),
        after=weighted_mean(values[~treated], use[~treated]),
        difference_before=standardised_difference(values, treated, people, np.ones_like(people)),
        difference_after=standardised_difference(values, treated, people, weights),
        variance_ratio=before / after if after > 0 else float("inf"),
        held_out=held_out,
    )

"""Cream-skimming: whether those enrolled had better chances than those who could have been."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import ndtr

from impactmodel.core.errors import InputError


@dataclass(frozen=True, slots=True)
class CreamSkimming:
    """The chances of the enrolled against those of the eligible.

    Parameters
    ----------
    enrolled, eligible
        Mean chance without the programme, of those enrolled and of all eligible.
    standard_error
        Of the enrolled's mean, had they been drawn at random from the eligible.
    probability
        P(a mean at least as high | enrolled at random).
    gross_units
        Outcomes over the cohort that come from the better mix alone: what a gross rate card pays
        for it is this times the price.
    """

    enrolled: float
    eligible: float
    standard_error: float
    probability: float
    gross_units: float


def cream_skimming(
    enrolled: Mapping[str, int], eligible: Mapping[str, int], chance: Mapping[str, float]
) -> CreamSkimming:
    r"""Compare the mix of the enrolled with that of the eligible.

    With shares of strata :math:`e_s` (enrolled) and :math:`p_s` (eligible) and chances
    :math:`c_s` of the outcome without the programme, the difference is
    :math:`\sum_s (e_s - p_s) c_s`. Had the *n* enrolled been drawn at random without replacement
    from the *N* eligible, its variance would be
    :math:`\frac{S^2}{n} \frac{N - n}{N}` with :math:`S^2 = \frac{N}{N-1} \sum_s p_s (c_s -
    \bar c)^2`; the probability is that of a normal.

    Parameters
    ----------
    enrolled, eligible
        People by stratum; the enrolled are among the eligible.
    chance
        Chance of the outcome without the programme by stratum, such as a published rate.

    Raises
    ------
    InputError
        If a stratum has no chance, or more people are enrolled in it than are eligible.

    Assumptions
    -----------
    Strata hold all that matters: skimming within a stratum is not seen. Referral rules of the
    contract may explain a difference.

    Examples
    --------
    >>> found = cream_skimming({"easy": 60, "hard": 40}, {"easy": 500, "hard": 500},
    ...     {"easy": 0.6, "hard": 0.2})
    >>> (round(found.enrolled, 3), found.eligible, round(found.gross_units, 6))
    (0.44, 0.4, 4.0)
    """
    for stratum, people in enrolled.items():
        if people > eligible.get(stratum, 0):
            raise InputError(
                f"more people of '{stratum}' are enrolled than are eligible",
                key="enrolled",
                seen=people,
            )
    for stratum in eligible:
        if stratum not in chance:
            raise InputError("a stratum has no chance", key="chance", seen=stratum, fix="add it")
    n, total = sum(enrolled.values()), sum(eligible.values())
    if n < 1 or total < 2:
        raise InputError("nobody is enrolled or eligible", key="enrolled", seen=n)
    mean = sum(people * chance[s] for s, people in eligible.items()) / total
    own = sum(people * chance[s] for s, people in enrolled.items()) / n
    spread = sum(people * (chance[s] - mean) ** 2 for s, people in eligible.items()) / (total - 1)
    error = math.sqrt(spread / n * (total - n) / total)
    gap = own - mean
    probability = float(ndtr(-gap / error)) if error > 0 else float(gap <= 0)
    return CreamSkimming(own, mean, error, probability, n * gap)

"""Checks of priors: whether they conflict with the data, and how much they decide the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.effects.checks import Check

type Array = npt.NDArray[np.float64]

CONFLICT_LIMIT = 0.005
"""Below this two-sided tail probability under the prior, data and prior are said to conflict."""
SHIFT_LIMIT = 0.5
"""Above this shift of the mean, in posterior sds, a prior is said to decide the answer."""
_LEAST_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """Mean and sd of one quantity under one prior."""

    prior: str
    mean: float
    sd: float


def two_sided(observed: float, replicated: Array) -> float:
    """Return the two-sided tail probability of a number among draws of it.

    Examples
    --------
    >>> two_sided(3.0, np.array([0.0, 1.0, 2.0, 3.0]))
    0.5
    """
    above = float(np.mean(replicated >= observed))
    below = float(np.mean(replicated <= observed))
    return min(1.0, 2 * min(above, below))


def prior_data_conflict(
    name: str, observed: float, replicated: Array, *, limit: float = CONFLICT_LIMIT
) -> Check:
    """Check a statistic of the data against what priors and sampling error would give.

    Parameters
    ----------
    name
        What the statistic is, in words.
    observed
        Its value in the data.
    replicated
        Draws of it: parameters from the priors, data given the parameters (draw).
    limit
        Two-sided tail probability below which the check fails.

    References
    ----------
    Box (1980), https://doi.org/10.2307/2982063; Evans and Moshonov (2006),
    https://doi.org/10.1214/06-BA129.

    Examples
    --------
    >>> draws = np.random.default_rng(1).standard_normal(10_000)
    >>> prior_data_conflict("effect", 5.0, draws).passed
    False
    """
    tail = two_sided(observed, replicated)
    text = f"{name}: two-sided prior predictive probability {tail:.3f} (limit {limit:g})"
    low, middle, high = (float(q) for q in np.quantile(replicated, [0.025, 0.5, 0.975]))
    table = (("observed", "prior 2.5 %", "prior median", "prior 97.5 %"),)
    row: tuple[str | float, ...] = (observed, low, middle, high)
    return Check(f"prior-data conflict: {name}", tail >= limit, text, (*table, row))


def prior_sensitivity(name: str, answers: Sequence[Answer], *, limit: float = SHIFT_LIMIT) -> Check:
    """Check how far the answer moves under other priors.

    Parameters
    ----------
    name
        The quantity, in words.
    answers
        The answer under the prior that was used first, then under others.
    limit
        Largest shift of the mean, in posterior sds under the first prior, that passes.

    Raises
    ------
    InputError
        If there is nothing to compare.

    Examples
    --------
    >>> narrow, wide = Answer("N(0, 1)", 1.0, 1.0), Answer("N(0, 2)", 1.2, 1.0)
    >>> prior_sensitivity("effect", [narrow, wide]).text
    'effect: another prior moves its mean by 0.20 posterior sds at most (limit 0.5)'
    """
    if len(answers) < 2:
        raise InputError("a comparison of priors needs two or more", key="answers")
    used = answers[0]
    shift = max(abs(a.mean - used.mean) for a in answers[1:]) / used.sd
    text = f"{name}: another prior moves its mean by {shift:.2f} posterior sds at most"
    rows = tuple((a.prior, a.mean, a.sd) for a in answers)
    return Check(
        f"prior sensitivity: {name}",
        shift <= limit,
        f"{text} (limit {limit:g})",
        (("prior", "mean", "sd"), *rows),
    )


def power_scaled(
    name: str, values: Array, log_prior: Array, *, limit: float = SHIFT_LIMIT
) -> Check:
    r"""Check prior sensitivity from draws: the prior to the power 1/2 and 2, by weights.

    .. math:: w_i \propto p(\theta_i)^{\alpha - 1}

    For a normal prior the power :math:`\alpha` divides its sd by :math:`\sqrt\alpha`.

    Parameters
    ----------
    name
        The quantity, in words.
    values
        Posterior draws of it (draw).
    log_prior
        Log prior density of each draw's parameters, up to a constant (draw).
    limit
        As in `prior_sensitivity`.

    Returns
    -------
    Check
        It informs only where the weights leave less than a tenth of the draws' information.

    References
    ----------
    Kallioinen et al. (2024), https://doi.org/10.1007/s11222-023-10366-5.
    """
    if values.shape != log_prior.shape:
        raise InputError(
            "each draw needs its log prior", key="log_prior", seen=f"{log_prior.shape}"
        )
    answers, least = [Answer("as used", float(values.mean()), float(values.std()))], 1.0
    for power in (0.5, 2.0):
        log = (power - 1) * log_prior
        w = np.exp(log - log.max())
        w /= w.sum()
        mean = float(w @ values)
        answers.append(Answer(f"power {power:g}", mean, float(np.sqrt(w @ (values - mean) ** 2))))
        least = min(least, 1 / float(w @ w) / len(w))
    made = prior_sensitivity(name, answers, limit=limit)
    if least >= _LEAST_WEIGHT:
        return made
    text = f"{made.text}; too few draws under other priors to judge ({least:.0%} of information)"
    return Check(made.name, None, text, made.table)

"""What a policy gains: differences to a named baseline, paired person by person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from impactmodel.core.errors import InputError
from impactmodel.core.summary import check_prob
from impactmodel.effects.clustered import clustered_covariance
from impactmodel.evidence.columns import Labels

type Values = npt.NDArray[np.float64]

THOUSAND = 1000.0


@dataclass(frozen=True, slots=True)
class PolicyGain:
    """Gain of a policy over a baseline per 1,000 people.

    Parameters
    ----------
    policy, baseline
        Names.
    gain, se
        Mean difference and its standard error, per 1,000 people.
    people
        Behind the estimate.
    """

    policy: str
    baseline: str
    gain: float
    se: float
    people: int

    def interval(self, prob: float = 0.95) -> tuple[float, float]:
        """Return the normal interval of a probability."""
        half = float(special.ndtri((1 + check_prob(prob)) / 2)) * self.se
        return self.gain - half, self.gain + half


def policy_gain(
    policy: tuple[str, Values],
    baseline: tuple[str, Values],
    contrasts: Values,
    clusters: Sequence[Labels] = (),
) -> PolicyGain:
    r"""Estimate the gain of one policy over another on people that neither was chosen on.

    .. math:: \hat\Delta = \frac{1}{n} \sum_i \sum_s (\pi_{is} - \pi^0_{is})(\psi_{is} - \psi_{i0})

    The scores are doubly robust; a person whom both policies treat alike adds nothing to the
    error, which is why differences are paired. The policy must have been chosen on other people:
    a gain on its own data is too high.

    Parameters
    ----------
    policy, baseline
        Name and chance of each service (person, service); a baseline of zeros is no service.
    contrasts
        Scores of services less those of none (person, service), see
        `impactmodel.effects.arm_scores.ArmScores.contrasts`; or, in a synthetic world, true
        effects.
    clusters
        Up to two codes of people whose errors hang together.

    Raises
    ------
    InputError
        If shapes differ, or chances are below 0 or add up to more than 1.

    References
    ----------
    Athey and Wager (2021), Econometrica 89(1), doi:10.3982/ECTA15732.

    Examples
    --------
    >>> scores, none = np.array([[0.1], [0.3], [-0.1], [0.1]]), np.zeros((4, 1))
    >>> everybody = policy_gain(("all", np.ones((4, 1))), ("none", none), scores)
    >>> round(everybody.gain, 6), round(everybody.se, 3)
    (100.0, 81.65)
    """
    for name, chance in (policy, baseline):
        if chance.shape != contrasts.shape:
            raise InputError("policy and scores have other shapes", key=name, seen=chance.shape)
        if (chance < -1e-12).any() or (chance.sum(axis=1) > 1 + 1e-9).any():
            raise InputError("a person's chances are at least 0 and add up to at most 1", key=name)
    per_person = ((policy[1] - baseline[1]) * contrasts).sum(axis=1)
    n = len(per_person)
    mean = per_person.mean()
    variance = clustered_covariance(((per_person - mean) / n)[:, None], clusters)[0, 0]
    return PolicyGain(
        policy[0], baseline[0], THOUSAND * float(mean), THOUSAND * float(np.sqrt(variance)), n
    )


def gain_draws(policy: Values, baseline: Values, effect: Values, membership: Values) -> Values:
    """Return draws of the gain per 1,000 people from draws of effects by group (draw,).

    Parameters
    ----------
    policy, baseline
        Chance of each service (person, service).
    effect
        Draws (draw, service, group).
    membership
        Chance of each group (person, group).

    Examples
    --------
    >>> gain_draws(np.ones((2, 1)), np.zeros((2, 1)), np.array([[[0.1]]]), np.ones((2, 1))).round(6)
    array([100.])
    """
    moved = (policy - baseline).T @ membership / len(policy)
    return np.asarray(THOUSAND * np.einsum("dsg,sg->d", effect, moved))

"""Doubly robust scores of several arms: what each person would reach in each, cross-fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.effects.multinomial import multinomial

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ArmScores:
    """Scores of every person in every arm.

    Parameters
    ----------
    arm
        Arm of each person.
    propensity
        Chance of each arm (person, arm), from people of other folds.
    predicted
        Predicted outcome (person, arm, outcome), from people of other folds.
    scores
        Doubly robust score (person, arm, outcome): its mean over people is the mean outcome had
        all of them been in that arm.
    """

    arm: Codes
    propensity: Array
    predicted: Array
    scores: Array

    @property
    def contrasts(self) -> Array:
        """Score of each arm less that of arm 0 (person, arm but the first, outcome)."""
        return np.asarray(self.scores[:, 1:] - self.scores[:, :1])

    def __repr__(self) -> str:
        people, arms, outcomes = self.scores.shape
        return f"ArmScores({people} people, {arms} arms, {outcomes} outcomes)"


def folds_of(arm: Codes, count: int, rng: np.random.Generator, cluster: Codes | None) -> Codes:
    """Put people into folds at random: evenly within arms, or whole clusters together.

    Raises
    ------
    InputError
        With fewer than two folds, or fewer clusters or people of an arm than folds.
    """
    if count < 2:
        raise InputError("cross-fitting needs two folds or more", key="folds", seen=count)
    fold = np.empty(len(arm), dtype=np.intp)
    if cluster is not None:
        names, inverse = np.unique(cluster, return_inverse=True)
        if len(names) < count:
            raise InputError("there are fewer clusters than folds", key="folds", seen=count)
        return np.asarray(rng.permutation(len(names))[inverse] % count, dtype=np.intp)
    for level in np.unique(arm):
        rows = rng.permutation(np.flatnonzero(arm == level))
        if len(rows) < count:
            raise InputError("an arm has fewer people than folds", key="folds", seen=len(rows))
        fold[rows] = np.arange(len(rows)) % count
    return fold


def arm_scores(x: Array, arm: Codes, y: Array, fold: Codes, ridge: float = 1.0) -> ArmScores:
    r"""Score every person in every arm by augmented inverse probability weighting.

    .. math:: \psi_{ia} = m_a(x_i) + \frac{1[A_i = a]}{e_a(x_i)} (Y_i - m_a(x_i))

    with a logit of the outcome among people of each arm for :math:`m_a` and a multinomial logit
    of the arm for :math:`e_a`, both fitted to the other folds. The mean of
    :math:`\psi_{ia} - \psi_{i0}` is the average effect of arm *a* if whatever decides on both arm
    and outcome is among the columns (no unmeasured confounding), everybody could have been in
    either arm (overlap), and one of the two models is right.

    Parameters
    ----------
    x
        Columns (person, column), without an intercept.
    arm
        Arm of each person, 0 being the comparison.
    y
        Outcomes of 0 and 1 (person, outcome).
    fold
        Fold of each person.
    ridge
        Of the logits, see `impactmodel.effects.multinomial.multinomial`.

    Raises
    ------
    NotIdentifiedError
        If a fold's others lack an arm.

    References
    ----------
    Robins, Rotnitzky and Zhao (1994), JASA 89(427), doi:10.1080/01621459.1994.10476818;
    Chernozhukov et al. (2018), Econometrics Journal 21(1), doi:10.1111/ectj.12097.

    Examples
    --------
    Without anything to adjust for, the scores average to the means of the arms.

    >>> arm, y = np.arange(80) % 2, (np.arange(80) % 4 == 1) * 1.0
    >>> made = arm_scores(np.zeros((80, 1)), arm, y[:, None], np.arange(80) // 2 % 4)
    >>> made.scores.mean(axis=0)[:, 0].round(6).tolist()
    [0.0, 0.5]
    """
    arms = int(arm.max()) + 1
    propensity = np.empty((len(x), arms))
    predicted = np.empty((len(x), arms, y.shape[1]))
    for k in np.unique(fold):
        here, other = fold == k, fold != k
        if len(np.unique(arm[other])) < arms:
            raise NotIdentifiedError(
                "an arm has no people outside one of the folds; leave it out or use fewer folds"
            )
        propensity[here] = multinomial(x[other], arm[other], arms, ridge).chances(x[here])
        for a in range(arms):
            own = other & (arm == a)
            for j in range(y.shape[1]):
                predicted[here, a, j] = _chance(x[own], y[own, j], x[here], ridge)
    scores = predicted.copy()
    rows = np.arange(len(x))
    own_chance = propensity[rows, arm][:, None]
    scores[rows, arm] += (y - predicted[rows, arm]) / own_chance
    return ArmScores(arm, propensity, predicted, scores)


def _chance(x: Array, y: Array, to: Array, ridge: float) -> Array:
    """Return the predicted chance; where all or none have the outcome, it has no model."""
    if y.min() == y.max():
        return np.full(len(to), y[0])
    return np.asarray(multinomial(x, y.astype(np.intp), 2, ridge).chances(to)[:, 1])

"""What helps whom: the effect of each service by group, doubly robust, with honest errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.effect_inputs import Served
from impactmodel.clients.effect_overlap import Overlap
from impactmodel.clients.membership import Membership
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.spec import spec
from impactmodel.effects.arm_scores import ArmScores, arm_scores, folds_of
from impactmodel.effects.clustered import clustered_covariance

type Matrix = npt.NDArray[np.float64]
type Mask = npt.NDArray[np.bool_]


@spec
class EffectDesign:
    """How effects are estimated.

    Parameters
    ----------
    folds
        Of the cross-fitting; clusters stay together.
    ridge
        Of the logits of service and outcome on standardised columns.
    threshold
        A chance of a service, or of none, below this is outside the overlap.
    tolerated
        Share of a group's people outside that stops the estimate.
    trim
        Whether people outside are left out first. The effects are then those of people who could
        have had any of the services.
    least
        People that a service needs in a group for an estimate of its own there; with fewer, only
        what is known of other groups and services speaks.

    Raises
    ------
    InputError
        If a number is out of its range.
    """

    folds: int = 5
    ridge: float = 1.0
    threshold: float = 0.01
    tolerated: float = 0.05
    trim: bool = False
    least: int = 30

    def __post_init__(self) -> None:
        limits = {
            "folds": self.folds >= 2,
            "ridge": self.ridge >= 0,
            "threshold": 0 < self.threshold < 0.5,
            "tolerated": 0 <= self.tolerated < 1,
            "least": self.least >= 5,
        }
        for key, sound in limits.items():
            if not sound:
                raise InputError("this is out of its range", key=key, seen=getattr(self, key))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class GroupEffects:
    r"""Estimated effects on one outcome, before pooling.

    Parameters
    ----------
    services, groups, outcome
        Names; services without the one that means none.
    effect
        Mean difference to no service over all people of a group (service, group); NaN where the
        service had too few people there.
    without
        Mean outcome without service (group).
    covariance
        Of ``[without, effect]``, flattened: first the groups' means without service, then service
        by service. It holds what effects share: the comparison group.
    people
        People of each group, by chance of membership.
    overlap
        Who could have had what.
    left_out
        People that were trimmed.
    """

    services: tuple[str, ...]
    groups: tuple[str, ...]
    outcome: str
    effect: Matrix
    without: Matrix
    covariance: Matrix
    people: Matrix
    overlap: Overlap
    left_out: int

    @property
    def se(self) -> Matrix:
        """Standard errors of the effects (service, group)."""
        variance = np.diag(self.covariance)[len(self.groups) :]
        return np.asarray(np.sqrt(variance).reshape(self.effect.shape))

    def __repr__(self) -> str:
        return (
            f"GroupEffects({self.outcome}; services {', '.join(self.services)}; "
            f"{len(self.groups)} groups, {self.people.sum():.0f} people)"
        )


def scores_of(served: Served, design: EffectDesign, seed: int) -> tuple[ArmScores, Mask]:
    """Score people in every service, and say who is kept.

    The scores are of the people kept only. With trimming, people outside the overlap are found
    with cross-fitted chances, and the rest is fitted again.

    Raises
    ------
    InputError
        With too few people of a service for the folds.
    """
    kept = np.ones(served.size, dtype=bool)
    made = _scored(served, design, seed)
    if design.trim:
        kept = (made.propensity >= design.threshold).all(axis=1)
        if not kept.all():
            made = _scored(served.take(kept), design, seed)
    return made, kept


def effects_by_group(
    served: Served, groups: Membership, design: EffectDesign | None = None, *, seed: int = 0
) -> tuple[GroupEffects, ...]:
    r"""Estimate the effect of each service on each outcome in each group.

    .. math:: \hat\tau_{sg} = \frac{\sum_i w_{ig} (\psi_{is} - \psi_{i0})}{\sum_i w_{ig}}

    with the doubly robust scores of `impactmodel.effects.arm_scores.arm_scores` and membership
    *w*. With chances of latent classes it is the effect among people weighted by their chance.

    Returns
    -------
    One result per outcome.

    Raises
    ------
    NotIdentifiedError
        Without overlap.
    InputError
        If shapes differ.

    Notes
    -----
    Assumes that everything by which people were chosen and that bears on the outcome is among the
    columns. Where caseworkers know more, see `impactmodel.clients.effect_hidden`.
    """
    design = design or EffectDesign()
    if len(groups.weights) != served.size:
        raise InputError("groups and people differ in number", seen=len(groups.weights))
    made, kept = scores_of(served, design, seed)
    weights = groups.weights[kept]
    if (weights.sum(axis=0) <= 0).any():
        raise InputError("a group has nobody", key="groups", fix="leave it out, or trim less")
    overlap = Overlap.of(made, weights, served.services, groups.groups, design.threshold)
    overlap.require(design.tolerated)
    clusters = tuple(code[kept] for code in served.clusters)
    enough = overlap.people[1:] >= design.least
    out = []
    for j, name in enumerate(served.outcomes):
        mean, influence = group_means(made.scores[:, :, j], weights)
        covariance = clustered_covariance(influence, clusters)
        gap = np.concatenate([np.zeros(len(groups.groups), dtype=bool), ~enough.ravel()])
        covariance[gap] = np.nan
        covariance[:, gap] = np.nan
        out.append(
            GroupEffects(
                services=served.services[1:],
                groups=groups.groups,
                outcome=name,
                effect=np.where(enough, mean[1:], np.nan),
                without=mean[0],
                covariance=covariance,
                people=weights.sum(axis=0),
                overlap=overlap,
                left_out=int((~kept).sum()),
            )
        )
    return tuple(out)


def group_means(scores: Matrix, weights: Matrix) -> tuple[Matrix, Matrix]:
    """Return the mean without service and the effects, with each person's share in their errors.

    Parameters
    ----------
    scores
        Doubly robust (person, service), no service first.
    weights
        Membership (person, group).

    Returns
    -------
    tuple of arrays
        Means (1 + service, group), and influence (person, (1 + service) x group).

    Examples
    --------
    >>> mean, influence = group_means(np.array([[0.0, 1.0], [1.0, 1.0]]), np.ones((2, 1)))
    >>> mean.tolist(), influence.tolist()
    ([[0.5], [0.5]], [[-0.25, 0.25], [0.25, -0.25]])
    """
    values = np.column_stack([scores[:, :1], scores[:, 1:] - scores[:, :1]])
    share = weights / weights.sum(axis=0)
    mean = values.T @ share
    influence = share[:, None, :] * (values[:, :, None] - mean)
    return mean, influence.reshape(len(scores), -1)


def _scored(served: Served, design: EffectDesign, seed: int) -> ArmScores:
    rng = stream(seed, "effects", "folds")
    cluster = served.clusters[0] if served.clusters else None
    fold = folds_of(served.service, design.folds, rng, cluster)
    return arm_scores(served.x, served.service, served.y, fold, design.ridge)

"""Draws of the effects by service and group, pooled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.effect_groups import GroupEffects
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.effects.joint_pooling import JointPrior, pool_jointly
from impactmodel.evidence.columns import frozen

type Draws = npt.NDArray[np.float64]

NOTHING_HIDDEN = "whatever decided on service and outcome is among the recorded columns"
"""What is assumed of effects from which no hidden bias was taken."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class EffectDraws:
    """Draws of effects and of the chance without service, by group.

    Parameters
    ----------
    services, groups, outcome
        Names; services without the one that means none.
    effect
        Change of the chance by a service (draw, service, group).
    without
        Chance without service (draw, group).
    people
        People of each group behind the estimate.
    assumptions
        Statements that every output must repeat.
    """

    services: tuple[str, ...]
    groups: tuple[str, ...]
    outcome: str
    effect: Draws
    without: Draws
    people: Draws
    assumptions: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.effect)
        if self.effect.shape != (n, len(self.services), len(self.groups)):
            raise InputError(
                "effects have the shape (draw, service, group)", seen=self.effect.shape
            )
        if self.without.shape != (n, len(self.groups)):
            raise InputError("chances have the shape (draw, group)", seen=self.without.shape)
        for values in (self.effect, self.without, self.people):
            frozen(values)

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return len(self.effect)

    def service(self, name: str) -> int:
        """Return the place of a service; raise `InputError` if it is not here."""
        if name not in self.services:
            raise InputError(
                "no such service",
                key="service",
                seen=name,
                fix=f"one of {', '.join(self.services)}",
            )
        return self.services.index(name)

    def __repr__(self) -> str:
        return (
            f"EffectDraws({self.outcome}; {self.n_draws} draws; services "
            f"{', '.join(self.services)}; {len(self.groups)} groups)"
        )


def pooled(
    found: GroupEffects, prior: JointPrior | None = None, *, draws: int = 2000, seed: int = 0
) -> EffectDraws:
    r"""Draw effects that are drawn towards each other across groups and services.

    Effects follow the hierarchy of `impactmodel.effects.joint_pooling`, whose likelihood has the
    covariance of all estimates: those of different services share a group's people without
    service, so that an unlucky comparison moves them together. The chance without service is then
    drawn given the effects, from the joint normal of the estimates:

    .. math:: p_0 \mid \tau \sim N(\hat p_0 + C V^{-1} (\tau - \hat\tau),\; V_0 - C V^{-1} C')

    Raises
    ------
    InputError
        If no effect was estimated.

    Notes
    -----
    The normal likelihood holds for means over at least some dozens of people.
    """
    prior = prior or JointPrior()
    groups = len(found.groups)
    cov = found.covariance
    model = pool_jointly(found.effect, cov[groups:, groups:], prior)
    rng = stream(seed, "effects", "pooled", found.outcome)
    effect = model.draw(draws, rng)
    known = np.flatnonzero(np.isfinite(found.effect.ravel()))
    v = cov[np.ix_(groups + known, groups + known)]
    across = cov[:groups][:, groups + known]
    gain = across @ np.linalg.pinv(v, hermitian=True)
    moved = (effect.reshape(draws, -1)[:, known] - found.effect.ravel()[known]) @ gain.T
    left = cov[:groups, :groups] - gain @ across.T
    values, vectors = np.linalg.eigh((left + left.T) / 2)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    without = found.without + moved + rng.standard_normal((draws, groups)) @ root.T
    names = " and ".join(model.names)
    return EffectDraws(
        found.services,
        found.groups,
        found.outcome,
        effect,
        np.clip(without, 0.0, 1.0),
        found.people.copy(),
        (
            NOTHING_HIDDEN,
            f"effects by service and group are drawn towards each other (spread of {names})",
        ),
    )

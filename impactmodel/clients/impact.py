"""What comes after a policy: expected outcomes by group under the present and a proposed one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from impactmodel.evidence.columns import Labels

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Impact:
    """Expected outcomes and places by group and policy; made by `impact`.

    Parameters
    ----------
    attribute, groups
        What people are grouped by, and its labels; ``groups`` ends with ``Total``.
    people
        (group).
    policies
        Names, the present one first.
    served
        Share that gets a service (policy, group).
    outcome
        Expected share that reaches the target (draw, policy, group).
    """

    attribute: str
    groups: tuple[str, ...]
    people: npt.NDArray[np.int64]
    policies: tuple[str, ...]
    served: Array
    outcome: Array

    def __repr__(self) -> str:
        return (
            f"Impact by {self.attribute}: {len(self.groups)} groups, "
            f"policies {', '.join(self.policies)}, {len(self.outcome)} draws"
        )

    def gain(self, policy: str) -> Array:
        """Return the outcome of a policy less that of the present one, by draw (draw, group).

        Raises
        ------
        InputError
            If no policy has this name.
        """
        if policy not in self.policies:
            raise InputError(
                "no policy has this name",
                key="policy",
                seen=policy,
                fix=f"one of {', '.join(self.policies)}",
            )
        found: Array = self.outcome[:, self.policies.index(policy)] - self.outcome[:, 0]
        return found

    def gap(self) -> Array:
        """Return the largest less the smallest outcome of the groups (draw, policy)."""
        apart = self.outcome[:, :, :-1][..., self.people[:-1] > 0]
        found: Array = apart.max(axis=-1) - apart.min(axis=-1)
        return found


def impact(
    baseline: Iterable[tuple[slice, Array]],
    effects: Array,
    effect_group: Labels,
    policies: Mapping[str, npt.ArrayLike],
    groups: tuple[str, Labels, tuple[str, ...]],
) -> Impact:
    """Return expected outcomes by group under several policies.

    The outcome of a person is the chance without service plus, for each service, the probability
    of getting it times its effect; a group's is the mean over its people. Policies share the
    draws, so that their differences are paired.

    Parameters
    ----------
    baseline
        Chance without service in blocks of people: whose, and (draw, person of block), as
        `impactmodel.clients.chances.Chances.blocks` yields them.
    effects
        (draw, service, effect group), without the service that means none.
    effect_group
        Code of the effect group (person).
    policies
        By name, the present one first: codes of services (person), 0 for none; or probabilities
        (person, 1 + service).
    groups
        Name of the attribute, codes (person) and labels.

    Raises
    ------
    InputError
        If shapes differ, a code has no service, or probabilities do not add up to 1.

    Examples
    --------
    >>> import numpy as np
    >>> chance, effect = np.full((2, 4), 0.5), np.array([[[0.1]], [[0.3]]])
    >>> found = impact([(slice(0, 4), chance)], effect, np.zeros(4, int),
    ...     {"now": [0] * 4, "new": [1, 1, 0, 0]},
    ...     ("sex", np.array([0, 0, 1, 1]), ("woman", "man")))
    >>> found.gain("new").round(3).tolist()
    [[0.1, 0.0, 0.05], [0.3, 0.0, 0.15]]
    """
    attribute, codes, labels = groups
    services, kinds = effects.shape[1:]
    people = len(codes)
    if np.shape(effect_group) != (people,) or not people:
        raise InputError("people differ in number", key="effect_group")
    # (person, group): who is inside, everybody last.
    inside = np.column_stack([codes[:, None] == np.arange(len(labels)), np.ones(people)])
    inside = inside.astype(float)
    sizes = inside.sum(axis=0)
    mean = 1 / np.where(sizes > 0, sizes, np.nan)
    outcome, served = [], []
    for name, given in policies.items():
        chosen = _probabilities(given, people, services, name)
        served.append((1 - chosen[:, 0]) @ inside * mean)
        # (service, effect group, group): weight of each effect in a group's mean.
        share = np.empty((services, kinds, len(sizes)))
        for s, g in np.ndindex(services, len(sizes)):
            weight = chosen[:, 1 + s] * inside[:, g]
            share[s, :, g] = np.bincount(effect_group, weight, minlength=kinds)
        outcome.append(np.einsum("dsk,skg->dg", effects, share) * mean)
    without = _without(baseline, inside, len(effects)) * mean
    return Impact(
        attribute=attribute,
        groups=(*labels, "Total"),
        people=sizes.astype(np.int64),
        policies=tuple(policies),
        served=np.array(served),
        outcome=without[:, None] + np.stack(outcome, axis=1),
    )


def _without(baseline: Iterable[tuple[slice, Array]], inside: Array, draws: int) -> Array:
    """Return sums of chances without service (draw, group)."""
    total = np.zeros((draws, inside.shape[1]))
    seen = np.zeros(len(inside), dtype=bool)
    for part, chance in baseline:
        if len(chance) != draws:
            raise InputError(
                "chances and effects differ in draws",
                key="baseline",
                seen=len(chance),
                fix=f"give {draws}",
            )
        total += chance @ inside[part]
        seen[part] = True
    if not seen.all():
        left = f"{int((~seen).sum())} of {len(seen)} people have no chance"
        raise InputError(left, key="baseline")
    return total


def _probabilities(given: npt.ArrayLike, people: int, services: int, name: str) -> Array:
    values = np.asarray(given)
    if values.ndim == 1 and np.issubdtype(values.dtype, np.integer):
        if len(values) != people or values.min() < 0 or values.max() > services:
            raise InputError("a policy gives each person a code of a service", key=name)
        found: Array = np.eye(1 + services)[values]
        return found
    values = values.astype(float)
    if values.shape != (people, 1 + services):
        raise InputError(
            f"a policy has probabilities (person, {1 + services})", key=name, seen=values.shape
        )
    if (values < 0).any() or not np.allclose(values.sum(axis=1), 1, atol=1e-9):
        raise InputError("probabilities of a person add up to 1", key=name)
    return values

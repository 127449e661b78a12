"""Merging: groups that differ in neither chance nor effect become one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.clients.membership import Membership
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.evidence.columns import Labels, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

type Draws = npt.NDArray[np.float64]
type Alike = Callable[[tuple[int, ...]], float]
"""Probability that all of some groups lie within the tolerances."""

EXACT = 12
"""Up to so many groups every partition is weighed."""


@spec
class Merging:
    """When groups are one.

    Parameters
    ----------
    chance
        Largest difference of chances that does not matter, such as .03 for three points.
    effect
        Largest difference of effects that does not matter, for every service.
    probability
        Least probability that all members of a merged group lie within both, jointly. Groups of
        which little is known stay apart: that they are alike must be known.

    Examples
    --------
    >>> import numpy as np
    >>> chance = np.tile([0.30, 0.31, 0.50], (100, 1))
    >>> effect = np.zeros((100, 1, 3))
    >>> Merging().merge(chance, effect, ("a", "b", "c"))
    Merged(3 groups into 2: a + b; c)
    """

    chance: float = 0.03
    effect: float = 0.02
    probability: float = 0.8

    def __post_init__(self) -> None:
        for key in ("chance", "effect"):
            if getattr(self, key) < 0:
                raise InputError("a tolerance is 0 or more", key=key, seen=getattr(self, key))
        if not 0 < self.probability <= 1:
            raise InputError(
                "a probability above 0, at most 1", key="probability", seen=self.probability
            )

    def merge(self, chance: Draws, effect: Draws, labels: Sequence[str]) -> Merged:
        """Merge into the fewest groups.

        Among partitions of the fewest groups the one whose least probability is largest is taken;
        a tie is decided by the order of the groups. With more than twelve groups the likeliest
        pair of groups is joined again and again, which may leave more groups than need be
        (``exact`` says so).

        Parameters
        ----------
        chance
            Chance (draw, group) under one stated policy.
        effect
            Effect (draw, service, group), the draws of ``chance``; leave no-service out.
        labels
            Name by group.

        Raises
        ------
        InputError
            If shapes do not fit, there is no draw, or a draw is not a number.
        """
        stacked = _stacked(chance, effect, len(labels))
        limits = np.array([self.chance] + [self.effect] * effect.shape[1]) + 1e-12
        known: dict[tuple[int, ...], float] = {}

        def alike(members: tuple[int, ...]) -> float:
            if members not in known:
                part = stacked[:, :, members]
                within = (part.max(axis=2) - part.min(axis=2) <= limits).all(axis=1)
                known[members] = float(within.mean())
            return known[members]

        size = len(labels)
        every = tuple(range(size))
        exact = size <= EXACT
        if alike(every) >= self.probability:
            parts, exact = [every], True
        elif exact:
            parts = _fewest(size, alike, self.probability)
        else:
            parts = _joined(size, alike, self.probability)
        code = np.empty(size, dtype=np.intp)
        for place, members in enumerate(parts):
            code[list(members)] = place
        pairs = np.array([[alike(tuple(sorted({g, h}))) for g in every] for h in every])
        return Merged(
            labels=tuple(" + ".join(labels[g] for g in members) for members in parts),
            code=frozen(code),
            probability=frozen(np.array([alike(members) for members in parts])),
            pairs=frozen(pairs),
            exact=exact,
        )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Merged:
    """Groups after merging, with the evidence.

    Parameters
    ----------
    labels
        Name by merged group.
    code
        Merged group of each group.
    probability
        By merged group: probability that all its members lie within the tolerances; 1 where it
        has one member.
    pairs
        Probability (group, group) that two lie within the tolerances.
    exact
        Whether fewer groups are known to be impossible.
    """

    labels: tuple[str, ...]
    code: Labels
    probability: npt.NDArray[np.float64]
    pairs: npt.NDArray[np.float64]
    exact: bool

    def apply(self, segments: Membership) -> Membership:
        """Return people in the merged groups: memberships add up."""
        member = np.zeros((len(segments.weights), len(self.labels)))
        np.add.at(member.T, self.code, segments.weights.T)
        return Membership(self.labels, frozen(member))

    def __repr__(self) -> str:
        return f"Merged({len(self.code)} groups into {len(self.labels)}: {'; '.join(self.labels)})"


def _fewest(size: int, alike: Alike, least: float) -> list[tuple[int, ...]]:
    """Return the best partition: by the rest of the groups, smallest rest first."""
    near = [
        sum(1 << h for h in range(size) if alike(tuple(sorted({g, h}))) >= least)
        for g in range(size)
    ]
    best: dict[int, tuple[int, float, int]] = {0: (0, -1.0, 0)}
    for rest in range(1, 1 << size):
        lowest = rest & -rest
        choice = (size + 1, 0.0, 0)
        for others in _subsets((rest ^ lowest) & near[lowest.bit_length() - 1]):
            part = lowest | others
            count, worst, _ = best[rest ^ part]
            if count + 1 > choice[0]:
                continue
            sure = alike(_members(part))
            if sure >= least:
                choice = min(choice, (count + 1, max(worst, -sure), part), key=lambda c: c[:2])
        best[rest] = choice
    found, rest = [], (1 << size) - 1
    while rest:
        part = best[rest][2]
        found.append(_members(part))
        rest ^= part
    return sorted(found)


def _subsets(bits: int) -> Iterator[int]:
    """Yield the subsets of a set of bits, the largest first."""
    part = bits
    while True:
        yield part
        if not part:
            return
        part = (part - 1) & bits


def _members(bits: int) -> tuple[int, ...]:
    return tuple(place for place in range(bits.bit_length()) if bits >> place & 1)


def _joined(size: int, alike: Alike, least: float) -> list[tuple[int, ...]]:
    """Return a partition by joining the likeliest two groups while they are alike enough."""
    parts: list[tuple[int, ...]] = [(place,) for place in range(size)]
    while True:
        offers = [
            (-alike(tuple(sorted(one + other))), one, other)
            for place, one in enumerate(parts)
            for other in parts[place + 1 :]
        ]
        sure, one, other = min(offers, default=(0.0, (), ()))
        if -sure < least or not offers:
            return sorted(parts)
        parts = sorted(
            [part for part in parts if part not in (one, other)] + [tuple(sorted(one + other))]
        )


def _stacked(chance: Draws, effect: Draws, groups: int) -> Draws:
    """Return chance and effects (draw, quantity, group)."""
    fits = chance.ndim == 2 and effect.ndim == 3 and len(chance) == len(effect) > 0
    if not fits or chance.shape[1] != groups or effect.shape[2] != groups or not groups:
        raise InputError(
            "draws of chance are (draw, group) and of effect (draw, service, group)",
            seen=f"{chance.shape} and {effect.shape} for {groups} labels",
            fix="give the same draws and groups to both",
        )
    if not (np.isfinite(chance).all() and np.isfinite(effect).all()):
        raise InputError("some draws are not numbers", fix="leave out groups without evidence")
    return np.concatenate([chance[:, None, :], effect], axis=1)

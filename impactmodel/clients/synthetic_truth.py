"""What is true of synthetic clients and recorded nowhere: chances, effects, potential outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.synthetic_chances import (
    Matrix,
    Vector,
    chances,
    chances_on_record,
    kinds_of,
)
from impactmodel.clients.synthetic_paths import (
    Luck,
    cumulative_hazard,
    employed,
    months_to_work,
)
from impactmodel.clients.synthetic_people import People
from impactmodel.evidence.columns import Labels, frozen

type Cube = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Truth:
    """The truth of a synthetic world; an estimator must not see it.

    Parameters
    ----------
    people
        Complete features (person) by name; also ``type`` (latent type) and ``hidden``.
    kind
        Code into ``KINDS`` (person): what decides which service helps.
    chance
        Chance (service, person) of the first target, given all, the hidden too.
    recorded
        The same averaged over the hidden: what the best model of complete records would say.
    assigned
        Chance (service, person) of being assigned each service.
    employed
        Work held (service, person, month) under each service.
    outcomes
        Targets (service, person, target) under each service.
    """

    people: People
    kind: Labels
    chance: Matrix
    recorded: Matrix
    assigned: Matrix
    employed: npt.NDArray[np.bool_]
    outcomes: Cube

    @classmethod
    def of(cls, people: People, shift: Vector, assigned: Matrix, luck: Luck) -> Truth:
        """Work it out; the same luck strikes a person under each service."""
        chance = chances(people, shift)
        work = [months_to_work(people, chance[0], luck, d) for d in range(len(chance))]
        paths = np.stack([employed(start, luck) for start in work])
        half = paths[:, :, :18].sum(axis=2) >= 6
        reached = paths[:, :, :7].sum(axis=2) >= 3
        return cls(
            people=people,
            kind=frozen(kinds_of(people)),
            chance=frozen(chance),
            recorded=frozen(chances_on_record(people, shift)),
            assigned=frozen(assigned),
            employed=frozen(paths),
            outcomes=frozen(np.stack([reached, half], axis=2).astype(np.float64)),
        )

    @property
    def effect(self) -> Matrix:
        """Effect (service, person) on the chance of the first target; the first row is zero."""
        return np.asarray(self.chance - self.chance[0])

    def effect_by_group(self, group: Labels, groups: int) -> Matrix:
        """Return mean effects (service, group) over the people of each group.

        Parameters
        ----------
        group
            Code (person); whoever has -1 is left out.
        groups
            Number of groups; one with nobody in it has NaN.
        """
        inside = group >= 0
        count = np.bincount(group[inside], minlength=groups).astype(np.float64)
        count[count == 0] = np.nan
        sums = [np.bincount(group[inside], row[inside], minlength=groups) for row in self.effect]
        return np.asarray(np.stack(sums) / count)

    def begun(self, month: int) -> Matrix:
        """Return the chance (service, person) that nothing but work ends the spell by a month.

        It is 1 - (1 - p) ** H(month), with H the `cumulative_hazard` of the service; up to month
        four it is the chance that a job has begun. In lock-in it is lower with a service.
        """
        found = np.empty_like(self.chance)
        at = np.array([float(month)])
        for service in range(len(found)):
            hazard = [cumulative_hazard(at, service, kind)[0] for kind in range(4)]
            found[service] = 1 - (1 - self.chance[0]) ** np.take(hazard, self.kind)
        return found

    def __repr__(self) -> str:
        return f"Truth(of {self.chance.shape[1]} synthetic clients, {len(self.chance)} services)"


def expected_auc(score: Vector, chance: Vector) -> float:
    """Return the AUC that a score has on average over outcomes of the given chances.

    It is the chance that of two people, one with the event and one without, the one with it has the
    higher score; ties count half. Of all scores the chance itself has the largest.

    Examples
    --------
    >>> import numpy as np
    >>> round(expected_auc(np.array([1.0, 2.0]), np.array([0.0, 1.0])), 3)
    1.0
    >>> expected_auc(np.array([1.0, 1.0]), np.array([0.2, 0.7]))
    0.5
    """
    _, place = np.unique(score, return_inverse=True)
    with_it = np.bincount(place, chance)
    without = np.bincount(place, 1 - chance)
    below = np.cumsum(without) - without
    pairs = (with_it * (below + without / 2)).sum()
    return float(pairs / (with_it.sum() * without.sum()))

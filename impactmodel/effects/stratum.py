"""People who are compared with each other, and the weights that make them alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.effects.candidates import Candidates
from impactmodel.effects.doubly_robust import DoublyRobust
from impactmodel.effects.entropy_balancing import balancing_weights
from impactmodel.effects.propensity import logistic
from impactmodel.effects.weighting import EntropyBalancing, Weighting

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Stratum:
    """Cells that are compared with each other.

    Parameters
    ----------
    label
        Name of the group, or ``all``.
    cells
        Places of its cells, without those that were trimmed.
    propensity
        Estimated propensity of treatment (cell).
    robust
        The regression that the outcomes will take, with its frozen weights.
    trimmed
        Treated and comparison people left out.
    """

    label: str
    cells: Codes
    propensity: Array
    robust: DoublyRobust
    trimmed: tuple[int, int]


def squares(people: Candidates, names: tuple[str, ...]) -> dict[str, Array]:
    """Return the squares of covariates with more than two values, around the treated's mean."""
    out = {}
    n1 = people.people[people.treated]
    for name in names:
        values = people.x[:, people.covariates.index(name)]
        if len(np.unique(values)) > 2:
            out[f"{name}²"] = (values - n1 @ values[people.treated] / n1.sum()) ** 2
    return out


def _terms(people: Candidates, how: Weighting) -> dict[str, Array]:
    """Return what is balanced, by name."""
    names = tuple(name for name in people.covariates if name not in how.held_out)
    terms = {name: people.x[:, people.covariates.index(name)] for name in names}
    return terms | squares(people, names) if how.moments == 2 else terms


def weighted(people: Candidates, how: Weighting, inside: Codes, label: str) -> Stratum:
    """Trim and weight the people of some cells.

    Raises
    ------
    InputError
        If an arm has nobody, or trimming leaves nobody.
    NotIdentifiedError
        If no weights exist.
    """
    terms = np.column_stack(list(_terms(people, how).values()))
    treated, n = people.treated, people.people
    for wanted, word in ((True, "treated"), (False, "in comparison")):
        if not (treated[inside] == wanted).any():
            raise InputError(f"nobody in group '{label}' is {word}", key="by_group")
    propensity = _propensity(terms[inside], treated[inside], n[inside])
    cells, trimmed = inside, (0, 0)
    if how.trim_above is not None:
        out = propensity > how.trim_above
        cells = inside[~out]
        trimmed = (
            int(n[inside[out & treated[inside]]].sum()),
            int(n[inside[out & ~treated[inside]]].sum()),
        )
        if not treated[cells].any() or treated[cells].all():
            raise InputError(
                "trimming leaves nobody in one arm",
                key="weighting.trim_above",
                seen=how.trim_above,
                fix="raise it",
            )
        if out.any():
            propensity = _propensity(terms[cells], treated[cells], n[cells])
    arm, count, x = treated[cells], n[cells], terms[cells]
    weights = np.ones(len(cells))
    if isinstance(how, EntropyBalancing):
        target = count[arm] @ x[arm] / count[arm].sum()
        weights[~arm] = balancing_weights(x[~arm], count[~arm], target)
    else:
        weights[~arm] = (propensity / (1.0 - propensity))[~arm]
    weights[~arm] *= count[arm].sum() / (count[~arm] @ weights[~arm])
    return Stratum(label, cells, propensity, DoublyRobust.of(x, arm, count, weights), trimmed)


def _propensity(x: Array, treated: npt.NDArray[np.bool_], people: Array) -> Array:
    columns = np.column_stack([np.ones(len(x)), x - people @ x / people.sum()])
    return logistic(columns, people * treated, people).fitted

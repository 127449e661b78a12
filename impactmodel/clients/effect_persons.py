"""The effect of each service for each person: what an allocation ranks by, never what decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.effect_hidden import outcome_place
from impactmodel.clients.effect_inputs import Served
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.effects.arm_chances import ArmChances, arm_chances
from impactmodel.effects.arm_likelihood import Multiplied

type Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PersonEffects:
    """A model of what each service adds to the chance of a person with given columns.

    Parameters
    ----------
    model
        The fitted chances by service.
    services, columns, outcome
        Names; services without the one that means none.
    """

    model: ArmChances
    services: tuple[str, ...]
    columns: tuple[str, ...]
    outcome: str

    def expected(self, x: Values, modifiers: Values) -> Values:
        """Return the posterior mean of the effect (person, service)."""
        self._require(x, modifiers)
        return self.model.effects(x, modifiers)

    def without(self, x: Values, modifiers: Values) -> Values:
        """Return the posterior mean of the chance without service (person)."""
        self._require(x, modifiers)
        return np.asarray(self.model.chances(x, modifiers)[:, 0])

    def draws(self, x: Values, modifiers: Values, n: int, *, seed: int = 0) -> Iterator[Values]:
        """Yield draws of the effects, one at a time (person, service)."""
        self._require(x, modifiers)
        rng = stream(seed, "effects", "persons", self.outcome)
        for coefficients in self.model.draw(n, rng):
            yield self.model.effects(x, modifiers, coefficients)

    def _require(self, x: Values, modifiers: Values) -> None:
        wanted = len(self.model.centre)
        if x.shape[1] != len(self.columns) or x.shape[1] + modifiers.shape[1] != wanted:
            raise InputError("these are other columns or modifiers", key="x", seen=x.shape)

    def __repr__(self) -> str:
        return f"PersonEffects({self.outcome}; services {', '.join(self.services)})"


def person_effects(
    served: Served, modifiers: Values, *, outcome: str = "", multiplied: Multiplied = "hazard"
) -> PersonEffects:
    """Fit effects that differ between people, see `impactmodel.effects.arm_logit`.

    A sharper and less robust companion of `impactmodel.clients.effect_groups.effects_by_group`: it
    rests on its logit as well as on recorded assignment, so that whatever is chosen by it is to be
    judged by doubly robust scores of other people (`impactmodel.clients.allocation_gain`).

    Parameters
    ----------
    served
        People, whose columns tell chances apart.
    modifiers
        Columns that tell effects apart (person, modifier): few, chosen beforehand, such as
        membership of groups.
    outcome
        Name; needed where there are several.

    Raises
    ------
    InputError
        For an unknown outcome.
    """
    j = outcome_place(served, outcome or served.outcomes[0])
    model = arm_chances(served.x, modifiers, served.service, served.y[:, j], multiplied)
    return PersonEffects(model, served.services[1:], served.columns, served.outcomes[j])

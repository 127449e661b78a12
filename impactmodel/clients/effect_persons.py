"""The effect of each service for each person: what an allocation ranks by, never what decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from impactmodel.clients.effect_hidden import outcome_place
from impactmodel.clients.effect_inputs import Served
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.effects.arm_chances import ArmChances, arm_chances
from impactmodel.effects.arm_likelihood import Multiplied

type Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PersonEffects:
    """Models of what each service adds to the chance of a person with given columns.

    Parameters
    ----------
    models
        Fitted chances by service, under each thing that a service may multiply.
    services, columns, outcome
        Names; services without the one that means none.
    """

    models: tuple[ArmChances, ...]
    services: tuple[str, ...]
    columns: tuple[str, ...]
    outcome: str

    @property
    def weights(self) -> Values:
        """Posterior probability of each model, equal beforehand (model)."""
        return np.asarray(softmax([model.posterior.log_evidence for model in self.models]))

    def expected(self, x: Values, modifiers: Values) -> Values:
        """Return the posterior mean of the effect (person, service)."""
        made = self._chances(x, modifiers)
        return np.asarray(made[:, 1:] - made[:, :1])

    def without(self, x: Values, modifiers: Values) -> Values:
        """Return the posterior mean of the chance without service (person)."""
        return np.asarray(self._chances(x, modifiers)[:, 0])

    def draws(self, x: Values, modifiers: Values, n: int, *, seed: int = 0) -> Iterator[Values]:
        """Yield draws of the effects, one at a time (person, service): of model, scales and all."""
        self._require(x, modifiers)
        rng = stream(seed, "effects", "persons", self.outcome)
        counts = rng.multinomial(n, self.weights)
        drawn = [iter(m.draw(int(k), rng)) for m, k in zip(self.models, counts, strict=True) if k]
        used = [m for m, k in zip(self.models, counts, strict=True) if k]
        for which in rng.permutation(np.repeat(np.arange(len(used)), counts[counts > 0])):
            yield used[which].effects(x, modifiers, next(drawn[which]))

    def _chances(self, x: Values, modifiers: Values) -> Values:
        self._require(x, modifiers)
        parts = zip(self.weights, self.models, strict=True)
        return np.asarray(sum(weight * model.chances(x, modifiers) for weight, model in parts))

    def _require(self, x: Values, modifiers: Values) -> None:
        wanted = len(self.models[0].centre)
        if x.shape[1] != len(self.columns) or x.shape[1] + modifiers.shape[1] != wanted:
            raise InputError("these are other columns or modifiers", key="x", seen=x.shape)

    def __repr__(self) -> str:
        return f"PersonEffects({self.outcome}; services {', '.join(self.services)})"


def person_effects(
    served: Served,
    modifiers: Values,
    *,
    outcome: str = "",
    multiplied: tuple[Multiplied, ...] = ("odds", "hazard"),
) -> PersonEffects:
    r"""Fit effects that differ between people.

    With :math:`\operatorname{logit} p_i = \beta_0 + x_i'\beta` without service and the ratio
    :math:`r_{is} = \exp(\alpha_s + z_i'\delta_s)` of service *s*, the chance with it is

    .. math:: \frac{r p}{1 - p + r p} \quad\text{(odds)} \qquad\text{or}\qquad
        1 - (1 - p)^r \quad\text{(cumulative hazard)},

    each weighed by its marginal likelihood. Coefficients of services are drawn towards each other
    and towards none, as far as the data say, see `impactmodel.effects.arm_layout`.

    A sharper and less robust companion of `impactmodel.clients.effect_groups.effects_by_group`: it
    rests on its model as well as on recorded assignment, so that whatever is chosen by it is to be
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
    multiplied
        What a service may multiply.

    Raises
    ------
    InputError
        For an unknown outcome, or nothing that a service may multiply.

    References
    ----------
    Hoeting, Madigan, Raftery and Volinsky (1999), Statistical Science 14(4),
    doi:10.1214/ss/1009212519.

    Examples
    --------
    Coaching doubles the odds of those who are long out of work, and does nothing for others.

    >>> long, service = np.repeat([0, 1], 4000), np.tile([0, 1], 4000)
    >>> share = np.where(long * service == 1, 0.5, 1 / 3)
    >>> job = (np.arange(8000) // 2 % 60 < 60 * share)[:, None] * 1.0
    >>> people = Served(np.zeros((8000, 1)), ("one",), service, ("none", "coaching"), job, ("job",))
    >>> found = person_effects(people, long[:, None] * 1.0)
    >>> at = np.array([[0.0], [1.0]])
    >>> bool(abs(found.expected(np.zeros((2, 1)), at)[1, 0] - 1 / 6) < 0.02)
    True
    """
    if not multiplied:
        raise InputError("a service multiplies something", key="multiplied", fix="odds or hazard")
    j = outcome_place(served, outcome or served.outcomes[0])
    y = served.y[:, j]
    models = tuple(arm_chances(served.x, modifiers, served.service, y, m) for m in multiplied)
    return PersonEffects(models, served.services[1:], served.columns, served.outcomes[j])

"""From clients to a proposal of places: groups, effects, allocation and what it would change."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from impactmodel.clients.allocation import Allocation, allocate
from impactmodel.clients.allocation_frontier import Frontier, frontier
from impactmodel.clients.allocation_gain import PolicyGain, policy_gain
from impactmodel.clients.allocation_policies import as_practised, at_random, by_risk
from impactmodel.clients.allocation_rules import AllocationRules
from impactmodel.clients.allocation_types import ClientTypes
from impactmodel.clients.anticipation import Anticipation, Aware
from impactmodel.clients.clients import Clients
from impactmodel.clients.effect_bias import HiddenBias, SizedBias, less_bias, with_hidden_bias
from impactmodel.clients.effect_draws import EffectDraws, pooled
from impactmodel.clients.effect_groups import (
    EffectDesign,
    GroupEffects,
    effects_by_group,
    scores_of,
)
from impactmodel.clients.effect_hidden import HiddenKnowledge, hidden_knowledge
from impactmodel.clients.effect_inputs import Served
from impactmodel.clients.effect_months import MonthlyEffects, effects_by_month
from impactmodel.clients.effect_persons import PersonEffects, person_effects
from impactmodel.clients.encoding import Encoded
from impactmodel.clients.membership import Membership
from impactmodel.clients.merging import Merging
from impactmodel.clients.segments import LatentClasses
from impactmodel.clients.segments_given import GivenGroups
from impactmodel.clients.value import PlaceValue
from impactmodel.clients.value_frontier import ValuePoint, priced_for, value_frontier
from impactmodel.clients.worth import NetValue, PlaceWorth
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.evidence.columns import Labels

type Matrix = npt.NDArray[np.float64]
PERSON_DRAWS = 200
"""Draws of effects by person: enough for the spread of a total, few enough for all people."""

PRACTICE = "current practice"
"""The baseline: whoever was recorded in a service, by lot where there are fewer places now; where
there are more, those left are drawn among the unserved."""

type Grouping = Annotated[LatentClasses | GivenGroups, Field(discriminator="type")]


@spec
class PlacesPlan:
    """How clients become groups, effects and a proposal of places.

    Parameters
    ----------
    anticipation
        The target that a service is to bring about, and how its chance without one is learnt.
    later
        First index date of the later window: those before it are learnt from, those after it get
        the places and test the model.
    groups
        Latent classes, or groups given by features.
    places
        Capacity, costs, floors and what is maximised.
    audited
        Categories or flags whose groups are audited, alone and crossed; the frontier is between
        the groups of the first.
    merge
        When groups are one.
    effects
        How effects are estimated. They are adjusted for every feature, protected ones too.
    hidden
        Bias that what caseworkers know leaves in the effects; without it they assume that nothing
        hidden drove who got a service.
    worth
        Who pays for places, and whether they seek jobs or money.
    """

    anticipation: Anticipation
    later: dt.date
    groups: Grouping
    places: AllocationRules
    audited: tuple[str, ...]
    merge: Merging = field(default_factory=Merging)
    effects: EffectDesign = field(default_factory=EffectDesign)
    hidden: HiddenBias | None = None
    worth: PlaceWorth = field(default_factory=PlaceWorth)

    def __post_init__(self) -> None:
        if not self.audited:
            raise InputError("nobody is audited", key="audited", fix="name a category or flag")
        self.worth.require_known(self.places)

    @property
    def target(self) -> str:
        """Name of the target."""
        return self.anticipation.target


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Learnt:
    """What the earlier window taught of groups and effects.

    Parameters
    ----------
    membership
        Of everybody, earlier and later (person, group).
    encoded
        How features enter models; protected ones are among them, to adjust for.
    estimated
        Effects by group before pooling.
    recorded
        Draws of effects and of the chance without service if nothing hidden drove assignment.
    drawn
        The same less the bias that the plan states; all that follows reads these.
    bias
        Its prior, where the plan states one.
    persons
        Effects by person, for the proposal, before any bias is taken off.
    hidden
        What knowledge that is not recorded would have to be for the effects to vanish.
    months
        Effects on employment by month, where the table has it.
    """

    membership: Membership
    encoded: Encoded
    estimated: GroupEffects
    recorded: EffectDraws
    drawn: EffectDraws
    bias: SizedBias | None
    persons: PersonEffects
    hidden: HiddenKnowledge
    months: MonthlyEffects | None

    def __repr__(self) -> str:
        return f"Learnt({self.drawn!r})"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Proposal:
    """Places for the later window, and what they would change.

    Parameters
    ----------
    allocation
        How many people of each type get what.
    type_of
        Type of each person of the later window.
    places
        Expected places (group, service).
    policies
        Chance of each service by policy (person, service): the present one first, the proposal
        last, all with the places that the proposal uses.
    gains
        The proposal against each other policy at the same places, on people it was not chosen on.
    frontier
        From the highest mean gain to the highest gain of the worst-off group, in jobs.
    jobs
        Types of the later window with gains in jobs, as ``type_of`` counts them; those of the
        allocation are in money where places seek money.
    tradeoff
        From the highest net value to the most jobs; empty where no value is known.
    """

    allocation: Allocation
    type_of: Labels
    places: Matrix
    policies: Mapping[str, Matrix]
    gains: tuple[PolicyGain, ...]
    frontier: Frontier
    jobs: ClientTypes
    tradeoff: tuple[ValuePoint, ...]

    def __repr__(self) -> str:
        return f"Proposal({self.allocation!r})"


def learn(
    clients: Clients,
    plan: PlacesPlan,
    *,
    employed: Matrix | None = None,
    draws: int = 2000,
    seed: int = 0,
) -> Learnt:
    """Find groups and effects among the clients of the earlier window.

    Parameters
    ----------
    clients
        Everybody.
    employed
        Employment by month after the index date, 0 or 1 (person, month), where it is known.

    Raises
    ------
    InputError
        If a window has nobody, or the target or a service is not there.
    NotIdentifiedError
        Without overlap of those who got a service and those who got none.
    """
    early = early_rows(clients, plan)
    membership = plan.groups.fit(clients.take(early)).assign(clients)
    known = early & np.isfinite(clients.target(plan.target))
    encoded = plan.anticipation.encoding.learn(clients.take(early))
    train = served_of(clients.take(known), plan, encoded)
    estimated = effects_by_group(train, membership.take(known), plan.effects, seed=seed)[0]
    recorded = pooled(estimated, draws=draws, seed=seed)
    bias = None if plan.hidden is None else plan.hidden.sized(train)
    return Learnt(
        membership,
        encoded,
        estimated,
        recorded,
        recorded if bias is None else with_hidden_bias(recorded, bias, seed=seed),
        bias,
        person_effects(train, membership.take(known).weights),
        hidden_knowledge(train, recorded),
        None if employed is None else _months(train, employed[known], plan, draws, seed),
    )


def propose(
    clients: Clients,
    plan: PlacesPlan,
    learnt: Learnt,
    chance: Matrix,
    *,
    value: PlaceValue | None = None,
    seed: int = 0,
) -> Proposal:
    """Propose places for the clients of the later window.

    Parameters
    ----------
    chance
        Of the target without a service (person of the later window), for the ranking by risk.
    value
        What places and jobs are worth, where that is known.
    """
    late = ~early_rows(clients, plan)
    people, membership = clients.take(late), learnt.membership.take(late)
    rules = plan.places
    types, type_of = _types(people, learnt, plan, late, seed)
    priced = priced_for(plan.worth.aim, value, types, type_of, membership.weights)
    sought = types
    if priced is not None and isinstance(plan.worth.aim, NetValue):
        sought, types, type_of = priced.money, priced.jobs, priced.type_of
    found = allocate(sought, rules, seed=seed)
    capacity = found.places.sum(axis=0).astype(np.float64)
    policies = {
        PRACTICE: as_practised(people.service, capacity),
        "places by lot": at_random(people.size, capacity),
        "highest risk first": by_risk(chance, capacity),
        "proposal": np.asarray(found.chances()[type_of]),
    }
    return Proposal(
        allocation=found,
        type_of=type_of,
        places=np.asarray(membership.weights.T @ found.chances()[type_of]),
        policies=policies,
        gains=_gains(clients, plan, learnt, policies, seed),
        frontier=frontier(types, rules, tuple(types.marks)),
        jobs=types,
        tradeoff=() if priced is None else value_frontier(priced, rules),
    )


def early_rows(clients: Clients, plan: PlacesPlan) -> npt.NDArray[np.bool_]:
    """Return who is learnt from; raise `InputError` if a window has nobody."""
    early = clients.index < np.datetime64(plan.later)
    if early.all() or not early.any():
        raise InputError(
            "everybody entered on one side of this day",
            key="later",
            seen=plan.later.isoformat(),
            fix="choose a day with clients before it and from it on",
        )
    return np.asarray(early)


def served_of(clients: Clients, plan: PlacesPlan, encoded: Encoded) -> Served:
    """Return clients whose target is known as estimates read them."""
    return Served(
        x=encoded.matrix(clients),
        columns=tuple(
            label if label.startswith(name) else f"{name} {label}"
            for part, name in zip(encoded.parts, encoded.names, strict=True)
            for label in part.labels
        ),
        service=clients.service,
        services=clients.table.services,
        y=clients.target(plan.target)[:, None],
        outcomes=(plan.target,),
    )


def _months(
    train: Served, employed: Matrix, plan: PlacesPlan, draws: int, seed: int
) -> MonthlyEffects:
    names = tuple(f"month {m + 1}" for m in range(employed.shape[1]))
    monthly = dataclasses.replace(train, y=np.asarray(employed, dtype=np.float64), outcomes=names)
    return effects_by_month(monthly, plan.effects, draws=draws, seed=seed)


def _marks(people: Clients, attribute: str) -> dict[str, npt.NDArray[np.bool_]]:
    code, labels = people.labels(attribute)
    there = [i for i in range(len(labels)) if (code == i).any()]
    return {f"{attribute}: {labels[i]}": code == i for i in there}


def _types(
    people: Clients, learnt: Learnt, plan: PlacesPlan, late: npt.NDArray[np.bool_], seed: int
) -> tuple[ClientTypes, Labels]:
    """Return types of people who gain alike and share their marks, and the type of each."""
    x = learnt.encoded.matrix(people)
    if not isinstance(plan.anticipation.ranking, Aware):
        x = _unaware(x, learnt.encoded)
    modifiers = learnt.membership.take(late).weights
    mean = learnt.persons.expected(x, modifiers)
    types, type_of = ClientTypes.of_people(
        learnt.persons.services, mean, _marks(people, plan.audited[0])
    )
    first = np.unique(type_of, return_index=True)[1]
    gain = np.stack(list(learnt.persons.draws(x[first], modifiers[first], PERSON_DRAWS, seed=seed)))
    if learnt.bias is not None:
        taken = learnt.bias.draw(modifiers.shape[1], PERSON_DRAWS, seed=seed)
        gain = gain - np.einsum("dsg,tg->dts", taken, modifiers[first])
    return dataclasses.replace(types, gain=gain), type_of


def _unaware(x: Matrix, encoded: Encoded) -> Matrix:
    """Return columns in which protected features are those of the average client."""
    x, places = x.copy(), encoded.places()
    for part, name in zip(encoded.parts, encoded.names, strict=True):
        if set(part.features) & set(encoded.table.protected):
            x[:, places[name]] = encoded.average[places[name]]
    return x


def _gains(
    clients: Clients,
    plan: PlacesPlan,
    learnt: Learnt,
    policies: Mapping[str, Matrix],
    seed: int,
) -> tuple[PolicyGain, ...]:
    late = ~early_rows(clients, plan)
    known = np.isfinite(clients.target(plan.target))
    if not (late & known).any():
        return ()
    tested = served_of(clients.take(late & known), plan, learnt.encoded)
    made, kept = scores_of(tested, plan.effects, seed)
    rows, groups = known[late], learnt.membership.take(late & known).weights[kept]
    *others, (name, chosen) = policies.items()
    found = []
    for other, policy in others:
        one, two = chosen[rows][kept], policy[rows][kept]
        gain = policy_gain((name, one), (other, two), made.contrasts[:, :, 0])
        moved = (one - two).T @ groups / len(one)
        found.append(gain if learnt.bias is None else less_bias(gain, moved, learnt.bias))
    return tuple(found)

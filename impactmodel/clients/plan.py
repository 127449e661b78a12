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
from impactmodel.clients.allocation_policies import as_recorded, at_random, by_risk
from impactmodel.clients.allocation_rules import AllocationRules
from impactmodel.clients.allocation_types import ClientTypes
from impactmodel.clients.anticipation import Anticipation
from impactmodel.clients.clients import Clients
from impactmodel.clients.effect_draws import EffectDraws, pooled
from impactmodel.clients.effect_groups import (
    EffectDesign,
    GroupEffects,
    effects_by_group,
    scores_of,
)
from impactmodel.clients.effect_hidden import HiddenKnowledge, hidden_knowledge
from impactmodel.clients.effect_inputs import Membership, Served
from impactmodel.clients.effect_months import MonthlyEffects, effects_by_month
from impactmodel.clients.segments import LatentClasses
from impactmodel.clients.segments_given import GivenGroups
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.evidence.columns import Labels

type Matrix = npt.NDArray[np.float64]
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
    worst_off
        A category or flag whose groups the frontier and the audit speak of.
    effects
        How effects are estimated. They are adjusted for every feature, protected ones too.
    """

    anticipation: Anticipation
    later: dt.date
    groups: Grouping
    places: AllocationRules
    worst_off: str
    effects: EffectDesign = field(default_factory=EffectDesign)

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
    estimated
        Effects by group before pooling.
    drawn
        Draws of effects and of the chance without service.
    hidden
        What knowledge that is not recorded would have to be for the effects to vanish.
    months
        Effects on employment by month, where the table has it.
    """

    membership: Membership
    estimated: GroupEffects
    drawn: EffectDraws
    hidden: HiddenKnowledge
    months: MonthlyEffects | None


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
        Chance of each service by policy (person, service).
    gains
        Each policy against current practice, on people it was not chosen on.
    frontier
        From the highest mean gain to the highest gain of the worst-off group.
    """

    allocation: Allocation
    type_of: Labels
    places: Matrix
    policies: Mapping[str, Matrix]
    gains: tuple[PolicyGain, ...]
    frontier: Frontier


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
    segments = plan.groups.fit(clients.take(early)).assign(clients)
    membership = Membership(segments.labels, segments.membership)
    known = early & np.isfinite(clients.target(plan.target))
    train = served_of(clients, plan, known)
    estimated = effects_by_group(train, membership.take(known), plan.effects, seed=seed)[0]
    drawn = pooled(estimated, draws=draws, seed=seed)
    return Learnt(
        membership,
        estimated,
        drawn,
        hidden_knowledge(train, drawn),
        None if employed is None else _months(train, employed[known], plan, draws, seed),
    )


def propose(
    clients: Clients, plan: PlacesPlan, learnt: Learnt, chance: Matrix, *, seed: int = 0
) -> Proposal:
    """Propose places for the clients of the later window.

    Parameters
    ----------
    chance
        Of the target without a service (person of the later window), for the ranking by risk.
    """
    late = ~early_rows(clients, plan)
    people, membership = clients.take(late), learnt.membership.take(late)
    rules = plan.places
    marks = _marks(people, plan.worst_off)
    types, type_of, weights = _types(membership, marks, learnt.drawn)
    found = allocate(types, rules, seed=seed)
    capacity = np.array([rules.capacity[s] for s in types.services], dtype=np.float64)
    policies = {
        PRACTICE: _practice(people.service, capacity),
        "places by lot": at_random(people.size, capacity),
        "highest risk first": by_risk(chance, capacity),
        "proposal": np.asarray(found.chances()[type_of]),
    }
    return Proposal(
        allocation=found,
        type_of=type_of,
        places=np.asarray(weights.T @ found.places),
        policies=policies,
        gains=_gains(clients, plan, late, policies, seed),
        frontier=frontier(types, rules, tuple(marks)),
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


def served_of(clients: Clients, plan: PlacesPlan, rows: npt.NDArray[np.bool_]) -> Served:
    """Return clients as estimates read them; columns are those that the earlier window taught."""
    encoded = plan.anticipation.encoding.learn(clients.take(early_rows(clients, plan)))
    people = clients.take(rows)
    month = people.index.astype("datetime64[M]").astype(np.int64)
    return Served(
        x=encoded.matrix(people),
        columns=tuple(label for part in encoded.parts for label in part.labels),
        service=people.service,
        services=clients.table.services,
        y=people.target(plan.target)[:, None],
        outcomes=(plan.target,),
        clusters=(np.unique(month, return_inverse=True)[1],),
    )


def _months(
    train: Served, employed: Matrix, plan: PlacesPlan, draws: int, seed: int
) -> MonthlyEffects:
    names = tuple(f"month {m + 1}" for m in range(employed.shape[1]))
    monthly = dataclasses.replace(train, y=np.asarray(employed, dtype=np.float64), outcomes=names)
    return effects_by_month(monthly, plan.effects, draws=draws, seed=seed)


def _practice(service: Labels, capacity: Matrix) -> Matrix:
    """Return current practice at other numbers of places: its people by lot, or more of each."""
    recorded = as_recorded(service, len(capacity))
    held = recorded.sum(axis=0)
    short = held < capacity
    share = np.where(short, 1.0, capacity / np.maximum(held, 1.0))
    more = np.where(short, capacity - held, 0.0) / max(float((service == 0).sum()), 1.0)
    return np.asarray(recorded * share + more * (service == 0)[:, None])


def _marks(people: Clients, attribute: str) -> dict[str, npt.NDArray[np.bool_]]:
    code, labels = people.labels(attribute)
    return {f"{attribute}: {label}": code == i for i, label in enumerate(labels) if (code == i).any()}


def _types(
    membership: Membership, marks: Mapping[str, npt.NDArray[np.bool_]], drawn: EffectDraws
) -> tuple[ClientTypes, Labels, Matrix]:
    """Return types by likeliest group and mark, the type of each person, and (type, group)."""
    mark = np.argmax(np.stack(list(marks.values())), axis=0)
    group = membership.weights.argmax(axis=1)
    keys, type_of = np.unique(np.column_stack([group, mark]), axis=0, return_inverse=True)
    type_of = np.asarray(type_of.ravel(), dtype=np.intp)
    size = np.bincount(type_of)
    groups = len(membership.groups)
    # Marks must not move a type's gain: it is that of everybody of its likeliest group.
    mean = np.zeros((groups, groups))
    np.add.at(mean, group, membership.weights)
    people = np.bincount(group, minlength=groups)
    weights = mean[keys[:, 0]] / people[keys[:, 0], None]
    gain = np.einsum("dsg,tg->dts", drawn.effect, weights)
    names = {name: keys[:, 1] == i for i, name in enumerate(marks)}
    return ClientTypes.of(drawn.services, size, gain, names), type_of, weights


def _gains(
    clients: Clients,
    plan: PlacesPlan,
    late: npt.NDArray[np.bool_],
    policies: Mapping[str, Matrix],
    seed: int,
) -> tuple[PolicyGain, ...]:
    known = np.isfinite(clients.target(plan.target))
    if not (late & known).any():
        return ()
    tested = served_of(clients, plan, late & known)
    made, kept = scores_of(tested, plan.effects, seed)
    rows = known[late]
    baseline, *others = policies
    return tuple(
        policy_gain(
            (name, policies[name][rows][kept]),
            (baseline, policies[baseline][rows][kept]),
            made.contrasts[:, :, 0],
        )
        for name in others
    )

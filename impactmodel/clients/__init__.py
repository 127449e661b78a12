"""Clients: groups, chances, what helps whom, and where to put the next place."""

from impactmodel.clients.allocation import Allocation, Drawn, allocate, propose_people
from impactmodel.clients.allocation_frontier import Frontier, FrontierPoint, frontier
from impactmodel.clients.allocation_gain import PolicyGain, gain_draws, policy_gain
from impactmodel.clients.allocation_policies import as_allocated, as_recorded, at_random, by_risk
from impactmodel.clients.allocation_rules import (
    AllocationRules,
    ChanceAbove,
    Expected,
    Floor,
    TailMean,
)
from impactmodel.clients.allocation_types import ClientTypes
from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.clients.effect_draws import EffectDraws, pooled, with_hidden_bias
from impactmodel.clients.effect_groups import (
    EffectDesign,
    GroupEffects,
    effects_by_group,
    scores_of,
)
from impactmodel.clients.effect_hidden import HiddenKnowledge, benchmark_priors, hidden_knowledge
from impactmodel.clients.effect_inputs import Membership, Served
from impactmodel.clients.effect_months import MonthlyEffects, effects_by_month
from impactmodel.clients.effect_outcomes import as_outcomes
from impactmodel.clients.effect_overlap import Overlap
from impactmodel.clients.effect_persons import PersonEffects, person_effects
from impactmodel.clients.features import Category, Feature, Flag, Number
from impactmodel.clients.synthetic import Drift, SyntheticClients, SyntheticWorld
from impactmodel.clients.synthetic_assignment import AtRandom, OnHidden, OnRecord
from impactmodel.clients.synthetic_truth import Truth
from impactmodel.clients.target import Target
from impactmodel.clients.value import PlaceValue, place_value

__all__ = [
    "Allocation",
    "AllocationRules",
    "AtRandom",
    "Category",
    "ChanceAbove",
    "ClientTable",
    "ClientTypes",
    "Clients",
    "Drawn",
    "Drift",
    "EffectDesign",
    "EffectDraws",
    "Expected",
    "Feature",
    "Flag",
    "Floor",
    "Frontier",
    "FrontierPoint",
    "GroupEffects",
    "HiddenKnowledge",
    "Membership",
    "MonthlyEffects",
    "Number",
    "OnHidden",
    "OnRecord",
    "Overlap",
    "PersonEffects",
    "PlaceValue",
    "PolicyGain",
    "Served",
    "SyntheticClients",
    "SyntheticWorld",
    "TailMean",
    "Target",
    "Truth",
    "allocate",
    "as_allocated",
    "as_outcomes",
    "as_recorded",
    "at_random",
    "benchmark_priors",
    "by_risk",
    "effects_by_group",
    "effects_by_month",
    "frontier",
    "gain_draws",
    "hidden_knowledge",
    "person_effects",
    "place_value",
    "policy_gain",
    "pooled",
    "propose_people",
    "scores_of",
    "with_hidden_bias",
]

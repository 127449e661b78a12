"""Clients: groups, chances, what helps whom, and where to put the next place."""

from impactmodel.clients.cards import (
    DataSheet,
    FeatureRow,
    ModelCard,
    Performance,
    data_sheet,
    model_card,
    performance,
)
from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.clients.decision_log import Decision, DecisionLog, Entry, Proposal, propose
from impactmodel.clients.fairness import Audit, Disparity, Measured, audit, disclosed, disparity
from impactmodel.clients.features import Category, Feature, Flag, Number
from impactmodel.clients.impact import Impact, impact
from impactmodel.clients.kept_inputs import KeptInputs
from impactmodel.clients.keyed import Key
from impactmodel.clients.letters import (
    ClientLetter,
    FeatureWords,
    UsedValue,
    UseWords,
    Words,
    moved,
    used_values,
)
from impactmodel.clients.model_record import ModelRecord, Reason, Score
from impactmodel.clients.monitor import Monitoring, MonitorRules, Observed, observe, watch
from impactmodel.clients.overrides import Overrides, overrides
from impactmodel.clients.stability import Stability, refits, stability
from impactmodel.clients.synthetic import Drift, SyntheticClients, SyntheticWorld
from impactmodel.clients.synthetic_assignment import AtRandom, OnHidden, OnRecord
from impactmodel.clients.synthetic_truth import Truth
from impactmodel.clients.target import Target
from impactmodel.clients.use import ClientUse, Gate, Oversight, declared_use

__all__ = [
    "AtRandom",
    "Audit",
    "Category",
    "ClientLetter",
    "ClientTable",
    "ClientUse",
    "Clients",
    "DataSheet",
    "Decision",
    "DecisionLog",
    "Disparity",
    "Drift",
    "Entry",
    "Feature",
    "FeatureRow",
    "FeatureWords",
    "Flag",
    "Gate",
    "Impact",
    "KeptInputs",
    "Key",
    "Measured",
    "ModelCard",
    "ModelRecord",
    "MonitorRules",
    "Monitoring",
    "Number",
    "Observed",
    "OnHidden",
    "OnRecord",
    "Overrides",
    "Oversight",
    "Performance",
    "Proposal",
    "Reason",
    "Score",
    "Stability",
    "SyntheticClients",
    "SyntheticWorld",
    "Target",
    "Truth",
    "UseWords",
    "UsedValue",
    "Words",
    "audit",
    "data_sheet",
    "declared_use",
    "disclosed",
    "disparity",
    "impact",
    "model_card",
    "moved",
    "observe",
    "overrides",
    "performance",
    "propose",
    "refits",
    "stability",
    "used_values",
    "watch",
]

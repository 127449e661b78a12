"""Clients: groups, chances, what helps whom, and where to put the next place."""

from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.clients.features import Category, Feature, Flag, Number
from impactmodel.clients.synthetic import Drift, SyntheticClients, SyntheticWorld
from impactmodel.clients.synthetic_assignment import AtRandom, OnHidden, OnRecord
from impactmodel.clients.synthetic_truth import Truth
from impactmodel.clients.target import Target

__all__ = [
    "AtRandom",
    "Category",
    "ClientTable",
    "Clients",
    "Drift",
    "Feature",
    "Flag",
    "Number",
    "OnHidden",
    "OnRecord",
    "SyntheticClients",
    "SyntheticWorld",
    "Target",
    "Truth",
]

"""Clients: groups, chances, what helps whom, and where to put the next place."""

from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.clients.features import Category, Feature, Flag, Number
from impactmodel.clients.merging import Merged, Merging
from impactmodel.clients.score_criticism import Question, ServedRow, questions, served_by_chance
from impactmodel.clients.score_segments import HighLow, RoundingLoss, rounding_loss
from impactmodel.clients.score_table import Points, Published, ScoreTable
from impactmodel.clients.segments import ClassesTried, Grouping, LatentClasses, LatentFit
from impactmodel.clients.segments_given import GivenFit, GivenGroups
from impactmodel.clients.segments_membership import Segments
from impactmodel.clients.segments_reading import (
    ProfileRow,
    Stability,
    adjusted_rand,
    marks,
    profile,
    protected_in,
    stability,
)
from impactmodel.clients.synthetic import Drift, SyntheticClients, SyntheticWorld
from impactmodel.clients.synthetic_assignment import AtRandom, OnHidden, OnRecord
from impactmodel.clients.synthetic_paths import Stock
from impactmodel.clients.synthetic_truth import Truth
from impactmodel.clients.target import Target

__all__ = [
    "AtRandom",
    "Category",
    "ClassesTried",
    "ClientTable",
    "Clients",
    "Drift",
    "Feature",
    "Flag",
    "GivenFit",
    "GivenGroups",
    "Grouping",
    "HighLow",
    "LatentClasses",
    "LatentFit",
    "Merged",
    "Merging",
    "Number",
    "OnHidden",
    "OnRecord",
    "Points",
    "ProfileRow",
    "Published",
    "Question",
    "RoundingLoss",
    "ScoreTable",
    "Segments",
    "ServedRow",
    "Stability",
    "Stock",
    "SyntheticClients",
    "SyntheticWorld",
    "Target",
    "Truth",
    "adjusted_rand",
    "marks",
    "profile",
    "protected_in",
    "questions",
    "rounding_loss",
    "served_by_chance",
    "stability",
]

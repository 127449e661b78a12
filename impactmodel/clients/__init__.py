"""Clients: groups, chances, what helps whom, and where to put the next place."""

from impactmodel.clients.anticipation import (
    Anticipated,
    Anticipation,
    AsUsual,
    Aware,
    ChanceModel,
    Unaware,
    WithoutService,
    anticipate,
)
from impactmodel.clients.anticipation_auc import Area, area
from impactmodel.clients.anticipation_calibration import (
    CalibrationLimits,
    CalibrationRow,
    ChanceCalibration,
    calibrate_chances,
)
from impactmodel.clients.anticipation_overlap import Overlap, OverlapWarning
from impactmodel.clients.anticipation_reasons import Reasons, reasons
from impactmodel.clients.anticipation_recalibration import (
    ShiftAndScale,
    ShiftIntercept,
    recalibrate,
)
from impactmodel.clients.case_mix import CaseMix, case_mix, skimming_within
from impactmodel.clients.chances import Chances, chances
from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.clients.employability import EmployabilityPath, employability_path, path_of_endings
from impactmodel.clients.encoding import Encoded, Encoding
from impactmodel.clients.encoding_terms import Bins, Levels, Linear, PooledLevels, Spline
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
    stability,
)
from impactmodel.clients.synthetic import Drift, SyntheticClients, SyntheticWorld
from impactmodel.clients.synthetic_assignment import AtRandom, OnHidden, OnRecord
from impactmodel.clients.synthetic_paths import Stock
from impactmodel.clients.synthetic_truth import Truth
from impactmodel.clients.target import Target
from impactmodel.clients.waits import WaitModel, WaitPlan, fit_waits

__all__ = [
    "Anticipated",
    "Anticipation",
    "Area",
    "AsUsual",
    "AtRandom",
    "Aware",
    "Bins",
    "CalibrationLimits",
    "CalibrationRow",
    "CaseMix",
    "Category",
    "ChanceCalibration",
    "ChanceModel",
    "Chances",
    "ClassesTried",
    "ClientTable",
    "Clients",
    "Drift",
    "EmployabilityPath",
    "Encoded",
    "Encoding",
    "Feature",
    "Flag",
    "GivenFit",
    "GivenGroups",
    "Grouping",
    "HighLow",
    "LatentClasses",
    "LatentFit",
    "Levels",
    "Linear",
    "Merged",
    "Merging",
    "Number",
    "OnHidden",
    "OnRecord",
    "Overlap",
    "OverlapWarning",
    "Points",
    "PooledLevels",
    "ProfileRow",
    "Published",
    "Question",
    "Reasons",
    "RoundingLoss",
    "ScoreTable",
    "Segments",
    "ServedRow",
    "ShiftAndScale",
    "ShiftIntercept",
    "Spline",
    "Stability",
    "Stock",
    "SyntheticClients",
    "SyntheticWorld",
    "Target",
    "Truth",
    "Unaware",
    "WaitModel",
    "WaitPlan",
    "WithoutService",
    "adjusted_rand",
    "anticipate",
    "area",
    "calibrate_chances",
    "case_mix",
    "chances",
    "employability_path",
    "fit_waits",
    "marks",
    "path_of_endings",
    "profile",
    "questions",
    "reasons",
    "recalibrate",
    "rounding_loss",
    "served_by_chance",
    "skimming_within",
    "stability",
]

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
from impactmodel.clients.encoding_screening import CrossedPair, screen_crossed, with_crossed
from impactmodel.clients.encoding_terms import Bins, Levels, Linear, PooledLevels, Spline
from impactmodel.clients.features import Category, Feature, Flag, Number
from impactmodel.clients.synthetic import Drift, SyntheticClients, SyntheticWorld
from impactmodel.clients.synthetic_assignment import AtRandom, OnHidden, OnRecord
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
    "ClientTable",
    "Clients",
    "CrossedPair",
    "Drift",
    "EmployabilityPath",
    "Encoded",
    "Encoding",
    "Feature",
    "Flag",
    "Levels",
    "Linear",
    "Number",
    "OnHidden",
    "OnRecord",
    "Overlap",
    "OverlapWarning",
    "PooledLevels",
    "Reasons",
    "ShiftAndScale",
    "ShiftIntercept",
    "Spline",
    "SyntheticClients",
    "SyntheticWorld",
    "Target",
    "Truth",
    "Unaware",
    "WaitModel",
    "WaitPlan",
    "WithoutService",
    "anticipate",
    "area",
    "calibrate_chances",
    "case_mix",
    "chances",
    "employability_path",
    "fit_waits",
    "path_of_endings",
    "reasons",
    "recalibrate",
    "screen_crossed",
    "skimming_within",
    "with_crossed",
]

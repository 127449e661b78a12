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
from impactmodel.clients.anticipation_calibration import ChanceCalibration, calibrate_chances
from impactmodel.clients.anticipation_noise import (
    CalibrationLimits,
    CalibrationRow,
    GroupNoise,
)
from impactmodel.clients.anticipation_overlap import OverlapWarning
from impactmodel.clients.anticipation_reasons import Reasons, reasons
from impactmodel.clients.anticipation_recalibration import (
    ShiftAndScale,
    ShiftIntercept,
    recalibrate,
)
from impactmodel.clients.anticipation_record import inputs_of, record_of
from impactmodel.clients.cards import (
    DataSheet,
    FeatureRow,
    ModelCard,
    Performance,
    data_sheet,
    model_card,
    performance,
)
from impactmodel.clients.case_mix import CaseMix, case_mix, skimming_within
from impactmodel.clients.case_mix_offer import CaseMixOffer, case_mix_offer, easiest_first
from impactmodel.clients.chances import Chances, chances
from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.clients.decision_log import Decision, DecisionLog, Entry, Proposal
from impactmodel.clients.decision_opening import Opening
from impactmodel.clients.desk import Desk
from impactmodel.clients.desk_folder import RunDesk, open_desk
from impactmodel.clients.effect_bias import HiddenBias, SizedBias, with_hidden_bias
from impactmodel.clients.effect_draws import EffectDraws, pooled
from impactmodel.clients.effect_groups import (
    EffectDesign,
    GroupEffects,
    effects_by_group,
    scores_of,
)
from impactmodel.clients.effect_hidden import HiddenKnowledge, benchmark_priors, hidden_knowledge
from impactmodel.clients.effect_inputs import Served
from impactmodel.clients.effect_months import MonthlyEffects, effects_by_month
from impactmodel.clients.effect_outcomes import as_outcomes
from impactmodel.clients.effect_overlap import Overlap
from impactmodel.clients.effect_persons import PersonEffects, person_effects
from impactmodel.clients.employability import EmployabilityPath, employability_path, path_of_endings
from impactmodel.clients.encoding import Encoded, Encoding
from impactmodel.clients.encoding_gaps import OwnLevel, PooledGaps
from impactmodel.clients.encoding_screening import CrossedPair, screen_crossed, with_crossed
from impactmodel.clients.encoding_terms import Bins, Levels, Linear, PooledLevels, Spline
from impactmodel.clients.fairness import Audit, Disparity, Measured, audit, disclosed, disparity
from impactmodel.clients.features import Category, Feature, Flag, Number
from impactmodel.clients.flag_stability import FlagStability, flag_stability, refits
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
from impactmodel.clients.membership import Membership
from impactmodel.clients.merging import Merged, Merging
from impactmodel.clients.model_record import ModelRecord, Reason, Score
from impactmodel.clients.monitor import Monitoring, MonitorRules, Observed, observe, watch
from impactmodel.clients.overrides import Overrides, overrides
from impactmodel.clients.score_criticism import Question, ServedRow, questions, served_by_chance
from impactmodel.clients.score_segments import HighLow, RoundingLoss, rounding_loss
from impactmodel.clients.score_table import Points, Published, ScoreTable
from impactmodel.clients.segments import ClassesTried, Grouping, LatentClasses, LatentFit
from impactmodel.clients.segments_given import GivenFit, GivenGroups
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
from impactmodel.clients.use import ClientGate, ClientUse, Oversight, declared_use
from impactmodel.clients.value import PlaceValue, place_value
from impactmodel.clients.value_frontier import (
    PricedTypes,
    ValuePoint,
    priced_types,
    value_frontier,
)
from impactmodel.clients.waits import WaitModel, WaitPlan, fit_waits
from impactmodel.clients.worth import (
    Jobs,
    JobValue,
    NetValue,
    PlaceWorth,
    Purse,
    job_value,
    worth_of_places,
)

__all__ = [
    "Allocation",
    "AllocationRules",
    "Anticipated",
    "Anticipation",
    "Area",
    "AsUsual",
    "AtRandom",
    "Audit",
    "Aware",
    "Bins",
    "CalibrationLimits",
    "CalibrationRow",
    "CaseMix",
    "CaseMixOffer",
    "Category",
    "ChanceAbove",
    "ChanceCalibration",
    "ChanceModel",
    "Chances",
    "ClassesTried",
    "ClientGate",
    "ClientLetter",
    "ClientTable",
    "ClientTypes",
    "ClientUse",
    "Clients",
    "CrossedPair",
    "DataSheet",
    "Decision",
    "DecisionLog",
    "Desk",
    "Disparity",
    "Drawn",
    "Drift",
    "EffectDesign",
    "EffectDraws",
    "EmployabilityPath",
    "Encoded",
    "Encoding",
    "Entry",
    "Expected",
    "Feature",
    "FeatureRow",
    "FeatureWords",
    "Flag",
    "FlagStability",
    "Floor",
    "Frontier",
    "FrontierPoint",
    "GivenFit",
    "GivenGroups",
    "GroupEffects",
    "GroupNoise",
    "Grouping",
    "HiddenBias",
    "HiddenKnowledge",
    "HighLow",
    "Impact",
    "JobValue",
    "Jobs",
    "KeptInputs",
    "Key",
    "LatentClasses",
    "LatentFit",
    "Levels",
    "Linear",
    "Measured",
    "Membership",
    "Merged",
    "Merging",
    "ModelCard",
    "ModelRecord",
    "MonitorRules",
    "Monitoring",
    "MonthlyEffects",
    "NetValue",
    "Number",
    "Observed",
    "OnHidden",
    "OnRecord",
    "Opening",
    "Overlap",
    "OverlapWarning",
    "Overrides",
    "Oversight",
    "OwnLevel",
    "Performance",
    "PersonEffects",
    "PlaceValue",
    "PlaceWorth",
    "Points",
    "PolicyGain",
    "PooledGaps",
    "PooledLevels",
    "PricedTypes",
    "ProfileRow",
    "Proposal",
    "Published",
    "Purse",
    "Question",
    "Reason",
    "Reasons",
    "RoundingLoss",
    "RunDesk",
    "Score",
    "ScoreTable",
    "Served",
    "ServedRow",
    "ShiftAndScale",
    "ShiftIntercept",
    "SizedBias",
    "Spline",
    "Stability",
    "Stock",
    "SyntheticClients",
    "SyntheticWorld",
    "TailMean",
    "Target",
    "Truth",
    "Unaware",
    "UseWords",
    "UsedValue",
    "ValuePoint",
    "WaitModel",
    "WaitPlan",
    "WithoutService",
    "Words",
    "adjusted_rand",
    "allocate",
    "anticipate",
    "area",
    "as_allocated",
    "as_outcomes",
    "as_recorded",
    "at_random",
    "audit",
    "benchmark_priors",
    "by_risk",
    "calibrate_chances",
    "case_mix",
    "case_mix_offer",
    "chances",
    "data_sheet",
    "declared_use",
    "disclosed",
    "disparity",
    "easiest_first",
    "effects_by_group",
    "effects_by_month",
    "employability_path",
    "fit_waits",
    "flag_stability",
    "frontier",
    "gain_draws",
    "hidden_knowledge",
    "impact",
    "inputs_of",
    "job_value",
    "marks",
    "model_card",
    "moved",
    "observe",
    "open_desk",
    "overrides",
    "path_of_endings",
    "performance",
    "person_effects",
    "place_value",
    "policy_gain",
    "pooled",
    "priced_types",
    "profile",
    "propose_people",
    "protected_in",
    "questions",
    "reasons",
    "recalibrate",
    "record_of",
    "refits",
    "rounding_loss",
    "scores_of",
    "screen_crossed",
    "served_by_chance",
    "skimming_within",
    "stability",
    "used_values",
    "value_frontier",
    "watch",
    "with_crossed",
    "with_hidden_bias",
    "worth_of_places",
]

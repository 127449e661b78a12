"""Effects: evidence and a design become draws of outcomes with and without the programme.

`build_model` shows the model, `fit` computes its posterior, `prior_outcomes` what the priors
imply, `least_squares` the frequentist twin. PyMC and nutpie load on first use.
"""

from impactmodel.effects.additive_logit import AdditiveLogit, Block
from impactmodel.effects.arms import Trial
from impactmodel.effects.assurance import Assurance, Trigger, assurance
from impactmodel.effects.before_after import BeforeAfter
from impactmodel.effects.bias import with_bias
from impactmodel.effects.candidates import Candidates
from impactmodel.effects.chances import Importance, LogitPosterior, logit_posterior
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.choices import DesignChoice, ExperimentChoice
from impactmodel.effects.choices_panel import DifferenceInDifferencesChoice
from impactmodel.effects.choices_people import (
    EncouragementChoice,
    MatchedComparisonChoice,
    PredictedBaselineChoice,
)
from impactmodel.effects.choices_published import HistoricalControlsChoice, MetaAnalysisChoice
from impactmodel.effects.choices_series import (
    BeforeAfterChoice,
    InterruptedTimeSeriesChoice,
    SyntheticControlChoice,
)
from impactmodel.effects.choices_spells import DurationsChoice
from impactmodel.effects.choices_states import TransitionsChoice
from impactmodel.effects.comparison import (
    Clusters,
    ComparedMeans,
    ComparedShares,
    Individuals,
    Sites,
)
from impactmodel.effects.dependence import Comonotone, Copula, Independent
from impactmodel.effects.design_stage import DesignStage, design_stage
from impactmodel.effects.did_aggregate import Aggregate, aggregate
from impactmodel.effects.did_group_time import GroupTime
from impactmodel.effects.did_options import Comparison, DifferencePriors, TrendViolation
from impactmodel.effects.did_table import DifferenceRow, difference_table
from impactmodel.effects.difference_in_differences import (
    DifferenceInDifferences,
    difference_checks,
    group_time_effects,
    pretrend_scale,
)
from impactmodel.effects.doubly_robust import Estimate
from impactmodel.effects.durations import Durations, endings, exact_incidence
from impactmodel.effects.elicitation import (
    beta_prior,
    half_normal_prior,
    logit_priors,
    lognormal_prior,
    normal_prior,
)
from impactmodel.effects.encouragement import Encouragement, wald_estimates
from impactmodel.effects.endings import Endings
from impactmodel.effects.experiment import Experiment, least_squares
from impactmodel.effects.experiment_priors import (
    experiment_prior_conflict,
    experiment_prior_sensitivity,
)
from impactmodel.effects.experiment_targets import Population, RealisedCohort
from impactmodel.effects.fitting import (
    build_model,
    default_method,
    exact_effects,
    fit,
    prior_outcomes,
)
from impactmodel.effects.given_prediction import GivenPrediction
from impactmodel.effects.hazard_priors import (
    Constant,
    DirichletPriors,
    HazardPriors,
    PooledPeriods,
    RandomWalk,
)
from impactmodel.effects.hazard_regression import cox_regression, hazard_regression
from impactmodel.effects.historical_controls import HistoricalControls, borrowing
from impactmodel.effects.histories import Histories, HistoryAssumptions
from impactmodel.effects.interim import SoFar, predictive_probability
from impactmodel.effects.interrupted_time_series import InterruptedTimeSeries, interruption_checks
from impactmodel.effects.its_priors import ScalePrior, SeriesPriors, causal_impact_priors
from impactmodel.effects.linear_prediction import LinearPriors
from impactmodel.effects.looks import Boundaries, Looks, sequential
from impactmodel.effects.matched_comparison import MatchedComparison, doubly_robust
from impactmodel.effects.meta_analysis import MetaAnalysis, pooling_table
from impactmodel.effects.meta_targets import (
    CohortPart,
    EachStudy,
    MeanEffect,
    MetaPriors,
    NewCohort,
    TargetLevel,
)
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.missing import MissingShift, attrition_check
from impactmodel.effects.planning import minimum_detectable_effect, power, sizes
from impactmodel.effects.pooling import HalfCauchy, HalfNormal
from impactmodel.effects.predicted_baseline import PredictedBaseline, PredictionPriors
from impactmodel.effects.principal_strata import StrataPriors
from impactmodel.effects.priors import (
    BetaPriors,
    GaussianPriors,
    HurdleGammaPriors,
    LogitPriors,
    Priors,
)
from impactmodel.effects.randomisation import randomisation_check
from impactmodel.effects.regression import LeastSquares
from impactmodel.effects.result import EffectFit
from impactmodel.effects.sc_model import DonorPriors
from impactmodel.effects.sc_twins import PointEstimate
from impactmodel.effects.sensitivity import (
    BenchmarkBias,
    Bias,
    BiasPrior,
    e_value,
    omitted_variable_bias,
    robustness_value,
)
from impactmodel.effects.storage import load_fit, save_fit
from impactmodel.effects.survival import (
    Incidence,
    SurvivalCurve,
    aalen_johansen,
    kaplan_meier,
    restricted_mean,
)
from impactmodel.effects.synthetic_control import (
    SyntheticControl,
    control_checks,
    control_estimates,
)
from impactmodel.effects.transition_priors import DirichletRows, LogitRows, StateTarget
from impactmodel.effects.transition_twins import transition_estimates
from impactmodel.effects.transitions import Transitions
from impactmodel.effects.weighting import EntropyBalancing, PropensityOdds, Weighting

__all__ = [
    "AdditiveLogit",
    "Aggregate",
    "Assurance",
    "BeforeAfter",
    "BeforeAfterChoice",
    "BenchmarkBias",
    "BetaPriors",
    "Bias",
    "BiasPrior",
    "Block",
    "Boundaries",
    "Candidates",
    "Check",
    "ClosedForm",
    "Clusters",
    "CohortPart",
    "Comonotone",
    "ComparedMeans",
    "ComparedShares",
    "Comparison",
    "Constant",
    "Copula",
    "DesignChoice",
    "DesignStage",
    "Diagnostics",
    "DifferenceInDifferences",
    "DifferenceInDifferencesChoice",
    "DifferencePriors",
    "DifferenceRow",
    "DirichletPriors",
    "DirichletRows",
    "DonorPriors",
    "Durations",
    "DurationsChoice",
    "EachStudy",
    "EffectFit",
    "Encouragement",
    "EncouragementChoice",
    "Endings",
    "EntropyBalancing",
    "Estimate",
    "Experiment",
    "ExperimentChoice",
    "GaussianPriors",
    "GivenPrediction",
    "GroupTime",
    "HalfCauchy",
    "HalfNormal",
    "HazardPriors",
    "HistoricalControls",
    "HistoricalControlsChoice",
    "Histories",
    "HistoryAssumptions",
    "HurdleGammaPriors",
    "Importance",
    "Incidence",
    "Independent",
    "Individuals",
    "InterruptedTimeSeries",
    "InterruptedTimeSeriesChoice",
    "LeastSquares",
    "LinearPriors",
    "LogitPosterior",
    "LogitPriors",
    "LogitRows",
    "Looks",
    "MatchedComparison",
    "MatchedComparisonChoice",
    "MeanEffect",
    "MetaAnalysis",
    "MetaAnalysisChoice",
    "MetaPriors",
    "MissingShift",
    "NewCohort",
    "PointEstimate",
    "PooledPeriods",
    "Population",
    "PredictedBaseline",
    "PredictedBaselineChoice",
    "PredictionPriors",
    "Priors",
    "PropensityOdds",
    "RandomWalk",
    "RealisedCohort",
    "Sampler",
    "ScalePrior",
    "SeriesPriors",
    "Sites",
    "SoFar",
    "StateTarget",
    "StrataPriors",
    "SurvivalCurve",
    "SyntheticControl",
    "SyntheticControlChoice",
    "TargetLevel",
    "Transitions",
    "TransitionsChoice",
    "TrendViolation",
    "Trial",
    "Trigger",
    "Weighting",
    "aalen_johansen",
    "aggregate",
    "assurance",
    "attrition_check",
    "beta_prior",
    "borrowing",
    "build_model",
    "causal_impact_priors",
    "control_checks",
    "control_estimates",
    "cox_regression",
    "default_method",
    "design_stage",
    "difference_checks",
    "difference_table",
    "doubly_robust",
    "e_value",
    "endings",
    "exact_effects",
    "exact_incidence",
    "experiment_prior_conflict",
    "experiment_prior_sensitivity",
    "fit",
    "group_time_effects",
    "half_normal_prior",
    "hazard_regression",
    "interruption_checks",
    "kaplan_meier",
    "least_squares",
    "load_fit",
    "logit_posterior",
    "logit_priors",
    "lognormal_prior",
    "minimum_detectable_effect",
    "normal_prior",
    "omitted_variable_bias",
    "pooling_table",
    "power",
    "predictive_probability",
    "pretrend_scale",
    "prior_outcomes",
    "randomisation_check",
    "restricted_mean",
    "robustness_value",
    "save_fit",
    "sequential",
    "sizes",
    "transition_estimates",
    "wald_estimates",
    "with_bias",
]

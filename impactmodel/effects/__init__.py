"""Effects: evidence and a design become draws of outcomes with and without the programme.

`build_model` shows the model, `fit` computes its posterior, `prior_outcomes` what the priors
imply, `least_squares` the frequentist twin. PyMC and nutpie load on first use.
"""

from impactmodel.effects.arms import Trial
from impactmodel.effects.assurance import Assurance, Trigger, assurance
from impactmodel.effects.bias import with_bias
from impactmodel.effects.candidates import Candidates
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.choices import DesignChoice, ExperimentChoice
from impactmodel.effects.choices_panel import DifferenceInDifferencesChoice
from impactmodel.effects.choices_published import HistoricalControlsChoice, MetaAnalysisChoice
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
from impactmodel.effects.elicitation import (
    beta_prior,
    half_normal_prior,
    logit_priors,
    lognormal_prior,
    normal_prior,
)
from impactmodel.effects.encouragement import Encouragement, wald_estimates
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
from impactmodel.effects.historical_controls import HistoricalControls, borrowing
from impactmodel.effects.histories import Histories, HistoryAssumptions
from impactmodel.effects.interim import SoFar, predictive_probability
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
from impactmodel.effects.predicted_baseline import PredictedBaseline
from impactmodel.effects.priors import (
    BetaPriors,
    GaussianPriors,
    HurdleGammaPriors,
    LogitPriors,
    Priors,
)
from impactmodel.effects.regression import LeastSquares
from impactmodel.effects.result import EffectFit
from impactmodel.effects.sensitivity import (
    BenchmarkBias,
    BiasPrior,
    e_value,
    omitted_variable_bias,
    robustness_value,
)
from impactmodel.effects.storage import load_fit, save_fit
from impactmodel.effects.weighting import EntropyBalancing, PropensityOdds

__all__ = [
    "Aggregate",
    "Assurance",
    "BenchmarkBias",
    "BetaPriors",
    "BiasPrior",
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
    "Copula",
    "DesignChoice",
    "DesignStage",
    "Diagnostics",
    "DifferenceInDifferences",
    "DifferenceInDifferencesChoice",
    "DifferencePriors",
    "DifferenceRow",
    "EachStudy",
    "EffectFit",
    "Encouragement",
    "EntropyBalancing",
    "Experiment",
    "ExperimentChoice",
    "GaussianPriors",
    "GivenPrediction",
    "GroupTime",
    "HalfCauchy",
    "HalfNormal",
    "HistoricalControls",
    "HistoricalControlsChoice",
    "Histories",
    "HistoryAssumptions",
    "HurdleGammaPriors",
    "Independent",
    "Individuals",
    "LeastSquares",
    "LogitPriors",
    "Looks",
    "MatchedComparison",
    "MeanEffect",
    "MetaAnalysis",
    "MetaAnalysisChoice",
    "MetaPriors",
    "MissingShift",
    "NewCohort",
    "Population",
    "PredictedBaseline",
    "Priors",
    "PropensityOdds",
    "RealisedCohort",
    "Sampler",
    "Sites",
    "SoFar",
    "TargetLevel",
    "TrendViolation",
    "Trial",
    "Trigger",
    "aggregate",
    "assurance",
    "attrition_check",
    "beta_prior",
    "borrowing",
    "build_model",
    "default_method",
    "design_stage",
    "difference_checks",
    "difference_table",
    "doubly_robust",
    "e_value",
    "exact_effects",
    "experiment_prior_conflict",
    "experiment_prior_sensitivity",
    "fit",
    "group_time_effects",
    "half_normal_prior",
    "least_squares",
    "load_fit",
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
    "robustness_value",
    "save_fit",
    "sequential",
    "sizes",
    "wald_estimates",
    "with_bias",
]

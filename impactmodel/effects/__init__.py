"""Effects: evidence and a design become draws of outcomes with and without the programme.

`build_model` shows the model, `fit` computes its posterior, `prior_outcomes` what the priors
imply, `least_squares` the frequentist twin. PyMC and nutpie load on first use.
"""

from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.choices import DesignChoice, ExperimentChoice
from impactmodel.effects.experiment import Experiment, least_squares
from impactmodel.effects.fitting import (
    build_model,
    default_method,
    exact_effects,
    fit,
    prior_outcomes,
)
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.missing import MissingShift, attrition_check
from impactmodel.effects.priors import (
    BetaPriors,
    GaussianPriors,
    HurdleGammaPriors,
    LogitPriors,
    Priors,
)
from impactmodel.effects.regression import LeastSquares
from impactmodel.effects.result import EffectFit
from impactmodel.effects.storage import load_fit, save_fit

__all__ = [
    "BetaPriors",
    "Check",
    "ClosedForm",
    "DesignChoice",
    "Diagnostics",
    "EffectFit",
    "Experiment",
    "ExperimentChoice",
    "GaussianPriors",
    "HurdleGammaPriors",
    "LeastSquares",
    "LogitPriors",
    "MissingShift",
    "Priors",
    "Sampler",
    "attrition_check",
    "build_model",
    "default_method",
    "exact_effects",
    "fit",
    "least_squares",
    "load_fit",
    "prior_outcomes",
    "save_fit",
]

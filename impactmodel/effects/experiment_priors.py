"""What the priors of an experiment decide: conflict with the data, and the answer under others."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.effects.checks import Check
from impactmodel.effects.experiment import Experiment, least_squares, models_of
from impactmodel.effects.experiment_targets import Population, cohort_size
from impactmodel.effects.fitting import exact_effects
from impactmodel.effects.model import PeopleModel
from impactmodel.effects.predictor import Array
from impactmodel.effects.prior_checks import (
    Answer,
    power_scaled,
    prior_data_conflict,
    prior_sensitivity,
)
from impactmodel.effects.priors import BetaPriors, LogitPriors, Priors
from impactmodel.effects.result import EffectFit


def experiment_prior_conflict(
    design: Experiment, *, draws: int = 4000, seed: int = 0
) -> tuple[Check, ...]:
    """Check each observed effect against what the priors and sampling error would give.

    The effect is the least-squares estimate; under the priors it is the prior's effect plus an
    error with the estimate's own (HC2) standard error. A failed check says that the priors held
    such an effect to be nearly impossible.

    Parameters
    ----------
    draws, seed
        Of the prior predictive distribution.

    Examples
    --------
    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.evidence import Cells
    >>> counts = pd.DataFrame({"treat": [0, 1], "n": [400, 400], "job_sum": [120, 200]})
    >>> jobs = [OutcomeMeasure("job", kind="binary")]
    >>> cells = Cells.from_frame(counts, treatment="treat", outcomes=jobs)
    >>> sceptic = Priors(binary=LogitPriors(treatment_sd=0.05))
    >>> [check.passed for check in experiment_prior_conflict(Experiment(cells, priors=sceptic))]
    [False]
    """
    layout, models = models_of(dataclasses.replace(design, target=Population()))
    size = cohort_size(layout, Population())
    checks = []
    for model, found in zip(models, least_squares(design), strict=True):
        drawn = model.prior(draws, stream(seed, "prior", found.outcome))
        mean = model.levels(drawn).mean @ (size / size.sum())
        error = found.se if found.se_hc2 is None else found.se_hc2
        if not error > 0:
            raise InputError("the estimate has no error to compare with", seen=found.outcome)
        rng = stream(seed, "conflict", found.outcome)
        replicated = mean[0] - mean[1] + rng.normal(0.0, error, draws)
        checks.append(prior_data_conflict(f"effect on '{found.outcome}'", found.effect, replicated))
    return tuple(checks)


def experiment_prior_sensitivity(
    design: Experiment, *, factors: Sequence[float] = (0.5, 2.0)
) -> tuple[Check, ...]:
    """Check how far each effect on the population moves when its prior's sd is halved and doubled.

    By closed form: every prior is fitted anew, exactly. Beta priors keep their mean, and their
    weight in people is divided by the factor squared.

    Raises
    ------
    InputError
        If the design has no closed form; see `power_scaled_experiment` then.

    Examples
    --------
    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.evidence import Cells
    >>> counts = pd.DataFrame({"treat": [0, 1], "n": [260, 185], "job_sum": [168, 140]})
    >>> jobs = [OutcomeMeasure("job", kind="binary")]
    >>> cells = Cells.from_frame(counts, treatment="treat", outcomes=jobs)
    >>> check, = experiment_prior_sensitivity(Experiment(cells))
    >>> [round(float(row[1]), 3) for row in check.table[1:]]
    [0.106, 0.094, 0.109]
    """
    rows: dict[str, list[Answer]] = {}
    for factor in (1.0, *factors):
        priors = _scaled(design.priors, factor)
        scaled = dataclasses.replace(design, priors=priors, target=Population())
        label = "as used" if factor == 1 else f"effect's prior sd times {factor:g}"
        for outcome, mean, sd in exact_effects(scaled):
            rows.setdefault(outcome, []).append(Answer(label, mean, sd))
    return tuple(prior_sensitivity(f"effect on '{name}'", said) for name, said in rows.items())


def power_scaled_experiment(design: Experiment, fit: EffectFit) -> tuple[Check, ...]:
    """Check prior sensitivity of a sampled fit: the treatment's prior to the power 1/2 and 2.

    Reads the draws of the fit; nothing is sampled anew. Works with covariates and pooled groups.

    Parameters
    ----------
    design, fit
        A design and its fit.

    Raises
    ------
    InputError
        For beta priors, which have a closed form.
    """
    layout, models = models_of(design)
    posterior = fit.posterior["posterior"].dataset
    drawn = {str(k): v.values.reshape(-1, *v.shape[2:]) for k, v in posterior.items()}
    size = cohort_size(layout, design.target)
    checks = []
    for model in models:
        # From the parameters, in their own order: outcomes are paired after sampling.
        mean = model.levels(drawn).mean @ (size / size.sum())
        name = f"effect on '{model.measure.name}'"
        checks.append(power_scaled(name, mean[0] - mean[1], _log_prior(model, drawn)))
    return tuple(checks)


def _log_prior(model: PeopleModel, drawn: Mapping[str, Array]) -> Array:
    """Return the log prior density of the treatment's coefficients, up to a constant (draw)."""
    if not model.predictors:
        raise InputError(
            f"the model of '{model.measure.name}' has no treatment coefficient",
            fix="use experiment_prior_sensitivity",
        )
    terms = [-0.5 * (drawn[p.beta][:, 1] / p.sd[1]) ** 2 for p in model.predictors]
    return np.sum(terms, axis=0)


def _scaled(priors: Priors, factor: float) -> Priors:
    """Return priors with the treatment's sds multiplied."""
    binary: LogitPriors | BetaPriors
    if isinstance(priors.binary, BetaPriors):
        old = priors.binary
        binary = BetaPriors(old.events / factor**2, old.non_events / factor**2)
    else:
        binary = _wider(priors.binary, factor)
    amount = dataclasses.replace(
        priors.amount,
        positive=_wider(priors.amount.positive, factor),
        treatment_sd=priors.amount.treatment_sd * factor,
    )
    number = dataclasses.replace(priors.number, treatment_sd=priors.number.treatment_sd * factor)
    return dataclasses.replace(priors, binary=binary, amount=amount, number=number)


def _wider(priors: LogitPriors, factor: float) -> LogitPriors:
    return dataclasses.replace(priors, treatment_sd=priors.treatment_sd * factor)

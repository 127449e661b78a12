"""Build, preview and fit: the same three functions for every design."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.seeds import stream
from impactmodel.effects import sampling
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.designs import Prepared, prepare
from impactmodel.effects.experiment import Experiment
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.model import Levels
from impactmodel.effects.predictor import Array
from impactmodel.effects.result import EffectFit

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

type Design = Experiment
type Progress = Callable[[str], None]
type Draws = Sequence[dict[str, Array]]
type Posterior = tuple[Draws, Sequence[Levels], sampling.Chains, xr.DataTree]


def build_model(design: Design) -> pm.Model:
    """Return the PyMC model of a design, to look at before anything is sampled.

    All outcomes stand side by side in one model; parameters are prefixed with the outcome's name
    and no parameter is shared. Likelihoods are potentials of the sufficient statistics.

    Examples
    --------
    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.evidence import Cells
    >>> counts = pd.DataFrame({"treat": [0, 1], "n": [260, 185], "job_sum": [168, 140]})
    >>> jobs = [OutcomeMeasure("job", kind="binary")]
    >>> cells = Cells.from_frame(counts, treatment="treat", outcomes=jobs)
    >>> [rv.name for rv in build_model(Experiment(cells)).free_RVs]
    ['job_beta']
    """
    return sampling.assemble(prepare(design).models)


def prior_outcomes(design: Design, *, draws: int = 1000, seed: int = 0) -> Outcomes:
    """Draw the outcomes that the priors imply, before any outcome of the data is seen.

    The covariates, and the mean of positive amounts where it sets the prior's scale, are those of
    the data. Outcomes are independent a priori.
    """
    ready = prepare(design)
    levels = []
    for model in ready.models:
        drawn = model.prior(draws, stream(seed, "prior", model.measure.name))
        levels.append(model.levels(drawn))
    provenance = dataclasses.replace(
        ready.provenance.assuming("drawn from the priors, before the data"), seed=seed
    )
    orders = [np.arange(draws)] * len(levels)
    return ready.outcomes(levels, orders, provenance)


def fit(
    design: Design,
    sampler: Sampler | ClosedForm | None = None,
    *,
    progress: Progress | None = None,
) -> EffectFit:
    """Compute the posterior of a design and its outcomes with and without the programme.

    Parameters
    ----------
    design
        Such as `Experiment`.
    sampler
        `Sampler`, or `ClosedForm` where the posterior is exact. None: the closed form where there
        is one, a sampler with its defaults otherwise.
    progress
        Called with a short sentence at each stage.

    Returns
    -------
    EffectFit
        Failed checks do not raise here: ``fit.outcomes`` carries them and the money step refuses
        it. See `Diagnostics`.

    Raises
    ------
    InputError
        If the evidence lacks what the design needs, or there is no closed form.
    """
    ready = prepare(design)
    method = sampler or _default_method(ready)
    say = progress or (lambda _: None)
    if isinstance(method, ClosedForm):
        say("computing the exact posterior")
        drawn, levels, chains, posterior = _exactly(ready, method)
    else:
        say("compiling the model and sampling its posterior")
        drawn, levels, chains, posterior = _sampled(ready, method)
    say("checking the fit")
    checks = (*chains.checks(), *_predictive(ready, drawn, method.seed))
    diagnostics = Diagnostics(checks, chains.rhat_max, chains.ess_min, chains.divergences)
    orders = ready.pairing(levels, stream(method.seed, "pairing"))
    provenance = dataclasses.replace(
        ready.provenance, seed=method.seed, diagnostics=diagnostics.status
    )
    return EffectFit(ready.outcomes(levels, orders, provenance), diagnostics, posterior)


def default_method(design: Design, *, seed: int = 0, draws: int = 4000) -> Sampler | ClosedForm:
    """Return the closed form where a design has one, otherwise a sampler, for so many draws."""
    return _default_method(prepare(design), seed, draws)


def _default_method(ready: Prepared, seed: int = 0, draws: int = 4000) -> Sampler | ClosedForm:
    if not ready.exact:
        return ClosedForm(seed=seed, draws=draws)
    chains = Sampler().chains
    return Sampler(seed=seed, chains=chains, draws=-(-draws // chains))


def _exactly(ready: Prepared, method: ClosedForm) -> Posterior:
    if ready.exact:
        raise InputError(
            f"there is no closed form: {ready.exact}", key="sampler", fix="use Sampler"
        )
    drawn = [m.exact(method.draws, stream(method.seed, m.measure.name)) for m in ready.models]
    levels = [m.levels(d) for m, d in zip(ready.models, drawn, strict=True)]
    return drawn, levels, sampling.Chains(1.0, float(method.draws), 0), _tree(drawn)


def _sampled(ready: Prepared, method: Sampler) -> Posterior:
    posterior = sampling.sample(ready.models, method)
    drawn = _flat(posterior, ready)
    levels = [m.levels(d) for m, d in zip(ready.models, drawn, strict=True)]
    return drawn, levels, _measure(posterior, ready, levels, method), posterior


def exact_effects(design: Design) -> tuple[tuple[str, float, float], ...]:
    """Return (outcome, mean, sd) of each effect by closed form or quadrature, without draws.

    Raises
    ------
    InputError
        If the design has covariates or pooled groups.

    Examples
    --------
    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.effects.priors import BetaPriors, Priors
    >>> from impactmodel.evidence import Cells
    >>> counts = pd.DataFrame({"treat": [0, 1], "n": [260, 185], "job_sum": [168, 140]})
    >>> jobs = [OutcomeMeasure("job", kind="binary")]
    >>> cells = Cells.from_frame(counts, treatment="treat", outcomes=jobs)
    >>> (name, mean, sd), = exact_effects(Experiment(cells, priors=Priors(binary=BetaPriors())))
    >>> name, round(mean, 6), mean == 141 / 187 - 169 / 262
    ('job', 0.108973, True)
    """
    ready = prepare(design)
    if ready.exact:
        raise InputError(f"there is no closed form: {ready.exact}", fix="use fit with a Sampler")
    contrast = np.array([1.0, -1.0])
    out = []
    for model in ready.models:
        mean, covariance = model.exact_moments()
        variance = float(contrast @ covariance @ contrast)
        out.append((model.measure.name, float(mean @ contrast), float(np.sqrt(variance))))
    return tuple(out)


def _tree(drawn: Draws) -> xr.DataTree:
    import xarray as xr

    joined = {name: values for part in drawn for name, values in part.items()}
    data = xr.Dataset(
        {
            name: (("chain", "draw", *(f"{name}_{i}" for i in range(1, v.ndim))), v[None])
            for name, v in joined.items()
        }
    )
    return xr.DataTree.from_dict({"posterior": data})


def _flat(tree: xr.DataTree, ready: Prepared) -> Draws:
    """Return each model's parameters with chains one after another."""
    data = tree["posterior"].dataset
    joined = {
        str(name): np.asarray(v.values.reshape(-1, *v.shape[2:]), dtype=float)
        for name, v in data.items()
    }
    # Each model reads its own parameters by name.
    return [joined] * len(ready.models)


def _measure(
    tree: xr.DataTree, ready: Prepared, levels: Sequence[Levels], method: Sampler
) -> sampling.Chains:
    """Measure the parameters, and the quantities that are reported: arms and effect."""
    values = {str(k): v.values for k, v in tree["posterior"].dataset.items()}
    for model, level in zip(ready.models, levels, strict=True):
        arms = level.mean.reshape(2, method.chains, method.draws, -1)
        name = model.measure.name
        values |= {f"{name}:1": arms[0], f"{name}:0": arms[1], f"{name}:effect": arms[0] - arms[1]}
    divergences = int(tree["sample_stats"]["diverging"].sum())
    return sampling.measure_chains(values, divergences)


def _predictive(ready: Prepared, drawn: Draws, seed: int) -> tuple[Check, ...]:
    checks: list[Check] = []
    for model, parameters in zip(ready.models, drawn, strict=True):
        rng = stream(seed, "predictive", model.measure.name)
        checks += model.predictive_checks(parameters, rng)
    return tuple(checks)

"""Build, preview and fit: the same three functions for every design."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.effects.designs import Ready, Say, prepare
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.prepared import Prepared
from impactmodel.effects.result import EffectFit

if TYPE_CHECKING:
    import pymc as pm

type Design = object


def build_model(design: Design) -> pm.Model:
    """Return the PyMC model of a design, to look at before anything is sampled.

    All outcomes stand side by side in one model; parameters are prefixed with the outcome's name
    and no parameter is shared. Likelihoods are potentials of the sufficient statistics.

    Examples
    --------
    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.effects.experiment import Experiment
    >>> from impactmodel.evidence import Cells
    >>> counts = pd.DataFrame({"treat": [0, 1], "n": [260, 185], "job_sum": [168, 140]})
    >>> jobs = [OutcomeMeasure("job", kind="binary")]
    >>> cells = Cells.from_frame(counts, treatment="treat", outcomes=jobs)
    >>> [rv.name for rv in build_model(Experiment(cells)).free_RVs]
    ['job_beta']
    """
    return prepare(design).build()


def prior_outcomes(design: Design, *, draws: int = 1000, seed: int = 0) -> Outcomes:
    """Draw the outcomes that the priors imply, before any outcome of the data is seen.

    The covariates, and the mean of positive amounts where it sets the prior's scale, are those of
    the data. Outcomes are independent a priori.
    """
    return prepare(design).prior(draws, seed)


def fit(
    design: Design,
    sampler: Sampler | ClosedForm | None = None,
    *,
    progress: Say | None = None,
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
    if isinstance(method, ClosedForm) and ready.exact:
        raise InputError(
            f"there is no closed form: {ready.exact}", key="sampler", fix="use Sampler"
        )
    return ready.fit(method, progress or (lambda _: None))


def default_method(design: Design, *, seed: int = 0, draws: int = 4000) -> Sampler | ClosedForm:
    """Return the closed form where a design has one, otherwise a sampler, for so many draws.

    A sampler's chains are at least as long as those of `Sampler`, whatever is asked for: chains
    of half that length can fail to agree on the spread between groups by chance alone.
    """
    return _default_method(prepare(design), seed, draws)


def _default_method(ready: Ready, seed: int = 0, draws: int = 4000) -> Sampler | ClosedForm:
    if not ready.exact:
        return ClosedForm(seed=seed, draws=draws)
    least = Sampler()
    per_chain = max(-(-draws // least.chains), least.draws)
    return Sampler(seed=seed, chains=least.chains, draws=per_chain)


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
    >>> from impactmodel.effects.experiment import Experiment
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
    if ready.exact or not isinstance(ready, Prepared):
        why = ready.exact or "the design has no exact moments"
        raise InputError(f"there is no closed form: {why}", fix="use fit with a Sampler")
    return ready.moments()

"""Durations: time to a job from spells, in discrete time with censoring and competing exits."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Provenance
from impactmodel.effects.designs import prepare
from impactmodel.effects.duration_outcomes import Targets
from impactmodel.effects.duration_prepared import PreparedDurations
from impactmodel.effects.endings import Endings
from impactmodel.effects.hazard_model import HazardModel
from impactmodel.effects.hazard_priors import DirichletPriors, HazardPriors
from impactmodel.effects.saturated_hazard import SaturatedHazard
from impactmodel.effects.spell_layout import SpellLayout, lay_out_spells
from impactmodel.evidence.spell_cells import SpellCells
from impactmodel.evidence.spells import Spells

if TYPE_CHECKING:
    from impactmodel.effects.result import EffectFit


@dataclass(frozen=True, slots=True)
class Durations:
    r"""Time until a job: two arms, followed from their start, leaving by competing causes.

    The outcomes are on the response scale, draw by draw: the probability of having left to a job
    by each horizon (cumulative incidence), and the mean months without one up to the last horizon.
    Identified if, given the covariates, chance decided who was treated when the clock started,
    and if who is censored would have gone on like those who stayed.

    Parameters
    ----------
    evidence
        `Spells` or `SpellCells`; only counts are read.
    job
        Causes of exit that count as a job. All others compete with it.
    horizons
        In periods of the evidence, such as 6, 12 and 24 months; what happens after the last one is
        not read.
    outcome
        What the outcomes are called: ``job`` gives ``job_by_6`` and ``months_without_job``.
    adjust
        Adjust for all covariates of the evidence, by averaging over everybody's.
    pool_groups
        Give every group its own level and effect, pooled partially. Otherwise groups are merged.
    priors
        `HazardPriors`, or `DirichletPriors` for the conjugate model.
    source
        Citation of the data, for the record.

    Examples
    --------
    >>> import datetime as dt, pandas as pd
    >>> from impactmodel.core.schedule import Periods
    >>> table = pd.DataFrame({"treat": [1, 1, 0, 0], "period": [1, 2, 1, 2],
    ...     "job": [30, 20, 20, 10], "censored": [0, 50, 10, 60]})
    >>> months = Periods(dt.date(2024, 1, 1), "month", 2)
    >>> cells = SpellCells.from_frame(table, "treat", causes=("job",), periods=months)
    >>> design = Durations(cells, job=("job",), horizons=(2,), priors=DirichletPriors(weight=1e-9))
    >>> exact_incidence(design)[:, 0, 1, 0].round(4).tolist()  # treated, comparison
    [0.5, 0.3143]
    """

    evidence: Spells | SpellCells
    job: tuple[str, ...]
    horizons: tuple[int, ...]
    outcome: str = "job"
    adjust: bool = False
    pool_groups: bool = False
    priors: HazardPriors | DirichletPriors = field(default_factory=HazardPriors)
    source: str = ""


def endings(design: Durations, fit: EffectFit) -> Endings:
    """Return how spells end in each draw of a fit: curves, restricted means, medians.

    Draw i is draw i of ``fit.outcomes``.

    Examples
    --------
    ``endings(design, fit).median(design.job)`` has NaN in draws in which half never find a job
    within the last horizon.
    """
    posterior = fit.posterior["posterior"].dataset
    drawn = {str(k): v.values.reshape(-1, *v.shape[2:]) for k, v in posterior.items()}
    return _prepared(design).endings(drawn)


def exact_incidence(design: Durations) -> np.ndarray:
    """Return the posterior mean of the cumulative incidence under `DirichletPriors`, exactly.

    Returns
    -------
    numpy.ndarray
        Shape (arm, group, period, cause); arms are treated, comparison.

    Raises
    ------
    InputError
        For other priors, which have no closed form.
    """
    model = _prepared(design).model
    if not isinstance(model, SaturatedHazard):
        raise InputError("there is no closed form", key="priors", fix="use DirichletPriors")
    return model.exact_incidence()


@prepare.register
def _(design: Durations) -> PreparedDurations:
    return _prepared(design)


def _prepared(design: Durations) -> PreparedDurations:
    evidence = design.evidence
    cells = evidence.cells() if isinstance(evidence, Spells) else evidence
    targets = Targets.of(cells, design.job, design.horizons, design.outcome)
    layout = lay_out_spells(cells, targets.last, adjust=design.adjust, pooled=design.pool_groups)
    model = _model(layout, design.priors)
    periods = dataclasses.replace(
        cells.periods, count=1, every=cells.periods.every * targets.last, clock="since_start"
    )
    return PreparedDurations(
        model=model,
        targets=targets,
        periods=periods,
        provenance=Provenance(
            estimand="ITT",
            population="assigned",
            design="durations (discrete-time hazards, competing exits)",
            source=design.source,
            assumptions=(model.statement, *_assumptions(design, layout, targets)),
        ),
    )


def _model(
    layout: SpellLayout, priors: HazardPriors | DirichletPriors
) -> HazardModel | SaturatedHazard:
    if isinstance(priors, DirichletPriors):
        return SaturatedHazard(layout, priors)
    return HazardModel(layout, priors)


def _assumptions(design: Durations, layout: SpellLayout, targets: Targets) -> tuple[str, ...]:
    cells = layout.cells
    other = [c for c in cells.causes if c not in design.job]
    said = [
        "who is censored would have gone on like those who stayed, given arm and what is adjusted "
        "for",
        "the arms differ by chance only, or by what is adjusted for, when the clock starts",
        f"a job is an exit by {' or '.join(design.job)}"
        + (f"; {', '.join(other)} compete with it" if other else ""),
        "an exit counts at the end of its period",
    ]
    if design.adjust:
        said.append("effects are averaged over the covariates of all people in the evidence")
    merged = len(design.evidence.groups)
    if merged > 1 and not design.pool_groups:
        said.append(f"the {merged} groups are merged")
    if targets.last < cells.periods.count:
        said.append(f"nothing after period {targets.last} is read")
    return tuple(said)

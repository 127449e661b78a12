"""Difference-in-differences with staggered starts: effects on the treated by cohort and period."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Provenance
from impactmodel.effects.checks import Check
from impactmodel.effects.designs import prepare
from impactmodel.effects.did_checks import pre_checks, pretrend_size
from impactmodel.effects.did_covariance import (
    effect_covariance,
    violation_covariance,
)
from impactmodel.effects.did_group_time import GroupTime, group_time
from impactmodel.effects.did_model import EffectPrior, PooledEffects
from impactmodel.effects.did_options import Comparison, DifferencePriors
from impactmodel.effects.did_outcomes import lay_frame
from impactmodel.effects.did_prepared import PreparedDifferences
from impactmodel.effects.did_sample import Array, Sample, take_sample
from impactmodel.effects.did_statements import departures, identification, modelling
from impactmodel.evidence.panel import Panel

type DifferenceClock = Literal["calendar", "since_start"]


@dataclass(frozen=True, slots=True)
class DifferenceInDifferences:
    r"""Units that start treatment at different times, compared with units not treated (yet).

    The estimand is the average effect on the treated, ATT(g, t), of each cohort *g* of units that
    start together, in each period *t* from the start on. Identified if without treatment the
    average change of the treated had been that of the controls (parallel trends on the scale of
    the outcome), if nothing reacts before the start beyond the stated anticipation, and if no unit
    affects another.

    The estimates of Callaway and Sant'Anna (2021) and their cluster-robust covariance are the
    likelihood; effects are partly pooled over cohorts and periods, see `DifferencePriors`.

    Parameters
    ----------
    panel
        A `Panel`. Units are counties, offices or persons.
    comparison
        Controls, covariates, anticipation and clustering.
    priors
        Every number that is assumed, a violation of parallel trends among them.
    clock
        ``calendar``: results by period from the first start on; before its start a cohort has no
        effect. ``since_start``: by periods since the start, as many as every cohort has.
    source, price_base
        Citation of the data and price level of amounts, for the record.

    Examples
    --------
    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> rows = pd.DataFrame({"office": list("aabbccddee"), "year": [2020, 2021] * 5,
    ...     "first": [2021.0] * 4 + [None] * 6,
    ...     "jobs": [5.0, 9.0, 6.0, 8.0, 4.0, 5.0, 5.0, 5.0, 7.0, 9.0]})
    >>> panel = Panel.from_frame(rows, unit="office", period="year", start="first",
    ...     outcomes=[OutcomeMeasure("jobs", kind="index")])
    >>> cells, = group_time_effects(DifferenceInDifferences(panel))
    >>> float(cells.estimate[0])  # (4 + 2) / 2 - (1 + 0 + 2) / 3
    2.0
    """

    panel: Panel
    comparison: Comparison = field(default_factory=Comparison)
    priors: DifferencePriors = field(default_factory=DifferencePriors)
    clock: DifferenceClock = "calendar"
    source: str = ""
    price_base: str = ""

    def __post_init__(self) -> None:
        if self.clock not in {"calendar", "since_start"}:
            raise InputError(
                "the clock is 'calendar' or 'since_start'", key="clock", seen=self.clock
            )


def group_time_effects(design: DifferenceInDifferences) -> tuple[GroupTime, ...]:
    """Estimate ATT(g, t) by Callaway and Sant'Anna, one result per outcome, without priors.

    Raises
    ------
    NotIdentifiedError
        If the panel does not identify any effect, such as a naive before/after comparison.
    InputError
        If the comparison cannot be made.
    """
    sample = take_sample(design.panel, design.comparison)
    return _cells(design, sample)


def difference_checks(design: DifferenceInDifferences) -> tuple[Check, ...]:
    """Check the design before any outcome after the start is read.

    Controls, clusters, pre-trends (joint test and table by lead), trend, placebo dates, and
    Ashenfelter's dip. A sound design fails one of them in at most 7 % of cases per outcome.
    """
    sample = take_sample(design.panel, design.comparison)
    return pre_checks(sample, _cells(design, sample))


def pretrend_scale(design: DifferenceInDifferences) -> tuple[float, ...]:
    """Return, per outcome, the size of one-period differences in change before the start.

    The root mean square, less what estimation error contributes; NaN where no cohort is seen in
    two periods before its start. A measure to state a `TrendViolation` by.
    """
    sample = take_sample(design.panel, design.comparison)
    return tuple(pretrend_size(cells) for cells in _cells(design, sample))


def _cells(design: DifferenceInDifferences, sample: Sample) -> tuple[GroupTime, ...]:
    count = len(design.panel.outcomes)
    return tuple(group_time(sample, k, design.comparison) for k in range(count))


@prepare.register
def _(design: DifferenceInDifferences) -> PreparedDifferences:
    sample = take_sample(design.panel, design.comparison)
    cells = _cells(design, sample)
    frame = lay_frame(sample, cells[0], design.clock)
    covariances = [effect_covariance(sample, one, k) for k, one in enumerate(cells)]
    scales = [_scale(design, sample, k) for k in range(len(cells))]
    models = tuple(
        _model(design, k, one, covariance.matrix, scale)
        for k, (one, covariance, scale) in enumerate(zip(cells, covariances, scales, strict=True))
    )
    return PreparedDifferences(
        models=models,
        sample=sample,
        cells=cells,
        frame=frame,
        provenance=Provenance(
            estimand="ATT",
            population="participants",
            design="difference-in-differences",
            source=design.source,
            price_base=design.price_base,
            assumptions=(
                *identification(design.panel, design.comparison),
                *(
                    modelling(*one, design.priors)
                    for one in zip(design.panel.outcomes, covariances, scales, strict=True)
                ),
                *departures(sample, covariances, design.priors),
                *frame.statements,
            ),
        ),
        violation=design.priors.violation,
    )


def _scale(design: DifferenceInDifferences, sample: Sample, outcome: int) -> float:
    """Return the scale of the priors: how much a control's outcome changes over the panel."""
    if design.priors.scale is not None:
        return design.priors.scale
    y = sample.y[:, : sample.end, outcome]
    here = sample.start >= sample.end
    change = y[here, -1] - y[here, 0]
    seen = change[np.isfinite(change)]
    scale = float(seen.std(ddof=1)) if len(seen) > 1 else 0.0
    if not scale > 0:
        raise InputError(
            "the changes of the controls give no scale for the priors",
            key="priors.scale",
            fix="give DifferencePriors(scale=...) in the outcome's unit",
        )
    return scale


def _model(
    design: DifferenceInDifferences, outcome: int, cells: GroupTime, covariance: Array, scale: float
) -> PooledEffects:
    after = cells.after
    if design.priors.violation is not None:
        covariance = covariance + violation_covariance(cells, design.priors.violation)
    level, spread = design.priors.level * scale, design.priors.spread * scale
    if design.priors.pool:
        prior = EffectPrior.of(cells.cohort[after], cells.since[after], (level, spread))
    else:
        prior = EffectPrior.separate(int(after.sum()), level)
    measure = design.panel.outcomes[outcome]
    return PooledEffects(measure, cells.estimate[after], covariance, prior)

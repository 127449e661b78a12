"""A randomised experiment: the arms differ by chance only, so their contrast is the effect."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.beta import BetaOutcome
from impactmodel.effects.designs import prepare
from impactmodel.effects.gaussian import GaussianOutcome
from impactmodel.effects.hurdle import HurdleGamma
from impactmodel.effects.layout import Layout, lay_out
from impactmodel.effects.logit import LogitOutcome
from impactmodel.effects.missing import MissingShift, Shifted, missing_shares
from impactmodel.effects.model import OutcomeModel
from impactmodel.effects.predictor import Array
from impactmodel.effects.prepared import Prepared
from impactmodel.effects.priors import BetaPriors, Priors
from impactmodel.effects.randomisation import randomisation_check
from impactmodel.effects.regression import LeastSquares, arm_correlations, regress
from impactmodel.evidence import Cells, Cohort

_UNDATED = Periods(dt.date(2000, 1, 1), "year", 1, "since_start")


@dataclass(frozen=True, slots=True)
class Experiment:
    """A randomised experiment; the estimand is intention to treat on the assigned.

    The effect is E[Y1] - E[Y0] on the response scale, averaged draw by draw over the covariates
    of all people in the evidence (or in each group, where groups are pooled).

    Parameters
    ----------
    evidence
        A `Cohort` or `Cells`.
    adjust
        Adjust for all covariates of the evidence.
    pool_groups
        Give every group its own level and effect, pooled partially. Otherwise groups are merged.
    priors
        Every number that is assumed.
    missing
        What is assumed of people whose outcome is not known (`Cohort.from_frame` keeps them with
        ``missing_outcomes``). By default they are missing at random given arm, group and
        covariates.
    periods
        When the outcomes were measured (one period). None: the first year since each person's
        start, taken as 2000-01-01, which is recorded.
    source, price_base
        Citation of the data and price level of amounts, for the record.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame({"treat": [0, 1], "n": [260, 185], "job_sum": [168, 140]})
    >>> jobs = [OutcomeMeasure("job", kind="binary")]
    >>> cells = Cells.from_frame(counts, treatment="treat", outcomes=jobs)
    >>> round(least_squares(Experiment(cells))[0].effect, 4)
    0.1106
    """

    evidence: Cohort | Cells
    adjust: bool = False
    pool_groups: bool = False
    priors: Priors = field(default_factory=Priors)
    missing: tuple[MissingShift, ...] = ()
    periods: Periods | None = None
    source: str = ""
    price_base: str = ""


def least_squares(design: Experiment) -> tuple[LeastSquares, ...]:
    """Estimate an experiment by ordinary least squares, one result per outcome.

    The point estimate is the difference in means, adjusted for covariates and (with
    ``pool_groups``) group indicators where the design says so.

    Raises
    ------
    InputError
        If a covariate is a combination of the others.
    """
    evidence = design.evidence
    names = evidence.covariates if design.adjust else ()
    cells = evidence.cells(by=names) if isinstance(evidence, Cohort) else evidence
    return regress(cells, names, by_group=design.pool_groups)


@prepare.register
def _(design: Experiment) -> Prepared:
    periods = design.periods or _UNDATED
    if periods.count != 1:
        raise InputError(
            "an experiment has its outcomes measured in one period",
            key="periods",
            seen=periods.count,
            fix="give each later measurement as an outcome of its own",
        )
    layout, models = _models(design)
    people, estimators = _correlations(design, layout)
    known = bool(np.isfinite(estimators).all())
    return Prepared(
        models=models,
        periods=periods,
        groups=layout.groups,
        cohort_size=_treated_people(layout),
        provenance=Provenance(
            estimand="ITT",
            population="assigned",
            design="randomised experiment",
            source=design.source,
            price_base=design.price_base,
            assumptions=_assumptions(design, layout, models, known),
        ),
        estimators=estimators if known else None,
        people=people,
        exact=_why_not_exact(design),
        before=(randomisation_check(design.evidence),) if design.evidence.covariates else (),
    )


def _models(design: Experiment) -> tuple[Layout, tuple[OutcomeModel, ...]]:
    """Return the layout of everybody and a model of each outcome, over those who are seen."""
    evidence = design.evidence
    shifts = {shift.outcome: shift for shift in design.missing}
    incomplete = isinstance(evidence, Cohort) and bool(evidence.missing.any())
    names = {o.name for o in evidence.outcomes}
    for name in shifts:
        if name not in names or not incomplete:
            raise InputError(
                "nobody lacks this outcome" if name in names else "there is no such outcome",
                key="missing",
                seen=name,
                fix="read the cohort with missing_outcomes, or leave it out",
            )
    if not incomplete or isinstance(evidence, Cells):
        layout = lay_out(evidence, adjust=design.adjust, pooled=design.pool_groups)
        models = [_model(measure, layout, design.priors) for measure in layout.cells.outcomes]
        return layout, tuple(models)
    everybody = dataclasses.replace(evidence, y=np.zeros_like(evidence.y))
    lay = partial(lay_out, everybody, adjust=design.adjust, pooled=design.pool_groups)
    found: list[OutcomeModel] = []
    for measure in evidence.outcomes:
        seen = lay(observed=evidence.observed(measure.name))
        share = missing_shares(evidence, measure.name, by_group=design.pool_groups)
        shift = shifts.get(measure.name, MissingShift(measure.name))
        model = _model(measure, seen, design.priors)
        found.append(Shifted(model, share, shift) if share.any() else model)
    return lay(), tuple(found)


def _correlations(design: Experiment, layout: Layout) -> tuple[Array, Array]:
    """Return the correlations between people and between estimators, of complete cases."""
    evidence, cells = design.evidence, layout.cells
    if isinstance(evidence, Cohort) and evidence.missing.any():
        complete = evidence.observed(*(o.name for o in evidence.outcomes))
        cells = complete.cells(by=layout.covariates)
    return arm_correlations(cells, ()), arm_correlations(cells, layout.covariates)


def _model(measure: OutcomeMeasure, layout: Layout, priors: Priors) -> OutcomeModel:
    if measure.kind == "amount":
        return HurdleGamma.of(measure, layout, priors.amount, priors.group_sd)
    if measure.kind != "binary":
        return GaussianOutcome.of(measure, layout, priors.number, priors.group_sd)
    if isinstance(priors.binary, BetaPriors):
        if layout.covariates or layout.pooled:
            raise InputError(
                "beta priors take neither covariates nor pooled groups",
                key="priors.binary",
                fix="use LogitPriors",
            )
        return BetaOutcome.of(measure, layout, priors.binary)
    return LogitOutcome.of(measure, layout, priors.binary, priors.group_sd)


def _treated_people(layout: Layout) -> np.ndarray:
    cells = layout.cells
    return np.bincount(cells.group, cells.n * cells.treated, minlength=len(layout.groups))


def _why_not_exact(design: Experiment) -> str:
    if design.adjust:
        return "the model adjusts for covariates"
    return "the model pools groups" if design.pool_groups else ""


def _assumptions(
    design: Experiment, layout: Layout, models: tuple[OutcomeModel, ...], known: bool
) -> tuple[str, ...]:
    said = [model.statement for model in models]
    if layout.covariates:
        said.append("effects are averaged over the covariates of all people in the evidence")
    if len(design.evidence.groups) > 1 and not layout.pooled:
        said.append(f"the {len(design.evidence.groups)} groups are merged")
    if design.periods is None:
        said.append("no dates were given: one year since each person's start, from 2000-01-01")
    if len(models) > 1:
        said.append(
            "draws of different outcomes are paired to have the correlation of their estimators"
            if known
            else "errors of different outcomes are taken as independent: the cells lack the sums "
            "of products"
        )
    return tuple(said)

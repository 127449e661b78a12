"""A randomised experiment: the arms differ by chance only, so their contrast is the effect."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.beta import BetaOutcome
from impactmodel.effects.by_group import ByGroup
from impactmodel.effects.designs import prepare
from impactmodel.effects.experiment_correlations import correlations
from impactmodel.effects.experiment_targets import (
    ExperimentTarget,
    Population,
    RealisedCohort,
    aimed,
    cohort_size,
    estimand,
    for_target,
)
from impactmodel.effects.gaussian import GaussianOutcome
from impactmodel.effects.hurdle import HurdleGamma
from impactmodel.effects.layout import Layout, lay_out
from impactmodel.effects.logit import LogitOutcome
from impactmodel.effects.meta_targets import NewCohort
from impactmodel.effects.missing import MissingShift, Shifted, missing_shares
from impactmodel.effects.model import PeopleModel
from impactmodel.effects.predictor import Array
from impactmodel.effects.prepared import Prepared
from impactmodel.effects.priors import BetaPriors, Priors
from impactmodel.effects.randomisation import randomisation_check
from impactmodel.effects.regression import LeastSquares, regress
from impactmodel.effects.when import UNDATED, UNDATED_NOTE
from impactmodel.evidence import Cells, Cohort

_WHOSE = {
    Population: "all people in the evidence",
    RealisedCohort: "these very people",
    NewCohort: "the new cohort",
}


@dataclass(frozen=True, slots=True)
class Experiment:
    """A randomised experiment; the estimand is intention to treat on the assigned.

    The effect is E[Y1] - E[Y0] on the response scale, averaged draw by draw over the covariates
    of all people in the evidence (or in each group, where groups are pooled), unless ``target``
    asks for these very people or for others.

    Parameters
    ----------
    evidence
        A `Cohort` or `Cells`.
    adjust
        Adjust for all covariates of the evidence.
    pool_groups
        Give every group its own level and effect, pooled partially.
    separate_groups
        Estimate every group by itself, from its own people and the same priors; small groups are
        noisy. Without one of the two, groups are merged.
    priors
        Every number that is assumed.
    missing
        What is assumed of people whose outcome is not known (`Cohort.from_frame` keeps them with
        ``missing_outcomes``). By default they are missing at random given arm, group and
        covariates.
    target
        Whose effect is wanted: `Population`, `RealisedCohort` or `NewCohort`.
    periods
        When the outcomes were measured: one period, or those of the evidence's `RepeatedMeasure`.
        None: the first year since each person's start, taken as 2000-01-01, which is recorded.
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
    separate_groups: bool = False
    priors: Priors = field(default_factory=Priors)
    missing: tuple[MissingShift, ...] = ()
    target: ExperimentTarget = field(default_factory=Population)
    periods: Periods | None = None
    source: str = ""
    price_base: str = ""

    def __post_init__(self) -> None:
        if self.pool_groups and self.separate_groups:
            raise InputError(
                "groups are pooled or separate, not both", key="separate_groups", fix="keep one"
            )
        if self.separate_groups and isinstance(self.target, NewCohort):
            known = all(part.group is not None for part in self.target.parts)
            if not (self.target.parts and known):
                raise InputError(
                    "groups that are estimated apart say nothing of a group outside the evidence",
                    key="target.parts",
                    fix="give each part its group, or pool the groups",
                )

    @property
    def by_group(self) -> bool:
        """Whether the results tell groups apart."""
        return self.pool_groups or self.separate_groups


def least_squares(design: Experiment) -> tuple[LeastSquares, ...]:
    """Estimate an experiment by ordinary least squares, one result per outcome and period.

    The point estimate is the difference in means, adjusted for covariates and (with
    ``pool_groups`` or ``separate_groups``) group indicators where the design says so, among people
    whose outcome is known.

    Raises
    ------
    InputError
        If a covariate is a combination of the others.
    """
    evidence = design.evidence
    names = evidence.covariates if design.adjust else ()
    if isinstance(evidence, Cohort) and evidence.missing.any():
        seen = [evidence.observed(o.name).cells(by=names) for o in evidence.outcomes]
        return tuple(regress(cells, names, by_group=design.by_group)[0] for cells in seen)
    cells = evidence.cells(by=names) if isinstance(evidence, Cohort) else evidence
    return regress(cells, names, by_group=design.by_group)


@prepare.register
def _(design: Experiment) -> Prepared:
    periods = _periods(design)
    layout, models = models_of(design)
    labels = layout.labels if design.separate_groups else ()
    people, estimators = correlations(design.evidence, layout.covariates, apart=labels)
    known = bool(np.isfinite(estimators).all())
    realised = isinstance(design.target, RealisedCohort)
    before = models_of(dataclasses.replace(design, target=Population()))[1] if realised else models
    return Prepared(
        models=models,
        periods=periods,
        groups=layout.labels,
        cohort_size=cohort_size(layout, design.target),
        provenance=Provenance(
            estimand=estimand(design.target),
            population="assigned",
            design="randomised experiment",
            source=design.source,
            price_base=design.price_base,
            assumptions=_assumptions(design, layout, models, known),
        ),
        estimators=estimators if known else None,
        people=None if realised else people,
        exact=_why_not_exact(design),
        checks=(randomisation_check(design.evidence),) if design.evidence.covariates else (),
        repeated=design.evidence.repeated,
        before=before,
    )


def _periods(design: Experiment) -> Periods:
    """Return the periods of the results, one for each column of an outcome."""
    repeated, periods = design.evidence.repeated, design.periods
    if repeated and periods is None:
        raise InputError(
            "it is not said when the outcomes were measured again",
            key="periods",
            fix="give Periods, such as step month with ends 6, 12 and 24",
        )
    periods = periods or UNDATED
    columns = len(repeated[0].columns) if repeated else 1
    if periods.count != columns:
        raise InputError(
            "an outcome needs a column for each period",
            key="periods",
            seen=f"{periods.count} periods, {columns} column{'s' if columns > 1 else ''}",
            fix="name them with RepeatedMeasure, in a case under evidence.columns",
        )
    return periods


def models_of(design: Experiment) -> tuple[Layout, tuple[PeopleModel, ...]]:
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
    if design.separate_groups and len(evidence.groups) == 1:
        raise InputError(
            "there is one group only, nothing to tell apart",
            key="separate_groups",
            fix="name the column of groups in the evidence, or leave this out",
        )
    lay = partial(lay_out, adjust=design.adjust, by_group=design.by_group)
    if not incomplete or isinstance(evidence, Cells):
        layout = aimed(lay(evidence), design.target)
        made = [_model(measure, layout, design) for measure in layout.cells.outcomes]
        return layout, tuple(made)
    everybody = dataclasses.replace(evidence, y=np.zeros_like(evidence.y))
    found: list[PeopleModel] = []
    for measure in evidence.outcomes:
        seen = aimed(lay(everybody, observed=evidence.observed(measure.name)), design.target)
        model = _model(measure, seen, design)
        share = _missing_share(evidence, measure.name, seen)
        shift = shifts.get(measure.name, MissingShift(measure.name))
        found.append(Shifted(model, share, shift) if share.any() else model)
    return aimed(lay(everybody), design.target), tuple(found)


def _missing_share(evidence: Cohort, outcome: str, layout: Layout) -> Array:
    """Return the share missing in each group of the results; a new group has everybody's."""
    own = missing_shares(evidence, outcome, by_group=layout.by_group)
    every = np.column_stack([own, missing_shares(evidence, outcome, by_group=False)])
    first = np.unique(layout.pattern_label, return_index=True)[1]
    return every[:, layout.pattern_group[first]]


def _model(measure: OutcomeMeasure, layout: Layout, design: Experiment) -> PeopleModel:
    """Return the model of an outcome for the target of the design."""
    of_kind = partial(_of_kind, measure, priors=design.priors)
    if not design.separate_groups:
        return for_target(of_kind(layout), layout, design.target)
    apart = ByGroup.of(layout, of_kind, cohort_size(layout, design.target))
    return for_target(apart, layout, design.target)


def _of_kind(measure: OutcomeMeasure, layout: Layout, priors: Priors) -> PeopleModel:
    if measure.kind == "amount":
        return HurdleGamma.of(measure, layout, priors.amount, priors.group_sd)
    if measure.kind != "binary":
        return GaussianOutcome.of(measure, layout, priors.number, priors.group_sd)
    if isinstance(priors.binary, BetaPriors):
        if layout.covariates or layout.by_group:
            raise InputError(
                "beta priors take neither covariates nor pooled groups",
                key="priors.binary",
                fix="use LogitPriors",
            )
        return BetaOutcome.of(measure, layout, priors.binary)
    return LogitOutcome.of(measure, layout, priors.binary, priors.group_sd)


def _why_not_exact(design: Experiment) -> str:
    if design.adjust:
        return "the model adjusts for covariates"
    return "the model pools groups" if design.pool_groups else ""


def _assumptions(
    design: Experiment, layout: Layout, models: tuple[PeopleModel, ...], known: bool
) -> tuple[str, ...]:
    said = [model.statement for model in models]
    if layout.covariates:
        said.append(f"effects are averaged over the covariates of {_WHOSE[type(design.target)]}")
    if len(design.evidence.groups) > 1 and not layout.by_group:
        said.append(f"the {len(design.evidence.groups)} groups are merged")
    if design.separate_groups:
        said.append(_apart(layout))
    if isinstance(design.target, NewCohort):
        said.append("people of the new cohort fare as people like them do in the evidence")
    if design.periods is None:
        said.append(UNDATED_NOTE)
    if len(models) > 1:
        what = "outcomes and periods" if design.evidence.repeated else "outcomes"
        said.append(
            f"draws of different {what} are paired to have the correlation of their estimators"
            if known
            else f"errors of different {what} are taken as independent: the cells lack the sums "
            "of products"
        )
        if design.pool_groups:
            said.append(f"that pairing of {what} is by the whole cohort, not within each group")
    return tuple(said)


def _apart(layout: Layout) -> str:
    """Say what groups that are estimated apart mean, with the smallest arm."""
    arms = [
        (float(layout.cells.only(label).n[layout.cells.only(label).treated == arm].sum()), label)
        for label in layout.labels
        for arm in (True, False)
    ]
    fewest, where = min(arms)
    return (
        f"the {len(layout.labels)} groups are estimated apart, each from its own people: small "
        f"groups are noisy, and the best and the worst of several are so in part by chance "
        f"(smallest arm: {fewest:.0f} people, in {where})"
    )

"""A predicted baseline: what served people would have done, predicted from people not served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import spec
from impactmodel.effects.calibration import HeldOut
from impactmodel.effects.designs import prepare
from impactmodel.effects.given_prediction import Given, GivenPrediction
from impactmodel.effects.linear_prediction import LinearPrediction, LinearPriors
from impactmodel.effects.logit_prediction import LogitPrediction
from impactmodel.effects.matched_checks import robustness
from impactmodel.effects.predicted_fit import Observed, Predicted
from impactmodel.effects.prediction_layout import PredictionModel, Served
from impactmodel.effects.priors import LogitPriors
from impactmodel.effects.regression import arm_correlations
from impactmodel.effects.when import UNDATED_NOTE, one_period
from impactmodel.evidence import Cells, Cohort

type Array = npt.NDArray[np.float64]


@spec
class PredictionPriors:
    """Priors of the predictions, by kind of outcome.

    Parameters
    ----------
    binary
        Of the logit model of binary outcomes; those of treatment are not used.
    number
        Of the linear model of every other outcome.
    """

    binary: LogitPriors = field(default_factory=LogitPriors)
    number: LinearPriors = field(default_factory=LinearPriors)


@dataclass(frozen=True, slots=True)
class PredictedBaseline:
    """Served people beside their own predicted outcomes; the estimand is the ATT.

    A model of the unserved's outcomes given covariates predicts every served person; or the
    predictions are given, with a standard error each. Results are by group of the evidence.

    Parameters
    ----------
    evidence
        A `Cohort`, or `Cells` that keep the values of all covariates; treatment says who was
        served. Every outcome may come from cells.
    given
        Predictions that are given instead of learnt, by outcome. Their columns are not used to
        learn other outcomes. The unserved must not have been used to make them: they test them.
    cohort
        ``realised``: these served people, whose outcomes are known; what is drawn is what they
        would have done, with the uncertainty of the coefficients and of what is unexplained about
        each. ``new``: people like them; both arms are drawn, and people differ.
    priors
        Of learnt predictions.
    baseline
        By outcome, the contract's own fixed prediction per person. It is carried along as
        ``prediction`` and is not the counterfactual.
    population
        ``participants`` where the served are those who took part, ``assigned`` where they are all
        who were assigned.
    periods
        When the outcomes were measured (one period). None: the first year since each person's
        start, taken as 2000-01-01, which is recorded.
    source, price_base
        Citation of the data and price level of amounts, for the record.

    Examples
    --------
    Served people work as the unserved do, who work 100 days and 10 more per year of schooling:

    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.effects.fitting import fit
    >>> people = pd.DataFrame({"served": [0] * 40 + [1] * 20, "school": [0, 2] * 20 + [4] * 20,
    ...     "days": [99, 119, 101, 121] * 10 + [140] * 20})
    >>> days = OutcomeMeasure("days", kind="days")
    >>> cohort = Cohort.from_frame(
    ...     people, treatment="served", outcomes=[days], covariates=["school"]
    ... )
    >>> found = fit(PredictedBaseline(cohort)).outcomes
    >>> float(found.level("treated", "days").mean())
    140.0
    >>> abs(float(found.effect().mean())) < 1.0
    True
    """

    evidence: Cohort | Cells
    given: tuple[GivenPrediction, ...] = ()
    cohort: Literal["realised", "new"] = "realised"
    priors: PredictionPriors = field(default_factory=PredictionPriors)
    baseline: Mapping[str, float] = field(default_factory=dict)
    population: Literal["participants", "assigned"] = "participants"
    periods: Periods | None = None
    source: str = ""
    price_base: str = ""


@prepare.register
def _(design: PredictedBaseline) -> Predicted:
    cells = _cells(design.evidence)
    periods = one_period(design.periods, "a predicted baseline")
    _require_known(design)
    given = {g.outcome: g for g in design.given}
    models, layout = _models(design, cells, given)
    correlations = arm_correlations(cells, ())
    estimators = arm_correlations(cells, _learnt_by(design))
    known = bool(np.isfinite(estimators).all())
    return Predicted(
        models=models,
        layout=layout,
        observed=_observed(cells),
        cohort=design.cohort,
        baseline=design.baseline,
        estimators=estimators if known else None,
        people=correlations,
        periods=periods,
        provenance=Provenance(
            estimand="ATT",
            population=design.population,
            design="predicted baseline",
            source=design.source,
            price_base=design.price_base,
            assumptions=_assumptions(design, models, known=known),
        ),
        sensitivity=(robustness(cells.coarsen(layout.covariates)),) if layout else (),
    )


def _cells(evidence: Cohort | Cells) -> Cells:
    if not evidence.covariates:
        raise InputError(
            "a prediction stands on covariates, and there are none",
            key="covariates",
            fix="name them in the evidence",
        )
    if isinstance(evidence, Cohort):
        return evidence.cells(by=evidence.covariates)
    lost = [name for name in evidence.covariates if name not in evidence.by]
    if lost:
        raise InputError(
            "these cells hold only sums of a covariate, the prediction needs its values",
            key="by",
            seen=lost[0],
            fix="make the cells by it (in bins if it has many values)",
        )
    return evidence.coarsen(evidence.covariates)


def _require_known(design: PredictedBaseline) -> None:
    names = [o.name for o in design.evidence.outcomes]
    for name in [g.outcome for g in design.given] + list(design.baseline):
        if name not in names:
            raise InputError(
                "a prediction is stated for an outcome that is not there",
                key="given" if name in {g.outcome for g in design.given} else "baseline",
                seen=name,
                fix=f"use {', '.join(names)}",
            )
    for g in design.given:
        for key, column in (("value", g.value), ("se", g.se)):
            if column not in design.evidence.covariates:
                raise InputError(
                    "a given prediction is read from a covariate of the evidence",
                    key=f"given.{g.outcome}.{key}",
                    seen=column,
                    fix=f"use {', '.join(design.evidence.covariates)}",
                )


def _learnt_by(design: PredictedBaseline) -> tuple[str, ...]:
    """Return the covariates that learnt predictions use."""
    columns = {g.value for g in design.given} | {g.se for g in design.given}
    return tuple(name for name in design.evidence.covariates if name not in columns)


def _models(
    design: PredictedBaseline, cells: Cells, given: Mapping[str, GivenPrediction]
) -> tuple[tuple[PredictionModel, ...], Served | None]:
    learnt = [o for o in cells.outcomes if o.name not in given]
    layout = None
    if learnt:
        names = _learnt_by(design)
        if not names:
            raise InputError(
                f"there is no covariate to predict '{learnt[0].name}' by",
                key="covariates",
                fix="name one, or give the prediction",
            )
        layout = Served.of(cells, names)
    out: list[PredictionModel] = []
    unserved = ~cells.treated
    for i, measure in enumerate(cells.outcomes):
        total, squares = cells.y_sum[unserved, i], cells.y_cross[unserved, i, i]
        if measure.name in given:
            out.append(_given(cells, i, given[measure.name]))
        elif layout is None:
            raise TypeError("an outcome is learnt or given")
        elif measure.kind == "binary":
            out.append(LogitPrediction(measure, layout, total, design.priors.binary))
        else:
            out.append(LinearPrediction.of(measure, layout, (total, squares), design.priors.number))
    return tuple(out), layout


def _given(cells: Cells, outcome: int, given: GivenPrediction) -> Given:
    value, se = (cells.values[:, cells.by.index(name)] for name in (given.value, given.se))
    measure = cells.outcomes[outcome]
    if (se < 0).any():
        raise InputError("a standard error is not negative", key=given.se)
    if measure.kind == "binary" and ((value < 0) | (value > 1)).any():
        raise InputError("a predicted probability lies between 0 and 1", key=given.value)
    t, groups = cells.treated, len(cells.groups)

    def total(values: Array) -> Array:
        return np.bincount(cells.group[t], cells.n[t] * values[t], minlength=groups)

    size = total(np.ones_like(value))
    mean = total(value) / size
    held = HeldOut.constant(
        value[~t],
        cells.n[~t],
        cells.group[~t],
        (cells.y_sum[~t, outcome], cells.y_cross[~t, outcome, outcome]),
    )
    return Given(
        measure,
        given,
        cells.groups,
        mean,
        total(se) / size,
        np.sqrt(total(se**2)),
        size,
        total(value**2) / size - mean**2 + total(se**2) / size,
        held,
    )


def _observed(cells: Cells) -> Observed:
    """Return what the served did, by group; raise if a group has nobody served."""
    t, count = cells.treated, len(cells.groups)
    size = np.bincount(cells.group[t], cells.n[t], minlength=count)
    empty = [label for label, n in zip(cells.groups, size, strict=True) if not n]
    if empty:
        raise InputError(f"nobody in group '{empty[0]}' is served", key="group")
    sums = np.stack(
        [np.bincount(cells.group[t], column, minlength=count) for column in cells.y_sum[t].T],
        axis=1,
    )
    squares = np.stack(
        [
            np.bincount(cells.group[t], cells.y_cross[t, i, i], minlength=count)
            for i in range(len(cells.outcomes))
        ],
        axis=1,
    )
    return Observed(cells.outcomes, cells.groups, size, sums, squares)


def _assumptions(
    design: PredictedBaseline, models: tuple[PredictionModel, ...], *, known: bool
) -> tuple[str, ...]:
    served = "took part" if design.population == "participants" else "were assigned"
    said = [
        "given the covariates the served and the unserved are alike: without the programme the "
        "same prediction would hold for both",
        f"the served are those who {served}; covariates were measured before that",
        *(model.statement for model in models),
        "the effect is that in the very cohort that was served: its outcomes are known, what it "
        "would have done is drawn with what is unexplained about each person"
        if design.cohort == "realised"
        else "the effect is that in a new cohort of people like the served",
    ]
    if design.periods is None:
        said.append(UNDATED_NOTE)
    if len(models) > 1:
        said.append(
            "draws of different outcomes are paired to have the correlation of their residuals"
            if known
            else "errors of different outcomes are taken as independent: the cells lack the sums "
            "of products"
        )
    for name, value in design.baseline.items():
        said.append(f"the contract's own prediction of '{name}' is {value:g} per person, fixed")
    return tuple(said)

"""A matched comparison: people outside the programme stand for the treated by their covariates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.candidates import Candidates, person_keys
from impactmodel.effects.design_stage import DesignStage, design_stage
from impactmodel.effects.designs import prepare
from impactmodel.effects.matched_fit import Matched
from impactmodel.effects.people_bootstrap import Atoms
from impactmodel.effects.sensitivity import BenchmarkBias, Bias
from impactmodel.effects.weighting import Weighting
from impactmodel.effects.when import UNDATED_NOTE, one_period
from impactmodel.evidence import Cells, Cohort
from impactmodel.evidence.cells import distinct


@dataclass(frozen=True, slots=True)
class MatchedComparison:
    r"""Register controls; the estimand is the average effect on the treated (ATT).

    The counterfactual is :math:`E[m_0(X) \mid \text{treated}]`, with :math:`m_0` a regression
    of comparison people's outcome under the frozen weights (logit for a binary outcome, linear
    otherwise): doubly robust. Uncertainty is a Bayesian bootstrap of people around that estimate.
    The weights stay as they were frozen: outcomes never move them, and the width does not come
    from a weighted likelihood, which would be wrong.

    Parameters
    ----------
    evidence
        A `Cohort`, or `Cells` that keep the values of all covariates and hold binary outcomes.
    stage
        A `DesignStage` made before outcomes were read, or the `Weighting` that makes one.
    bias
        By outcome, a prior on what hidden confounding leaves in the estimate. Estimated effects
        are lessened by a draw of it; it is named among the assumptions.
    population
        ``participants`` where the treated are those who took part, ``assigned`` where they are
        all who were assigned, starters or not.
    periods
        When the outcomes were measured (one period). None: the first year since each person's
        start, taken as 2000-01-01, which is recorded.
    source, price_base
        Citation of the data and price level of amounts, for the record.

    Examples
    --------
    Among women 3 of 4 treated and 1 of 2 others work, among men 1 of 2 and 1 of 4. The regression
    on one yes-or-no covariate is exact: 4/6 x .5 + 2/6 x .25 = .4167 without the programme.

    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> counts = pd.DataFrame({"treat": [1, 1, 0, 0], "woman": [1, 0, 1, 0],
    ...     "n": [400, 200, 200, 400], "job_sum": [300, 100, 100, 100]})
    >>> jobs = [OutcomeMeasure("job", kind="binary")]
    >>> cells = Cells.from_frame(counts, treatment="treat", outcomes=jobs, by=["woman"])
    >>> (found,) = doubly_robust(MatchedComparison(cells))
    >>> round(found.treated, 4), round(found.counterfactual, 4)
    (0.6667, 0.4167)
    """

    evidence: Cohort | Cells
    stage: DesignStage | Weighting | None = None
    bias: Mapping[str, Bias] = field(default_factory=dict)
    population: Literal["participants", "assigned"] = "participants"
    periods: Periods | None = None
    source: str = ""
    price_base: str = ""


@dataclass(frozen=True, slots=True)
class DoublyRobustEstimate:
    """The frequentist twin of a matched comparison, for one outcome and group.

    Parameters
    ----------
    outcome, group
        Names.
    treated, counterfactual
        Means of the treated with and without the programme.
    effect, se
        Their difference and its sandwich error, weights taken as known.
    difference, difference_se
        The weighted difference in means, without a regression, and its error.
    """

    outcome: str
    group: str
    treated: float
    counterfactual: float
    effect: float
    se: float
    difference: float
    difference_se: float


def doubly_robust(design: MatchedComparison) -> tuple[DoublyRobustEstimate, ...]:
    """Estimate a matched comparison without draws: one result per outcome and group."""
    ready = _ready(design)
    out = []
    for name, group, regression, difference in ready.estimates():
        out.append(
            DoublyRobustEstimate(
                name,
                group,
                regression.treated,
                regression.counterfactual,
                regression.effect,
                regression.se,
                difference.effect,
                difference.se,
            )
        )
    return tuple(out)


@prepare.register
def _(design: MatchedComparison) -> Matched:
    return _ready(design)


def _ready(design: MatchedComparison) -> Matched:
    evidence = design.evidence
    people = Candidates.of(evidence)
    periods = one_period(design.periods, "a matched comparison")
    stage = design.stage
    if isinstance(stage, DesignStage):
        stage.require_same_people(people)
    else:
        stage = design_stage(people, stage)
    _require_known(design)
    by = evidence.covariates
    cells = evidence.cells(by=by) if isinstance(evidence, Cohort) else evidence.coarsen(by)
    return Matched(
        stage=stage,
        cells=cells,
        atoms=_atoms(evidence, cells),
        bias=design.bias,
        periods=periods,
        provenance=Provenance(
            estimand="ATT",
            population=design.population,
            design=f"matched comparison ({stage.weighting.type.replace('_', ' ')})",
            source=design.source,
            price_base=design.price_base,
            assumptions=_assumptions(design, stage),
        ),
    )


def _atoms(evidence: Cohort | Cells, cells: Cells) -> tuple[Atoms, ...]:
    if isinstance(evidence, Cohort):
        place = distinct(person_keys(evidence))[1]
        everything = tuple(range(len(evidence.outcomes)))
        return (Atoms.of("people", everything, place, evidence.y),)
    rows = [o.name for o in evidence.outcomes if o.kind != "binary"]
    if rows:
        raise InputError(
            "the bootstrap of an outcome that is not binary needs people, and cells hold sums",
            key="outcomes",
            seen=rows[0],
            fix="give a Cohort, or a binary outcome",
        )
    return tuple(
        Atoms.of_counts(f"people_{o.name}", i, cells.y_sum[:, i], cells.n)
        for i, o in enumerate(cells.outcomes)
    )


def _require_known(design: MatchedComparison) -> None:
    names = [o.name for o in design.evidence.outcomes]
    for name, bias in design.bias.items():
        if name not in names:
            raise InputError(
                "a bias is stated for an outcome that is not there",
                key="bias",
                seen=name,
                fix=f"use {', '.join(names)}",
            )
        if isinstance(bias, BenchmarkBias) and bias.covariate not in design.evidence.covariates:
            raise InputError(
                "the benchmark of a bias is a covariate of the evidence",
                key=f"bias.{name}.covariate",
                seen=bias.covariate,
                fix=f"use {', '.join(design.evidence.covariates)}",
            )


def _assumptions(design: MatchedComparison, stage: DesignStage) -> tuple[str, ...]:
    balanced = [n for n in stage.candidates.covariates if n not in stage.weighting.held_out]
    treated = "took part" if design.population == "participants" else "were assigned"
    said = [
        "given the recorded covariates nothing that matters for the outcomes decided who was "
        f"treated: {', '.join(balanced)}",
        f"the treated are those who {treated}; covariates were measured before that, and nobody "
        "in comparison was treated later",
        "one person's treatment does not move another person's outcomes",
        f"the weights ({stage.weighting.type.replace('_', ' ')}) were frozen before outcomes were "
        f"read, design {stage.hash[:12]}; outcomes do not feed back into them",
        "the counterfactual is a weighted regression of comparison people (logit for binary "
        "outcomes, linear otherwise), averaged over the treated; right if the weights or the "
        "regression are",
        "uncertainty is a Bayesian bootstrap of people under the frozen weights",
    ]
    treated_out, comparison_out = stage.trimmed
    if treated_out or comparison_out:
        said.append(
            f"{treated_out} treated and {comparison_out} comparison people without counterparts "
            "were left out: the effect is that of the treated who remain"
        )
    if len(stage.candidates.groups) > 1 and not stage.by_group:
        said.append(f"the {len(stage.candidates.groups)} groups are merged")
    if design.periods is None:
        said.append(UNDATED_NOTE)
    if isinstance(design.evidence, Cells) and len(design.evidence.outcomes) > 1:
        said.append("errors of different outcomes are taken as independent: cells hold no people")
    unstated = [o.name for o in design.evidence.outcomes if o.name not in design.bias]
    if unstated:
        said.append(f"no bias from hidden confounding is allowed for in {', '.join(unstated)}")
    return tuple(said)

"""Encouragement: people are invited at random, and not everybody does as invited."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.complier_means import ComplierMeans, Wald, wald
from impactmodel.effects.designs import Ready, prepare
from impactmodel.effects.encouragement_checks import encouragement_checks
from impactmodel.effects.encouragement_fit import (
    Compliers,
    Invited,
    estimator_correlations,
)
from impactmodel.effects.experiment import Experiment
from impactmodel.effects.people_bootstrap import Atoms
from impactmodel.effects.prepared import Prepared
from impactmodel.effects.principal_strata import Strata, StrataPriors
from impactmodel.effects.priors import BetaPriors, Priors
from impactmodel.effects.randomisation import randomisation_check
from impactmodel.effects.when import UNDATED_NOTE, one_period
from impactmodel.evidence import Cells, Cohort

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Encouragement:
    """A random invitation with non-compliance.

    Parameters
    ----------
    evidence
        A `Cohort` or `Cells` whose treatment is the invitation, and one of whose binary outcomes
        is take-up. Cells need the sums of products of take-up and each outcome, and binary
        outcomes.
    take_up
        Name of the outcome that says who took part.
    estimand
        ``ITT``: the effect of being invited, on everybody assigned; it needs random invitation
        only. ``CACE``: the effect of taking part, on those who take part because they are
        invited; it needs monotonicity and exclusion as well, and its population is
        ``compliers``, which a contract on the assigned refuses.
    sides
        ``one``: nobody who is not invited can take part. ``two``: some do. None: one if nobody
        in the evidence did, which is recorded.
    priors
        Of the strata; used for the CACE of binary outcomes. The ITT has uniform beta priors of
        the arms, and the hurdle-gamma model for amounts, as in `Experiment`.
    periods
        When the outcomes were measured (one period). None: the first year since each person's
        start, taken as 2000-01-01, which is recorded.
    source, price_base
        Citation of the data and price level of amounts, for the record.

    Examples
    --------
    Vitamin A in Indonesia: 3.8 and 6.4 deaths per thousand children by assignment; 80 % took it.

    >>> import pandas as pd
    >>> counts = pd.DataFrame({"invited": [0, 1], "n": [11588, 12094], "took_sum": [0, 9675],
    ...     "alive_sum": [11514, 12048], "took_alive_sum_products": [0, 9663]})
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> measures = [OutcomeMeasure(name, kind="binary") for name in ("took", "alive")]
    >>> cells = Cells.from_frame(counts, treatment="invited", outcomes=measures)
    >>> (found,) = wald_estimates(Encouragement(cells, "took"))
    >>> round(found.assigned, 5), round(found.compliers, 5)
    (0.00258, 0.00323)
    """

    evidence: Cohort | Cells
    take_up: str
    estimand: Literal["ITT", "CACE"] = "ITT"
    sides: Literal["one", "two"] | None = None
    priors: StrataPriors = field(default_factory=StrataPriors)
    periods: Periods | None = None
    source: str = ""
    price_base: str = ""


def wald_estimates(design: Encouragement) -> tuple[Wald, ...]:
    """Estimate an encouragement without draws: one result per outcome other than take-up."""
    cells = _both_arms(design)
    taken = _place(cells, design.take_up)
    out = []
    for i, measure in enumerate(cells.outcomes):
        if i == taken:
            continue
        _require_products(cells, taken, i)
        pair = [taken, i]
        out.append(
            wald(measure.name, cells.n, cells.y_sum[:, pair], cells.y_cross[:, pair][:, :, pair])
        )
    return tuple(out)


@prepare.register
def _(design: Encouragement) -> Ready:
    cells = _both_arms(design)
    taken = _place(cells, design.take_up)
    if len(cells.outcomes) == 1:
        raise InputError(
            "there is no outcome besides take-up", key="outcomes", fix="name the outcome as well"
        )
    one_period(design.periods, "an encouragement")
    sides = _sides(design, cells, taken)
    provenance = Provenance(
        estimand=design.estimand,
        population="assigned" if design.estimand == "ITT" else "compliers",
        design="random invitation with non-compliance",
        source=design.source,
        price_base=design.price_base,
    )
    if design.estimand == "ITT":
        return _invited(design, cells, sides, provenance)
    return _compliers(design, cells, sides, provenance)


def _invited(design: Encouragement, cells: Cells, sides: str, provenance: Provenance) -> Invited:
    """Return the effect of the invitation: an experiment, with take-up beside it."""
    kept = [o for o in cells.outcomes if o.name != design.take_up]
    inner = prepare(
        Experiment(
            _without(design.evidence, design.take_up),
            priors=Priors(binary=BetaPriors()),
            periods=design.periods,
        )
    )
    if not isinstance(inner, Prepared):
        raise TypeError("an experiment is made ready as outcomes with models")
    known = all(np.isfinite(cells.y_cross[:, _place(cells, design.take_up)]).ravel())
    assumptions = ("who was invited was decided by chance only", *inner.provenance.assumptions)
    return Invited(
        inner=dataclasses.replace(
            inner, provenance=dataclasses.replace(provenance, assumptions=assumptions)
        ),
        checks=encouragement_checks(
            wald_estimates(design) if known else (),
            take_up=_take_up(cells, design.take_up),
            sides=sides,
            compliers=False,
        ),
        outcomes=tuple(o.name for o in kept),
    )


def _compliers(
    design: Encouragement, cells: Cells, sides: str, provenance: Provenance
) -> Compliers:
    evidence, taken = design.evidence, _place(cells, design.take_up)
    kept = [i for i in range(len(cells.outcomes)) if i != taken]
    parts = [_part(design, cells, (taken, i), one_sided=sides == "one") for i in kept]
    rows = isinstance(evidence, Cohort)
    return Compliers(
        parts=tuple(parts),
        measures=tuple(cells.outcomes[i] for i in kept),
        invited=float(cells.n[1]),
        estimators=estimator_correlations(evidence, taken, kept) if rows else None,
        periods=one_period(design.periods, "an encouragement"),
        provenance=provenance.assuming(*_assumptions(design, parts, sides, rows=rows)),
        checks=(
            *((randomisation_check(evidence),) if evidence.covariates else ()),
            *encouragement_checks(
                wald_estimates(design),
                take_up=_take_up(cells, design.take_up),
                sides=sides,
                compliers=True,
            ),
        ),
    )


def _part(
    design: Encouragement, cells: Cells, pair: tuple[int, int], *, one_sided: bool
) -> Strata | ComplierMeans:
    """Return the model of an outcome, given the places of take-up and of the outcome."""
    taken, outcome = pair
    evidence, measure = design.evidence, cells.outcomes[outcome]
    _require_products(cells, taken, outcome)
    if measure.kind == "binary":
        counts = _counts(cells, taken, outcome)
        return Strata(measure.name, counts, design.priors, one_sided)
    if isinstance(evidence, Cohort):
        code = (2 * evidence.treated + evidence.y[:, taken]).astype(np.intp)
        atoms = Atoms.of(measure.name, (outcome,), code, evidence.y[:, [outcome]])
        return ComplierMeans(atoms, measure.kind != "index")
    raise InputError(
        "the bootstrap of an outcome that is not binary needs people, and cells hold sums",
        key="outcomes",
        seen=measure.name,
        fix="give a Cohort, or a binary outcome",
    )


def _both_arms(design: Encouragement) -> Cells:
    """Return two cells: not invited, invited."""
    evidence = design.evidence
    cells = evidence.cells() if isinstance(evidence, Cohort) else evidence.coarsen()
    return cells.ungrouped()


def _place(cells: Cells, take_up: str) -> int:
    for i, measure in enumerate(cells.outcomes):
        if measure.name == take_up:
            if measure.kind != "binary":
                raise InputError("take-up is yes or no", key="take_up", seen=measure.kind)
            return i
    raise InputError(
        "take-up is not among the outcomes of the evidence",
        key="take_up",
        seen=take_up,
        fix="name its column as a binary outcome",
    )


def _require_products(cells: Cells, taken: int, outcome: int) -> None:
    if not np.isfinite(cells.y_cross[:, taken, outcome]).all():
        name, other = cells.outcomes[taken].name, cells.outcomes[outcome].name
        raise InputError(
            f"the cells do not say how often '{other}' goes with take-up",
            key=other,
            fix=f"give the column {name}_{other}_sum_products",
        )


def _take_up(cells: Cells, name: str) -> tuple[Array, Array]:
    """Return those who took part and all people, by assignment."""
    return cells.y_sum[:, _place(cells, name)], cells.n


def _counts(cells: Cells, taken: int, outcome: int) -> Array:
    both = cells.y_cross[:, taken, outcome]
    took, had = cells.y_sum[:, taken], cells.y_sum[:, outcome]
    table = np.array([[cells.n - took - had + both, had - both], [took - both, both]])
    return np.moveaxis(table, 2, 0)


def _sides(design: Encouragement, cells: Cells, taken: int) -> str:
    took = float(cells.y_sum[0, taken])
    if design.sides == "one" and took:
        raise InputError(
            f"{took:,.0f} people who were not invited took part",
            key="sides",
            seen="one",
            fix="use two",
        )
    return design.sides or ("two" if took else "one")


def _without(evidence: Cohort | Cells, take_up: str) -> Cohort | Cells:
    names = [o.name for o in evidence.outcomes]
    keep = [i for i, name in enumerate(names) if name != take_up]
    outcomes = tuple(evidence.outcomes[i] for i in keep)
    if isinstance(evidence, Cohort):
        return dataclasses.replace(evidence, outcomes=outcomes, y=evidence.y[:, keep])
    return dataclasses.replace(
        evidence,
        outcomes=outcomes,
        y_sum=evidence.y_sum[:, keep],
        y_cross=evidence.y_cross[:, keep][:, :, keep],
        positive=evidence.positive[:, keep],
        log_sum=evidence.log_sum[:, keep],
        xy=evidence.xy[:, :, keep],
    )


def _assumptions(
    design: Encouragement, parts: list[Strata | ComplierMeans], sides: str, *, rows: bool
) -> tuple[str, ...]:
    p = design.priors
    said = [
        "who was invited was decided by chance only",
        "monotonicity: nobody takes part only when not invited (no defiers)",
        "exclusion: the invitation moves outcomes through taking part only",
        "the effect is that of compliers, who take part because they are invited; it says nothing "
        "of the others",
    ]
    if sides == "one":
        how = "as stated" if design.sides else "as nobody in the evidence did"
        said.append(f"nobody who is not invited can take part ({how})")
    if any(isinstance(part, Strata) for part in parts):
        always = "" if sides == "one" else f", {p.always_takers:g}"
        said.append(
            f"binary outcomes: shares of the strata Dirichlet({p.compliers:g}, "
            f"{p.never_takers:g}{always}), rates within them Beta({p.events:g}, {p.non_events:g})"
        )
    if any(isinstance(part, ComplierMeans) for part in parts):
        said.append("other outcomes: Bayesian bootstrap of people")
    if len(design.evidence.groups) > 1:
        said.append(f"the {len(design.evidence.groups)} groups are merged")
    if design.periods is None:
        said.append(UNDATED_NOTE)
    if len(parts) > 1:
        said.append(
            "draws of different outcomes are paired to have the correlation of their estimators"
            if rows
            else "errors of different outcomes are taken as independent: cells hold no people"
        )
    return tuple(said)

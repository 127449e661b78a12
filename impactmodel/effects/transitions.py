"""Transitions: monthly movements between states in two arms, as Markov chains."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Provenance
from impactmodel.effects.designs import prepare
from impactmodel.effects.transition_logit import PooledRows
from impactmodel.effects.transition_prepared import PreparedTransitions, StartModel
from impactmodel.effects.transition_priors import (
    DirichletRows,
    RowPriors,
    StateTarget,
)
from impactmodel.effects.transition_rows import ConjugateRows, Rows
from impactmodel.evidence.state_cells import StateCells
from impactmodel.evidence.transitions import StateHistories


@dataclass(frozen=True, slots=True)
class Transitions:
    r"""Two randomised arms followed month by month through states, each a Markov chain.

    .. math:: P(X_m = j \mid X_{m-1} = i, X_{m-2}, \dots) = P^{(t, g)}_{b(m), ij}

    in arm *t* and group *g*, constant within bands *b* of months. The estimand is intention to
    treat: months spent in each state and the state at the end of each period, with and without
    the programme.

    Parameters
    ----------
    evidence
        `StateHistories`, or their counts `StateCells`; models read counts only.
    bands
        Months from which transition probabilities change; empty: they never do.
    pool_groups
        Give every group its own level and effect, pooled partially; needs `LogitRows`. Otherwise
        groups are merged.
    priors
        `DirichletRows` (exact, arms apart) or `LogitRows` (sampled, effects shrunk).
    initial
        ``by_arm``: the states of the first month may differ between arms; ``common``: the first
        month lies before the programme can matter, and both arms share it.
    design_effect
        Variance between people of months in a state over that of a chain. People who differ for
        good make it larger than 1, and errors with it: counts are divided by it (an overdispersed
        multinomial; McCullagh and Nelder 1989, section 5.5). The check of the spread estimates it.
    target
        Horizon, length of periods, what happens after the last month observed, and the state that
        counts as work.
    start
        The first day of the first month. None: taken as 2000-01-01, which is recorded.
    source
        Citation of the data, for the record.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame({"treated": [1, 1, 1, 0, 0, 0], "month": [0, 1, 1] * 2,
    ...     "from": ["", "out", "out"] * 2, "to": ["out", "work", "out"] * 2,
    ...     "n": [100, 30, 70, 100, 10, 90]})
    >>> cells = StateCells.from_frame(counts, states=("work", "out"))
    >>> design = Transitions(cells, target=StateTarget(horizon=2, every=2, work="work"))
    >>> from impactmodel.effects.fitting import fit
    >>> found = fit(design).outcomes.effect().sel(outcome="months_work").mean()
    >>> bool(abs(found - (30.2 - 10.2) / 104 * 101 / 102) < 0.003)
    True
    """

    evidence: StateHistories | StateCells
    bands: tuple[int, ...] = ()
    pool_groups: bool = False
    priors: RowPriors = field(default_factory=DirichletRows)
    initial: Literal["by_arm", "common"] = "by_arm"
    design_effect: float = 1.0
    target: StateTarget = field(default_factory=StateTarget)
    start: dt.date | None = None
    source: str = ""


def transition_cells(design: Transitions) -> StateCells:
    """Return the counts that a design reads: of all groups, or merged."""
    evidence = design.evidence
    cells = evidence.cells() if isinstance(evidence, StateHistories) else evidence
    return cells if design.pool_groups else cells.ungrouped()


@prepare.register
def _(design: Transitions) -> PreparedTransitions:
    cells = transition_cells(design)
    _require_usable(design, cells)
    rows = Rows.of(cells, design.bands, design.design_effect)
    priors = design.priors
    model = (
        ConjugateRows(rows, priors)
        if isinstance(priors, DirichletRows)
        else PooledRows(rows, priors, design.pool_groups)
    )
    initial = cells.initial / design.design_effect
    start = StartModel(initial, common=design.initial == "common")
    return PreparedTransitions(
        cells=cells,
        bands=design.bands,
        design_effect=design.design_effect,
        model=model,
        start=start,
        target=design.target,
        first_day=design.start or dt.date(2000, 1, 1),
        provenance=Provenance(
            estimand="ITT",
            population="assigned",
            design="randomised experiment, Markov chains of monthly states",
            source=design.source,
            assumptions=_assumptions(design, cells, (model.statement, start.statement)),
        ),
    )


def _require_usable(design: Transitions, cells: StateCells) -> None:
    bands, target = design.bands, design.target
    if list(bands) != sorted(set(bands)) or any(not 1 < b < cells.months for b in bands):
        raise InputError(
            f"bands begin one after another, from month 2 to {cells.months - 1}",
            key="bands",
            seen=bands,
            fix="leave out months that were not observed",
        )
    if design.design_effect < 1:
        raise InputError(
            "people do not spread less than chains", key="design_effect", seen=design.design_effect
        )
    if target.work not in cells.states:
        raise InputError(
            "there is no such state",
            key="target.work",
            seen=target.work,
            fix=f"use one of {', '.join(cells.states)}",
        )
    if design.pool_groups and isinstance(design.priors, DirichletRows):
        raise InputError("Dirichlet rows cannot pool groups", key="priors", fix="use LogitRows")
    if (cells.people == 0).any():
        raise InputError(
            "a group has nobody in one arm", key="group", fix="merge it with another group"
        )
    horizon = target.horizon or cells.months
    if horizon % target.every:
        raise InputError(
            "the months observed are not whole periods",
            key="target.every",
            seen=f"{cells.months} months, periods of {target.every}",
            fix="give a horizon",
        )


def _assumptions(
    design: Transitions, cells: StateCells, models: tuple[str, ...]
) -> tuple[str, ...]:
    step, target = cells.step, design.target
    said = [
        *models,
        f"the state of the next {step} depends on the present state only, not on how long it has "
        "lasted or on states before it (Markov)",
        f"transition probabilities are constant from {step} to {step} "
        + (
            f"within bands that begin in {step} 1, {', '.join(str(b) for b in design.bands)}"
            if design.bands
            else "over the whole time"
        ),
        f"people who are lost would have moved on like those in the same state, arm and {step}s",
    ]
    evidence = design.evidence
    if len(evidence.groups) > 1 and not design.pool_groups:
        said.append(f"the {len(evidence.groups)} groups are merged")
    if target.horizon and target.horizon > cells.months:
        what = (
            "both arms keep the transition probabilities of the last band"
            if target.beyond == "effect_lasts"
            else "both arms move like the comparison did in the last band"
        )
        said.append(
            f"extrapolated: {step}s {cells.months + 1} to {target.horizon} were not observed; "
            f"{what}"
        )
    if design.design_effect > 1:
        said.append(
            f"counts are divided by a design effect of {design.design_effect:g}: people who differ "
            "for good spread further than chains"
        )
    said.append("the spread between people is that of the chains, averaged over draws")
    if design.start is None:
        said.append(f"no dates were given: {step}s since each person's start, from 2000-01-01")
    return tuple(said)

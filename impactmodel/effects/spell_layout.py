"""Cells of spells laid out for a model: arms side by side over one set of patterns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.evidence.cells import distinct
from impactmodel.evidence.spell_cells import SpellCells

type Array = npt.NDArray[np.float64]

TREATED, COMPARISON = 0, 1


@dataclass(frozen=True, slots=True, eq=False)
class SpellLayout:
    """People at risk and leaving, arms treated and comparison over the same patterns.

    A pattern is one group and one value of each covariate.

    Parameters
    ----------
    cells
        Where they come from.
    groups
        Labels of the groups.
    group, x, people
        Group, standardised covariates and people of both arms at the start of each pattern.
    treated_people
        Treated people at the start of each group.
    at_risk, exits
        Counts (arm, pattern, period) and (arm, pattern, period, cause) up to the horizon.
    """

    cells: SpellCells
    groups: tuple[str, ...]
    group: npt.NDArray[np.intp]
    x: Array
    people: Array
    treated_people: Array
    at_risk: Array
    exits: Array

    @property
    def horizon(self) -> int:
        """Number of periods."""
        return int(self.at_risk.shape[2])

    @property
    def causes(self) -> int:
        """Number of causes."""
        return int(self.exits.shape[3])

    def weights(self) -> Array:
        """Return the share of each pattern in its group (group, pattern)."""
        inside = self.group == np.arange(len(self.groups))[:, None]
        return np.asarray(inside * self.people / (inside @ self.people)[:, None])


def lay_out_spells(
    evidence: SpellCells, horizon: int, *, adjust: bool, pooled: bool
) -> SpellLayout:
    """Lay out what a model up to a horizon reads.

    Raises
    ------
    InputError
        If there is nothing to adjust for or to pool, or nobody in an arm (of a pooled group) is
        followed up to the horizon.
    """
    if adjust and not evidence.covariates:
        raise InputError("there are no covariates to adjust for", key="adjust", fix="leave it out")
    if pooled and len(evidence.groups) < 2:
        raise InputError("there is one group only to pool", key="pool_groups", fix="leave it out")
    cells = evidence.merged(groups=not pooled, covariates=not adjust)
    keys, pattern = distinct(np.column_stack([cells.group, cells.x]))
    arm = np.where(cells.treated, TREATED, COMPARISON)
    n, at_risk, exits = (
        _placed(values, arm, pattern, len(keys))
        for values in (cells.n, cells.at_risk[:, :horizon], cells.exits[:, :horizon])
    )
    group = keys[:, 0].astype(np.intp)
    _require_follow_up(evidence, at_risk, exits, horizon)
    people = n.sum(axis=0)
    x = keys[:, 1:]
    mean = people @ x / people.sum()
    sd = np.sqrt(people @ (x - mean) ** 2 / people.sum())
    return SpellLayout(
        cells=cells,
        groups=cells.groups,
        group=group,
        x=(x - mean) / np.where(sd > 0, sd, 1.0),
        people=people,
        treated_people=np.bincount(group, n[TREATED], minlength=len(cells.groups)),
        at_risk=at_risk,
        exits=exits,
    )


def _placed(
    values: Array, arm: npt.NDArray[np.intp], pattern: npt.NDArray[np.intp], patterns: int
) -> Array:
    out = np.zeros((2, patterns, *values.shape[1:]))
    out[arm, pattern] = values
    return out


def _require_follow_up(evidence: SpellCells, at_risk: Array, exits: Array, horizon: int) -> None:
    """Raise where a horizon lies beyond what was observed in an arm."""
    for arm, word in ((TREATED, "treated"), (COMPARISON, "comparison")):
        n, left = at_risk[arm].sum(axis=0), exits[arm].sum(axis=(0, 2))
        seen = int(np.count_nonzero(n > 0))
        # Where all have left nothing is missing; where the last are censored the rest is unknown.
        over = 0 < seen == int(np.count_nonzero(n - left > 0)) + 1
        if horizon > evidence.periods.count or (seen < horizon and not over):
            raise InputError(
                f"the follow-up is shorter than the horizon of {horizon} periods: nobody of the "
                f"{word} arm is at risk after period {seen}",
                key="horizons",
                seen=horizon,
                fix=f"use {seen} at most, or wait",
            )

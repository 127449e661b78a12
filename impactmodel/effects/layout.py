"""The layout of a model: cells with their covariates, and patterns that outcomes are averaged over.

A *cell* is an arm, a group and a covariate pattern: the likelihood runs over cells. A *pattern* is
a group and a covariate pattern with all its people, whatever their arm: expected outcomes with and
without the programme are computed for each pattern and averaged over people (g-computation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.evidence import Cells, Cohort
from impactmodel.evidence.cells import distinct

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Cells and patterns of one design.

    Parameters
    ----------
    cells
        The sufficient statistics; one group where groups are not pooled.
    covariates
        Names of the columns of ``z``; empty without adjustment.
    z, pattern_z
        Covariates standardised over all people, (cell, covariate) and (pattern, covariate).
    pattern_group, pattern_size
        Group and people of each pattern.
    pooled
        Whether groups are pooled partially.
    """

    cells: Cells
    covariates: tuple[str, ...]
    z: Array
    pattern_z: Array
    pattern_group: Codes
    pattern_size: Array
    pooled: bool

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels of the groups that results are given for."""
        return self.cells.groups

    @property
    def arm(self) -> Array:
        """1 for treated cells, 0 for comparison (cell)."""
        return self.cells.treated.astype(np.float64)

    @property
    def treated_share(self) -> float:
        """Share of people who are treated."""
        return float(self.cells.n @ self.arm / self.cells.n.sum())

    def averages(self) -> Array:
        """Return weights (pattern, group) that average over the people of each group."""
        weights = np.zeros((len(self.pattern_size), len(self.groups)))
        weights[np.arange(len(self.pattern_size)), self.pattern_group] = self.pattern_size
        return weights / weights.sum(axis=0)


def lay_out(
    evidence: Cohort | Cells, *, adjust: bool, pooled: bool, observed: Cohort | None = None
) -> Layout:
    """Aggregate the evidence for a model and standardise its covariates.

    Parameters
    ----------
    observed
        The people whose outcomes are known, where they are not all: the likelihood runs over
        them, covariates are standardised and outcomes averaged over everybody.

    Raises
    ------
    InputError
        If adjustment is asked for without covariates, if cells do not keep the covariates'
        values, if there is one group only to pool, or a group lacks people.
    """
    names = evidence.covariates if adjust else ()
    if adjust and not names:
        raise InputError(
            "there are no covariates to adjust for", key="adjust", fix="name them in the cohort"
        )
    if pooled and len(evidence.groups) == 1:
        raise InputError(
            "there is one group only, nothing to pool", key="pool_groups", fix="name the group"
        )
    cells = evidence.cells(by=names) if isinstance(evidence, Cohort) else _kept(evidence, names)
    mean, sd = _scale(cells)
    z = (cells.values - mean) / sd
    patterns, place = distinct(np.column_stack([cells.group if pooled else 0 * cells.group, z]))
    size = np.bincount(place, cells.n)
    if observed is not None:
        cells = observed.cells(by=names)
    if not pooled:
        cells = cells.ungrouped()
    return Layout(
        cells=cells,
        covariates=names,
        z=(cells.values - mean) / sd,
        pattern_z=patterns[:, 1:],
        pattern_group=patterns[:, 0].astype(np.intp),
        pattern_size=size,
        pooled=pooled,
    )


def _scale(cells: Cells) -> tuple[Array, Array]:
    """Return mean and sd of the covariates that the cells keep, over all people."""
    mean = cells.n @ cells.values / cells.n.sum()
    return mean, np.sqrt(cells.n @ (cells.values - mean) ** 2 / (cells.n.sum() - 1))


def _kept(cells: Cells, names: tuple[str, ...]) -> Cells:
    lost = [name for name in names if name not in cells.by]
    if lost:
        raise InputError(
            "these cells hold only sums of a covariate, the model needs its values",
            key="by",
            seen=lost[0],
            fix="make the cells by it (in bins if it has many values)",
        )
    return cells.coarsen(names)

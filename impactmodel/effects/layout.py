"""The layout of a model: cells with their covariates, and patterns that outcomes are averaged over.

A *cell* is an arm, a group and a covariate pattern: the likelihood runs over cells. A *pattern* is
a group and a covariate pattern with all its people, whatever their arm: expected outcomes with and
without the programme are computed for each pattern and averaged over people (g-computation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
        The sufficient statistics; one group where groups are merged.
    covariates
        Names of the columns of ``z``; empty without adjustment.
    z, pattern_z
        Covariates standardised over all people, (cell, covariate) and (pattern, covariate).
    scale
        Mean and sd of each covariate over all people, by which they are standardised.
    pattern_group
        Group of each pattern; one past the last is a group that is not in the evidence.
    pattern_people
        People of each pattern (arm, pattern); arm 0 is treated.
    by_group
        Whether groups are told apart, to be pooled partially; otherwise they are merged.
    labels, pattern_label
        The groups that results are given for, and the one that each pattern counts in.
    """

    cells: Cells
    covariates: tuple[str, ...]
    z: Array
    pattern_z: Array
    scale: tuple[Array, Array]
    pattern_group: Codes
    pattern_people: Array
    by_group: bool
    labels: tuple[str, ...]
    pattern_label: Codes

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels of the groups of the evidence."""
        return self.cells.groups

    @property
    def pattern_size(self) -> Array:
        """People of each pattern, whatever their arm."""
        return np.asarray(self.pattern_people.sum(axis=0))

    @property
    def arm(self) -> Array:
        """1 for treated cells, 0 for comparison (cell)."""
        return self.cells.treated.astype(np.float64)

    @property
    def treated_share(self) -> float:
        """Share of people who are treated."""
        return float(self.cells.n @ self.arm / self.cells.n.sum())

    def patterns_of(self, cells: Cells) -> Codes:
        """Return the pattern of each of some cells of people of the evidence."""
        mine = np.column_stack([self.pattern_group, self.pattern_z])
        theirs = _keys(cells, self.scale, self.by_group)
        return distinct(np.concatenate([mine, theirs]))[1][len(mine) :]

    def alone(self, place: int) -> Layout:
        """Return cells and patterns of one group of the results, as if there were no other."""
        label, mine = self.labels[place], self.pattern_label == place
        here = self.cells.group == self.groups.index(label)
        patterns = np.zeros(int(mine.sum()), dtype=np.intp)
        return replace(
            self,
            cells=self.cells.only(label),
            z=self.z[here],
            pattern_z=self.pattern_z[mine],
            pattern_group=patterns,
            pattern_people=self.pattern_people[:, mine],
            by_group=False,
            labels=(label,),
            pattern_label=patterns,
        )

    def averages(self) -> Array:
        """Return weights (pattern, group) that average over the people of each group."""
        size = self.pattern_size
        weights = np.zeros((len(size), len(self.labels)))
        weights[np.arange(len(size)), self.pattern_label] = size
        return weights / weights.sum(axis=0)


def lay_out(
    evidence: Cohort | Cells, *, adjust: bool, by_group: bool, observed: Cohort | None = None
) -> Layout:
    """Aggregate the evidence for a model and standardise its covariates.

    Parameters
    ----------
    by_group
        Whether groups are told apart.
    observed
        The people whose outcomes are known, where they are not all: the likelihood runs over
        them, covariates are standardised and outcomes averaged over everybody.

    Raises
    ------
    InputError
        If adjustment is asked for without covariates, if cells do not keep the covariates'
        values, or there is one group only to tell apart.
    """
    names = evidence.covariates if adjust else ()
    if adjust and not names:
        raise InputError(
            "there are no covariates to adjust for", key="adjust", fix="name them in the cohort"
        )
    if by_group and len(evidence.groups) == 1:
        raise InputError(
            "there is one group only, nothing to pool", key="pool_groups", fix="name the group"
        )
    cells = evidence.cells(by=names) if isinstance(evidence, Cohort) else _kept(evidence, names)
    scale = _scale(cells)
    patterns, place = distinct(_keys(cells, scale, by_group))
    people = np.zeros((2, len(patterns)))
    np.add.at(people, (1 - cells.treated.astype(np.intp), place), cells.n)
    if observed is not None:
        cells = observed.cells(by=names)
    if not by_group:
        cells = cells.ungrouped()
    group = patterns[:, 0].astype(np.intp)
    return Layout(
        cells=cells,
        covariates=names,
        z=_keys(cells, scale, by_group)[:, 1:],
        pattern_z=patterns[:, 1:],
        scale=scale,
        pattern_group=group,
        pattern_people=people,
        by_group=by_group,
        labels=cells.groups,
        pattern_label=group,
    )


def _keys(cells: Cells, scale: tuple[Array, Array], by_group: bool) -> Array:
    """Return group and standardised covariates of each cell, which make its pattern."""
    mean, sd = scale
    group = cells.group if by_group else 0 * cells.group
    return np.column_stack([group, (cells.values - mean) / sd])


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

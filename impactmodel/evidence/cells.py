"""Cells: sufficient statistics by arm, group and covariate values, that add up across sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure, moments, product
from impactmodel.evidence import tables
from impactmodel.evidence.columns import Labels, Table, Vector, frozen, require_unique
from impactmodel.evidence.repeated import Measured, RepeatedMeasure, in_columns

if TYPE_CHECKING:
    import pandas as pd

type Array = npt.NDArray[np.float64]

# Values of covariates are compared after division of sums, which leaves noise in the last digits.
_DIGITS = 13


@dataclass(frozen=True, repr=False, eq=False)
class Cells:
    """Counts, sums and cross-products of people who share a cell.

    Made by `Cohort.cells`, read from an aggregated table by `Cells.from_frame`, and added with
    ``+``. A cell is one arm, one group and one value of each covariate in ``by``.

    Parameters
    ----------
    outcomes, covariates, groups, repeated
        As in a cohort.
    by
        The covariates that are constant within a cell.
    treated, group
        Arm and code into ``groups`` of each cell.
    n
        People (cell).
    y_sum, y_cross
        Sums of outcomes (cell, outcome) and of their products (cell, outcome, outcome). A product
        of two different outcomes is NaN where the source did not have it.
    positive, log_sum
        People with an outcome above zero and the sum of its logarithm over them (cell, outcome).
    x_sum, x_cross, xy
        Sums of covariates (cell, covariate), of their products (cell, covariate, covariate), and
        of covariates times outcomes (cell, covariate, outcome).
    """

    outcomes: tuple[OutcomeMeasure, ...]
    covariates: tuple[str, ...]
    groups: tuple[str, ...]
    by: tuple[str, ...]
    treated: npt.NDArray[np.bool_]
    group: Labels
    n: Vector
    y_sum: Array
    y_cross: Array
    positive: Array
    log_sum: Array
    x_sum: Array
    x_cross: Array
    xy: Array
    repeated: tuple[RepeatedMeasure, ...] = ()

    @classmethod
    def from_frame(
        cls,
        table: object,
        *,
        treatment: str,
        outcomes: Sequence[Measured],
        n: str = "n",
        by: Sequence[str] = (),
        group: str | None = None,
    ) -> Cells:
        """Read cells from an aggregated table, such as an office of statistics gives out.

        Parameters
        ----------
        table
            A pandas, polars or pyarrow table, one row per cell.
        treatment, n
            Columns of the arm (0 or 1) and of the number of people.
        outcomes
            For each outcome ``y`` the table has ``y_sum``; other kinds than binary also
            ``y_sum_squares``, and amounts ``y_positive`` and ``y_sum_log`` (people above zero and
            the sum of natural logarithms over them). ``y_z_sum_products`` of a pair is read if
            it is there.
        by
            Columns of covariates that are constant within a cell.
        group
            Column of sites or strata.

        Raises
        ------
        InputError
            If a column is missing, or its sums are impossible for ``n`` people.

        Examples
        --------
        >>> import pandas as pd
        >>> counts = pd.DataFrame({"treat": [0, 1], "n": [260, 185], "job_sum": [168, 140]})
        >>> Cells.from_frame(
        ...     counts, treatment="treat", outcomes=[OutcomeMeasure("job", kind="binary")]
        ... )
        Cells(2 cells of 445 people, 185 treated and 260 in comparison, outcomes job)
        """
        require_unique([treatment, n, *by, *([group] if group else [])], "the column")
        measures, repeated = in_columns(outcomes)
        require_unique([o.name for o in measures], "the outcome")
        data = Table.of(table)
        m = tables.read(data, treatment, measures, n, (tuple(by), group))
        cells = cls(
            outcomes=measures,
            covariates=tuple(by),
            groups=m.groups,
            by=tuple(by),
            treated=m.treated,
            group=m.group,
            n=m.n,
            y_sum=m.total,
            y_cross=m.cross,
            positive=m.positive,
            log_sum=m.logs,
            x_sum=frozen(m.n[:, None] * m.x),
            x_cross=frozen(m.n[:, None, None] * m.x[:, :, None] * m.x[:, None, :]),
            xy=frozen(m.x[:, :, None] * m.total[:, None, :]),
            repeated=repeated,
        )
        return cells.coarsen(cells.by)

    def to_frame(self) -> pd.DataFrame:
        """Return the aggregated table that `Cells.from_frame` reads, one row per cell.

        Covariates outside ``by`` are left out. The table holds counts of people: apply the rules
        of disclosure control before it leaves a closed environment.
        """
        import pandas as pd

        columns: dict[str, npt.NDArray[np.generic] | list[str]] = {
            "treated": self.treated.astype(int)
        }
        if len(self.groups) > 1:
            columns["group"] = [self.groups[code] for code in self.group]
        columns.update({name: self.values[:, i] for i, name in enumerate(self.by)})
        columns["n"] = self.n.astype(np.int64)
        for i, outcome in enumerate(self.outcomes):
            sources = (self.y_sum, self.y_cross[:, :, i], self.positive, self.log_sum)
            for name, source in zip(moments(outcome), sources, strict=False):
                columns[name] = source[:, i]
        for i, j in combinations(range(len(self.outcomes)), 2):
            if np.isfinite(self.y_cross[:, i, j]).all():
                name = product(self.outcomes[i], self.outcomes[j])
                columns[name] = self.y_cross[:, i, j]
        return pd.DataFrame(columns)

    @property
    def size(self) -> int:
        """Number of people in both arms."""
        return int(self.n.sum())

    @cached_property
    def values(self) -> Array:
        """Values of the covariates in ``by`` (cell, covariate)."""
        places = [self.covariates.index(name) for name in self.by]
        mean = self.x_sum[:, places] / self.n[:, None]
        size = 10.0 ** (_DIGITS - np.ceil(np.log10(np.where(mean == 0, 1.0, np.abs(mean)))))
        return np.round(mean * size) / size

    def coarsen(self, by: Sequence[str] = ()) -> Cells:
        """Merge cells that agree on arm, group and ``by`` (a part of this object's ``by``).

        Raises
        ------
        InputError
            If a covariate is asked for that is not constant within cells.
        """
        lost = [name for name in by if name not in self.by]
        if lost:
            raise InputError("cells cannot be made finer again", key="by", seen=lost[0])
        places = [self.by.index(name) for name in by]
        keys = np.column_stack([self.treated, self.group, self.values[:, places]])
        return self._merged(keys, tuple(by))

    def only(self, group: str) -> Cells:
        """Return the cells of one group."""
        here = self.group == self.groups.index(group)
        sums: dict[str, Any] = {f: frozen(getattr(self, f)[here]) for f in ("treated", *_SUMS)}
        none = frozen(np.zeros(int(here.sum()), dtype=np.intp))
        return replace(self, groups=(group,), group=none, **sums)

    def ungrouped(self) -> Cells:
        """Merge the cells of all groups into one group named ``all``."""
        everybody = replace(self, groups=("all",), group=frozen(np.zeros_like(self.group)))
        return everybody.coarsen(self.by)

    def __add__(self, other: Cells) -> Cells:
        """Join the cells of two sources of the same outcomes, covariates and ``by``."""
        for name in ("outcomes", "covariates", "by", "repeated"):
            if getattr(self, name) != getattr(other, name):
                raise InputError(
                    f"cells with different {name} cannot be added", key=name, fix="align them first"
                )
        groups = tuple(dict.fromkeys([*self.groups, *other.groups]))
        place = np.array([groups.index(label) for label in other.groups], dtype=np.intp)
        sums = {
            f: frozen(np.concatenate([getattr(self, f), getattr(other, f)]))
            for f in ("treated", *_SUMS)
        }
        both = type(self)(
            outcomes=self.outcomes,
            covariates=self.covariates,
            groups=groups,
            by=self.by,
            group=frozen(np.concatenate([self.group, place[other.group]])),
            repeated=self.repeated,
            **sums,
        )
        return both.coarsen(both.by)

    def _merged(self, keys: Array, by: tuple[str, ...]) -> Cells:
        unique, where = distinct(keys)
        order = np.argsort(where, kind="stable")
        starts = np.searchsorted(where[order], np.arange(len(unique)))
        sums = {f: frozen(np.add.reduceat(getattr(self, f)[order], starts)) for f in _SUMS}
        return type(self)(
            outcomes=self.outcomes,
            covariates=self.covariates,
            groups=self.groups,
            by=by,
            treated=frozen(unique[:, 0] == 1),
            group=frozen(unique[:, 1].astype(np.intp)),
            repeated=self.repeated,
            **sums,
        )

    def __repr__(self) -> str:
        treated = int(self.n[self.treated].sum())
        parts = [
            f"{len(self.n)} cells of {self.size} people, {treated} treated and "
            f"{self.size - treated} in comparison",
            "outcomes " + ", ".join(o.name for o in self.outcomes),
        ]
        if self.covariates:
            parts.append("covariates " + ", ".join(self.covariates))
        if len(self.groups) > 1:
            parts.append(f"{len(self.groups)} groups")
        return f"Cells({', '.join(parts)})"


_SUMS = ("n", "y_sum", "y_cross", "positive", "log_sum", "x_sum", "x_cross", "xy")


def distinct(keys: Array) -> tuple[Array, Labels]:
    """Return the distinct rows in order and, for each row, which of them it is."""
    code = np.zeros(len(keys), dtype=np.intp)
    for column in keys.T:
        values, place = np.unique(column, return_inverse=True)
        code = np.unique(code * len(values) + place, return_inverse=True)[1]
    first = np.unique(code, return_index=True)[1]
    return keys[first], code

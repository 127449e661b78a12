"""Cells of spells: who was at risk, left and was censored, by arm, group, stratum and period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods
from impactmodel.evidence.cells import distinct
from impactmodel.evidence.columns import Labels, Table, frozen, require_unique

if TYPE_CHECKING:
    import pandas as pd

type Array = npt.NDArray[np.float64]
type Names = tuple[str, ...]

CENSORED, PERIOD = "censored", "period"
"""Columns of an aggregated table of spells."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SpellCells:
    """Counts of spells: the sufficient statistics of every model of discrete time.

    Made by `Spells.cells`, read from an aggregated table by `SpellCells.from_frame`, and added
    with ``+``. A cell is one arm, one group and one value of each covariate.

    Parameters
    ----------
    periods
        Periods of follow-up since each person's start.
    causes, groups, covariates
        Names.
    treated, group, x
        Arm, code into ``groups``, and values of the covariates (cell, covariate).
    n
        People at the start (cell).
    exits
        People who left in a period, by cause (cell, period, cause).
    at_risk
        People who were in the spell at the start of a period and were seen to its end or to their
        exit (cell, period).

    Examples
    --------
    >>> import datetime as dt, pandas as pd
    >>> table = pd.DataFrame({"treat": [1, 1, 0, 0], "period": [1, 2, 1, 2],
    ...     "job": [30, 20, 20, 10], "censored": [0, 50, 10, 60]})
    >>> months = Periods(dt.date(2024, 1, 1), "month", 2)
    >>> cells = SpellCells.from_frame(table, "treat", causes=("job",), periods=months)
    >>> cells.at_risk.tolist()
    [[100.0, 70.0], [100.0, 70.0]]
    """

    periods: Periods
    causes: Names
    groups: Names
    covariates: Names
    treated: npt.NDArray[np.bool_]
    group: Labels
    x: Array
    n: Array
    exits: Array
    at_risk: Array

    @classmethod
    def of(
        cls,
        *,
        periods: Periods,
        names: tuple[Names, Names, Names],
        keys: tuple[npt.NDArray[np.bool_], Labels],
        x: Array,
        leaving: Array,
    ) -> Self:
        """Make cells from the number of spells that end in each way.

        Parameters
        ----------
        names
            Causes, groups and covariates.
        keys
            Arm and group of each cell.
        leaving
            Spells by the number of periods seen, from 0, and by ending: censored, then each cause
            (cell, period + 1, 1 + cause).
        """
        total = leaving.sum(axis=2)
        # Whoever leaves in or is seen to the end of period t was at risk in 1, ..., t.
        at_risk = np.cumsum(total[:, ::-1], axis=1)[:, ::-1]
        causes, groups, covariates = names
        return cls(
            periods=periods,
            causes=causes,
            groups=groups,
            covariates=covariates,
            treated=frozen(keys[0]),
            group=frozen(keys[1]),
            x=frozen(x),
            n=frozen(at_risk[:, 0].copy()),
            exits=frozen(leaving[:, 1:, 1:].copy()),
            at_risk=frozen(at_risk[:, 1:].copy()),
        )

    @classmethod
    def from_frame(
        cls,
        table: object,
        treatment: str,
        *,
        causes: Names,
        periods: Periods,
        group: str | None = None,
        covariates: Names = (),
    ) -> SpellCells:
        """Read cells from an aggregated table, such as an office of statistics gives out.

        Parameters
        ----------
        table
            A pandas, polars or pyarrow table. One row is one arm, group, value of each covariate
            and ``period`` (from 1; 0 for people seen for no whole period), with a column of
            people by each cause of exit and one called ``censored``: spells that were last seen
            in that period, in whole numbers.
        treatment
            Column of 0 (comparison) and 1 (treated).

        Raises
        ------
        InputError
            If a column is missing, a count is negative or not whole, a period is outside the
            follow-up, people leave in period 0, or an arm has nobody.
        """
        keys = [treatment, *([group] if group else []), *covariates]
        require_unique([*keys, PERIOD, CENSORED, *causes], "the column")
        data = Table.of(table)
        data.require([*keys, PERIOD, CENSORED, *causes])
        treated = data.zero_one(treatment, "the treatment")
        codes, groups = data.labels(group) if group else (np.zeros(len(data), np.intp), ("all",))
        period, counts = _counts(data, causes, periods.count)
        unique, where = distinct(
            np.column_stack([treated, codes, *(data.numbers(c) for c in covariates)])
        )
        leaving = np.zeros((len(unique), periods.count + 1, counts.shape[1]))
        np.add.at(leaving, (where, period), counts)
        for arm, word in ((1, "treated"), (0, "in comparison")):
            if not leaving[unique[:, 0] == arm].any():
                raise InputError(f"nobody is {word}", key=treatment, fix="both arms need people")
        return cls.of(
            periods=periods,
            names=(causes, groups, covariates),
            keys=(unique[:, 0] == 1, unique[:, 1].astype(np.intp)),
            x=unique[:, 2:],
            leaving=leaving,
        )

    @property
    def size(self) -> int:
        """Number of people in both arms."""
        return int(self.n.sum())

    @property
    def censored(self) -> Array:
        """People last seen in the spell at the end of a period (cell, period)."""
        stay = self.at_risk - self.exits.sum(axis=2)
        return np.asarray(stay - np.pad(self.at_risk[:, 1:], ((0, 0), (0, 1))))

    def arm(self, *, treated: bool) -> tuple[Array, Array]:
        """Return people at risk (period) and exits (period, cause) of an arm, all groups."""
        here = self.treated == treated
        return self.at_risk[here].sum(axis=0), self.exits[here].sum(axis=0)

    def merged(self, *, groups: bool = False, covariates: bool = False) -> SpellCells:
        """Merge all groups into one named ``all``, or drop the covariates, or both."""
        given = replace(
            self,
            groups=("all",) if groups else self.groups,
            group=frozen(np.zeros_like(self.group)) if groups else self.group,
            covariates=() if covariates else self.covariates,
            x=frozen(np.empty((len(self.n), 0))) if covariates else self.x,
        )
        return _summed(given)

    def __add__(self, other: SpellCells) -> SpellCells:
        """Join the cells of two sources of the same causes, covariates and periods."""
        for name in ("periods", "causes", "covariates"):
            if getattr(self, name) != getattr(other, name):
                raise InputError(
                    f"spells with different {name} cannot be added", key=name, fix="align them"
                )
        groups = tuple(dict.fromkeys([*self.groups, *other.groups]))
        place = np.array([groups.index(label) for label in other.groups], dtype=np.intp)
        joined: dict[str, Any] = {
            key: frozen(np.concatenate([getattr(self, key), getattr(other, key)]))
            for key in ("treated", "x", "n", "exits", "at_risk")
        }
        group = frozen(np.concatenate([self.group, place[other.group]]))
        return _summed(replace(self, groups=groups, group=group, **joined))

    def to_frame(self, treatment: str = "treated", group: str = "group") -> pd.DataFrame:
        """Return the aggregated table that `SpellCells.from_frame` reads.

        It holds counts of people: apply the rules of disclosure control before it leaves a closed
        environment.
        """
        import pandas as pd

        seen = self.censored
        last = np.column_stack([self.n - self.at_risk[:, 0], seen])
        exits = np.pad(self.exits, ((0, 0), (1, 0), (0, 0)))
        cell, period = np.nonzero(last + exits.sum(axis=2))
        columns: dict[str, object] = {treatment: self.treated[cell].astype(int)}
        if len(self.groups) > 1:
            columns[group] = np.array(self.groups)[self.group[cell]]
        columns |= {name: self.x[cell, i] for i, name in enumerate(self.covariates)}
        columns |= {PERIOD: period, CENSORED: last[cell, period].astype(int)}
        columns |= {c: exits[cell, period, k].astype(int) for k, c in enumerate(self.causes)}
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        treated = int(self.n[self.treated].sum())
        ends = ", ".join(
            f"{c} {int(n)}" for c, n in zip(self.causes, self.exits.sum(axis=(0, 1)), strict=True)
        )
        parts = [
            f"{len(self.n)} cells of {self.size} people, {treated} treated and "
            f"{self.size - treated} in comparison",
            f"{self.periods.count} periods, exits {ends}",
        ]
        if self.covariates:
            parts.append("covariates " + ", ".join(self.covariates))
        if len(self.groups) > 1:
            parts.append(f"{len(self.groups)} groups")
        return f"SpellCells({', '.join(parts)})"


def _summed(cells: SpellCells) -> SpellCells:
    """Merge the cells of equal arm, group and covariates."""
    unique, where = distinct(np.column_stack([cells.treated, cells.group, cells.x]))
    sums: dict[str, Any] = {}
    for key in ("n", "exits", "at_risk"):
        values = getattr(cells, key)
        total = np.zeros((len(unique), *values.shape[1:]))
        np.add.at(total, where, values)
        sums[key] = frozen(total)
    return replace(
        cells,
        treated=frozen(unique[:, 0] == 1),
        group=frozen(unique[:, 1].astype(np.intp)),
        x=frozen(unique[:, 2:]),
        **sums,
    )


def _counts(data: Table, causes: Names, last: int) -> tuple[Labels, Array]:
    """Return the period of each row, and its people by ending: censored, then each cause."""
    period = _whole(data, PERIOD).astype(np.intp)
    if (period > last).any():
        raise InputError(
            "a period is after the follow-up",
            key=PERIOD,
            seen=int(period.max()),
            fix=f"there are {last} periods",
        )
    counts = np.column_stack([_whole(data, name) for name in (CENSORED, *causes)])
    if counts[period == 0, 1:].any():
        raise InputError("people leave in period 0", key=PERIOD, fix="the first period is 1")
    return period, counts


def _whole(data: Table, name: str) -> Array:
    values = data.numbers(name)
    bad = int(np.count_nonzero((values < 0) | (values != np.floor(values))))
    if bad:
        raise InputError(
            f"{bad} of {len(values)} values are negative or not whole", key=name, fix="give counts"
        )
    return values

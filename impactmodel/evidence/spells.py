"""Spells: how long each person took until an exit, or was observed without one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods
from impactmodel.evidence.cohort import require_both_arms, require_measured_before
from impactmodel.evidence.columns import Labels, Table, frozen, require_unique
from impactmodel.evidence.spell_cells import SpellCells
from impactmodel.evidence.spell_columns import (
    SpellColumns,
    read_exits,
    read_strata,
    read_times,
    refuse_immortal_time,
)

type Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Spells:
    """People of two arms, how long they were observed and how their spells ended.

    Read by `Spells.from_frame`; `Spells.cells` gives the counts that every fit reads.

    Parameters
    ----------
    periods
        The periods of follow-up, counted from each person's start.
    causes, groups, covariates
        Names.
    treated, group, stratum
        Arm, code into ``groups`` and code into the rows of ``x`` (person).
    x
        Values of the covariates (stratum, covariate).
    time
        Period of the exit, or number of periods seen without one (person).
    exit
        0 for the censored, otherwise 1 + the place among ``causes`` (person).
    """

    periods: Periods
    causes: tuple[str, ...]
    groups: tuple[str, ...]
    covariates: tuple[str, ...]
    treated: npt.NDArray[np.bool_]
    group: Labels
    stratum: Labels
    x: Matrix
    time: npt.NDArray[np.int32]
    exit: npt.NDArray[np.int32]

    @classmethod
    def from_frame(
        cls,
        table: object,
        columns: SpellColumns,
        *,
        causes: tuple[str, ...],
        periods: Periods,
        censored: str = "censored",
    ) -> Spells:
        """Read spells from a table with one row per person.

        Parameters
        ----------
        table
            A pandas, polars or pyarrow table.
        columns
            Which column holds what.
        causes
            Every cause of exit, as it stands in the column; numbers are written as text.
        periods
            Length of a period and, as ``count``, the follow-up.
        censored
            What stands in the column of causes for people who were not seen to leave.

        Raises
        ------
        InputError
            For missing or negative times, an exit at time 0, times beyond the follow-up, an
            unknown cause, an arm without people, a covariate of many values, and people who were
            treated after their time started to count (immortal time). Counts are named, never a
            person's values.

        Examples
        --------
        >>> import datetime as dt, pandas as pd
        >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "weeks": [1, 3, 2, 3],
        ...     "exit": ["job", "censored", "job", "job"]})
        >>> weeks = Periods(dt.date(2024, 1, 1), "week", 3)
        >>> columns = SpellColumns("treat", "weeks", "exit")
        >>> Spells.from_frame(people, columns, causes=("job",), periods=weeks)
        Spells(4 people, 2 treated and 2 in comparison, 3 periods, exits job 3, censored 1)
        """
        require_unique([*causes, censored], "the cause")
        if periods.clock != "since_start":
            raise InputError(
                "spells count from each person's start", key="periods.clock", seen=periods.clock
            )
        data = Table.of(table)
        data.require([*columns.names(), *([columns.treated_at] if columns.treated_at else [])],
                     gaps=[columns.treated_at] if columns.treated_at else ())  # fmt: skip
        treated = data.zero_one(columns.treatment, "the treatment") == 1
        require_both_arms(treated, columns.treatment)
        require_measured_before(data, list(columns.covariates), columns.start)
        refuse_immortal_time(data, columns, treated)
        exits = read_exits(data, columns.exit, causes, censored)
        group, groups = data.labels(columns.group) if columns.group else (None, ("all",))
        stratum, x = read_strata(data, columns.covariates)
        return cls(
            periods=periods,
            causes=causes,
            groups=groups,
            covariates=tuple(c.name for c in columns.covariates),
            treated=frozen(treated),
            group=frozen(np.zeros(len(data), np.intp)) if group is None else group,
            stratum=frozen(stratum),
            x=frozen(x),
            time=frozen(read_times(data, columns, exits, periods.count)),
            exit=frozen(exits),
        )

    @property
    def size(self) -> int:
        """Number of people in both arms."""
        return len(self.treated)

    def cells(self) -> SpellCells:
        """Count who is at risk, leaves and is censored by arm, group, stratum and period.

        Examples
        --------
        >>> import datetime as dt, pandas as pd
        >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "weeks": [1, 3, 2, 3],
        ...     "exit": ["job", "censored", "job", "job"]})
        >>> weeks = Periods(dt.date(2024, 1, 1), "week", 3)
        >>> columns = SpellColumns("treat", "weeks", "exit")
        >>> cells = Spells.from_frame(people, columns, causes=("job",), periods=weeks).cells()
        >>> cells.at_risk.tolist()
        [[2.0, 2.0, 1.0], [2.0, 1.0, 1.0]]
        """
        groups, strata = len(self.groups), len(self.x)
        places, endings = self.periods.count + 1, len(self.causes) + 1
        code = self.stratum + strata * (self.group + groups * self.treated)
        code = (code * places + self.time) * endings + self.exit
        shape = (2 * groups * strata, places, endings)
        counts = np.bincount(code, minlength=int(np.prod(shape))).reshape(shape).astype(float)
        cell = np.arange(len(counts))
        kept = np.flatnonzero(counts.any(axis=(1, 2)))
        return SpellCells.of(
            periods=self.periods,
            names=(self.causes, self.groups, self.covariates),
            keys=(cell[kept] // strata // groups == 1, cell[kept] // strata % groups),
            x=self.x[cell[kept] % strata],
            leaving=counts[kept],
        )

    def __repr__(self) -> str:
        treated = int(self.treated.sum())
        count = np.bincount(self.exit, minlength=len(self.causes) + 1)
        ends = ", ".join(f"{c} {n}" for c, n in zip(self.causes, count[1:], strict=True))
        parts = [
            f"{self.size} people, {treated} treated and {self.size - treated} in comparison",
            f"{self.periods.count} periods, exits {ends}, censored {count[0]}",
        ]
        if self.covariates:
            parts.append("covariates " + ", ".join(self.covariates))
        if len(self.groups) > 1:
            parts.append(f"{len(self.groups)} groups")
        return f"Spells({', '.join(parts)})"

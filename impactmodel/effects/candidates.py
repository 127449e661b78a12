"""What a design stage may see: arms, groups and covariates of people, and no outcome."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.evidence import Cells, Cohort, Covariate
from impactmodel.evidence.cells import distinct

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]

_NOTHING = "nothing measured"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Candidates:
    """People of both arms by distinct arm, group and covariates (a *cell*), without outcomes.

    Parameters
    ----------
    covariates, groups
        Names.
    treated, group, people, x
        Arm, code into ``groups`` and number of people of each cell, and its covariates
        (cell, covariate).
    timed
        Whether every covariate is known to be measured at or before assignment.
    """

    covariates: tuple[str, ...]
    groups: tuple[str, ...]
    treated: npt.NDArray[np.bool_]
    group: Codes
    people: Array
    x: Array
    timed: bool = False

    @classmethod
    def of(cls, evidence: Cohort | Cells) -> Candidates:
        """Take arms, groups and covariates from evidence; its outcomes are not read.

        Raises
        ------
        InputError
            If there is no covariate, cells do not keep the covariates' values, or a covariate is a
            combination of the others.
        """
        if not evidence.covariates:
            raise InputError(
                "a matched comparison stands on covariates, and there are none",
                key="covariates",
                fix="name them in the evidence",
            )
        if isinstance(evidence, Cohort):
            return cls._from_cohort(evidence, timed=False)
        lost = [name for name in evidence.covariates if name not in evidence.by]
        if lost:
            raise InputError(
                "these cells hold only sums of a covariate, the weights need its values",
                key="by",
                seen=lost[0],
                fix="make the cells by it (in bins if it has many values)",
            )
        cells = evidence.coarsen(evidence.covariates)
        return _independent(
            cls(cells.covariates, cells.groups, cells.treated, cells.group, cells.n, cells.values)
        )

    @classmethod
    def from_frame(
        cls,
        table: object,
        *,
        treatment: str,
        covariates: Sequence[str | Covariate],
        group: str | None = None,
        index_date: dt.date | str | None = None,
    ) -> Candidates:
        """Read people before any outcome exists, with the checks of `Cohort.from_frame`.

        Parameters
        ----------
        table, treatment, covariates, group, index_date
            As in `Cohort.from_frame`. With ``index_date`` a covariate measured after it is
            refused, and the design records that times were checked.

        Examples
        --------
        >>> import pandas as pd
        >>> people = pd.DataFrame({"treat": [1, 0, 0], "age": [30, 30, 40]})
        >>> Candidates.from_frame(people, treatment="treat", covariates=["age"])
        Candidates(3 people, 1 treated and 2 in comparison, covariates age)
        """
        import narwhals as nw

        frame = nw.from_native(table, eager_only=True)  # type: ignore[call-overload]
        cohort = Cohort.from_frame(
            frame.with_columns(nw.lit(0.0).alias(_NOTHING)),
            treatment=treatment,
            outcomes=[OutcomeMeasure(_NOTHING, kind="index")],
            covariates=covariates,
            group=group,
            index_date=index_date,
        )
        return cls._from_cohort(cohort, timed=index_date is not None)

    @classmethod
    def _from_cohort(cls, cohort: Cohort, *, timed: bool) -> Candidates:
        keys, place = distinct(person_keys(cohort))
        people = cls(
            cohort.covariates,
            cohort.groups,
            keys[:, 0] == 1,
            keys[:, 1].astype(np.intp),
            np.bincount(place).astype(np.float64),
            keys[:, 2:],
            timed,
        )
        return _independent(people)

    def __repr__(self) -> str:
        treated = int(self.people[self.treated].sum())
        everybody = int(self.people.sum())
        parts = [
            f"{everybody} people, {treated} treated and {everybody - treated} in comparison",
            "covariates " + ", ".join(self.covariates),
        ]
        if len(self.groups) > 1:
            parts.append(f"{len(self.groups)} groups")
        return f"Candidates({', '.join(parts)})"


def person_keys(cohort: Cohort) -> Array:
    """Return arm, group and covariates of each person: people of one cell share them."""
    return np.column_stack([cohort.treated, cohort.group, cohort.x])


def _independent(people: Candidates) -> Candidates:
    """Return the people; raise if a covariate is a combination of the others."""
    centred = people.x - people.people @ people.x / people.people.sum()
    cross = (centred * people.people[:, None]).T @ centred
    scale = 1.0 / np.sqrt(np.diag(cross))
    if np.linalg.matrix_rank(cross * np.outer(scale, scale), hermitian=True) < len(cross):
        raise InputError(
            "a covariate is a combination of the others",
            key="covariates",
            seen=", ".join(people.covariates),
            fix="leave one out",
        )
    return people

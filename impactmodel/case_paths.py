"""Evidence of people followed over time as a case file states it: spells, and monthly states."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from typing import Literal

from impactmodel.case_tables import Folder, Material, with_days
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import spec
from impactmodel.evidence import SpellColumns, Spells, StateHistories


@spec
class SpellsEvidence:
    """Time to an exit, one row per person: a CSV file beside the case.

    Parameters
    ----------
    columns
        Which column holds what; see `impactmodel.evidence.SpellColumns`.
    causes
        Every cause of exit, as it stands in its column.
    periods
        Length of a period and, as ``count``, the follow-up, from each person's start.
    file
        The CSV file.
    censored
        What stands in the column of causes for people who were not seen to leave.
    source
        Citation of the file.
    """

    gives = Spells

    columns: SpellColumns
    causes: tuple[str, ...]
    periods: Periods
    file: str
    censored: str = "censored"
    source: str = ""
    type: Literal["spells"] = field(default="spells", kw_only=True)

    def read(self, folder: Folder) -> Material:
        """Read the spells."""
        frame, source = folder.table("", self.file, self.source)
        dated = [covariate.measured_at for covariate in self.columns.covariates]
        days = (self.columns.start, self.columns.treated_at, *dated)
        spells = Spells.from_frame(
            with_days(frame, days),
            self.columns,
            causes=self.causes,
            periods=self.periods,
            censored=self.censored,
        )
        return Material(spells, self.periods, source)


@spec
class StatesEvidence:
    """The state of each person in each month, one row per person and month: a CSV file.

    Parameters
    ----------
    person, period, state, treatment, group
        Columns; see `impactmodel.evidence.StateHistories.from_frame`.
    states, absorbing
        The states that occur, and those that nobody leaves.
    start
        The first day of the first month.
    file
        The CSV file beside the case.
    first_period
        Column of the first month of each person, written as ``period``.
    step
        ``month`` or ``week``.
    source
        Citation of the file.
    """

    gives = StateHistories

    person: str
    period: str
    state: str
    treatment: str
    states: tuple[str, ...]
    start: dt.date
    file: str
    absorbing: tuple[str, ...] = ()
    first_period: str | None = None
    group: str | None = None
    step: Literal["month", "week"] = "month"
    source: str = ""
    type: Literal["states"] = field(default="states", kw_only=True)

    def read(self, folder: Folder) -> Material:
        """Read the histories."""
        frame, source = folder.table("", self.file, self.source)
        histories = StateHistories.from_frame(
            with_days(frame, (self.period, self.first_period)),
            person=self.person,
            period=self.period,
            state=self.state,
            treatment=self.treatment,
            states=self.states,
            absorbing=self.absorbing,
            start=self.first_period,
            group=self.group,
            step=self.step,
        )
        return Material(histories, Periods(self.start, self.step, 1), source)

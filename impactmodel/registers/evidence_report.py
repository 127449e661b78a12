"""What registers tell of themselves beside a study: linkage, flow, indicators, purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from impactmodel.registers.disclosure import DisclosureRules, Release, protect
from impactmodel.registers.gate import under
from impactmodel.registers.linkage import LinkageReport, Shown
from impactmodel.registers.months import first_day
from impactmodel.registers.purpose import Purpose
from impactmodel.registers.reading import collect
from impactmodel.registers.small_counts import shown_count
from impactmodel.registers.tabulation import tabulate

if TYPE_CHECKING:
    import datetime as dt

    from ibis.expr.types import Table

    from impactmodel.registers.group_counts import GroupIndicators
    from impactmodel.registers.study import StudyData
    from impactmodel.registers.trials import MonthlyTrials

FOLLOWED = "followed"
_ARMS = {1: "treated", 0: "comparison"}


@dataclass(frozen=True, slots=True, repr=False)
class RegistersReport:
    """What a page and a summary say of the registers behind an effect; counts under control.

    Parameters
    ----------
    linkage
        How far the extracts are of the same people.
    eligible
        Persons of the registers who were in the state for entry in some month before one.
    flow
        Entries by arm and by whether they were followed, or why not.
    indicators
        Official indicators by target group and month, if they were asked for.
    purpose
        Under which the extracts were received.
    entry
        First and last month of entry, as days of theirs.
    extracted
        Day of each extract by name.
    synthetic
        How synthetic extracts were made; empty for real ones.
    audited
        Whether each use left a line in an audit log.
    """

    linkage: LinkageReport
    eligible: Shown
    flow: Release
    indicators: GroupIndicators | None
    purpose: Purpose
    entry: tuple[dt.date, dt.date]
    extracted: Mapping[str, dt.date]
    synthetic: str
    audited: bool

    def __repr__(self) -> str:
        return f"RegistersReport({', '.join(self.extracted)})"


def flow_of(data: StudyData, rules: DisclosureRules) -> Release:
    """Return the entries of a study by arm and follow-up, under disclosure control.

    Categories are ``followed`` and the reasons for which people were left out.
    """
    counts = data.counts
    rows = counts.loc[counts.index.repeat(counts["n"].astype(int)), ["treated", "left"]]
    named = rows.assign(
        arm=rows["treated"].map(_ARMS), follow_up=rows["left"].replace("", FOLLOWED)
    )[["arm", "follow_up"]]
    named = named if data.purpose is None else under(named, data.purpose)
    return protect(tabulate(named, ["arm", "follow_up"], population="entries"), rules)


def eligible_people(trials: MonthlyTrials, tables: Mapping[str, Table], least: int) -> Shown:
    """Count the persons who were in the state for entry in the month before some month of entry."""
    before = replace(trials.window, first=first_day(trials.window.months.start - 1))
    people = trials.eligible.read(tables, before).person.nunique()
    (count,) = collect("trials", people.name("n").as_table())["n"]
    return shown_count(count, least)

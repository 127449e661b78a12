"""Tables of registers: linkage, who was followed, official indicators and what is not shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from impactmodel.registers.tabulation import TOTAL
from impactmodel.report.numbers import number
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    import pandas as pd

    from impactmodel.registers import GroupIndicators, LinkageReport, Release

NOT_SHOWN = "not shown"
_NONE = "–"
_HEADS = {
    "unemployed": "Unemployed",
    "in_services": "In services",
    "unemployed_and_in_services": "Both",
    "activation_rate": "Activation, %",
    "laid_off": "Fully laid off",
    "activation_rate_without_laid_off": "Activation without the laid off, %",
    "employed": "Employed",
    "register_unemployment_rate": "Unemployed of the labour force, %",
    "into_services": "Into services",
    "out_of_services": "Out of services",
    "into_work": "Into work",
    "out_of_work": "Out of work",
}
_FLOWS = ("into_services", "out_of_services", "into_work", "out_of_work")
_STOCK_NOTE = (
    "Counted on the last working day of the month. Groups overlap: they do not add up, and their "
    "differences are no effects."
)
_FLOW_NOTE = "Between the last working days of two months."
REASONS = {
    "threshold": "fewer people than the threshold",
    "zero": "nobody, and empty cells are hidden",
    "dominance": "a few people make most of it",
    "p_percent": "one person could work out another's",
    "difference": "its difference to an earlier table is of too few people",
    "complement": "a hidden cell could be worked out from it",
}
"""Why a cell is not shown; see `impactmodel.registers.disclosure`."""


def shown(count: int | str) -> str:
    """Write a count, or in words why it is not shown."""
    return number(count) if isinstance(count, int) else count.replace("withheld", NOT_SHOWN)


def linkage_table(linkage: LinkageReport) -> Table:
    """Tabulate how registers are linked to the population, a column per register."""
    registers = linkage.registers
    heads = {
        "Rows": "rows",
        "Persons": "persons",
        "Persons of the population": "matched",
        "Persons not of the population": "unmatched",
        "Rows of persons not of the population": "unmatched_rows",
        "People of the population without a row": "without",
        "Rows that stand again": "duplicates",
        "Rows with an impossible day": "impossible",
    }
    rows = [(head, *(shown(getattr(r, key)) for r in registers)) for head, key in heads.items()]
    outside = dict.fromkeys(key for r in registers for key in r.outside)
    for key in outside:
        cells = (shown(r.outside[key]) if key in r.outside else _NONE for r in registers)
        rows.append((f"Rows {key}", *cells))
    return Table(
        title="Linkage of the registers",
        columns=("What is counted", *(r.name.replace("_", " ") for r in registers)),
        rows=tuple(rows),
        note=f"The population is the register “{linkage.population}”. Counts of 1 to "
        f"{linkage.least - 1} persons are not shown, nor what they could be worked out from.",
    )


def flow_table(flow: Release) -> Table:
    """Tabulate entries by arm: all, left out by reason, followed."""
    frame = flow.frame()
    reasons = [r for r in dict.fromkeys(frame["follow_up"]) if r not in {TOTAL, "followed"}]
    cells = {(row.arm, row.follow_up): row.count_ for row in _rows(frame)}
    heads = {
        TOTAL: "Entries",
        **{r: f"Left out: {r.replace('_', ' ')}" for r in reasons},
        "followed": "Followed to the end",
    }
    return Table(
        title="From entries to those who were followed",
        columns=("What is counted", "Treated", "In comparison", "Both arms"),
        rows=tuple(
            (head, *(_cell(cells[arm, key]) for arm in ("treated", "comparison", TOTAL)))
            for key, head in heads.items()
        ),
        note="People are left out of both arms where they die or move away before the follow-up "
        "ends.",
    )


class _Row:
    def __init__(self, arm: str, follow_up: str, count: object) -> None:
        self.arm, self.follow_up, self.count_ = arm, follow_up, count


def _rows(frame: pd.DataFrame) -> list[_Row]:
    return [
        _Row(arm, follow_up, count)
        for arm, follow_up, count in zip(
            frame["arm"], frame["follow_up"], frame["count"].astype("float64"), strict=True
        )
    ]


def _cell(value: object, decimals: int = 0) -> str:
    numeric = float(value)  # type: ignore[arg-type]
    return NOT_SHOWN if math.isnan(numeric) else number(numeric, decimals)


def groups_of(indicators: GroupIndicators) -> list[str]:
    """Return the names of the groups, everyone first."""
    return list(dict.fromkeys(indicators.frame.index.get_level_values("group")))


def latest_tables(indicators: GroupIndicators) -> tuple[Table, ...]:
    """Tabulate the stocks and the flows of the last month, a row per target group."""
    flows = [name for name in indicators.frame.columns if name in _FLOWS]
    stocks = [name for name in indicators.frame.columns if name not in _FLOWS]
    month = indicators.frame.index.get_level_values("month")[-1]
    return (
        _latest(indicators, stocks, f"Official indicators by target group, {month}", _STOCK_NOTE),
        _latest(indicators, flows, f"Flows by target group, {month}", _FLOW_NOTE),
    )


def _latest(indicators: GroupIndicators, names: list[str], title: str, note: str) -> Table:
    frame = indicators.frame[names]
    month = frame.index.get_level_values("month")[-1]
    rows = [
        (group.replace("_", " "), *_written(frame.loc[(group, month)]))
        for group in groups_of(indicators)
    ]
    return Table(
        title=title,
        columns=("Target group", *(_HEADS[name] for name in frame.columns)),
        rows=tuple(rows),
        note=note,
    )


def group_table(indicators: GroupIndicators, group: str) -> Table:
    """Tabulate the indicators of a target group, a row per month."""
    frame = indicators.frame.loc[group]
    return Table(
        title=f"Indicators by month: {group.replace('_', ' ')}",
        columns=("Month", *(_HEADS[name] for name in frame.columns)),
        rows=tuple((str(month), *_written(row)) for month, row in frame.iterrows()),
    )


def _written(row: pd.Series[float]) -> tuple[str, ...]:
    return tuple(_cell(value, 1 if "rate" in name else 0) for name, value in row.items())  # type: ignore[operator]


def hidden_table(indicators: GroupIndicators) -> Table | None:
    """Tabulate the cells that are not shown, with the reason of each; None where all are."""
    release = indicators.release
    if release is None or not release.hidden.any():
        return None
    known = set(groups_of(indicators))
    rows = []
    for key, reason in zip(release.table.keys, release.reasons, strict=True):
        group, month, name = key
        if reason and group in known and name in _HEADS:
            said = "; ".join(REASONS[word] for word in reason.split(";"))
            rows.append((group.replace("_", " "), month, _HEADS[name], said))
    if not rows:
        return None
    return Table(
        title="Cells that are not shown",
        columns=("Target group", "Month", "What is counted", "Why"),
        rows=tuple(rows),
        words=(0, 1, 2, 3),
    )

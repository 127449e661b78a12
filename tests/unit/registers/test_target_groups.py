"""Counts by target group agree with counting people one by one."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.spec import dump, load
from impactmodel.registers import (
    Attribute,
    CsvFiles,
    DuckDbEngine,
    GroupCounts,
    InState,
    InStateFor,
    PersonRegister,
    Since,
    SpellRegister,
    StateMonths,
    Window,
    WithAttribute,
    YoungerThan,
    count_groups,
    read,
)

START = dt.date(2020, 1, 1)
# The last working days of January to June 2021 in Finland.
DAYS = [dt.date(2021, m, d) for m, d in ((1, 29), (2, 26), (3, 31), (4, 30), (5, 31), (6, 30))]
MONTHS = [f"2021-{m:02d}" for m in range(1, 7)]
STATES = ("unemployed", "laid_off", "training", "trial")
WINDOW = Window(dt.date(2021, 1, 15), 6)
COUNTS = GroupCounts(
    unemployed=StateMonths("search", ("unemployed", "laid_off")),
    services=StateMonths("search", ("training", "trial")),
    laid_off=StateMonths("search", ("laid_off",)),
    window=WINDOW,
    groups={
        "under 30": YoungerThan("people", "born"),
        "integration": InState("plans", ("integration",)),
        "recent graduates": Since("people", "graduated"),
        "basic school alone": WithAttribute("people", "education", is_="basic"),
        "over a year": InStateFor("search", ("unemployed",)),
    },
    minimum=1,
)
type Spell = tuple[str, dt.date, dt.date | None, str]


def spells(seed: int, n: int, states: tuple[str, ...]) -> list[Spell]:
    """Return synthetic spells; spells of two states may overlap by six days."""
    lots = stream(seed, "spells")
    found: list[Spell] = []
    for person in range(n):
        day, state = START + dt.timedelta(int(lots.integers(300))), ""
        while day < dt.date(2021, 7, 1):
            end = day + dt.timedelta(int(lots.choice((20, 90, 200, 500))))
            last = None if end > dt.date(2021, 8, 1) else end
            state = str(lots.choice([s for s in states if s != state or len(states) == 1]))
            found.append((f"p{person}", day, last, state))
            gap = int(lots.choice((-5, 1, 30))) if len(states) > 1 else 5
            day = end + dt.timedelta(gap)
    return found


def people(seed: int, n: int) -> list[tuple[str, dt.date, dt.date | None, str]]:
    lots = stream(seed, "people")
    return [
        (
            f"p{i}",
            dt.date(1991, 1, 1) + dt.timedelta(int(lots.integers(-900, 900))),
            dt.date(2020, 1, 1) + dt.timedelta(int(lots.integers(500))) if i % 3 else None,
            str(lots.choice(("basic", "upper"))),
        )
        for i in range(n)
    ]


PEOPLE, SEARCH, PLANS = people(1, 300), spells(2, 300, STATES), spells(3, 100, ("integration",))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("extracts")
    taken = dt.date(2021, 12, 31)
    frames = {
        "people": pd.DataFrame(PEOPLE, columns=["person", "born", "graduated", "education"]),
        "search": pd.DataFrame(SEARCH, columns=["person", "start", "end", "state"]),
        "plans": pd.DataFrame(PLANS, columns=["person", "start", "end", "state"]),
    }
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    attributes = {
        "born": Attribute("born", "day"),
        "graduated": Attribute("graduated", "day", missing=True, measured_at=dt.date(2021, 12, 31)),
        "education": Attribute("education", "category"),
    }
    sources = {
        "people": PersonRegister(CsvFiles("people.csv"), "person", taken, attributes),
        "search": SpellRegister(
            CsvFiles("search.csv"), "person", taken, "start", "end", {s: s for s in STATES}, "state"
        ),
        "plans": SpellRegister(
            CsvFiles("plans.csv"), "person", taken, "start", "end", {"integration": "integration"}
        ),
    }
    connection = DuckDbEngine(threads=1).connect()
    return {name: read(name, source, connection, folder) for name, source in sources.items()}


def at(rows: list[Spell], person: str, day: dt.date) -> list[Spell]:
    return [s for s in rows if s[0] == person and s[1] <= day and (s[2] is None or s[2] >= day)]


def later(day: dt.date, years: int) -> dt.date:
    last = calendar.monthrange(day.year + years, day.month)[1]
    return dt.date(day.year + years, day.month, min(day.day, last))


MEMBERS: dict[str, Callable[[Any, dt.date], bool]] = {
    "everyone": lambda _person, _day: True,
    "under 30": lambda person, day: later(person[1], 30) > day,
    "integration": lambda person, day: bool(at(PLANS, person[0], day)),
    "recent graduates": lambda person, day: bool(
        person[2] and person[2] <= day < later(person[2], 1)
    ),
    "basic school alone": lambda person, _day: person[3] == "basic",
    "over a year": lambda person, day: any(
        s[3] == "unemployed" and later(s[1], 1) <= day for s in at(SEARCH, person[0], day)
    ),
}


def counted(group: str, day: dt.date) -> tuple[int, int, int]:
    """Count (unemployed, in services, laid off) of a group, person by person."""
    out, served, off = 0, 0, 0
    for person in PEOPLE:
        states = {spell[3] for spell in at(SEARCH, person[0], day)}
        if not MEMBERS[group](person, day):
            continue
        if states & {"training", "trial"}:
            served += 1
        elif states:
            out += 1
            off += "laid_off" in states
    return out, served, off


def test_groups_as_counted_one_by_one(tables: dict[str, Any]) -> None:
    table = count_groups(COUNTS, tables).frame
    assert list(table.index.get_level_values("group").unique()) == list(MEMBERS)
    for group in MEMBERS:
        for month, day in zip(MONTHS, DAYS, strict=True):
            row = table.loc[(group, month)]
            out, served, off = counted(group, day)
            assert (row["unemployed"], row["in_services"], row["laid_off"]) == (out, served, off)
            assert row["unemployed_and_in_services"] == out + served
            if out + served:
                assert row["activation_rate"] == pytest.approx(100 * served / (out + served))
            if out - off + served:
                rate = row["activation_rate_without_laid_off"]
                assert rate == pytest.approx(100 * served / (out - off + served))
    # Groups overlap: they are more than everyone together.
    total = table["unemployed"].groupby("month").sum()
    assert (total > 2 * table.loc["everyone", "unemployed"]).all()
    assert table.loc["everyone", "unemployed"].min() > 50


def test_a_month_of_nobody_is_zero_and_has_no_rate(tables: dict[str, Any]) -> None:
    early = GroupCounts(COUNTS.unemployed, COUNTS.services, Window(dt.date(2019, 1, 1), 2))
    table = count_groups(early, tables).frame
    assert (table["unemployed_and_in_services"] == 0).all()
    assert table["activation_rate"].isna().all()
    assert list(table.index) == [("everyone", "2019-01"), ("everyone", "2019-02")]


def test_what_is_refused(tables: dict[str, Any]) -> None:
    assert load(GroupCounts, dump(COUNTS)) == COUNTS
    any_day = StateMonths("search", ("unemployed",), on="any_day")
    with pytest.raises(InputError, match=r"unemployed\.on: official counts are those"):
        GroupCounts(any_day, COUNTS.services, WINDOW)
    with pytest.raises(InputError, match=r"this name is taken \(seen: 'everyone'\)"):
        GroupCounts(
            COUNTS.unemployed, COUNTS.services, WINDOW, {"everyone": COUNTS.groups["under 30"]}
        )
    with pytest.raises(InputError, match="a cell has a least size"):
        GroupCounts(COUNTS.unemployed, COUNTS.services, WINDOW, minimum=0)
    lacking = {name: table for name, table in tables.items() if name != "plans"}
    words = r"groups\.integration\.source: there is no such extract \(seen: 'plans'\)"
    with pytest.raises(InputError, match=words):
        count_groups(COUNTS, lacking)

"""Flows by target group as counted one by one, and what a reader can work out of small counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from impactmodel.core.errors import InputError
from impactmodel.registers import (
    BenefitDays,
    DuckDbEngine,
    GroupCounts,
    GroupIndicators,
    StateMonths,
    Window,
    WithAttribute,
    WithPaidDays,
    YoungerThan,
    count_groups,
    unemployment_rate,
)
from impactmodel.registers.months import last_working_day, month_name

WINDOW = Window(dt.date(2021, 2, 1), 5)
STATES = ("unemployed", "training", "work", "laid_off")
COUNTS = GroupCounts(
    unemployed=StateMonths("search", ("unemployed", "laid_off")),
    services=StateMonths("search", ("training",)),
    laid_off=StateMonths("search", ("laid_off",)),
    employed=StateMonths("search", ("work",)),
    window=WINDOW,
    groups={
        "under 30": YoungerThan("people", "born"),
        "basic school": WithAttribute("people", "education", "basic"),
        "300 days": WithPaidDays(
            BenefitDays("search", ("unemployed",), measured_at="last_working_day"), 150
        ),
    },
    minimum=1,
)
FLOWS = ("into_services", "out_of_services", "into_work", "out_of_work")


def rows(n: int, seed: int = 3) -> dict[str, pd.DataFrame]:
    """Synthetic people, and spells that may overlap by some days."""
    rng = np.random.default_rng(seed)
    people = pd.DataFrame(
        {
            "person": [f"p{i}" for i in range(n)],
            "born": [
                dt.date(1991, 3, 1) + dt.timedelta(int(d)) for d in rng.integers(-3000, 3000, n)
            ],
            "education": rng.choice(["basic", "upper"], n),
        }
    )
    found = []
    for person in people["person"]:
        day = dt.date(2020, 6, 1) + dt.timedelta(int(rng.integers(200)))
        for _ in range(6):
            end = day + dt.timedelta(int(rng.choice((15, 40, 90, 250))))
            found.append((person, day, end, str(rng.choice(STATES))))
            day = end + dt.timedelta(int(rng.choice((-3, 1, 20))))
    return {
        "people": people,
        "search": pd.DataFrame(found, columns=["person", "start", "end", "state"]),
    }


ROWS = rows(150)


def as_tables(frames: dict[str, pd.DataFrame]) -> dict[str, Any]:
    connection = DuckDbEngine(threads=1).connect()
    kinds = {
        "people": {"person": "string", "born": "date", "education": "string"},
        "search": {"person": "string", "start": "date", "end": "date", "state": "string"},
    }
    return {
        name: connection.create_table(name, ibis.memtable(frame, schema=kinds[name]))
        for name, frame in frames.items()
    }


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    return as_tables(ROWS)


@pytest.fixture(scope="module")
def found(tables: dict[str, Any]) -> GroupIndicators:
    return count_groups(COUNTS, tables)


SPELLS = {person: part.to_dict("records") for person, part in ROWS["search"].groupby("person")}


def state(person: str, day: dt.date) -> str:
    """The one state of a person: services before unemployment before work."""
    here = {s["state"] for s in SPELLS[person] if s["start"] <= day <= s["end"]}
    order = ("training", "laid_off", "unemployed", "work")
    return next((name for name in order if name in here), "")


def is_member(person: dict[str, Any], group: str, day: dt.date) -> bool:
    if group == "under 30":
        return bool(person["born"].replace(year=person["born"].year + 30) > day)
    if group == "basic school":
        return bool(person["education"] == "basic")
    if group == "300 days":
        paid = sum(
            np.busday_count(s["start"], min(s["end"], day) + dt.timedelta(1))
            for s in SPELLS[person["person"]]
            if s["state"] == "unemployed" and s["start"] <= day
        )
        return bool(paid >= 150)
    return True


def test_states_and_flows_one_by_one(found: GroupIndicators) -> None:
    idle = ("training", "laid_off", "unemployed")
    people = ROWS["people"].to_dict("records")
    for group, label in found.frame.index:
        month = next(m for m in WINDOW.months if month_name(m) == label)
        before, day = last_working_day(month - 1), last_working_day(month)
        row = dict.fromkeys(("unemployed", "in_services", "laid_off", "employed", *FLOWS), 0)
        for person in people:
            was, now = state(person["person"], before), state(person["person"], day)
            if is_member(person, group, day):
                row["unemployed"] += now in ("laid_off", "unemployed")
                row["laid_off"] += now == "laid_off"
                row["in_services"] += now == "training"
                row["employed"] += now == "work"
                row["into_services"] += now == "training" != was
                row["into_work"] += now == "work" and was in idle
            if is_member(person, group, before):
                row["out_of_services"] += was == "training" != now
                row["out_of_work"] += was == "work" and now in idle
        seen = found.frame.loc[(group, label)]
        assert {name: seen[name] for name in row} == row, (group, label)
        out = row["unemployed"]
        rate = 100 * out / (out + row["employed"])
        assert seen["register_unemployment_rate"] == pytest.approx(rate)
    assert (found.frame[list(FLOWS)].sum() > 30).all()


def test_every_column_has_its_definition(found: GroupIndicators) -> None:
    assert set(found.definitions) == set(found.frame.columns)
    assert "Labour Force Survey" in found.definitions["register_unemployment_rate"].text
    units = {name: d.unit for name, d in found.definitions.items()}
    assert {name for name, unit in units.items() if unit == "percent"} == {
        "activation_rate", "activation_rate_without_laid_off", "register_unemployment_rate",
    }  # fmt: skip
    assert {d.statistic for d in found.definitions.values()} == {"employment service statistics"}
    assert found.release is None
    assert repr(found) == "GroupIndicators(4 groups, 5 months)"


def test_counts_of_a_panel_are_not_mixed_with_published_ones(found: GroupIndicators) -> None:
    from impactmodel.registers import DEFINITIONS, IndicatorSeries

    wide = found.frame["unemployed"].unstack("group")
    mine = IndicatorSeries(found.definitions["unemployed"], wide, "extracts", dt.date(2021, 12, 31))
    force = IndicatorSeries(
        DEFINITIONS["labour_force_denominator"], wide, "12r5", dt.date(2021, 12, 31)
    )
    with pytest.raises(InputError, match="another population"):
        unemployment_rate(mine, force)


def bounds(table: pd.DataFrame, shown: pd.DataFrame, cell: tuple[str, str, str]) -> list[float]:
    """What a reader can work out of one cell: real-valued bounds, from equations written here."""
    everyone = "everyone"
    groups = [g for g in table.index.unique("group") if g != everyone]
    months = list(table.index.unique("month"))
    place: dict[tuple[str, str, str], int] = {}

    def at(*key: str) -> int:
        return place.setdefault(key, len(place))  # type: ignore[arg-type]

    rules: list[dict[int, float]] = []
    columns = [*table.columns, "rest"]
    for month in months:
        for group in (everyone, *groups, *(f"-{g}" for g in groups)):
            u, s = at(group, month, "unemployed"), at(group, month, "in_services")
            rules.append({u: 1, s: 1, at(group, month, "unemployed_and_in_services"): -1})
            rules.append({u: 1, at(group, month, "laid_off"): -1, at(group, month, "rest"): -1})
        rules += [
            {at(everyone, month, c): 1, at(g, month, c): -1, at(f"-{g}", month, c): -1}
            for g in groups
            for c in columns
        ]
    rules += [
        {
            at(group, month, "in_services"): 1,
            at(group, before, "in_services"): -1,
            at(group, month, "into_services"): -1,
            at(group, month, "out_of_services"): 1,
        }
        for before, month in pairwise(months)
        for group in (everyone, "basic school", "-basic school")
    ]
    known = {
        at(*i, name): shown.loc[i, name]
        for i in shown.index
        for name in table.columns
        if not np.isnan(shown.loc[i, name])
    }
    matrix = np.zeros((len(rules), len(place)))
    for row, rule in enumerate(rules):
        for column, sign in rule.items():
            matrix[row, column] = sign
    limits = [(known[i], known[i]) if i in known else (0.0, None) for i in range(len(place))]
    ends = []
    for sign in (1.0, -1.0):
        cost = np.zeros(len(place))
        cost[at(*cell)] = sign
        solved = linprog(cost, A_eq=matrix, b_eq=np.zeros(len(rules)), bounds=limits)
        assert solved.status in (0, 3)
        ends.append(sign * solved.fun if solved.status == 0 else np.inf)
    return ends


@pytest.mark.parametrize("minimum", [3, 6])
def test_what_a_reader_can_work_out_of_what_is_shown(
    minimum: int, found: GroupIndicators, tables: dict[str, Any]
) -> None:
    kept = count_groups(replace(COUNTS, minimum=minimum), tables)
    counts = [name for name, d in found.definitions.items() if d.unit == "persons"]
    true, shown = found.frame[counts], kept.frame[counts]
    small = (true > 0) & (true < minimum)
    assert small.sum().sum() > 3
    assert shown.where(small).isna().all(axis=None)
    extra = shown.isna() & ~small
    assert extra.any(axis=None)  # hidden so that the small ones cannot be worked out
    assert shown.notna().sum().sum() > shown.size / 3
    hidden = shown.isna()
    pd.testing.assert_frame_equal(shown.mask(hidden, 0), true.mask(hidden, 0))
    cells = [(*i, name) for i in true.index for name in counts if small.loc[i, name]]
    for cell in cells:
        low, high = bounds(true, shown, cell)
        assert high - low >= minimum - 1e-6, cell
    # With the small ones alone hidden, a reader would work some of them out.
    assert any(np.ptp(bounds(true, true.mask(small), cell)) < minimum for cell in cells)
    rates = [name for name in kept.frame if name not in counts]
    gone = shown["in_services"].isna() | shown["unemployed"].isna()
    assert kept.frame.loc[gone, "activation_rate"].isna().all()
    assert kept.frame[rates].notna().any(axis=None)
    assert kept.release is not None
    assert kept.release.table.purpose is None
    leaving = kept.release.frame().set_index(["group", "month", "who"])["count"]
    given = leaving.unstack("who").loc[shown.index, counts].astype("float64")
    pd.testing.assert_frame_equal(given, shown, check_names=False)


def test_one_person_outside_a_group_is_not_shown_by_subtraction() -> None:
    """Ten unemployed people, nine of them young: the tenth is everyone less the young."""
    n = 10
    people = pd.DataFrame(
        {
            "person": [f"p{i}" for i in range(n)],
            "born": [dt.date(2000, 1, 1)] * 9 + [dt.date(1970, 1, 1)],
            "education": ["basic"] * n,
        }
    )
    spells = pd.DataFrame(
        {
            "person": people["person"],
            "start": dt.date(2020, 1, 1),
            "end": dt.date(2021, 12, 31),
            "state": "unemployed",
        }
    )
    counts = GroupCounts(
        StateMonths("search", ("unemployed",)),
        StateMonths("search", ("training",)),
        Window(dt.date(2021, 3, 1), 1),
        {"under 30": YoungerThan("people", "born")},
    )
    frame = count_groups(counts, as_tables({"people": people, "search": spells})).frame
    shown = frame["unemployed"].dropna()
    assert len(shown) < 2
    assert len(frame["unemployed_and_in_services"].dropna()) < 2


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: replace(COUNTS, groups={"not young": COUNTS.groups["under 30"]}), "name is taken"),
        (
            lambda: replace(COUNTS, employed=StateMonths("search", ("work",), "any_day")),
            r"employed\.on: official counts",
        ),
        (lambda: WithPaidDays(BenefitDays("s", ("u",)), 300), "groups are those of the last work"),
        (
            lambda: WithPaidDays(BenefitDays("s", ("u",), measured_at="last_working_day"), 0),
            "whoever has no paid days",
        ),
    ],
)
def test_what_is_refused(make: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()

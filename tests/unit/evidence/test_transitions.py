"""Histories of states: what is read, what is refused, and what the counts hold."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.evidence.state_cells import StateCells
from impactmodel.evidence.transitions import StateHistories

STATES = ("work", "out", "gone")


def rows(**changes):
    """Two people over three months; the second one is seen for two."""
    table = {
        "id": ["a", "a", "a", "b", "b"],
        "month": [1, 2, 3, 1, 2],
        "state": ["out", "work", "work", "out", "gone"],
        "arm": [1, 1, 1, 0, 0],
        "start": [1, 1, 1, 1, 1],
        "site": ["x", "x", "x", "y", "y"],
    }
    return pd.DataFrame(table | changes)


def read(table, **changes):
    names = {"person": "id", "period": "month", "state": "state", "treatment": "arm"}
    return StateHistories.from_frame(table, **names, **({"states": STATES} | changes))


def test_a_history_stops_where_it_is_not_observed():
    found = read(rows())
    assert found.path.tolist() == [[1, 0, 0], [1, 2, -1]]
    assert found.treated.tolist() == [True, False]


def test_an_absorbing_state_is_carried_on():
    assert read(rows(), absorbing=("gone",)).path.tolist() == [[1, 0, 0], [1, 2, 2]]


def test_months_are_counted_from_each_start():
    moved = rows(month=[1, 2, 3, 7, 8], start=[1, 1, 1, 7, 7])
    assert read(moved, start="start").path.tolist() == read(rows()).path.tolist()


def test_dates_of_any_day_of_the_month_will_do():
    days = [dt.date(2023, 11, 30), dt.date(2023, 12, 1), dt.date(2024, 1, 31)]
    dated = rows(month=days + days[:2])
    assert read(dated).path.tolist() == read(rows()).path.tolist()


def test_weeks_begin_on_monday():
    days = [dt.date(2024, 1, 7), dt.date(2024, 1, 8), dt.date(2024, 1, 21)]
    found = read(rows(month=days + days[:2]), step="week")
    assert found.path.tolist() == [[1, 0, 0], [1, 2, -1]]


def test_wide_and_long_tables_give_the_same():
    wide = pd.DataFrame(
        {"m1": ["out", "out"], "m2": ["work", "gone"], "m3": ["work", None], "arm": [1, 0]}
    )
    found = StateHistories.from_wide(wide, ["m1", "m2", "m3"], treatment="arm", states=STATES)
    assert found.path.tolist() == read(rows()).path.tolist()


BAD = {
    "a gap": ({"month": [1, 2, 4, 1, 2]}, "1 of 2 people lack a month"),
    "before the start": ({"start": [2, 2, 2, 1, 1]}, "1 of 5 rows lie before the person's start"),
    "late begin": ({"start": [0, 0, 0, 1, 1]}, "1 of 2 people lack a month"),
    "two states": ({"month": [1, 2, 2, 1, 2]}, "1 rows repeat a person and month"),
    "undeclared": ({"state": ["out", "ill", "work", "out", "gone"]}, "1 of 5 states are not"),
    "arm changes": ({"arm": [1, 1, 0, 0, 0]}, "changes within 1 of 2 units"),
    "one arm": ({"arm": [1, 1, 1, 1, 1]}, "one arm has nobody"),
    "not whole": ({"month": [1, 2, 2.5, 1, 2]}, "numbers of months are whole"),
    "far apart": ({"month": [1, 2, 202401, 1, 2]}, "longer than 1200"),
    "missing": ({"state": ["out", None, "work", "out", "gone"]}, "1 of 5 values are missing"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_impossible_histories_are_refused(change, message):
    with pytest.raises(InputError, match=message) as caught:
        read(rows(**change), start="start")
    # No message names a person.
    assert "'a'" not in str(caught.value)


def test_nobody_leaves_an_absorbing_state():
    with pytest.raises(InputError, match="1 of 2 people leave the absorbing state 'out'"):
        read(rows(state=["out", "work", "work", "work", "out"]), absorbing=("out",))


@pytest.mark.parametrize(
    ("states", "absorbing", "message"),
    [
        (("work",), (), "two states or more"),
        (("work", "work"), (), "two states or more"),
        (STATES, ("ill",), "not declared"),
        (("work", "out"), ("work", "out"), "nobody leaves any state"),
    ],
)
def test_states_are_declared(states, absorbing, message):
    with pytest.raises(InputError, match=message):
        read(rows(), states=states, absorbing=absorbing)


@pytest.mark.parametrize("holes", [{"m1": ["out", None]}, {"m2": [None, "gone"]}])
def test_a_wide_history_may_only_stop(holes):
    wide = {"m1": ["out", "out"], "m2": ["work", "gone"], "m3": ["work", None], "arm": [1, 0]}
    with pytest.raises(InputError, match="1 of 2 people lack a month"):
        StateHistories.from_wide(
            pd.DataFrame(wide | holes), ["m1", "m2", "m3"], treatment="arm", states=STATES
        )


def test_no_row_is_shown():
    assert "a" not in repr(read(rows())).split("(")[0].replace("StateHistories", "")
    assert "array" not in repr(read(rows()))
    assert repr(read(rows(), group="site")).endswith("1 not followed to the end, 2 groups)")


@pytest.fixture
def paths():
    """Forty people over six months in two groups, some of them lost."""
    rng = np.random.default_rng(3)
    path = rng.integers(0, 3, (40, 6))
    last = rng.integers(1, 9, 40)
    path = np.where(np.arange(6) < last[:, None], path, -1)
    wide = pd.DataFrame(path, columns=[f"m{i}" for i in range(6)]).astype(object)
    wide = wide.replace({0: "work", 1: "out", 2: "gone", -1: None})
    wide["arm"], wide["site"] = rng.integers(0, 2, 40), rng.integers(0, 2, 40)
    return wide


def test_counts_are_those_of_counting_one_by_one(paths):
    months = [f"m{i}" for i in range(6)]
    cells = StateHistories.from_wide(
        paths, months, treatment="arm", states=STATES, group="site"
    ).cells()
    counts, pairs = np.zeros_like(cells.counts), np.zeros_like(cells.pairs)
    spells, number = np.zeros_like(cells.spells), np.zeros((2, 2))
    for _, person in paths.iterrows():
        where = (1 - person["arm"], person["site"])
        seen = [STATES.index(s) for s in person[months] if s is not None]
        known, length = False, 0
        for month in range(1, len(seen)):
            counts[(*where, month - 1, *seen[month - 1 : month + 1])] += 1
            if month > 1:
                pairs[(*where, *seen[month - 2 : month + 1])] += 1
            if known:
                kind = sum(length >= edge for edge in (1, 2, 3, 6, 12)) - 1
                spells[(*where, kind, *seen[month - 1 : month + 1])] += 1
            if seen[month] != seen[month - 1]:
                known, length = True, 1
            else:
                length += 1
        number[where] += len(seen) == 6
    assert np.array_equal(cells.counts, counts)
    assert np.array_equal(cells.pairs, pairs)
    assert np.array_equal(cells.spells, spells)
    assert np.array_equal(cells.times[0], number)
    assert cells.lost.sum() == 40 - number.sum()
    assert cells.times[1].sum() == 6 * number.sum()


def test_counts_come_back_from_a_table(paths):
    cells = StateHistories.from_wide(
        paths, [f"m{i}" for i in range(6)], treatment="arm", states=STATES, group="site"
    ).cells()
    back = StateCells.from_frame(cells.to_frame(), states=STATES, group="group")
    assert np.array_equal(back.counts, cells.counts)
    assert np.array_equal(back.initial, cells.initial)
    assert back.pairs is None
    merged = StateCells.from_frame(cells.ungrouped().to_frame(), states=STATES)
    assert np.array_equal(merged.counts, cells.counts.sum(axis=1, keepdims=True))


COUNTS = {
    "treated": [1, 1, 0, 0],
    "month": [0, 1, 0, 1],
    "from": ["", "out", "", "out"],
    "to": ["out", "work", "out", "out"],
    "n": [10, 6, 9, 9],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": [10, 12, 9, 9]}, "more people move on from a state than were in it"),
        ({"n": [10, 6.5, 9, 9]}, "whole numbers"),
        ({"n": [0, 0, 9, 9]}, "one arm has nobody"),
        ({"to": ["out", "ill", "out", "out"]}, "seen: 'ill'"),
        ({"to": ["out", "", "out", "out"]}, "seen: 'nothing written'"),
        ({"from": ["", "", "", "out"]}, "'from' is empty in month 0 and in no other"),
        ({"from": ["", "gone", "", "out"]}, "more people move on"),
    ],
)
def test_impossible_counts_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        StateCells.from_frame(pd.DataFrame(COUNTS | change), states=STATES)


def test_counts_leave_no_absorbing_state():
    with pytest.raises(InputError, match="6 people leave the absorbing state 'out'"):
        StateCells.from_frame(pd.DataFrame(COUNTS), states=("work", "out"), absorbing=("out",))


def test_the_state_before_is_read():
    more = {
        "treated": [*COUNTS["treated"], 1],
        "month": [*COUNTS["month"], 2],
        "from": [*COUNTS["from"], "work"],
        "to": [*COUNTS["to"], "work"],
        "previous": ["", "", "", "", "out"],
        "n": [*COUNTS["n"], 5],
    }
    cells = StateCells.from_frame(pd.DataFrame(more), states=("work", "out"))
    assert cells.pairs[0, 0, 1, 0, 0] == 5
    assert cells.pairs.sum() == 5

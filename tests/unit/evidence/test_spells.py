"""Spells are read, refused with a sentence, counted, and never shown person by person."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods
from impactmodel.evidence.cohort import Covariate
from impactmodel.evidence.spell_cells import SpellCells
from impactmodel.evidence.spell_columns import SpellColumns
from impactmodel.evidence.spells import Spells

WEEKS = Periods(dt.date(2024, 1, 1), "week", 4)
CAUSES = ("job", "sick")
COLUMNS = SpellColumns("treat", "weeks", "exit")
PEOPLE = {
    "treat": [1, 1, 1, 0, 0, 0],
    "weeks": [1.0, 2.5, 4.0, 0.4, 2.5, 4.0],
    "exit": ["job", "job", "censored", "censored", "censored", "sick"],
}


def read(columns=COLUMNS, periods=WEEKS, **changes):
    return Spells.from_frame(
        pd.DataFrame({**PEOPLE, **changes}), columns, causes=CAUSES, periods=periods
    )


def test_a_time_within_a_period_is_an_exit_in_it_or_censored_before_it():
    cells = read().cells()
    comparison, treated = 0, 1
    assert cells.treated.tolist() == [False, True]
    # Treated: a job in week 1, one in week 3 (2.5 weeks), one seen to the end.
    assert cells.at_risk[treated].tolist() == [3, 2, 2, 1]
    assert cells.exits[treated, :, 0].tolist() == [1, 0, 1, 0]
    # Comparison: .4 weeks is no whole week, 2.5 weeks are two of them.
    assert cells.n.tolist() == [3, 3]
    assert cells.at_risk[comparison].tolist() == [2, 2, 1, 1]
    assert cells.exits[comparison, :, 1].tolist() == [0, 0, 0, 1]
    assert cells.censored[comparison].tolist() == [0, 1, 0, 0]
    assert cells.censored[treated].tolist() == [0, 0, 0, 1]


def test_counts_equal_a_count_by_hand_of_random_people():
    rng = np.random.default_rng(3)
    n = 500
    table = pd.DataFrame(
        {
            "treat": rng.integers(0, 2, n),
            "weeks": rng.integers(1, 5, n),
            "exit": rng.choice(["job", "sick", "censored"], n),
            "site": rng.choice(["north", "south"], n),
            "age": rng.choice([20, 30, 40], n),
        }
    )
    columns = SpellColumns("treat", "weeks", "exit", "site", (Covariate("age"),))
    spells = Spells.from_frame(table, columns, causes=CAUSES, periods=WEEKS)
    cells = spells.cells()
    for c in range(len(cells.n)):
        here = table[
            (table.treat == cells.treated[c])
            & (table.site == cells.groups[cells.group[c]])
            & (table.age == cells.x[c, 0])
        ]
        assert len(here) == cells.n[c]
        for week in range(1, 5):
            assert (here.weeks >= week).sum() == cells.at_risk[c, week - 1]
            for k, cause in enumerate(CAUSES):
                left = ((here.weeks == week) & (here.exit == cause)).sum()
                assert left == cells.exits[c, week - 1, k]
    merged = cells.merged(groups=True, covariates=True)
    plain = Spells.from_frame(table, COLUMNS, causes=CAUSES, periods=WEEKS).cells()
    assert np.array_equal(merged.at_risk, plain.at_risk)
    assert np.array_equal(merged.exits, plain.exits)


def test_cells_travel_as_a_table_and_add_up():
    rng = np.random.default_rng(4)
    table = pd.DataFrame(
        {
            "treat": rng.integers(0, 2, 200),
            "weeks": rng.integers(0, 5, 200).astype(float),
            "site": rng.choice(["a", "b"], 200),
        }
    )
    table["exit"] = np.where(table.weeks > 1, rng.choice([*CAUSES, "censored"], 200), "censored")
    columns = SpellColumns("treat", "weeks", "exit", "site")
    cells = Spells.from_frame(table, columns, causes=CAUSES, periods=WEEKS).cells()
    again = SpellCells.from_frame(
        cells.to_frame(), "treated", causes=CAUSES, periods=WEEKS, group="group"
    )
    for name in ("treated", "group", "n", "exits", "at_risk"):
        assert np.array_equal(getattr(cells, name), getattr(again, name)), name
    parts = [
        Spells.from_frame(part, columns, causes=CAUSES, periods=WEEKS).cells()
        for _, part in table.groupby("site")
    ]
    both = (parts[0] + parts[1]).merged(groups=True)
    assert np.array_equal(both.exits, cells.merged(groups=True).exits)
    with pytest.raises(InputError, match="different causes cannot be added"):
        (
            SpellCells.from_frame(
                cells.to_frame().drop(columns="sick"), "treated", causes=("job",), periods=WEEKS
            )
            + cells
        )


def test_polars_and_numbered_causes():
    table = pl.DataFrame({**PEOPLE, "exit": [1, 1, 0, 0, 0, 2]})
    spells = Spells.from_frame(table, COLUMNS, causes=("1", "2"), periods=WEEKS, censored="0")
    assert np.array_equal(spells.cells().exits, read().cells().exits)


def test_no_person_in_the_repr():
    told = repr(read())
    assert told == (
        "Spells(6 people, 3 treated and 3 in comparison, 4 periods, exits job 2, sick 1, "
        "censored 3)"
    )
    assert repr(read().cells()) == (
        "SpellCells(2 cells of 6 people, 3 treated and 3 in comparison, 4 periods, exits job 2, "
        "sick 1)"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weeks": [-1.0, 2, 4, 1, 2, 4]}, "weeks: 1 of 6 durations are negative"),
        ({"weeks": [0.0, 2, 4, 1, 2, 4]}, "1 of 6 exits are at time 0"),
        ({"weeks": [1.0, 9, 4, 1, 2, 4]}, "1 of 6 exits come after the follow-up ends"),
        ({"weeks": [1.0, 2, 9, 1, 2, 4]}, "times are beyond the 4 periods"),
        ({"weeks": [1.0, None, 4, 1, 2, 4]}, "1 of 6 values are missing"),
        ({"exit": ["job", "job", "censored", "x", "censored", "sick"]}, "not a cause of exit"),
        ({"treat": [1] * 6}, "nobody is in comparison"),
        ({"treat": [2, 1, 1, 0, 0, 0]}, "the treatment must be 0 or 1"),
    ],
)
def test_refusals(changes, message):
    with pytest.raises(InputError, match=message):
        read(**changes)


def test_an_exit_after_the_own_follow_up_is_refused():
    columns = SpellColumns("treat", "weeks", "exit", follow_up="seen")
    with pytest.raises(InputError, match="exits come after the follow-up ends"):
        read(columns, seen=[4, 2, 4, 4, 4, 4])
    assert read(columns, seen=[4, 3, 4, 4, 4, 4]).size == 6


def test_covariates_must_be_known_at_the_start_and_have_few_values():
    start = dt.date(2024, 1, 1)
    late = Covariate("age", measured_at=dt.date(2024, 2, 1))
    ages = [20, 30, 20, 30, 20, 30]
    with pytest.raises(InputError, match="measured after assignment for 6 of 6 people"):
        read(SpellColumns("treat", "weeks", "exit", covariates=(late,), start=start), age=ages)
    undated = SpellColumns("treat", "weeks", "exit", covariates=(Covariate("age"),), start=start)
    with pytest.raises(InputError, match="it is not said when this was measured"):
        read(undated, age=ages)
    plain = SpellColumns("treat", "weeks", "exit", covariates=(Covariate("age"),))
    with pytest.raises(InputError, match="one value only"):
        read(plain, age=[1] * 6)
    many = pd.DataFrame(
        {"treat": [0, 1] * 60, "weeks": [1] * 120, "exit": ["job"] * 120, "age": range(120)}
    )
    with pytest.raises(InputError, match="put it into bins, 50 at most"):
        Spells.from_frame(many, plain, causes=CAUSES, periods=WEEKS)


DAYS = [dt.date(2024, 1, 1)] * 3 + [None] * 3
TREATED = SpellColumns("treat", "weeks", "exit", start="since", treated_at="begun")


def test_immortal_time_is_refused():
    since = [dt.date(2024, 1, 1)] * 6
    assert read(TREATED, since=since, begun=DAYS).size == 6
    late = [*DAYS[:2], dt.date(2024, 1, 15), *DAYS[3:]]
    with pytest.raises(InputError, match=r"1 of 3 treated people were treated after .* immortal"):
        read(TREATED, since=since, begun=late)
    with pytest.raises(InputError, match="1 of 3 people in comparison were treated later"):
        read(TREATED, since=since, begun=[*DAYS[:5], dt.date(2024, 2, 1)])
    with pytest.raises(InputError, match="1 of 3 treated people have no day of treatment"):
        read(TREATED, since=since, begun=[None, *DAYS[1:]])
    with pytest.raises(InputError, match="it is not said when time starts to count"):
        SpellColumns("treat", "weeks", "exit", treated_at="begun")


def test_a_calendar_clock_is_refused():
    calendar = Periods(dt.date(2024, 1, 1), "week", 4, "calendar")
    with pytest.raises(InputError, match="spells count from each person's start"):
        read(periods=calendar)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"period": [1, 9]}, "after the follow-up"),
        ({"period": [0, 1]}, "people leave in period 0"),
        ({"job": [0.5, 1]}, "negative or not whole"),
        ({"treat": [1, 1]}, "nobody is in comparison"),
        ({"censored": [-1, 1]}, "negative or not whole"),
    ],
)
def test_impossible_tables_of_counts(changes, message):
    table = {"treat": [1, 0], "period": [1, 2], "job": [3, 4], "censored": [5, 6]}
    with pytest.raises(InputError, match=message):
        SpellCells.from_frame(
            pd.DataFrame({**table, **changes}), "treat", causes=("job",), periods=WEEKS
        )

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from impactmodel.clients import Category, Clients, ClientTable, Flag, Number, Target
from impactmodel.core.errors import InputError

TABLE = ClientTable(
    index="entry",
    features={
        "age": Number(unit="years"),
        "education": Category(("basic", "upper", "higher"), column="edu", ordered=True, gaps=True),
        "health": Flag(recorded="seen", gaps=True),
    },
    protected=("health",),
    service="service",
    services=("none", "coaching"),
)
WORK = Target("work", event="work", horizon_days=210, days_required=90)


def people(**changed):
    columns = {
        "entry": [dt.date(2020, 1, day) for day in (1, 2, 3)],
        "age": [30, 40, 50],
        "edu": ["basic", None, "higher"],
        "health": [1.0, np.nan, 0.0],
        "seen": [dt.date(2019, 12, 1)] * 3,
        "service": ["none", "coaching", "none"],
        "work": [1.0, np.nan, 0.0],
    }
    return pd.DataFrame(columns | changed)


@pytest.mark.parametrize("made", [people, lambda: pl.from_pandas(people(), nan_to_null=True)])
def test_a_table_of_any_kind_is_read(made):
    found = TABLE.read(made(), [WORK])
    assert found.values["education"].tolist() == [0, -1, 2]
    assert found.service.tolist() == [0, 1, 0]
    assert np.isnan(found.target("work")[1])
    assert found.labels("education")[1] == ("basic", "upper", "higher", "missing")


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"seen": [dt.date(2020, 1, 2)] * 3}, "recorded after the index date for 1 of 3 people"),
        ({"age": [30.0, np.nan, 50.0]}, "1 of 3 values are missing"),
        ({"edu": ["basic", "secret", "higher"]}, "1 of 3 values are not among the declared levels"),
        ({"health": [2.0, 0.0, 0.0]}, "neither 0 nor 1"),
        ({"work": [0.5, 0.0, 1.0]}, "neither 0 nor 1"),
        ({"service": ["none", "training", "none"]}, "not among the declared levels"),
        ({"age": [np.inf, 1.0, 2.0]}, "infinite"),
    ],
)
def test_what_cannot_be_used_is_counted_and_not_shown(changed, what):
    with pytest.raises(InputError, match=what) as caught:
        TABLE.read(people(**changed), [WORK])
    assert "secret" not in str(caught.value)


def test_time_parts_are_disjoint_and_complete():
    found = TABLE.read(people(), [WORK])
    day = dt.date(2020, 1, 2)
    assert found.before(day).size + found.since(day).size == found.size
    assert isinstance(found.since(day), Clients)
    assert "30" not in repr(found)


def test_a_target_is_counted_as_a_loop_over_days_counts_it():
    rng = np.random.default_rng(5)
    index = np.datetime64("2020-01-01") + rng.integers(0, 200, 60)
    until = np.datetime64("2020-09-10")
    spells = {name: [] for name in ("person", "state", "start", "end")}
    for person in range(60):
        day = index[person] - np.timedelta64(30, "D")
        for _ in range(4):
            length = int(rng.integers(5, 80))
            state = str(rng.choice(["work", "jobless", "pension"], p=[0.5, 0.4, 0.1]))
            for name, value in zip(
                spells, (person, state, day, day + np.timedelta64(length - 1, "D")), strict=True
            ):
                spells[name].append(value)
            day += np.timedelta64(length, "D")
    target = Target("t", "work", 90, 25, ("pension",))
    columns = {name: np.array(values) for name, values in spells.items()}
    found = target.reached(index, columns, until)
    expected = []
    for person in range(60):
        rows = [i for i, p in enumerate(spells["person"]) if p == person]
        days, answer = 0, None
        for step in range(1, 91):
            day = index[person] + np.timedelta64(step, "D")
            if day > until:
                answer = np.nan
                break
            if any(spells["state"][i] == "pension" and spells["start"][i] == day for i in rows):
                break
            days += any(
                spells["state"][i] == "work" and spells["start"][i] <= day <= spells["end"][i]
                for i in rows
            )
            if days >= 25:
                answer = 1.0
                break
        expected.append(0.0 if answer is None else answer)
    np.testing.assert_array_equal(found, expected)
    assert set(np.unique(found[~np.isnan(found)])) == {0.0, 1.0}
    assert np.isnan(found).any()


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({"days_required": 91}, "days_required"),
        ({"horizon_days": 0}, "horizon_days"),
        ({"name": " "}, "name"),
        ({"competing": ("work",)}, "competing"),
    ],
)
def test_a_target_that_means_nothing_is_refused(arguments, key):
    given = {"name": "t", "event": "work", "horizon_days": 90} | arguments
    with pytest.raises(InputError, match=key):
        Target(**given)

"""Who is drawn for comparison does not depend on what happens to them later."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from impactmodel.registers import DuckDbEngine, MonthlyTrials, StateMonths, Window

PEOPLE, MONTHS = 6000, 12
TRIALS = MonthlyTrials(
    "services",
    ("coaching",),
    StateMonths("jobless", ("unemployed",)),
    Window(dt.date(2021, 1, 1), MONTHS),
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Half leave unemployment in the first month of entry, half never; ten start each month."""
    connection = DuckDbEngine().connect()
    keys = np.array([f"k{i:05d}" for i in range(PEOPLE)])
    leaves = np.arange(PEOPLE) % 2 == 0
    spells = pd.DataFrame({"person": keys, "start": pd.Timestamp(2020, 6, 1)})
    spells["end"] = np.where(leaves, pd.Timestamp(2021, 1, 10), pd.Timestamp(2022, 6, 1))
    started = keys[~leaves][: 10 * MONTHS]
    starts = [pd.Timestamp(2021, 1 + i // 10, 5) for i in range(10 * MONTHS)]
    coached = pd.DataFrame({"person": started, "start": starts})
    coached["end"] = coached["start"] + pd.Timedelta(days=60)
    frames = {"jobless": (spells, "unemployed"), "services": (coached, "coaching")}
    folder = tmp_path_factory.mktemp("trials")
    for name, (frame, state) in frames.items():
        days = {day: pd.to_datetime(frame[day]).dt.date for day in ("start", "end")}
        frame.assign(**days, state=state).to_parquet(folder / f"{name}.parquet")
    return {name: connection.read_parquet(str(folder / f"{name}.parquet")) for name in frames}


@pytest.mark.parametrize("comparisons", [0, 1, 12])
def test_who_soon_leaves_is_drawn_no_more_often(comparisons, tables):
    trials = MonthlyTrials(
        "services", ("coaching",), TRIALS.eligible, TRIALS.window, comparisons=comparisons
    )
    entries = trials.entries(tables).to_pandas()
    drawn = entries[(entries["treated"] == 0) & (entries["month"] == entries["month"].min())]
    leavers = drawn["person"].str[1:].astype(int).to_numpy() % 2 == 0
    # Eligible in the first month are 3,000 who leave and 2,990 others.
    expected = 3000 / 5990
    assert abs(leavers.mean() - expected) < 4 * np.sqrt(0.25 / len(leavers))
    assert entries.groupby(["person", "treated"]).size().max() == 1


def test_every_eligible_person_is_as_likely_in_every_month(tables):
    entries = TRIALS.entries(tables).to_pandas()
    counts = entries[entries["treated"] == 0].groupby("month").size()
    # A twelfth of those eligible: 5,990 in the first month, about 2,900 in the others.
    assert abs(counts.iloc[0] - 5990 / MONTHS) < 4 * np.sqrt(5990 / MONTHS)
    assert abs(counts.iloc[1:].mean() - 2930 / MONTHS) < 4 * np.sqrt(2930 / MONTHS)

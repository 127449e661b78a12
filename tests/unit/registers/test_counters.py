"""Counters of paid days against days counted one by one, with NumPy's business days."""

import datetime as dt
from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from impactmodel.registers import (
    Amount,
    AmountRegister,
    Around,
    BenefitDays,
    DuckDbEngine,
    PaidDays,
    ParquetFiles,
    Restart,
    SpellRegister,
    Study,
    Window,
    study_data,
)
from impactmodel.registers.months import first_day, last_working_day
from tests.unit.registers import synthetic

WINDOW = Window(dt.date(2020, 3, 1), 22)
RESTART = Restart("decisions", ("requirement_met",))
STATES = ("allowance", "subsidy")
EVER = dt.date(1900, 1, 1)


def rows(seed=8, people=60):
    """Synthetic payments, benefit spells and decisions; some spells go on."""
    rng = np.random.default_rng(seed)
    keys = [f"p{i:03d}" for i in range(people)]

    def day(low=0, high=1000):
        return dt.date(2019, 1, 1) + dt.timedelta(days=int(rng.integers(low, high)))

    paid = [(key, day(), float(rng.integers(1, 46)) / 2) for key in keys for _ in range(25)]
    spells = []
    for key in keys[:-5]:
        start = day(0, 300)
        for state in rng.choice([*STATES, "abroad"], 4):
            end = start + dt.timedelta(days=int(rng.integers(0, 300)))
            spells.append((key, start, end if rng.random() < 0.8 else None, state))
            if spells[-1][2] is None:
                break
            start = end + dt.timedelta(days=int(rng.integers(1, 60)))
    decisions = [
        (key, start, start, "requirement_met")
        for key in keys[::2]
        for start in (day(300), day(300))
    ] + [(keys[1], dt.date(2020, 5, 1), None, "refused")]
    columns = ["person", "start", "end", "state"]
    return {
        "payments": pd.DataFrame(paid, columns=["person", "day", "days"]),
        "benefits": pd.DataFrame(spells, columns=columns),
        "decisions": pd.DataFrame(decisions, columns=columns),
    }


ROWS = rows()
OF = {
    name: {key: part.to_dict("records") for key, part in frame.groupby("person")}
    for name, frame in ROWS.items()
}


@pytest.fixture(scope="module")
def tables():
    connection = DuckDbEngine().connect()
    schema = {"person": "string", "start": "date", "end": "date", "state": "string"}
    kinds = {"payments": {"person": "string", "day": "date", "days": "float64"}}
    return {
        name: connection.create_table(name, ibis.memtable(frame, schema=kinds.get(name, schema)))
        for name, frame in ROWS.items()
    }


def since(key, until, restart):
    """The last restart of a person that is not after a day."""
    events = OF["decisions"].get(key, []) if restart else []
    met = [e["start"] for e in events if e["state"] == "requirement_met"]
    return max((day for day in met if day <= until), default=EVER)


def ends(measured_at):
    if measured_at == "month_end":
        return {m: first_day(m + 1) - dt.timedelta(days=1) for m in WINDOW.months}
    return {m: last_working_day(m) for m in WINDOW.months}


def paid(key, low, high):
    return sum(r["days"] for r in OF["payments"][key] if low <= r["day"] <= high)


def on_benefit(key, low, high):
    total = 0
    for spell in OF["benefits"].get(key, []):
        first, last = max(spell["start"], low), min(spell["end"] or high, high)
        if spell["state"] in STATES and first <= last:
            total += np.busday_count(first, last + dt.timedelta(days=1))
    return total


@pytest.mark.parametrize("measured_at", ["month_end", "last_working_day"])
@pytest.mark.parametrize("restart", [None, RESTART])
@pytest.mark.parametrize(
    ("counter", "by_hand"),
    [(PaidDays("payments", "days"), paid), (BenefitDays("benefits", STATES), on_benefit)],
)
def test_counters_day_by_day(counter, by_hand, restart, measured_at, tables):
    counter = replace(counter, restart=restart, measured_at=measured_at)
    found = counter.read(tables, WINDOW).to_pandas().set_index(["person", "month"])["value"]
    expected = {
        (key, month): float(by_hand(key, since(key, until, restart), until))
        for key in ROWS["payments"]["person"].unique()
        for month, until in ends(measured_at).items()
    }
    assert found.to_dict() == {at: days for at, days in expected.items() if days}
    assert len(found) > 500
    assert load(type(counter), dump(counter)) == counter


def test_a_year_of_benefit_is_261_days_and_a_counter_stays():
    """2021 had 261 days from Monday to Friday; whoever has left benefit keeps the counter."""
    spell = pd.DataFrame(
        {
            "person": ["a"],
            "start": [dt.date(2021, 1, 1)],
            "end": [dt.date(2021, 12, 31)],
            "state": ["subsidy"],
        }
    )
    table = ibis.memtable(spell)
    months = Window(dt.date(2021, 12, 1), 3)
    found = BenefitDays("benefits", ("subsidy",)).read({"benefits": table}, months).to_pandas()
    assert sorted(found["value"]) == [261.0, 261.0, 261.0]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The synthetic study with a counter before entry."""
    folder = tmp_path_factory.mktemp("registers")
    made = synthetic.make(folder)
    counter = BenefitDays("jobless", ("unemployed",))
    asked = replace(
        synthetic.STUDY,
        variables={**synthetic.STUDY.variables, "counter": counter},
        covariates={"days_used": Around("counter", -1, -1)},
    )
    return folder, made, asked


def test_a_counter_is_a_covariate_of_a_study(study):
    from impactmodel.registers import read

    folder, made, asked = study
    assert load(Study, dump(asked)) == asked
    connection = DuckDbEngine().connect()
    tables = {n: read(n, s, connection, folder) for n, s in synthetic.SOURCES.items()}
    frame = study_data(asked, synthetic.SOURCES, tables).frame
    most = np.busday_count(dt.date(2019, 1, 1), dt.date(2020, 11, 1))
    assert frame["days_used"].between(1, most).all()  # everybody was unemployed the month before
    assert frame["days_used"].nunique() > 20
    whole = asked.covariates["days_used"]
    with pytest.raises(InputError, match="a counter holds the days of earlier months"):
        replace(asked, covariates={"days_used": replace(whole, first=-3)})
    late = replace(whole, first=0, last=0)
    with pytest.raises(InputError, match="known before the month of entry"):
        study_data(replace(asked, covariates={"days_used": late}), synthetic.SOURCES, tables)
    assert made


@pytest.mark.parametrize(
    ("counter", "said"),
    [
        (PaidDays("pay", "euros"), "a counter counts days"),
        (PaidDays("pay", "nights"), "no register has this amount"),
        (PaidDays("jobless", "days"), "no register has this amount"),
        (BenefitDays("jobless", ("ski",)), "this state is not declared"),
        (BenefitDays("jobless", ("unemployed",), RESTART), "no register of spells has this name"),
    ],
)
def test_what_a_register_cannot_count(counter, said):
    amounts = {"days": Amount("d", "days"), "euros": Amount("e", "EUR")}
    pay = AmountRegister(ParquetFiles("pay.parquet"), "id", synthetic.TAKEN, "day", amounts)
    sources = {**synthetic.SOURCES, "pay": pay}
    asked = replace(synthetic.STUDY, variables={**synthetic.STUDY.variables, "counter": counter})
    with pytest.raises(InputError, match=said):
        asked.require(sources)


def test_the_register_of_restarts_reaches_to_the_end():
    early = SpellRegister(
        ParquetFiles("d.parquet"), "id", dt.date(2020, 6, 30), "from", "to", {"R": "met"}
    )
    counter = BenefitDays("jobless", ("unemployed",), Restart("decisions", ("met",)))
    asked = replace(synthetic.STUDY, variables={**synthetic.STUDY.variables, "counter": counter})
    with pytest.raises(InputError, match=r"sources\.decisions\.extracted: the extract was taken"):
        asked.require({**synthetic.SOURCES, "decisions": early})

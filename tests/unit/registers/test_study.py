"""A study on synthetic registers against loops over people, and with cells on Spark."""

import datetime as dt
import importlib.util
import logging
import os
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.spec import dump, load
from impactmodel.registers import (
    AgeAtEntry,
    Around,
    Attribute,
    BenefitDays,
    DuckDbEngine,
    OfPerson,
    ParquetFiles,
    Restart,
    SparkEngine,
    Study,
    Window,
    cells,
    read,
    study_data,
)
from tests.unit.registers import synthetic

STUDY, SOURCES = synthetic.STUDY, synthetic.SOURCES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("registers")


@pytest.fixture(scope="module")
def rows(folder):
    return synthetic.make(folder)


@pytest.fixture(scope="module")
def tables(folder, rows):
    assert set(rows) == set(SOURCES)
    connection = DuckDbEngine().connect()
    return {name: read(name, source, connection, folder) for name, source in SOURCES.items()}


@pytest.fixture(scope="module")
def computed(tables):
    return study_data(STUDY, SOURCES, tables)


def same(one, other):
    """Equal rows; sums of cents are whole numbers, only quotients may differ in the last digit."""
    assert list(one.columns) == list(other.columns)
    other = other.assign(entry=pd.to_datetime(other["entry"]))
    one = one.assign(entry=pd.to_datetime(one["entry"]))
    pd.testing.assert_frame_equal(one, other, check_dtype=False, rtol=1e-12, atol=0)


@pytest.mark.parametrize(("comparisons", "washout"), [(2, 6), (0, 6), (1, 0), (2, 18)])
def test_a_study_against_loops_over_people(comparisons, washout, rows, tables):
    study = replace(STUDY, trials=replace(STUDY.trials, comparisons=comparisons, washout=washout))
    found = study_data(study, SOURCES, tables)
    frame, left = synthetic.by_loops(rows, study)
    assert 0 < frame["treated"].sum() < len(frame)
    same(found.frame, frame)
    counts = {(r.treated, r.left): r.n for r in found.counts.itertuples()}
    assert counts == left
    assert (1, "death") in left or (0, "death") in left


def test_it_tells_no_person(computed, rows):
    assert "id" not in computed.frame
    assert "person" not in computed.frame
    assert repr(computed).startswith("StudyData(")
    assert not any(key in repr(computed) for key in rows["people"]["id"])
    assert computed.units == {"wage_after": "EUR", "worked": "", "days_after": "days"}


def test_a_study_survives_yaml():
    assert load(Study, dump(STUDY)) == STUDY


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcomes": {}}, "no outcome is named"),
        ({"outcomes": {"wage_after": Around("wage", -1, 3)}}, "an outcome is measured from entry"),
        ({"outcomes": {"wage_after": Around("pay", 1, 3)}}, "there is no such variable"),
        ({"outcomes": {"month": Around("wage", 1, 3)}}, "this name is taken"),
        ({"outcomes": {"age": Around("wage", 1, 3)}}, "both an outcome and a covariate"),
        ({"outcomes": {"late": Around("wage", 1, 40)}}, "taken before the follow-up ends on 2024"),
        ({"covariates": {"late": Around("wage", -3, 0)}}, "known before the month of entry"),
        ({"covariates": {"x": OfPerson("people", "iq")}}, "no register of persons has this"),
        ({"covariates": {"x": OfPerson("people", "site")}}, "a category is no number"),
        ({"covariates": {"x": OfPerson("people", "birth")}}, "a day is no number"),
        ({"covariates": {"x": OfPerson("people", "school", "9")}}, "only a category is compared"),
        ({"covariates": {"x": AgeAtEntry("people", "school")}}, "an age is counted from a day"),
        ({"covariates": {"x": AgeAtEntry("people", "no")}}, "no register of persons has this"),
        ({"population": "wages"}, "the population is a register of persons"),
        ({"group": "school"}, "groups are the values of a category"),
        ({"trials": replace(STUDY.trials, source="wages")}, "no register of spells has this name"),
        ({"trials": replace(STUDY.trials, states=("ski",))}, "this state is not declared"),
    ],
)
def test_what_the_registers_cannot_answer(change, said, tables):
    with pytest.raises(InputError, match=said):
        study_data(replace(STUDY, **change), SOURCES, tables)


def test_what_was_recorded_after_people_entered(tables):
    people = SOURCES["people"]
    late = replace(
        people,
        attributes={
            **people.attributes,
            "school": Attribute("school", "number", measured_at=dt.date(2020, 6, 1)),
        },
    )
    with pytest.raises(InputError, match="was recorded after people started to enter"):
        study_data(STUDY, {**SOURCES, "people": late}, tables)


def test_deaths_must_be_known_to_the_end(tables):
    people = replace(SOURCES["people"], extracted=dt.date(2021, 6, 30))
    with pytest.raises(InputError, match=r"sources\.people\.extracted: the extract was taken befo"):
        study_data(STUDY, {**SOURCES, "people": people}, tables)


def test_an_empty_arm(tables):
    trials = replace(STUDY.trials, window=replace(STUDY.trials.window, first=dt.date(2018, 2, 1)))
    with pytest.raises(InputError, match="nobody is treated"):
        study_data(replace(STUDY, trials=trials), SOURCES, tables)


@pytest.fixture(scope="module")
def spark():
    """A session of this module: two cores, nothing over the network, no logs."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed")
    from pyspark.sql import SparkSession

    before = os.environ.get("SPARK_LOCAL_IP")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    logging.getLogger("py4j").setLevel(logging.ERROR)
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield SparkEngine(partitions=2).connect()
    session.stop()
    os.environ.pop("SPARK_LOCAL_IP")
    if before is not None:
        os.environ["SPARK_LOCAL_IP"] = before


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_spark_gives_the_same_rows(spark, folder, computed):
    tables = {name: read(name, source, spark, folder) for name, source in SOURCES.items()}
    found = study_data(STUDY, SOURCES, tables)
    same(found.frame, computed.frame)
    order = ["treated", "left"]
    pd.testing.assert_frame_equal(
        found.counts.sort_values(order, ignore_index=True),
        computed.counts.sort_values(order, ignore_index=True),
        check_dtype=False,
    )
    assert np.isfinite(found.frame["wage_after"]).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_spark_gives_the_same_cells(spark, tmp_path):
    """Counts, cents and their squares are whole numbers: equal; logarithms round as they add."""
    synthetic.months().to_parquet(tmp_path / "months.parquet")
    outcomes = [
        OutcomeMeasure("job", kind="binary"),
        OutcomeMeasure("wage", kind="amount", unit="EUR"),
        OutcomeMeasure("days", kind="days"),
    ]
    ours, theirs = (
        cells(
            ParquetFiles("months.parquet").open(connection, tmp_path),
            outcomes,
            by=["site", "month"],
            cents=["wage"],
        )
        for connection in (DuckDbEngine().connect(), spark)
    )
    assert len(ours) == 2 * 3 * 6
    logs = ["wage_sum_log"]
    pd.testing.assert_frame_equal(
        theirs.drop(columns=logs), ours.drop(columns=logs), check_dtype=False, check_exact=True
    )
    pd.testing.assert_frame_equal(theirs[logs], ours[logs], rtol=1e-12, atol=0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_spark_gives_the_same_counters(spark, folder, tables):
    counter = BenefitDays("jobless", ("unemployed",), Restart("services", ("training",)))
    on_spark = {name: read(name, SOURCES[name], spark, folder) for name in ("jobless", "services")}
    ours, theirs = (
        counter.read(t, Window(dt.date(2020, 6, 1), 2)).to_pandas() for t in (tables, on_spark)
    )
    order = ["person", "month"]
    pd.testing.assert_frame_equal(
        theirs.sort_values(order, ignore_index=True),
        ours.sort_values(order, ignore_index=True),
        check_dtype=False,
    )
    assert len(ours) > 200

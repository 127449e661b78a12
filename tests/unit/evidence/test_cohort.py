"""A cohort is validated at the border, whatever the table, and shows no person."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from impactmodel import datasets
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.evidence import Cohort, Covariate

JOB = OutcomeMeasure("job", kind="binary")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year")
PEOPLE = {
    "treat": [1, 1, 1, 0, 0, 0],
    "job": [1, 0, 1, 0, 0, 1],
    "wage": [1000.0, 0.0, 512.25, 0.0, 0.0, 700.5],
    "age": [30, 41, 25, 33, 47, 29],
    "site": ["b", "a", "b", "a", "b", "a"],
}


def cohort(table, **choices):
    return Cohort.from_frame(
        table, **({"treatment": "treat", "outcomes": [JOB, WAGE], "covariates": ["age"]} | choices)
    )


def fails(table=None, **choices):
    with pytest.raises(InputError) as error:
        cohort(pd.DataFrame(PEOPLE) if table is None else table, **choices)
    return str(error.value)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_every_kind_of_table_gives_the_same_cohort(kind):
    made = cohort(kind(PEOPLE), group="site")
    assert made.groups == ("a", "b")
    assert made.group.tolist() == [1, 0, 1, 0, 1, 0]
    assert made.treated.tolist() == [True] * 3 + [False] * 3
    assert made.y.tolist() == [list(row) for row in zip(PEOPLE["job"], PEOPLE["wage"], strict=True)]
    assert made.x[:, 0].tolist() == PEOPLE["age"]


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_narrow_numbers_are_widened_before_they_are_used(kind):
    # int8 holds up to 127, so the square of 30 overflows in the column's own type.
    table = kind({**PEOPLE, "age": np.array(PEOPLE["age"], dtype=np.int8)})
    made = cohort(table)
    assert made.x.dtype == np.float64
    assert (made.x[:, 0] ** 2).tolist() == [a**2 for a in PEOPLE["age"]]
    wage = np.array(PEOPLE["wage"], dtype=np.float32)
    assert cohort(kind({**PEOPLE, "wage": wage})).y.dtype == np.float64


def test_boolean_columns_are_zero_and_one():
    table = pl.DataFrame({**PEOPLE, "treat": [bool(t) for t in PEOPLE["treat"]]})
    assert cohort(table).treated.sum() == 3


def test_numeric_groups_sort_as_numbers_and_read_as_whole():
    made = cohort(pd.DataFrame({**PEOPLE, "site": [10.0, 2.0, 10.0, 2.0, 10.0, 2.0]}), group="site")
    assert made.groups == ("2", "10")


def test_a_cohort_cannot_be_changed():
    made = cohort(pd.DataFrame(PEOPLE))
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.covariates = ()
    for array in (made.y, made.x, made.treated, made.group):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_table_is_not_shared():
    table = pd.DataFrame(PEOPLE)
    made = cohort(table)
    table["wage"] = -1.0
    assert made.y[0, 1] == 1000.0


def test_its_repr_has_counts_and_no_person():
    made = cohort(pd.DataFrame(PEOPLE), group="site")
    assert repr(made) == (
        "Cohort(6 people, 3 treated and 3 in comparison, outcomes job, wage, covariates age, "
        "2 groups)"
    )


def with_column(name, values):
    return pd.DataFrame({**PEOPLE, name: values})


@pytest.mark.parametrize(
    ("table", "choices", "message"),
    [
        (
            None,
            {"treatment": "treated"},
            "treated: there is no such column; did you mean 'treat'?",
        ),
        (
            None,
            {"covariates": ["schooling"]},
            "schooling: there is no such column; the table has treat, job, wage, age, site",
        ),
        (
            with_column("wage", [1.0, None, 2.0, 3.0, None, 4.0]),
            {},
            "wage: 2 of 6 values are missing; fill or drop these rows and say how",
        ),
        (
            with_column("age", [1.0, np.nan, np.inf, 3.0, 5.0, 4.0]),
            {},
            "age: 1 of 6 values are missing; fill or drop these rows and say how",
        ),
        (
            with_column("age", [1.0, 2.0, np.inf, 3.0, 5.0, 4.0]),
            {},
            "age: 1 values are infinite; give finite numbers",
        ),
        (
            with_column("treat", [0, 1, 2, 0, 1, 1]),
            {},
            "treat: the treatment must be 0 or 1, 1 of 6 values are neither",
        ),
        (
            with_column("job", [0, 1, 0.5, 0, 2, 1]),
            {},
            "job: a binary outcome must be 0 or 1, 2 of 6 values are neither",
        ),
        (
            with_column("wage", [1.0, -3.0, 2.0, 3.0, 0.0, 4.0]),
            {},
            "wage: 1 of 6 values are negative; a value of kind 'amount' is at least 0",
        ),
        (
            with_column("age", ["x"] * 6),
            {},
            "age: this column is not numeric (seen: 'String'); give numbers",
        ),
        (
            with_column("age", [7] * 6),
            {},
            "age: this covariate has one value only; leave it out",
        ),
        (
            with_column("treat", [1] * 6),
            {},
            "treat: nobody is in comparison; both arms need people",
        ),
        (with_column("treat", [0] * 6), {}, "treat: nobody is treated; both arms need people"),
        (
            None,
            {"covariates": ["age", "age"]},
            "age: the column 'age' is given twice; name each column once",
        ),
        (None, {"outcomes": []}, "outcomes: there is no outcome; name at least one"),
        (
            pd.DataFrame(PEOPLE).iloc[:0],
            {},
            "the table has no rows; give at least one row per arm",
        ),
        (
            [PEOPLE],
            {},
            "this is not a table in memory (seen: 'list'); give a pandas, polars or pyarrow table "
            "(collect a lazy one first)",
        ),
        (
            pd.DataFrame([[1, 0, 1]], columns=["treat", "job", "job"]),
            {},
            "the table has two columns of one name; rename or drop one",
        ),
        (
            with_column("site", ["a", 1, "b", 2, "a", "b"]),
            {"group": "site"},
            "site: this column mixes kinds of values; give text or numbers only",
        ),
    ],
)
def test_bad_tables_are_refused_in_words(table, choices, message):
    assert fails(table, **choices) == message


def test_every_missing_column_is_counted():
    assert fails(covariates=["a", "b", "c"]).endswith("(and 2 more problems)")


def test_no_message_holds_a_persons_value():
    secret = 987654.25
    for column in ("wage", "job", "treat", "age"):
        table = with_column(column, [secret, -secret, None, 1.0, 2.0, 3.0])
        assert "987654" not in fails(table)
        table = with_column(column, [secret, -secret, 0.5, 1.0, 2.0, 3.0])
        if column != "age":
            assert "987654" not in fails(table)


INDEX = dt.date(2020, 1, 1)


def test_covariates_measured_before_assignment_are_accepted():
    made = cohort(
        pd.DataFrame(PEOPLE), covariates=[Covariate("age", measured_at=INDEX)], index_date=INDEX
    )
    assert made.covariates == ("age",)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_covariate_measured_after_assignment_is_refused(kind):
    days = [dt.date(2019, 12, 31), INDEX, dt.date(2020, 1, 2)] * 2
    table = kind({**PEOPLE, "asked": days})
    message = fails(table, covariates=[Covariate("age", measured_at="asked")], index_date=INDEX)
    assert message == (
        "age: measured after assignment for 2 of 6 people; a covariate must be known on the day of "
        "assignment"
    )


def test_days_of_assignment_may_differ_between_people():
    starts = [INDEX] * 3 + [dt.date(2019, 1, 1)] * 3
    table = pd.DataFrame({**PEOPLE, "start": pd.to_datetime(starts)})
    given = [Covariate("age", measured_at=dt.date(2019, 6, 1))]
    assert "for 3 of 6 people" in fails(table, covariates=given, index_date="start")


def test_with_an_index_date_every_covariate_must_say_when_it_was_measured():
    assert fails(index_date=INDEX) == (
        "age: it is not said when this was measured; give Covariate(name, measured_at=...)"
    )


def test_a_column_without_dates_is_refused_as_a_day():
    message = fails(covariates=[Covariate("age", measured_at="site")], index_date=INDEX)
    assert message == "site: this column has no dates (seen: 'String')"


def test_cells_of_the_nsw_trial_have_its_counts():
    # 140 of 185 treated and 168 of 260 controls had earnings in 1978.
    data = datasets.load("nsw")
    nsw = Cohort.from_frame(
        data, treatment="treat", outcomes=[OutcomeMeasure("employed", kind="binary")]
    )
    cells = nsw.cells()
    assert cells.treated.tolist() == [False, True]
    assert cells.n.tolist() == [260, 185]
    assert cells.y_sum[:, 0].tolist() == [168, 140]


def test_cells_by_an_unknown_covariate_are_refused():
    with pytest.raises(InputError) as error:
        cohort(pd.DataFrame(PEOPLE)).cells(by=["sex"])
    assert str(error.value) == (
        "by: cells can only be made by covariates of the cohort (seen: 'sex'); use age"
    )


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_nan_and_null_are_both_missing_and_counted_once(kind):
    message = fails(kind({**PEOPLE, "wage": [1.0, None, float("nan"), 3.0, 0.0, 4.0]}))
    assert message.startswith("wage: 2 of 6 values are missing")

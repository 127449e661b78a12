"""A panel is validated at the border, whatever the table, and shows no unit."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.evidence.cohort import Covariate
from impactmodel.evidence.panel import Panel

JOBS = OutcomeMeasure("jobs", kind="count")
SHARE = OutcomeMeasure("share", kind="binary")
ROWS = {
    "unit": ["b", "b", "b", "a", "a", "a", "c", "c", "c"],
    "year": [2020, 2021, 2022] * 3,
    "first": [2021.0] * 3 + [None] * 3 + [2022.0] * 3,
    "on": [0, 1, 1, 0, 0, 0, 0, 0, 1],
    "jobs": [5.0, 7.0, 8.0, 4.0, 4.0, 5.0, 6.0, 6.0, 9.0],
    "share": [0.5, 0.25, 1.0, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5],
    "size": [10, 10, 10, 20, 20, 20, 30, 30, 30],
    "area": ["n", "n", "n", "s", "s", "s", "n", "n", "n"],
    "age": [30.0, 30.0, 30.0, 40.0, 40.0, 40.0, 35.0, 35.0, 35.0],
    "price": [1.0, 2.0, 3.0, 1.5, 2.5, 3.5, 1.0, 1.0, 2.0],
    "seen": [dt.date(2019, 5, 1)] * 3 + [dt.date(2023, 1, 1)] * 3 + [dt.date(2022, 1, 1)] * 3,
}
YEARS = Periods(dt.date(2020, 1, 1), "year", 3, "calendar")


def panel(table=None, **choices):
    given = {"unit": "unit", "period": "year", "start": "first", "outcomes": [JOBS, SHARE]}
    return Panel.from_frame(pd.DataFrame(ROWS) if table is None else table, **(given | choices))


def changed(**columns):
    return pd.DataFrame({**ROWS, **columns})


def fails(table=None, **choices):
    with pytest.raises(InputError) as error:
        panel(table, **choices)
    return str(error.value)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_every_kind_of_table_gives_the_same_panel(kind):
    made = panel(kind(ROWS), group="area", weights="size", covariates=["price"])
    assert made.units == ("a", "b", "c")
    assert made.start.tolist() == [np.inf, 1.0, 2.0]
    assert made.y[:, :, 0].tolist() == [[4, 4, 5], [5, 7, 8], [6, 6, 9]]
    assert made.y[1, :, 1].tolist() == [0.5, 0.25, 1.0]
    assert made.x[1, :, 0].tolist() == [1.0, 2.0, 3.0]
    assert made.groups == ("n", "s")
    assert made.group.tolist() == [1, 0, 0]
    assert made.weights.tolist() == [20.0, 10.0, 30.0]
    assert made.periods == YEARS
    assert made.labels == ("2020", "2021", "2022")
    assert made.balanced


def test_the_order_of_rows_does_not_matter():
    shuffled = pd.DataFrame(ROWS).sample(frac=1, random_state=1)
    assert np.array_equal(panel(shuffled).y, panel().y)
    assert np.array_equal(panel(shuffled).start, panel().start)


def test_a_treatment_column_gives_the_same_start():
    made = panel(start=None, treatment="on")
    assert made.start.tolist() == panel().start.tolist()
    assert made.treated.tolist() == [[False] * 3, [False, True, True], [False, False, True]]
    assert made.never.tolist() == [True, False, False]


def test_dates_are_placed_in_the_periods_that_hold_them():
    days = [dt.date(2024, m, 3) for m in (1, 2, 3)] * 3
    first = [dt.date(2024, 2, 20)] * 3 + [None] * 3 + [dt.date(2024, 3, 1)] * 3
    months = Periods(dt.date(2024, 1, 1), "month", 3, "calendar")
    for kind in (pd.DataFrame, pl.DataFrame):
        made = panel(kind({**ROWS, "year": days, "first": first}), periods=months)
        assert made.start.tolist() == [np.inf, 1.0, 2.0]
        assert made.labels == ("2024-01", "2024-02", "2024-03")
    later = [dt.date(2030, 1, 1)] * 3 + [None] * 3 + [dt.date(2020, 1, 1)] * 3
    made = panel(changed(year=days, first=later), periods=months)
    assert made.start.tolist() == [np.inf, 3.0, -1.0]


def test_numbered_periods_need_to_be_named():
    quarter = Periods(dt.date(2024, 1, 1), "month", 3, "calendar", every=3)
    table = changed(year=[1, 2, 3] * 3, first=[2.0] * 3 + [None] * 3 + [3.0] * 3)
    assert panel(table, periods=quarter).start.tolist() == [np.inf, 1.0, 2.0]
    assert fails(table) == (
        "year: these numbers are not calendar years (seen: '1 to 3'); give Periods(...) that says "
        "what they are"
    )


def test_a_panel_without_a_row_is_unbalanced_only_if_that_is_said():
    table = pd.DataFrame(ROWS).drop(index=4)
    assert fails(table) == (
        "unbalanced: 1 of 9 unit-periods have no row; add them, leave the units out, or pass "
        "unbalanced=True"
    )
    made = panel(table, unbalanced=True)
    assert not made.balanced
    assert np.isnan(made.y[0, 1]).all()
    assert repr(made).endswith("outcomes jobs, share, unbalanced)")


def test_controls_that_start_later_are_refused_where_never_treated_are_needed():
    made = panel(changed(first=[2021.0] * 3 + [2030.0] * 3 + [2022.0] * 3))
    assert repr(made) == (
        "Panel(3 units over 3 periods, 2 treated and 0 never, 1 later, outcomes jobs, share)"
    )
    with pytest.raises(InputError) as error:
        made.require_never_treated()
    assert str(error.value) == (
        "start: 1 units that would be controls start treatment after the last period; leave them "
        "out, or use a design that takes units not treated yet as controls"
    )
    panel().require_never_treated()


def test_its_repr_has_counts_and_no_unit():
    made = panel(changed(unit=["0101-Virtanen"] * 3 + ["x"] * 3 + ["y"] * 3), group="area")
    assert repr(made) == (
        "Panel(3 units over 3 periods, 2 treated and 1 never, outcomes jobs, share, 2 groups)"
    )


def test_a_panel_cannot_be_changed():
    made = panel()
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.units = ()
    for array in (made.y, made.x, made.start, made.group, made.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_covariate_measured_by_the_start_is_taken():
    made = panel(covariates=[Covariate("age", measured_at="seen")])
    assert made.x[:, 0, 0].tolist() == [40.0, 30.0, 35.0]
    assert panel(covariates=[Covariate("age", dt.date(2021, 1, 1))]).covariates == ("age",)


@pytest.mark.parametrize(
    ("table", "choices", "message"),
    [
        (None, {"treatment": "on"}, "start: give either start or treatment"),
        (None, {"start": None}, "start: give either start or treatment"),
        (None, {"outcomes": []}, "outcomes: there is no outcome; name at least one"),
        (
            None,
            {"start": "frist"},
            "frist: there is no such column; did you mean 'first'?",
        ),
        (
            changed(year=[2020, 2021, 2021] * 3),
            {},
            "unit: 3 rows repeat a unit and period; give one row per unit and period",
        ),
        (
            changed(on=[0, 1, 0, 0, 0, 0, 0, 0, 1]),
            {"start": None, "treatment": "on"},
            "on: treatment switches off again in 1 of 3 units; leave these units out, or their "
            "periods after the end of treatment",
        ),
        (
            changed(first=[2021.0, 2021.0, 2022.0] + [None] * 6),
            {},
            "first: this changes within 1 of 3 units; it must be the same in all periods of a unit",
        ),
        (
            changed(first=[2021.5] * 3 + [None] * 6),
            {},
            "first: 3 of 3 values are not whole numbers; number the periods, give calendar years "
            "or dates",
        ),
        (
            changed(first=[dt.date(2021, 1, 1)] * 3 + [None] * 6),
            {},
            "first: this column and the periods must both be dates or both be numbers; write both "
            "in the same way",
        ),
        (
            changed(year=[dt.date(2020, 1, 1)] * 9),
            {},
            "periods: dates do not say how long a period is; give Periods(...)",
        ),
        (
            None,
            {"periods": dataclasses.replace(YEARS, count=4)},
            "periods: the table has 3 periods (seen: 4); give as many, or leave rows out",
        ),
        (
            None,
            {"periods": dataclasses.replace(YEARS, start=dt.date(2010, 1, 1))},
            "periods.start: the table starts in 2020 (seen: 2010); give the first year of the "
            "table",
        ),
        (
            changed(year=[dt.date(2020, 1, 1), dt.date(2021, 1, 1), dt.date(2030, 1, 1)] * 3),
            {"periods": YEARS, "start": None, "treatment": "on"},
            "year: 3 of 9 rows lie outside the periods; drop them",
        ),
        (
            changed(share=[1.5, *ROWS["share"][1:]]),
            {},
            "share: a binary outcome is 0, 1 or a share, 1 of 9 values are neither",
        ),
        (
            changed(jobs=[-1.0, *ROWS["jobs"][1:]]),
            {},
            "jobs: 1 of 9 values are negative; a value of kind 'count' is at least 0",
        ),
        (
            changed(jobs=[None, *ROWS["jobs"][1:]]),
            {},
            "jobs: 1 of 9 values are missing; fill or drop these rows and say how",
        ),
        (
            changed(area=["n", "s", "n"] + ["s"] * 6),
            {"group": "area"},
            "area: this changes within 1 of 3 units; it must be the same in all periods of a unit",
        ),
        (
            changed(size=[0] * 3 + [1] * 6),
            {"weights": "size"},
            "size: a weight must be above 0; drop such units",
        ),
        (
            None,
            {"covariates": ["age"]},
            "age: it is not said when this was measured; give Covariate(name, measured_at=...)",
        ),
        (
            None,
            {"covariates": [Covariate("age", dt.date(2021, 6, 1))]},
            "age: measured after the start of treatment in 1 of 3 units; a covariate must be known "
            "before treatment starts",
        ),
        (
            None,
            {"covariates": [Covariate("price", dt.date(2019, 1, 1))]},
            "price: this changes within 3 of 3 units; it must be the same in all periods of a unit",
        ),
    ],
)
def test_bad_tables_say_what_and_where(table, choices, message):
    assert fails(table, **choices) == message


def test_messages_name_no_unit():
    table = changed(
        unit=["0101-Virtanen"] * 3 + ["x"] * 3 + ["y"] * 3, first=[2021.0, 2022.0] * 4 + [1.0]
    )
    assert "Virtanen" not in fails(table)

"""Cells that an engine sums against cells that a cohort sums, and sums by hand."""

import ibis
import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.evidence import Cells, Cohort
from impactmodel.registers import DuckDbEngine, cells
from tests.unit.registers.synthetic import months

JOB = OutcomeMeasure("job", kind="binary")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR")
DAYS = OutcomeMeasure("days", kind="days")
SCORE = OutcomeMeasure("score", kind="index")
ALL = (JOB, WAGE, DAYS, SCORE)


def table(frame):
    connection = DuckDbEngine().connect()
    return connection.create_table("months", ibis.memtable(frame))


def test_they_are_the_cells_of_a_cohort():
    frame = months()
    found = cells(table(frame), ALL, by=["site", "month"], cents=["wage"])
    assert list(found.columns[:4]) == ["treated", "site", "month", "n"]
    assert found["n"].sum() == len(frame)
    mine = Cells.from_frame(
        found, treatment="treated", outcomes=ALL, by=["month"], group="site"
    ).to_frame()
    people = frame.assign(wage=frame["wage"] / 100)
    cohort = Cohort.from_frame(
        people, treatment="treated", outcomes=ALL, covariates=["month"], group="site"
    )
    theirs = cohort.cells(by=["month"]).to_frame()
    # The cohort adds hundredths in binary: each addition rounds, 1e-16 of a sum at most.
    pd.testing.assert_frame_equal(mine, theirs, rtol=1e-10, atol=1e-9)


def test_sums_by_hand_are_exact():
    frame = pd.DataFrame({"treated": [1, 1, 1, 0], "wage": [150, 0, 250, 10], "job": [1, 0, 1, 1]})
    found = cells(table(frame), (WAGE, JOB), cents=["wage"]).set_index("treated")
    assert found.loc[1, "wage_sum"] == 4.0
    assert found.loc[1, "wage_sum_squares"] == 8.5
    assert found.loc[1, "wage_positive"] == 2
    assert found.loc[1, "wage_sum_log"] == pytest.approx(np.log(1.5) + np.log(2.5), rel=1e-14)
    assert found.loc[1, "wage_job_sum_products"] == 4.0
    assert found.loc[0, "job_sum"] == 1


def test_squares_of_large_amounts_do_not_overflow():
    frame = pd.DataFrame({"treated": [1, 0], "wage": [10**12, 10**12]})
    assert (cells(table(frame), (WAGE,), cents=["wage"])["wage_sum_squares"] == 1e20).all()


def test_sums_above_64_bits_are_rounded_once():
    """Squares fit 64 bits, their sum does not: a float of the whole number, as Python rounds it."""
    rows = [3_000_000_001, 3_000_000_007, 2_999_999_999]
    frame = pd.DataFrame({"treated": [1, 1, 1], "visits": rows, "days": [7, 11, 13]})
    count = OutcomeMeasure("visits", kind="count")
    found = cells(table(frame), (count, DAYS)).iloc[0]
    assert sum(r * r for r in rows) > 2**63
    assert found["visits_sum_squares"] == float(sum(r * r for r in rows))
    assert found["visits_days_sum_products"] == 7 * rows[0] + 11 * rows[1] + 13 * rows[2]


@pytest.mark.parametrize(
    "values", [[0.5, 1.0], [np.nan, 1.0], [np.inf, 0.0], [2, 0], [-1, 0], [None, 1]]
)
def test_every_fault_of_a_binary_outcome_is_seen(values):
    frame = pd.DataFrame({"treated": [1, 0], "job": values})
    with pytest.raises(InputError, match="job: 1 values are missing, not finite or impossible"):
        cells(table(frame), (JOB,))


@pytest.mark.parametrize("values", [[-0.5, 1.0], [np.nan, 1.0], [np.inf, 0.0], [-5, 0], [None, 1]])
def test_every_fault_of_an_amount_is_seen(values):
    frame = pd.DataFrame({"treated": [1, 0], "wage": values})
    with pytest.raises(InputError, match="wage: 1 values are missing, not finite or impossible"):
        cells(table(frame), (WAGE,))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"job": [2, 0]}, "job: 1 values are missing, not finite or impossible for 'binary'"),
        ({"wage": [-1, 0]}, "wage: 1 values are missing, not finite or impossible for 'amount'"),
        ({"job": [None, 1.0]}, "job: 1 values are missing"),
        ({"site": [None, "north"]}, "site: a key of cells is empty"),
        ({"wage": [1.5, 2.0]}, "wage: cents are whole numbers"),
    ],
)
def test_what_is_refused(change, said):
    frame = pd.DataFrame(
        {"treated": [1, 0], "site": ["a", "b"], "wage": [5, 7], "job": [1, 0]}
    ).assign(**change)
    with pytest.raises(InputError, match=said):
        cells(table(frame), (JOB, WAGE), by=["site"], cents=["wage"])


def test_names_that_do_not_fit():
    rows = table(months(10))
    with pytest.raises(InputError, match="there is no such column"):
        cells(rows, (JOB,), by=["place"])
    with pytest.raises(InputError, match="only an amount is in cents"):
        cells(rows, (JOB,), cents=["job"])
    with pytest.raises(InputError, match="no outcome is named"):
        cells(rows, ())
    with pytest.raises(InputError, match="given twice"):
        cells(rows, (JOB, JOB))

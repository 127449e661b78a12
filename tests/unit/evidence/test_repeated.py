"""Outcomes in several periods: a column for each, in people and in cells."""

import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.spec import dump, load
from impactmodel.evidence import Cells, Cohort, RepeatedMeasure

JOB = OutcomeMeasure("job", kind="binary", accrual="stock", channel="employment")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year", channel="earnings")
JOBS = RepeatedMeasure(JOB, ("job_6", "job_12"))
WAGES = RepeatedMeasure(WAGE, ("wage_1", "wage_2"))
PEOPLE = pd.DataFrame(
    {
        "t": [1, 1, 0, 0],
        "job_6": [1, 0, 0, 1],
        "job_12": [1, 1, 0, 0],
        "wage_1": [10.0, 0.0, 0.0, 20.0],
        "wage_2": [30.0, 5.0, 0.0, 0.0],
    }
)


def test_each_column_is_a_measure_of_the_outcome_and_the_outcome_is_kept():
    cohort = Cohort.from_frame(PEOPLE, treatment="t", outcomes=[JOBS, WAGES])
    assert [o.name for o in cohort.outcomes] == ["job_6", "job_12", "wage_1", "wage_2"]
    assert {o.kind for o in cohort.outcomes[:2]} == {"binary"}
    assert cohort.outcomes[2].unit == "EUR/year"
    assert cohort.repeated == cohort.cells().repeated == (JOBS, WAGES)
    assert cohort.cells().ungrouped().repeated == (JOBS, WAGES)
    assert cohort.observed("job_12").repeated == ()
    assert load(RepeatedMeasure, dump(JOBS)) == JOBS


def test_cells_of_a_table_and_of_people_are_the_same():
    people = Cohort.from_frame(PEOPLE, treatment="t", outcomes=[JOBS, WAGES]).cells()
    table = people.to_frame()
    cells = Cells.from_frame(table, treatment="treated", outcomes=[JOBS, WAGES])
    assert cells.repeated == people.repeated
    assert (cells.y_cross == people.y_cross).all()
    assert (cells + people).repeated == (JOBS, WAGES)
    assert (cells + people).size == 8
    once = Cells.from_frame(table, treatment="treated", outcomes=[*JOBS.measures, *WAGES.measures])
    with pytest.raises(InputError, match="cells with different repeated cannot be added"):
        _ = cells + once


def test_outcomes_of_one_cohort_have_the_same_periods():
    with pytest.raises(InputError) as error:
        Cohort.from_frame(PEOPLE, treatment="t", outcomes=[JOBS, WAGE])
    assert str(error.value) == (
        "outcomes: outcomes were measured in different numbers of periods (seen: '1, 2'); read the "
        "ones with other periods as a cohort of their own"
    )
    with pytest.raises(InputError, match="'job' is not repeated"):
        RepeatedMeasure(JOB, ("job_6",))
    twice = RepeatedMeasure(JOB, ("job_6", "job_6"))
    with pytest.raises(InputError, match="the column 'job_6' is given twice"):
        Cohort.from_frame(PEOPLE, treatment="t", outcomes=[twice])

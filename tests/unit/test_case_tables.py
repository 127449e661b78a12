"""Tables as a case states them: cells of several periods are those of `Cells.from_frame`."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from impactmodel.case_tables import CellsEvidence, Folder
from impactmodel.contract import Clause, Gross, OutcomesContract, Rate, payments
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.effects import BetaPriors, ClosedForm, Priors, fit
from impactmodel.effects.choices import ExperimentChoice

START = dt.date(2024, 1, 1)
JOB = OutcomeMeasure("job", kind="binary", accrual="stock", channel="employment")
BETA = ExperimentChoice(priors=Priors(binary=BetaPriors()))


def cells(**columns):
    return CellsEvidence(
        treatment="offered",
        outcomes=(JOB,),
        periods=Periods(START, "year", 2),
        file="cells.csv",
        columns=columns,
    )


@pytest.fixture
def folder(tmp_path):
    pd.DataFrame(
        {"offered": [0, 1], "n": [4000, 4000], "job_1_sum": [1600, 2000], "job_2_sum": [2000, 2200]}
    ).to_csv(tmp_path / "cells.csv", index=False)
    return Folder(tmp_path, {})


@pytest.fixture
def outcomes(folder):
    material = cells(job=("job_1", "job_2")).read(folder)
    return fit(material.design(BETA), ClosedForm()).outcomes


def test_each_period_has_the_difference_of_its_own_counts(outcomes):
    # 2,000 and 1,600 of 4,000: .1; 2,200 and 2,000: .05. Standard error .011, of 4,000 draws less
    # than .0002; the tolerance leaves a fifth of it to the prior.
    effect = outcomes.dataset["treated"] - outcomes.dataset["counterfactual"]
    means = effect.mean("draw").values.ravel()
    np.testing.assert_allclose(means, [0.1, 0.05], atol=0.002)


def test_columns_of_what_is_no_outcome_are_refused():
    with pytest.raises(InputError, match=r"columns: no such outcome \(seen: 'jobb'\)"):
        cells(jobb=("job_1", "job_2"))


def test_without_columns_the_error_names_the_key_of_the_case(folder):
    table = pd.read_csv(folder.path / "cells.csv").rename(columns={"job_1_sum": "job_sum"})
    table.to_csv(folder.path / "cells.csv", index=False)
    with pytest.raises(InputError, match=r"2 periods, 1 column.*evidence\.columns"):
        fit(cells().read(folder).design(BETA), ClosedForm())


def test_prices_by_group_without_groups_say_how_to_tell_them(outcomes):
    clause = Clause(
        "jobs", Rate({"north": 1.0, "south": 2.0}), payer="state", basis=Gross(), outcome="job"
    )
    contract = OutcomesContract("T", "EUR", START, (clause,))
    with pytest.raises(InputError, match=r"use 'all', the only one, .* pool_groups: true"):
        payments(contract, outcomes, "expected")

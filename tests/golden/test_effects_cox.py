"""Cox regression of unemployment durations with covariates, against the published coefficient.

UnempDur (tests/golden/data/unempdur.README.md), exit to a full-time job, Efron's ties. Published:
unemployment insurance −1.538 (.239) with replacement rate, disregard rate, their products with
insurance, and log wage. Tolerance: half a unit of the last digit. Every person is a cell.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impactmodel.effects import cox_regression

DATA = Path(__file__).parent / "data" / "unempdur.csv"


def test_insurance_with_rates_and_wage():
    rows = pd.read_csv(DATA)
    spell = rows.spell.to_numpy()
    periods = np.arange(1, spell.max() + 1)
    at_risk = (spell[:, None] >= periods).astype(float)
    exits = ((spell[:, None] == periods) & (rows.full_time.to_numpy()[:, None] == 1)).astype(float)
    ui, rate, disregard, wage = rows[["ui", "reprate", "disrate", "logwage"]].to_numpy(float).T
    x = np.column_stack([ui, rate, disregard, ui * rate, ui * disregard, wage])
    found = cox_regression(at_risk, exits, x)
    assert len(rows) == 3343
    assert found.beta[0] == pytest.approx(-1.538, abs=5e-4)
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(0.239, abs=5e-4)

"""The compiled pass pays what the numpy reader pays, over every shape that it reads."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from impactmodel.contract import (
    BandTable,
    Clause,
    Evaluation,
    Fixed,
    Gated,
    Gross,
    Limit,
    MeasuredImpact,
    OutcomesContract,
    Rate,
    Recovery,
    ShareOf,
    StepTable,
    fused,
    payments,
)
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods

START = dt.date(2024, 1, 1)
IMPACT = MeasuredImpact()


def deal():
    bands = BandTable(((0.0, 300.0), (0.2, 700.0)), "per_person", base=50.0)
    steps = StepTable(((0.1, 900.0), (0.3, 2000.0)), "relative")
    gate = Gated(0.3, then=ShareOf(0.5), otherwise=Fixed(-40.0), of={"wage": 1.0})
    clauses = (
        Clause("rate", Rate(20.0), "state", Gross(), "job", cap=3000.0),
        Clause("bands", bands, "city", IMPACT, "job", indexation=(1.0, 1.1, 1.2)),
        Clause("steps", steps, "state", IMPACT, "wage", direction="decrease"),
        Clause("gate", gate, "city", IMPACT, "job", floor=None, paid_after_months=12),
        Clause("own", Recovery(0.9, 0.4, 500.0, 0.05), "fund", IMPACT, index={"job": 2, "wage": 1}),
    )
    limits = (Limit(4000.0, payer="state", each="year"), Limit(900.0, clauses=("gate", "bands")))
    return OutcomesContract(
        "T",
        "EUR",
        START,
        clauses,
        evaluation=Evaluation(comparison_size=50),
        limits=limits,
        cap=20_000.0,
        minimum_cohort=60,
    )


def found(draws=100):
    rng = np.random.default_rng(4)
    shape = (draws, 2, 2, 3)
    return Outcomes.from_draws(
        rng.uniform(0.0, 0.9, shape),
        rng.uniform(0.1, 0.6, shape),
        measures=[OutcomeMeasure("job", kind="count"), OutcomeMeasure("wage", kind="count")],
        periods=Periods(START, "year", 3),
        cohort_size=rng.uniform(25, 60, (draws, 2)),
        groups=("a", "b"),
        provenance=Provenance(),
    )


def test_the_compiled_pass_pays_the_same(monkeypatch):
    plain = payments(deal(), found(), "expected").amount.values
    monkeypatch.setattr(fused, "WORTH_IT", 0)
    calls = []
    compiled = fused._compiled
    monkeypatch.setattr(fused, "_compiled", lambda source: calls.append(1) or compiled(source))
    quick = payments(deal(), found(), "expected").amount.values
    assert calls == [1]
    # The same operations in another order: the last bits differ.
    np.testing.assert_allclose(quick, plain, rtol=1e-12, atol=1e-8)
    assert (plain == 0).any(axis=0).sum() > 3


def test_a_division_by_zero_is_said_where_it_stands(monkeypatch):
    monkeypatch.setattr(fused, "WORTH_IT", 0)
    steps = StepTable(((0.1, 1.0),), "relative")
    clause = Clause("steps", steps, "state", IMPACT, "job")
    contract = OutcomesContract("T", "EUR", START, (clause,))
    nothing = Outcomes.from_draws(
        [[0.5], [0.5]],
        [[0.0], [0.2]],
        measures=[OutcomeMeasure("job", kind="count")],
        periods=Periods(START),
        cohort_size=10,
        provenance=Provenance(),
    )
    with pytest.raises(InputError, match="division by zero: job without it is 0"):
        payments(contract, nothing, "expected")

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
    fused_loops,
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
    compiled = fused.compiled
    monkeypatch.setattr(fused, "compiled", lambda source: calls.append(1) or compiled(source))
    quick = payments(deal(), found(), "expected").amount.values
    assert calls == [1]
    # The same operations in another order: the last bits differ.
    np.testing.assert_allclose(quick, plain, rtol=1e-12, atol=1e-8)
    assert (plain == 0).any(axis=0).sum() > 3


def monthly(draws):
    """Two clauses over two years under a limit of each year and a total cap, and their draws."""
    clauses = (
        Clause("a", Rate(30.0), "state", Gross(), "job", cap=6500.0),
        Clause("b", Rate(50.0), "city", Gross(), "job"),
    )
    limits = (Limit(5500.0, payer="city", each="year"),)
    contract = OutcomesContract("M", "EUR", START, clauses, limits=limits, cap=16_500.0)
    rng = np.random.default_rng(5)
    outcomes = Outcomes.from_draws(
        rng.uniform(0.1, 0.9, (draws, 2, 1, 24)),
        np.zeros((draws, 2, 1, 24)),
        measures=[OutcomeMeasure("job", kind="count")],
        periods=Periods(START, "month", 24, "calendar"),
        cohort_size=(9.0, 11.0),
        groups=("a", "b"),
        provenance=Provenance(),
    )
    return contract, outcomes


def test_threads_share_the_draws_and_change_no_digit(monkeypatch):
    # Neither a whole number of blocks nor of dues held: 48 dues, 75 draws.
    contract, outcomes = monthly(75)
    plain = payments(contract, outcomes, "expected").amount.values
    monkeypatch.setattr(fused, "WORTH_IT", 0)
    found = {}
    for count in (1, 2, 5):
        monkeypatch.setattr(fused_loops, "threads", lambda count=count: count)
        found[count] = payments(contract, outcomes, "expected").amount.values
    np.testing.assert_allclose(found[1], plain, rtol=1e-12, atol=1e-8)
    np.testing.assert_array_equal(found[2], found[1])
    np.testing.assert_array_equal(found[5], found[1])
    # Every cap cuts in some draws: the clause's, the year's (paid on the first of 11 months of
    # 2024), the contract's.
    assert np.isclose(plain[:, ::2].sum(axis=1), 6500.0).any()
    assert np.isclose(plain[:, 1:22:2].sum(axis=1), 5500.0).any()
    assert np.isclose(plain.sum(axis=1), 16_500.0).any()


def test_the_environment_limits_threads(monkeypatch):
    monkeypatch.setattr(fused_loops.os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert fused_loops.threads() == 6
    monkeypatch.setenv("NUMBA_NUM_THREADS", "4")
    assert fused_loops.threads() == 4
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert fused_loops.threads() == 1


def test_a_division_by_zero_is_said_where_it_stands(monkeypatch):
    monkeypatch.setattr(fused, "WORTH_IT", 0)
    wrong = []
    monkeypatch.setattr(
        fused, "run_shared", lambda *given: wrong.append(fused_loops.run_shared(*given)) or wrong[0]
    )
    steps = StepTable(((0.1, 1.0),), "relative")
    clause = Clause("steps", steps, "state", IMPACT, "job")
    contract = OutcomesContract("T", "EUR", START, (clause,))
    nothing = Outcomes.from_draws(
        [[0.5]] * 11,
        [[0.2]] * 10 + [[0.0]],
        measures=[OutcomeMeasure("job", kind="count")],
        periods=Periods(START),
        cohort_size=10,
        provenance=Provenance(),
    )
    with pytest.raises(InputError, match="division by zero: job without it is 0"):
        payments(contract, nothing, "expected")
    assert wrong == [True]

"""Payments of a rate card with tiers and caps against plain numpy, in one process, interleaved.

Two ratios: wall time, where threads share the draws and plain numpy has one, and processor time,
which counts every thread. Two shared cores gave 10 to 16 times in either; other work bends both
(wall time by waiting, processor time by sharing caches), so ten is asked of the better one and a
little less of processor time.

The goal of four reads of the array is not reached. The result is as large as the array and holds it
in another order (by date, then clause). A pass that reads the array and writes one of its size
(`units * 2`) and one that also reorders it are printed beside: what they take goes for the most
part to pages fresh from the system, which payments use again where nothing holds the last ones
(`impactmodel.core.memory`). The terms, which are read anew in every call, are printed apart.
"""

import datetime as dt
import os
import statistics
import time

import numpy as np
import pytest

from impactmodel.contract import BandTable, Clause, OutcomesContract, fused, payments
from impactmodel.contract.fused_loops import threads
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods

DRAWS, MONTHS, METRICS = 10_000, 60, 20
START = dt.date(2024, 1, 1)
TIERS = ((0.0, 100.0), (20.0, 150.0), (40.0, 60.0))
CLAUSE_CAP, CAP, PEOPLE = 150_000.0, 2_000_000.0, 100.0
GOAL, LEAST = 10.0, 8.0


def rate_card():
    clauses = tuple(
        Clause(f"m{k}", BandTable(TIERS, scale="total"), "state", outcome=f"m{k}", cap=CLAUSE_CAP)
        for k in range(METRICS)
    )
    return OutcomesContract("Card", "EUR", START, clauses, cap=CAP)


def plain_numpy(units):
    """Tiers, a cap per metric and a total cap by month; units have dims draw, metric, month."""
    lows = [low for low, _ in TIERS]
    highs = [*lows[1:], np.inf]
    due = np.zeros_like(units)
    for low, high, (_, rate) in zip(lows, highs, TIERS, strict=True):
        due += rate * np.maximum(np.minimum(units, high) - low, 0.0)
    before = np.cumsum(due, axis=2) - due
    due = np.maximum(0.0, np.minimum(due, CLAUSE_CAP - before))
    by_month = due.sum(axis=1)
    spent = np.cumsum(by_month, axis=1) - by_month
    payable = np.maximum(0.0, np.minimum(by_month, CAP - spent))
    share = np.divide(payable, by_month, out=np.ones_like(by_month), where=by_month > 0)
    return due * share[:, None, :]


@pytest.fixture(scope="module")
def outcomes():
    rng = np.random.default_rng(1)
    return Outcomes.from_draws(
        rng.uniform(0.0, 0.6, (DRAWS, 1, METRICS, MONTHS)),
        np.zeros((DRAWS, 1, METRICS, MONTHS)),
        measures=[OutcomeMeasure(f"m{k}", kind="count") for k in range(METRICS)],
        periods=Periods(START, "month", MONTHS, "calendar"),
        cohort_size=PEOPLE,
        provenance=Provenance(),
    )


def seconds(work):
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def test_payments_against_plain_numpy(outcomes, record_property, capsys, monkeypatch):
    deal = rate_card()
    units = np.ascontiguousarray(outcomes.dataset["treated"].values[:, 0] * PEOPLE)
    found = payments(deal, outcomes, "expected")
    expected = plain_numpy(units)
    np.testing.assert_allclose(
        found.amount.values.reshape(DRAWS, MONTHS, METRICS),
        expected.transpose(0, 2, 1),
        rtol=1e-9,
        atol=1e-6,
    )
    works = (
        lambda: payments(deal, outcomes, "expected"),
        lambda: plain_numpy(units),
        units.sum,
        lambda: units * 2.0,
        lambda: units.transpose(0, 2, 1).copy(),
    )
    runs = np.array([[seconds(work) for work in works] for _ in range(9)])
    monkeypatch.setattr(fused, "run_shared", lambda *_: False)
    terms = statistics.median(seconds(works[0])[1] for _ in range(9))
    with capsys.disabled():
        print(f"\nload {os.getloadavg()[0]:.1f}, {threads()} threads, terms {terms:.4f} s")
        wall = report("wall", *runs[:, :, 0].T, record_property)
        processor = report("processor", *runs[:, :, 1].T, record_property)
    assert max(wall, processor) >= GOAL
    assert processor >= LEAST


def report(kind, ours, theirs, read, written, reordered, record_property):
    """Print one kind of time; return the median ratio of plain numpy's to ours."""
    ratio = statistics.median(theirs / ours)
    reads = statistics.median(ours / read)
    record_property(f"ratio_{kind}", ratio)
    record_property(f"reads_{kind}", reads)
    print(f"{kind}: {ratio:.1f} times plain numpy (goal {GOAL:.0f}),", end="")
    print(f" {statistics.median(ours):.3f} s;", end="")
    print(f" reads of the array: {reads:.1f} (goal 4),", end="")
    print(f" with writing alone {statistics.median(written / read):.1f},", end="")
    print(f" reordering {statistics.median(reordered / read):.1f}")
    return ratio

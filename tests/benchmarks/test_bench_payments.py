"""Payments of a rate card with tiers and caps against plain numpy, in one process, interleaved."""

import datetime as dt
import os
import statistics
import time

import numpy as np
import pytest

from impactmodel.contract import BandTable, Clause, OutcomesContract, payments
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods

DRAWS, MONTHS, METRICS = 10_000, 60, 20
START = dt.date(2024, 1, 1)
TIERS = ((0.0, 100.0), (20.0, 150.0), (40.0, 60.0))
CLAUSE_CAP, CAP, PEOPLE = 150_000.0, 2_000_000.0, 100.0


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
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_payments_against_plain_numpy(outcomes, record_property, capsys):
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
    pairs = [
        (
            seconds(lambda: payments(deal, outcomes, "expected")),
            seconds(lambda: plain_numpy(units)),
            seconds(units.sum),
        )
        for _ in range(5)
    ]
    ratio = statistics.median(theirs / ours for ours, theirs, _ in pairs)
    reads = statistics.median(ours / read for ours, _, read in pairs)
    record_property("ratio", ratio)
    record_property("reads", reads)
    ours = statistics.median(ours for ours, _, _ in pairs)
    with capsys.disabled():
        print(
            f"\n{ratio:.1f} times plain numpy (goal 10), {ours:.3f} s, {reads:.1f} reads of the "
            f"array (goal 4), load {os.getloadavg()[0]:.1f}"
        )
